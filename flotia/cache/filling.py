"""The first pass of a run that uses the cache: slots are filled from rows of earlier answers, a handful at a time.

Version and equipment are the row's; registration, kilometres, price, colour and place are the slot's own draws for that
car; the text is the row's told again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from flotia.cache.answers import AnswerCache, CachedRow, Place, Want
from flotia.cache.retelling import Reteller
from flotia.cache.shelf import Shelf
from flotia.cache.slots import SlotSet
from flotia.catalogue.loader import Catalogue
from flotia.judgement import text
from flotia.judgement.cars import look_ups
from flotia.request import Request
from flotia.synth.assemble import Amendment, Assembler
from flotia.synth.dice import Dice, Purpose
from flotia.synth.facts import FactColumns, Facts, FactsDrawer
from flotia.synth.identity import Identities
from flotia.synth.prices import ZERO_KM
from flotia.vehicle import MODEL_FIELDS, Origin

#: Slots that are filled at a time: what a run holds of the cache.
CHUNK = 256
#: A slot whose row cannot be used is given another one so many times.
_ROUNDS = 4
#: Years are smaller.
_MOST_YEARS = 10_000
#: What a row gives with its version.
_OF_VERSION = ("version", "potencia", "combustible", "transmision", "cilindrada")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Slots that have been filled: the facts of their cars, and what of them is a model's, by place in those."""

    cars: FactColumns
    amendments: dict[int, Amendment]


@dataclass(frozen=True, slots=True)
class _Car:
    """A row on the car that a slot becomes with it; `variant` and `offer` are rows of the deck."""

    slot: int
    row: CachedRow
    variant: int
    offer: int


