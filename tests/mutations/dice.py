"""Chance that comes out the same way for the same seed."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """What is thrown depends on the seeds alone."""

    def __init__(self, *seeds: int) -> None:
        self._generator = np.random.default_rng(seeds)

    def random(self) -> float:
        """From 0 to 1."""
        return float(self._generator.random())

    def uniform(self, low: float, high: float) -> float:
        """Any number from `low` to `high`."""
        return float(self._generator.uniform(low, high))

    def below(self, end: int) -> int:
        """A whole number from 0, and below `end`, which is at least 1."""
        return int(self._generator.integers(end))

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        return int(self._generator.integers(low, high + 1))

    def choice(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of them in another order."""
        return [things[number] for number in self._generator.permutation(len(things))]

    def bytes(self, count: int) -> bytes:
        """So many bytes of noise."""
        return self._generator.bytes(count)
