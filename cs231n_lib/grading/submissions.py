"""Find the submissions of a class on disk, in nbgrader's layout, and read them with care.

`grading.batch` uses it. Nothing is followed out of the folder: links, pipes and devices are
refused, and one bad file never stops the others.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cs231n_lib.grading.repair import FILE_LIMIT


@dataclass(frozen=True)
class Submission:
    """One student's file. `fault` says what is wrong with it: 'student' (counts zero) or 'ours'
    (to be mended by the instructor: no mark)."""

    student: str
    path: Path
    timestamp: str = ""
    fault: str = ""
    reason: str = ""

    def read(self) -> bytes:
        """Return the file's bytes, not through a link.

        Raises
        ------
        OSError
            It cannot be read.
        """
        number = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            return file.read(FILE_LIMIT + 1)


def find(submitted: Path, chapter: str) -> list:
    """Return the submissions of a chapter below `submitted/<student>/<chapter>/`, by student."""
    found = []
    for entry in sorted(os.scandir(submitted), key=lambda e: e.name):
        if entry.name.startswith(".") or not (entry.is_dir() or entry.is_symlink()):
            continue
        folder = Path(entry.path) / chapter
        if entry.is_symlink() or folder.is_symlink():
            found.append(Submission(entry.name, folder, fault="student",
                                    reason="the folder is a link; links are not followed"))
        elif folder.is_dir():
            found.append(_submission(entry.name, folder, chapter))
    return found


def _submission(student: str, folder: Path, chapter: str) -> Submission:
    try:
        notebooks = sorted(p for p in folder.iterdir() if p.suffix == ".ipynb")
    except OSError as error:
        reason = f"{folder} cannot be read ({error.strerror}): mend its permissions"
        return Submission(student, folder, fault="ours", reason=reason)
    path = folder / f"{chapter}.ipynb"
    if path not in notebooks:
        if len(notebooks) != 1:
            return Submission(student, path, fault="student",
                              reason=f"there is no {chapter}.ipynb in what was handed in")
        path = notebooks[0]
    timestamp, reason = _timestamp(folder)
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            kind = "a link" if stat.S_ISLNK(mode) else "no ordinary file"
            return Submission(student, path, timestamp, "student", f"{path.name} is {kind}")
        if not os.access(path, os.R_OK):
            return Submission(student, path, timestamp, "ours",
                              f"{path} cannot be read: mend its permissions and run again")
    except OSError as error:
        return Submission(student, path, timestamp, "ours", f"{path}: {error.strerror}")
    return Submission(student, path, timestamp, "", reason)


def _timestamp(folder: Path):
    """Return (ISO time in UTC without zone, complaint), from nbgrader's `timestamp.txt`."""
    from nbgrader.utils import parse_utc

    path = folder / "timestamp.txt"
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return "", "timestamp.txt is no ordinary file"
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(200).strip()
        return (parse_utc(text).isoformat() if text else ""), ""
    except FileNotFoundError:
        return "", ""
    except (OSError, ValueError, OverflowError):
        return "", "timestamp.txt holds no time that can be read"


def now() -> str:
    """Return the time in UTC, as nbgrader stores it."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
