"""Learning-rate schedules: objects that give the learning rate for an epoch.

Used by `train.Trainer(schedule=...)`, which asks before every step with the epoch as a fraction
(step / steps per epoch).

>>> from cs231n_lib.schedules import Cosine, StepDecay, WarmUp
>>> halve = StepDecay(0.1, factor=0.5, every=10)
>>> halve(0), halve(9.9), halve(10), halve(25)
(0.1, 0.1, 0.05, 0.025)
>>> warm = WarmUp(Cosine(0.1, total=20), epochs=2)
>>> warm(0), warm(1), round(warm(2), 4), warm(20)
(0.0, 0.05, 0.0976, 0.0)
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class StepDecay:
    """lr0 * factor ** (whole multiples of `every` epochs that have passed)."""

    lr0: float
    factor: float = 0.5
    every: float = 10

    def __call__(self, epoch):
        return self.lr0 * self.factor ** math.floor(epoch / self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """lr0 * exp(-k * epoch)."""

    lr0: float
    k: float

    def __call__(self, epoch):
        return self.lr0 * math.exp(-self.k * epoch)


@dataclass(frozen=True)
class InverseTimeDecay:
    """lr0 / (1 + k * epoch)."""

    lr0: float
    k: float

    def __call__(self, epoch):
        return self.lr0 / (1 + self.k * epoch)


@dataclass(frozen=True)
class Cosine:
    """0.5 * lr0 * (1 + cos(pi * epoch / total)): from lr0 to 0, and 0 from then on."""

    lr0: float
    total: float

    def __call__(self, epoch):
        return 0.5 * self.lr0 * (1 + math.cos(math.pi * min(epoch / self.total, 1)))


@dataclass(frozen=True)
class WarmUp:
    """Rise in a straight line over the first `epochs`, from 0 to `after`; then follow `after`.

    Parameters
    ----------
    after : callable
        Another schedule; the line aims at its value at 0.
    epochs : float
    """

    after: object
    epochs: float

    def __call__(self, epoch):
        if epoch < self.epochs:
            return self.after(0) * epoch / self.epochs
        return self.after(epoch)
