"""From a request to slots, and from slots to batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactColumns, Facts, FactsDrawer
from flotia.synth.identity import Identities

#: Vehicles a block where no model is asked: as many as fit into a processor's cache as columns.
LOCAL_BATCH = 8192
#: Slots are drawn so many at a time where models are asked.
_DRAWN = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the stock to be filled: its number, the facts held back behind it, the numbers of its VIN and plate."""

    index: int
    facts: Facts
    serial: int = 0
    plate: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Slots that are asked for together. `number` counts from 0 and is the same when a run is resumed."""

    number: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Slots that no model is asked for, as columns."""

    number: int
    cars: FactColumns
    identities: Identities


def batch_size(amount: int) -> int:
    """Vehicles a call by the contract's rule: more than 100 → 10, more than 50 → 8, else 5."""
    if amount > 100:
        return 10
    return 8 if amount > 50 else 5


class Planner:
    """Draws a request's slots and cuts them into batches or blocks, lazily, in order."""

    def __init__(self, request: Request, drawer: FactsDrawer, assembler: Assembler) -> None:
        self._request, self._drawer, self._assembler = request, drawer, assembler
        self.batch_size = (request.batch or batch_size(request.amount)) if request.use_ai else LOCAL_BATCH

    def batches(self, done: Collection[int] = ()) -> Iterator[Batch]:
        """The batches that still have something to fill; slots whose index is in `done` are left out."""
        pending: list[Slot] = []
        for slot in self.slots():
            if slot.index not in done:
                pending.append(slot)
            if (slot.index + 1) % self.batch_size == 0 or slot.index == self._request.amount - 1:
                if pending:
                    yield Batch(slot.index // self.batch_size, tuple(pending))
                pending = []

    def blocks(self, done: Collection[int] = (), *, since: int = 0) -> Iterator[Block]:
        """Slots from index `since` on as columns, for code alone; those in `done` are left out."""
        left_out = np.fromiter(done, dtype=np.int64)
        for number, (cars, given) in enumerate(self._drawn(LOCAL_BATCH, since)):
            rows = np.flatnonzero(~np.isin(cars.slot, left_out))
            if len(rows) == len(cars):
                yield Block(number, cars, given)
            elif len(rows):
                yield Block(number, cars.of(rows), given.of(rows))

    def slots(self) -> Iterator[Slot]:
        """Every slot, in order."""
        for cars, given in self._drawn(_DRAWN):
            numbered = zip(self._drawer.facts(cars), given.serial.tolist(), given.plate.tolist(), strict=True)
            for index, (facts, serial, plate) in zip(cars.slot.tolist(), numbered, strict=True):
                yield Slot(index, facts, serial, plate)

    def _drawn(self, at_a_time: int, since: int = 0) -> Iterator[tuple[FactColumns, Identities]]:
        for start in range(since, self._request.amount, at_a_time):
            slots = np.arange(start, min(start + at_a_time, self._request.amount))
            cars = self._drawer.columns(slots)
            yield cars, self._assembler.identities.identities(self._assembler.surroundings(cars), cars.registered)
