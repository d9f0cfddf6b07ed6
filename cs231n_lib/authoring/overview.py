"""One line a chapter for README's table, counted from the chapters themselves.

`cs231n overview` prints it; `tests/test_banks.py` holds README to it.
"""

from __future__ import annotations

import re

import nbformat

from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.authoring.proof import Proof

HEAD = (
    "| chapter | exercises | known mistakes (caught, named) | other right answers | figures "
    "| minutes |\n|---|---|---|---|---|---|"
)


def row(chapter: Chapter, proofs: list[Proof]) -> str:
    """Return a chapter's line of the Markdown table."""
    mistakes = [p for p in proofs if p.kind == "mistake"]
    caught, named = sum(p.caught for p in mistakes), sum(p.named for p in mistakes)
    right = [p for p in proofs if p.kind == "right"]
    text = chapter.cells[0].source
    title = re.search(r"# +\d+ · (.+)", text).group(1)
    minutes = re.search(r"(\d+)(?: to (\d+))? min", text)
    notebook = nbformat.read(chapter.folder / f"{chapter.name}.ipynb", as_version=4)
    figures = sum(
        any(k.startswith("image/") for k in o.get("data", {}))
        for c in notebook.cells if c.cell_type == "code" for o in c.outputs
    )
    link = f"solutions/{chapter.name}/{chapter.name}.ipynb"
    time = minutes.group(2) or minutes.group(1) if minutes else ""
    return (
        f"| [{int(chapter.name[:2])} · {title}]({link}) | {len(chapter.bank.entries)} "
        f"| {len(mistakes)} ({caught}, {named}) | {len(right)} | {figures} | {time} |"
    )
