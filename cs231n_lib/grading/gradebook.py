"""Write records into nbgrader's gradebook: one writer, one transaction a submission.

`grading.batch` uses it. nbgrader's own calls commit after every cell, tens of milliseconds a
submission; here are its tables with one commit, so that a submission is there whole or not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters.base import NbGraderException
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from cs231n_lib.course import Course
from cs231n_lib.grading.records import GradebookError, Record


def default_url(course: Course) -> str:
    """Return the address of the gradebook that nbgrader uses for this course."""
    configured = course.nbgrader_config().CourseDirectory.get("db_url")
    return configured if isinstance(configured, str) else f"sqlite:///{course.root}/gradebook.db"


def ensure_assignment(course: Course, chapter: str, url: str) -> None:
    """Put the chapter's cells into the gradebook, with nbgrader's own converter, where they are
    not there yet or are of an older edition."""
    with tempfile.TemporaryDirectory() as room:
        course.converter(chapter, room, db_url=url).start()


class Writer:
    """The one writer of a chapter's grades.

    Raises
    ------
    GradebookError
        The database is damaged, locked, or cannot be opened.
    """

    def __init__(self, course: Course, chapter: str, url: str):
        self.url, self.chapter = url, chapter
        try:
            _scripts_on_path()
            self.gradebook = Gradebook(url, course.nbgrader_config().CourseDirectory.course_id)
            self.db = self.gradebook.db
            ensure_assignment(course, chapter, url)
            assignment = self.db.scalars(select(Assignment).filter_by(name=chapter)).one()
            notebook = self.db.scalars(
                select(Notebook).filter_by(assignment_id=assignment.id, name=chapter)
            ).one()
            self.assignment_id, self.notebook_id = assignment.id, notebook.id
            self.duedate = assignment.duedate
            self.grade_cells = {c.name: (c.id, c.max_score) for c in notebook.grade_cells}
            self.solution_cells = {c.name: c.id for c in notebook.solution_cells}
            self.late = _late_policy(course)
        except (DatabaseError, OperationalError) as error:
            raise GradebookError(_explain(error, url)) from error
        except NbGraderException as error:
            raise GradebookError(
                f"nbgrader could not put {chapter} into {url}: run `nbgrader generate_assignment "
                f"{chapter} --force` to see why."
            ) from error

    def students(self) -> set:
        """Return the students whose submission of this chapter the gradebook holds."""
        rows = self.db.execute(
            select(SubmittedAssignment.student_id).filter_by(assignment_id=self.assignment_id)
        )
        return {row[0] for row in rows}

    def write(self, record: Record) -> None:
        """Write one record; grades and comments that a person entered stay as they are."""
        try:
            self._write(record)
            self.db.commit()
        except (DatabaseError, OperationalError) as error:
            self.db.rollback()
            raise GradebookError(_explain(error, self.url)) from error

    def _write(self, record: Record) -> None:
        """Put the record into the tables, in a handful of statements."""
        self._find(Student, id=record.student)
        stamp = datetime.fromisoformat(record.timestamp) if record.timestamp else None
        submission = self._find(
            SubmittedAssignment, assignment_id=self.assignment_id, student_id=record.student
        )
        notebook = self._find(
            SubmittedNotebook, assignment_id=submission.id, notebook_id=self.notebook_id
        )
        total = self._grades(notebook.id, record)
        self._comments(notebook.id, record)
        self._set(SubmittedAssignment, submission, timestamp=stamp)
        penalty = self._penalty(submission.extension, stamp, record.student, total)
        self._set(SubmittedNotebook, notebook, late_submission_penalty=penalty)

    def _find(self, kind, **fields):
        """Return the row with these fields, made now if there was none."""
        table = kind.__table__
        wanted = select(table).filter_by(**fields)
        row = self.db.execute(wanted).one_or_none()
        if row is None:
            self.db.execute(insert(table).values(**fields))
            row = self.db.execute(wanted).one()
        return row

    def _set(self, kind, row, **fields) -> None:
        """Change a row where it is not so already."""
        if any(getattr(row, name) != value for name, value in fields.items()):
            table = kind.__table__
            self.db.execute(update(table).where(table.c.id == row.id).values(**fields))

    def _put(self, kind, notebook_id: str, there: dict, rows: dict) -> None:
        """Write a row for each cell: `rows` and `there` are by the cell's id."""
        table = kind.__table__
        new = [{"cell_id": c, "notebook_id": notebook_id, **r} for c, r in rows.items()
               if c not in there]
        old = [{"row": there[c].id, **r} for c, r in rows.items() if c in there]
        if new:
            self.db.execute(insert(table), new)
        if old:
            self.db.execute(update(table).where(table.c.id == bindparam("row")), old)

    def _there(self, kind, notebook_id: str) -> dict:
        table = kind.__table__
        rows = self.db.execute(select(table).filter_by(notebook_id=notebook_id))
        return {row.cell_id: row for row in rows}

    def _grades(self, notebook_id: str, record: Record) -> float:
        """Set the automatic scores; return the notebook's score with what people entered."""
        there = self._there(Grade, notebook_id)
        points = {f"check_{e['name']}": e["points"] for e in record.exercises}
        total, rows = 0.0, {}
        for name, (cell_id, _) in self.grade_cells.items():
            if name in record.written:
                # As nbgrader does: an answer waits for a person, an untouched one is zero.
                score = None if record.written[name] else 0.0
            else:
                score = points.get(name, 0.0)
            manual = there[cell_id].manual_score if cell_id in there else None
            extra = there[cell_id].extra_credit if cell_id in there else None
            rows[cell_id] = {
                "auto_score": score, "needs_manual_grade": manual is not None or score is None
            }
            total += ((manual if manual is not None else score) or 0.0) + (extra or 0.0)
        self._put(Grade, notebook_id, there, rows)
        return total

    def _comments(self, notebook_id: str, record: Record) -> None:
        texts = {e["name"]: e["message"] for e in record.exercises if e["message"]}
        rows = {}
        for name, cell_id in self.solution_cells.items():
            empty = record.written.get(name) is False
            rows[cell_id] = {"auto_comment": "No response." if empty else texts.get(name)}
        self._put(Comment, notebook_id, self._there(Comment, notebook_id), rows)

    def _penalty(self, extension, stamp, student: str, total: float):
        """Ask nbgrader's policy (its plugin, as configured) for the penalty of a late one."""
        due = self.duedate
        if due is None or stamp is None:
            return None
        if extension is not None:
            due = due + extension
        late = (stamp - due).total_seconds()
        if late <= 0:
            return None
        penalty = self.late.late_submission_penalty(student, total, late)
        return None if penalty is None else min(max(penalty, 0.0), total)

    def close(self) -> None:
        """Close the connection."""
        self.gradebook.close()


def _scripts_on_path() -> None:
    """Let nbgrader find `alembic`, which it calls by name, when the environment is not active."""
    if shutil.which("alembic") is None:
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _late_policy(course: Course):
    from nbgrader.preprocessors import AssignLatePenalties

    preprocessor = AssignLatePenalties(config=course.nbgrader_config())
    preprocessor.init_plugin()
    preprocessor.plugin_inst.log.setLevel("ERROR")
    return preprocessor.plugin_inst


def _explain(error, url: str) -> str:
    place = url.removeprefix("sqlite:///")
    first = str(getattr(error, "orig", error)).splitlines()[0]
    if "full" in first:
        return f"The disk is full ({place}). Make room and run again: only the rest is graded."
    if "malformed" in first or "not a database" in first:
        return (
            f"The gradebook {place} is damaged ({first}). Move it aside (`mv {Path(place).name} "
            f"{Path(place).name}.damaged`) and run again: automatic grades come back from the "
            f"journal, and the damaged file keeps whatever was entered by hand."
        )
    if "locked" in first:
        return f"The gradebook {place} is locked by another program: close it and run again."
    return f"The gradebook {place} cannot be used: {first}"
