"""The answers of a chapter as numbers: exercises, their cases, and what right and wrong code gives.

`check` reads an answers file beside the notebook, `authoring.build` writes it, and the grader
keeps the same records in memory for its secret cases. A file holds arrays and one JSON text:
never code and never a pickle.
"""

from __future__ import annotations

import io
import json
import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FORMAT = 2


class AnswersError(Exception):
    """An answers file is missing, damaged or of another edition. The text says what to do."""


@dataclass(frozen=True)
class Rng:
    """A seed in a case's inputs; the function under test gets `np.random.default_rng(seed)`."""

    seed: int


@dataclass(frozen=True)
class Withheld:
    """A value that a bank's case keeps from the function under test: only the summary sees it."""

    value: object


@dataclass(frozen=True)
class Trial:
    """What one run of a function on one case gave.

    `status` is 'ok', 'stub' (not written yet), 'raised', 'type' (a result that is not numbers),
    'timeout' or 'died'. `outputs` maps a path such as `grads.W1` to a base ndarray. `changed`
    names the inputs that were changed in place. `where` is the failing line of the function.
    """

    status: str
    outputs: dict = field(default_factory=dict)
    changed: tuple = ()
    error: str = ""
    where: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Case:
    """One call of an exercise: a name for people, the inputs, and the reference's outputs.

    `withheld` is for the summary alone, such as the labels of unseen images: it never goes to
    where the function under test runs.
    """

    name: str
    inputs: dict
    expected: dict
    withheld: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Mistake:
    """A known wrong implementation: its name, one sentence of help, its trial on every case."""

    name: str
    hint: str
    trials: tuple


@dataclass(frozen=True)
class Exercise:
    """One exercise as a check needs it.

    `driver` and `summary` name functions of `cs231n_lib.drivers`; `positional` and `keyword` are
    the parameters of the reference's signature; `returns` names the parts of a returned tuple.
    `bounds` maps an output to (lowest, highest) and takes the place of comparing it.
    `memory_mb` is what a case may take beyond what the process has; grading holds it from outside.
    """

    name: str
    points: float
    cases: tuple
    mistakes: tuple = ()
    needs: tuple = ()
    driver: str = "call"
    summary: str = ""
    positional: tuple = ()
    keyword: tuple = ()
    returns: tuple = ("result",)
    may_change: tuple = ()
    rtol: float = 1e-5
    atol: float = 1e-8
    tolerance: dict = field(default_factory=dict)
    bounds: dict = field(default_factory=dict)
    faster_than: str = ""
    factor: float = 0.0
    seconds: float = 10.0
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Answers:
    """All exercises of a chapter, in order; `edition` ties them to the notebook they belong to."""

    chapter: str
    edition: str
    exercises: dict


# ------------------------------------------------------------------ trees of values <-> JSON


def encode(value, arrays: list):
    """Turn a value into JSON; arrays go to the list `arrays` and leave their index behind."""
    if isinstance(value, Rng):
        return {"rng": value.seed}
    if isinstance(value, np.ndarray):
        for i, known in enumerate(arrays):
            if (known.dtype, known.shape) == (value.dtype, value.shape):
                if known.tobytes() == value.tobytes():
                    return {"array": i}
        arrays.append(np.array(value, copy=True))
        return {"array": len(arrays) - 1}
    if isinstance(value, np.generic):
        return encode(value.item(), arrays)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [encode(v, arrays) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(v, arrays) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}
    raise TypeError(
        f"an input must be made of arrays, numbers, texts, lists, tuples, dicts and Rng seeds, "
        f"got {type(value).__name__}"
    )


