"""The last step of every vehicle: facts and identity become columns of rows, and what nobody has written is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.synth.dice import Purpose, column
from flotia.synth.equipment import Codes, EquipmentColumns
from flotia.synth.facts import FactColumns, FactsDrawer
from flotia.synth.identity import Identities, IdentityMaker, plates
from flotia.synth.labels import LABELS, LabelColumns
from flotia.synth.prices import dealer_cents
from flotia.synth.texts import TextColumns, TextFacts, listed
from flotia.synth.vin import Surroundings
from flotia.vehicle import Origin, VehicleTable

_Column = Callable[[], list[Any]]

_DAYS_A_YEAR = 365.25
#: What a model writes, and code where none has.
_WRITTEN = ("descripcion", "equipamiento", "equipamiento:stored")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2050, 1, 1)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What of a row is a model's: its equipment and text (`None` where code writes them), its name, the fields that stand.

    `own` are the fields of a car whose brand the catalogue does not know, in the place of the columns'. `origin` says
    whether it was asked in this run or earlier.
    """

    model: str
    kept: tuple[str, ...]
    equipment: tuple[str, ...] | None = None
    description: str | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = Origin.AI

    @property
    def is_whole(self) -> bool:
        """Whether code has nothing to write."""
        return self.equipment is not None and self.description is not None


class _Tables:
    """What rows are written with, whatever seed or date; fills as cars are met."""

    def __init__(self, catalogue: Catalogue) -> None:
        deck = catalogue.deck
        self.equipment = EquipmentColumns(catalogue)
        self.texts = TextColumns(catalogue, self.equipment)
        self.labels = LabelColumns(deck.variants)
        self.days = _Days()
        self.versions = np.full(int(deck.versions_from[-1]), None, dtype=object)
        self.named = np.zeros(len(self.versions), dtype=bool)
        names = {
            "marca": [v.brand.marca for v in deck.variants],
            "modelo": [v.model.nombre for v in deck.variants],
            "combustible": [v.engine.combustible for v in deck.variants],
            "transmision": [v.transmission for v in deck.variants],
            "tipo_vehiculo": [v.body.tipo for v in deck.variants],
            "cilindrada": [v.engine.cilindrada or None for v in deck.variants],
        }
        self.of_variant = {name: np.array(values, dtype=object) for name, values in names.items()}
        self.of_variant |= {"potencia": deck.v["power"], "puertas": deck.v["doors"], "plazas": deck.v["seats"]}


_tables = lru_cache(maxsize=4)(_Tables)


class Assembler:
    """Makes vehicles for one seed and date."""

    def __init__(self, catalogue: Catalogue, drawer: FactsDrawer, *, seed: int, today: date) -> None:
        self.drawer, self.seed, self.today = drawer, seed, today.toordinal()
        self.deck, self.tables = catalogue.deck, _tables(catalogue)
        self.identities = IdentityMaker(catalogue, seed=seed, today=today)
        self.spoken_colours = np.array([c.lower() for c in drawer.colours], dtype=object)
        self.lists = {
            "color": np.array(drawer.colours, dtype=object), "provincia": np.array(drawer.provinces, dtype=object),
            "concesionario": np.array(drawer.dealers, dtype=object), "etiqueta_dgt": np.array(LABELS, dtype=object),
        }  # fmt: skip

    def surroundings(self, cars: FactColumns) -> Surroundings:
        """What the identities of those cars depend on."""
        return self.identities.vins.surroundings(cars.variant, cars.registered, cars.slot)

    def texts_of(self, cars: FactColumns, given: Identities) -> tuple[list[str], list[str]]:
        """The VINs and plates of those cars."""
        return self.identities.vins.vins(self.surroundings(cars), given.serial), plates(given.plate)

    def others(self, cars: FactColumns) -> Identities:
        """Identities that the run gives nobody else, for cars whose own are taken outside."""
        return self.identities.identities(self.surroundings(cars), cars.registered, again=True)

    def table(
        self, cars: FactColumns, given: Identities, amendments: Mapping[int, Amendment] | None = None
    ) -> VehicleTable:
        """The finished vehicles. `amendments` are by place; a row is of origin `ia` or `cache` only if it has one."""
        amendments = amendments or {}
        rows = _Rows(self, cars, given)
        lacking = [n for n in range(len(cars)) if n not in amendments or not amendments[n].is_whole]
        columns = rows.columns()
        if len(lacking) == len(cars):
            columns |= rows.written(amendments)
        elif lacking:
            few = np.array(lacking)
            own = {n: amendments[place] for n, place in enumerate(lacking) if place in amendments}
            part = _Rows(self, cars.of(few), given.of(few)).written(own)
            columns |= {name: partial(_spread, make, lacking, len(cars)) for name, make in part.items()}
        else:
            columns |= dict.fromkeys(_WRITTEN, lambda: [None] * len(cars))
        return VehicleTable(cars.slot.tolist(), columns, {place: _amended(a) for place, a in amendments.items()})


