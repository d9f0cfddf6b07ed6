"""What `cs231n grade` shows: progress with rate and time left, then a summary.

The command line calls `grade_command`; everything that grades is in `grading.batch`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from cs231n_lib.course import Course
from cs231n_lib.grading.batch import Summary, grade_class
from cs231n_lib.grading.records import GradingError, write_atomically
from cs231n_lib.grading.sandbox import SandboxError, why_not

console = Console()
err = Console(stderr=True)


def grade_command(course: Course, chapter: str, *, json_file: Path | None, scheduler: str,
                  confined: bool, jobs: int, **options) -> int:
    """Grade, show how it goes, and return the exit code."""
    chapter = course.chapter(chapter)
    if confined and why_not():
        err.print(f"[bold]No sandbox:[/bold] {escape(why_not())}.")
        err.print("Or, for submissions that you trust as your own code: --unsafe-no-sandbox.")
        return 2
    if not confined:
        err.print("[bold red]No sandbox:[/bold red] submissions run with your own rights, and can "
                  "read and change whatever you can.")
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task(f"grading {chapter}", total=None, rate="")

            def on_record(record):
                progress.advance(task)
                speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
                progress.update(task, rate=f"{speed:.1f}/s" if speed else "")

            if scheduler:
                options["executor"], jobs = _cluster(scheduler)
            summary = grade_class(
                course, chapter, confined=confined, jobs=jobs,
                on_start=lambda n: progress.update(task, total=n), on_record=on_record, **options,
            )
    except (GradingError, SandboxError) as error:
        err.print(f"[bold]cs231n grade:[/bold] {escape(str(error))}")
        return 2
    except KeyboardInterrupt:
        err.print("Stopped. What was recorded stays; run the same command again for the rest.")
        return 130
    if json_file is not None:
        lines = "".join(r.as_json() + "\n" for r in summary.records)
        write_atomically(Path(json_file).resolve(), lines.encode())
    show(summary, chapter)
    return 1 if summary.ours else 0


def _cluster(address: str):
    """Return (a maker of executors, number of workers' threads) of a dask cluster."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise GradingError("--scheduler needs dask: pip install 'cs231n-course[cluster]'") from None
    client = Client(address, timeout=30)
    return (lambda: client.get_executor(pure=False, retries=1)), sum(client.ncores().values())


def show(summary: Summary, chapter: str) -> None:
    """Print the summary: students, exercises, repairs, our failures."""
    records = summary.records
    scored = [r for r in records if r.outcome != "ours"]
    if len(records) <= 40:
        table = Table(title=chapter)
        for column in ("student", "score", "not full marks", "repairs, notes"):
            table.add_column(column, justify="right" if column == "score" else "left")
        for r in records:
            short = [e["name"] for e in r.exercises if e["status"] != "passed"]
            missing = ", ".join(short) if len(short) < len(r.exercises) or not short else "all"
            notes = len(r.repairs) + len(r.notes)
            score = "none" if r.outcome == "ours" else f"{r.score:g}/{r.max_score:g}"
            said = r.reason or (f"{notes}" if notes else "")
            table.add_row(escape(r.student), score, missing, escape(said[:80]))
        console.print(table)
    if scored:
        table = Table(title="exercises")
        for column in ("exercise", "full marks", "partly", "none", "most common mistake"):
            table.add_column(column, justify="left" if column in ("exercise",) else "right")
        names = list(dict.fromkeys(e["name"] for r in scored for e in r.exercises))
        for name in names:
            rows = [e for r in scored for e in r.exercises if e["name"] == name]
            full = sum(e["status"] == "passed" for e in rows)
            none = sum(e["points"] == 0 and e["max_points"] > 0 for e in rows)
            common = Counter(e["mistake"] for e in rows if e["mistake"]).most_common(1)
            said = f"{common[0][0]} ({common[0][1]})" if common else ""
            table.add_row(name, f"{full}", f"{len(rows) - full - none}", f"{none}", escape(said))
        console.print(table)
        mean = sum(r.score for r in scored) / len(scored)
        rate = summary.graded / summary.seconds if summary.seconds else 0
        mended = sum(bool(r.repairs) for r in scored)
        console.print(
            f"{len(scored)} students, mean {mean:.2f} of {scored[0].max_score:g}; "
            f"{summary.graded} graded now in {summary.seconds:.1f} s ({rate:.1f}/s), "
            f"{summary.skipped} unchanged; {mended} notebooks mended."
        )
    for r in summary.ours:
        err.print(f"[bold red]Our failure, no mark:[/bold red] {escape(r.student)}: "
                  f"{escape(r.reason.strip().splitlines()[-1])}")
