"""Make a sample class of a chapter from its own bank: right, partly right, wrong, empty, broken.

`cs231n sample` grades it (that is `make grade`); tests use it as a class with known scores.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np

from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.course import Course


@dataclass(frozen=True)
class Pupil:
    """One made-up submission. `wanted` is the score it must get; None where it lies between."""

    name: str
    data: bytes
    wanted: float | None = None


def pupils(course: Course, chapter_name: str, size: int = 24, seed: int = 0) -> list:
    """Return a class of at least `size` submissions."""
    chapter = Chapter(course.solutions / chapter_name)
    release = nbformat.read(
        course.notebooks / chapter_name / f"{chapter_name}.ipynb", as_version=4
    )
    right = {n: solution_source(chapter, n) for n in chapter.bank.entries}
    names = list(right)
    rng = np.random.default_rng(seed)
    wrong = {
        n: [apply(right[n], v.edits) for v in e.mistakes if v.edits and v.cell == n]
        for n, e in chapter.bank.entries.items()
    }
    made = [
        Pupil("all-right", write(release, right), 20.0),
        Pupil("all-right-own-cells", write(release, right, extra="print('mine')"), 20.0),
        Pupil("untouched", write(release, {}), 0.0),
        Pupil("syntax-errors", write(release, {n: f"def {n}(:\n" for n in names}), 0.0),
        Pupil("cut-file", write(release, right)[:2000], 0.0),
        Pupil("no-cells", b"{}", 0.0),
        Pupil("first-half", write(release, {n: right[n] for n in names[: len(names) // 2]})),
    ]
    while len(made) < size:
        answers = dict(right)
        for name in rng.choice(names, size=int(rng.integers(1, 4)), replace=False):
            options = wrong[str(name)]
            answers[str(name)] = options[int(rng.integers(len(options)))] if options else ""
        made.append(Pupil(f"pupil-{len(made):02d}", write(release, answers)))
    return made


def solution_source(chapter: Chapter, name: str) -> str:
    """Return an exercise's cell without the marks of its region."""
    lines = chapter.exercise_source(name).splitlines()
    return "\n".join(x for x in lines if "### BEGIN" not in x and "### END" not in x)


def apply(source: str, edits) -> str:
    """Apply a mistake's edits to a solution."""
    for old, new in edits:
        source = source.replace(old, new)
    return source


def write(release, answers: dict, *, extra: str = "") -> bytes:
    """Return a notebook with the given text in its answer cells, and a cell more if wanted."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell.source = answers[name]
    if extra:
        cell = nbformat.v4.new_code_cell(extra)
        cell.id = "extra"
        notebook.cells.insert(2, cell)
    return (nbformat.writes(notebook, version=4) + "\n").encode()


def make_class(course: Course, chapter: str, room: Path, *, size: int = 24) -> Course:
    """Write a sample class below `room` and return it as a course of its own there."""
    room.mkdir(parents=True, exist_ok=True)
    for name in ("solutions", "notebooks", "nbgrader_config.py"):
        link = room / name
        if not link.exists():
            link.symlink_to((course.root / name).resolve())
    for pupil in pupils(course, chapter, size):
        folder = room / "submitted" / pupil.name / chapter
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{chapter}.ipynb").write_bytes(pupil.data)
    return Course(room.resolve())
