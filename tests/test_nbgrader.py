"""nbgrader as people know it works on the course: its own commands, in the student's kernel."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.corpus import HONEST, RIGHT, Entry, submission

from cs231n_lib.authoring.build import build
from cs231n_lib.course import Course

BIN = Path(sys.executable).parent
CLASS = {
    "right": (RIGHT, 20.0),
    "part": (HONEST | {"affine_forward": RIGHT["affine_forward"].replace(" + b", "")}, 0.0),
    "half": (RIGHT | {"relu": HONEST["relu"], "softmax": HONEST["softmax"]}, 10.0),
    "partial-credit": (
        RIGHT | {"softmax": "def softmax(s):\n    e = np.exp(s)\n    return e / e.sum(1)[:, None]"},
        17.5,
    ),
    "untouched": ({}, 0.0),
    "broken": (RIGHT | {"relu": "def relu(x:\n  oops"}, 15.0),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The mini chapter, handed out and handed in with nbgrader's own commands."""
    room = tmp_path_factory.mktemp("nbgrader")
    shutil.copytree(Path(__file__).parent / "mini", room, dirs_exist_ok=True)
    made = Course(room)
    build(made, "01_mini", run=False)
    before = (made.notebooks / "01_mini/01_mini.ipynb").read_bytes()
    nbgrader(made, "generate_assignment", "01_mini", "--force")
    assert (made.notebooks / "01_mini/01_mini.ipynb").read_bytes() == before
    release = json.loads(before)
    for cell in release["cells"]:
        cell["source"] = "".join(cell["source"])
    for student, (answers, _) in CLASS.items():
        folder = room / "submitted" / student / "01_mini"
        shutil.copytree(made.notebooks / "01_mini", folder)
        (folder / "01_mini.ipynb").write_bytes(submission(Entry("", 0, answers), release))
    nbgrader(made, "autograde", "01_mini")
    return made


def nbgrader(course, *arguments, ok=True):
    """Run an nbgrader command in the course's folder and return what it printed."""
    run = subprocess.run(
        [BIN / "nbgrader", *arguments], cwd=course.root, capture_output=True, text=True,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
    )
    assert not ok or run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_autograde_gives_the_points_that_the_checks_give(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        scores = {s.student_id: s.score for s in book.assignment_submissions("01_mini")}
    assert scores == {student: wanted for student, (_, wanted) in CLASS.items()}


def test_validate_passes_right_work_and_names_what_is_wrong(course):
    right = course.root / "submitted/right/01_mini/01_mini.ipynb"
    assert "passes all the tests" in nbgrader(course, "validate", str(right))
    half = course.root / "submitted/half/01_mini/01_mini.ipynb"
    said = nbgrader(course, "validate", str(half), ok=False)
    assert "VALIDATION FAILED ON 2 CELL(S)" in said
    assert "CheckFailed: relu: not yet, 0 of 5 points" in said


def test_generate_feedback_writes_the_card_into_each_students_page(course):
    nbgrader(course, "generate_feedback", "01_mini")
    page = (course.root / "feedback/half/01_mini/01_mini.html").read_text()
    assert "First wrong case" in page and "affine_forward" in page


def test_export_writes_a_row_for_each_student(course):
    nbgrader(course, "export", "--to", "grades.csv")
    rows = list(csv.DictReader((course.root / "grades.csv").open()))
    scores = {r["student_id"]: float(r["score"]) for r in rows}
    assert scores == {student: wanted for student, (_, wanted) in CLASS.items()}


def test_our_export_writes_the_same_scores_with_a_total(course):
    from cs231n_lib.grading.export import export_csv

    assert export_csv(course, course.root / "table.csv") == len(CLASS)
    rows = list(csv.DictReader((course.root / "table.csv").open()))
    assert {r["student"]: float(r["total"]) for r in rows} == {
        student: wanted for student, (_, wanted) in CLASS.items()
    }


def test_formgraders_interface_lists_the_class_of_either_grader(course):
    """formgrader reads through this interface: scores, and the written answer to be read."""
    from nbgrader.apps import NbGraderAPI

    from cs231n_lib.grading.batch import grade_class
    from cs231n_lib.grading.sandbox import why_not

    if why_not():
        pytest.skip(why_not())
    grade_class(course, "01_mini", jobs=1)
    config = course.nbgrader_config()
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = f"sqlite:///{course.root}/gradebook.db"
    api = NbGraderAPI(config=config)
    rows = {s["student"]: s for s in api.get_notebook_submissions("01_mini", "01_mini")}
    assert {k: v["score"] for k, v in rows.items()} == {k: v for k, (_, v) in CLASS.items()}
    assert api.get_autograded_students("01_mini") == set(CLASS)
