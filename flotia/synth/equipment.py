"""What cars carry, whole columns at a time: each entry is on a car or not by how common it is on such cars.

A row's equipment is one byte a group of the catalogue's, a bit an entry.
"""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from itertools import repeat
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.deck import BODIES, FUELS, SEGMENTS
from flotia.catalogue.loader import Catalogue
from flotia.catalogue.market import EquipmentGroup, EquipmentItem
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR, Trim
from flotia.catalogue.variant import Variant
from flotia.synth.dice import Purpose, below, column, words
from flotia.synth.facts import FactColumns

Codes = NDArray[np.uint8]

_LEVELS = 4
#: Added to the code of a pair of groups that is the last of a row's list.
_END = 1 << 16
#: An ad names at least and at most so many entries.
FEWEST, MOST = 3, 20
#: A sales text names so many of them.
MENTIONED = 3
_YEARS = LAST_YEAR - FIRST_YEAR + 1


class EquipmentColumns:
    """Draws equipment; knows more kinds of cars with each that it meets."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._deck = catalogue.deck
        self._groups = catalogue.equipment
        self._width = len(self._groups)
        self.items: tuple[EquipmentItem, ...] = tuple(i for g in self._groups for i in g.elementos)
        self._item_at = np.full((self._width, 8), -1, dtype=np.int64)
        for g, group in enumerate(self._groups):
            for place, item in enumerate(group.elementos):
                self._item_at[g, place] = self.items.index(item)
        v = self._deck.v
        kind = ((v["fuel"] * len(SEGMENTS) + v["segment"]) * len(BODIES) + v["body"]) * 2 + v["automatic"]
        self._kind = kind * (_LEVELS * _YEARS)
        self._known = np.full((int(self._kind.max()) + _LEVELS * _YEARS), -1, dtype=np.int32)
        self._limits = np.zeros((0, self._width * 8), dtype=np.uint8)
        self._learning = Lock()
        self._place = np.array([8 * g + p for g, group in enumerate(self._groups) for p in range(len(group.elementos))])
        self._one_of = np.stack([_one_of_each(g) for g in self._groups])
        self._pairs = [
            (np.full(2 * _END, None, dtype=object), np.zeros(2 * _END, dtype=bool)) for _ in range(self._width // 2)
        ]
        self._count = np.bitwise_count(np.arange(256, dtype=np.uint8))

    def codes(self, seed: int, cars: FactColumns, years: NDArray[Any]) -> Codes:
        """The equipment of those cars, registered in `years`; shape `(n, groups)`."""
        profile = self._kind[cars.variant] + (self._deck.o["level"][cars.offer] - 1) * _YEARS + years - FIRST_YEAR
        if (self._known[profile] < 0).any():
            self._learn(profile)
        rows = self._known[profile]
        limits = self._limits[rows]
        chance = np.empty((len(years), self._width), dtype="<u8")
        for group in range(self._width):
            chance[:, group] = words(seed, Purpose.EQUIPMENT + group, cars.slot)
        drawn = np.packbits(chance.view(np.uint8) < limits, axis=1, bitorder="little")
        codes = self._one_of[np.arange(self._width), drawn]
        self._within_bounds(codes, limits)
        return codes

    def mentions(self, seed: int, codes: Codes, slots: NDArray[Any]) -> NDArray[np.int64]:
        """Numbers of the `items` that a text names, out of different groups; shape `(n, MENTIONED)`, -1 for none."""
        start = below(column(seed, Purpose.MENTION, slots), np.full(len(slots), self._starts))
        filled = (codes > 0) @ (1 << np.arange(self._width))
        groups = self._walks[filled, start]
        chosen = np.where(groups >= 0, codes[np.arange(len(codes))[:, None], groups], 0)
        at = (words(seed, Purpose.MENTION_ITEM, slots)[:, None] >> np.arange(0, 24, 8, dtype=np.uint64)) % np.uint64(8)
        place = _bit_at()[chosen, at.astype(np.int64)]
        return np.where(groups >= 0, self._item_at[groups, place], -1)

    def names(self, codes: Codes) -> list[tuple[str, ...]]:
        """The entries of each row."""
        parts = [list(map(self._tuples[g].__getitem__, codes[:, g].tolist())) for g in range(self._width)]
        return [sum(row, ()) for row in zip(*parts, strict=True)]

    def json(self, codes: Codes) -> list[str]:
        """The entries of each row as a JSON list."""
        pairs = np.ascontiguousarray(codes).view("<u2").astype(np.int64)
        last = pairs.shape[1] - 1 - (pairs[:, ::-1] > 0).argmax(axis=1)
        pairs[np.arange(len(pairs)), last] += _END
        parts = [self._pair_texts(n, pairs[:, n]).tolist() for n in range(pairs.shape[1])]
        return list(map("".join, zip(repeat("["), *parts)))

    def possible(self, variant: Variant, trim: Trim, year: int) -> list[str]:
        """Every entry that can be on such a car and is met on it."""
        return [
            i.nombre for i in self.items
            if i.share(trim.nivel, year) > 0 and i.may_be_on(
                segment=variant.model.segmento, body=variant.body.tipo, fuel=variant.engine.combustible,
                automatic=variant.automatic,
            )
        ]  # fmt: skip

    def _learn(self, met: NDArray[Any]) -> None:
        """Work out how common each entry is on kinds of cars that were not met before, in 256ths.

        Runs in other threads read meanwhile: what is known is said last.
        """
        with self._learning:
            profiles = np.unique(met[self._known[met] < 0])
            known = len(self._limits)
            self._limits = np.concatenate([self._limits, self._limits_of(profiles)])
            self._known[profiles] = np.arange(len(profiles)) + known

    def _limits_of(self, profiles: NDArray[Any]) -> Codes:
        rest, year = np.divmod(profiles, _YEARS)
        rest, level = np.divmod(rest, _LEVELS)
        rest, automatic = np.divmod(rest, 2)
        rest, body = np.divmod(rest, len(BODIES))
        fuel, segment = np.divmod(rest, len(SEGMENTS))
        may = self._on["fuel"][:, fuel] & self._on["segment"][:, segment] & self._on["body"][:, body]
        share = self._shares[:, level, year] * (may & self._on["automatic"][:, automatic])
        limits = np.zeros((len(profiles), self._width * 8), dtype=np.uint8)
        limits[:, self._place] = np.minimum(np.rint(share * 256), 255).T
        return limits

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """How common each entry is, where it may be at all, by trim level and year."""
        years = range(FIRST_YEAR, LAST_YEAR + 1)
        return np.array([[[i.share(lv + 1, y) for y in years] for lv in range(_LEVELS)] for i in self.items])

    @cached_property
    def _on(self) -> dict[str, NDArray[np.bool_]]:
        """Whether each entry may be on cars of a fuel, segment, body, gearbox."""
        return {
            "fuel": np.array([[not i.combustible or f in i.combustible for f in FUELS] for i in self.items]),
            "segment": np.array([[not i.segmentos or s in i.segmentos for s in SEGMENTS] for i in self.items]),
            "body": np.array([[not i.tipos or b in i.tipos for b in BODIES] for i in self.items]),
            "automatic": np.array([[i.cambio in ("", g) for g in ("Manual", "Automática")] for i in self.items]),
        }

    def _within_bounds(self, codes: Codes, limits: Codes) -> None:
        """Leave the last groups out of a list that is too long; fill one up that is too short with what is most common."""
        running = np.cumsum(self._count[codes], axis=1, dtype=np.uint16)
        codes[running > MOST] = 0
        for row in np.flatnonzero(running[:, -1] < FEWEST).tolist():
            for place in np.argsort(-limits[row].astype(np.int16), kind="stable").tolist():
                group, bit = divmod(place, 8)
                if self._count[codes[row]].sum() >= FEWEST or not limits[row, place]:
                    break
                codes[row, group] = self._one_of[group, codes[row, group] | (1 << bit)]

    @cached_property
    def _tuples(self) -> list[list[tuple[str, ...]]]:
        return [[_entries(g, code) for code in range(256)] for g in self._groups]

    def _pair_texts(self, pair: int, codes: NDArray[np.int64]) -> NDArray[np.object_]:
        """What two neighbouring groups say of each row; each combination is put together once. With `_END` it is the last."""
        known, there = self._pairs[pair]
        for code in set(codes[~there[codes]].tolist()):
            groups = divmod(code % _END, 256)[::-1]  # little-endian: the first group is the lower byte
            names = [name for group, one in enumerate(groups, 2 * pair) for name in self._tuples[group][one]]
            text = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
            known[code] = f"{text}]" if code >= _END else f"{text}, " if names else ""
            there[code] = True
        return known[codes]

    @cached_property
    def _starts(self) -> int:
        return self._width * (self._width - 1)

    @cached_property
    def _walks(self) -> NDArray[np.int64]:
        """The first groups that are not empty, by which groups are not, for each beginning and stride of a round."""
        walks = np.full((1 << self._width, self._starts, MENTIONED), -1, dtype=np.int64)
        filled = np.arange(1 << self._width)
        for start in range(self._starts):
            begin, stride = start % self._width, start // self._width + 1
            order = list(dict.fromkeys((begin + n * stride) % self._width for n in range(self._width)))
            order += [g for g in range(self._width) if g not in order]
            found = np.zeros(len(filled), dtype=np.int64)
            for group in order:
                here = ((filled >> group & 1) == 1) & (found < MENTIONED)
                walks[here, start, found[here]] = group
                found += here
        return walks


def _entries(group: EquipmentGroup, code: int) -> tuple[str, ...]:
    return tuple(item.nombre for place, item in enumerate(group.elementos) if code >> place & 1)


def _one_of_each(group: EquipmentGroup) -> Codes:
    """For each code of a group, the code that is left when of every family only the first entry stands."""
    result = np.zeros(256, dtype=np.uint8)
    for code in range(256):
        families: set[str] = set()
        for place, item in enumerate(group.elementos):
            if code >> place & 1 and (not item.uno_de or item.uno_de not in families):
                result[code] |= 1 << place
                families.add(item.uno_de)
    return result


@lru_cache(maxsize=1)
def _bit_at() -> NDArray[np.int64]:
    """For each code and number 0 … 7 the place of one of its bits (0 where it has none)."""
    table = np.zeros((256, 8), dtype=np.int64)
    for code in range(1, 256):
        places = [p for p in range(8) if code >> p & 1]
        table[code] = [places[n % len(places)] for n in range(8)]
    return table
