"""The slots of a run that nobody has filled yet: new ones in their order, and those that came back empty before them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from flotia.planner import Slot

#: A slot that so many answers have left out is not asked for again.
_TRIES = 5


class Pool:
    """Holds what a run still lacks. Memory does not grow with their number: new slots are drawn when they are taken."""

    def __init__(self, fresh: Iterator[Slot], amount: int) -> None:
        """`fresh` gives `amount` slots in the order of their index."""
        self._fresh, self._unseen = fresh, amount
        self._back: deque[Slot] = deque()
        self._tries: Counter[int] = Counter()
        #: Slots from this index on have not been taken yet.
        self.next_index = 0

    def __len__(self) -> int:
        return self._unseen + len(self._back)

    def take(self, amount: int) -> list[Slot]:
        """Up to `amount` slots to ask for."""
        taken = [self._back.popleft() for _ in range(min(amount, len(self._back)))]
        while len(taken) < amount and self._unseen:
            slot = next(self._fresh)
            self._unseen -= 1
            self.next_index = slot.index + 1
            taken.append(slot)
        return taken

    def put_back(self, slots: Sequence[Slot]) -> None:
        """They were not asked for, or the call failed: the next ones to be taken."""
        self._back.extendleft(reversed(slots))

    def came_back_empty(self, slots: Sequence[Slot]) -> list[Slot]:
        """An answer left them out. Returns those that no model seems to be able to fill; the others are asked for again."""
        self._tries.update(s.index for s in slots)
        worn_out = [s for s in slots if self._tries[s.index] >= _TRIES]
        for slot in worn_out:
            del self._tries[slot.index]
        self.put_back([s for s in slots if s not in worn_out])
        return worn_out

    def filled(self, indices: Iterable[int]) -> None:
        """They are done with: how often others had left them out need not be remembered."""
        for index in indices:
            self._tries.pop(index, None)

    def returned(self) -> list[Slot]:
        """All that were taken and came back; they leave the pool."""
        slots = list(self._back)
        self._back.clear()
        return slots
