"""What is kept of a model's answer about one car, and where it is kept: a port, and two small ways to fill it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Place(NamedTuple):
    """Where a row stands in a cache: the car's brand and model (the catalogue's names) and year of registration."""

    brand: str
    model: str
    year: int


class Want(NamedTuple):
    """The `number`-th row (from 0) of a place, in the order in which they were kept."""

    place: Place
    number: int


@dataclass(frozen=True, slots=True)
class CachedRow:
    """A row that stood: of which car, by which model (its id), and `said`: its fields as a proposal that can be judged
    again, with `campos_ia`, the names of those that were the model's own. The others are there to tell the car by.
    """

    place: Place
    model_id: str
    said: Mapping[str, Any]

    def key(self, catalogue: str) -> str:
        """Equal for rows that are the same to a reader: one version of a car of one year in the same words.

        `catalogue` is the fingerprint of the one that judged it: another may judge otherwise.
        """
        words = self.said.get("descripcion") or self.said.get("equipamiento")
        parts = (catalogue, *self.place, self.said.get("version"), words)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


class AnswerCache(Protocol):
    """Keeps rows by the fingerprint of the catalogue that judged them."""

    async def keep(self, catalogue: str, rows: Sequence[CachedRow]) -> None:
        """Add rows; those that are there already are passed over. What cannot be kept is no reason to end a run."""
        ...

    async def held(self, catalogue: str) -> Mapping[Place, int]:
        """How many rows each place holds."""
        ...

    async def find(self, catalogue: str, wanted: Sequence[Want]) -> Mapping[Want, CachedRow]:
        """The rows that are wanted, as far as they are there. Holds no more of the cache than those."""
        ...


class NoCache:
    """Nothing is kept."""

    async def keep(self, catalogue: str, rows: Sequence[CachedRow]) -> None:
        """Forget them."""

    async def held(self, catalogue: str) -> Mapping[Place, int]:  # noqa: ARG002
        """Nothing."""
        return {}

    async def find(self, catalogue: str, wanted: Sequence[Want]) -> Mapping[Want, CachedRow]:  # noqa: ARG002
        """Nothing."""
        return {}


@dataclass(slots=True)
class MemoryCache:
    """Rows in memory: for as long as the process lives."""

    _rows: dict[tuple[str, Place], dict[str, CachedRow]] = field(default_factory=dict)

    async def keep(self, catalogue: str, rows: Sequence[CachedRow]) -> None:
        """Add those that are not there."""
        for row in rows:
            self._rows.setdefault((catalogue, row.place), {}).setdefault(row.key(catalogue), row)

    async def held(self, catalogue: str) -> Mapping[Place, int]:
        """How many rows each place holds."""
        return {place: len(rows) for (of, place), rows in self._rows.items() if of == catalogue}

    async def find(self, catalogue: str, wanted: Sequence[Want]) -> Mapping[Want, CachedRow]:
        """Those of `wanted` that are there."""
        found = {}
        for want in wanted:
            rows = list(self._rows.get((catalogue, want.place), {}).values())
            if want.number < len(rows):
                found[want] = rows[want.number]
        return found
