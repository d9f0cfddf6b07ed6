"""Drivers and summaries of chapter 09: random masks, the same mask going back, random forwards.

The bank of `solutions/09_dropout` names them. Drivers run in the learner's kernel or the grader's
sandbox; summaries run where the result is judged, and say in words what the masks are like, so that
one mistake reads the same under every seed. `tests/test_chapter09_rates.py` computes from the exact
binomial distribution how seldom they blame a right answer, and measures how surely they catch a
wrong one.
"""

from __future__ import annotations

import copy

import numpy as np

from cs231n_lib.drivers import call_with, out_and_cache

# A count may lie this many standard errors from its mean. Exactly, from the binomial: below 2e-8 a
# count for every size and p of the bank, below 5e-7 for a whole exercise.
ERRORS = 6.0
SMALL_CALLS = 32  # further calls, each on the first two examples only
MIN_SLICE = 50  # rows or columns of so many units are compared with one another
TINY = 1e-6  # nearer to 0 or 1 than this, p decides every unit and no seed matters


# ------------------------------------------------------------------ forward


def draws(functions, inputs, exercise):
    """Call a dropout forward on x, again with its seed, with another, and 32 times on two rows.

    `inputs` are the function's own and `other_rng`, a generator of another seed.
    """
    function, x = functions[exercise.name], inputs["x"].copy()
    settings = dict(_settings(inputs))
    rng, again = settings["rng"], copy.deepcopy(settings["rng"])

    def out(given):
        value, _ = out_and_cache(call_with(function, given, exercise), exercise.name)
        return _numbers(value, "out")

    def renewed(rng, rows=None):
        fresh = settings | {"rng": rng}
        fresh = {"dropout_param": fresh} if "dropout_param" in inputs else fresh
        return fresh | {"x": x[:rows].copy()}

    done = {"out": out(inputs), "same": out(renewed(again))}
    done["other"] = out(renewed(inputs["other_rng"]))
    small = [out(renewed(rng, rows=2)) for _ in range(SMALL_CALLS)]
    if any(s.shape != inputs["x"][:2].shape for s in small):
        shape = next(s.shape for s in small if s.shape != inputs["x"][:2].shape)
        raise TypeError(f"out must have the shape of x, {inputs['x'][:2].shape}, got {shape}")
    return done | {"small": np.stack(small)}


def draws_summary(outputs, inputs):
    """Say in words what the outputs of `draws` are like.

    Returns
    -------
    dict
        Test mode: `out` itself, and whether further calls agree. Training: how the units are
        chosen, the value and the share of those kept, and what a seed decides. Where they are not
        chosen one by one, their share is not asked, for it then says nothing.

    Raises
    ------
    ValueError
        `out` has not the shape of x, or is not finite.
    """
    x, settings = np.asarray(inputs["x"], float), _settings(inputs)
    for name in ("out", "same", "other"):
        _require_shape(outputs[name], x.shape, "out", "x")
    out, small, p = outputs["out"].astype(float), outputs["small"].astype(float), settings["p"]
    again = np.array_equal(out, outputs["same"])
    if settings["mode"] == "test":
        agree = again and np.array_equal(out, outputs["other"]) and (small == out[:2]).all()
        return {"out": outputs["out"], "result of a second call": _same(agree)}
    everything = (out, outputs["other"].astype(float), *small)
    if not all(np.isfinite(array).all() for array in everything):
        raise ValueError("out holds values that are not finite")
    kept, middle = out != 0, TINY < p < 1 - TINY
    pattern = find_pattern(everything, x) if middle else ""
    if pattern in ("no unit is dropped", "all units or none"):
        return {"choice of the units": pattern}
    value = describe_factor(out[kept], x[kept], "x", p)
    if pattern:
        return {"choice of the units": pattern, "value of a kept unit": value}
    share = describe_share(int(kept.sum()), kept.size, p)
    told = {}
    if middle:
        choice = describe_neighbours(kept, p) if share == "p" else "one by one"
        told["choice of the units"] = choice
    told |= {"value of a kept unit": value, "share of the units kept": share}
    if middle:
        told["result with the same seed"] = _same(again)
        told["result with another seed"] = _same(np.array_equal(out, outputs["other"]))
        told["result of the next call"] = _same((small[1:] == small[:-1]).all())
    return told


