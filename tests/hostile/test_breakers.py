"""Submissions that crash, hang, flood or are no notebooks stop nobody."""

from hostile.corpus import BREAKERS
from hostile.judgement import *  # noqa: F403

GROUP = BREAKERS[:21]
