"""Compare the arrays that came back with those that should have, and say how they differ.

`verdict` uses it in the learner's check and in the grader's judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """One output that is wrong: `kind` is 'missing', 'extra', 'shape', 'nan', 'value', 'bound'."""

    path: str
    kind: str
    text: str
    got: str = ""
    wanted: str = ""


def close(got, want, rtol: float, atol: float):
    """Return a boolean array: where `got` equals `want`.

    A number is right within `atol + rtol * max|want|`: an error is measured against the size of
    the whole array, because an entry that is nearly zero by cancellation is not known better
    than that, and a right solution in float32 would fail an entry-by-entry ratio.
    Texts and truth values are compared exactly.
    """
    if want.dtype.kind == "U" or got.dtype.kind == "U":
        return np.asarray(got.astype(str) == want.astype(str))
    got, want = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(want)
    scale = np.abs(want[finite]).max() if finite.any() else 0.0
    with np.errstate(invalid="ignore"):
        near = np.abs(got - want) <= atol + rtol * scale
    return np.where(finite, near, (got == want) | (np.isnan(got) & np.isnan(want)))


def difference(path, got, want, rtol, atol, sizes=()) -> Difference | None:
    """Return how `got` differs from `want`, or None where it does not.

    Parameters
    ----------
    sizes : sequence of (str, int)
        Names and values of sizes such as ('N', 5), to recognise a constant ratio by.
    """
    if (got.dtype.kind == "U") != (want.dtype.kind == "U"):
        kinds = {"U": "text"}
        wanted, is_now = kinds.get(want.dtype.kind, "numbers"), kinds.get(got.dtype.kind, "numbers")
        return Difference(path, "type", f"{path} must hold {wanted}, got {is_now}.")
    if got.shape != want.shape:
        turned = got.shape == want.shape[::-1] and got.ndim > 1
        text = f"{path} must have shape {_shape(want)}, got {_shape(got)}."
        return Difference(path, "shape", text + (" Transposed?" if turned else ""))
    numbers = got.dtype.kind in "fc" and want.dtype.kind in "biuf"
    if numbers and np.isfinite(want.astype(float)).all() and not np.isfinite(got).all():
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(got))[0])
        count = int((~np.isfinite(got)).sum())
        return Difference(
            path, "nan",
            f"{path} holds {count} value{'s' * (count > 1)} that "
            f"{'are' if count > 1 else 'is'} not finite ({got[bad]} at {_index(bad, path)}).",
            f"{got[bad]}", _number(want[bad]),
        )
    equal = close(got, want, rtol, atol)
    if equal.all():
        return None
    worst = _worst(got, want, equal)
    wrong = int((~equal).sum())
    text = f"{path}: {wrong} of {equal.size} values are wrong, the worst at {_index(worst, path)}."
    if equal.size == 1:
        text = f"{path} is wrong."
    ratio = constant_ratio(got, want, sizes)
    if ratio:
        text += f" Every value is {ratio} times what it should be."
    return Difference(path, "value", text, _number(got[worst]), _number(want[worst]))


def _worst(got, want, equal):
    if got.dtype.kind == "U" or want.dtype.kind == "U":
        return tuple(np.argwhere(~equal)[0])
    with np.errstate(invalid="ignore"):
        error = np.abs(got.astype(float) - want.astype(float))
    error = np.where(equal, -1.0, np.nan_to_num(error, nan=np.inf))
    return tuple(int(i) for i in np.unravel_index(int(error.argmax()), got.shape))


def constant_ratio(got, want, sizes=()) -> str:
    """Return 'N = 5', '1/2', '-1', ... when got is a constant times want, else ''."""
    if got.dtype.kind not in "fiu" or want.dtype.kind not in "fiu":
        return ""
    got, want = got.astype(float).ravel(), want.astype(float).ravel()
    big = np.abs(want) > 1e-6 * (np.abs(want).max() if want.size else 0)
    # One or two numbers always have "a constant ratio": say it only when it is a telling one.
    if not big.any() or not np.isfinite(got).all():
        return ""
    ratio = float(np.median(got[big] / want[big]))
    if ratio == 0 or not np.allclose(got, ratio * want, rtol=1e-4, atol=1e-6 * np.abs(want).max()):
        return ""
    telling = [("2", 2.0), ("1/2", 0.5), ("-1", -1.0)]
    for name, n in sizes:
        if n > 2:
            telling += [(f"{name} = {n}", float(n)), (f"1/{name} = 1/{n}", 1.0 / n)]
    for text, value in telling:
        if abs(ratio - value) <= 1e-4 * abs(value):
            return text
    return f"{ratio:.6g}" if big.sum() >= 4 else ""


def _shape(array) -> str:
    return "a single number, ()" if array.shape == () else str(array.shape)


def _index(index, path) -> str:
    return f"{path}[{', '.join(str(int(i)) for i in index)}]" if index else path


def _number(value) -> str:
    return str(value) if value.dtype.kind in "Ub" else f"{value:.8g}"
