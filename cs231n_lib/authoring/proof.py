"""Prove a bank: every known mistake loses points and is named, every right answer gets full marks.

`cs231n prove` and `tests/test_banks.py` call this.
"""

from __future__ import annotations

from dataclasses import dataclass

from cs231n_lib.authoring.bank import PUBLIC_SEED
from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.verdict import Verdict, judge


@dataclass(frozen=True)
class Proof:
    """What one variant gets. `kind` is 'mistake' or 'right'."""

    exercise: str
    kind: str
    name: str
    hint: str
    verdict: Verdict

    @property
    def caught(self) -> bool:
        """The variant lost points."""
        return self.verdict.points < self.verdict.max_points

    @property
    def named(self) -> bool:
        """The variant was called by its own name."""
        return self.verdict.mistake == self.name and self.hint in self.verdict.hint

    @property
    def good(self) -> bool:
        """A mistake was caught; a right answer got full marks."""
        return self.caught if self.kind == "mistake" else not self.caught


def prove(chapter: Chapter, *, seed=PUBLIC_SEED, hidden=False, only=None, on_exercise=None):
    """Judge every variant of a chapter's bank, as a check would.

    Parameters
    ----------
    seed, hidden
        As in `Bank.answers`: public by default, or as grading does it.
    only : str, optional
        One exercise's name.
    on_exercise : callable, optional
        Called with each exercise's name, for a progress bar.

    Yields
    ------
    Proof
    """
    known = chapter.bank.answers(chapter, seed=seed, hidden=hidden)
    for name, exercise in known.exercises.items():
        if only and name != only:
            continue
        if on_exercise:
            on_exercise(name)
        entry = chapter.bank.entries[name]
        for kind, variants in (("mistake", entry.mistakes), ("right", entry.right)):
            for variant in variants:
                trials = chapter.bank.trials(chapter, exercise, variant, summarise=False)
                fast = (kind == "right" or not variant.slow) if exercise.faster_than else None
                verdict = judge(exercise, trials, fast_enough=fast)
                yield Proof(name, kind, variant.name, variant.hint, verdict)
