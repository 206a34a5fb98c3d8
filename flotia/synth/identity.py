"""Plates and VINs of a run: unique within it by construction, re-drawn where the world outside has them already."""

from __future__ import annotations

import math
from datetime import date

from flotia.catalogue.loader import Variant
from flotia.catalogue.market import PlateTable
from flotia.synth.dice import Dice, mix
from flotia.synth.vin import vin

_DICE_VIN = 2
_DICE_AGAIN = 3


class IdentityMaker:
    """Gives plates and VINs for one seed.

    Plates of a month are dealt from the front of a shuffled series, one after the other; a replacement for a plate that
    is taken outside comes from its back.
    """

    def __init__(self, plates: PlateTable, seed: int) -> None:
        self._plates, self._seed = plates, seed
        self._given: dict[tuple[int, int], int] = {}
        self._replaced: dict[tuple[int, int], int] = {}

    def plate(self, registered: date) -> str:
        """The next plate of the month of `registered`. Wraps round when a month's whole series has been given."""
        month = (registered.year, registered.month)
        n = self._given.get(month, 0)
        self._given[month] = n + 1
        return self._plates.plate(*month, self._shuffled(month, n))

    def other_plate(self, registered: date) -> str:
        """Another plate of that month, for one that is taken outside this run."""
        month = (registered.year, registered.month)
        n = self._replaced.get(month, 0) + 1
        self._replaced[month] = n
        return self._plates.plate(*month, self._shuffled(month, -n))

    def _shuffled(self, month: tuple[int, int], n: int) -> int:
        capacity = self._plates.capacity(*month)
        stride = int(capacity * 0.6180339887) | 1
        while math.gcd(stride, capacity) != 1:
            stride += 2
        return (mix(self._seed, *month) + n * stride) % capacity

    def vin(self, variant: Variant, registered: date, index: int, attempt: int = 0) -> str:
        """The VIN of slot `index`; `attempt` above 0 gives another serial number."""
        dice = Dice(self._seed, _DICE_VIN, index, attempt)
        number = index if attempt == 0 else mix(self._seed, _DICE_AGAIN, index, attempt) % 1_000_000
        return vin(variant, registered, number, dice, self._seed)
