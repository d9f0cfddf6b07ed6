"""Drivers of chapter 08: several steps of an update rule, and a learning rate over time.

The bank of `solutions/08_optimizers` names them; they run in the learner's kernel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cs231n_lib.drivers import split


def steps(functions, inputs, exercise):
    """Walk with an update rule and return every `next_w`.

    A rule is judged by where it goes, step after step from a cold start: what it keeps in
    `config`, and whether it changes that dict or returns a copy, is the learner's own.

    Parameters
    ----------
    inputs : dict
        `w` is one parameter, an array, or {name: array} for several; `dw` is a list with the
        gradients of each step, in the form of `w`; `config` are the settings that each parameter
        starts with, in a dict of its own. Parameters take turns within a step, as in training.
        An array that a call changes in place is changed in `inputs` too, so that the trial sees it.
    """
    rule, several = functions[exercise.name], isinstance(inputs["w"], dict)
    places = inputs["w"] if several else {"w": inputs["w"]}
    now, configs, walk = dict(places), {name: dict(inputs["config"]) for name in places}, {}
    for number, gradients in enumerate(inputs["dw"], 1):
        for name, place in places.items():
            w, dw = now[name], gradients[name] if several else gradients
            before = w.copy()
            next_w, config = split(rule(w, dw, configs[name]), ("next_w", "config")).values()
            if w is not place and w.tobytes() != before.tobytes():
                place[...] = w  # report a change of a later w as a change of the input
            walk[f"{name} after step {number}"] = now[name] = _as_w(next_w, place).copy()
            if not isinstance(config, Mapping):
                raise TypeError(
                    f"must return config, a dict, beside next_w; got {type(config).__name__}"
                )
            configs[name] = config
    return walk


def _as_w(next_w, w):
    """Return next_w as an array, which must have the shape of w."""
    array = np.array(next_w, subok=False)
    if array.dtype.kind not in "biuf" or array.shape != w.shape:
        got = f"one of shape {array.shape}" if array.dtype.kind in "biuf" else repr(next_w)[:60]
        raise TypeError(f"next_w must be an array of w's shape {w.shape}, got {got}")
    return array


def schedule(functions, inputs, exercise):
    """Ask a schedule for the learning rate at each of `inputs["times"]`, one call each.

    The other inputs are passed by name, but for `lr0`, which comes first, and the time, second.
    """
    function = functions[exercise.name]
    settings = {k: v for k, v in inputs.items() if k not in ("lr0", "times")}
    rates = {}
    for time in inputs["times"]:
        rates[f"lr at {exercise.positional[1]} = {time}"] = function(
            inputs["lr0"], time, **settings
        )
    return rates