# ------------------------------------------------------------------ backward


def passes(functions, inputs, exercise):
    """Run the learner's forward twice, then the backward on the first cache and on the second."""
    name, backward = exercise.needs[0], functions[exercise.name]
    first = out_and_cache(functions[name](inputs["x"], inputs["dropout_param"]), name)
    out_1 = _numbers(first[0], f"out of {name}")
    second = out_and_cache(functions[name](inputs["x"], inputs["dropout_param"]), name)
    out_2 = _numbers(second[0], f"out of {name}")
    dx_1 = _numbers(backward(inputs["dout"], first[1]), "dx")
    dx_2 = _numbers(backward(inputs["dout"], second[1]), "dx")
    return {"out_1": out_1, "out_2": out_2, "dx_1": dx_1, "dx_2": dx_2}


def passes_summary(outputs, inputs):
    """Say in words what became of dout where the forward pass kept a unit and where it did not.

    Where x is 0, the output does not tell: there dx must be one or the other, in the share p.
    """
    x, dout = np.asarray(inputs["x"]), np.asarray(inputs["dout"])
    p, mode = inputs["dropout_param"]["p"], inputs["dropout_param"]["mode"]
    for number in (1, 2):
        _require_shape(outputs[f"out_{number}"], x.shape, "out of dropout_forward", "x")
        _require_shape(outputs[f"dx_{number}"], dout.shape, "dx", "dout")
    if mode == "test":
        return {"dx": outputs["dx_1"], "dx of a second pass": outputs["dx_2"]}
    told = {}
    for number, which in ((1, ""), (2, ", second pass")):
        out, dx = outputs[f"out_{number}"], outputs[f"dx_{number}"].astype(float)
        if not np.isfinite(dx).all():
            return {"dx": "not finite"}
        for word, where in (
            ("was kept", (out != 0) & (x != 0)), ("was dropped", (out == 0) & (x != 0))
        ):
            told[f"dx where a unit {word}{which}"] = describe_factor(dx[where], dout[where],
                                                                    "dout", p)
        if (x == 0).any():
            zero = dx[x == 0]
            told[f"dx where x is 0{which}"] = describe_factor(zero, dout[x == 0], "dout", p)
            told[f"share let through where x is 0{which}"] = describe_share(
                int((zero != 0).sum()), zero.size, p
            )
    return told


# ------------------------------------------------------------------ what masks are like


def describe_factor(got, base, letter, p):
    """Return 'x / p', '0 or x', ...: what `got` is of `base`, entry by entry, to 1 part in 1e5.

    Both are arrays of one shape; no entry of `base` is 0.
    """
    if got.size == 0:
        return "no such unit"
    names = {"0": 0.0, letter: 1.0}
    for form, value in (
        ("{} / p", 1 / p), ("{} * p", p), ("{} / (1 - p)", 1 / (1 - p) if p < 1 else 1.0),
        ("{} * (1 - p)", 1 - p), ("{} / p**2", p**-2), ("{} / sqrt(p)", p**-0.5),
    ):
        if not any(np.isclose(value, known, rtol=1e-4, atol=0) for known in names.values()):
            names[form.format(letter)] = value
    ratio, words, open_ = got / base, [], np.ones(got.shape, bool)
    for name, value in names.items():
        fits = np.abs(ratio - value) <= 1e-5 * abs(value)
        if (fits & open_).any():
            words.append(name)
        open_ &= ~fits
    return "other numbers" if open_.any() else " or ".join(words)


def allowed_counts(n, p):
    """Return the (lowest, highest) count out of n that still agrees with p."""
    room = ERRORS * np.sqrt(n * p * (1 - p))
    return int(np.ceil(n * p - room - 1e-9)), int(np.floor(n * p + room + 1e-9))


def describe_share(count, n, p):
    """Return 'p' where count out of n agrees with p, else what it is."""
    for word, share in (("p", p), ("1 - p", 1 - p)):
        low, high = allowed_counts(n, share)
        if low <= count <= high:
            return word
    if count in (0, n):
        return "none" if count == 0 else "all"
    return "more than p" if count > n * p else "less than p"


