"""From a request to slots, and from slots to batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flotia.catalogue.loader import Catalogue
from flotia.request import Request
from flotia.synth.facts import CHUNK, Facts, FactsDrawer
from flotia.synth.identity import IdentityMaker

#: Vehicles a batch where no model is asked: large, because each batch is one transaction of whoever stores them.
LOCAL_BATCH = 500


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the stock to be filled: its number, the facts held back behind it, and its plate."""

    index: int
    facts: Facts
    plate: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Slots that are asked for together. `number` counts from 0 and is the same when a run is resumed."""

    number: int
    slots: tuple[Slot, ...]


def batch_size(amount: int) -> int:
    """Vehicles a call by the contract's rule: more than 100 → 10, more than 50 → 8, else 5."""
    if amount > 100:
        return 10
    return 8 if amount > 50 else 5


class Planner:
    """Draws a request's slots and cuts them into batches, lazily, in order."""

    def __init__(self, catalogue: Catalogue, request: Request, identities: IdentityMaker) -> None:
        self._request, self._identities = request, identities
        self._drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today, brand=request.brand)
        self.batch_size = batch_size(request.amount) if request.use_ai else LOCAL_BATCH

    def batches(self, done: Collection[int] = ()) -> Iterator[Batch]:
        """The batches that still have something to fill; slots whose index is in `done` are left out."""
        pending: list[Slot] = []
        for slot in self._slots():
            if slot.index not in done:
                pending.append(slot)
            if (slot.index + 1) % self.batch_size == 0 or slot.index == self._request.amount - 1:
                if pending:
                    yield Batch(slot.index // self.batch_size, tuple(pending))
                pending = []

    def _slots(self) -> Iterator[Slot]:
        for start in range(0, self._request.amount, CHUNK):
            facts = self._drawer.chunk(start // CHUNK)
            for offset in range(min(CHUNK, self._request.amount - start)):
                yield Slot(start + offset, facts[offset], self._identities.plate(facts[offset].registered))
