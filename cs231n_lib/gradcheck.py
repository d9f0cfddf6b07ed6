r"""Compare an analytic gradient with finite differences and show where they differ most.

Used by notebooks and by this library's own tests.

>>> import numpy as np
>>> from cs231n_lib.gradcheck import gradient_report
>>> x = np.array([1.0, 2.0, 3.0])
>>> wrong = np.array([2.0, 4.0, 9.0])                 # of sum(x**2); the last should be 6
>>> report = gradient_report(lambda x: np.sum(x**2), x, wrong)
>>> report.worst_index, report.passed()
((2,), False)
>>> print("\n".join(str(report).splitlines()[:3]))
3 of 3 entries checked, largest relative error 2.0e-01 at [2]
    place         analytic    numerical     relative error
    [2]         9.0000e+00   6.0000e+00   2.0e-01   <- worst
"""

from dataclasses import dataclass

import numpy as np

SHOWN = 5  # rows in a printed report


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found, one entry for each place checked.

    `indices` (K, x.ndim) are the places; `analytic`, `numerical` and `errors` have shape (K,).
    """

    indices: np.ndarray
    analytic: np.ndarray
    numerical: np.ndarray
    errors: np.ndarray
    size: int

    @property
    def worst_error(self):
        return float(self.errors.max())

    @property
    def worst_index(self):
        return tuple(self.indices[self.errors.argmax()].tolist())

    def passed(self, tolerance=1e-6):
        """Tell whether the largest relative error is below `tolerance`; NaN never passes."""
        return bool(self.worst_error < tolerance)

    def __str__(self):
        order = np.argsort(-np.nan_to_num(self.errors, nan=np.inf), kind="stable")[:SHOWN]
        lines = [
            f"{len(self.errors)} of {self.size} entries checked, largest relative error "
            f"{self.worst_error:.1e} at {list(self.worst_index)}",
            "    place         analytic    numerical     relative error",
        ]
        for rank, k in enumerate(order):
            place = str(self.indices[k].tolist())
            lines.append(
                f"    {place:<9} {self.analytic[k]:12.4e} {self.numerical[k]:12.4e}   "
                f"{self.errors[k]:.1e}{'   <- worst' if rank == 0 else ''}"
            )
        return "\n".join(lines)


def relative_error(a, b, floor=1e-8):
    """Return the largest |a - b| / max(|a| + |b|, floor) over all entries.

    1e-7 and less is agreement; 1e-2 is a mistake in one of the two. Near a kink (ReLU at 0, the
    hinge) central differences average both sides, and the error says nothing.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would hide a wrong gradient.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"the two must have the same shape, got {a.shape} and {b.shape}")
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), floor), initial=0.0))


def gradient_report(f, x, analytic, *, h=1e-5, num_checks=None, rng=None):
    """Check `analytic`, the gradient of f at x, by central differences.

    Parameters
    ----------
    f : callable
        f(x) -> float. It is called with a changed copy of x, and the last time with x's own
        values, so that an f that stores x in a network leaves the network as it was.
    x : ndarray of float64
        Where the gradient is taken; not changed.
    analytic : ndarray, shape of x
    h : float
        Step to either side; the error of the difference falls with h**2, rounding grows with 1/h.
    num_checks : int, optional
        Number of entries to check, drawn with `rng`; all of them when not given.
    rng : np.random.Generator, optional

    Returns
    -------
    GradientReport
        Relative errors are (|a - n| - r) / max(|a| + |n|, 1e-3 * largest |analytic|, 1e-8), at
        least 0. Entries that are zero beside the others are measured by the others' size, and what
        the rounding of f alone can cause, r = 1e-15 * |f(x)| / h, is no error.

    Raises
    ------
    ValueError
        If x is not float64, the shapes differ, or num_checks comes without rng.
    """
    x, analytic = np.asarray(x), np.array(analytic, np.float64)  # copies: f may reuse its arrays
    if x.dtype != np.float64:
        raise ValueError(f"a gradient check needs float64, got {x.dtype}: rounding would drown it")
    if analytic.shape != x.shape:
        raise ValueError(f"the gradient must have x's shape {x.shape}, got {analytic.shape}")
    places = np.arange(x.size)
    if num_checks is not None and num_checks < x.size:
        if rng is None:
            raise ValueError("num_checks draws entries at random: pass rng as well")
        places = np.sort(rng.choice(x.size, num_checks, replace=False))
    original, moved = x.copy(), x.copy()
    numerical = np.empty(len(places))
    for k, place in enumerate(places):
        moved.flat[place] = original.flat[place] + h
        above = float(f(moved))
        moved.flat[place] = original.flat[place] - h
        numerical[k] = (above - float(f(moved))) / (2 * h)
        moved.flat[place] = original.flat[place]
    rounding = 1e-15 * abs(float(f(original))) / h
    chosen = analytic.ravel()[places]
    floor = max(1e-3 * np.max(np.abs(analytic), initial=0.0, where=~np.isnan(analytic)), 1e-8)
    errors = np.maximum(np.abs(chosen - numerical) - rounding, 0)
    errors /= np.maximum(np.abs(chosen) + np.abs(numerical), floor)
    indices = np.stack(np.unravel_index(places, x.shape), axis=1) if x.ndim else np.empty((1, 0))
    return GradientReport(indices.astype(int), chosen, numerical, errors, x.size)


def network_report(model, X, y, reg=0.0, *, h=1e-5, num_checks=10, rng):
    """Check the gradients of all parameters of an `nn.MLP`.

    Dropout draws the same masks every time; the parameters are left as they were.

    Returns
    -------
    dict of str to GradientReport
        Each checks `num_checks` entries of one parameter.
    """
    masks = model.rng.bit_generator.state

    def loss_and_grads():
        model.rng.bit_generator.state = masks
        return model.loss(X, y, reg)

    grads = loss_and_grads()[1]
    reports = {}
    for name in model.params:

        def loss_at(values, name=name):
            model.params[name] = values
            return loss_and_grads()[0]

        reports[name] = gradient_report(
            loss_at, model.params[name], grads[name], h=h, num_checks=num_checks, rng=rng
        )
    return reports
