"""Tests of the tests: banks catch and name what is wrong, and let pass what is right."""

from functools import cache, partial

import numpy as np
import pytest
from conftest import CHAPTERS, COURSE, chapter_named

from cs231n_lib import answers
from cs231n_lib.authoring.proof import prove
from cs231n_lib.trial import run_all
from cs231n_lib.verdict import judge

SEEDS = {"public": dict(seed=231, hidden=False), "grading": dict(seed=20_260_717, hidden=True)}


@cache
def proofs(name: str, which: str):
    return tuple(prove(chapter_named(name), **SEEDS[which]))


each = pytest.mark.parametrize("name", CHAPTERS)
both = pytest.mark.parametrize("which", SEEDS)


def told(found):
    return "\n".join(f"{p.exercise}: {p.name}: {p.verdict.message}" for p in found)


@each
@both
def test_every_known_mistake_loses_points(name, which):
    missed = [p for p in proofs(name, which) if p.kind == "mistake" and not p.caught]
    assert not missed, told(missed)


@each
@both
def test_at_least_nine_mistakes_in_ten_are_named_by_their_own_hint(name, which):
    mistakes = [p for p in proofs(name, which) if p.kind == "mistake"]
    unnamed = [p for p in mistakes if not p.named]
    print(f"{name} ({which}): {len(mistakes)} mistakes, {len(mistakes) - len(unnamed)} named")
    assert len(unnamed) <= 0.1 * len(mistakes), told(unnamed)


@each
@both
def test_every_other_right_answer_gets_full_marks(name, which):
    failed = [p for p in proofs(name, which) if p.kind == "right" and not p.good]
    assert not failed, told(failed)


@each
def test_every_exercise_has_enough_mistakes_and_other_right_answers(name):
    for exercise, entry in chapter_named(name).bank.entries.items():
        assert len(entry.mistakes) >= 3, exercise
        assert len(entry.right) >= 2, exercise
        assert any(hidden for _, _, hidden in entry.cases), f"{exercise} has no hidden case"
        names = [m.name for m in entry.mistakes]
        assert len(set(names)) == len(names), exercise


@each
def test_most_exercises_have_five_mistakes(name):
    entries = chapter_named(name).bank.entries
    many = [e for e in entries.values() if len(e.mistakes) >= 5]
    assert len(many) >= 0.6 * len(entries)


@each
def test_readmes_line_of_the_chapter_is_true(name):
    from cs231n_lib.authoring.overview import row

    readme = (COURSE.root / "README.md").read_text()
    assert row(chapter_named(name), list(proofs(name, "public"))) in readme, (
        "run `cs231n overview`"
    )


def converted(value, change):
    if isinstance(value, np.ndarray) and value.ndim:
        return change(value)
    return tuple(converted(v, change) for v in value) if isinstance(value, tuple) else value


def single(array):
    return array.astype(np.float32) if array.dtype == np.float64 else array


class Callable:
    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)


FORMS = {
    "columns first": lambda f: lambda *a, **k: converted(f(*a, **k), np.asfortranarray),
    "float32": lambda f: lambda *a, **k: converted(f(*a, **k), single),
    "a list of results": lambda f: lambda *a, **k: (
        list(r) if isinstance(r := f(*a, **k), tuple) else r
    ),
    "an object that can be called": Callable,
    "a partial function": partial,
}


@each
def test_a_right_answer_passes_in_whatever_form_it_comes(name):
    reference = chapter_named(name).namespace()
    public = answers.read(COURSE.notebooks / name / "answers.npz")
    for exercise in public.exercises.values():
        for form, wrap in FORMS.items():
            functions = {n: reference[n] for n in (exercise.name, *exercise.needs)}
            functions[exercise.name] = wrap(functions[exercise.name])
            trials = run_all(exercise, functions, exercise.cases)
            verdict = judge(exercise, trials, fast_enough=True if exercise.faster_than else None)
            assert verdict.status == "passed", f"{form}: {verdict}"


def test_what_is_taken_over_of_endless_mistakes_is_what_they_do():
    """Grading does not wait for mistakes that ran out of time on the public cases."""
    seen = 0
    for name in CHAPTERS:
        public = answers.read(COURSE.notebooks / name / "answers.npz")
        trials = [t for e in public.exercises.values() for m in e.mistakes for t in m.trials]
        if any(t.status == "timeout" for t in trials):
            chapter, secret = chapter_named(name), SEEDS["grading"]
            real = chapter.bank.answers(chapter, **secret)
            quick = chapter.bank.answers(chapter, **secret, public=public)
            assert answers.to_bytes(real) == answers.to_bytes(quick)
            seen += 1
    assert seen
