"""How a group of the corpus is graded and judged; `test_cheats.py` and its neighbours use it.

A group is graded as one class by one worker, a clean submission right after each entry.
"""

import json
import os
import shutil
from pathlib import Path

import psutil
import pytest

from cs231n_lib.authoring.build import build
from cs231n_lib.course import Course
from cs231n_lib.grading.batch import grade_class
from cs231n_lib.grading.records import Journal
from cs231n_lib.grading.sandbox import Limits, why_not
from hostile.corpus import RIGHT, Entry, submission

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")

LIMITS = Limits(cell_seconds=8, submission_seconds=60, tmp_bytes=16 << 20)
CLEAN = Entry("clean", 20.0, RIGHT)

def mini_course(room: Path) -> Course:
    """Build the mini chapter in a folder of its own."""
    shutil.copytree(Path(__file__).parents[1] / "mini", room, dirs_exist_ok=True)
    course = Course(room)
    build(course, "01_mini", run=False)
    return course


def hand_in(course: Course, entries: dict) -> None:
    """Hand in an entry of the corpus for each student."""
    release = json.loads((course.notebooks / "01_mini" / "01_mini.ipynb").read_text())
    for cell in release["cells"]:
        cell["source"] = "".join(cell["source"])
    for student, entry in entries.items():
        folder = course.root / "submitted" / student / "01_mini"
        folder.mkdir(parents=True)
        (folder / "01_mini.ipynb").write_bytes(submission(entry, release))


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """Grade the module's GROUP; return (entries, records by student, course)."""
    course = mini_course(tmp_path_factory.mktemp("course"))
    entries = {}
    for i, entry in enumerate(request.module.GROUP):
        entries[f"{i:03d}-a-{entry.name}"] = entry
        entries[f"{i:03d}-b-clean"] = CLEAN
    hand_in(course, entries)
    grade_class(course, "01_mini", jobs=1, limits=LIMITS)
    return entries, Journal(course.root / "grading/01_mini/journal.jsonl").read(), course


def test_every_submission_gets_exactly_its_due(graded):
    entries, records, _ = graded
    wrong = {
        student: (records[student].score, entry.wanted, records[student].notes)
        for student, entry in entries.items()
        if entry.wanted is not None and records[student].score != entry.wanted
    }
    assert not wrong, json.dumps(wrong, indent=1)


def test_none_is_our_failure_and_none_gets_more_than_its_honest_code(graded):
    entries, records, _ = graded
    assert records.keys() == entries.keys()
    for student, record in records.items():
        assert record.outcome != "ours", f"{student}: {record.reason}"
        if entries[student].wanted is None:
            assert record.score <= 5.0, student


def test_what_was_mended_or_went_wrong_is_written_down(graded):
    entries, records, _ = graded
    for student, entry in entries.items():
        if entry.raw is not None and entry.name != "no-cells":
            assert records[student].outcome == "student" and records[student].reason, student
        if entry.name in ("edited-check-cells", "deleted-checks", "reversed-cells",
                          "duplicated-cells", "retyped-answers", "without-metadata-and-ids"):
            assert records[student].repairs, student
        if entry.name in ("exit-in-a-cell", "endless-loop-in-a-cell"):
            assert records[student].notes, student


def test_gradebook_notebooks_and_feedback_are_there_for_all(graded):
    from nbgrader.api import Gradebook

    entries, records, course = graded
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        for submission_ in book.assignment_submissions("01_mini"):
            assert submission_.score == records[submission_.student_id].score
    for student in entries:
        assert (course.root / "autograded" / student / "01_mini/01_mini.ipynb").exists()
        assert (course.root / "feedback" / student / "01_mini/01_mini.html").exists()


def test_no_expected_value_stands_in_feedback_or_graded_notebook(graded):
    entries, records, course = graded
    for student in entries:
        for kind, name in (("autograded", "01_mini.ipynb"), ("feedback", "01_mini.html")):
            text = (course.root / kind / student / "01_mini" / name).read_text()
            assert ", wanted " not in text


def test_nothing_is_left_running(graded):
    mine = psutil.Process(os.getpid())
    guests = [
        p for p in mine.children(recursive=True)
        if p.status() != psutil.STATUS_ZOMBIE and p.uids().real == 65534
    ]
    assert guests == []
