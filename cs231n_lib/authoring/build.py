"""Build a chapter: `<chapter>.py` + `bank.py` -> solution notebook, answers, student notebook.

`cs231n build` and the tests call this. The steps are the tools' own: jupytext reads the text,
nbclient executes it, nbgrader's converter makes the release.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cs231n_lib import answers
from cs231n_lib.authoring.chapter import Chapter, ChapterError
from cs231n_lib.course import Course

CELL_SECONDS = 120
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def solution_notebook(chapter: Chapter):
    """Return the solution notebook, not executed, with nbgrader's metadata and stable cell ids."""
    bank = chapter.bank
    check_structure(chapter)
    cells = []
    for cell in chapter.cells:
        source = cell.source
        if cell.kind == "setup":
            source = source.replace(
                f'start_chapter("{chapter.name}")',
                f'start_chapter("{chapter.name}", edition="{chapter.edition}")',
            )
        make = new_markdown_cell if cell.kind in ("prose", "written") else new_code_cell
        made = make(source)
        made.id = _cell_id(cell.name)
        if cell.tags:
            made.metadata["tags"] = list(cell.tags)
        if cell.kind == "exercise":
            made.metadata["nbgrader"] = _nbgrader(cell.name, solution=True)
        elif cell.kind == "check":
            points = bank.entries[cell.name.removeprefix("check_")].record.points
            made.metadata["nbgrader"] = _nbgrader(cell.name, grade=True, locked=True, points=points)
        elif cell.kind == "written":
            made.metadata["nbgrader"] = _nbgrader(cell.name, grade=True, solution=True, points=0)
        elif cell.kind in ("setup", "given"):
            made.metadata["nbgrader"] = _nbgrader(cell.name, locked=True)
        cells.append(made)
    return new_notebook(cells=cells, metadata=KERNEL)


def check_structure(chapter: Chapter) -> None:
    """Make sure that cells and bank fit.

    Raises
    ------
    ChapterError
        An exercise without a solution region, check or bank entry; points that are not 20.
    """
    names = {c.name: c for c in chapter.cells}
    bank = chapter.bank
    for cell in chapter.cells:
        if cell.kind in ("exercise", "written"):
            begin, end = cell.source.count("### BEGIN SOLUTION"), cell.source.count(
                "### END SOLUTION"
            )
            if begin != 1 or end != 1:
                raise ChapterError(
                    f"{chapter.name}: {cell.name} needs one region from '### BEGIN SOLUTION' to "
                    f"'### END SOLUTION', found {begin} and {end}"
                )
        if cell.kind == "check" and cell.name.removeprefix("check_") not in bank.entries:
            raise ChapterError(f"{chapter.name}: {cell.name} has no entry in bank.py")
    for name in bank.entries:
        for wanted in (name, f"check_{name}"):
            if wanted not in names:
                raise ChapterError(f"{chapter.name}: bank.py has {name}, but no cell {wanted}")
    total = sum(e.record.points for e in bank.entries.values())
    if abs(total - 20) > 1e-9:
        raise ChapterError(f"{chapter.name}: the points add up to {total:g}, wanted 20")
    if not re.search(rf'start_chapter\("{chapter.name}"\)', names["setup"].source):
        raise ChapterError(f'{chapter.name}: setup must call start_chapter("{chapter.name}")')


def _nbgrader(name, *, grade=False, solution=False, locked=False, points=None) -> dict:
    record = {
        "grade": grade, "grade_id": name, "locked": locked, "schema_version": 3,
        "solution": solution, "task": False,
    }
    return record if points is None else record | {"points": points}


def _cell_id(name: str) -> str:
    """Return a valid cell id (64 characters at most) that depends on the name alone."""
    if len(name) <= 64:
        return name
    return f"{name[:50]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def execute(notebook, folder: Path, *, seconds: int = CELL_SECONDS, on_cell=None):
    """Execute a notebook in `folder` with nbclient and return it, outputs kept.

    Parameters
    ----------
    on_cell : callable, optional
        Called with (index, number of cells) before each cell, for a progress bar.
    """
    from nbclient import NotebookClient

    total = len(notebook.cells)
    client = NotebookClient(
        notebook, timeout=seconds, kernel_name="python3", record_timing=False,
        coalesce_streams=True, resources={"metadata": {"path": str(folder)}},
        on_cell_start=(lambda cell, cell_index: on_cell(cell_index, total)) if on_cell else None,
    )
    # One thread: sums then come out in one order, whatever the number of cores.
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.update(KERNEL)
    return notebook


def write_answers(chapter: Chapter) -> bytes:
    """Run references and mistakes on the public seed; write and return the answers file."""
    data = answers.to_bytes(chapter.bank.answers(chapter))
    (chapter.folder / "answers.npz").write_bytes(data)
    return data


def write_notebook(notebook, path: Path) -> None:
    """Write a notebook in one fixed form."""
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook, version=4) + "\n", encoding="utf-8")


def release(course: Course, chapter: str, *, destination: Path | None = None) -> Path:
    """Make the student's folder of a chapter with nbgrader's own converter."""
    with tempfile.TemporaryDirectory() as room:
        course.converter(chapter, room).start()
        made = Path(room) / chapter
        target = destination or course.notebooks / chapter
        target.mkdir(parents=True, exist_ok=True)
        for stale in target.iterdir():
            if stale.is_file() and not (made / stale.name).exists():
                stale.unlink()
        for file in made.iterdir():
            shutil.copyfile(file, target / file.name)
    return target


def build(course: Course, name: str, *, run: bool = True, on_cell=None) -> None:
    """Build one chapter in place: answers, solution notebook (executed), student folder."""
    chapter = Chapter(course.solutions / name)
    notebook = solution_notebook(chapter)
    write_answers(chapter)
    if run:
        execute(notebook, chapter.folder, on_cell=on_cell)
        # Times differ from run to run; a second build must not change a byte.
        keep_outputs(notebook, chapter.folder / f"{name}.ipynb", tag="timing")
    else:
        keep_outputs(notebook, chapter.folder / f"{name}.ipynb")
    write_notebook(notebook, chapter.folder / f"{name}.ipynb")
    release(course, name)


def keep_outputs(notebook, path: Path, *, tag: str = "") -> None:
    """Take the outputs of unchanged cells from the notebook that is already there.

    Parameters
    ----------
    tag : str, optional
        Only those of cells with this tag.
    """
    if not path.exists():
        return
    old = {c.id: c for c in nbformat.read(path, as_version=4).cells}
    for cell in notebook.cells:
        before = old.get(cell.id)
        wanted = not tag or tag in cell.metadata.get("tags", [])
        if wanted and cell.cell_type == "code" and before and before.source == cell.source:
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
