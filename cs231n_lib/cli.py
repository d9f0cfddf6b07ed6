"""The command line, `cs231n`: what learners, authors and instructors run.

Heavy modules are imported inside the commands, so that `cs231n --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cs231n_lib.course import CourseError, find_course

app = typer.Typer(
    help="Build the training of neural networks from scratch, in ten notebooks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
console = Console()
Chapters = Annotated[
    list[str] | None,
    typer.Argument(help="Chapters, such as 4 or 04_backprop. Default: all.", show_default=False),
]


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )


def _chosen(course, names) -> list:
    return [course.chapter(n) for n in names] if names else course.chapters()


@app.command()
def build(
    chapters: Chapters = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Do not execute; keep outputs of unchanged cells.")
    ] = False,
) -> None:
    """Build chapters from solutions/: solution notebook, answers, student notebook.

    Examples: [bold]cs231n build[/bold] (all), [bold]cs231n build 4 --no-run[/bold].
    """
    from cs231n_lib.authoring.build import build as build_chapter

    course = find_course()
    with _progress() as progress:
        for name in _chosen(course, chapters):
            task = progress.add_task(name, total=None)
            build_chapter(
                course, name, run=not no_run,
                on_cell=lambda i, n, task=task: progress.update(task, completed=i + 1, total=n),
            )
            console.print(f"built {name}")


@app.command()
def prove(
    chapters: Chapters = None,
    only: Annotated[str, typer.Option(help="One exercise's name.")] = "",
    hidden: Annotated[bool, typer.Option(help="With another seed and grading's cases.")] = False,
    verbose: Annotated[bool, typer.Option("-v", help="Print every variant's card.")] = False,
) -> None:
    """Judge every known mistake and every other right answer of the banks."""
    from cs231n_lib import card
    from cs231n_lib.authoring.chapter import Chapter
    from cs231n_lib.authoring.proof import prove as prove_chapter

    course = find_course()
    table = Table(title="Banks: known mistakes caught and named, other right answers passed")
    for column in ("chapter", "exercise", "mistakes", "caught", "named", "right", "passed"):
        table.add_column(column, justify="left" if column in ("chapter", "exercise") else "right")
    bad = 0
    for name in _chosen(course, chapters):
        chapter = Chapter(course.solutions / name)
        seed = 98_765 if hidden else 231
        proofs = list(prove_chapter(chapter, seed=seed, hidden=hidden, only=only))
        for exercise in dict.fromkeys(p.exercise for p in proofs):
            mine = [p for p in proofs if p.exercise == exercise]
            wrong = [p for p in mine if p.kind == "mistake"]
            right = [p for p in mine if p.kind == "right"]
            table.add_row(
                name, exercise, f"{len(wrong)}", f"{sum(p.caught for p in wrong)}",
                f"{sum(p.named for p in wrong)}", f"{len(right)}", f"{sum(p.good for p in right)}",
            )
        for p in proofs:
            bad += not p.good
            if verbose or not p.good or (p.kind == "mistake" and not p.named):
                console.print(f"{p.exercise} · {p.kind} · {p.name}", style="bold", markup=False)
                console.print(card.as_text(p.verdict), markup=False)
    console.print(table)
    if bad:
        raise typer.Exit(1)


@app.command()
def grade(
    chapter: Annotated[str, typer.Argument(help="A chapter, such as 4 or 04_backprop.")],
    submitted: Annotated[
        Path | None, typer.Option(help="Holds STUDENT/CHAPTER/CHAPTER.ipynb. Default: submitted/.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Workers; 0: one per core.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write one JSON record a line to this file.")
    ] = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    only_failed: Annotated[bool, typer.Option(help="Again those without full marks.")] = False,
    force: Annotated[bool, typer.Option(help="Grade all again, unchanged ones too.")] = False,
    db: Annotated[str, typer.Option(help="Gradebook, e.g. postgresql://...")] = "",
    scheduler: Annotated[str, typer.Option(help="A dask scheduler's address.")] = "",
    unsafe_no_sandbox: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run submissions with your own rights.")
    ] = False,
) -> None:
    """Grade a class: each submission in a sandbox, each answer judged outside it.

    Run it again at any time: only new, changed and unfinished submissions are graded. Grades
    entered by hand in formgrader stay. Exit code 0: all graded; 1: failures of ours, listed;
    2: it could not begin, or had to stop (what was recorded stays).
    """
    from cs231n_lib.grading.console import grade_command

    code = grade_command(
        find_course(), chapter, submitted=submitted, jobs=jobs, json_file=json_file,
        students=student or (), only_failed=only_failed, force=force, db=db,
        scheduler=scheduler, confined=not unsafe_no_sandbox,
    )
    raise typer.Exit(code)


@app.command()
def lab(
    chapter: Annotated[str, typer.Argument(help="A chapter. Default: the first.")] = "",
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is one.")] = True,
) -> None:
    """Open JupyterLab on a chapter. Without a browser it prints the address to open."""
    import os
    import sys
    import webbrowser

    course = find_course()
    name = course.chapter(chapter) if chapter else course.chapters()[0]
    notebook = course.notebooks / name / f"{name}.ipynb"
    if not notebook.exists():
        raise CourseError(f"{notebook} is not built: run `cs231n build {name}` first.")
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={course.notebooks}"]
    try:
        webbrowser.get()
    except webbrowser.Error:
        browser = False
    if not browser:
        command.append("--no-browser")
        console.print(f"Open the address below (it ends in a token), then {name}/{name}.ipynb.")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container one is root, and Jupyter wants to hear that it is meant.
        command.append("--allow-root")
    os.execv(sys.executable, [*command, str(notebook)])


@app.command()
def check(
    chapters: Chapters = None,
    experiments: Annotated[bool, typer.Option(help="Run the experiments too (slower).")] = False,
) -> None:
    """Run your own notebooks from top to bottom and show your points.

    Exit code 0 when every exercise of the chapters has full marks, 1 when not.
    """
    from cs231n_lib.progress import run_notebook

    course = find_course()
    names = _chosen(course, chapters)
    results = {}
    with _progress() as progress:
        for name in names:
            task = progress.add_task(name, total=None)
            path = course.notebooks / name / f"{name}.ipynb"
            if not path.exists():
                raise CourseError(f"There is no {path}.")
            results[name] = run_notebook(
                path, experiments=experiments,
                on_cell=lambda i, n, task=task: progress.update(task, completed=i + 1, total=n),
            )
    if len(names) == 1:
        table = Table(title=names[0])
        for column in ("exercise", "points", ""):
            table.add_column(column, justify="right" if column == "points" else "left")
        for line in results[names[0]]:
            table.add_row(line.name, f"{line.points:g} of {line.most:g}", line.said)
    else:
        table = Table(title="your course")
        for column in ("chapter", "points", "exercises done", "next"):
            table.add_column(column, justify="right" if "points" in column else "left")
        for name, lines in results.items():
            done = [x for x in lines if x.points >= x.most]
            left = [x.name for x in lines if x.points < x.most]
            points, most = sum(x.points for x in lines), sum(x.most for x in lines)
            table.add_row(name, f"{points:g} of {most:g}", f"{len(done)} of {len(lines)}",
                          left[0] if left else "")
    console.print(table)
    lines = [x for found in results.values() for x in found]
    points, most = sum(x.points for x in lines), sum(x.most for x in lines)
    console.print(f"[bold]{points:g} of {most:g} points[/bold]")
    raise typer.Exit(0 if lines and points >= most else 1)


@app.command()
def data(
    name: Annotated[str, typer.Argument(help="mnist or cifar10.")],
    folder: Annotated[Path | None, typer.Option(help="Where to. Default: datasets/.")] = None,
) -> None:
    """Download a data set, resumed and verified. digits and shapes need no download."""
    from cs231n_lib.data import fetch
    from cs231n_lib.datasets.errors import DataError

    try:
        place = fetch(name, folder)
    except DataError as error:
        Console(stderr=True).print(f"[bold]cs231n data:[/bold] {escape(str(error))}")
        raise typer.Exit(2) from None
    console.print(f"{name} is ready in {place}")


@app.command()
def bundle(
    chapter: Annotated[str, typer.Argument(help="A chapter.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: CHAPTER.zip here.")
    ] = None,
) -> None:
    """Pack a chapter for learners: notebook, answers, library and data, without solutions."""
    from cs231n_lib.bundle import bundle as pack

    course = find_course()
    name = course.chapter(chapter)
    target = output or Path(f"{name}.zip")
    target.write_bytes(pack(course, name))
    console.print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")


@app.command()
def sample(
    chapters: Chapters = None,
    size: Annotated[int, typer.Option(help="Submissions in the class.")] = 24,
    keep: Annotated[Path | None, typer.Option(help="Default: build/sample.")] = None,
) -> None:
    """Make a sample class (right, partly right, wrong, empty, broken) and grade it."""
    import shutil

    from cs231n_lib.grading.console import grade_command
    from cs231n_lib.grading.sample import make_class

    course = find_course()
    worst = 0
    for name in _chosen(course, chapters):
        room = (keep or course.root / "build" / "sample") / name
        shutil.rmtree(room, ignore_errors=True)
        own = make_class(course, name, room, size=size)
        worst = max(worst, grade_command(own, name, json_file=room / "records.jsonl",
                                         scheduler="", confined=True, jobs=0))
        console.print(f"The graded class is in {room}.")
    raise typer.Exit(worst)


@app.command()
def report(
    chapter: Annotated[str, typer.Argument(help="A graded chapter.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: grading/CHAPTER/report.html.")
    ] = None,
) -> None:
    """Write the instructor's page: scores, exercises, mistakes, repairs, look-alikes."""
    from cs231n_lib.grading.report import NothingGraded, write_report

    course = find_course()
    try:
        place = write_report(course, course.chapter(chapter), output)
    except NothingGraded as error:
        raise CourseError(str(error)) from None
    console.print(f"{place}")


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="The CSV file to write.")] = Path("grades.csv"),
    db: Annotated[str, typer.Option(help="The gradebook's address.")] = "",
) -> None:
    """Write a table of all students and chapters from the gradebook."""
    from cs231n_lib.grading.export import export_csv
    from cs231n_lib.grading.records import GradebookError

    try:
        rows = export_csv(find_course(), to, db)
    except GradebookError as error:
        raise CourseError(str(error)) from None
    console.print(f"{to}: {rows} students")


@app.command(hidden=True)
def overview(chapters: Chapters = None) -> None:
    """Print README's table of chapters, counted from the banks and notebooks."""
    from cs231n_lib.authoring.chapter import Chapter
    from cs231n_lib.authoring.overview import HEAD, row
    from cs231n_lib.authoring.proof import prove as prove_chapter

    course = find_course()
    print(HEAD)
    for name in _chosen(course, chapters):
        chapter = Chapter(course.solutions / name)
        print(row(chapter, list(prove_chapter(chapter))), flush=True)


@app.command(hidden=True)
def path(chapter: str) -> None:
    """Print a chapter's solution notebook."""
    course = find_course()
    name = course.chapter(chapter)
    print(course.solutions / name / f"{name}.ipynb")


def main() -> None:
    """Run the command line; errors that people can mend are one line and exit code 2."""
    import sys

    try:
        app()
    except CourseError as error:
        Console(stderr=True).print(f"[bold]cs231n:[/bold] {escape(str(error))}")
        sys.exit(2)


if __name__ == "__main__":
    main()
