"""A class of all kinds of submissions, and how a run of it is started and read afterwards."""

import json
import subprocess
import sys

from hostile.corpus import HONEST, RIGHT, Entry, submission

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
    release = json.loads((course.notebooks / "01_mini" / "01_mini.ipynb").read_text())
    for cell in release["cells"]:
        cell["source"] = "".join(cell["source"])
    due = {}
    for i in range(first, first + number):
        kind = list(KINDS)[i % len(KINDS)]
        name = f"{i:03d}-{kind}"
        folder = course.root / "submitted" / name / "01_mini"
        folder.mkdir(parents=True)
        (folder / "01_mini.ipynb").write_bytes(submission(KINDS[kind], release))
        due[name] = KINDS[kind].wanted
    return due


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
