"""Update rules against their formulas written out value by value; schedules in closed form."""

import math

import numpy as np
import pytest

from cs231n_lib import optim, schedules
from cs231n_lib.parameters import BLOCK, Parameters


def scalar_path(rule, w, gradients, lr=0.1):
    """Follow one number, in plain Python, by the textbook formula."""
    v = m = cache = 0.0
    for t, g in enumerate(gradients, start=1):
        if rule == "SGD":
            w -= lr * g
        elif rule == "Momentum":
            v = 0.9 * v - lr * g
            w += v
        elif rule == "Nesterov":
            v_prev, v = v, 0.9 * v - lr * g
            w += -0.9 * v_prev + (1 + 0.9) * v
        elif rule == "AdaGrad":
            cache += g * g
            w -= lr * g / (math.sqrt(cache) + 1e-8)
        elif rule == "RMSProp":
            cache = 0.99 * cache + 0.01 * g * g
            w -= lr * g / (math.sqrt(cache) + 1e-8)
        else:
            m, cache = 0.9 * m + 0.1 * g, 0.999 * cache + 0.001 * g * g
            step = (m / (1 - 0.9**t)) / (math.sqrt(cache / (1 - 0.999**t)) + 1e-8)
            w -= lr * (step + (0.01 * w if rule == "AdamW" else 0))
    return w


RULES = ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW"]


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_follows_its_formula(rule, rng):
    w0, gradients = rng.standard_normal(3), rng.standard_normal((6, 3))
    gradients[:, 2] = 0.0  # a gradient that is always zero
    params, optimizer = {"W": w0.copy()}, getattr(optim, rule)(lr=0.1)
    for g in gradients:
        optimizer.step(params, {"W": g})
    expected = [scalar_path(rule, w, g.tolist()) for w, g in zip(w0, gradients.T)]
    np.testing.assert_allclose(params["W"], expected, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_vector_and_separate_arrays_give_the_same(rule, dtype, rng):
    shapes = {"W1": (300, 250), "b1": (250,), "W2": (7, 3)}  # W1 is longer than two blocks
    assert 300 * 250 > 2 * BLOCK
    values = {name: rng.standard_normal(s).astype(dtype) for name, s in shapes.items()}
    one, many = Parameters(values), {name: value.copy() for name, value in values.items()}
    first, second = (getattr(optim, rule)(lr=0.01) for _ in range(2))
    for _ in range(3):
        grads = {name: rng.standard_normal(s).astype(dtype) for name, s in shapes.items()}
        first.step(one, Parameters(grads))
        second.step(many, grads)
    for name in shapes:
        np.testing.assert_array_equal(one[name], many[name])
        assert one[name].dtype == many[name].dtype == dtype
    assert all(array.dtype == dtype for array in first.state.values())


def test_gradients_are_not_changed_and_parameters_stay_the_same_arrays(rng):
    for rule in RULES:
        params = {"W": rng.standard_normal((4, 5))}
        array, grads = params["W"], {"W": rng.standard_normal((4, 5))}
        before = grads["W"].copy()
        getattr(optim, rule)().step(params, grads)
        np.testing.assert_array_equal(grads["W"], before)
        assert params["W"] is array


def test_adamw_decays_weights_but_neither_biases_nor_gamma():
    params = {name: np.ones(2) for name in ("W1", "b1", "gamma1")}
    optim.AdamW(lr=0.1, weight_decay=0.5).step(params, {k: np.zeros(2) for k in params})
    np.testing.assert_allclose(params["W1"], 1 - 0.1 * 0.5)
    np.testing.assert_array_equal(params["b1"], 1)
    np.testing.assert_array_equal(params["gamma1"], 1)


def test_a_changed_learning_rate_acts_at_once_and_a_numpy_one_keeps_float32():
    params, rule = {"W": np.zeros(3, np.float32)}, optim.SGD(lr=1.0)
    rule.lr = np.float64(0.25)
    rule.step(params, {"W": np.ones(3, np.float32)})
    np.testing.assert_array_equal(params["W"], np.full(3, -0.25, np.float32))


def test_wrong_shapes_and_rates_are_refused():
    with pytest.raises(ValueError, match="gradient of W"):
        optim.SGD().step({"W": np.ones((2, 3))}, {"W": np.ones((3, 2))})
    with pytest.raises(ValueError, match="contiguous"):
        optim.SGD().step({"W": np.ones((2, 3)).T}, {"W": np.ones((3, 2))})
    for lr in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="learning rate"):
            optim.SGD(lr)


def test_schedules_at_points_known_in_closed_form():
    step = schedules.StepDecay(0.8, factor=0.5, every=10)
    assert [step(e) for e in (0, 9.99, 10, 19, 20, 35)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.1]
    assert schedules.ExponentialDecay(1.0, k=math.log(2))(3) == pytest.approx(1 / 8)
    assert schedules.InverseTimeDecay(1.0, k=0.5)(6) == pytest.approx(1 / 4)
    cosine = schedules.Cosine(2.0, total=12)
    assert [cosine(e) for e in (0, 4, 6, 8)] == pytest.approx([2, 1.5, 1, 0.5])
    assert cosine(12) == cosine(20) == 0


def test_warm_up_rises_to_the_start_of_the_schedule_after_it():
    warm = schedules.WarmUp(schedules.InverseTimeDecay(1.0, k=1.0), epochs=4)
    assert [warm(e) for e in (0, 1, 2)] == [0, 0.25, 0.5]
    assert warm(4) == pytest.approx(1 / 5)  # the schedule's own value from here on
