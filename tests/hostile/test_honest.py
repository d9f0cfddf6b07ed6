"""Odd but honest submissions keep full marks."""

from hostile.corpus import HONEST_VARIANTS as GROUP  # noqa: F401
from hostile.judgement import *  # noqa: F403
