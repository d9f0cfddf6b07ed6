"""Make the instructor's page for a graded chapter: one HTML file with its plots inside.

`cs231n report` writes it from the journal and the graded notebooks; it needs no network to read.
"""

from __future__ import annotations

import io
from collections import Counter
from html import escape
from pathlib import Path

import nbformat

from cs231n_lib.course import Course
from cs231n_lib.grading.records import Journal
from cs231n_lib.grading.similarity import near_pairs


class NothingGraded(Exception):
    """There is no journal of the chapter yet."""


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse; margin: .5em 0 1.5em }}
th, td {{ text-align: left; padding: .25em .8em; border-bottom: 1px solid #8883 }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums }}
.figures {{ display: flex; flex-wrap: wrap; gap: 1em }} .figures svg {{ max-width: 100% }}
.bar {{ display: inline-block; height: .8em; background: #0072b2; vertical-align: middle }}
.ours {{ border-left: 5px solid #d55e00; padding: .2em 1em }}
h1 {{ margin-bottom: 0 }} p.sub {{ margin-top: 0; opacity: .75 }}
</style>
<h1>{title}</h1><p class="sub">{sub}</p>
{body}</html>
"""


def report(course: Course, chapter: str) -> bytes:
    """Return the page.

    Raises
    ------
    NothingGraded
        No submission of the chapter has been graded.
    """
    journal = Journal(course.root / "grading" / chapter / "journal.jsonl")
    records = sorted(journal.read().values(), key=lambda r: r.student)
    if not records:
        raise NothingGraded(f"Nothing of {chapter} is graded yet: run `cs231n grade {chapter}`.")
    scored = [r for r in records if r.outcome != "ours"]
    ours = [r for r in records if r.outcome == "ours"]
    parts = [_ours(ours)]
    if scored:
        parts += [
            f'<div class="figures">{_scores_figure(scored)}{_exercises_figure(scored)}</div>',
            _mistakes(scored), _exercises(scored), _repairs(scored),
            _pairs(course, chapter, scored), _slowest(scored), _students(scored),
        ]
    mean = sum(r.score for r in scored) / len(scored) if scored else 0
    most = scored[0].max_score if scored else 0
    sub = f"{len(scored)} students, mean {mean:.2f} of {most:g} points"
    return PAGE.format(title=escape(chapter), sub=sub, body="\n".join(parts)).encode()


def write_report(course: Course, chapter: str, to: Path | None = None) -> Path:
    """Write the page to `grading/<chapter>/report.html` (or elsewhere) and return its path."""
    from cs231n_lib.grading.records import write_atomically

    path = Path(to) if to else course.root / "grading" / chapter / "report.html"
    write_atomically(path.resolve(), report(course, chapter))
    return path


def _table(head: list, rows: list, empty: str = "None.") -> str:
    """Return an HTML table; a head that begins with '#' marks a column of numbers."""
    if not rows:
        return f"<p>{escape(empty)}</p>"
    numeric = [h.startswith("#") for h in head]
    cells = "".join(
        f'<th class="n">{escape(h[1:])}</th>' if n else f"<th>{escape(h)}</th>"
        for h, n in zip(head, numeric)
    )
    lines = []
    for row in rows:
        made = "".join(
            f'<td class="n">{v}</td>' if n else f"<td>{v}</td>" for v, n in zip(row, numeric)
        )
        lines.append(f"<tr>{made}</tr>")
    return f"<table><tr>{cells}</tr>{''.join(lines)}</table>"


def _svg(figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _new_figure(title: str, height: float = 3.2):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.1, height), layout="constrained")
    axis = figure.add_subplot()
    axis.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def _scores_figure(scored) -> str:
    most = scored[0].max_score or 1
    figure, axis = _new_figure(f"Scores of {len(scored)} students")
    axis.hist([r.score for r in scored], bins=int(most), range=(0, most), color="#0072b2")
    axis.set_xlabel(f"points of {most:g}")
    axis.set_ylabel("students")
    axis.locator_params(integer=True)
    return _svg(figure)


def _exercises_figure(scored) -> str:
    names = [e["name"] for e in scored[0].exercises]
    figure, axis = _new_figure("How many solved each exercise", 0.8 + 0.32 * len(names))
    full, part = [], []
    for name in names:
        rows = [e for r in scored for e in r.exercises if e["name"] == name]
        full.append(sum(e["status"] == "passed" for e in rows) / len(rows))
        part.append(sum(0 < e["points"] < e["max_points"] for e in rows) / len(rows))
    axis.barh(names, full, color="#0072b2", label="full marks")
    axis.barh(names, part, left=full, color="#e69f00", label="partly")
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.set_xlabel("share of students")
    axis.legend(frameon=False, loc="lower right", fontsize=8)
    return _svg(figure)


def _mistakes(scored) -> str:
    count = Counter(
        (e["name"], e["mistake"]) for r in scored for e in r.exercises if e.get("mistake")
    )
    rows = [
        [escape(name), escape(text), f"{n}",
         f'<span class="bar" style="width:{max(200 * n / len(scored), 2):.0f}px"></span>']
        for (name, text), n in count.most_common(40)
    ]
    return "<h2>Which mistakes the class made</h2>" + _table(
        ["exercise", "mistake", "#students", ""], rows, "No known mistake was recognised."
    )


def _exercises(scored) -> str:
    rows = []
    for name in [e["name"] for e in scored[0].exercises]:
        mine = [e for r in scored for e in r.exercises if e["name"] == name]
        status = Counter(e["status"] for e in mine)
        mean = sum(e["points"] for e in mine) / len(mine)
        unnamed = sum(
            e["status"] in ("failed", "partial") and not e.get("mistake") for e in mine
        )
        rows.append([
            escape(name), f"{mean:.2f} / {mine[0]['max_points']:g}", *(
                f"{status[k]}" for k in
                ("passed", "partial", "failed", "error", "timeout", "missing")
            ), f"{unnamed}",
        ])
    head = ["exercise", "#mean", "#passed", "#partial", "#failed", "#error", "#timeout",
            "#missing", "#wrong, unnamed"]
    return "<h2>Exercises</h2>" + _table(head, rows)


def _repairs(scored) -> str:
    rows = [
        [escape(r.student), "<br>".join(escape(t) for t in [r.reason, *r.repairs, *r.notes] if t)]
        for r in scored if r.repairs or r.notes or r.reason
    ]
    return "<h2>Mended, stopped, unreadable</h2>" + _table(["student", "what"], rows)


def _slowest(scored) -> str:
    rows = [
        [escape(r.student), f"{r.seconds:.2f}", f"{r.peak_mb:.0f}"]
        for r in sorted(scored, key=lambda r: -r.seconds)[:10]
    ]
    return "<h2>Slowest</h2>" + _table(["student", "#seconds", "#peak MB"], rows)


def _students(scored) -> str:
    rows = [
        [escape(r.student), f"{r.score:g}",
         escape(", ".join(e["name"] for e in r.exercises if e["status"] != "passed"))]
        for r in sorted(scored, key=lambda r: r.score)
    ]
    return "<h2>Students</h2>" + _table(["student", "#points", "not full marks"], rows)


def _ours(ours) -> str:
    if not ours:
        return ""
    rows = [[escape(r.student), escape(r.reason.strip().splitlines()[-1])] for r in ours]
    return ('<div class="ours"><h2>Failures of the grader: no mark was given</h2>'
            + _table(["student", "why"], rows) + "</div>")


def _pairs(course: Course, chapter: str, scored) -> str:
    sources = {r.student: answers_of(course, chapter, r.student) for r in scored}
    rows = [
        [escape(p.first), escape(p.second), f"{100 * p.alike:.0f} %", f"{p.exercises}"]
        for p in near_pairs(sources)
    ]
    note = (
        "<p>Alike in the shape of their code, beyond what the class shares; names and layout do "
        "not count. A place to look, not a verdict.</p>"
    )
    return "<h2>Near-identical submissions</h2>" + note + _table(
        ["student", "student", "#alike", "#exercises"], rows
    )


def answers_of(course: Course, chapter: str, student: str) -> dict:
    """Return {exercise: source} of a graded notebook, without those left as they were."""
    path = course.root / "autograded" / student / chapter / f"{chapter}.ipynb"
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return {}
    found = {}
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("solution"):
            if "raise NotImplementedError" not in cell.source:
                found[meta["grade_id"]] = cell.source
    return found
