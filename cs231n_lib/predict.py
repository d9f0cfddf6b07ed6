"""Compare what a learner predicted with what an experiment gave.

A notebook calls `check_prediction` after each experiment that begins with a predict cell.
"""

from __future__ import annotations

import numbers


def check_prediction(guess, actual, *, within: float = 0.1, unit: str = "") -> None:
    """Print how a prediction compares with the outcome; never an error, never a mark.

    Parameters
    ----------
    guess : number, str, bool or None
        The prediction; None where none was made.
    actual : number, str or bool
        The outcome.
    within : float
        A number counts as close within this share of `actual` (or this much, where that is 0).
    unit : str
        Printed behind numbers, for example "%".
    """
    outcome = _text(actual, unit)
    if guess is None or guess is Ellipsis:
        print(f"It came out as {outcome}. (You made no prediction: write one, then run again.)")
    elif isinstance(actual, (str, bool)):
        match = str(guess).strip().lower() == str(actual).strip().lower()
        print(f"You said {guess}; it came out as {outcome}." + (" As predicted." if match else ""))
    elif not isinstance(guess, numbers.Number):
        print(f"It came out as {outcome}. Your prediction must be a number, got {guess!r}.")
    else:
        room = within * abs(actual) if actual else within
        close = abs(guess - actual) <= room
        side = "too high" if guess > actual else "too low"
        print(f"You said {_text(guess, unit)}; it came out as {outcome}: "
              f"{'close' if close else side}.")


def _text(value, unit) -> str:
    if isinstance(value, bool) or not isinstance(value, numbers.Number):
        return f"{value}"
    number = f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"
    return f"{number}{unit if unit.startswith('%') or not unit else ' ' + unit}"
