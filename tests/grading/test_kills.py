"""Killed at any instant, the grader loses nothing that was recorded and leaves nothing running."""

import os
import random
import signal
import time

import psutil
import pytest
from hostile.judgement import mini_course

from cs231n_lib.grading.sandbox import why_not
from grading.kinds import hand_in, in_gradebook, journal, start

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


def test_thirty_kills_at_random_change_no_grade(tmp_path):
    """New work comes in between the kills, so that each of them can hit something."""
    course = mini_course(tmp_path)
    due = hand_in(course, 10)
    chance = random.Random(7)
    hits = 0
    for kill in range(30):
        run = start(course)
        time.sleep(chance.uniform(0.3, 5.0))
        if run.poll() is None:
            hits += 1
            # All of it at once, as a power cut would, or only the main process.
            if kill % 2:
                os.killpg(run.pid, signal.SIGKILL)
            else:
                os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        due |= hand_in(course, 3, first=len(due))
        recorded = {s: r.score for s, r in journal(course).items()}
        assert recorded.items() <= due.items(), "a kill left a wrong record"
    assert hits >= 10
    last = start(course)
    said = last.communicate(timeout=300)[1]
    assert last.returncode == 0, said
    assert in_gradebook(course) == due
    assert {s: r.score for s, r in journal(course).items()} == due
    parts = [p for p in course.root.rglob("*.part") if "submitted" not in p.parts]
    assert len(parts) <= 30


def test_workers_end_when_their_run_is_killed(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 40)
    run = start(course)
    while not journal(course):
        time.sleep(0.05)
    family = psutil.Process(run.pid).children(recursive=True)
    assert len(family) >= 4, "two workers, each with its sandbox"
    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=30)
    _, left = psutil.wait_procs(family, timeout=30)
    assert not left
