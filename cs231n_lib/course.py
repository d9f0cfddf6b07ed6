"""Where the course's folders are. The build, the grader and the command line ask here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class CourseError(Exception):
    """The course's folder cannot be found; the text says what to do."""


@dataclass(frozen=True)
class Course:
    """A course on disk; `root` holds `nbgrader_config.py`."""

    root: Path

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    def chapters(self) -> list:
        """Return the names of the chapters, in order: those with a source, or else a release."""
        folder = self.solutions if self.solutions.is_dir() else self.notebooks
        return sorted(p.name for p in folder.iterdir() if _is_chapter(p))

    def chapter(self, name: str) -> str:
        """Return the one chapter that `name` means: '4', '04' or '04_backprop'.

        Raises
        ------
        CourseError
            No chapter, with the nearest names.
        """
        known = self.chapters()
        wanted = str(name).strip("/").split("/")[-1]
        if wanted.isdigit():
            wanted = f"{int(wanted):02d}"
        found = [c for c in known if c == wanted or c.startswith(f"{wanted}_") or c[3:] == wanted]
        if len(found) != 1:
            listed = ", ".join(known)
            raise CourseError(f"There is no chapter {name!r}. The chapters are: {listed}.")
        return found[0]

    def nbgrader_config(self):
        """Return what `nbgrader_config.py` says."""
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        return Config(PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config())

    def converter(self, chapter: str, room, *, db_url: str | None = None):
        """Return nbgrader's own converter, to be started: it makes a chapter's release in `room`.

        With `db_url` it puts the chapter's cells into that gradebook too; without, into none:
        building the course needs no class.
        """
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.preprocessors import SaveCells

        config = self.nbgrader_config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.release_directory = str(room)
        config.CourseDirectory.assignment_id = chapter
        if db_url:
            config.CourseDirectory.db_url = db_url
        converter = GenerateAssignment(
            coursedir=CourseDirectory(config=config), config=config, no_database=not db_url
        )
        if not db_url:
            converter.preprocessors = [p for p in converter.preprocessors if p is not SaveCells]
        converter.log.setLevel("ERROR")
        return converter


def _is_chapter(path: Path) -> bool:
    files = (path / f"{path.name}.py", path / f"{path.name}.ipynb")
    return path.is_dir() and any(f.exists() for f in files)


def find_course(start: Path | None = None) -> Course:
    """Return the course that holds `start` (default: the current folder).

    Raises
    ------
    CourseError
        No folder above has an `nbgrader_config.py` with a `notebooks/` or `solutions/` beside it.
    """
    start = Path(start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "nbgrader_config.py").is_file():
            if (folder / "solutions").is_dir() or (folder / "notebooks").is_dir():
                return Course(folder)
    raise CourseError(
        f"No course above {start}: run this inside the course's folder (the one with "
        f"nbgrader_config.py)."
    )
