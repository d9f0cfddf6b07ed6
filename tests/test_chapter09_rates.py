"""Chapter 09's judge of random masks: how seldom it blames a right answer, how surely it catches a
wrong one.

The first is computed exactly (binomial distribution, SciPy) and then measured; the second is
measured over 100 secret seeds.
"""

import numpy as np
import pytest
from conftest import chapter_named
from scipy.stats import binom

from cs231n_lib import trial
from cs231n_lib.answers import Case
from cs231n_lib.authoring.bank import _rng
from cs231n_lib.drivers import ch09
from cs231n_lib.verdict import problem, summarised

NAME = "09_dropout"
FORWARDS = ("vanilla_dropout_forward", "dropout_forward")
RANDOM = (*FORWARDS, "dropout_backward")
FALSE_ALARMS = 1e-5  # what one whole check may have
SEEDS = 100


class Judged:
    """The cases of one exercise under many seeds, each judged as a grading run does."""

    def __init__(self, name):
        self.chapter = chapter_named(NAME)
        self.entry = self.chapter.bank.entries[name]
        known = self.chapter.bank.answers(self.chapter, hidden=True, mistakes=False)
        self.record = known.exercises[name]

    def cases(self, seed):
        """Yield the cases drawn from a seed; what is expected in training is the same for all."""
        for (label, make, _), known in zip(self.entry.cases, self.record.cases, strict=True):
            inputs = make(_rng(seed, self.record.name, label))
            yield Case(label, inputs, known.expected)

    def fails(self, functions, case):
        """Return what is wrong with one case, or None."""
        if _mode(case.inputs) == "test":  # there the outputs are numbers, not words
            reference = self.chapter.namespace()
            functions_ = {n: reference[n] for n in (self.record.name, *self.record.needs)}
            wanted = trial.run(self.record, functions_, case.inputs)
            wanted = summarised(self.record, case, wanted).outputs
            case = Case(case.name, case.inputs, wanted)
        done = trial.run(self.record, functions, case.inputs)
        return problem(self.record, case, summarised(self.record, case, done))

    def functions(self, variant=None):
        if variant is not None:
            return self.chapter.bank.functions(self.chapter, self.record, variant)
        reference = self.chapter.namespace()
        return {n: reference[n] for n in (self.record.name, *self.record.needs)}


def _mode(inputs):
    return inputs.get("dropout_param", inputs)["mode"]


def _p(inputs):
    return inputs.get("dropout_param", inputs)["p"]


def outside(n, p):
    """Return the exact probability that a right count out of n is not allowed."""
    low, high = ch09.allowed_counts(n, p)
    return binom.cdf(low - 1, n, p) + binom.sf(high, n, p)


def equal_counts(times, n, p):
    """Return the exact probability that `times` independent counts are all equal."""
    return (binom.pmf(np.arange(n + 1), n, p) ** times).sum()


