"""The bank of a chapter: its exercises' cases, known mistakes and other right answers.

`solutions/<chapter>/bank.py` declares one; `authoring.build` makes the public answers of it, the
grader the secret ones. The reference is never here: it is the solution notebook's own cell.
"""

from __future__ import annotations

import inspect
import types
import zlib
from dataclasses import dataclass, field, replace

import numpy as np

from cs231n_lib import trial
from cs231n_lib.answers import Answers, Case, Exercise, Mistake, Trial, Withheld
from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.verdict import settled, summarised

PUBLIC_SEED = 231


class BankError(Exception):
    """A bank and its chapter do not fit each other; the text names exercise and entry."""


@dataclass(frozen=True)
class Variant:
    """Another implementation: a mistake (with a hint) or another right answer (without).

    Either `functions` replace the reference's by name, or `edits` (old, new) are applied to the
    source of the reference's cell `cell`. A `slow` mistake gives right numbers, and is told by its
    time alone (timed for real by a test of its own, since a proof never depends on a clock).
    """

    name: str
    hint: str = ""
    functions: dict = field(default_factory=dict)
    edits: tuple = ()
    cell: str = ""
    slow: bool = False


class Entry:
    """One exercise of a bank. Made by `Bank.exercise`; its methods add cases and variants."""

    def __init__(self, record: Exercise):
        self.record = record
        self.cases: list = []  # (name, make, hidden)
        self.mistakes: list = []
        self.right: list = []

    def case(self, name: str, *, hidden: bool = False):
        """Decorate `make(rng) -> dict of inputs`.

        The inputs are in the order of the function's parameters. A hidden case is one of the
        further cases that only grading has; every case is drawn again from the secret seed there.
        An input that is `Withheld(value)` goes to the exercise's summary and to nothing else.
        """

        def add(make):
            self.cases.append((name, make, hidden))
            return make

        return add

    def mistake(self, name: str, hint: str, *, slow=False, **functions):
        """Add a wrong implementation: decorate it, or give functions by name.

        The function runs in the chapter's namespace, so it may call the reference's others.
        """
        return self._variant(self.mistakes, name, hint, functions, slow)

    def also_right(self, name: str, **functions):
        """Add a correct implementation that is written differently: it must get full marks."""
        return self._variant(self.right, name, "", functions)

    def edit(self, name: str, hint: str, *edits, cell: str = ""):
        """Add a mistake as a change to the reference's text: `("old", "new")`, one or more.

        Each old text must occur in the cell exactly once, so an outdated edit cannot go unseen.
        """
        self.mistakes.append(Variant(name, hint, edits=edits, cell=cell or self.record.name))

    def right_edit(self, name: str, *edits, cell: str = ""):
        """Add another right answer as a change to the reference's text."""
        self.right.append(Variant(name, "", edits=edits, cell=cell or self.record.name))

    def _variant(self, where, name, hint, functions, slow=False):
        if functions:
            where.append(Variant(name, hint, functions, slow=slow))
            return None

        def add(function):
            where.append(Variant(name, hint, {self.record.name: function}, slow=slow))
            return function

        return add


