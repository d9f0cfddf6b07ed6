"""Read a chapter's source, `solutions/<chapter>/<chapter>.py`, a notebook in percent text.

The bank, the build and the grader's judge take the cells and the reference functions from here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext

# What a code cell may be. 'given' is code that exercises rely on; 'experiment' holds training and
# pictures: grading skips it, and no check depends on it; so does 'predict'.
KINDS = ("setup", "given", "exercise", "check", "predict", "experiment")
RUN_FOR_GRADING = ("setup", "given", "exercise")


class ChapterError(Exception):
    """A chapter's source is not as it should be; the text names the cell and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell: `kind` is one of KINDS, 'written' or 'prose'; `name` is stable and unique."""

    kind: str
    name: str
    source: str
    tags: tuple


class Chapter:
    """A chapter on disk. `folder` is `solutions/<chapter>`."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.name = self.folder.name
        self.path = self.folder / f"{self.name}.py"
        if not self.path.is_file():
            raise ChapterError(f"there is no {self.path}: a chapter is <name>/<name>.py + bank.py")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def bank(self):
        """The `bank` of the folder's bank.py."""
        place = self.folder / "bank.py"
        spec = importlib.util.spec_from_file_location(f"bank_{self.name}", place)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.bank

    @cached_property
    def cells(self) -> tuple:
        """All cells, named: exercises by their function, checks by their exercise, prose and
        the rest by the heading they stand under."""
        notebook = jupytext.reads(self.text, fmt="py:percent")
        cells, heading, counts, seen = [], "start", {}, set()
        for raw in notebook.cells:
            kind = self._kind(raw)
            if kind == "prose":
                found = re.match(r"#+ +(.+)", raw.source)
                heading = _slug(found.group(1)) if found else heading
            name = raw.metadata.get("name") or self._name(kind, raw.source)
            if not name:
                counts[heading] = counts.get(heading, 0) + 1
                name = f"{heading}-{counts[heading]}"
            if name in seen:
                raise ChapterError(f"{self.name}: two cells are called {name!r}; rename one")
            seen.add(name)
            cells.append(Cell(kind, name, raw.source, tuple(raw.metadata.get("tags", ()))))
        return tuple(cells)

    def _kind(self, raw) -> str:
        tags = raw.metadata.get("tags", [])
        if raw.cell_type == "markdown":
            return "written" if "written" in tags else "prose"
        found = [t for t in tags if t in KINDS]
        if len(found) != 1:
            raise ChapterError(
                f"{self.name}: a code cell needs exactly one tag of {', '.join(KINDS)}; "
                f"got {tags or 'none'} in the cell that begins {raw.source[:60]!r}"
            )
        return found[0]

    def _name(self, kind: str, source: str) -> str:
        if kind == "setup":
            return "setup"
        if kind == "exercise":
            names = re.findall(r"^def (\w+)", source, re.M)
            known = [n for n in names if n in self.bank.entries]
            if len(known) != 1:
                raise ChapterError(
                    f"{self.name}: an exercise cell defines exactly one function of the bank; "
                    f"this one defines {names}"
                )
            return known[0]
        if kind == "check":
            found = re.search(r"""check\(\s*["'](\w+)["']""", source)
            if not found:
                raise ChapterError(f"{self.name}: a check cell calls check('name', ...): {source}")
            return f"check_{found.group(1)}"
        return ""

    @cached_property
    def edition(self) -> str:
        """Eight characters that change with whatever the answers are made of."""
        digest = hashlib.sha256((self.folder / "bank.py").read_bytes())
        for cell in self.cells:
            if cell.kind in RUN_FOR_GRADING:
                digest.update(cell.source.encode())
        return digest.hexdigest()[:8]

    def exercise_source(self, name: str) -> str:
        """Return the source of an exercise's (or a given) cell."""
        for cell in self.cells:
            if cell.name == name:
                return cell.source
        raise ChapterError(f"{self.name} has no cell called {name!r}")

    def namespace(self) -> dict:
        """Return a copy of the names that setup, given and exercise cells define."""
        return dict(self._namespace)

    @cached_property
    def _namespace(self) -> dict:
        space = {"__name__": f"reference_{self.name}"}
        for cell in self.cells:
            if cell.kind not in RUN_FOR_GRADING:
                continue
            lines = [
                "" if line.lstrip().startswith(("%", "start_chapter(")) else line
                for line in cell.source.splitlines()
            ]
            code = compile("\n".join(lines), f"<{self.name}:{cell.name}>", "exec")
            exec(code, space)
        return space


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:40].strip("-") or "section"
