"""Random numbers that are the same on every machine and Python: column by column, or one after the other.

Both are SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): whole-number
arithmetic only. A column is read by position, so that slot *i* has the same numbers however many slots are drawn, and
together with whichever. Every distribution is an inverse transform of such numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.wheel import Floats

_T = TypeVar("_T")
Words = NDArray[np.uint64]
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
#: The same as numpy's scalars: making one takes as long as going through a short column.
_STEP, _TO_53_BITS, _PART_OF_ONE = np.uint64(_GOLDEN), np.uint64(11), np.float64(1.0 / (1 << 53))
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_NORMAL_STEPS = 4096


class Purpose(IntEnum):
    """What a column of numbers decides; each is a stream of its own."""

    CAR = 1
    MONTH = 2
    DAY = 3
    ZERO = 4
    ZERO_VALUE = 5
    KILOMETRES = 6
    KM_ENDING = 7
    PRICE = 8
    PRICE_ENDING = 9
    COLOUR = 10
    PROVINCE = 11
    DEALER = 12
    STANDING = 13
    PURCHASE = 14
    COST = 15
    TARIFF = 16
    TARIFF_PRICE = 17
    TARIFF_ENDING = 18
    VIN = 20
    VIN_PLANT = 21
    VIN_TYPE = 22
    MODEL_YEAR = 23
    PLATE = 24
    EQUIPMENT = 30  # and one more for each group
    MENTION = 46
    MENTION_ITEM = 47
    STRUCTURE = 48
    TEXT = 50  # and one more for each part
    CHOICES = 90
    DEALERS = 92
    CACHE = 94


def mix(*parts: int) -> int:
    """A well-mixed 64-bit number of several: a stream's key."""
    state = _GOLDEN
    for part in parts:
        state = _scramble((state ^ (part & _MASK)) + _GOLDEN & _MASK)
    return state


def _scramble(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


class Dice:
    """A stream of draws, one after the other: `Dice(seed, purpose, index)`."""

    __slots__ = ("_state",)

    def __init__(self, *key: int) -> None:
        self._state = mix(*key)

    def uniform(self) -> float:
        """The next number in [0, 1)."""
        self._state = self._state + _GOLDEN & _MASK
        return (_scramble(self._state) >> 11) / (1 << 53)

    def below(self, n: int) -> int:
        """A whole number in 0 … n - 1."""
        return min(int(self.uniform() * n), n - 1)

    def pick(self, options: Sequence[_T]) -> _T:
        """One of `options`, each as likely."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[_T], weights: Sequence[float]) -> _T:
        """One of `options` by `weights`."""
        left = self.uniform() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]

    def sample(self, options: Sequence[_T], k: int) -> list[_T]:
        """`k` different ones of `options` (fewer if there are fewer), in the order of `options`."""
        left = min(k, len(options))
        chosen = []
        for position, option in enumerate(options):
            if self.uniform() * (len(options) - position) < left:
                chosen.append(option)
                left -= 1
        return chosen

    def shuffled(self, options: Sequence[_T]) -> list[_T]:
        """All of `options` in another order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(len(rest))]


def words(seed: int, purpose: int, slots: NDArray[Any]) -> Words:
    """64 random bits for each slot (whole numbers, any order); shape of `slots`."""
    z: Words = slots.astype(np.uint64)
    z *= _STEP
    z += _first(seed, purpose)
    z ^= z >> _SHIFTS[0]
    z *= _FACTORS[0]
    z ^= z >> _SHIFTS[1]
    z *= _FACTORS[1]
    z ^= z >> _SHIFTS[2]
    return z


@lru_cache(maxsize=1024)
def _first(seed: int, purpose: int) -> np.uint64:
    """What slot 0's number is scrambled from."""
    return np.uint64(mix(seed, purpose) + _GOLDEN & _MASK)


def column(seed: int, purpose: int, slots: NDArray[Any]) -> Floats:
    """A number in [0, 1) for each slot."""
    numbers: Floats = (words(seed, purpose, slots) >> _TO_53_BITS) * _PART_OF_ONE
    return numbers


def below(numbers: Floats, n: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers in 0 … n - 1 from numbers in [0, 1)."""
    result: NDArray[np.int64] = np.minimum((numbers * n).astype(np.int64), n - 1)
    return result


@lru_cache(maxsize=1)
def _normal_table() -> tuple[Floats, Floats]:
    exact = NormalDist()
    points = np.array([exact.inv_cdf(min(max(i / _NORMAL_STEPS, 1e-4), 1 - 1e-4)) for i in range(_NORMAL_STEPS + 1)])
    return points[:-1], np.diff(points)


def normals(numbers: Floats) -> Floats:
    """Standard normal quantiles of numbers in [0, 1), by a table of 4096 steps; nothing is beyond ±3.72."""
    at = numbers * _NORMAL_STEPS
    step = at.astype(np.int64)
    points, slopes = _normal_table()
    result: Floats = points[step] + (at - step) * slopes[step]
    return result
