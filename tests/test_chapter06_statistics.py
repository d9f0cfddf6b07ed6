"""Chapter 06's reference functions give the published activation statistics, and its checks of
random weights neither cry wolf nor sleep.

Published: lecture notes of CS231n, ten layers of 500 units, 1,000 unit-Gaussian inputs.
"""

import numpy as np
import pytest
from conftest import chapter_named
from numpy.polynomial.hermite_e import hermegauss

from cs231n_lib.authoring import Bank
from cs231n_lib.verdict import judge

NAME = "06_initialization"
PUBLISHED_TANH_XAVIER = [0.628, 0.486, 0.408, 0.357, 0.321, 0.292, 0.273, 0.255, 0.239, 0.228]
RELU_STD = np.sqrt(1 - 1 / np.pi)  # 0.826, of relu(z) with z normal and relu's mean square 1


def relu(z):
    return np.maximum(z, 0.0)


def stds(init, nonlinearity, seed, rows=1000):
    """Return the std after each of ten layers of 500 units, by the chapter's own functions."""
    space = chapter_named(NAME).namespace()
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 500))
    weights = [space[init](500, 500, rng) for _ in range(10)]
    return np.array(space["layer_statistics"](x, weights, nonlinearity))[:, 1]


@pytest.mark.parametrize("seed", range(4))
def test_tanh_with_xavier_gives_the_published_stds_within_002(seed):
    measured = stds("init_xavier", np.tanh, seed)
    np.testing.assert_allclose(measured, PUBLISHED_TANH_XAVIER, rtol=0, atol=0.02)


def test_the_published_stds_are_those_of_an_infinitely_wide_network():
    """An oracle without random numbers: q -> E[tanh(sqrt(q) g)**2], by Gauss-Hermite quadrature."""
    nodes, weights = hermegauss(101)
    q, wide = 1.0, []
    for _ in range(10):
        q = (weights * np.tanh(np.sqrt(q) * nodes) ** 2).sum() / weights.sum()
        wide.append(np.sqrt(q))
    np.testing.assert_allclose(wide, PUBLISHED_TANH_XAVIER, rtol=0, atol=0.003)


def test_the_comparison_with_the_published_stds_can_fail():
    off = np.abs(stds("init_he", np.tanh, 0) - PUBLISHED_TANH_XAVIER)
    assert (off > 0.02).all()


def test_relu_with_he_stays_near_083_in_every_layer():
    """The mean of 60 networks. One network drifts, since each layer of 500 units redraws the mean
    square with an error of 10 %: its tenth layer has 0.83 with a standard deviation of 0.09."""
    draws = np.array([stds("init_he", relu, seed, rows=20) for seed in range(60)])
    np.testing.assert_allclose(draws.mean(axis=0), RELU_STD, rtol=0, atol=0.02)
    assert 0.05 < draws[:, -1].std() < 0.15
    assert draws.min() > 0.4 and draws.max() < 1.6


def test_xavier_under_relu_halves_the_variance_in_each_layer():
    draws = np.array([stds("init_xavier", relu, seed, rows=20) for seed in range(30)]) ** 2
    ratios = draws[:, 1:].mean(axis=0) / draws[:, :-1].mean(axis=0)
    np.testing.assert_allclose(ratios, 0.5, rtol=0, atol=0.06)
    assert draws[:, -1].mean() < 0.003


def test_small_and_large_weights_die_out_and_saturate_under_tanh():
    space = chapter_named(NAME).namespace()
    for std, low, high in ((0.01, 1e-7, 1e-6), (1.0, 0.97, 0.99)):
        rng = np.random.default_rng(0)
        weights = [space["init_normal"](500, 500, std, rng) for _ in range(10)]
        last = space["layer_statistics"](rng.normal(size=(200, 500)), weights, np.tanh)[-1]
        assert low < last[1] < high


@pytest.mark.parametrize("name", ["init_normal", "init_xavier", "init_he"])
def test_random_weights_are_judged_alike_on_many_secret_seeds(name):
    """Tolerances are 6 standard errors (bank.py): hundreds of comparisons here must all hold, and
    the nearest mistakes (a flat or a clipped distribution, the average of both fans) never pass."""
    chapter = chapter_named(NAME)
    entry = chapter.bank.entries[name]
    nearest = [
        m for m in entry.mistakes
        if m.name in ("uniform with the right variance", "the average of both fans",
                      "cut off at two stds")
    ]
    assert nearest
    one = Bank(NAME)
    one.entries = {name: entry}
    for seed in range(1000, 1010):
        exercise = one.answers(chapter, seed=seed, hidden=True, mistakes=False).exercises[name]
        for variant in (*entry.right[:2], *nearest):
            trials = one.trials(chapter, exercise, variant, summarise=False)
            verdict = judge(exercise, trials)
            if variant in nearest:
                assert verdict.points == 0, (seed, variant.name)
            else:
                assert verdict.points == verdict.max_points, (seed, variant.name, verdict.message)