def decode(value, arrays):
    """Undo `encode`."""
    if isinstance(value, list):
        return [decode(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "rng":
        return Rng(content)
    if kind == "array":
        return arrays[content]
    if kind == "tuple":
        return tuple(decode(v, arrays) for v in content)
    if kind == "dict":
        return {decode(k, arrays): decode(v, arrays) for k, v in content}
    raise ValueError(f"unknown kind of value {kind!r}")


def _encode_exercise(exercise: Exercise, arrays: list) -> dict:
    record = {k: v for k, v in as_fields(exercise).items() if k not in ("cases", "mistakes")}
    record["cases"] = [
        {
            "name": c.name,
            "inputs": encode(c.inputs, arrays),
            "expected": encode(c.expected, arrays),
        }
        | ({"withheld": encode(c.withheld, arrays)} if c.withheld else {})
        for c in exercise.cases
    ]
    record["mistakes"] = [
        {
            "name": m.name,
            "hint": m.hint,
            "trials": [
                {"status": t.status, "changed": list(t.changed), "error": t.error}
                | {"outputs": encode(t.outputs, arrays)}
                for t in m.trials
            ],
        }
        for m in exercise.mistakes
    ]
    return record


def as_fields(record) -> dict:
    """Return a dataclass's fields as a dict, without copying what they hold."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _decode_exercise(record: dict, arrays) -> Exercise:
    cases = tuple(
        Case(
            c["name"], decode(c["inputs"], arrays), decode(c["expected"], arrays),
            decode(c["withheld"], arrays) if "withheld" in c else {},
        )
        for c in record["cases"]
    )
    mistakes = tuple(
        Mistake(
            m["name"],
            m["hint"],
            tuple(
                Trial(t["status"], decode(t["outputs"], arrays), tuple(t["changed"]), t["error"])
                for t in m["trials"]
            ),
        )
        for m in record["mistakes"]
    )
    rest = {
        k: tuple(v) if isinstance(v, list) else v
        for k, v in record.items()
        if k not in ("cases", "mistakes")
    }
    return Exercise(cases=cases, mistakes=mistakes, **rest)


def to_bytes(answers: Answers) -> bytes:
    """Return the file's bytes; the same answers always give the same bytes."""
    arrays: list = []
    manifest = {
        "format": FORMAT,
        "chapter": answers.chapter,
        "edition": answers.edition,
        "exercises": [_encode_exercise(e, arrays) for e in answers.exercises.values()],
    }
    manifest["arrays"], flat = _join(arrays)
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    out = io.BytesIO()
    # np.savez gives every member the same fixed date, so nothing in the file tells the hour.
    head = json.dumps({k: manifest[k] for k in ("format", "chapter", "edition")})
    np.savez_compressed(
        out,
        head=np.frombuffer(head.encode(), np.uint8),
        manifest=np.frombuffer(text.encode(), np.uint8),
        **flat,
    )
    return out.getvalue()


def _join(arrays: list):
    """Lay arrays of one dtype end to end, since reading a member costs more than its numbers.

    Returns
    -------
    list of [dtype, start, shape], and {dtype: 1-D array}
    """
    places, parts, ends = [], {}, {}
    for array in arrays:
        kind = array.dtype.str.strip("<|=")
        start = ends.get(kind, 0)
        places.append([kind, start, list(array.shape)])
        parts.setdefault(kind, []).append(array.ravel())
        ends[kind] = start + array.size
    return places, {kind: np.concatenate(found) for kind, found in parts.items()}


@contextmanager
def _explained():
    """Turn whatever zip, JSON and NumPy say of a damaged file into an AnswersError."""
    try:
        yield
    except AnswersError:
        raise
    except Exception as error:
        # zipfile, zlib, tokenize, json, struct, NumPy: a damaged byte can end in any of them.
        raise AnswersError(f"the file is damaged ({type(error).__name__}: {error})") from error


def _parse(file, member: str) -> dict:
    record = json.loads(bytes(file[member]).decode())
    if record["format"] != FORMAT:
        raise AnswersError(
            f"the answers file has format {record['format']}, this library reads {FORMAT}; "
            f"take notebook, answers.npz and cs231n_lib from the same release"
        )
    return record


def head_from_bytes(data: bytes) -> tuple:
    """Return (chapter, edition) of what `to_bytes` wrote, without reading the rest."""
    with _explained(), np.load(io.BytesIO(data), allow_pickle=False) as file:
        record = _parse(file, "head")
        return record["chapter"], record["edition"]


def from_bytes(data: bytes) -> Answers:
    """Read what `to_bytes` wrote.

    Raises
    ------
    AnswersError
        The bytes are cut, damaged or of an unknown format.
    """
    with _explained():
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            manifest = _parse(file, "manifest")
            flat = {kind: file[kind] for kind in file.files if kind not in ("head", "manifest")}
        arrays = []
        for kind, start, shape in manifest["arrays"]:
            array = flat[kind][start : start + math.prod(shape)].reshape(shape)
            array.flags.writeable = False
            arrays.append(array)
        exercises = [_decode_exercise(e, arrays) for e in manifest["exercises"]]
        return Answers(
            manifest["chapter"], manifest["edition"], {e.name: e for e in exercises}
        )


def read(path: Path, parse=from_bytes):
    """Read an answers file from disk: all of it, or with `parse=head_from_bytes` its head.

    Raises
    ------
    AnswersError
        There is no such file, or it cannot be read; the text says what to do.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise AnswersError(
            f"There is no answers.npz in {path.parent.resolve()}. The checks need the one that "
            f"came with this notebook: open the notebook from its own folder "
            f"(notebooks/<chapter>/), or copy answers.npz to where it is open."
        ) from None
    except OSError as error:
        raise AnswersError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return parse(data)
    except AnswersError as error:
        raise AnswersError(
            f"{path.resolve()} is no good: {error}. Take a fresh copy from the release "
            f"(with git: `git checkout -- {path.name}` in that folder)."
        ) from error
