"""The bank of the chapter for tests: small, quick, with short time limits."""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("01_mini")


def layer(rng, n=5, d=4, m=3):
    return dict(x=rng.normal(size=(n, d)), w=rng.normal(size=(d, m)), b=rng.normal(size=m))


forward = bank.exercise("affine_forward", 5, driver="forward", returns=("out",), seconds=1)
forward.case("five rows")(lambda rng: layer(rng))
forward.case("one row")(lambda rng: layer(rng, n=1))
forward.case("many rows", hidden=True)(lambda rng: layer(rng, n=50))
forward.edit("forgets the bias", "Add b to every row.", (" + b", ""))
forward.edit("subtracts the bias", "b is added.", (" + b", " - b"))


@forward.mistake("changes x in place", "Work on a copy of x.")
def _(x, w, b):
    out = x @ w + b
    x *= 2
    return out, (x, w)


@forward.also_right("loops")
def _(x, w, b):
    rows = [[sum(a * c for a, c in zip(r, w[:, j])) + b[j] for j in range(len(b))] for r in x]
    return np.array(rows), (x, w)


backward = bank.exercise(
    "affine_backward", 5, driver="forward_backward", needs=("affine_forward",),
    returns=("dx", "dw", "db"), seconds=1,
)


@backward.case("five rows")
def _(rng):
    return layer(rng) | dict(dout=rng.normal(size=(5, 3)))


@backward.case("two rows")
def _(rng):
    return layer(rng, n=2) | dict(dout=rng.normal(size=(2, 3)))


backward.edit("db takes the mean", "db sums over the rows.", ("dout.sum(", "dout.mean("))
backward.edit("dw is transposed", "dw has the shape of w.", ("x.T @ dout", "dout.T @ x"))
backward.edit("dx is doubled", "No factor stands in dx.", ("dout @ w.T", "2 * dout @ w.T"))

relu = bank.exercise("relu", 5, seconds=1)
relu.case("both signs")(lambda rng: dict(x=rng.normal(size=(4, 3))))
relu.case("a cube")(lambda rng: dict(x=rng.normal(size=(2, 3, 4))))
relu.edit("clips at one", "There is no upper bound.", ("np.maximum(0, x)", "np.clip(x, 0, 1)"))
relu.edit("takes the absolute value", "Negative becomes 0.", ("np.maximum(0, x)", "np.abs(x)"))

softmax = bank.exercise("softmax", 5, seconds=1)
softmax.case("plain")(lambda rng: dict(scores=rng.normal(size=(4, 3))))
softmax.case("thousands")(lambda rng: dict(scores=1000.0 * rng.choice([-1, 1], size=(4, 3))))
softmax.edit("overflows", "Subtract the row's maximum first.",
             (" - scores.max(axis=1, keepdims=True)", ""))
softmax.edit("normalises over the batch", "Each row adds up to one.",
             ("shifted.sum(axis=1,", "shifted.sum(axis=0,"))
