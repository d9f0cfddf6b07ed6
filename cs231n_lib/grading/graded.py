"""Make the graded notebook and the student's feedback page of a rebuilt, judged submission.

`grading.batch` writes them to `autograded/` and `feedback/`. The notebook is an ordinary nbgrader
one: formgrader opens it, and its check cells hold the same points in the form nbgrader reads.
"""

from __future__ import annotations

from html import escape

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from cs231n_lib import card
from cs231n_lib.grading.repair import Step, is_untouched
from cs231n_lib.grading.session import Outcome

MAKE = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def graded_notebook(steps: list, outcome: Outcome, metadata: dict) -> bytes:
    """Return the graded notebook as bytes: the student's text, what it printed, and the cards."""
    from nbgrader.utils import compute_checksum

    cells = []
    for i, step in enumerate(steps):
        if step.run == "definitions":
            continue
        cell = MAKE[step.cell_type](step.source)
        cell.id = step.released.name[:64] if step.released else f"own-{i}"
        released = step.released
        if released is not None and released.tags:
            cell.metadata["tags"] = list(released.tags)
        if released is not None and released.nbgrader:
            cell.metadata["nbgrader"] = dict(released.nbgrader)
            if not released.nbgrader.get("solution"):
                cell.metadata["nbgrader"]["checksum"] = compute_checksum(cell)
        if step.cell_type == "code":
            cell.outputs = _outputs(step, outcome, i)
        cells.append(cell)
    notebook = new_notebook(cells=cells, metadata=metadata)
    return (nbformat.writes(notebook, version=4) + "\n").encode()


def _outputs(step: Step, outcome: Outcome, i: int) -> list:
    if step.judge:
        verdict = outcome.verdicts.get(step.judge)
        if verdict is None:
            return []
        html, text = card.as_html(verdict, numbers=False), card.as_text(verdict, numbers=False)
        if verdict.points == 0:
            shown = new_output("display_data", {"text/html": html, "text/plain": text})
            error = new_output("error", ename="CheckFailed", evalue=card.head(verdict),
                               traceback=[f"CheckFailed: {card.head(verdict)}"])
            return [shown, error]
        data = {"text/html": html, "text/plain": f"{verdict.points:g}"}
        return [new_output("execute_result", data, execution_count=None)]
    said = outcome.outputs.get(i)
    if not said:
        return []
    made = [
        new_output("stream", name=name, text=said[name])
        for name in ("stdout", "stderr") if said.get(name)
    ]
    if said.get("error"):
        name = said["error"].split(":")[0][:100]
        made.append(new_output("error", ename=name, evalue=said["error"][:300],
                               traceback=[said["error"]]))
    return made


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
