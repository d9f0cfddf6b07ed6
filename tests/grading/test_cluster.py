"""A class is graded through a dask scheduler with the same result as on this machine alone."""

import json
import subprocess
import sys

import pytest
from hostile.corpus import HONEST, RIGHT, Entry
from hostile.judgement import hand_in, mini_course

from cs231n_lib.grading.sandbox import why_not

distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


def test_a_class_is_graded_through_a_scheduler(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, {"a": Entry("", 20, RIGHT), "b": Entry("", 5, HONEST),
                     "c": Entry("", 0, {}, raw=b"junk")})
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        command = [sys.executable, "-m", "cs231n_lib.cli", "grade", "1", "--json", "out.jsonl",
                   "--scheduler", cluster.scheduler_address]
        run = subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=180)
    assert run.returncode == 0, run.stdout + run.stderr
    records = [json.loads(x) for x in (course.root / "out.jsonl").read_text().splitlines()]
    assert {r["student"]: r["score"] for r in records} == {"a": 20.0, "b": 5.0, "c": 0.0}
    fields = {"student", "chapter", "score", "max_score", "exercises", "repairs", "seconds"}
    assert fields <= records[0].keys()
    inner = {"name", "points", "max_points", "status", "mistake", "message"}
    assert inner <= records[0]["exercises"][0].keys()