class Filler:
    """Fills the slots of one run."""

    def __init__(
        self, cache: AnswerCache, catalogue: Catalogue, request: Request, drawer: FactsDrawer, assembler: Assembler
    ) -> None:
        self._cache, self._catalogue, self._request = cache, catalogue, request
        self._drawer, self._assembler = drawer, assembler
        self._deck, self._cars = catalogue.deck, look_ups(catalogue)
        self._sales = catalogue.sales(request.today.year, request.today.month, request.brand)
        self._reteller = Reteller()

    async def fill(self, done: SlotSet) -> AsyncIterator[Chunk]:
        """Yield chunks as long as the cache has something for the slots that are not in `done`, and add those to it."""
        amount = self._request.amount
        shelf = await self._shelf(amount - len(done))
        for start in range(0, amount, CHUNK):
            pending = done.missing(start, min(start + CHUNK, amount))
            for _ in range(_ROUNDS):
                if shelf.empty:
                    return
                chosen = self._chosen(pending, shelf)
                chunk = await self._filled(chosen) if chosen else None
                if chunk is not None:
                    done.add(chunk.cars.slot.tolist())
                    yield chunk
                pending = [slot for slot in chosen if slot not in done]
                if not pending:
                    break
                shelf.coming += len(pending)

    async def _shelf(self, coming: int) -> Shelf:
        """The rows of cars that the run's market has."""
        sales = self._sales
        cells = self._deck.v["model"][sales.variant].astype(np.int64) * _MOST_YEARS + sales.year
        first = np.unique(cells, return_index=True)[1]
        met = set(map(self._place, sales.variant[first].tolist(), sales.year[first].tolist()))
        of_brand = np.bincount(self._deck.v["brand"][sales.variant], weights=sales.share)
        shares = {b.marca: float(share) for b, share in zip(self._deck.brands, of_brand, strict=False)}
        held = await self._cache.held(self._catalogue.fingerprint)
        there = {place: count for place, count in held.items() if place in met and count > 0}
        return Shelf(there, shares, self._request.amount, coming, self._request.seed)

    def _place(self, variant: int, year: int) -> Place:
        car = self._deck.variants[variant]
        return Place(car.brand.marca, car.model.nombre, year)

    def _chosen(self, slots: Sequence[int], shelf: Shelf) -> dict[int, Want]:
        if not slots:
            return {}
        own = self._drawer.columns(np.array(slots))
        chosen = {}
        for slot, variant, day in zip(slots, own.variant.tolist(), own.registered.tolist(), strict=True):
            want = shelf.choose(self._place(variant, date.fromordinal(day).year), slot)
            if want is not None:
                chosen[slot] = want
        return chosen

    async def _filled(self, chosen: Mapping[int, Want]) -> Chunk | None:
        rows = await self._cache.find(self._catalogue.fingerprint, list(dict.fromkeys(chosen.values())))
        found = [self._car(slot, rows[want]) for slot, want in chosen.items() if want in rows]
        cars = [car for car in found if car is not None]
        if not cars:
            return None
        columns = self._drawer.moved(
            np.array([c.slot for c in cars]), np.array([c.variant for c in cars], dtype=np.int32),
            np.array([c.offer for c in cars], dtype=np.int32), np.array([c.row.place.year for c in cars]),
        )  # fmt: skip
        amendments = self._amendments(cars, columns)
        standing = sorted(amendments)
        if not standing:
            return None
        return Chunk(columns.of(np.array(standing)), {n: amendments[place] for n, place in enumerate(standing)})

    def _car(self, slot: int, row: CachedRow) -> _Car | None:
        """What the slot becomes with that row, if the catalogue has just such a car."""
        place, said = row.place, row.said
        brand = self._cars.brand(place.brand)
        model = self._cars.model(brand, place.model) if brand else None
        for car in self._cars.sold(brand, model, place.year) if brand and model else ():
            engine = car.engine
            told = engine.potencia, engine.combustible, car.transmission, engine.cilindrada or None
            if told != tuple(map(said.get, _OF_VERSION[1:])):
                continue
            for trim in car.trims(place.year):
                if car.version(trim) == said.get("version"):
                    return _Car(slot, row, car.number, self._deck.offer_number(car, trim))
        return None

    def _amendments(self, cars: Sequence[_Car], columns: FactColumns) -> dict[int, Amendment]:
        """What stands of each row on its new car, by place; nothing of a row of which nothing stands."""
        found: dict[int, Amendment] = {}
        abouts: dict[int, text.TextFacts] = {}
        for place, (car, facts) in enumerate(zip(cars, self._drawer.facts(columns), strict=True)):
            if _same_unit(car.row, facts):
                continue
            abouts[place] = self._about(facts)
            found[place] = self._amendment(car.row, abouts[place])
        texts = self._texts(columns, found)
        for place, about in abouts.items():
            told = self._told(cars[place], texts[place], about)
            if told is not None:
                found[place] = replace(found[place], description=told, kept=(*found[place].kept, "descripcion"))
            elif not found[place].kept:
                del found[place]
        return found

    def _about(self, facts: Facts) -> text.TextFacts:
        kilometres, colour = facts.kilometres, facts.colour
        return self._cars.text_facts(
            facts.variant, facts.version, registered=facts.registered, kilometres=kilometres, colour=colour
        )

    @staticmethod
    def _amendment(row: CachedRow, about: text.TextFacts) -> Amendment:
        own = _own_fields(row)
        kept = [name for name in MODEL_FIELDS if name in own and name in _OF_VERSION]
        equipment = text.equipment(row.said.get("equipamiento"), about) if "equipamiento" in own else None
        if equipment is not None:
            kept.append("equipamiento")
        return Amendment(row.model_id, tuple(kept), equipment, origin=Origin.CACHE)

    def _texts(self, columns: FactColumns, amendments: Mapping[int, Amendment]) -> list[str]:
        """Code's texts about those cars."""
        none = np.zeros(len(columns), dtype=np.int64)
        texts: list[str] = self._assembler.table(columns, Identities(none, none), amendments).column("descripcion")
        return texts

    def _told(self, car: _Car, own: str, about: text.TextFacts) -> str | None:
        """The row's text told about the slot's car; `None` if it has none, or none that can be."""
        original = car.row.said.get("descripcion")
        if not isinstance(original, str) or "descripcion" not in _own_fields(car.row):
            return None
        kilometres = car.row.said.get("kilometros")
        new = about.kilometres is not None and about.kilometres <= ZERO_KM
        if not isinstance(kilometres, int) or (kilometres <= ZERO_KM) != new:
            return None  # a used car's text is no new one's
        return self._reteller.tell(original, own, about, Dice(self._request.seed, Purpose.CACHE, car.slot, 1))


def _own_fields(row: CachedRow) -> frozenset[str]:
    """The names of the fields that were the model's own."""
    names = row.said.get("campos_ia")
    return frozenset(n for n in names if isinstance(n, str)) if isinstance(names, list | tuple) else frozenset()


def _same_unit(row: CachedRow, facts: Facts) -> bool:
    """Whether nothing that varies between two real units of a version would: the same car would be there twice."""
    said = row.said
    return (said.get("kilometros"), said.get("precio_venta"), said.get("color")) == (
        facts.kilometres, str(facts.price), facts.colour,
    )  # fmt: skip
