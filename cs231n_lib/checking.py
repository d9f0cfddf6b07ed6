"""Check a learner's function against the chapter's answers, offline, and say what is wrong.

A notebook calls `start_chapter` in its setup cell and `check` after each exercise.
"""

from __future__ import annotations

import difflib
import sys
import time
from functools import lru_cache
from pathlib import Path

from cs231n_lib import answers, card, drivers, trial
from cs231n_lib.answers import Answers, AnswersError, Exercise
from cs231n_lib.verdict import Verdict, judge


class CheckFailed(AssertionError):
    """No case of the exercise is right. Shown as one line, since the card has said the rest."""

    def _render_traceback_(self):
        return [f"{type(self).__name__}: {self}"]


class SetupError(Exception):
    """The check itself cannot run; the text says what to do. Shown without a traceback."""

    def _render_traceback_(self):
        return [f"{type(self).__name__}: {self}"]


class Report:
    """What `check` returns: shown as a card in Jupyter, and as the bare number of points in
    plain text, which is how nbgrader reads partial credit."""

    def __init__(self, verdict: Verdict):
        self.verdict = verdict

    def __repr__(self):
        return f"{self.verdict.points:g}"

    def __float__(self):
        return float(self.verdict.points)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": card.as_html(self.verdict)}


def start_chapter(chapter: str, edition: str = "") -> None:
    """Make sure that the answers beside this notebook are the ones that belong to it.

    Raises
    ------
    SetupError
        They are missing, damaged, of another chapter, or of another edition.
    """
    path = Path("answers.npz").resolve()
    try:
        theirs, known_edition = answers.read(path, answers.head_from_bytes)
    except AnswersError as error:
        raise SetupError(str(error)) from None
    if theirs != chapter:
        raise SetupError(
            f"{path} belongs to chapter {theirs}, this notebook is {chapter}. Open the "
            f"notebook from its own folder, notebooks/{chapter}/."
        )
    if edition and known_edition != edition:
        raise SetupError(
            f"{path} is of edition {known_edition}, this notebook of edition {edition}: one of "
            f"them is older. Take both from the same release; your own cells can be copied over."
        )


def check(name: str, function, **helpers) -> Report:
    """Compare your function with the stored answers of the exercise `name`.

    Parameters
    ----------
    name : str
        The exercise, for example "affine_backward".
    function : callable
        Your implementation.
    **helpers : callable
        Functions that the exercise works with, by name. Those not given are taken from where
        `check` is called: "affine_backward" is run on the cache of your own `affine_forward`.

    Returns
    -------
    Report
        A card in Jupyter; as plain text the points, which nbgrader reads.

    Raises
    ------
    CheckFailed
        No case is right. (Where some are, the points are returned.)
    SetupError
        The answers file, the exercise's name or a needed function is missing.
    """
    known = _load()
    exercise = known.exercises.get(name)
    if exercise is None:
        near = difflib.get_close_matches(name, known.exercises, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        raise SetupError(
            f"Chapter {known.chapter} has no exercise {name!r}.{guess} "
            f"It has: {', '.join(known.exercises)}."
        )
    functions = _gather(exercise, function, helpers, sys._getframe(1).f_globals)
    verdict = examine(exercise, functions)
    report = Report(verdict)
    in_jupyter = _show(verdict, final=verdict.points > 0)
    if verdict.points == 0:
        raise CheckFailed(card.head(verdict))
    if not in_jupyter:
        print(card.as_text(verdict))
    return report


def examine(exercise: Exercise, functions: dict) -> Verdict:
    """Run every case of an exercise here, in this process, and judge the results."""
    trials = trial.run_all(exercise, functions, exercise.cases)
    fast = None
    if exercise.faster_than:
        fast = all(t.status == "ok" for t in trials) and _is_fast(exercise, functions)
    return judge(exercise, trials, fast_enough=fast)


def _is_fast(exercise: Exercise, functions: dict) -> bool:
    """Time the last case against the exercise's yardstick, best of three each."""
    inputs = exercise.cases[-1].inputs
    yardstick = drivers.find(exercise.faster_than)
    mine = min(trial.run(exercise, functions, inputs).seconds for _ in range(3))
    other = min(_seconds(lambda: yardstick(inputs)) for _ in range(3))
    return mine * exercise.factor <= other


def _seconds(action) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _gather(exercise: Exercise, function, helpers: dict, around: dict) -> dict:
    functions = {exercise.name: function}
    for name in exercise.needs:
        functions[name] = helpers.get(name, around.get(name))
    for name, value in functions.items():
        if not callable(value):
            got = "nothing" if value is None else f"a {type(value).__name__}"
            why = "" if name == exercise.name else f" ({exercise.name} is checked together with it)"
            raise SetupError(f"{name} must be a function, got {got}{why}. Run its cell first.")
    return functions


def _load() -> Answers:
    try:
        path = Path("answers.npz").resolve()
    except FileNotFoundError:
        raise SetupError(
            "The folder in which this notebook was opened is gone: open it where it is now, or "
            "restart the kernel."
        ) from None
    try:
        return _read(path, path.stat().st_mtime_ns if path.exists() else 0)
    except AnswersError as error:
        raise SetupError(str(error)) from None


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Answers:
    return answers.read(path)


def _show(verdict: Verdict, *, final: bool) -> bool:
    """Show the card where this is a Jupyter kernel; tell whether it is one.

    A `final` card is left to the cell's own result, which Jupyter displays.
    """
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if not shell or not hasattr(shell, "kernel"):
        return False
    if not final:
        from IPython.display import display

        bundle = {"text/plain": card.as_text(verdict), "text/html": card.as_html(verdict)}
        display(bundle, raw=True)
    return True
