"""A set of a run's slots that stays small however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np


class SlotSet(Collection[int]):
    """Indices 0 … `amount` - 1 that are in it, a byte each."""

    def __init__(self, amount: int, slots: Iterable[int] = ()) -> None:
        self._there = np.zeros(amount, dtype=np.bool_)
        self._length = 0
        self.add(slots)

    def add(self, slots: Iterable[int]) -> None:
        """Put `slots` into it. Those outside 0 … `amount` - 1 are none of the run's."""
        for slot in slots:
            if 0 <= slot < len(self._there) and not self._there[slot]:
                self._there[slot] = True
                self._length += 1

    def missing(self, start: int, end: int) -> list[int]:
        """The slots from `start` to before `end` that are not in it."""
        lacking: list[int] = (np.flatnonzero(~self._there[start:end]) + start).tolist()
        return lacking

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and 0 <= slot < len(self._there) and bool(self._there[slot])

    def __iter__(self) -> Iterator[int]:
        for start in range(0, len(self._there), 65_536):
            yield from (np.flatnonzero(self._there[start : start + 65_536]) + start).tolist()

    def __len__(self) -> int:
        return self._length
