"""The network as a whole: conventions, options, errors."""

import copy
import pickle

import numpy as np
import pytest

from cs231n_lib.gradcheck import network_report
from cs231n_lib.nn import ACTIVATIONS, MLP
from cs231n_lib.parameters import Parameters


@pytest.fixture
def rng():
    return np.random.default_rng(2)


@pytest.fixture
def data(rng):
    return rng.standard_normal((11, 6)), rng.integers(0, 4, 11)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", [None, "batch", "layer"])
@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_gradients_of_every_kind_of_network(activation, norm, loss, rng, data):
    model = MLP([6, 8, 7, 4], activation=activation, norm=norm, loss=loss, init=0.5,
                dropout_keep=0.8, rng=rng)  # fmt: skip
    model.params.flat += 0.1 * rng.standard_normal(model.num_params)  # no parameter at 0
    # h of 1e-6, so that hardly any difference steps over a kink
    for name, report in network_report(model, *data, 0.3, h=1e-6, rng=rng).items():
        assert report.passed(1e-5), f"{name}\n{report}"


def test_two_layers_by_hand(rng, data):
    X, y = data
    model = MLP([6, 8, 4], rng=rng)
    p = model.params
    scores = np.maximum(X @ p["W1"] + p["b1"], 0) @ p["W2"] + p["b2"]
    np.testing.assert_allclose(model.scores(X), scores, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), scores.argmax(axis=1))
    by_hand = -np.mean([s[k] - np.log(np.sum(np.exp(s))) for s, k in zip(scores, y)])
    assert model.loss(X, y)[0] == pytest.approx(by_hand, rel=1e-12)


def test_regularisation_is_half_reg_sum_of_squares_of_weights_only(rng, data):
    model = MLP([6, 8, 4], norm="batch", activation="prelu", rng=rng)
    model.params.flat[...] = rng.standard_normal(model.num_params)
    (plain, g0), (more, g1) = model.loss(*data, 0.0), model.loss(*data, 0.7)
    W1, W2 = model.params["W1"], model.params["W2"]
    assert more - plain == pytest.approx(0.5 * 0.7 * (np.sum(W1**2) + np.sum(W2**2)))
    for name in model.params:
        expected = 0.7 * model.params[name] if name in ("W1", "W2") else 0
        np.testing.assert_allclose(g1[name] - g0[name], expected, atol=1e-12)


@pytest.mark.parametrize("init, std", [
    ("he", np.sqrt(2 / 400)), ("xavier", np.sqrt(1 / 400)), (0.03, 0.03), ("zeros", 0)
])  # fmt: skip
def test_initial_weights_have_the_stated_spread(init, std, rng):
    W = MLP([400, 300, 2], init=init, rng=rng).params["W1"]
    # 120,000 values: the estimate of a spread is good to 1 / sqrt(2 * 120000) = 0.2 %
    assert W.std() == pytest.approx(std, rel=0.01)
    assert abs(W.mean()) < 5 * max(std, 1e-12) / np.sqrt(W.size)


def test_initial_biases_are_zero_and_gammas_one(rng):
    params = MLP([5, 4, 3], norm="layer", rng=rng).params
    assert not params["b1"].any() and not params["b2"].any() and not params["beta1"].any()
    assert (params["gamma1"] == 1).all()


