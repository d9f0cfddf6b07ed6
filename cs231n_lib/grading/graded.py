"""Make the graded notebook and the student's feedback page of a rebuilt, judged submission.

`grading.batch` writes them to `autograded/` and `feedback/`. The notebook is an ordinary nbgrader
one: formgrader opens it, and its check cells hold the same points in the form nbgrader reads.
"""

from __future__ import annotations

import json
from html import escape

from cs231n_lib import card
from cs231n_lib.grading.repair import Step, is_untouched
from cs231n_lib.grading.session import Outcome


def graded_notebook(steps: list, outcome: Outcome, metadata: dict) -> bytes:
    """Return the graded notebook as bytes: the student's text, what it printed, and the cards.

    Written as plain JSON: nbformat's own makers check every cell against the schema as it is
    made, which took longer than all the rest of our work (tests check whole notebooks instead).
    """
    cells = []
    for i, step in enumerate(steps):
        if step.run == "definitions":
            continue
        released = step.released
        cell = {
            "cell_type": step.cell_type,
            "id": released.name[:64] if released else f"own-{i}",
            "metadata": {},
            "source": step.source.splitlines(keepends=True),
        }
        if released is not None and released.tags:
            cell["metadata"]["tags"] = list(released.tags)
        if released is not None and released.nbgrader:
            cell["metadata"]["nbgrader"] = released.nbgrader
        if step.cell_type == "code":
            cell |= {"execution_count": None, "outputs": _outputs(step, outcome, i)}
        cells.append(cell)
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(notebook, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _outputs(step: Step, outcome: Outcome, i: int) -> list:
    if step.judge:
        verdict = outcome.verdicts.get(step.judge)
        if verdict is None:
            # Never empty: nbgrader reads a check cell without output as full marks.
            return [_error("NotGraded", "nothing could be run", "NotGraded: nothing could be run")]
        html, text = card.as_html(verdict, numbers=False), card.as_text(verdict, numbers=False)
        if verdict.points == 0:
            shown = _display("display_data", {"text/html": html, "text/plain": text})
            head = card.head(verdict)
            return [shown, _error("CheckFailed", head, f"CheckFailed: {head}")]
        data = {"text/html": html, "text/plain": f"{verdict.points:g}"}
        return [_display("execute_result", data) | {"execution_count": None}]
    said = outcome.outputs.get(i)
    if not said:
        return []
    made = [
        {"output_type": "stream", "name": name, "text": said[name]}
        for name in ("stdout", "stderr") if said.get(name)
    ]
    if said.get("error"):
        name = said["error"].split(":")[0][:100]
        made.append(_error(name, said["error"][:300], said.get("traceback") or said["error"]))
    return made


def _display(kind: str, data: dict) -> dict:
    return {"output_type": kind, "data": data, "metadata": {}}


def _error(name: str, value: str, line: str) -> dict:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": [line]}


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }}
pre {{ background: #8881; padding: .7em; overflow-x: auto; border-radius: 4px }}
h1 {{ margin-bottom: 0 }} .score {{ font-size: 1.3em }}
@media (prefers-color-scheme: dark) {{ body {{ background: #181818; color: #ddd }} }}
</style>
<h1>{title}</h1><p class="score">{score}</p>{notes}{body}</html>
"""


def feedback_page(student: str, chapter: str, steps: list, outcome: Outcome, repairs: list,
                  reason: str = "") -> bytes:
    """Return the student's feedback as a self-contained page: their code, the card, the hint.

    The cards leave out got and wanted: in grading these belong to secret inputs.
    """
    verdicts = outcome.verdicts
    points = sum(v.points for v in verdicts.values())
    most = sum(v.max_points for v in verdicts.values())
    body = ""
    for step in steps:
        released = step.released
        if released is not None and released.kind == "answer":
            body += f"<h2>{escape(released.name)}</h2>"
            if released.name in verdicts:
                body += card.as_html(verdicts[released.name], numbers=False)
            if not is_untouched(released, step.source):
                body += f"<pre>{escape(step.source)}</pre>"
        elif released is not None and released.kind == "written":
            answer = step.source if not is_untouched(released, step.source) else "(no answer)"
            body += f"<h2>{escape(released.name)} (read by a person)</h2>"
            body += f"<pre>{escape(answer)}</pre>"
    listed = "".join(f"<li>{escape(text)}</li>" for text in [*repairs, *outcome.notes])
    notes = f"<p>What was mended or went wrong on the way:</p><ul>{listed}</ul>" if listed else ""
    score = escape(reason) if reason else f"{points:g} of {most:g} points by automatic grading"
    page = PAGE.format(title=escape(f"{chapter} · {student}"), score=score, notes=notes, body=body)
    return page.encode()
