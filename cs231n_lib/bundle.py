"""Pack what one learner needs for one chapter into a zip file: notebook, answers, library, data.

`cs231n bundle` calls it. What stays behind: solutions, the authoring tools, the grader, and every
module that holds what the chapter asks to be written.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from cs231n_lib.course import Course

LEFT_OUT = ("authoring", "grading", "worker")
ROOT_FILES = ("environment.yml", "pyproject.toml", "nbgrader_config.py", "LICENSE")

GUIDE = """# {chapter}

    python -m venv .venv
    .venv/bin/pip install -e .
    .venv/bin/cs231n lab {chapter}      # opens the notebook in JupyterLab
    .venv/bin/cs231n check {chapter}    # runs it from top to bottom and shows your points

On Windows write `.venv\\Scripts\\` for `.venv/bin/`.
With conda: `conda env create -f environment.yml`.
Everything that the notebook needs is in this folder; nothing is downloaded while you work.
"""


def bundle(course: Course, chapter: str) -> bytes:
    """Return the zip file's bytes; the same course always gives the same bytes.

    Raises
    ------
    FileNotFoundError
        The chapter is not built.
    """
    folder = course.notebooks / chapter
    notebook = folder / f"{chapter}.ipynb"
    if not notebook.exists():
        raise FileNotFoundError(f"{notebook} is not built: run `cs231n build {chapter}` first")
    files = {f"notebooks/{chapter}/{p.name}": p for p in folder.iterdir() if p.is_file()}
    files |= {n: course.root / n for n in ROOT_FILES if (course.root / n).exists()}
    package = Path(__file__).resolve().parent
    for path in package.rglob("*"):
        inside = path.relative_to(package)
        if path.is_file() and inside.parts[0] not in LEFT_OUT and "__pycache__" not in inside.parts:
            files[f"cs231n_lib/{inside.as_posix()}"] = path
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        _add(packed, "README.md", GUIDE.format(chapter=chapter).encode())
        for name in sorted(files):
            _add(packed, name, files[name].read_bytes())
    return out.getvalue()


def _add(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    packed.writestr(entry, data)
