"""A vehicle of a dealer's used stock, and where each of its fields came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any


class Origin(StrEnum):
    """Who made a vehicle: a model, the cache of earlier answers, code alone, or a file."""

    AI = "ia"
    CACHE = "cache"
    LOCAL = "aleatorio"
    IMPORTED = "importado"


@dataclass(slots=True, frozen=True)
class Vehicle:
    """One vehicle; field names are the Spanish columns of table `stock`.

    Units: `kilometros` km, `cilindrada` cm³ (`None` for electric cars), `potencia` CV (metric), prices euro with two
    decimals, VAT or margin scheme included. `dias_stock` counts from `fecha_recepcion` to the date of the run.
    `verificado` is false for a car whose brand the catalogue does not know: nobody checked that it exists.
    """

    bastidor: str
    matricula: str
    marca: str
    modelo: str
    version: str
    anio_matricula: int
    fecha_matriculacion: date
    kilometros: int
    combustible: str
    transmision: str
    tipo_vehiculo: str
    cilindrada: int | None
    potencia: int
    puertas: int
    plazas: int
    color: str
    etiqueta_dgt: str
    precio_venta: Decimal
    precio_compra: Decimal
    precio_costo: Decimal
    provincia: str
    concesionario: str
    fecha_recepcion: date
    dias_stock: int
    descripcion: str
    equipamiento: tuple[str, ...]
    origen: Origin = Origin.LOCAL
    modelo_ia: str = ""
    campos_ia: tuple[str, ...] = ()
    verificado: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The row as users' code receives it: lists instead of tuples, `origen` a plain string."""
        row = {name: getattr(self, name) for name in FIELDS}
        row["equipamiento"] = list(self.equipamiento)
        row["campos_ia"] = list(self.campos_ia)
        row["origen"] = str(self.origen)
        return row


#: The columns of a vehicle, in the contract's order.
FIELDS: tuple[str, ...] = tuple(f.name for f in fields(Vehicle))

_PRICES = frozenset({"precio_venta", "precio_compra", "precio_costo"})
#: The fields a language model may supply; all others are code's to give.
MODEL_FIELDS: tuple[str, ...] = (
    "version", "combustible", "transmision", "cilindrada", "potencia", "kilometros", "precio_venta", "color",
    "equipamiento", "descripcion",
)  # fmt: skip
#: What a model supplies beyond them where the catalogue does not know the brand.
UNLISTED_FIELDS: tuple[str, ...] = ("modelo", "tipo_vehiculo", "puertas", "plazas")


class VehicleTable(Mapping[int, Vehicle]):
    """Vehicles by slot index, held as columns: whoever writes many of them to a database never makes an object of each.

    `amended` says, by place in the table, which fields are others than the columns have.
    """

    def __init__(
        self, slots: Sequence[int], columns: Mapping[str, Callable[[], list[Any]]],
        amended: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """`columns` make the values of each of `FIELDS`, in the order of `slots`; prices are whole cents."""
        self._slots, self._columns, self._amended = slots, columns, amended or {}

    def __iter__(self) -> Iterator[int]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, slot: int) -> Vehicle:
        return self._vehicles[slot]

    def column(self, name: str) -> list[Any]:
        """One field of all vehicles, as `Vehicle` has it."""
        values = self._columns[name]()
        if name in _PRICES:
            values = [Decimal(cents).scaleb(-2) for cents in values]
        return self._with_amendments(name, values)

    def stored(self) -> list[list[Any]]:
        """The columns of `FIELDS` as a database takes them: dates ISO, prices as numbers, lists as JSON."""
        return [self.column_as_stored(name) for name in FIELDS]

    def records(self) -> Iterator[tuple[Any, ...]]:
        """The same as rows."""
        return zip(*self.stored(), strict=True)

    def count(self, origin: Origin) -> int:
        """How many vehicles are of that origin."""
        return sum(o is origin for o in self.column("origen"))

    def column_as_stored(self, name: str) -> list[Any]:
        """One of those columns."""
        stored = self._columns.get(f"{name}:stored")
        if stored is None:
            values = self._columns[name]()
            if name in _PRICES:
                values = [cents / 100 for cents in values]
        else:
            values = stored()
        return self._with_amendments(name, values, as_stored)

    def _with_amendments(self, name: str, values: list[Any], form: Callable[[Any], Any] | None = None) -> list[Any]:
        for place, fields_ in self._amended.items():
            if name in fields_:
                values[place] = form(fields_[name]) if form else fields_[name]
        return values

    @cached_property
    def _vehicles(self) -> dict[int, Vehicle]:
        rows = zip(*map(self.column, FIELDS), strict=True)
        return {slot: Vehicle(*row) for slot, row in zip(self._slots, rows, strict=True)}


def as_stored(value: Any) -> Any:
    """A field's value as a database takes it: dates ISO, prices as numbers, lists as JSON."""
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Origin):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
