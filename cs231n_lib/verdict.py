"""Judge the trials of one exercise: points, the first thing wrong, and which mistake was made.

The learner's `check` and the grader's judge both end here, so that they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cs231n_lib import drivers
from cs231n_lib.answers import Case, Exercise, Trial
from cs231n_lib.compare import Difference, close, difference


@dataclass(frozen=True)
class Verdict:
    """What is said of one exercise.

    `status` is 'passed', 'partial', 'failed', 'error', 'timeout' or 'missing'. `message` is one
    plain paragraph; `mistake` and `hint` are set when the results equal a known mistake's.
    """

    name: str
    points: float
    max_points: float
    passed: int
    total: int
    status: str
    message: str = ""
    case: str = ""
    shapes: str = ""
    got: str = ""
    wanted: str = ""
    mistake: str = ""
    hint: str = ""


def judge(exercise: Exercise, trials, *, fast_enough: bool | None = None) -> Verdict:
    """Compare one trial per case with the expected outputs.

    Parameters
    ----------
    trials : sequence of Trial
        In the order of `exercise.cases`.
    fast_enough : bool, optional
        Where the exercise has a bound on time: whether it was kept. It counts as one more case.
    """
    trials = [summarised(exercise, case, t) for case, t in zip(exercise.cases, trials)]
    problems = [problem(exercise, case, t) for case, t in zip(exercise.cases, trials)]
    total = len(problems) + (fast_enough is not None)
    passed = sum(p is None for p in problems) + (fast_enough is True)
    points = round(exercise.points * passed / total, 2)
    base = Verdict(exercise.name, points, exercise.points, passed, total, "passed")
    if passed == total:
        return base
    if all(p is None for p in problems):
        yardstick = exercise.faster_than.rpartition(".")[2].replace("_", " ")
        text = (
            f"The numbers are right, but it is too slow: it must take at most "
            f"1/{exercise.factor:g} of the time of a {yardstick}."
        )
        # Only a known slow mistake gives the right numbers in every case.
        names = recognise(exercise, trials, problems)
        return _with_mistakes(replace(base, status="partial", message=text, case="time"), names)
    first = next(i for i, p in enumerate(problems) if p is not None)
    case, trial, found = exercise.cases[first], trials[first], problems[first]
    status = {"stub": "missing", "raised": "error", "type": "error", "timeout": "timeout"}.get(
        trial.status, "error" if trial.status == "died" else "failed"
    )
    if passed:
        status = "partial"
    names = recognise(exercise, trials, problems)
    told = replace(
        base,
        status=status,
        message=found.text,
        case=case.name,
        shapes=describe_inputs(case.inputs),
        got=found.got,
        wanted=found.wanted,
    )
    return _with_mistakes(told, names)


def _with_mistakes(verdict: Verdict, mistakes) -> Verdict:
    return replace(
        verdict,
        mistake="; ".join(m.name for m in mistakes),
        hint=" ".join(dict.fromkeys(m.hint for m in mistakes)),
    )


def summarised(exercise: Exercise, case: Case, trial: Trial) -> Trial:
    """Turn the samples of a random function into statistics, where the exercise says so."""
    if not exercise.summary or trial.status != "ok":
        return trial
    try:
        outputs = drivers.find(exercise.summary)(trial.outputs, case.inputs | case.withheld)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        return replace(trial, status="type", error=text, outputs={})
    return replace(trial, outputs={k: np.asarray(v) for k, v in outputs.items()})


def problem(exercise: Exercise, case: Case, trial: Trial) -> Difference | None:
    """Return the first thing that is wrong with one trial, or None."""
    name = exercise.name
    if trial.status == "stub":
        return Difference(
            "", "stub",
            f"{name} still raises NotImplementedError: write it, run its cell, then check again.",
        )
    if trial.status == "raised":
        where = f" ({trial.where})" if trial.where else ""
        return Difference("", "raised", f"{name} stopped with {trial.error}{where}.")
    if trial.status == "type":
        named = trial.error if trial.error.startswith(name) else f"{name}: {trial.error}"
        return Difference("", "type", f"{named.rstrip('.')}.")
    if trial.status == "timeout":
        return Difference("", "timeout", f"{name} {trial.error}. Is there a loop without an end?")
    if trial.status == "died":
        return Difference("", "died", f"{name} did not come back: {trial.error}.")
    found = _wrong_outputs(exercise, case, trial)
    if found:
        return found[0]
    if trial.changed:
        names = " and ".join(trial.changed)
        return Difference(
            names, "changed",
            f"{name} changed its input {names} in place. Work on a copy: write x * y, not x *= y.",
        )
    return None


def _wrong_outputs(exercise: Exercise, case: Case, trial: Trial) -> list:
    found, sizes = [], _sizes(case.inputs)
    for path, want in case.expected.items():
        got = trial.outputs.get(path)
        if got is None:
            have = ", ".join(trial.outputs) or "nothing"
            found.append(Difference(path, "missing", f"{path} is missing; got {have}."))
        elif path in exercise.bounds:
            low, high = exercise.bounds[path]
            value = _single(got)
            if _side(value, low, high) != "within":
                wanted = " and ".join(
                    f"{word} {limit:g}"
                    for word, limit in (("at least", low), ("at most", high))
                    if limit is not None
                )
                text = f"{path.replace('_', ' ')} must be {wanted}, got {value:.3g}."
                found.append(Difference(path, "bound", text, f"{value:.6g}", wanted))
        else:
            rtol, atol = tolerance(exercise, path)
            wrong = difference(path, got, want, rtol, atol, sizes)
            if wrong:
                found.append(wrong)
    for path in trial.outputs:
        if path not in case.expected:
            found.append(Difference(path, "extra", f"{path} should not be there."))
    return found


def _single(array) -> float:
    return float(array.reshape(())) if array.size == 1 else np.nan


def _side(value: float, low, high) -> str:
    """Return where a bounded number lies: 'within', 'below', 'above' or 'nan'."""
    if np.isnan(value):
        return "nan"
    if low is not None and value < low:
        return "below"
    return "above" if high is not None and value > high else "within"


def settled(exercise: Exercise, outputs: dict) -> dict:
    """Return outputs in which every bounded number only tells on which side of its bounds it is.

    Memory and other measurements differ from run to run; what is stored of them must not.
    """
    done = dict(outputs)
    for path in exercise.bounds.keys() & outputs.keys():
        low, high = exercise.bounds[path]
        inside = high if low is None else low
        stands_for = {"within": inside, "below": -np.inf, "above": np.inf, "nan": np.nan}
        done[path] = np.asarray(stands_for[_side(_single(outputs[path]), low, high)], float)
    return done


def tolerance(exercise: Exercise, path: str):
    """Return (rtol, atol) of an output; a tolerance given for `grads` holds for `grads.W1`."""
    for key in (path, path.split(".")[0].split("[")[0]):
        if key in exercise.tolerance:
            return exercise.tolerance[key]
    return exercise.rtol, exercise.atol


def equals(exercise: Exercise, trial: Trial, other: Trial, paths=None) -> bool:
    """Tell whether two trials gave the same, within the exercise's tolerance.

    Of a bounded output the value may differ, but both must lie on the same side of its bounds.
    """
    if trial.status != other.status:
        return False
    if trial.status != "ok":
        return trial.error.split(":")[0] == other.error.split(":")[0]
    if paths is None:
        if trial.changed != other.changed or trial.outputs.keys() != other.outputs.keys():
            return False
        paths = list(trial.outputs)
    for path in paths:
        a, b = trial.outputs.get(path), other.outputs.get(path)
        if a is None or b is None:
            return False
        if path in exercise.bounds:
            sides = [_side(_single(array), *exercise.bounds[path]) for array in (a, b)]
            if sides[0] != sides[1]:
                return False
            continue
        if a.shape != b.shape or not close(a, b, *tolerance(exercise, path)).all():
            return False
    return True


def recognise(exercise: Exercise, trials, problems) -> list:
    """Return the known mistakes that explain the trials.

    One mistake whose trials are equal in every case, else a few that each explain all of some
    wrong output (dw of one mistake, db of another).
    """
    for mistake in exercise.mistakes:
        pairs = list(zip(trials, mistake.trials))
        if all(equals(exercise, a, b) for a, b in pairs):
            return [mistake]
    ok = [
        (c, t, i) for i, (c, t) in enumerate(zip(exercise.cases, trials)) if t.status == "ok"
    ]
    if len(ok) < len(trials) or any(t.changed for t in trials):
        return []
    wrong = {}
    for case, trial, i in ok:
        for found in _wrong_outputs(exercise, case, trial):
            if found.path not in exercise.bounds:
                wrong.setdefault(found.path, []).append(i)
    names = []
    for path in wrong:
        for mistake in exercise.mistakes:
            there = [(trials[i], mistake.trials[i]) for i in range(len(trials))]
            there = [(a, b) for a, b in there if path in a.outputs or path in b.outputs]
            if there and all(equals(exercise, a, b, [path]) for a, b in there):
                names.append(mistake)
                break
        else:
            return []
    found = {mistake.name: mistake for mistake in names}
    return list(found.values()) if len(found) <= 2 else []


def describe_inputs(inputs: dict) -> str:
    """Return 'x (5, 4), w (4, 3), reg 0.1' for the card."""
    parts = []
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            parts.append(f"{name} {value.shape}")
        elif isinstance(value, (bool, int, float, str)):
            parts.append(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")
        elif isinstance(value, dict):
            inner = describe_inputs({k: v for k, v in value.items() if isinstance(k, str)})
            parts.append(f"{name} {{{inner}}}")
    return ", ".join(parts)


def _sizes(inputs: dict) -> list:
    """Return [('N', 5), ('D', 4), ...] from the first array among the inputs that holds data."""
    arrays = {k: v for k, v in inputs.items() if isinstance(v, np.ndarray) and v.ndim}
    data = [v for k, v in arrays.items() if not k.startswith("W")] or list(arrays.values())
    if not data:
        return []
    return list(zip(("N", "D", "the third size", "the fourth size"), data[0].shape))
