"""Grade a class: find the submissions, have them graded in parallel, record them one by one.

`cs231n grade` calls `grade_class`. The work goes through any `concurrent.futures.Executor`: a local
process pool, or `dask.distributed`'s with `--scheduler`. Submissions travel as bytes and come back
as records (`grading.one`); only this process touches the gradebook and the folders.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import multiprocessing.connection
import os
import secrets
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cs231n_lib import answers
from cs231n_lib.course import Course
from cs231n_lib.grading import submissions
from cs231n_lib.grading.one import TRIES, Job, Result, Task, grade_one, leave, ours, prepare
from cs231n_lib.grading.records import (
    GradingError,
    Journal,
    Record,
    fingerprint,
    write_atomically,
)
from cs231n_lib.grading.sandbox import Limits


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


def make_job(course: Course, chapter: str, *, limits: Limits, confined: bool) -> Job:
    """Pack what workers need to prepare; `with_answers` adds what they need to judge.

    Raises
    ------
    GradingError
        There is no built release of the chapter.
    """
    folder = course.notebooks / chapter
    files = {p.name: p.read_bytes() for p in sorted(folder.glob("*")) if p.is_file()}
    if f"{chapter}.ipynb" not in files or "answers.npz" not in files:
        raise GradingError(f"{folder} is not built: run `cs231n build {chapter}` first.")
    secret = (course.solutions, course.root / "gradebook.db", course.root / "submitted",
              course.root / "autograded", course.root / "grading", course.root / "feedback")
    return Job(secrets.token_hex(8), chapter, files, limits, confined,
               tuple(str(p) for p in secret))


def edition(job: Job) -> str:
    """Return the edition of the job's release."""
    return answers.head_from_bytes(job.release["answers.npz"])[1]


def with_answers(job: Job, course: Course) -> Job:
    """Add the answers to the run's secret cases, computed here, in a trusted process.

    Raises
    ------
    GradingError
        The release is of another edition than its source.
    """
    from cs231n_lib.authoring.chapter import Chapter

    source = Chapter(course.solutions / job.chapter)
    if edition(job) != source.edition:
        raise GradingError(
            f"{course.notebooks / job.chapter} is older than its source: run "
            f"`cs231n build {job.chapter}`."
        )
    known = source.bank.answers(
        source, seed=run_seed(course, job.chapter), hidden=True,
        public=answers.from_bytes(job.release["answers.npz"]),
    )
    return replace(job, answers=answers.to_bytes(known))


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


def local_executor(jobs: int, job: Job | None = None) -> ProcessPoolExecutor:
    """Return a pool of fresh processes, each of which keeps a warm sandbox.

    With a job they start at once and prepare for it.
    """
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)
    if job is not None:
        for _ in range(jobs):
            executor.submit(prepare, job)
    return executor


def _end_with_parent() -> None:
    """Let this worker end when the run is killed: a pool's worker would wait for work for ever."""
    sentinel = multiprocessing.parent_process().sentinel

    def watch():
        multiprocessing.connection.wait([sentinel])
        leave()
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
    GradingError, SandboxError
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
        keeper = Keeper(course, chapter, db)
        try:
            job = make_job(course, chapter, limits=limits or Limits(), confined=confined)
            todo = keeper.todo(found, edition(job), only_failed=only_failed, force=force)
            if on_start:
                on_start(len(todo))
            if todo:
                width = jobs or os.cpu_count() or 1
                make = executor or (lambda: local_executor(width, job))
                ready = partial(with_answers, job, course)
                for result in run(make, ready, todo, width, keeper.load):
                    keeper.keep(result)
                    if on_record:
                        on_record(result.record)
            else:
                keeper.open()
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
        self.course, self.chapter, self.url = course, chapter, url
        self.journal = Journal(course.root / "grading" / chapter / "journal.jsonl")
        self.known = self.journal.read()
        self.found: dict = {}
        self.writer = None

    def open(self) -> None:
        """Open the gradebook, where it is not open yet: seconds, in which workers can work."""
        if self.writer is not None:
            return
        from cs231n_lib.grading.gradebook import Writer, default_url

        self.writer = Writer(self.course, self.chapter, self.url or default_url(self.course))
        # A gradebook that was lost or moved aside is filled again from the journal.
        there = self.writer.students()
        for student, record in self.known.items():
            if student not in there and record.outcome != "ours":
                self.writer.write(record)

    def todo(self, found: list, edition: str, *, only_failed: bool, force: bool) -> list:
        """Return the tasks that are left; faulty files are recorded at once."""
        tasks = []
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
            tasks.append(Task(submission.student, b"", submission.timestamp, note, fault, mark))
            self.found[submission.student] = submission
        return tasks

    def load(self, task: Task) -> Task:
        """Put the submission's bytes in: a class as a whole may not fit into memory.

        Raises
        ------
        OSError
            The file cannot be read any more.
        """
        return task if task.fault else replace(task, data=self.found[task.student].read())

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
        self.open()
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
        if self.writer is not None:
            self.writer.close()


def run(make_executor, make_job, tasks: list, width: int, load=lambda task: task):
    """Yield a Result for every task, in the order they end; a worker that dies is replaced.

    Workers start before `make_job` is called, which takes its time as they do. Each task is loaded
    when its turn comes. One whose worker died is tried once more alone, and then given up as our
    error.
    """
    waiting = deque((t, 0) for t in tasks)
    job = None
    while waiting:
        executor = make_executor()
        running: dict = {}
        try:
            job = job or make_job()
            while waiting or running:
                # More than there are workers: none waits while a result is recorded. But what
                # may have brought down a worker goes alone.
                while waiting and len(running) < (
                    1 if any(tries for _, tries in [waiting[0], *running.values()]) else 4 * width
                ):
                    try:
                        task = load(waiting[0][0])
                    except OSError as error:
                        task, _ = waiting.popleft()
                        yield Result(ours(job, task, f"it cannot be read: {error.strerror}"))
                        continue
                    running[executor.submit(grade_one, job, task)] = waiting[0]
                    waiting.popleft()
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        raise
                    except Exception as error:
                        task = running[future][0]
                        result = Result(ours(job, task, f"{type(error).__name__}: {error}"))
                    running.pop(future)
                    yield result
        except BrokenProcessPool:
            # With none running the pool broke before it took the next one.
            for task, tries in list(running.values()) or [waiting.popleft()]:
                if tries + 1 >= TRIES:
                    yield Result(ours(job, task, "the worker that graded it died twice"))
                else:
                    waiting.appendleft((task, tries + 1))
        finally:
            for future in running:
                future.cancel()
            executor.shutdown(wait=False)
