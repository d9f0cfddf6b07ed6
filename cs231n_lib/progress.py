"""Run a learner's own notebooks from top to bottom and read the points off their check cells.

`cs231n check` shows what comes out. This is the learner's machine and code: nothing is confined,
and no file is changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import nbformat

CELL_SECONDS = 300


@dataclass(frozen=True)
class Line:
    """One exercise: its points, the most it gives, and one sentence."""

    name: str
    points: float
    most: float
    said: str


def run_notebook(path: Path, *, experiments: bool = False, on_cell=None) -> list:
    """Execute a notebook in its own folder and return a Line for each check cell.

    Parameters
    ----------
    experiments : bool
        Whether to run cells tagged `experiment` too; no check depends on them.
    on_cell : callable, optional
        Called with (index, number of cells) before each cell.

    Raises
    ------
    FileNotFoundError
        There is no such notebook.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    total = len(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            skip = "experiment" in cell.metadata.get("tags", ()) and not experiments
            if skip:
                cell.source = ""
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", allow_errors=True,
        record_timing=False, resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=(lambda cell, cell_index: on_cell(cell_index, total)) if on_cell else None,
    )
    stopped = ""
    try:
        client.execute(env=os.environ | {"MPLBACKEND": "agg"})
    except CellTimeoutError:
        stopped = f"a cell ran for more than {CELL_SECONDS} s"
    except DeadKernelError:
        stopped = "the kernel died"
    lines = [read_check(c) for c in notebook.cells if _is_check(c)]
    if stopped:
        lines = [
            Line(x.name, x.points, x.most, x.said if x.points else f"not reached: {stopped}")
            for x in lines
        ]
    return lines


def _is_check(cell) -> bool:
    meta = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(meta.get("grade"))


def read_check(cell) -> Line:
    """Read the points of an executed check cell, as nbgrader does: an error is zero, a number is
    itself."""
    meta = cell.metadata["nbgrader"]
    name, most = meta["grade_id"].removeprefix("check_"), float(meta["points"])
    for output in cell.get("outputs", ()):
        if output.output_type == "execute_result":
            points = float(output.data.get("text/plain", most))
            return Line(name, points, most, "" if points >= most else "partly right")
        if output.output_type == "error":
            said = output.evalue if output.ename != "CheckFailed" else "not yet"
            if "not written yet" in output.evalue:
                said = "not written yet"
            return Line(name, 0.0, most, f"{said}"[:100])
    return Line(name, 0.0, most, "not run")
