"""Grade one submission, in a worker process: repair, run in the sandbox, judge, write it up.

`grading.batch` sends jobs and tasks here, through any executor. What a worker needs is imported
here and no more, since every worker waits for it before its first submission.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing.util
import os
import tempfile
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path

from cs231n_lib import answers, card
from cs231n_lib.grading import graded, repair, session
from cs231n_lib.grading.records import Record
from cs231n_lib.grading.sandbox import Limits, Sandbox, SandboxError

TRIES = 2


@dataclass(frozen=True)
class Job:
    """All that a worker needs to grade a chapter; it travels as plain bytes and numbers.

    Without `answers` it serves to `prepare` for one of the same key.
    """

    key: str
    chapter: str
    release: dict
    limits: Limits
    confined: bool
    secrets: tuple
    answers: bytes = b""


@dataclass(frozen=True)
class Task:
    """One submission on its way to a worker."""

    student: str
    data: bytes
    timestamp: str
    note: str
    fault: str
    fingerprint: str


@dataclass(frozen=True)
class Result:
    """What a worker gives back: the record, the graded notebook, the feedback page."""

    record: Record
    notebook: bytes = b""
    feedback: bytes = b""


_here: dict = {}


def prepare(job: Job) -> None:
    """Start the sandbox for what is to come; what fails will fail again, and be told, then."""
    try:
        _workplace(job)
    except (SandboxError, OSError):
        leave()


def grade_one(job: Job, task: Task) -> Result:
    """Grade one submission; whatever happens comes back as a record."""
    start = time.perf_counter()
    for attempt in range(TRIES):
        try:
            return _grade(_workplace(job), job, task, start)
        except (SandboxError, OSError) as error:
            leave()
            reason = f"{type(error).__name__}: {error}"
            if attempt == TRIES - 1:
                return Result(ours(job, task, reason))
        except Exception:
            leave()
            reason = traceback.format_exc(limit=-3)
            return Result(ours(job, task, reason))


def ours(job: Job, task: Task, reason: str) -> Record:
    """Return the record of a failure of our own: no mark."""
    return Record(task.student, job.chapter, "ours", 0.0, 0.0, reason=reason[:2000],
                  timestamp=task.timestamp, fingerprint=task.fingerprint)


@dataclass
class Workplace:
    """What a worker process keeps between submissions."""

    key: str
    folder: tempfile.TemporaryDirectory
    sandbox: Sandbox
    release: list
    known: answers.Answers | None
    metadata: dict
    shared: dict = field(default_factory=dict)


def _workplace(job: Job) -> Workplace:
    place = _here.get("place")
    if place is None or place.key != job.key:
        leave()
        folder = tempfile.TemporaryDirectory(prefix="cs231n-release-")
        os.chmod(folder.name, 0o755)
        for name, data in job.release.items():
            path = Path(folder.name) / name
            path.write_bytes(data)
            path.chmod(0o644)
        notebook = json.loads(job.release[f"{job.chapter}.ipynb"])
        release = repair.read_release(notebook)
        first = next(c for c in release if c.cell_type == "code")
        sandbox = Sandbox(
            Path(folder.name), job.limits, setup=first.source if first.kind == "locked" else "",
            secrets=job.secrets, confined=job.confined,
        )
        place = Workplace(job.key, folder, sandbox, release, None, notebook["metadata"])
        _here["place"] = place
        # A pool's process ends without `atexit`; other executors' end with it.
        multiprocessing.util.Finalize(None, leave, exitpriority=10)
        atexit.register(leave)
    if place.known is None and job.answers:
        place.known = answers.from_bytes(job.answers)
    return place


def leave() -> None:
    """Close this process's sandbox and take away its folder."""
    place = _here.pop("place", None)
    if place is not None:
        place.sandbox.close()
        place.folder.cleanup()


def _grade(place: Workplace, job: Job, task: Task, start: float) -> Result:
    most = sum(e.points for e in place.known.exercises.values())
    base = Record(
        task.student, job.chapter, "scored", 0.0, most, timestamp=task.timestamp,
        fingerprint=task.fingerprint, edition=place.known.edition,
    )
    # What cannot be read is graded like an empty notebook, so that every student has a page.
    cells, fault = [], task.fault
    if not fault:
        try:
            cells = repair.read_submission(task.data)
        except repair.Unreadable as error:
            fault = f"nothing could be graded: {error}"
    steps, repairs = repair.rebuild(place.release, cells)
    if fault:
        repairs = []
    elif task.note:
        repairs = [task.note, *repairs]
    worker = session.Session(
        place.sandbox, place.known, [] if fault else steps, job.limits, place.shared
    )
    outcome = worker.run()
    exercises = [_exercise_row(place, name, outcome) for name in place.known.exercises]
    written = {
        s.released.name: not repair.is_untouched(s.released, s.source)
        for s in steps if s.released is not None and s.released.kind == "written"
    }
    record = replace(
        base, outcome="student" if fault else "scored", reason=fault,
        score=round(sum(e["points"] for e in exercises), 2), exercises=exercises,
        repairs=repairs, notes=outcome.notes, written=written, seconds=round(outcome.seconds, 3),
        overhead_seconds=round(max(time.perf_counter() - start - outcome.seconds, 0.0), 3),
        peak_mb=round(outcome.peak_bytes / 1e6, 1),
    )
    notebook = graded.graded_notebook(steps, outcome, place.metadata)
    page = graded.feedback_page(task.student, job.chapter, steps, outcome, repairs, fault)
    return Result(record, notebook, page)


def _exercise_row(place: Workplace, name: str, outcome) -> dict:
    verdict = outcome.verdicts.get(name)
    if verdict is None:
        points = place.known.exercises[name].points
        return {"name": name, "points": 0.0, "max_points": points, "status": "missing",
                "mistake": "", "message": "", "cases": [0, 0]}
    message = " ".join(text for _, text in card.lines(verdict, numbers=False))
    return {"name": name, "points": verdict.points, "max_points": verdict.max_points,
            "status": verdict.status, "mistake": verdict.mistake, "message": message,
            "cases": [verdict.passed, verdict.total]}
