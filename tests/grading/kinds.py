"""A class of all kinds of submissions, and how a run of it is started and read afterwards."""

import subprocess
import sys

from hostile import judgement
from hostile.corpus import HONEST, RIGHT, Entry

from cs231n_lib.grading.records import Journal

KINDS = {
    "right": Entry("right", 20.0, RIGHT),
    "part": Entry("part", 5.0, HONEST),
    "empty": Entry("empty", 0.0, {}),
    "dies": Entry("dies", 5.0, HONEST | {"relu": "def relu(x):\n    import os\n    os._exit(1)"}),
    "junk": Entry("junk", 0.0, {}, raw=b"junk"),
}


def hand_in(course, number: int, first: int = 0) -> dict:
    """Hand in `number` submissions of all kinds; return {student: due score}."""
    kinds = list(KINDS.items())
    entries = {}
    for i in range(first, first + number):
        kind, entry = kinds[i % len(kinds)]
        entries[f"{i:03d}-{kind}"] = entry
    judgement.hand_in(course, entries)
    return {student: entry.wanted for student, entry in entries.items()}


def in_gradebook(course) -> dict:
    """Return {student: score} as nbgrader sees it."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        return {s.student_id: s.score for s in book.assignment_submissions("01_mini")}


def journal(course) -> dict:
    return Journal(course.root / "grading/01_mini/journal.jsonl").read()


def start(course):
    command = [sys.executable, "-m", "cs231n_lib.cli", "grade", "1", "--jobs", "2"]
    return subprocess.Popen(
        command, cwd=course.root, start_new_session=True, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
