"""Driver of chapter 07: a normalisation layer that is shown one batch after the other.

The bank of `solutions/07_batchnorm` names it; it runs in the learner's kernel.
"""

from __future__ import annotations

import numpy as np

from cs231n_lib.drivers import out_and_cache

RUNNING = ("running_mean", "running_var")


def batches(functions, inputs, exercise):
    """Call `f(x, gamma, beta, bn_param)` on one or several batches that share one `bn_param`.

    What the layer remembers is judged by what the dict that it was given holds after each call.

    Parameters
    ----------
    inputs : dict
        Either `x`, one batch in the mode that `bn_param` names; or `x1`, `x2`, ..., batches in
        that order, and then `x_test`, before which `bn_param["mode"]` becomes 'test'. `gamma`,
        `beta` and `bn_param` are passed on as they are.

    Raises
    ------
    TypeError
        No pair comes back, or the running statistics are not in `bn_param` afterwards.
    """
    function, bn_param = functions[exercise.name], inputs["bn_param"]
    seen = {}
    for name in [name for name in inputs if name.startswith("x")]:
        if name == "x_test":
            bn_param["mode"] = "test"
        result = function(inputs[name], inputs["gamma"], inputs["beta"], bn_param)
        out, _ = out_and_cache(result, exercise.name)
        missing = [key for key in RUNNING if bn_param.get(key) is None]
        if missing:
            have = ", ".join(map(str, bn_param)) or "nothing"
            raise TypeError(
                f"bn_param must hold {' and '.join(missing)} after the call; it holds {have}"
            )
        of, after = ("", "") if name == "x" else (f" of {name}", f" after {name}")
        # Copies: a later call may well update the same arrays in place.
        seen[f"out{of}"] = _copy(out)
        for key in RUNNING:
            seen[f"{key}{after}"] = _copy(bn_param[key])
    return seen


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value