class _Rows:
    """Rows while they become columns. What several columns need is worked out once, and only if one of them is read."""

    def __init__(self, by: Assembler, cars: FactColumns, given: Identities) -> None:
        self._by, self._tables, self._cars, self._given = by, by.tables, cars, given

    def columns(self) -> dict[str, _Column]:
        """Every column but those of `written`."""
        cars, tables, lists, days = self._cars, self._tables, self._by.lists, self._tables.days
        length = len(cars)
        of_variant: dict[str, _Column] = {
            name: partial(_gather, table, cars.variant) for name, table in tables.of_variant.items()
        }
        registered, received = cars.registered - days.first, cars.received - days.first
        return of_variant | {
            "bastidor": lambda: self._by.identities.vins.vins(self._around, self._given.serial),
            "matricula": lambda: plates(self._given.plate),
            "version": lambda: _plain(self._versions),
            "anio_matricula": lambda: _plain(self._around.calendar),
            "fecha_matriculacion": partial(_gather, days.dates, registered),
            "fecha_matriculacion:stored": partial(_gather, days.texts, registered),
            "kilometros": cars.kilometres.tolist,
            "color": partial(_gather, lists["color"], cars.colour),
            "etiqueta_dgt": lambda: _gather(lists["etiqueta_dgt"], tables.labels.column(cars.variant, cars.registered)),
            "precio_venta": cars.price.tolist,
            "precio_compra": lambda: _plain(self._margins[0]),
            "precio_costo": lambda: _plain(self._margins[1]),
            "provincia": partial(_gather, lists["provincia"], cars.province),
            "concesionario": partial(_gather, lists["concesionario"], cars.dealer),
            "fecha_recepcion": partial(_gather, days.dates, received),
            "fecha_recepcion:stored": partial(_gather, days.texts, received),
            "dias_stock": lambda: _plain(self._by.today - cars.received),
            "origen": lambda: [Origin.LOCAL] * length,
            "origen:stored": lambda: [str(Origin.LOCAL)] * length,
            "modelo_ia": lambda: [""] * length,
            "campos_ia": lambda: [()] * length,
            "campos_ia:stored": lambda: ["[]"] * length,
            "verificado": lambda: [True] * length,
        }

    def written(self, amendments: Mapping[int, Amendment]) -> dict[str, _Column]:
        """The columns that code writes where no model has: texts, which name the equipment of `amendments`, and equipment."""
        return {
            "descripcion": lambda: self._descriptions(amendments),
            "equipamiento": lambda: list(self._tables.equipment.names(self._codes)),
            "equipamiento:stored": lambda: self._tables.equipment.json(self._codes),
        }

    @cached_property
    def _around(self) -> Surroundings:
        return self._by.surroundings(self._cars)

    @cached_property
    def _margins(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        seed, slot = self._by.seed, self._cars.slot
        return dealer_cents(self._cars.price, column(seed, Purpose.PURCHASE, slot), column(seed, Purpose.COST, slot))

    @cached_property
    def _codes(self) -> Codes:
        return self._tables.equipment.codes(self._by.seed, self._cars, self._around.calendar)

    @cached_property
    def _versions(self) -> NDArray[np.object_]:
        cars, tables, deck = self._cars, self._tables, self._by.deck
        numbers = deck.version_numbers(cars.variant, cars.offer)
        names = tables.versions[numbers]
        for place in np.flatnonzero(~tables.named[numbers]).tolist():
            variant, trim = deck.variants[cars.variant[place]], deck.trims[cars.offer[place]]
            tables.versions[numbers[place]] = names[place] = variant.version(trim)
            tables.named[numbers[place]] = True
        return names

    def _descriptions(self, amendments: Mapping[int, Amendment]) -> list[str]:
        by, cars, around = self._by, self._cars, self._around
        age = (by.today - cars.registered) / _DAYS_A_YEAR
        facts = TextFacts(
            cars.slot, cars.variant, by.deck.o["level"][cars.offer], around.calendar, around.month, age,
            cars.kilometres, by.drawer.usual_kilometres(cars.variant, age), self._versions,
            by.spoken_colours[cars.colour], by.lists["provincia"][cars.province],
        )  # fmt: skip
        mentioned = self._tables.texts.mentioned(self._tables.equipment.mentions(by.seed, self._codes, cars.slot))
        for place, amendment in amendments.items():
            if amendment.equipment is not None:
                for piece, text in zip(mentioned, listed(amendment.equipment), strict=True):
                    piece[place] = text
        return self._tables.texts.texts(by.seed, facts, mentioned)


class _Days:
    """Days as dates and as ISO texts, by their ordinal after `first`."""

    def __init__(self) -> None:
        self.first = _FIRST_DAY.toordinal()
        days = [date.fromordinal(n) for n in range(self.first, _LAST_DAY.toordinal())]
        self.dates = np.array(days, dtype=object)
        self.texts = np.array([d.isoformat() for d in days], dtype=object)


def _spread(make: _Column, places: list[int], length: int) -> list[Any]:
    """The values of a few rows at their places among `length`."""
    values = [None] * length
    for place, value in zip(places, make(), strict=True):
        values[place] = value
    return values


def _plain(values: NDArray[Any]) -> list[Any]:
    made: list[Any] = values.tolist()
    return made


def _gather(table: NDArray[Any], places: NDArray[Any]) -> list[Any]:
    found: list[Any] = table[places].tolist()
    return found


def _amended(amendment: Amendment) -> dict[str, Any]:
    fields: dict[str, Any] = {"origen": amendment.origin, "modelo_ia": amendment.model, "campos_ia": amendment.kept}
    fields |= amendment.own
    if amendment.equipment is not None:
        fields["equipamiento"] = amendment.equipment
    if amendment.description is not None:
        fields["descripcion"] = amendment.description
    return fields
