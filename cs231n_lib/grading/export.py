"""Write the class's scores as a table: a row a student, a column a chapter.

`cs231n export` calls it; `nbgrader export` works as well, with a row for each submission.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cs231n_lib.course import Course
from cs231n_lib.grading.gradebook import default_url
from cs231n_lib.grading.records import GradebookError, write_atomically


def export_csv(course: Course, to: Path, url: str = "") -> int:
    """Write the table and return the number of students.

    Raises
    ------
    GradebookError
        The gradebook cannot be read.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import DatabaseError

    try:
        with Gradebook(url or default_url(course)) as book:
            chapters = sorted(a.name for a in book.assignments)
            scores: dict = {}
            for chapter in chapters:
                for submission in book.assignment_submissions(chapter):
                    score = submission.score - submission.late_submission_penalty
                    scores.setdefault(submission.student_id, {})[chapter] = score
    except DatabaseError as error:
        raise GradebookError(f"the gradebook cannot be read: {error.orig}") from error
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["student", *chapters, "total"])
    for student in sorted(scores):
        row = [scores[student].get(c) for c in chapters]
        total = sum(v for v in row if v is not None)
        table.writerow([student, *("" if v is None else f"{v:g}" for v in row), f"{total:g}"])
    write_atomically(Path(to).resolve(), out.getvalue().encode())
    return len(scores)
