"""Run an exercise's functions on one case and record what came out.

`check` runs trials in the learner's kernel, `authoring` on references and mistakes, and the
grader's worker inside its sandbox. Nothing here compares: a trial is only a record.
"""

from __future__ import annotations

import contextlib
import io
import signal
import threading
import time
import traceback
import warnings

import numpy as np

from cs231n_lib import drivers
from cs231n_lib.answers import Exercise, Rng, Trial

NUMBER_KINDS = "biufU"
# After one of these the other cases would end alike, or take as long: they are not run.
FINAL = ("stub", "timeout", "died", "missing")


class OutOfTime(BaseException):
    """Raised inside a function that ran past its time; not an Exception, so that a bare
    `except Exception` in a learner's code does not swallow it."""


def fresh(value):
    """Copy a case's inputs for one call: arrays become writable copies, seeds generators."""
    if isinstance(value, Rng):
        return np.random.default_rng(value.seed)
    if isinstance(value, np.ndarray):
        return np.array(value, copy=True)
    if isinstance(value, dict):
        return {k: fresh(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(v) for v in value)
    return value


def same(a, b) -> bool:
    """Tell whether two inputs are the same to the last bit (a generator is always the same)."""
    if isinstance(a, np.random.Generator) or isinstance(a, Rng):
        return True
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
            and a.tobytes() == b.tobytes()
        )
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


def flatten(value, path="") -> dict:
    """Turn nested results into {path: base ndarray}, e.g. {'loss': ..., 'grads.W1': ...}.

    Raises
    ------
    TypeError
        Somewhere inside is neither a number, a text, nor an array of them.
    """
    if isinstance(value, dict):
        flat = {}
        for key, item in value.items():
            flat |= flatten(item, f"{path}.{key}" if path else f"{key}")
        return flat
    if isinstance(value, (list, tuple)):
        array = _as_array(value)
        if array is not None:
            return {path: array}
        flat = {}
        for i, item in enumerate(value):
            flat |= flatten(item, f"{path}[{i}]")
        return flat
    array = None if value is None else _as_array(value)
    if array is None:
        kind = "None" if value is None else type(value).__name__
        if isinstance(value, np.ndarray):
            kind = f"an array of dtype {value.dtype}"
        raise TypeError(f"{path} must be a number or an array of numbers, got {kind}")
    return {path: array}


def _as_array(value):
    try:
        array = np.array(value, subok=False)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in NUMBER_KINDS else None


@contextlib.contextmanager
def time_limit(seconds: float):
    """Interrupt the body after `seconds` of wall time, where the system can (main thread, Unix)."""
    possible = (
        hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    )
    if not possible:
        yield
        return

    def stop(signum, frame):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(exercise: Exercise, functions: dict, inputs: dict) -> Trial:
    """Run one case; never raises for what the functions under test do.

    Parameters
    ----------
    functions : dict
        The learner's functions by name: the exercise's own and those it needs.
    inputs : dict
        The case's inputs, as stored; each run works on fresh copies.
    """
    given = fresh(inputs)
    driver = drivers.find(exercise.driver)
    start = time.perf_counter()
    try:
        with time_limit(exercise.seconds), warnings.catch_warnings(), np.errstate():
            warnings.simplefilter("ignore")
            with contextlib.redirect_stderr(io.StringIO()):
                start = time.perf_counter()
                result = driver(functions, given, exercise)
                seconds = time.perf_counter() - start
                outputs = flatten(result)
    except NotImplementedError:
        return Trial("stub", error="not written yet", where=_where(functions))
    except OutOfTime:
        return Trial("timeout", error=f"ran for more than {exercise.seconds:g} s")
    except TypeError as error:
        where = _where(functions)
        return Trial("raised" if where else "type", error=_describe(error, where), where=where)
    except (Exception, SystemExit) as error:
        where = _where(functions)
        return Trial("raised", error=_describe(error, True), where=where)
    changed = tuple(
        name for name in inputs
        if name not in exercise.may_change and not same(inputs[name], given[name])
    )
    return Trial("ok", outputs, changed, seconds=seconds)


def run_each(exercise: Exercise, functions: dict, inputs):
    """Yield the trial of one case's inputs after the other, up to the first with a `FINAL` status.
    """
    for given in inputs:
        trial = run(exercise, functions, given)
        yield trial
        if trial.status in FINAL:
            return


def run_all(exercise: Exercise, functions: dict, cases) -> list:
    """Run cases in order; after one with a status of `FINAL` the rest is taken to end like it."""
    trials = list(run_each(exercise, functions, [case.inputs for case in cases]))
    return trials + trials[-1:] * (len(cases) - len(trials))


def _describe(error, with_type) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if with_type else text


def _where(functions: dict) -> str:
    """Return 'line 7: dx = dout @ w' of the innermost frame in the learner's own code."""
    import sys

    files = {
        f.__code__.co_filename for f in functions.values() if hasattr(f, "__code__")
    }
    place = ""
    for frame in traceback.extract_tb(sys.exc_info()[2]):
        if frame.filename in files and "cs231n_lib" not in frame.filename:
            place = f"line {frame.lineno}: {frame.line}" if frame.line else f"line {frame.lineno}"
    return place
