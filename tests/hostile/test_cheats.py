"""Cheats gain nothing over what their honest code earns."""

from hostile.corpus import CHEATS as GROUP  # noqa: F401
from hostile.judgement import *  # noqa: F403
