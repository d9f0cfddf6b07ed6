"""nbval compares outputs: a changed number in a solved notebook is seen to fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cs231n_lib.authoring.build import build
from cs231n_lib.course import Course


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The mini chapter, built and executed."""
    room = tmp_path_factory.mktemp("nbval")
    shutil.copytree(Path(__file__).parent / "mini", room, dirs_exist_ok=True)
    build(Course(room), "01_mini")
    return room / "solutions" / "01_mini" / "01_mini.ipynb"


def run(notebook):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-cell-timeout=120", "-q",
         "-p", "no:cacheprovider", "-p", "no:xdist", str(notebook)],
        capture_output=True, text=True, cwd=notebook.parent,
    )


def test_a_solved_notebook_passes(solved):
    result = run(solved)
    assert result.returncode == 0, result.stdout


def test_a_changed_number_fails(solved):
    notebook = nbformat.read(solved, as_version=4)
    changed = False
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = output.text.replace("1", "2")
                changed = True
    assert changed
    broken = solved.with_name("broken.ipynb")
    nbformat.write(notebook, broken)
    result = run(broken)
    assert result.returncode == 1 and "mismatch" in result.stdout


def test_a_wrong_solution_fails(solved):
    notebook = nbformat.read(solved, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("np.maximum(0, x)", "np.maximum(1, x)")
    broken = solved.with_name("wrong.ipynb")
    nbformat.write(notebook, broken)
    assert run(broken).returncode == 1


def test_building_twice_changes_no_byte(solved):
    course = Course(solved.parents[2])
    folders = (course.solutions / "01_mini", course.notebooks / "01_mini")
    before = {p: p.read_bytes() for f in folders for p in f.iterdir() if p.is_file()}
    build(course, "01_mini")
    after = {p: p.read_bytes() for f in folders for p in f.iterdir() if p in before}
    assert before == after
