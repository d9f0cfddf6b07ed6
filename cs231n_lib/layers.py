"""Layers of a fully connected network, each a small class with `forward` and `backward`.

Used by `nn.MLP`; a notebook may also use one alone. A layer keeps what its backward pass needs and
writes its results into arrays that it owns and reuses: what `forward` and `backward` return is
valid until the layer's next call. Inputs are never changed.
"""

import numpy as np


class Layer:
    """What all layers share: named parameters, their gradients, and reused arrays.

    Attributes
    ----------
    params, grads : dict of str to ndarray
        Trained arrays and, after `backward`, their gradients. Empty for most layers.
    state : dict of str to ndarray
        Arrays that are kept but not trained (the running statistics of batch normalisation).
    """

    def __init__(self):
        self.params, self.grads, self.state, self._arrays = {}, {}, {}, {}

    def forward(self, x, train=False):
        """Return the output for x, shape (N, D); `train` tells dropout and batch norm apart."""
        raise NotImplementedError

    def backward(self, dout):
        """Return the gradient with respect to forward's x; parameters' gradients go to `grads`."""
        raise NotImplementedError

    def _add(self, name, value):
        self.params[name], self.grads[name] = value, np.zeros_like(value)

    def _array(self, name, shape, dtype):
        """Return the array of this name with `shape`, new only if it must have more rows."""
        old = self._arrays.get(name)
        if old is None or old.dtype != dtype or old.shape[1:] != shape[1:] or len(old) < shape[0]:
            old = self._arrays[name] = np.empty(shape, dtype)
        return old[: shape[0]]

    def _like(self, name, x):
        return self._array(name, x.shape, x.dtype)


class Affine(Layer):
    """out = x W + b, with W of shape (D, M) and b of shape (M,).

    Set `input_gradient = False` where nobody needs dx (a network's first layer): it saves a third
    of the layer's work, and `backward` then returns None.
    """

    def __init__(self, W, b):
        super().__init__()
        if W.ndim != 2 or b.shape != W.shape[1:]:
            raise ValueError(f"W must be (D, M) and b (M,), got {W.shape} and {b.shape}")
        self._add("W", W)
        self._add("b", b)
        self.input_gradient = True

    def forward(self, x, train=False):
        W, b = self.params["W"], self.params["b"]
        self.x = x
        out = self._array("out", (len(x), W.shape[1]), x.dtype)
        np.matmul(x, W, out=out)  # (N, D) (D, M) -> (N, M)
        out += b
        return out

    def backward(self, dout):
        np.matmul(self.x.T, dout, out=self.grads["W"])  # (D, N) (N, M) -> (D, M)
        np.sum(dout, axis=0, out=self.grads["b"])
        if not self.input_gradient:
            return None
        return np.matmul(dout, self.params["W"].T, out=self._like("dx", self.x))


class ReLU(Layer):
    """max(0, x); the gradient passes where the output is positive."""

    def forward(self, x, train=False):
        self.out = np.maximum(x, 0, out=self._like("out", x))
        return self.out

    def backward(self, dout):
        positive = np.greater(self.out, 0, out=self._array("positive", dout.shape, bool))
        return np.multiply(dout, positive, out=self._like("dx", dout))


class LeakyReLU(Layer):
    """x where x > 0, alpha x elsewhere (Maas et al. 2013)."""

    def __init__(self, alpha=0.01):
        super().__init__()
        self.alpha = alpha

    def forward(self, x, train=False):
        self.slope = self._like("slope", x)
        self.slope.fill(self.alpha)
        np.copyto(self.slope, 1, where=np.greater(x, 0, out=self._array("pos", x.shape, bool)))
        return np.multiply(x, self.slope, out=self._like("out", x))

    def backward(self, dout):
        return np.multiply(dout, self.slope, out=self._like("dx", dout))


