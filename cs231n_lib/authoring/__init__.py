"""What `solutions/` is written with: exercise banks and the building of a chapter."""

from cs231n_lib.answers import Rng, Withheld
from cs231n_lib.authoring.bank import Bank

__all__ = ["Bank", "Rng", "Withheld"]
