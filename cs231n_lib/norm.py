"""Batch and layer normalisation as layers.

Used by `nn.MLP(norm="batch")` and `nn.MLP(norm="layer")`. Both make values of mean 0 and variance 1
and then scale and shift them by gamma and beta, which are learned; they differ in what the mean is
taken over. The variance is the biased one (divided by the count).
"""

import numpy as np

from cs231n_lib.layers import Layer


class _Norm(Layer):
    """Normalise over `axis`: out = gamma * x_hat + beta, x_hat = (x - mean) / sqrt(var + eps)."""

    axis: int

    def __init__(self, gamma, beta, eps=1e-5):
        super().__init__()
        self._add("gamma", gamma)
        self._add("beta", beta)
        self.eps = eps

    def _normalise(self, x):
        """Set x_hat and inv_std from x itself; return mean and variance."""
        mean = x.mean(axis=self.axis, keepdims=True)
        self.x_hat = np.subtract(x, mean, out=self._like("x_hat", x))
        squares = np.multiply(self.x_hat, self.x_hat, out=self._like("out", x))
        var = squares.mean(axis=self.axis, keepdims=True)
        self.inv_std = 1 / np.sqrt(var + self.eps)
        self.x_hat *= self.inv_std
        return mean, var

    def _scale_and_shift(self):
        out = np.multiply(self.x_hat, self.params["gamma"], out=self._like("out", self.x_hat))
        out += self.params["beta"]
        return out

    def backward(self, dout):
        product = np.multiply(dout, self.x_hat, out=self._like("product", dout))
        np.sum(product, axis=0, out=self.grads["gamma"])
        np.sum(dout, axis=0, out=self.grads["beta"])
        return self._through_statistics(
            np.multiply(dout, self.params["gamma"], out=self._like("dx", dout))
        )

    def _through_statistics(self, dx_hat):
        """dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std, in place."""
        product = np.multiply(dx_hat, self.x_hat, out=self._like("product", dx_hat))
        along = product.mean(axis=self.axis, keepdims=True)
        np.multiply(self.x_hat, along, out=product)
        dx_hat -= dx_hat.mean(axis=self.axis, keepdims=True)
        dx_hat -= product
        dx_hat *= self.inv_std
        return dx_hat


class BatchNorm(_Norm):
    """Normalise each feature over the batch; at test time over what training has seen.

    running = momentum * running + (1 - momentum) * batch, from zeros, once a training batch.
    Source: Ioffe and Szegedy 2015; the momentum is the share that is kept (PyTorch's is 1 - ours).
    """

    axis = 0

    def __init__(self, gamma, beta, eps=1e-5, momentum=0.9):
        super().__init__(gamma, beta, eps)
        self.momentum = momentum
        self.state = {"running_mean": np.zeros_like(gamma), "running_var": np.zeros_like(gamma)}

    def forward(self, x, train=False):
        self.train = train
        running_mean, running_var = self.state["running_mean"], self.state["running_var"]
        if train:
            mean, var = self._normalise(x)
            for running, batch in ((running_mean, mean), (running_var, var)):
                running *= self.momentum
                running += (1 - self.momentum) * batch[0]
        else:
            self.inv_std = 1 / np.sqrt(running_var + self.eps)
            self.x_hat = np.subtract(x, running_mean, out=self._like("x_hat", x))
            self.x_hat *= self.inv_std
        return self._scale_and_shift()

    def _through_statistics(self, dx_hat):
        if self.train:
            return super()._through_statistics(dx_hat)
        dx_hat *= self.inv_std  # running statistics are constants
        return dx_hat


class LayerNorm(_Norm):
    """Normalise each example over its features, in training and at test time alike.

    Source: Ba, Kiros and Hinton 2016.
    """

    axis = 1

    def forward(self, x, train=False):
        self._normalise(x)
        return self._scale_and_shift()