class PReLU(Layer):
    """Leaky ReLU whose slope alpha, one a unit, is learned (He et al. 2015)."""

    def __init__(self, alpha):
        super().__init__()
        self._add("alpha", alpha)

    def forward(self, x, train=False):
        self.negative = np.minimum(x, 0, out=self._like("negative", x))
        out = np.multiply(self.negative, self.params["alpha"], out=self._like("out", x))
        out += np.maximum(x, 0, out=self._like("positive", x))
        return out

    def backward(self, dout):
        dx = np.multiply(dout, self.negative, out=self._like("dx", dout))
        np.sum(dx, axis=0, out=self.grads["alpha"])
        np.multiply(dout, self.params["alpha"], out=dx)
        np.copyto(dx, dout, where=np.equal(self.negative, 0))
        return dx


class ELU(Layer):
    """x where x > 0, alpha (exp(x) - 1) elsewhere (Clevert et al. 2015)."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x, train=False):
        self.negative = np.minimum(x, 0, out=self._like("negative", x))
        np.expm1(self.negative, out=self.negative)
        self.negative *= self.alpha  # 0 where x > 0
        out = np.maximum(x, 0, out=self._like("out", x))
        out += self.negative
        self.out = out
        return out

    def backward(self, dout):
        slope = np.add(self.negative, self.alpha, out=self._like("slope", dout))
        np.copyto(slope, 1, where=np.greater(self.out, 0))
        return np.multiply(dout, slope, out=self._like("dx", dout))


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), computed as (1 + tanh(x / 2)) / 2, which cannot overflow."""

    def forward(self, x, train=False):
        self.out = np.multiply(x, 0.5, out=self._like("out", x))
        np.tanh(self.out, out=self.out)
        self.out += 1
        self.out *= 0.5
        return self.out

    def backward(self, dout):
        dx = np.subtract(1, self.out, out=self._like("dx", dout))
        dx *= self.out
        dx *= dout
        return dx


class Tanh(Layer):
    """tanh(x)."""

    def forward(self, x, train=False):
        self.out = np.tanh(x, out=self._like("out", x))
        return self.out

    def backward(self, dout):
        dx = np.multiply(self.out, self.out, out=self._like("dx", dout))
        np.subtract(1, dx, out=dx)
        dx *= dout
        return dx


class Maxout(Layer):
    """The larger of two affine pieces (Goodfellow et al. 2013).

    The affine layer before it computes both pieces at once: x has 2 H columns, out has H, and
    out[:, j] = max(x[:, j], x[:, H + j]).
    """

    def forward(self, x, train=False):
        N, twice = x.shape
        first, second = x[:, : twice // 2], x[:, twice // 2 :]
        self.takes_first = np.greater_equal(first, second)
        return np.maximum(first, second, out=self._array("out", (N, twice // 2), x.dtype))

    def backward(self, dout):
        N, H = dout.shape
        dx = self._array("dx", (N, 2 * H), dout.dtype)
        np.multiply(dout, self.takes_first, out=dx[:, :H])
        np.subtract(dout, dx[:, :H], out=dx[:, H:])
        return dx


class Dropout(Layer):
    """Keep each value with probability `keep` and divide it by `keep` (inverted dropout).

    Nothing happens at test time. Source: Srivastava et al. 2014, section 10.
    """

    def __init__(self, keep, rng):
        super().__init__()
        if not 0 < keep <= 1:
            raise ValueError(f"keep is the probability to keep a unit, in (0, 1], got {keep}")
        self.keep, self.rng = keep, rng

    def forward(self, x, train=False):
        self.drops = self.keep < 1 and train
        if not self.drops:
            return x
        drawn = self._like("drawn", x)
        self.rng.random(dtype=x.dtype, out=drawn)
        self.kept = np.less(drawn, self.keep, out=self._array("kept", x.shape, bool))
        return self._apply(x, self._like("out", x))

    def backward(self, dout):
        return self._apply(dout, self._like("dx", dout)) if self.drops else dout

    def _apply(self, values, out):
        np.multiply(values, self.kept, out=out)
        out *= 1 / self.keep
        return out
