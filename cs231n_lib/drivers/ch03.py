"""Drivers of chapter 3: a numerical gradient is measured on functions that stand here.

`solutions/03_losses/bank.py` names them by their formula, so that a card can print it.
"""

import numpy as np

from cs231n_lib.drivers import call_with

# Each takes x of any shape and the case's array `a` of the same shape, and returns one number.
# A copy of x or x itself, an array or a NumPy number: all are accepted.
FORMULAS = {
    "sum(exp(a * x))": lambda x, a: float(np.sum(np.exp(a * x))),
    "sum(cos(a * x))": lambda x, a: float(np.sum(np.cos(a * x))),
    "exp(sum(a * x))": lambda x, a: float(np.exp(np.sum(a * x))),
    "sum(a * x**3)": lambda x, a: float(np.sum(a * x**3)),
    "sum(a * x**2)": lambda x, a: float(np.sum(a * x**2)),
}


def slope(functions, inputs, exercise):
    """Call `numerical_gradient(f, x)` or `(f, x, h)` with the case's formula as f."""
    formula, a = FORMULAS[inputs["f"]], inputs["a"]

    def f(x):
        if np.shape(x) != a.shape:
            raise ValueError(f"f was called with x of shape {np.shape(x)}, wanted {a.shape}")
        return formula(np.asarray(x), a)

    function = functions[exercise.name]
    return {"grad": call_with(function, inputs | {"f": f}, exercise)}
