"""Full disk, damaged gradebook, dying workers: what was recorded stays, and grades do not move."""

import os
import shutil
import signal
import sqlite3
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from hostile.judgement import mini_course

from cs231n_lib.grading import batch
from cs231n_lib.grading.batch import grade_class
from cs231n_lib.grading.records import GradebookError, GradingError, Journal, Record
from cs231n_lib.grading.sandbox import Limits, SandboxError, why_not
from grading.kinds import hand_in, in_gradebook, journal

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


def test_a_second_run_grades_only_what_is_new_or_changed(tmp_path):
    course = mini_course(tmp_path)
    due = hand_in(course, 4)
    assert grade_class(course, "01_mini", jobs=1).graded == 4
    assert grade_class(course, "01_mini", jobs=1).graded == 0
    due |= hand_in(course, 1, first=4)
    right = course.root / "submitted/000-right/01_mini/01_mini.ipynb"
    shutil.copy(right, course.root / "submitted/002-empty/01_mini/01_mini.ipynb")
    assert grade_class(course, "01_mini", jobs=1).graded == 2
    assert in_gradebook(course) == due | {"002-empty": 20.0}


def test_a_damaged_gradebook_stops_with_advice_and_comes_back_from_the_journal(tmp_path):
    course = mini_course(tmp_path)
    due = hand_in(course, 5)
    grade_class(course, "01_mini", jobs=1)
    book = course.root / "gradebook.db"
    book.write_bytes(b"this is no database" * 1000)
    with pytest.raises(GradebookError, match="damaged.*mv gradebook.db"):
        grade_class(course, "01_mini", jobs=1)
    book.rename(course.root / "gradebook.db.damaged")
    assert grade_class(course, "01_mini", jobs=1).graded == 0
    assert in_gradebook(course) == due


def test_a_full_disk_stops_with_advice_and_loses_nothing(tmp_path, monkeypatch):
    course = mini_course(tmp_path)
    due = hand_in(course, 5)
    real, calls = batch.write_atomically, []

    def full(path, data):
        calls.append(path)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(batch, "write_atomically", full)
    with pytest.raises(GradingError, match="No space left.*run again"):
        grade_class(course, "01_mini", jobs=1)
    before = journal(course)
    assert 1 <= len(before) < 5
    monkeypatch.setattr(batch, "write_atomically", real)
    assert grade_class(course, "01_mini", jobs=1).graded == 5 - len(before)
    assert in_gradebook(course) == due


def test_a_full_database_is_told_apart_and_nothing_half_is_written(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 5)
    grade_class(course, "01_mini", jobs=1, students=["000-right"])
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON grade "
            "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    with pytest.raises(GradebookError, match="disk is full"):
        grade_class(course, "01_mini", jobs=1)
    assert set(journal(course)) == {"000-right"}
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("DROP TRIGGER no_room")
    assert grade_class(course, "01_mini", jobs=1).graded == 4
    assert len(in_gradebook(course)) == 5


def test_our_own_failure_gives_no_mark_and_is_told(tmp_path, monkeypatch):
    course = mini_course(tmp_path)
    hand_in(course, 2)

    def broken(job, task):
        return batch.Result(batch.ours(job, task, "SandboxError: a planted fault"))

    class Here:
        """Runs tasks in this process, so that the planted fault is met."""

        def submit(self, function, *arguments):
            future = Future()
            future.set_result(broken(*arguments))
            return future

        def shutdown(self, **_):
            pass

    summary = grade_class(course, "01_mini", jobs=1, executor=Here)
    assert [r.outcome for r in summary.records] == ["ours", "ours"]
    assert in_gradebook(course) == {}
    assert not (course.root / "autograded").exists()
    assert grade_class(course, "01_mini", jobs=1).graded == 2
    assert set(in_gradebook(course).values()) == {20.0, 5.0}


