"""Grade a class: find the submissions, run them in parallel, record them one by one.

`cs231n grade` calls `grade_class`. The work goes through any `concurrent.futures.Executor`: a local
process pool, or `dask.distributed`'s with `--scheduler`. Submissions travel as bytes and come back
as records; only this process touches the gradebook and the folders.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import multiprocessing
import multiprocessing.connection
import multiprocessing.util
import os
import secrets
import tempfile
import threading
import time
import traceback
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat

from cs231n_lib import answers, card
from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.course import Course
from cs231n_lib.grading import graded, repair, session, submissions
from cs231n_lib.grading.gradebook import Writer, default_url
from cs231n_lib.grading.records import Journal, Record, fingerprint, write_atomically
from cs231n_lib.grading.sandbox import Limits, Sandbox, SandboxError

TRIES = 2


class GradingError(Exception):
    """Grading cannot begin or go on; the text says what to do. What was recorded stays."""


@dataclass(frozen=True)
class Job:
    """All that a worker needs to grade a chapter; it travels as plain bytes and numbers."""

    key: str
    chapter: str
    answers: bytes
    release: dict
    limits: Limits
    confined: bool
    secrets: tuple


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


@dataclass
class Summary:
    """What a run did. `records` are all students asked for, graded now or before."""

    records: list = field(default_factory=list)
    graded: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def ours(self) -> list:
        """The records of our own failures."""
        return [r for r in self.records if r.outcome == "ours"]


# ------------------------------------------------------------------ in a worker

_here: dict = {}


def grade_one(job: Job, task: Task) -> Result:
    """Grade one submission; whatever happens comes back as a record."""
    start = time.perf_counter()
    for attempt in range(TRIES):
        try:
            return _grade(_workplace(job), job, task, start)
        except (SandboxError, OSError) as error:
            _leave()
            reason = f"{type(error).__name__}: {error}"
            if attempt == TRIES - 1:
                return Result(_ours(job, task, reason))
        except Exception:
            _leave()
            reason = traceback.format_exc(limit=-3)
            return Result(_ours(job, task, reason))


def _ours(job: Job, task: Task, reason: str) -> Record:
    return Record(task.student, job.chapter, "ours", 0.0, 0.0, reason=reason[:2000],
                  timestamp=task.timestamp, fingerprint=task.fingerprint)


@dataclass
class Workplace:
    """What a worker process keeps between submissions."""

    key: str
    folder: tempfile.TemporaryDirectory
    sandbox: Sandbox
    known: answers.Answers
    release: list
    metadata: dict
    packed: dict = field(default_factory=dict)


def _workplace(job: Job) -> Workplace:
    place = _here.get("place")
    if place is not None and place.key == job.key:
        return place
    _leave()
    folder = tempfile.TemporaryDirectory(prefix="cs231n-release-")
    os.chmod(folder.name, 0o755)
    for name, data in job.release.items():
        path = Path(folder.name) / name
        path.write_bytes(data)
        path.chmod(0o644)
    notebook = nbformat.reads(job.release[f"{job.chapter}.ipynb"].decode(), as_version=4)
    sandbox = Sandbox(Path(folder.name), job.limits, secrets=job.secrets, confined=job.confined)
    place = Workplace(
        job.key, folder, sandbox, answers.from_bytes(job.answers), repair.read_release(notebook),
        dict(notebook.metadata),
    )
    _here["place"] = place
    # A pool's process ends without `atexit`; other executors' end with it.
    multiprocessing.util.Finalize(None, _leave, exitpriority=10)
    atexit.register(_leave)
    return place


def _leave() -> None:
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
        place.sandbox, place.known, [] if fault else steps, job.limits, place.packed
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


# ------------------------------------------------------------------ in the main process


def make_job(course: Course, chapter: str, *, limits: Limits, confined: bool) -> Job:
    """Compute the secret cases' answers (once per run) and pack what workers need.

    Raises
    ------
    GradingError
        There is no built release of the chapter, or it is of another edition than its source.
    """
    source = Chapter(course.solutions / chapter)
    folder = course.notebooks / chapter
    files = {p.name: p.read_bytes() for p in sorted(folder.glob("*")) if p.is_file()}
    if f"{chapter}.ipynb" not in files or "answers.npz" not in files:
        raise GradingError(f"{folder} is not built: run `cs231n build {chapter}` first.")
    if answers.head_from_bytes(files["answers.npz"])[1] != source.edition:
        raise GradingError(f"{folder} is older than its source: run `cs231n build {chapter}`.")
    known = source.bank.answers(source, seed=run_seed(course, chapter), hidden=True)
    secret = (course.solutions, course.root / "gradebook.db", course.root / "submitted",
              course.root / "autograded", course.root / "grading", course.root / "feedback")
    return Job(secrets.token_hex(8), chapter, answers.to_bytes(known), files, limits, confined,
               tuple(str(p) for p in secret))


def run_seed(course: Course, chapter: str) -> int:
    """Return the chapter's secret seed, made on the first run and kept, so that grading again
    gives the same result."""
    path = course.root / "grading" / chapter / "run.json"
    try:
        return int(json.loads(path.read_text())["seed"])
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError) as error:
        raise GradingError(
            f"{path} is damaged: it holds the secret seed. Restore it, or remove it together with "
            f"journal.jsonl beside it to grade the class anew."
        ) from error
    seed = secrets.randbits(62)
    text = json.dumps({"seed": seed, "made": submissions.now()})
    write_atomically(path, text.encode())
    path.chmod(0o600)
    return seed


@contextmanager
def _alone(course: Course, chapter: str):
    """Hold the chapter's lock, so that there is one writer."""
    path = course.root / "grading" / chapter / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GradingError(f"Another run is grading {chapter} now: let it end.") from None
        yield


