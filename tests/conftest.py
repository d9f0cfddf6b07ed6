"""What all tests share: the course on disk, and its chapters, read once."""

from functools import cache
from pathlib import Path

import pytest

from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.course import Course

COURSE = Course(Path(__file__).resolve().parents[1])
CHAPTERS = COURSE.chapters()


@cache
def chapter_named(name: str) -> Chapter:
    return Chapter(COURSE.solutions / name)


@pytest.fixture
def course() -> Course:
    return COURSE


@pytest.fixture(params=CHAPTERS)
def chapter(request) -> Chapter:
    """Every chapter in turn."""
    return chapter_named(request.param)