def test_a_worker_that_dies_is_replaced_and_its_submission_tried_again(tmp_path, monkeypatch):
    course = mini_course(tmp_path)
    due = hand_in(course, 6)
    executors = []

    def make():
        executor = batch.local_executor(1)
        executors.append(executor)
        if len(executors) == 1:
            executor.submit(os.getpid).result()
            (process,) = executor._processes.values()
            os.kill(process.pid, signal.SIGKILL)
        return executor

    summary = grade_class(course, "01_mini", jobs=1, executor=make)
    assert len(executors) >= 2
    assert {r.student: r.score for r in summary.records} == due


def test_what_brings_down_its_worker_twice_is_our_failure_and_no_one_elses():
    class Fragile:
        """Breaks, with all that is in it, when it is handed the task called 'deadly'."""

        made = 0

        def __init__(self):
            Fragile.made += 1
            self.futures, self.broken = [], False

        def submit(self, function, job, task):
            if self.broken:
                raise BrokenProcessPool("died")
            future = Future()
            self.futures.append(future)
            if task.student == "deadly":
                self.broken = True
                for waiting in self.futures:
                    if not waiting.done():
                        waiting.set_exception(BrokenProcessPool("died"))
            elif task.student != "b" or Fragile.made > 1:
                future.set_result(batch.Result(Record(task.student, "c", "scored", 1.0, 1.0)))
            return future

        def shutdown(self, **_):
            pass

    names = ["a", "b", "deadly", "c"]
    tasks = [batch.Task(n, b"", "", "", "", "") for n in names]
    job = batch.Job("key", "c", {}, Limits(), True, ())
    results = list(batch.run(Fragile, lambda: job, tasks, 2))
    assert {r.record.student: r.record.outcome for r in results} == {
        "a": "scored", "b": "scored", "c": "scored", "deadly": "ours"
    }


def test_a_file_that_vanishes_on_the_way_is_our_failure(tmp_path, monkeypatch):
    course = mini_course(tmp_path)
    due = hand_in(course, 3)
    real = batch.with_answers

    def then_vanish(*arguments):
        (course.root / "submitted/001-part/01_mini/01_mini.ipynb").unlink()
        return real(*arguments)

    monkeypatch.setattr(batch, "with_answers", then_vanish)
    records = {r.student: r for r in grade_class(course, "01_mini", jobs=1).records}
    assert records.pop("001-part").outcome == "ours"
    assert {s: r.score for s, r in records.items()}.items() <= due.items()


def test_a_manual_grade_survives_grading_again(tmp_path):
    from nbgrader.api import Gradebook

    course = mini_course(tmp_path)
    hand_in(course, 2)
    grade_class(course, "01_mini", jobs=1)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        grade = book.find_grade("check_relu", "01_mini", "01_mini", "001-part")
        grade.manual_score = 3.5
        comment = book.find_comment("relu", "01_mini", "01_mini", "001-part")
        comment.manual_comment = "half an idea"
        book.db.commit()
    grade_class(course, "01_mini", jobs=1, force=True)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        grade = book.find_grade("check_relu", "01_mini", "01_mini", "001-part")
        assert (grade.auto_score, grade.manual_score, grade.score) == (0.0, 3.5, 3.5)
        comment = book.find_comment("relu", "01_mini", "01_mini", "001-part")
        assert comment.comment == "half an idea"
    assert in_gradebook(course)["001-part"] == 8.5


def test_without_the_sandbox_scores_are_the_same(tmp_path):
    course = mini_course(tmp_path)
    due = hand_in(course, 12)
    records = grade_class(course, "01_mini", confined=False, jobs=2).records
    assert {r.student: r.score for r in records} == due
    assert not any(r.outcome == "ours" for r in records)


