"""Every layer: its values in closed form, its gradients by finite differences."""

import numpy as np
import pytest

from cs231n_lib import nn
from cs231n_lib.gradcheck import gradient_report

N, D = 7, 6


def make(name, rng):
    """Return a layer for inputs of shape (N, D) whose parameters are not at their defaults."""
    draw = rng.standard_normal
    return {
        "affine": lambda: nn.Affine(draw((D, 5)), draw(5)),
        "relu": nn.ReLU,
        "leaky_relu": lambda: nn.LeakyReLU(0.05),
        "prelu": lambda: nn.PReLU(rng.uniform(0.1, 0.6, D)),
        "elu": lambda: nn.ELU(1.3),
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "maxout": nn.Maxout,
        "batch": lambda: nn.BatchNorm(1 + 0.3 * draw(D), draw(D)),
        "layer": lambda: nn.LayerNorm(1 + 0.3 * draw(D), draw(D)),
    }[name]()


NAMES = ["affine", "relu", "leaky_relu", "prelu", "elu", "sigmoid", "tanh", "maxout", "batch",
         "layer"]  # fmt: skip


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def away_from_kinks(rng, shape):
    """Values of either sign, at least 0.1 from 0 and, by columns, from each other."""
    x = rng.standard_normal(shape)
    return x + np.where(x > 0, 0.1, -0.1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("train", [True, False])
def test_gradients_agree_with_finite_differences(name, train, rng):
    layer, x = make(name, rng), away_from_kinks(rng, (N, D))
    for array in layer.state.values():
        array[...] = rng.uniform(0.5, 1.5, array.shape)
    upstream = rng.standard_normal(layer.forward(x, train).shape)
    dx = layer.backward(upstream).copy()
    grads = {key: grad.copy() for key, grad in layer.grads.items()}

    def value(x):
        return np.sum(layer.forward(x, train) * upstream)

    assert gradient_report(value, x, dx).passed(), "dx"
    for key, grad in grads.items():

        def at(values, key=key):
            layer.params[key][...] = values
            return value(x)

        report = gradient_report(at, layer.params[key], grad)
        assert report.passed(), f"{key}\n{report}"


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_upstream_gradients_are_not_changed(name, rng):
    layer, x = make(name, rng), away_from_kinks(rng, (N, D))
    x_before = x.copy()
    upstream = rng.standard_normal(layer.forward(x, True).shape)
    upstream_before = upstream.copy()
    layer.backward(upstream)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(upstream, upstream_before)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32_and_agrees_with_float64(name):
    results = []
    for dtype in (np.float64, np.float32):
        rng = np.random.default_rng(3)
        layer, x = make(name, rng), away_from_kinks(rng, (N, D)).astype(dtype)
        for group in (layer.params, layer.grads, layer.state):
            group.update({key: value.astype(dtype) for key, value in group.items()})
        out = layer.forward(x, True)
        dx = layer.backward(np.cos(out))
        assert out.dtype == dx.dtype == dtype
        assert all(grad.dtype == dtype for grad in layer.grads.values())
        results.append((out.copy(), dx.copy(), *layer.grads.values()))
    for wide, narrow in zip(*results):
        np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-5)  # float32 has 7 digits


def test_a_smaller_batch_after_a_larger_one_gives_the_same_as_alone(rng):
    for name in NAMES:
        x = away_from_kinks(rng, (N, D))
        layer, fresh = make(name, np.random.default_rng(5)), make(name, np.random.default_rng(5))
        layer.backward(layer.forward(x, True).copy())
        small = layer.forward(x[:3], True)
        np.testing.assert_array_equal(small, fresh.forward(x[:3], True))
        upstream = np.ones_like(small)
        np.testing.assert_array_equal(layer.backward(upstream), fresh.backward(upstream))


@pytest.mark.parametrize("name, formula", [
    ("relu", lambda x: np.where(x > 0, x, 0)),
    ("leaky_relu", lambda x: np.where(x > 0, x, 0.05 * x)),
    ("elu", lambda x: np.where(x > 0, x, 1.3 * (np.exp(np.minimum(x, 0)) - 1))),
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    ("tanh", lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))),
    ("maxout", lambda x: np.where(x[:, :3] > x[:, 3:], x[:, :3], x[:, 3:])),
])  # fmt: skip
def test_activations_follow_their_formula(name, formula, rng):
    x = away_from_kinks(rng, (N, D))
    np.testing.assert_allclose(make(name, rng).forward(x), formula(x), rtol=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "relu", "leaky_relu"])
