"""A learner's way through the whole course: every chapter solved, one student, all points."""

import json
import shutil

import pytest
from conftest import CHAPTERS, COURSE, chapter_named

from cs231n_lib.course import Course
from cs231n_lib.grading.sample import solution_source
from cs231n_lib.grading.sandbox import why_not
from cs231n_lib.progress import run_notebook


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The student notebooks with the references in their answer cells."""
    room = tmp_path_factory.mktemp("learner")
    for name in CHAPTERS:
        chapter = chapter_named(name)
        shutil.copytree(COURSE.notebooks / name, room / "notebooks" / name)
        path = room / "notebooks" / name / f"{name}.ipynb"
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            if cell["id"] in chapter.bank.entries:
                cell["source"] = solution_source(chapter, cell["id"])
        path.write_text(json.dumps(notebook))
    return room


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_solved_student_notebook_gets_all_points_in_its_own_kernel(solved, name):
    lines = run_notebook(solved / "notebooks" / name / f"{name}.ipynb")
    assert {x.name: x.points for x in lines if x.points < x.most} == {}
    assert sum(x.points for x in lines) == 20


@pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")
def test_one_student_with_every_chapter_right_gets_all_points_from_the_grader(solved):
    """Ten chapters make 200; the grader draws other cases from a secret seed."""
    from cs231n_lib.grading.batch import grade_class

    course = Course(solved)
    for name in ("solutions", "nbgrader_config.py"):
        (solved / name).symlink_to(COURSE.root / name)
    total = 0.0
    for name in CHAPTERS:
        shutil.copytree(course.notebooks / name, solved / "submitted" / "ann" / name)
        shutil.copytree(COURSE.notebooks / name, course.notebooks / name, dirs_exist_ok=True)
        (record,) = grade_class(course, name, jobs=1).records
        short = [e for e in record.exercises if e["status"] != "passed"]
        assert not short, f"{name}: {short} {record.notes} {record.repairs}"
        total += record.score
    assert total == 20 * len(CHAPTERS)