def test_the_same_seed_gives_the_same_network_and_another_one_another():
    first, again, other = (MLP([5, 4, 3], rng=np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.params.flat, again.params.flat)
    assert not np.array_equal(first.params.flat, other.params.flat)


def test_names_shapes_and_number_of_parameters(rng):
    model = MLP([6, 8, 4], norm="batch", activation="maxout", rng=rng)
    assert {name: array.shape for name, array in model.params.items()} == {
        "W1": (6, 16), "b1": (16,), "gamma1": (16,), "beta1": (16,), "W2": (8, 4), "b2": (4,)
    }  # fmt: skip
    assert model.num_params == 6 * 16 + 3 * 16 + 8 * 4 + 4
    assert set(model.state) == {"running_mean1", "running_var1"}


def test_activations_are_the_hidden_layers_after_the_nonlinearity(rng, data):
    X, _ = data
    model = MLP([6, 8, 7, 4], activation="tanh", dropout_keep=0.5, rng=rng)
    first, second = model.activations(X)
    p = model.params
    np.testing.assert_allclose(first, np.tanh(X @ p["W1"] + p["b1"]), rtol=1e-12)
    np.testing.assert_allclose(second, np.tanh(first @ p["W2"] + p["b2"]), rtol=1e-12)
    assert [a.shape for a in MLP([6, 8, 4], activation="linear", rng=rng).activations(X)] == [
        (11, 8)
    ]


def test_what_loss_scores_and_activations_return_survives_later_calls(rng, data):
    X, y = data
    model = MLP([6, 8, 4], rng=rng)
    _, grads = model.loss(X, y)
    kept = [grads["W1"], model.scores(X), model.activations(X)[0]]
    before = [array.copy() for array in kept]
    model.loss(-X, y)
    model.scores(-X)
    for array, old in zip(kept, before):
        np.testing.assert_array_equal(array, old)


def test_loss_with_copy_false_hands_out_the_networks_own_arrays(rng, data):
    model = MLP([6, 8, 4], rng=rng)
    first, second = (model.loss(*data, copy=False)[1] for _ in range(2))
    assert first is second
    np.testing.assert_array_equal(first.flat, model.loss(*data)[1].flat)


def test_scores_of_many_rows_equal_scores_row_by_row(rng):
    model, X = MLP([6, 8, 4], norm="batch", rng=rng), rng.standard_normal((2345, 6))
    model.loss(X[:50], rng.integers(0, 4, 50))  # running statistics that are not zero
    chosen = [0, 999, 1000, 2344]
    np.testing.assert_allclose(
        model.scores(X)[chosen], [model.scores(X[i : i + 1])[0] for i in chosen], rtol=1e-10
    )


def test_images_are_flattened_and_inputs_stay_as_they_were(rng):
    model, X = MLP([12, 5, 3], rng=rng), rng.standard_normal((4, 2, 2, 3))
    before, y = X.copy(), np.array([0, 1, 2, 0])
    model.loss(X, y, 0.1)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(model.scores(X), model.scores(X.reshape(4, 12)))


def test_float32_is_kept_throughout_and_close_to_float64(data):
    wide, narrow = (
        MLP([6, 8, 4], norm="batch", dtype=dtype, rng=np.random.default_rng(0))
        for dtype in (np.float64, np.float32)
    )
    (loss, grads), (loss32, grads32) = (m.loss(*data, 0.1) for m in (wide, narrow))
    assert narrow.params.flat.dtype == grads32.flat.dtype == narrow.scores(data[0]).dtype
    assert grads32.flat.dtype == np.float32
    assert loss32 == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(grads32.flat, grads.flat, atol=1e-5)


def test_assigning_a_parameter_changes_the_network(rng, data):
    model = MLP([6, 8, 4], rng=rng)
    W = rng.standard_normal((6, 8))
    model.params["W1"] = W
    assert np.shares_memory(model.params["W1"], model.params.flat)
    np.testing.assert_array_equal(model.layers["affine1"].params["W"], W)
    with pytest.raises(ValueError, match="shape"):
        model.params["W1"] = W.T
    with pytest.raises(KeyError, match="W9"):
        model.params["W9"] = W


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_network_is_whole_and_independent(duplicate, rng, data):
    model = MLP([6, 8, 4], norm="batch", rng=rng)
    model.loss(*data)
    twin, before = duplicate(model), model.scores(data[0])
    np.testing.assert_array_equal(twin.scores(data[0]), before)
    twin.params.flat += 1  # the twin's layers see it, and the model does not
    assert np.abs(twin.scores(data[0]) - before).min() > 0
    np.testing.assert_array_equal(model.scores(data[0]), before)
    _, grads = twin.loss(*data)
    assert grads["W1"].any() and grads.flat.any()
    params = duplicate(model.params)
    params["W1"] = np.zeros((6, 8))
    assert not params.flat[: 6 * 8].any() and model.params["W1"].any()


def test_parameters_copy_is_independent_and_weights_come_first():
    params = Parameters({"b1": np.array([1.0, 2.0]), "W1": np.array([[3.0], [4.0]])})
    twin = params.copy()
    twin["W1"] = np.zeros((2, 1))
    np.testing.assert_array_equal(params.flat, [3, 4, 1, 2])
    np.testing.assert_array_equal(params.weights, [3, 4])
    assert list(params) == ["b1", "W1"] and dict(params)["b1"].tolist() == [1, 2]


@pytest.mark.parametrize("options, words", [
    ({"activation": "rleu"}, "'relu', .* got 'rleu'"),
    ({"norm": "group"}, "norm must be"),
    ({"init": "glorot"}, "init must be"),
    ({"loss": "mse"}, "loss must be"),
    ({"dtype": np.int64}, "float32 or float64"),
    ({"dropout_keep": 0}, "probability to keep"),
])  # fmt: skip
def test_wrong_options_are_named(options, words, rng):
    with pytest.raises(ValueError, match=words):
        MLP([6, 8, 4], rng=rng, **options)


@pytest.mark.parametrize("X, y, words", [
    (np.ones((3, 5)), np.zeros(3, int), "6 values a row"),
    (np.ones((3, 6)), np.zeros(2, int), r"shape \(3,\)"),
    (np.ones((3, 6)), np.array([0, 4, 1]), r"0\.\.3, got 0 to 4"),
    (np.ones((3, 6)), np.array([0, -1, 1]), r"got -1 to 1"),
    (np.ones((3, 6)), np.zeros(3), "integer labels"),
])  # fmt: skip
def test_wrong_data_is_named(X, y, words, rng):
    with pytest.raises(ValueError, match=words):
        MLP([6, 8, 4], rng=rng).loss(X, y)
