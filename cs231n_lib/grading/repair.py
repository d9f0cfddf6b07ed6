"""Rebuild a submitted notebook from the trusted release, with the student's text in its places.

`grading.session` runs what comes out. The submitted file is read as hostile: its size, depth and
types are bounded, and nothing but the text of cells is taken from it. Every deleted, duplicated,
moved, retyped or edited locked cell is mended, and each mend is recorded in plain words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

FILE_LIMIT = 1 << 30
PARSE_LIMIT = 16 << 20
CELL_LIMIT = 2000
SOURCE_LIMIT = 200_000


class Unreadable(Exception):
    """The submission is no notebook; the text says why. That is the student's error, not ours."""


@dataclass(frozen=True)
class Released:
    """One cell of the trusted release: `kind` is 'answer', 'written', 'check', 'locked',
    'experiment' or 'prose'."""

    kind: str
    name: str
    cell_type: str
    source: str
    points: float = 0.0
    tags: tuple = ()
    nbgrader: dict | None = None


@dataclass(frozen=True)
class Submitted:
    """One cell as it was handed in: only what we look at, all of it text."""

    cell_type: str
    source: str
    grade_id: str
    cell_id: str


@dataclass(frozen=True)
class Step:
    """One cell of the rebuilt notebook, in order.

    `run` is 'all', 'definitions' (only functions, classes and imports; not kept in the graded
    notebook) or 'no'; `judge` names the exercise of a check cell. `released`
    is None for a cell of the student's own.
    """

    cell_type: str
    source: str
    released: Released | None
    run: str = "no"
    judge: str = ""


def read_release(notebook: dict) -> list:
    """Return the released cells of a student notebook (its JSON, as it is on disk)."""
    cells = []
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader")
        tags = tuple(cell["metadata"].get("tags", ()))
        kind = "prose" if cell["cell_type"] == "markdown" else "experiment"
        if meta and meta.get("grade") and meta.get("solution"):
            kind = "written"
        elif meta and meta.get("solution"):
            kind = "answer"
        elif meta and meta.get("grade"):
            kind = "check"
        elif meta:
            kind = "locked"
        cells.append(
            Released(
                kind, meta["grade_id"] if meta else cell["id"], cell["cell_type"],
                "".join(cell["source"]), float(meta.get("points", 0)) if meta else 0.0, tags,
                dict(meta) if meta else None,
            )
        )
    return cells


# ------------------------------------------------------------------ reading a hostile file


def read_submission(data: bytes) -> list:
    """Return the submitted cells.

    Raises
    ------
    Unreadable
        Not JSON, not a notebook, or too large.
    """
    if len(data) > FILE_LIMIT:
        raise Unreadable(f"the file has {len(data):,} bytes; at most {FILE_LIMIT:,} are read")
    if len(data) > PARSE_LIMIT:
        cells = _stream_cells(data)
    else:
        cells = _parse(data)
    if not isinstance(cells, list):
        raise Unreadable("it has no list of cells")
    return [_cell(c) for c in cells[:CELL_LIMIT] if isinstance(c, dict)]


def _parse(data: bytes):
    try:
        notebook = json.loads(data)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is not JSON ({str(error)[:100]})") from None
    if not isinstance(notebook, dict):
        raise Unreadable("it is JSON, but not a notebook")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        raise Unreadable("it is a notebook of format 3; save it again with a current Jupyter")
    return cells


