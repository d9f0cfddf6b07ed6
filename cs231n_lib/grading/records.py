"""What is kept of a graded submission, and the journal that outlives a killed run.

`grading.batch` appends a record for each submission, forced to disk, as the last step of
recording it; a run that begins again reads them and does only the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


class GradingError(Exception):
    """Grading cannot begin or go on; the text says what to do. What was recorded stays."""


class GradebookError(GradingError):
    """The gradebook cannot be read or written; the text says what to do. Nothing is lost."""


@dataclass(frozen=True)
class Record:
    """One graded submission.

    `outcome` is 'scored', 'student' (nothing could be run, by the submission's own fault: it
    counts zero) or 'ours' (our failure: no mark). `exercises` holds dicts with name, points,
    max_points, status, mistake, message. `written` maps a manual cell to whether it was answered.
    """

    student: str
    chapter: str
    outcome: str
    score: float
    max_score: float
    exercises: list = field(default_factory=list)
    repairs: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    reason: str = ""
    seconds: float = 0.0
    overhead_seconds: float = 0.0
    peak_mb: float = 0.0
    timestamp: str = ""
    fingerprint: str = ""
    edition: str = ""
    written: dict = field(default_factory=dict)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def fingerprint(data: bytes, *more: str) -> str:
    """Return a name for a submission's content, its time stamp and the chapter's edition."""
    digest = hashlib.sha256(data)
    for text in more:
        digest.update(text.encode())
    return digest.hexdigest()[:24]


class Journal:
    """Records, one JSON line each, newest last; a line that was cut by a kill is left out."""

    def __init__(self, path: Path):
        self.path = Path(path)

    def read(self) -> dict:
        """Return {student: newest record}."""
        records: dict = {}
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return records
        for line in data.split(b"\n"):
            try:
                record = Record(**json.loads(line))
            except (ValueError, TypeError):
                continue
            records[record.student] = record
        return records

    def append(self, record: Record) -> None:
        """Add a record and wait until the disk has it."""
        line = record.as_json().encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab+") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is either there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