def test_students_and_only_failed_select(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 5)
    assert grade_class(course, "01_mini", jobs=1, students=["001-part"]).graded == 1
    assert grade_class(course, "01_mini", jobs=1).graded == 4
    assert grade_class(course, "01_mini", jobs=1, only_failed=True).graded == 4
    assert grade_class(course, "01_mini", jobs=1, force=True).graded == 5
    with pytest.raises(GradingError, match="nobody"):
        grade_class(course, "01_mini", jobs=1, students=["nobody"])


def test_the_same_secret_seed_serves_every_run_and_grades_do_not_move(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 3)
    first = grade_class(course, "01_mini", jobs=1).records
    path = course.root / "grading/01_mini/run.json"
    seed = path.read_text()
    again = grade_class(course, "01_mini", jobs=1, force=True).records
    assert path.read_text() == seed and path.stat().st_mode & 0o077 == 0
    assert [(r.student, r.score, r.exercises) for r in first] == [
        (r.student, r.score, r.exercises) for r in again
    ]


def test_late_work_gets_nbgraders_penalty(tmp_path):
    from datetime import datetime

    from nbgrader.api import Gradebook

    course = mini_course(tmp_path)
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    hand_in(course, 2)
    for student, hour in (("000-right", "13"), ("001-part", "11")):
        stamp = course.root / "submitted" / student / "01_mini" / "timestamp.txt"
        stamp.write_text(f"2026-03-01 {hour}:00:00 UTC")
    grade_class(course, "01_mini", jobs=1, students=["001-part"])
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        book.find_assignment("01_mini").duedate = datetime(2026, 3, 1, 12)
        book.db.commit()
    grade_class(course, "01_mini", jobs=1, force=True)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cs231n") as book:
        late = book.find_submission("01_mini", "000-right")
        assert late.total_seconds_late == 3600
        assert late.late_submission_penalty == 20.0
        assert book.find_submission("01_mini", "001-part").late_submission_penalty == 0


def test_a_cut_line_in_the_journal_is_left_out(tmp_path):
    book = Journal(tmp_path / "journal.jsonl")
    book.append(Record("ann", "01_mini", "scored", 1.0, 20.0))
    with open(book.path, "ab") as file:
        file.write(b'{"student": "bob", "chap')
    book.append(Record("cy", "01_mini", "scored", 2.0, 20.0))
    assert {s: r.score for s, r in book.read().items()} == {"ann": 1.0, "cy": 2.0}


def test_two_runs_at_once_are_refused(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 1)
    with batch._alone(course, "01_mini"):
        with pytest.raises(GradingError, match="Another run"):
            grade_class(course, "01_mini", jobs=1)


def test_a_sandbox_that_shows_a_secret_refuses_to_start(tmp_path):
    from cs231n_lib.grading.sandbox import Sandbox

    course = mini_course(tmp_path)
    release = course.notebooks / "01_mini"
    with pytest.raises(SandboxError, match="can see"):
        Sandbox(release, Limits(), secrets=(Path("/usr/bin"),))


def test_a_file_of_odd_kind_is_refused_and_said(tmp_path):
    course = mini_course(tmp_path)
    hand_in(course, 3)
    (course.root / "secret.ipynb").write_text("{}")
    link = course.root / "submitted/000-right/01_mini/01_mini.ipynb"
    link.unlink()
    link.symlink_to(course.root / "secret.ipynb")
    pipe = course.root / "submitted/001-part/01_mini/01_mini.ipynb"
    pipe.unlink()
    os.mkfifo(pipe)
    (course.root / "submitted/linked").symlink_to(course.root / "submitted/002-empty")
    records = {r.student: r for r in grade_class(course, "01_mini", jobs=1).records}
    assert records["000-right"].reason == "01_mini.ipynb is a link"
    assert records["001-part"].reason == "01_mini.ipynb is no ordinary file"
    assert "link" in records["linked"].reason
    assert [records[s].outcome for s in ("000-right", "001-part", "linked")] == ["student"] * 3
    assert records["002-empty"].outcome == "scored"
