"""Draw a verdict for people: an HTML card for Jupyter, plain text for everywhere else.

`check` shows it to the learner; the grader puts it into the graded notebook.
"""

from __future__ import annotations

from html import escape

from cs231n_lib.verdict import Verdict

# Blue and orange can be told apart by colour-blind readers; the words say the same again.
COLOURS = {"passed": "#0072b2", "partial": "#b8860b", "missing": "#777777"}
WORDS = {
    "passed": "passed", "partial": "partly right", "failed": "not yet", "error": "stopped",
    "timeout": "too slow", "missing": "not written yet",
}


def points_text(verdict: Verdict) -> str:
    """Return '1.5 of 3 points'."""
    unit = "point" if verdict.max_points == 1 else "points"
    return f"{verdict.points:g} of {verdict.max_points:g} {unit}"


def lines(verdict: Verdict, *, numbers: bool = True) -> list:
    """Return the card's (kind, text) lines.

    Parameters
    ----------
    numbers : bool
        Whether to show got and wanted values; feedback on secret cases leaves them out.
    """
    out = []
    if verdict.status == "missing" and not verdict.passed:
        return [("message", verdict.message)]
    if verdict.case:
        inputs = f": {verdict.shapes}" if verdict.shapes else ""
        out.append(("case", f"First wrong case: {verdict.case}{inputs}"))
    if verdict.message:
        out.append(("message", verdict.message))
    if numbers and verdict.wanted:
        out.append(("numbers", f"got {verdict.got}, wanted {verdict.wanted}"))
    if verdict.mistake:
        out.append(("mistake", f"Looks like: {verdict.mistake}. {verdict.hint}"))
    return out


def head(verdict: Verdict) -> str:
    """Return 'affine_forward: passed, 2 of 2 points (4 of 4 cases)'."""
    return (
        f"{verdict.name}: {WORDS[verdict.status]}, {points_text(verdict)} "
        f"({verdict.passed} of {verdict.total} cases)"
    )


def as_text(verdict: Verdict, *, numbers: bool = True) -> str:
    """Return the card as plain text."""
    return "\n".join([head(verdict)] + [f"  {text}" for _, text in lines(verdict, numbers=numbers)])


def as_html(verdict: Verdict, *, numbers: bool = True) -> str:
    """Return the card as one self-contained HTML element."""
    colour = COLOURS.get(verdict.status, "#d55e00")
    share = 100 * verdict.passed / max(verdict.total, 1)
    body = ""
    for kind, text in lines(verdict, numbers=numbers):
        style = {
            "case": "opacity:.75", "numbers": "font-family:monospace",
            "mistake": f"border-left:3px solid {colour};padding-left:.6em;margin-top:.3em",
        }.get(kind, "")
        body += f'<div style="{style}">{escape(text)}</div>'
    return (
        f'<div style="border:1px solid {colour};border-left:6px solid {colour};'
        f'border-radius:4px;padding:.5em .8em;max-width:52em">'
        f'<div style="display:flex;gap:1em;align-items:baseline">'
        f"<b><code>{escape(verdict.name)}</code></b>"
        f'<span style="color:{colour};font-weight:bold">{WORDS[verdict.status]}</span>'
        f'<span style="margin-left:auto">{points_text(verdict)} · '
        f"{verdict.passed} of {verdict.total} cases</span></div>"
        f'<div style="background:#8883;height:3px;margin:.3em 0">'
        f'<div style="background:{colour};height:3px;width:{share:.0f}%"></div></div>'
        f"{body}</div>"
    )
