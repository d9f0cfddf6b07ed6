"""The library against PyTorch: values, gradients, and where 100 training steps lead.

Needs the extra `torch` (torch==2.13.0, CPU); skipped, visibly, without it.
"""

import numpy as np
import pytest

from cs231n_lib import nn, optim
from cs231n_lib.nn import MLP

torch = pytest.importorskip("torch", reason="PyTorch is absent: pip install torch==2.13.0")

SIZES = [12, 16, 14, 5]
ACTIVATIONS = {
    "relu": torch.relu,
    "leaky_relu": lambda x: torch.nn.functional.leaky_relu(x, 0.01),
    "prelu": None,
    "elu": torch.nn.functional.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "maxout": lambda x: x.unflatten(1, (2, -1)).amax(dim=1),
}


def torch_params(model):
    return {
        name: torch.tensor(array.copy(), requires_grad=True)
        for name, array in model.params.items()
    }


def torch_loss(model, p, X, y, reg, loss="softmax"):
    """The same network and loss, written with PyTorch's own functions."""
    F = torch.nn.functional
    h = X
    last = len(model.sizes) - 1
    for i in range(1, last + 1):
        h = h @ p[f"W{i}"] + p[f"b{i}"]
        if i == last:
            break
        if model.norm == "batch":
            h = F.batch_norm(h, None, None, p[f"gamma{i}"], p[f"beta{i}"], training=True)
        elif model.norm == "layer":
            h = F.layer_norm(h, h.shape[1:], p[f"gamma{i}"], p[f"beta{i}"])
        prelu = model.activation == "prelu"
        h = F.prelu(h, p[f"alpha{i}"]) if prelu else ACTIVATIONS[model.activation](h)
    if loss == "softmax":
        value = F.cross_entropy(h, y)
    else:  # PyTorch divides by the number of classes as well
        value = F.multi_margin_loss(h, y) * h.shape[1]
    return value + 0.5 * reg * sum((p[f"W{i}"] ** 2).sum() for i in range(1, last + 1))


def problem(dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((64, SIZES[0])).astype(dtype)
    y = (X @ rng.standard_normal((SIZES[0], SIZES[-1]))).argmax(axis=1)
    return X, y


@pytest.mark.parametrize("dtype, rtol, atol", [
    (np.float64, 1e-9, 1e-12),
    (np.float32, 1e-3, 1e-5),  # 7 digits, sums of 64 terms, batch norm's division
])  # fmt: skip
@pytest.mark.parametrize("norm", [None, "batch", "layer"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_loss_and_gradients_are_those_of_pytorch(activation, norm, loss, dtype, rtol, atol):
    X, y = problem(dtype)
    model = MLP(SIZES, activation=activation, norm=norm, loss=loss, dtype=dtype,
                rng=np.random.default_rng(1))  # fmt: skip
    value, grads = model.loss(X, y, 0.05)
    p = torch_params(model)
    theirs = torch_loss(model, p, torch.tensor(X), torch.tensor(y), 0.05, loss)
    theirs.backward()
    assert value == pytest.approx(theirs.item(), rel=1e-12 if dtype == np.float64 else 1e-5)
    for name, tensor in p.items():
        np.testing.assert_allclose(
            grads[name], tensor.grad.numpy(), rtol=rtol, atol=atol, err_msg=name
        )


def test_batch_norm_in_test_mode_is_that_of_pytorch():
    rng = np.random.default_rng(0)
    gamma, beta, mean, var, x = (rng.uniform(0.5, 2, s) for s in (6, 6, 6, 6, (9, 6)))
    layer = nn.BatchNorm(gamma, beta)
    layer.state["running_mean"][:], layer.state["running_var"][:] = mean, var
    expected = torch.nn.functional.batch_norm(*map(torch.tensor, (x, mean, var, gamma, beta)))
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)


RULES = {
    "sgd": (lambda: optim.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "momentum": (
        lambda: optim.Momentum(0.05, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
    ),
    "nesterov": (
        lambda: optim.Nesterov(0.05, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    ),
    "adagrad": (lambda: optim.AdaGrad(0.05), lambda p: torch.optim.Adagrad(p, 0.05, eps=1e-8)),
    "rmsprop": (lambda: optim.RMSProp(0.005), lambda p: torch.optim.RMSprop(p, 0.005, alpha=0.99)),
    "adam": (lambda: optim.Adam(0.005), lambda p: torch.optim.Adam(p, 0.005)),
    "adamw": (  # PyTorch decays what it is told to: the weights, as ours does
        lambda: optim.AdamW(0.005, weight_decay=0.1),
        lambda p: torch.optim.AdamW(
            [{"params": p[0::2]}, {"params": p[1::2], "weight_decay": 0.0}], 0.005,
            weight_decay=0.1,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_hundred_training_steps_lead_where_pytorch_goes(rule, dtype):
    X, y = problem(dtype)
    model = MLP(SIZES, activation="tanh", dtype=dtype, rng=np.random.default_rng(1))
    p = torch_params(model)  # W1, b1, W2, b2, ...
    ours, theirs = RULES[rule][0](), RULES[rule][1](list(p.values()))
    tX, ty = torch.tensor(X), torch.tensor(y)
    first = model.loss(X, y)[0]
    for _ in range(100):
        _, grads = model.loss(X, y, 1e-3, copy=False)
        ours.step(model.params, grads)
        theirs.zero_grad()
        torch_loss(model, p, tX, ty, 1e-3).backward()
        theirs.step()
    # rounding, 1e-16 or 1e-7 a step, grows some thousandfold over 100 nonlinear steps
    tolerance = 1e-9 if dtype == np.float64 else 2e-3
    for name, tensor in p.items():
        np.testing.assert_allclose(
            model.params[name], tensor.detach().numpy(), rtol=0, atol=tolerance, err_msg=name
        )
    assert model.loss(X, y)[0] < 0.7 * first  # it did move
