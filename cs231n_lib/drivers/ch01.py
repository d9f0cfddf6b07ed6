"""Drivers of chapter 1: distances with a bound on memory, and the yardstick of their time.

`trial.run` calls `distances` by name for the exercise without loops; `checking` times the
exercise against `plain_double_loop`.
"""

import tracemalloc

import numpy as np

from cs231n_lib.drivers import call


def distances(functions, inputs, exercise):
    """Call the function; with `measure_memory` among the inputs, measure its peak memory too.

    Returns
    -------
    dict
        The function's output and, where asked for, `peak_memory_ratio`: the largest amount of
        memory held at one time during the call, its result included, as a multiple of the bytes
        of a float64 array (num_test, num_train).
    """
    if not inputs.get("measure_memory"):
        return call(functions, inputs, exercise)
    outside = tracemalloc.is_tracing()
    if not outside:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        outputs = call(functions, inputs, exercise)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not outside:
            tracemalloc.stop()
    result_bytes = 8 * len(inputs["X"]) * len(inputs["X_train"])
    return outputs | {"peak_memory_ratio": (peak - before) / result_bytes}


def plain_double_loop(inputs):
    """Do four NumPy operations for every pair of rows, as two loops of distances do.

    What it computes is of no use and is not kept: only its time matters.
    """
    for row in inputs["X"]:
        for other in inputs["X_train"]:
            np.sqrt(np.abs(row + other).max())
