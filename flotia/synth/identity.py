"""Plates and VINs of a run: unique within it by construction, drawn again where the world outside has them already."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.market import PLATE_LETTERS, PLATES_PER_GROUP, group_letters
from flotia.errors import FlotiaError
from flotia.synth.dice import Purpose, mix
from flotia.synth.vin import Surroundings, VinColumns, month_number, ranks

_FIRST_MONTH, _LAST_MONTH = 12 * 2000 + 8, 12 * 2040
_GOLDEN_RATIO = 0.6180339887
#: A car whose month has no plate left gets one of the next months, as an import would; never later than this.
_LATEST_IMPORT = 12
_FOUR_DIGITS = np.array([list(f"{n:04d}".encode()) for n in range(PLATES_PER_GROUP)], dtype=np.uint8)
_THREE_LETTERS = np.array([list(group_letters(n).encode()) for n in range(len(PLATE_LETTERS) ** 3)], dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Identities:
    """What is numbered in the order of the slots: serial counts of VINs, and plates counted from 0000BBB; shape `(n,)`."""

    serial: NDArray[np.int64]
    plate: NDArray[np.int64]

    def of(self, rows: NDArray[Any]) -> Identities:
        """Those of some rows only."""
        return Identities(self.serial[rows], self.plate[rows])


class IdentityMaker:
    """Gives plates and VINs for one seed; slots have to come in order."""

    def __init__(self, catalogue: Catalogue, *, seed: int, today: date) -> None:
        self.vins = VinColumns(catalogue, seed)
        self._plates = _Plates(catalogue, seed, today.year * 12 + today.month - 1)

    def identities(self, around: Surroundings, registered: NDArray[Any], *, again: bool = False) -> Identities:
        """The next identities for those cars; with `again` such as the run gives nobody else, for what is taken outside.

        Raises `FlotiaError` when there are no more plates: no more than Spain has issued since those months.
        """
        return Identities(self.vins.numbers(around, again=again), self._plates.numbers(registered, again=again))


class _Plates:
    """Plates of a month are dealt from the front of its shuffled series, replacements from the back; none after `last`.

    Months count from the year 0.
    """

    def __init__(self, catalogue: Catalogue, seed: int, last: int) -> None:
        self._last = last - _FIRST_MONTH
        until = max(_LAST_MONTH, last)
        self._first, self._capacity, self._stride = _series(catalogue, until)
        months = range(_FIRST_MONTH, until + 1)
        self._offset = np.array(
            [mix(seed, Purpose.PLATE, m) % c for m, c in zip(months, self._capacity.tolist(), strict=True)]
        )
        self._given: dict[int, int] = {}
        self._replaced: dict[int, int] = {}

    def numbers(self, registered: NDArray[Any], *, again: bool) -> NDArray[np.int64]:
        month = month_number(registered) - _FIRST_MONTH
        place = ranks(month, self._replaced if again else self._given)
        limit = self._limits(again=again)
        late = np.flatnonzero(place >= limit[month])
        for _ in range(_LATEST_IMPORT):
            if not len(late):
                break
            month[late] += 1
            if (month[late] > self._last).any():
                raise _no_more_plates()
            place[late] = ranks(month[late], self._replaced if again else self._given)
            late = late[place[late] >= limit[month[late]]]
        if len(late):
            raise _no_more_plates()
        at = -1 - place if again else place
        dealt: NDArray[np.int64] = (self._offset[month] + at * self._stride[month]) % self._capacity[month]
        return self._first[month] + dealt

    def _limits(self, *, again: bool) -> NDArray[np.int64]:
        """How many plates of each month the front (or, with `again`, the back) of its series may give."""
        limit: NDArray[np.int64] = self._capacity.copy()
        for month, count in (self._given if again else self._replaced).items():
            limit[month] -= min(count, int(limit[month]))
        return limit


@lru_cache(maxsize=4)
def _series(catalogue: Catalogue, until: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The first plate of each month, how many it has, and the stride that shuffles them."""
    groups = [catalogue.plates.groups(m // 12, m % 12 + 1) for m in range(_FIRST_MONTH, until + 1)]
    capacity = [(last - first + 1) * PLATES_PER_GROUP for first, last in groups]
    return (
        np.array([first * PLATES_PER_GROUP for first, _ in groups]),
        np.array(capacity),
        np.array([_coprime(c) for c in capacity]),
    )


def _no_more_plates() -> FlotiaError:
    return FlotiaError(
        "No hay tantas matrículas: en toda España no se han emitido más desde los meses que hacen falta. Pida menos"
        " vehículos."
    )


def _coprime(capacity: int) -> int:
    """A stride that shuffles a series of that many."""
    stride = int(capacity * _GOLDEN_RATIO) | 1
    while math.gcd(stride, capacity) != 1:
        stride += 2
    return stride


def plates(numbers: NDArray[np.int64]) -> list[str]:
    """Plates counted from 0000BBB as texts."""
    group = numbers // PLATES_PER_GROUP
    made = np.empty((len(numbers), 7), dtype=np.uint8)
    made[:, :4] = _FOUR_DIGITS[numbers - group * PLATES_PER_GROUP]
    made[:, 4:] = _THREE_LETTERS[group]
    text = made.tobytes().decode("ascii")
    return [text[i : i + 7] for i in range(0, len(text), 7)]