class Bank:
    """All exercises of one chapter, in the order of the notebook."""

    def __init__(self, chapter: str):
        self.chapter = chapter
        self.entries: dict[str, Entry] = {}

    def exercise(self, name: str, points: float, **options) -> Entry:
        """Declare an exercise.

        Parameters
        ----------
        points : float
            What it counts; a chapter's exercises add up to 20.
        **options
            Fields of `cs231n_lib.answers.Exercise`: `driver` ('call'; 'forward';
            'forward_backward'; 'ch06.something'), `summary`, `needs` (other functions of the
            learner's, by name), `returns` (names of the returned parts), `may_change`, `rtol`,
            `atol`, `tolerance` ({output: (rtol, atol)}), `bounds` ({output: (low, high)}),
            `faster_than` with `factor`, `seconds` (wall time of one case).
        """
        if name in self.entries:
            raise BankError(f"{self.chapter}: exercise {name!r} is declared twice")
        entry = Entry(Exercise(name, points, (), **options))
        self.entries[name] = entry
        return entry

    def answers(self, chapter: Chapter, *, seed=PUBLIC_SEED, hidden=False, mistakes=True,
                public: Answers | None = None):
        """Run the reference (and each mistake) on the cases and return the numbers.

        Parameters
        ----------
        seed : int
            Public for the learner's file, secret for a grading run.
        hidden : bool
            Whether to add the further cases that only grading has.
        public : Answers, optional
            Already built answers. A mistake that ran out of time on a case there is taken to do
            so again, and not waited for.
        """
        reference = chapter.namespace()
        done = {}
        for name, entry in self.entries.items():
            if name not in reference:
                raise BankError(f"{self.chapter}: no exercise cell defines {name}")
            record = _with_signature(entry.record, reference[name])
            inputs = [
                (label, make(_rng(seed, name, label)))
                for label, make, only_grading in entry.cases
                if hidden or not only_grading
            ]
            functions = {n: reference[n] for n in (name, *record.needs)}
            cases = tuple(
                self._case(record, functions, label, given) for label, given in inputs
            )
            record = replace(record, cases=cases)
            if mistakes:
                endless = _endless(public.exercises[name]) if public else {}
                record = replace(
                    record,
                    mistakes=tuple(
                        Mistake(
                            v.name, v.hint,
                            self.trials(chapter, record, v, endless=endless.get(v.name, "")),
                        )
                        for v in entry.mistakes
                    ),
                )
            done[name] = record
        return Answers(self.chapter, chapter.edition, done)

    def _case(self, record, functions, label, given) -> Case:
        withheld = {k: v.value for k, v in given.items() if isinstance(v, Withheld)}
        given = {k: v for k, v in given.items() if k not in withheld}
        bare = Case(label, given, {}, withheld)
        result = summarised(record, bare, trial.run(record, functions, given))
        if result.status != "ok" or result.changed:
            raise BankError(
                f"{self.chapter}: the reference of {record.name} fails on {label!r}: "
                f"{result.status} {result.error} {result.where} {' '.join(result.changed)}"
            )
        return Case(label, given, settled(record, result.outputs), withheld)

    def trials(self, chapter: Chapter, record: Exercise, variant: Variant, *, summarise=True,
               endless=""):
        """Run a variant on the record's cases and return the trials.

        It is not run from the case named `endless` on.
        """
        functions = self.functions(chapter, record, variant)
        names = [c.name for c in record.cases]
        count = names.index(endless) if endless in names else len(names)
        trials = trial.run_all(record, functions, record.cases[:count])
        out_of_time = Trial("timeout", error=f"ran for more than {record.seconds:g} s")
        trials = tuple(trials + [out_of_time] * (len(names) - count))
        if not summarise:
            return trials
        trials = [summarised(record, c, t) for c, t in zip(record.cases, trials)]
        return tuple(replace(t, outputs=settled(record, t.outputs)) for t in trials)

    def functions(self, chapter: Chapter, record: Exercise, variant: Variant) -> dict:
        """Return the functions that a variant puts in the place of the learner's."""
        space = chapter.namespace()
        if variant.edits:
            source = chapter.exercise_source(variant.cell)
            for old, new in variant.edits:
                if source.count(old) != 1:
                    raise BankError(
                        f"{self.chapter}: the edit {variant.name!r} of {record.name} wants "
                        f"{old!r} exactly once in {variant.cell}, found {source.count(old)} times"
                    )
                source = source.replace(old, new)
            exec(compile(source, f"<{variant.name}>", "exec"), space)
        else:
            for name, function in variant.functions.items():
                for key, value in function.__globals__.items():
                    space.setdefault(key, value)
                space[name] = types.FunctionType(
                    function.__code__, space, name, function.__defaults__, function.__closure__
                )
                space[name].__kwdefaults__ = function.__kwdefaults__
        return {n: space[n] for n in (record.name, *record.needs)}


def _endless(exercise: Exercise) -> dict:
    """Return {mistake: name of the first case on which it ran out of time}."""
    return {
        mistake.name: case.name
        for mistake in exercise.mistakes
        for case, found in reversed(list(zip(exercise.cases, mistake.trials)))
        if found.status == "timeout"
    }


def _rng(seed: int, *labels: str) -> np.random.Generator:
    """Return a generator of a case's own, so that a changed case leaves the others as they are."""
    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])


def _with_signature(record: Exercise, function) -> Exercise:
    parameters = inspect.signature(function).parameters.values()
    return replace(
        record,
        positional=tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD),
        keyword=tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
    )
