"""Random numbers that are the same on every machine and Python: a counter-based generator for one row, and columns.

Rows use SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), columns
NumPy's Philox bits; every distribution is an inverse transform of uniform numbers, so nothing depends on how a library
happens to draw normals this year.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np

from flotia.catalogue.market import Floats

_T = TypeVar("_T")
_MASK = (1 << 64) - 1
_NORMAL = NormalDist()


def mix(*parts: int) -> int:
    """A well-mixed 64-bit number of several: the key of a row's own dice."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = _scramble((state ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK)
    return state


def _scramble(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


class Dice:
    """A stream of draws for one purpose of one row: `Dice(seed, purpose, index)`."""

    __slots__ = ("_state",)

    def __init__(self, *key: int) -> None:
        self._state = mix(*key)

    def uniform(self) -> float:
        """The next number in [0, 1)."""
        self._state = self._state + 0x9E3779B97F4A7C15 & _MASK
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


def uniforms(seed: int, chunk: int, columns: int, rows: int) -> Floats:
    """Uniform numbers of shape `(columns, rows)` for one chunk of a seed's slots."""
    bits = np.random.Philox(key=np.array([seed & _MASK, chunk], dtype=np.uint64))
    return np.random.Generator(bits).random((columns, rows))


def normal(uniform: float) -> float:
    """The standard normal quantile of a number in (0, 1)."""
    return _NORMAL.inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12))
