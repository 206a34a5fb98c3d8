"""The last step of every vehicle: facts and identity become columns of rows, and what nobody has written is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.synth.dice import Purpose, column
from flotia.synth.equipment import EquipmentColumns
from flotia.synth.facts import FactColumns, FactsDrawer
from flotia.synth.identity import Identities, IdentityMaker, plates
from flotia.synth.labels import LABELS, LabelColumns
from flotia.synth.prices import dealer_cents
from flotia.synth.texts import TextColumns, TextFacts, listed
from flotia.synth.vin import Surroundings
from flotia.vehicle import Origin, VehicleTable

_DAYS_A_YEAR = 365.25
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2050, 1, 1)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What of a row is a model's: its equipment and text (`None` where code writes them), its name, the fields that stand.

    `own` are the fields of a car whose brand the catalogue does not know, in the place of the columns'.
    """

    model: str
    kept: tuple[str, ...]
    equipment: tuple[str, ...] | None = None
    description: str | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


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
        self._drawer, self._seed, self._today = drawer, seed, today.toordinal()
        self._deck, self._tables = catalogue.deck, _tables(catalogue)
        self.identities = IdentityMaker(catalogue, seed=seed, today=today)
        self._spoken_colours = np.array([c.lower() for c in drawer.colours], dtype=object)
        self._lists = {
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
        """The finished vehicles. `amendments` are by place; a row is of origin `ia` only if it has one."""
        amendments = amendments or {}
        around = self.surroundings(cars)
        years = around.calendar
        label = self._tables.labels.column(cars.variant, cars.registered)
        purchase, cost = dealer_cents(
            cars.price, column(self._seed, Purpose.PURCHASE, cars.slot), column(self._seed, Purpose.COST, cars.slot)
        )
        versions = self._version_names(cars)
        codes = self._tables.equipment.codes(self._seed, cars, years)
        of_variant: dict[str, Callable[[], list[Any]]] = {
            name: partial(_gather, table, cars.variant) for name, table in self._tables.of_variant.items()
        }
        length = len(cars)
        columns: dict[str, Callable[[], list[Any]]] = of_variant | {
            "bastidor": lambda: self.identities.vins.vins(around, given.serial),
            "matricula": lambda: plates(given.plate),
            "version": versions.tolist,
            "anio_matricula": years.tolist,
            "fecha_matriculacion": partial(_gather, self._tables.days.dates, cars.registered - self._tables.days.first),
            "fecha_matriculacion:stored": partial(
                _gather, self._tables.days.texts, cars.registered - self._tables.days.first
            ),
            "kilometros": cars.kilometres.tolist,
            "color": partial(_gather, self._lists["color"], cars.colour),
            "etiqueta_dgt": partial(_gather, self._lists["etiqueta_dgt"], label),
            "precio_venta": cars.price.tolist,
            "precio_compra": purchase.tolist,
            "precio_costo": cost.tolist,
            "provincia": partial(_gather, self._lists["provincia"], cars.province),
            "concesionario": partial(_gather, self._lists["concesionario"], cars.dealer),
            "fecha_recepcion": partial(_gather, self._tables.days.dates, cars.received - self._tables.days.first),
            "fecha_recepcion:stored": partial(
                _gather, self._tables.days.texts, cars.received - self._tables.days.first
            ),
            "dias_stock": (self._today - cars.received).tolist,
            "descripcion": lambda: self._descriptions(cars, around, versions, codes, amendments),
            "equipamiento": lambda: list(self._tables.equipment.names(codes)),
            "equipamiento:stored": lambda: self._tables.equipment.json(codes),
            "origen": lambda: [Origin.LOCAL] * length,
            "origen:stored": lambda: [str(Origin.LOCAL)] * length,
            "modelo_ia": lambda: [""] * length,
            "campos_ia": lambda: [()] * length,
            "campos_ia:stored": lambda: ["[]"] * length,
            "verificado": lambda: [True] * length,
        }
        return VehicleTable(cars.slot.tolist(), columns, {place: _amended(a) for place, a in amendments.items()})

    def _version_names(self, cars: FactColumns) -> NDArray[np.object_]:
        numbers = self._deck.version_numbers(cars.variant, cars.offer)
        names = self._tables.versions[numbers]
        for place in np.flatnonzero(~self._tables.named[numbers]).tolist():
            variant, trim = self._deck.variants[cars.variant[place]], self._deck.trims[cars.offer[place]]
            self._tables.versions[numbers[place]] = names[place] = variant.version(trim)
            self._tables.named[numbers[place]] = True
        return names

    def _descriptions(
        self, cars: FactColumns, around: Surroundings, versions: NDArray[np.object_], codes: NDArray[np.uint8],
        amendments: Mapping[int, Amendment],
    ) -> list[str]:  # fmt: skip
        age = (self._today - cars.registered) / _DAYS_A_YEAR
        usual = self._drawer.usual_kilometres(cars.variant, age)
        facts = TextFacts(
            cars.slot, cars.variant, self._deck.o["level"][cars.offer], around.calendar, around.month, age,
            cars.kilometres, usual, versions, self._spoken_colours[cars.colour],
            self._lists["provincia"][cars.province],
        )  # fmt: skip
        mentioned = self._tables.texts.mentioned(self._tables.equipment.mentions(self._seed, codes, cars.slot))
        for place, amendment in amendments.items():
            if amendment.equipment is not None:
                for piece, text in zip(mentioned, listed(amendment.equipment), strict=True):
                    piece[place] = text
        return self._tables.texts.texts(self._seed, facts, mentioned)


class _Days:
    """Days as dates and as ISO texts, by their ordinal after `first`."""

    def __init__(self) -> None:
        self.first = _FIRST_DAY.toordinal()
        days = [date.fromordinal(n) for n in range(self.first, _LAST_DAY.toordinal())]
        self.dates = np.array(days, dtype=object)
        self.texts = np.array([d.isoformat() for d in days], dtype=object)


def _gather(table: NDArray[Any], places: NDArray[Any]) -> list[Any]:
    found: list[Any] = table[places].tolist()
    return found


def _amended(amendment: Amendment) -> dict[str, Any]:
    fields: dict[str, Any] = {"origen": Origin.AI, "modelo_ia": amendment.model, "campos_ia": amendment.kept}
    fields |= amendment.own
    if amendment.equipment is not None:
        fields["equipamiento"] = amendment.equipment
    if amendment.description is not None:
        fields["descripcion"] = amendment.description
    return fields