def test_very_large_inputs_give_finite_values_and_gradients(name, rng):
    layer, x = make(name, rng), np.array([[-1000.0, -40.0, 0.0, 40.0, 1000.0, 1.0]])
    with np.errstate(all="raise", under="ignore"):
        out = layer.forward(x)
        dx = layer.backward(np.ones_like(x))
    assert np.isfinite(out).all() and np.isfinite(dx).all()


def test_affine_rejects_transposed_weights(rng):
    with pytest.raises(ValueError, match="W must be"):
        nn.Affine(np.ones((3, 4)), np.ones(3))


def test_batch_norm_gives_mean_beta_and_variance_gamma_squared(rng):
    layer = nn.BatchNorm(np.full(D, 3.0), np.full(D, -2.0))
    out = layer.forward(5 + 10 * rng.standard_normal((400, D)), train=True)
    np.testing.assert_allclose(out.mean(axis=0), -2, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=0), 9, rtol=1e-6)  # eps 1e-5 beside a variance of 100


def test_running_statistics_follow_the_stated_recursion_with_the_biased_variance(rng):
    layer = nn.BatchNorm(np.ones(D), np.zeros(D))
    batches = [rng.standard_normal((N, D)) for _ in range(3)]
    for batch in batches:
        layer.forward(batch, train=True)
    weights = 0.1 * 0.9 ** np.array([2, 1, 0])  # the recursion written out
    mean = sum(w * np.sum(b, axis=0) / N for w, b in zip(weights, batches))
    var = sum(
        w * np.sum((b - np.sum(b, axis=0) / N) ** 2, axis=0) / N for w, b in zip(weights, batches)
    )
    np.testing.assert_allclose(layer.state["running_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(layer.state["running_var"], var, rtol=1e-12)
    x = rng.standard_normal((2, D))
    np.testing.assert_allclose(layer.forward(x), (x - mean) / np.sqrt(var + 1e-5), rtol=1e-12)
    np.testing.assert_allclose(layer.state["running_mean"], mean, rtol=1e-12)  # test: not moved


@pytest.mark.parametrize("name", ["batch", "layer"])
def test_normalisation_of_constants_and_of_one_row_is_finite(name, rng):
    layer = make(name, rng)
    for x in (np.full((5, D), 3.0), np.ones((1, D))):
        out = layer.forward(x, True)
        np.testing.assert_allclose(out, np.broadcast_to(layer.params["beta"], x.shape))
        assert np.isfinite(layer.backward(np.ones_like(x))).all()


def test_dropout_keeps_the_stated_share_and_the_mean(rng):
    layer, x = nn.Dropout(0.8, rng), np.full((500, 400), 2.0)
    out = layer.forward(x, train=True)
    assert set(np.unique(out)) == {0.0, 2.0 / 0.8}
    # 200,000 draws: the share's standard deviation is sqrt(0.8 * 0.2 / 200000) = 0.0009
    assert abs(np.mean(out > 0) - 0.8) < 5 * 0.0009
    np.testing.assert_array_equal(layer.backward(x), out)  # the same mask and scale
    first = out.copy()
    assert not np.array_equal(layer.forward(x, train=True), first)  # another mask every time


def test_dropout_does_nothing_at_test_time_and_refuses_keep_zero(rng):
    layer, x = nn.Dropout(0.5, rng), np.ones((3, 4))
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    with pytest.raises(ValueError, match="probability to keep"):
        nn.Dropout(0.0, rng)


@pytest.mark.parametrize("loss", [nn.SoftmaxLoss(), nn.HingeLoss()])
def test_loss_gradients_agree_with_finite_differences(loss, rng):
    scores, y = rng.standard_normal((6, 4)), rng.integers(0, 4, 6)
    before = scores.copy()
    loss.forward(scores, y)
    dscores = loss.backward().copy()
    assert gradient_report(lambda s: loss.forward(s, y), scores, dscores).passed()
    np.testing.assert_array_equal(scores, before)


def test_softmax_loss_of_equal_scores_is_log_C_and_huge_scores_stay_finite():
    loss = nn.SoftmaxLoss()
    assert loss.forward(np.zeros((3, 10)), np.array([0, 5, 9])) == pytest.approx(np.log(10))
    scores = np.array([[1000.0, -1000.0, 0.0]])
    assert loss.forward(scores, np.array([0])) == 0
    assert loss.forward(scores, np.array([1])) == 2000
    np.testing.assert_array_equal(loss.backward(), [[1, -1, 0]])


def test_hinge_loss_by_hand():
    loss = nn.HingeLoss()
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0]])  # margins 2.9 and 0; 0 and 0
    assert loss.forward(scores, np.array([0, 1])) == pytest.approx(2.9 / 2)
    np.testing.assert_array_equal(loss.backward(), [[-0.5, 0.5, 0], [0, 0, 0]])