def local_executor(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes, each of which keeps a warm sandbox."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let this worker end when the run is killed: a pool's worker would wait for work for ever."""
    sentinel = multiprocessing.parent_process().sentinel

    def watch():
        multiprocessing.connection.wait([sentinel])
        _leave()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def grade_class(
    course: Course, chapter: str, *, submitted: Path | None = None, jobs: int = 0, db: str = "",
    students=(), only_failed: bool = False, force: bool = False, confined: bool = True,
    limits: Limits | None = None, executor=None, on_start=None, on_record=None,
) -> Summary:
    """Grade all submissions of a chapter that are not graded yet, and return what is known of all.

    Parameters
    ----------
    submitted : Path, optional
        Holds `<student>/<chapter>/<chapter>.ipynb`; default: the course's `submitted/`.
    jobs : int
        Parallel workers; 0 means one per core.
    db : str
        The gradebook's address; default: nbgrader's own.
    students : sequence of str
        Only these. `only_failed` takes those without full marks, `force` all, graded or not.
    executor : callable, optional
        Returns a `concurrent.futures.Executor`; default: a local pool.
    on_start, on_record : callable, optional
        Called with the number of submissions to grade, and with each new record.

    Raises
    ------
    GradingError, SandboxError, GradebookError
        Nothing or not everything could be graded; the text says why. What was recorded stays.
    """
    submitted = Path(submitted or course.root / "submitted")
    if not submitted.is_dir():
        raise GradingError(
            f"There is no folder {submitted}. It must hold <student>/{chapter}/{chapter}.ipynb, "
            f"as nbgrader collects them."
        )
    start = time.perf_counter()
    with _alone(course, chapter):
        found = submissions.find(submitted, chapter)
        unknown = sorted(set(students) - {s.student for s in found})
        if unknown:
            raise GradingError(f"No submission of {chapter} from: {', '.join(unknown)}.")
        if students:
            found = [s for s in found if s.student in set(students)]
        if not found:
            raise GradingError(f"No submission of {chapter} in {submitted}.")
        keeper = Keeper(course, chapter, db or default_url(course))
        try:
            todo = keeper.todo(found, only_failed=only_failed, force=force)
            if on_start:
                on_start(len(todo))
            if todo:
                job = make_job(course, chapter, limits=limits or Limits(), confined=confined)
                make = executor or (lambda: local_executor(jobs or os.cpu_count() or 1))
                for result in run(job, todo, make, jobs or os.cpu_count() or 1):
                    keeper.keep(result)
                    if on_record:
                        on_record(result.record)
        finally:
            keeper.close()
        records = keeper.journal.read()
        names = [s.student for s in found]
        return Summary(
            [records[n] for n in names if n in records], len(todo), len(found) - len(todo),
            time.perf_counter() - start,
        )


class Keeper:
    """The one who records: graded notebook, feedback, gradebook, and last the journal.

    Each step can be done twice without harm, so a run that was killed between two of them only
    has to do that submission again.
    """

    def __init__(self, course: Course, chapter: str, url: str):
        self.course, self.chapter = course, chapter
        self.journal = Journal(course.root / "grading" / chapter / "journal.jsonl")
        self.known = self.journal.read()
        self.writer = Writer(course, chapter, url)
        # A gradebook that was lost or moved aside is filled again from the journal.
        there = self.writer.students()
        for student, record in self.known.items():
            if student not in there and record.outcome != "ours":
                self.writer.write(record)

    def todo(self, found: list, *, only_failed: bool, force: bool) -> list:
        """Return the tasks that are left; faulty files are recorded at once."""
        tasks = []
        edition = Chapter(self.course.solutions / self.chapter).edition
        for submission in found:
            data, fault, reason = b"", submission.fault, submission.reason
            if not fault:
                try:
                    data = submission.read()
                except OSError as error:
                    fault, reason = "ours", f"{submission.path}: {error.strerror}"
            mark = fingerprint(data, submission.timestamp, edition, fault, reason)
            before = self.known.get(submission.student)
            if before is not None and before.fingerprint == mark and before.outcome != "ours":
                full = before.score >= before.max_score
                if not force and not (only_failed and not full) and self._kept(submission.student):
                    continue
            if fault == "ours":
                record = Record(submission.student, self.chapter, "ours", 0.0, 0.0, reason=reason,
                                fingerprint=mark)
                self.keep(Result(record))
                continue
            note, fault = ("", reason) if fault else (reason, "")
            tasks.append(
                Task(submission.student, data, submission.timestamp, note, fault, mark)
            )
        return tasks

    def _paths(self, student: str):
        name = f"{self.chapter}.ipynb"
        return (
            self.course.root / "autograded" / student / self.chapter / name,
            self.course.root / "feedback" / student / self.chapter / f"{self.chapter}.html",
        )

    def _kept(self, student: str) -> bool:
        return all(p.exists() for p in self._paths(student))

    def keep(self, result: Result) -> None:
        """Record one result, the journal last."""
        record = result.record
        try:
            if record.outcome != "ours":
                notebook, page = self._paths(record.student)
                write_atomically(notebook, result.notebook)
                if record.timestamp:
                    stamp = notebook.with_name("timestamp.txt")
                    write_atomically(stamp, record.timestamp.encode())
                write_atomically(page, result.feedback)
                self.writer.write(record)
            self.journal.append(record)
        except OSError as error:
            raise GradingError(
                f"{record.student} could not be recorded ({error.strerror or error}). Make room or "
                f"mend the folder's permissions and run again: only the rest is graded."
            ) from error

    def close(self) -> None:
        """Close the gradebook."""
        self.writer.close()


def run(job: Job, tasks: list, make_executor, width: int):
    """Yield a Result for every task, in the order they end; a worker that dies is replaced.

    A task whose worker died is tried once more alone, and then given up as our error.
    """
    waiting = deque((t, 0) for t in tasks)
    while waiting:
        executor = make_executor()
        running: dict = {}
        try:
            while waiting or running:
                # A few more than there are workers: none waits, and few bytes are in flight.
                while waiting and len(running) < 2 * width:
                    task, tries = waiting.popleft()
                    running[executor.submit(grade_one, job, task)] = (task, tries)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        raise
                    except Exception as error:
                        task = running[future][0]
                        result = Result(_ours(job, task, f"{type(error).__name__}: {error}"))
                    running.pop(future)
                    yield result
        except BrokenProcessPool:
            for task, tries in running.values():
                if tries + 1 >= TRIES:
                    yield Result(_ours(job, task, "the worker that graded it died twice"))
                else:
                    waiting.appendleft((task, tries + 1))
            width = 1
        finally:
            for future in running:
                future.cancel()
            executor.shutdown(wait=False)
