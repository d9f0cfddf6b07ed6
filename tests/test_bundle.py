"""A learner's bundle holds all that is needed, and nothing that a chapter asks to be written."""

import importlib
import inspect
import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from conftest import CHAPTERS, COURSE, chapter_named

from cs231n_lib import answers
from cs231n_lib.bundle import bundle
from cs231n_lib.checking import examine


def names_in(chapter):
    with zipfile.ZipFile(io.BytesIO(bundle(COURSE, chapter))) as packed:
        return packed.namelist()


def test_a_bundle_holds_notebook_answers_library_and_data_but_no_solutions():
    name = CHAPTERS[0]
    names = names_in(name)
    for wanted in (f"notebooks/{name}/{name}.ipynb", f"notebooks/{name}/answers.npz",
                   "cs231n_lib/checking.py", "cs231n_lib/digits.npz", "nbgrader_config.py"):
        assert wanted in names
    for text in ("solutions", "authoring", "grading", "bank.py", f"{name}.py"):
        assert not any(text in n for n in names)


def test_the_same_course_gives_the_same_bundle():
    assert bundle(COURSE, CHAPTERS[0]) == bundle(COURSE, CHAPTERS[0])


def callables_in_the_bundle():
    """Return every function and class of the bundled modules, by name."""
    found = {}
    for path in names_in(CHAPTERS[0]):
        if not path.startswith("cs231n_lib/") or not path.endswith(".py"):
            continue
        module = importlib.import_module(path[:-3].replace("/", ".").removesuffix(".__init__"))
        for name, value in vars(module).items():
            if callable(value) and getattr(value, "__module__", "").startswith("cs231n_lib"):
                found[f"{value.__module__}.{name}"] = value
                if inspect.isclass(value):
                    for inner, method in inspect.getmembers(value, callable):
                        if not inner.startswith("__"):
                            found[f"{value.__module__}.{name}.{inner}"] = method
    return found


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_callable_of_the_library_passes_a_check(name, monkeypatch):
    """Each one stands in for each exercise; helpers are the reference's, the best case for it."""
    chapter = chapter_named(name)
    known = answers.read(COURSE.notebooks / name / "answers.npz")
    space = chapter.namespace()
    passing = []
    skip = ("main", "execute", "lab", "fetch", "download", "run_notebook", "serve")
    monkeypatch.setattr("sys.argv", ["x"])
    for place, value in callables_in_the_bundle().items():
        if place.rsplit(".", 1)[-1] in skip or ".cli." in place:
            continue
        for exercise in known.exercises.values():
            if not _accepts(value, exercise):
                continue
            functions = {n: space[n] for n in exercise.needs} | {exercise.name: value}
            try:
                verdict = examine(exercise, functions)
            except Exception:
                continue
            if verdict.points == verdict.max_points:
                passing.append(f"{place} passes {exercise.name}")
    assert not passing, passing


def _accepts(value, exercise) -> bool:
    """Tell whether the callable can be called as the exercise's function is."""
    arguments = list(range(len(exercise.positional)))
    try:
        inspect.signature(value).bind(*arguments, **dict.fromkeys(exercise.keyword))
    except (TypeError, ValueError):
        return False
    return True


def test_the_reference_itself_would_be_seen():
    """The fault planted: were a solution in the library, the test above would find it."""
    name = CHAPTERS[0]
    known = answers.read(COURSE.notebooks / name / "answers.npz")
    exercise = next(iter(known.exercises.values()))
    space = chapter_named(name).namespace()
    function = space[exercise.name]
    assert _accepts(function, exercise)
    functions = {n: space[n] for n in (exercise.name, *exercise.needs)}
    assert examine(exercise, functions).points == exercise.points


def test_an_unpacked_bundle_works_by_itself(tmp_path):
    """The stubs get 0 points with the bundle's own library, far from the course."""
    name = CHAPTERS[0]
    with zipfile.ZipFile(io.BytesIO(bundle(COURSE, name))) as packed:
        packed.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, '.'); import cs231n_lib;"
        "assert cs231n_lib.__file__.startswith(sys.argv[1]), cs231n_lib.__file__;"
        "from pathlib import Path; from cs231n_lib.progress import run_notebook;"
        f"lines = run_notebook(Path('notebooks/{name}/{name}.ipynb').resolve());"
        "print(sum(x.points for x in lines), len(lines))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
    )
    count = len(chapter_named(name).bank.entries)
    assert out.stdout.split() == ["0", str(count)] or out.stdout.split() == ["0.0", str(count)], (
        out.stderr
    )
    assert np.isfinite(float(out.stdout.split()[0]))
