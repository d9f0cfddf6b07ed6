"""A fully connected network of any depth, fast enough to experiment with on one core.

Used by the chapters from 05 on and by `train.Trainer`. The layers are in `layers` and `norm`, the
update rules in `optim`; this module puts them together.

A network with two hidden layers, trained for 60 steps of plain gradient descent:

>>> import numpy as np
>>> from cs231n_lib.nn import MLP
>>> from cs231n_lib.optim import SGD
>>> rng = np.random.default_rng(0)
>>> X = rng.standard_normal((200, 2))               # (N, D)
>>> y = (X[:, 0] * X[:, 1] > 0).astype(int)         # no straight line separates these
>>> model = MLP([2, 32, 32, 2], rng=rng)
>>> loss, grads = model.loss(X, y, reg=1e-4)
>>> f"loss {loss:.2f}", grads["W1"].shape, model.num_params
('loss 1.00', (2, 32), 1218)
>>> rule = SGD(lr=0.5)
>>> for step in range(60):
...     loss, grads = model.loss(X, y, reg=1e-4)
...     rule.step(model.params, grads)
>>> bool(np.mean(model.predict(X) == y) > 0.95)
True
"""

import math

import numpy as np

from cs231n_lib.layers import (
    ELU,
    Affine,
    Dropout,
    LeakyReLU,
    Maxout,
    PReLU,
    ReLU,
    Sigmoid,
    Tanh,
)
from cs231n_lib.norm import BatchNorm, LayerNorm
from cs231n_lib.parameters import BLOCK, Parameters

__all__ = [
    "ELU", "MLP", "Affine", "BatchNorm", "Dropout", "HingeLoss", "LayerNorm", "LeakyReLU",
    "Maxout", "PReLU", "ReLU", "Sigmoid", "SoftmaxLoss", "Tanh",
]  # fmt: skip

EVAL_ROWS = 1000  # rows at a time where no gradient is needed, so that memory stays small

ACTIVATIONS = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "elu": ELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "maxout": Maxout,
    "linear": None,
}
NORMS = {"batch": BatchNorm, "layer": LayerNorm, None: None}


class SoftmaxLoss:
    """Mean of -log(softmax(scores)[y]), natural logarithm, stable for scores of any size."""

    def forward(self, scores, y):
        self.rows, self.y = np.arange(len(y)), y
        p = scores - scores.max(axis=1, keepdims=True)  # (N, C); exp(p) <= 1
        right = p[self.rows, y]  # (N,)
        np.exp(p, out=p)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        self.p = p
        return float(np.mean(np.log(total[:, 0]) - right))

    def backward(self):
        """Return the gradient with respect to the scores, shape (N, C)."""
        dscores = self.p
        dscores[self.rows, self.y] -= 1
        dscores *= 1 / len(self.y)
        return dscores


class HingeLoss:
    """Mean of sum over j != y of max(0, scores[j] - scores[y] + 1) (Weston and Watkins 1999)."""

    def forward(self, scores, y):
        self.rows, self.y = np.arange(len(y)), y
        margins = scores - scores[self.rows, y, None] + 1  # (N, C)
        margins[self.rows, y] = 0
        self.margins = np.maximum(margins, 0, out=margins)
        return float(margins.sum() / len(y))

    def backward(self):
        """Return the gradient with respect to the scores, shape (N, C)."""
        dscores = (self.margins > 0).astype(self.margins.dtype)
        dscores[self.rows, self.y] = -dscores.sum(axis=1)
        dscores *= 1 / len(self.y)
        return dscores


LOSSES = {"softmax": SoftmaxLoss, "hinge": HingeLoss}


