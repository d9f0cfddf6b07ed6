"""Find submissions that are nearly the same, by the shape of their code: places to look at.

`grading.report` shows them. Names, comments and layout do not count; what many of a class write
alike does not count either, since it is the exercise that makes it alike.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass

WINDOW = 6
COMMON = 0.2


@dataclass(frozen=True)
class Pair:
    """Two students, how alike their code is (0 to 1), and in how many exercises."""

    first: str
    second: str
    alike: float
    exercises: int


def shape(source: str) -> list:
    """Return the sequence of node kinds of a function's code, with operators and constants."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    kinds = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Load, ast.Store)):
            continue
        text = type(node).__name__
        if isinstance(node, ast.Attribute):
            text += f".{node.attr}"
        elif isinstance(node, ast.Constant) and not isinstance(node.value, str):
            text += f":{node.value!r}"
        kinds.append(text)
    return kinds


def windows(source: str) -> frozenset:
    """Return the runs of WINDOW node kinds in a piece of code."""
    kinds = shape(source)
    return frozenset(
        tuple(kinds[i : i + WINDOW]) for i in range(max(len(kinds) - WINDOW + 1, 0))
    )


def near_pairs(sources: dict, *, least: float = 0.9, most: int = 50) -> list:
    """Return pairs of students whose code is alike beyond what the class shares.

    Parameters
    ----------
    sources : dict
        {student: {exercise: source}}; untouched stubs left out.
    least : float
        The share of common windows (Jaccard) that a pair must reach.

    Returns
    -------
    list of Pair
        The most alike first, at most `most`.
    """
    sets = {
        student: {(name, w) for name, text in own.items() for w in windows(text)}
        for student, own in sources.items()
    }
    count = Counter(w for own in sets.values() for w in own)
    limit = max(2, COMMON * len(sets))
    rare = {s: {w for w in own if 1 < count[w] <= limit} for s, own in sets.items()}
    by_window = defaultdict(list)
    for student, own in rare.items():
        for w in own:
            by_window[w].append(student)
    shared: Counter = Counter()
    for students in by_window.values():
        for i, a in enumerate(students):
            for b in students[i + 1 :]:
                shared[tuple(sorted((a, b)))] += 1
    pairs = []
    for (a, b), number in shared.items():
        if number < 5:
            continue
        alike = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        if alike >= least:
            exercises = len({name for name, _ in rare[a] & rare[b]})
            pairs.append(Pair(a, b, alike, exercises))
    return sorted(pairs, key=lambda p: (-p.alike, -p.exercises, p.first, p.second))[:most]