def chance_of_false_alarm(x, p):
    """Return a bound (the sum over all the properties) for one training case of a forward."""
    total = outside(x.size, p)
    if p <= ch09.TINY:
        # A float32 draw is 0 once in 2**24, and a mask `0 < p` then keeps that unit.
        return total + x.size * 2.0**-24
    if p == 1:
        return total
    for size in x.shape:
        rest = x.size // size
        pairs = size // 2 * rest
        total += outside(pairs, p**2 + (1 - p) ** 2)
        # All constant along this axis; the same count in each slice of it.
        total += (p**size + (1 - p) ** size) ** rest + equal_counts(size, rest, p)
        if rest >= ch09.MIN_SLICE:
            # A quarter of the slices like another: so many equal pairs at least (Markov).
            pairs = size * (size - 1) / 2 * (p**2 + (1 - p) ** 2) ** rest
            total += pairs / (size / 4)
    alike = x[:2].size
    total += equal_counts(ch09.SMALL_CALLS, alike, p)
    # Equal masks under two seeds, or in all the calls (so in each of 16 pairs of them).
    equal = p**2 + (1 - p) ** 2
    return total + equal**x.size + equal ** (alike * ch09.SMALL_CALLS // 2)


@pytest.mark.parametrize("name", FORWARDS)
def test_a_check_blames_a_right_forward_less_than_once_in_100000(name):
    total = sum(
        chance_of_false_alarm(case.inputs["x"], _p(case.inputs))
        for case in Judged(name).cases(231) if _mode(case.inputs) == "train"
    )
    print(f"{name}: false alarms of a whole check below {total:.1e}")
    assert 0 < total < FALSE_ALARMS


def test_a_check_blames_a_right_backward_less_than_once_in_100000():
    total = 0.0
    for case in Judged("dropout_backward").cases(231):
        if _mode(case.inputs) == "test":
            continue
        p, zeros = _p(case.inputs), int((case.inputs["x"] == 0).sum())
        if zeros:  # the share let through, in two passes
            total += 2 * outside(zeros, p) + 2 * (p**zeros + (1 - p) ** zeros)
        others = case.inputs["x"].size - zeros
        if p > ch09.TINY:  # no unit kept, or none dropped
            total += 2 * (p**others + (1 - p) ** others)
        else:
            total += 2 * others * 2.0**-24
    print(f"dropout_backward: false alarms of a whole check below {total:.1e}")
    assert 0 < total < FALSE_ALARMS


def test_the_bound_can_fail():
    """With 4 standard errors, once in 16,000 for each count, the bound is broken."""
    before, ch09.ERRORS = ch09.ERRORS, 4.0
    try:
        assert outside(3000, 0.8) > FALSE_ALARMS
    finally:
        ch09.ERRORS = before


@pytest.mark.parametrize("name", RANDOM)
def test_no_right_answer_is_blamed_under_many_seeds(name):
    """300 seeds for the reference, 30 for every other right answer."""
    judged = Judged(name)
    for variant in (None, *judged.entry.right):
        functions = judged.functions(variant)
        for seed in range(1000, 1300 if variant is None else 1030):
            for case in judged.cases(seed):
                found = judged.fails(functions, case)
                assert found is None, (seed, variant and variant.name, case.name, found.text)


@pytest.mark.parametrize("name", RANDOM)
def test_every_known_mistake_is_caught_at_least_99_times_in_100(name):
    judged = Judged(name)
    assert len(judged.entry.mistakes) >= 15
    for variant in judged.entry.mistakes:
        functions = judged.functions(variant)
        caught = sum(
            any(judged.fails(functions, case) for case in judged.cases(seed))
            for seed in range(2000, 2000 + SEEDS)
        )
        assert caught >= 0.99 * SEEDS, f"{variant.name}: caught {caught} times in {SEEDS}"


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_a_share_one_tenth_away_is_caught(p):
    """How fine the judge is: 3,000 units kept with p + 0.1 in the place of p."""
    rng = np.random.default_rng(0)
    for _ in range(SEEDS):
        kept = rng.random(3000) < p + 0.1
        assert ch09.describe_share(int(kept.sum()), 3000, p) != "p"


def test_neighbours_that_are_often_alike_are_caught():
    """Each unit copies its left neighbour four times in ten; the share kept is still p."""
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        kept = rng.random((60, 50)) < 0.8
        copied = rng.random((60, 50)) < 0.4
        for j in range(1, 50):
            kept[:, j] = np.where(copied[:, j], kept[:, j - 1], kept[:, j])
        assert ch09.describe_neighbours(kept, 0.8) == "neighbours along axis 1 alike too often"


@pytest.mark.parametrize("masks", [2, 20, 30])
def test_masks_that_are_drawn_for_some_rows_and_repeated_are_caught(masks):
    for seed in range(SEEDS):
        kept = np.resize(np.random.default_rng(seed).random((masks, 50)), (60, 50)) < 0.8
        found = ch09.find_pattern([kept * 1.0] * 3, np.ones((60, 50)))
        # Two masks may happen to keep equally many.
        assert found in ("many rows like other rows", "equally many in every row")
