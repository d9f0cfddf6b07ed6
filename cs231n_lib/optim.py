"""Update rules: given parameters and their gradients, change the parameters in place.

Used by `train.Trainer` and by notebooks that write the training loop themselves:

>>> import numpy as np
>>> from cs231n_lib.optim import Momentum
>>> params = {"w": np.array([1.0, -2.0])}
>>> rule = Momentum(lr=0.1)
>>> for step in range(200):
...     rule.step(params, {"w": 2 * params["w"]})   # gradient of w[0]**2 + w[1]**2
>>> bool(np.abs(params["w"]).max() < 1e-3)
True

A rule works through the parameters in pieces of `BLOCK` values, which stay in the processor's cache
while all of the rule's operations pass over them; nothing is allocated after the first step.
"""

import math

import numpy as np

from cs231n_lib.parameters import BLOCK


class Optimizer:
    """What all rules share.

    Parameters
    ----------
    lr : float
        Learning rate; may be changed between steps (`rule.lr = 0.01`).

    Attributes
    ----------
    t : int
        Steps done.
    state : dict of str to ndarray
        What the rule remembers, by slot and parameter ("v/W1"; "v/" for `Parameters`, which are
        one vector).
    """

    slots = ()  # names of the arrays a rule remembers

    def __init__(self, lr):
        if not lr >= 0:
            raise ValueError(f"the learning rate must be a number >= 0, got {lr}")
        self.lr, self.t, self.state, self._scratch = lr, 0, {}, {}

    def step(self, params, grads):
        """Change every array of `params` in place.

        Parameters
        ----------
        params, grads : Parameters, or dict of str to ndarray
            Contiguous floating arrays; `grads` has the names and shapes of `params`.
        """
        self.t += 1
        self._before(params)
        for name, w, dw in _vectors(params, grads):
            kept = [self._kept(f"{slot}/{name}", w) for slot in self.slots]
            if w.dtype not in self._scratch:
                self._scratch[w.dtype] = np.empty(BLOCK, w.dtype)
            scratch = self._scratch[w.dtype]
            for start in range(0, w.size, BLOCK):
                part = slice(start, start + BLOCK)
                piece = w[part]
                self._update(piece, dw[part], *[k[part] for k in kept], scratch[: piece.size])

    def _before(self, params):
        """Do what a rule does once a step."""

    def _update(self, w, dw, *slots_and_scratch):
        """Update one piece; the last argument is free memory of its size."""
        raise NotImplementedError

    def _kept(self, key, w):
        if key not in self.state:
            self.state[key] = np.zeros_like(w)
        return self.state[key]


class SGD(Optimizer):
    """w -= lr * dw."""

    def __init__(self, lr=1e-2):
        super().__init__(lr)

    def _update(self, w, dw, tmp):
        np.multiply(dw, float(self.lr), out=tmp)
        w -= tmp


class Momentum(Optimizer):
    """v = mu * v - lr * dw; w += v (Polyak 1964)."""

    slots = ("v",)

    def __init__(self, lr=1e-2, momentum=0.9):
        super().__init__(lr)
        self.momentum = momentum

    def _update(self, w, dw, v, tmp):
        v *= self.momentum
        np.multiply(dw, float(self.lr), out=tmp)
        v -= tmp
        w += v


class Nesterov(Momentum):
    """v_prev = v; v = mu * v - lr * dw; w += -mu * v_prev + (1 + mu) * v.

    The gradient at the point looked ahead to, written in that point's own coordinates (Bengio et
    al. 2012). The update equals mu * v - lr * dw, which is how it is computed.
    """

    def _update(self, w, dw, v, tmp):
        v *= self.momentum
        np.multiply(dw, float(self.lr), out=tmp)
        v -= tmp
        w -= tmp
        np.multiply(v, self.momentum, out=tmp)
        w += tmp


class AdaGrad(Optimizer):
    """cache += dw**2; w -= lr * dw / (sqrt(cache) + eps) (Duchi et al. 2011)."""

    slots = ("cache",)

    def __init__(self, lr=1e-2, eps=1e-8):
        super().__init__(lr)
        self.eps = eps

    def _update(self, w, dw, cache, tmp):
        np.multiply(dw, dw, out=tmp)
        cache += tmp
        self._divided_step(w, dw, cache, tmp)

    def _divided_step(self, w, dw, cache, tmp):
        np.sqrt(cache, out=tmp)
        tmp += self.eps
        np.divide(dw, tmp, out=tmp)
        tmp *= float(self.lr)
        w -= tmp


class RMSProp(AdaGrad):
    """cache = rho * cache + (1 - rho) * dw**2; w -= lr * dw / (sqrt(cache) + eps) (Hinton 2012)."""

    def __init__(self, lr=1e-2, decay_rate=0.99, eps=1e-8):
        super().__init__(lr, eps)
        self.decay_rate = decay_rate

    def _update(self, w, dw, cache, tmp):
        cache *= self.decay_rate
        np.multiply(dw, dw, out=tmp)
        tmp *= 1 - self.decay_rate
        cache += tmp
        self._divided_step(w, dw, cache, tmp)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), epsilon outside the root.

    m = beta1 * m + (1 - beta1) * dw;   v = beta2 * v + (1 - beta2) * dw**2
    w -= lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)

    The factors that are the same for all values are taken out of the arrays: `state` holds
    m / (1 - beta1) and v / (1 - beta2), and what remains is one number and one epsilon a step.
    That is ten operations instead of fourteen.
    """

    slots = ("m", "v")

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def _before(self, params):
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))  # true sqrt(v_hat) / ours
        self._size = float(self.lr) * (1 - self.beta1) / (1 - self.beta1**self.t) / root
        self._eps = self.eps / root

    def _update(self, w, dw, m, v, tmp):
        m *= self.beta1
        m += dw
        v *= self.beta2
        np.multiply(dw, dw, out=tmp)
        v += tmp
        np.sqrt(v, out=tmp)
        tmp += self._eps
        np.divide(m, tmp, out=tmp)
        tmp *= self._size
        w -= tmp


class AdamW(Adam):
    """Adam with decoupled weight decay: w -= lr * (step + weight_decay * w).

    Only names that start with "W" decay: biases, gamma and beta are never regularised. Source:
    Loshchilov and Hutter 2019, in PyTorch's form (the decay is multiplied by lr).
    """

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        super().__init__(lr, beta1, beta2, eps)
        self.weight_decay = weight_decay

    def _before(self, params):
        super()._before(params)
        shrink = 1 - float(self.lr) * self.weight_decay
        if hasattr(params, "weights"):
            params.weights[...] *= shrink
        else:
            for name, w in params.items():
                if name.startswith("W"):
                    w *= shrink


def _vectors(params, grads):
    """Yield (name, parameter, gradient) as vectors: one for `Parameters`, else one a name."""
    if hasattr(params, "flat") and hasattr(grads, "flat"):
        yield "", params.flat, grads.flat
        return
    for name, w in params.items():
        if grads[name].shape != w.shape:
            raise ValueError(
                f"the gradient of {name} must have its shape {w.shape}, got {grads[name].shape}"
            )
        if not w.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous to be changed in place: copy it first")
        yield name, w.reshape(-1), grads[name].reshape(-1)