class MLP:
    """A stack of affine layers: affine, norm, activation, dropout, ..., affine, loss.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units of each layer, classes: [784, 100, 100, 10] has two hidden layers,
        [784, 10] is a linear classifier.
    activation : str
        "relu", "leaky_relu", "prelu", "elu", "sigmoid", "tanh", "maxout" or "linear" (none).
        With "maxout" a hidden layer's W has 2 H columns, its two pieces side by side.
    norm : None, "batch" or "layer"
        Normalisation between the affine layer and the activation.
    dropout_keep : float
        Probability to KEEP a hidden unit; 1.0 is no dropout.
    init : "he", "xavier", "zeros" or float
        Standard deviation of the weights: sqrt(2 / fan_in), sqrt(1 / fan_in), 0 or the number.
        Biases and beta start at 0, gamma at 1, PReLU's alpha at 0.25.
    loss : "softmax" or "hinge"
    dtype : np.float64 or np.float32
        float32 trains about twice as fast; gradient checks need float64.
    rng : np.random.Generator
        Draws the weights, and later the dropout masks.

    Attributes
    ----------
    params : Parameters
        W1, b1, W2, b2, ...; gamma1, beta1 with a norm; alpha1 with "prelu". Reads like a dict;
        `params["W1"] = value` copies the value in.
    state : dict of str to ndarray
        running_mean1, running_var1, ... with batch norm, else empty.
    layers : dict of str to layer
        affine1, norm1, activation1, dropout1, affine2, ..., in forward order.
    """

    def __init__(self, sizes, *, activation="relu", norm=None, dropout_keep=1.0, init="he",
                 loss="softmax", dtype=np.float64, rng):  # fmt: skip
        _require("activation", activation, ACTIVATIONS)
        _require("norm", norm, NORMS)
        _require("loss", loss, LOSSES)
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be [inputs, hidden..., classes], got {list(sizes)}")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
        self.sizes, self.activation, self.norm = tuple(int(s) for s in sizes), activation, norm
        self.init, self.dropout_keep, self.dtype = init, dropout_keep, np.dtype(dtype)
        self.rng, self.loss_function = rng, LOSSES[loss]()
        self.layers = {}
        for i, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            self._add_block(i, fan_in, fan_out, last=i == len(self.sizes) - 1)
        self.layers["affine1"].input_gradient = False
        self._share_one_vector()

    def _add_block(self, i, fan_in, fan_out, last):
        """Append layer i: only the affine part if it is the last one."""
        width = 2 * fan_out if self.activation == "maxout" and not last else fan_out
        W = self.rng.standard_normal((fan_in, width)) * self._init_std(fan_in)
        self.layers[f"affine{i}"] = Affine(W.astype(self.dtype), np.zeros(width, self.dtype))
        if last:
            return
        if self.norm is not None:
            gamma, beta = np.ones(width, self.dtype), np.zeros(width, self.dtype)
            self.layers[f"norm{i}"] = NORMS[self.norm](gamma, beta)
        if self.activation == "prelu":
            self.layers[f"activation{i}"] = PReLU(np.full(width, 0.25, self.dtype))
        elif self.activation != "linear":
            self.layers[f"activation{i}"] = ACTIVATIONS[self.activation]()
        if self.dropout_keep != 1.0:
            self.layers[f"dropout{i}"] = Dropout(self.dropout_keep, self.rng)

    def _init_std(self, fan_in):
        if isinstance(self.init, str):
            stds = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(1 / fan_in), "zeros": 0.0}
            _require("init", self.init, stds)
            return stds[self.init]
        return float(self.init)

    def _share_one_vector(self):
        """Move all parameters into one vector and all gradients into another."""
        owners = {}  # "W1" -> (layer, "W")
        for place, layer in self.layers.items():
            number = place.lstrip("abcdefghijklmnopqrstuvwxyz")
            owners |= {name + number: (layer, name) for name in layer.params}
        self.params = Parameters({full: layer.params[n] for full, (layer, n) in owners.items()})
        self._grads = Parameters({full: layer.grads[n] for full, (layer, n) in owners.items()})
        for full, (layer, name) in owners.items():
            layer.params[name], layer.grads[name] = self.params[full], self._grads[full]

    def __setstate__(self, state):
        """Join the arrays again in a copy (copy.deepcopy, pickle), where each came by itself."""
        self.__dict__.update(state)
        self._share_one_vector()

    @property
    def num_params(self):
        return self.params.flat.size

    @property
    def state(self):
        return {
            name + place.removeprefix("norm"): array
            for place, layer in self.layers.items()
            for name, array in layer.state.items()
        }

    def __repr__(self):
        shape = "-".join(map(str, self.sizes))
        return f"MLP({shape}, {self.activation}, {self.num_params:,} parameters, {self.dtype})"

    def loss(self, X, y, reg=0.0, *, copy=True):
        """Return the mean loss plus 0.5 * reg * (sum of all W**2), and its gradients.

        Parameters
        ----------
        X : ndarray, shape (N, D) or (N, ...) with D values a row
        y : ndarray of int, shape (N,)
        reg : float
        copy : bool
            False hands out the network's own gradient arrays, which its next call overwrites: for
            a training loop that uses them at once.

        Returns
        -------
        loss : float
        grads : Parameters
            The same names and shapes as `params`.

        Raises
        ------
        ValueError
            If X and y do not fit each other or the network.
        """
        out, y = self._rows(X), self._labels(y, len(X))
        for layer in self.layers.values():
            out = layer.forward(out, train=True)
        loss = self.loss_function.forward(out, y)
        dout = self.loss_function.backward()
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        if reg:
            weights, dweights = self.params.weights, self._grads.weights
            loss += 0.5 * reg * float(weights @ weights)
            for start in range(0, weights.size, BLOCK):  # in pieces that stay in the cache
                part = slice(start, start + BLOCK)
                dweights[part] += float(reg) * weights[part]
        return loss, self._grads.copy() if copy else self._grads

    def scores(self, X):
        """Return the class scores in test mode, shape (N, C)."""
        out = np.empty((len(X), self.sizes[-1]), self.dtype)
        for start in range(0, len(X), EVAL_ROWS):
            values = self._rows(X[start : start + EVAL_ROWS])
            for layer in self.layers.values():
                values = layer.forward(values, train=False)
            out[start : start + EVAL_ROWS] = values
        return out

    def predict(self, X):
        """Return the label with the highest score for each row, shape (N,)."""
        return self.scores(X).argmax(axis=1)

    def activations(self, X, *, train=False):
        """Return what each hidden layer gives after its nonlinearity (before dropout).

        `train=True` shows batch norm with the batch's own statistics; it does move the running
        ones, as a training step does.

        Returns
        -------
        list of ndarray, shapes (N, H1), (N, H2), ...
        """
        values, found = self._rows(X), {}
        for place, layer in self.layers.items():
            values = layer.forward(values, train=train)
            if not place.startswith("dropout"):
                found[place.lstrip("abcdefghijklmnopqrstuvwxyz")] = values  # the last one counts
        hidden = list(found.values())[:-1]
        return [array.copy() for array in hidden]

    def _rows(self, X):
        X = np.asarray(X, self.dtype)
        X = X.reshape(len(X), -1) if X.ndim != 2 else X
        if X.shape[1] != self.sizes[0]:
            raise ValueError(
                f"X must have {self.sizes[0]} values a row, as sizes[0] says, got {X.shape[1]}"
            )
        return X

    def _labels(self, y, N):
        y = np.asarray(y)
        if y.dtype.kind not in "iu":
            raise ValueError(f"y must hold integer labels, got dtype {y.dtype}: y.astype(int)?")
        if y.shape != (N,) or N == 0:
            raise ValueError(f"y must have shape ({N},), a label for each row of X, got {y.shape}")
        if y.min() < 0 or y.max() >= self.sizes[-1]:
            raise ValueError(
                f"labels must lie in 0..{self.sizes[-1] - 1}, got {y.min()} to {y.max()}"
            )
        return y


def _require(what, value, allowed):
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