def _stream_cells(data: bytes) -> list:
    """Read a very large file piece by piece and drop its outputs, which no one grades."""
    import ijson

    cells: list = []
    room = PARSE_LIMIT
    try:
        for prefix, event, value in ijson.parse(data):
            if (prefix, event) == ("cells.item", "start_map") and len(cells) < CELL_LIMIT:
                cells.append({"source": [], "metadata": {"nbgrader": {}}})
            if not cells or event not in ("string", "boolean"):
                continue
            cell = cells[-1]
            if prefix in ("cells.item.source", "cells.item.source.item"):
                room -= len(value)
                if room > 0:
                    cell["source"].append(value)
            elif prefix in ("cells.item.cell_type", "cells.item.id"):
                cell[prefix.rsplit(".", 1)[1]] = value[:200]
            elif prefix == "cells.item.metadata.nbgrader.grade_id":
                cell["metadata"]["nbgrader"]["grade_id"] = value[:200]
    except (ijson.JSONError, ValueError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is not JSON ({str(error)[:100]})") from None
    return cells


def _cell(raw: dict) -> Submitted:
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    # Lone surrogates are legal JSON, but no file or database takes them.
    source = source[:SOURCE_LIMIT].encode("utf-8", "replace").decode().replace("\x00", "")
    metadata = raw.get("metadata")
    meta = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else ""
    cell_type = raw.get("cell_type")
    return Submitted(
        cell_type if cell_type in ("code", "markdown", "raw") else "raw",
        source,
        grade_id if isinstance(grade_id, str) else "",
        raw.get("id") if isinstance(raw.get("id"), str) else "",
    )


# ------------------------------------------------------------------ putting it together


def rebuild(release: list, submitted: list):
    """Return (steps, repairs): the notebook to run, and what had to be mended, in words."""
    repairs: list = []
    owners = _owners(release, submitted, repairs)
    taken = {i for i in owners.values() if i is not None}
    by_source = {c.source.strip() for c in release}
    # A cell that belongs to nothing is the student's own; it stays behind the cell it followed.
    extras: dict = {}
    position = {i: name for name, i in owners.items() if i is not None}
    last = ""
    for i, cell in enumerate(submitted):
        if i in taken:
            last = position[i]
        elif cell.source.strip() and cell.source.strip() not in by_source:
            extras.setdefault(last, []).append(cell)
    steps = [_extra(c) for c in extras.pop("", [])]
    # Functions that a student wrote into an experiment may be used anywhere: they are defined
    # first, where an answer of the same name still takes their place.
    helpers = [
        Step("code", submitted[i].source, None, "definitions")
        for name, i in owners.items()
        if i is not None and _is_edited_experiment(name, submitted[i], release)
    ]
    for cell in release:
        index = owners.get(cell.name)
        mine = submitted[index] if index is not None else None
        steps += _steps_for(cell, mine, repairs)
        if cell.kind == "locked" and helpers:
            steps, helpers = steps + helpers, []
        steps += [_extra(c) for c in extras.pop(cell.name, [])]
    return steps, repairs


def _is_edited_experiment(name: str, mine: Submitted, release: list) -> bool:
    cell = next(c for c in release if c.name == name)
    return cell.kind == "experiment" and mine.source.strip() != cell.source.strip()


def _owners(release, submitted, repairs) -> dict:
    """Return {release cell's name: index of the submitted cell that is its own, or None}."""
    known = {c.name: c for c in release}
    found: dict = {}
    for i, cell in enumerate(submitted):
        name = cell.grade_id if cell.grade_id in known else cell.cell_id
        if name in known:
            found.setdefault(name, []).append(i)
    owners = {}
    for name, cell in known.items():
        places = found.get(name, [])
        if not places and cell.kind == "answer":
            places = _by_definition(name, submitted, found)
            if places:
                repairs.append(f"{name}: its cell had lost its name; found by `def {name}`")
            else:
                repairs.append(f"{name}: its cell was deleted")
        elif not places and cell.kind in ("check", "locked", "written"):
            repairs.append(f"{name}: its cell was deleted; put back")
        if len(places) > 1 and cell.kind != "prose":
            repairs.append(f"{name}: its cell stood there {len(places)} times; one was taken")
        if len(places) > 1 and cell.kind in ("answer", "written"):
            changed = [i for i in places if submitted[i].source.strip() != cell.source.strip()]
            places = changed or places
        owners[name] = places[0] if places else None
    order = [i for name, i in owners.items() if i is not None and known[name].kind != "prose"]
    if any(a > b for a, b in zip(order, order[1:])):
        repairs.append("cells had been moved; put back in order")
    return owners


def _by_definition(name, submitted, found) -> list:
    used = {i for places in found.values() for i in places}
    pattern = re.compile(rf"^def {re.escape(name)}\b", re.M)
    return [i for i, c in enumerate(submitted) if i not in used and pattern.search(c.source)]


def _steps_for(cell: Released, mine: Submitted | None, repairs: list) -> list:
    if cell.kind in ("answer", "written"):
        if mine is not None and mine.cell_type != cell.cell_type:
            change = f"had become {mine.cell_type}; made {cell.cell_type}"
            repairs.append(f"{cell.name}: its cell {change}")
        source = mine.source if mine is not None else cell.source
        return [Step(cell.cell_type, source, cell, "all" if cell.kind == "answer" else "no")]
    edited = mine is not None and mine.source.strip() != cell.source.strip()
    if cell.kind == "check":
        if edited:
            repairs.append(f"{cell.name}: its locked cell was edited; the original was used")
        return [Step("code", cell.source, cell, judge=cell.name.removeprefix("check_"))]
    if cell.kind == "locked":
        steps = [Step(cell.cell_type, cell.source, cell, "all")]
        if edited:
            repairs.append(f"{cell.name}: its locked cell was edited; the original was used")
            kept = added_imports(cell.source, mine.source)
            if kept:
                steps.append(Step("code", kept, None, "all"))
        return steps
    if cell.kind == "experiment":
        return [Step("code", mine.source if mine is not None else cell.source, cell)]
    return [Step(cell.cell_type, cell.source, cell)]


def added_imports(before: str, after: str) -> str:
    """Return the import lines that a student added to a locked cell."""
    known = {line.strip() for line in before.splitlines()}
    lines = [line.strip() for line in after.splitlines()]
    return "\n".join(
        line for line in lines if re.match(r"(import|from) \w", line) and line not in known
    )


def _extra(cell: Submitted) -> Step:
    return Step(cell.cell_type, cell.source, None, "all" if cell.cell_type == "code" else "no")


def is_untouched(cell: Released, source: str) -> bool:
    """Tell whether an answer is still the stub that was handed out."""
    return source.strip() == cell.source.strip()