def find_pattern(results, x):
    """Return how the units are chosen if not one by one, else ''.

    `results` are the outputs on x, on x again, and on its first two examples, many times. Single
    draws show one of these patterns less than once in a million checks (`tests/` compute it).
    """
    if all((array != 0).all() or not array.any() for array in results):
        same = all(np.allclose(array, x[: len(array)], rtol=1e-5) for array in results)
        return "no unit is dropped" if same else "all units or none"
    kept = results[0] != 0
    for axis in range(kept.ndim):
        if (kept == kept.take([0], axis)).all():
            rows = {0: "the same in every row", 1: "whole rows"}
            return rows[axis] if kept.ndim == 2 or axis == 0 else f"the same along axis {axis}"
    for axis, word in ((0, "row"), (-1, "column")):
        counts = np.moveaxis(kept, axis, 0).reshape(kept.shape[axis], -1).sum(axis=1)
        if (counts == counts[0]).all():
            return f"equally many in every {word}"
    for axis, word in ((0, "rows"), (-1, "columns")):
        slices = np.moveaxis(kept, axis, 0).reshape(kept.shape[axis], -1)
        if slices.shape[1] >= MIN_SLICE and len(np.unique(slices, axis=0)) <= 0.75 * len(slices):
            return f"many {word} like other {word}"
    small = results[2:]
    counts = {np.count_nonzero(array) for array in small}
    moves = any((array != small[0]).any() for array in small)
    return "equally many in every call" if len(counts) == 1 and moves else ""


def neighbour_counts(kept):
    """Return, for each axis, (pairs that agree, pairs); no unit is in two pairs of one axis.

    For single draws the first is binomial: a pair agrees with probability p**2 + (1 - p)**2.
    """
    found = []
    for axis in range(kept.ndim):
        rows = np.moveaxis(kept, axis, 0)
        rows = rows[: len(rows) // 2 * 2]
        agree = rows[::2] == rows[1::2]
        found.append((int(agree.sum()), agree.size))
    return found


def describe_neighbours(kept, p):
    """Return 'one by one', or along which axis neighbours share a fate too often or too seldom."""
    for axis, (agree, pairs) in enumerate(neighbour_counts(kept)):
        low, high = allowed_counts(pairs, p**2 + (1 - p) ** 2)
        if not low <= agree <= high:
            often = "often" if agree > high else "seldom"
            return f"neighbours along axis {axis} alike too {often}"
    return "one by one"


# ------------------------------------------------------------------ a forward pass that is random


class RandomForward:
    """Stands for a network whose weights change at random with every call; counts its calls."""

    def __init__(self, X, W, spread, rng):
        self.X, self.W, self.spread, self.rng = X.copy(), W, spread, rng
        self.calls, self.given = 0, "X"

    def __call__(self, X):
        X = np.asarray(X)
        if X.shape != self.X.shape:
            raise ValueError(f"forward wants X of shape {self.X.shape}, got {X.shape}")
        self.calls += 1
        if not np.array_equal(X, self.X):
            self.given = "another X"
        return np.tanh(X @ (self.W + self.spread * self.rng.normal(size=self.W.shape)))


def random_forward(functions, inputs, exercise):
    """Hand the learner's function a random forward pass and record how it was called."""
    forward = RandomForward(inputs["X"], inputs["W"], inputs["spread"], inputs["rng"])
    result = functions[exercise.name](forward, inputs["X"], inputs["num_samples"])
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        many = isinstance(result, (tuple, list))
        got = f"{len(result)} values" if many else type(result).__name__
        raise TypeError(f"must return 2 values, (mean, std), got {got}")
    return {
        "number of calls of forward": f"{forward.calls}",
        "what forward was given": forward.given,
        "mean": result[0],
        "std": result[1],
    }


# ------------------------------------------------------------------ small things


def _settings(inputs):
    return inputs.get("dropout_param", inputs)


def _same(equal):
    return "the same" if equal else "another"


def _numbers(value, what):
    """Return a copy of an array: later calls must not be able to change it."""
    array = np.array(value, subok=False)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} must be an array of numbers, got {type(value).__name__}")
    return array


def _require_shape(array, shape, what, like):
    if array.shape != shape:
        turned = " Transposed?" if array.shape == shape[::-1] and len(shape) > 1 else ""
        raise ValueError(
            f"{what} must have the shape of {like}, {shape}, got {array.shape}.{turned}"
        )
