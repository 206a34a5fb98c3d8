"""A row from anywhere, read: contract field names in, typed values out, and a note of what is missing or unreadable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flotia.judgement import values
from flotia.vehicle import FIELDS

#: Fields that may be empty: electric cars have no displacement, old ones no label, local ones no model.
_MAY_BE_EMPTY = frozenset(("cilindrada", "etiqueta_dgt", "modelo_ia", "campos_ia", "verificado"))
#: Of those, the ones whose column a row may lack altogether.
_MAY_LACK = _MAY_BE_EMPTY - {"etiqueta_dgt"}
_LONGEST = 200
#: No number of a car's is greater.
_GREATEST = 10**12


@dataclass(slots=True)
class Row:
    """The values of one row; `None` where there is none or it cannot be read.

    `missing` names the fields that are not there, `unreadable` those whose value makes no sense, with the value. Units
    are those of `Vehicle`; `colour` and `province` are as written.
    """

    missing: list[str] = field(default_factory=list)
    unreadable: dict[str, Any] = field(default_factory=dict)
    bastidor: str | None = None
    matricula: str | None = None
    marca: str | None = None
    modelo: str | None = None
    version: str | None = None
    anio_matricula: int | None = None
    fecha_matriculacion: date | None = None
    kilometros: int | None = None
    combustible: str | None = None
    transmision: str | None = None
    tipo_vehiculo: str | None = None
    cilindrada: int | None = None
    potencia: int | None = None
    puertas: int | None = None
    plazas: int | None = None
    color: str | None = None
    etiqueta_dgt: str | None = None
    precio_venta: Decimal | None = None
    precio_compra: Decimal | None = None
    precio_costo: Decimal | None = None
    provincia: str | None = None
    concesionario: str | None = None
    fecha_recepcion: date | None = None
    dias_stock: int | None = None
    descripcion: str | None = None
    equipamiento: list[Any] | None = None
    origen: str | None = None
    modelo_ia: str | None = None
    campos_ia: list[Any] | None = None
    verificado: bool | None = None

    @property
    def year(self) -> int | None:
        """The registration's year, from its field or else its date."""
        if self.anio_matricula is not None:
            return self.anio_matricula
        return self.fecha_matriculacion.year if self.fecha_matriculacion else None


def read(given: Mapping[str, Any]) -> Row:
    """Read a row. Never raises, whatever it holds."""
    row = Row()
    if not isinstance(given, Mapping):
        given = {}
    for name, plain, reader in _PLAN:
        value = given.get(name)
        if plain is not None and type(value) is plain and _within(value):
            setattr(row, name, value)
            continue
        if value is None or (isinstance(value, str) and not value.strip()):
            if name not in _MAY_BE_EMPTY or (name not in given and name not in _MAY_LACK):
                row.missing.append(name)
            elif name == "etiqueta_dgt":
                row.etiqueta_dgt = ""
            continue
        found = reader(value)
        if found is None:
            row.unreadable[name] = value
        else:
            setattr(row, name, found)
    if row.cilindrada == 0:  # as some write an electric car's
        row.cilindrada = None
    return row


def _within(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < _GREATEST


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:  # a Peugeot 208
        return str(value)
    return value.strip()[:_LONGEST] if isinstance(value, str) else None


def _whole_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return _FLAGS.get(value[:6].strip().lower())
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


_FLAGS = {"1": True, "sí": True, "si": True, "true": True, "0": False, "no": False, "false": False}


def _code(value: Any) -> str | None:
    """A plate or VIN in capitals without spaces and hyphens."""
    return value[:_LONGEST].upper().translate(_NO_GAPS) if isinstance(value, str) else None


_NO_GAPS = str.maketrans("", "", " -\u00a0\t\n")


def _whole(reader: Callable[[Any], float | None]) -> Callable[[Any], int | None]:
    def read_whole(value: Any) -> int | None:
        if type(value) is int and abs(value) < _GREATEST:
            return value
        found = reader(value)
        return int(found) if found is not None and found == int(found) else None

    return read_whole


def _centimetres(value: Any) -> int | None:
    return value if type(value) is int and 100 <= value < _GREATEST else _whole(values.displacement)(value)


def _euro(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value if value.is_finite() and abs(value) < _GREATEST else None
    found = values.number(value)
    return None if found is None else Decimal(str(round(found, 2)))


def _fuel(value: Any) -> str | None:
    found = values.fuel(value)
    return None if found == "mhev" else found


_READERS: dict[str, Callable[[Any], Any]] = {
    "anio_matricula": _whole(values.number), "fecha_matriculacion": values.day, "kilometros": _whole(values.number),
    "combustible": _fuel, "transmision": values.gearbox, "tipo_vehiculo": values.body, "cilindrada": _centimetres,
    "potencia": _whole(values.power), "puertas": _whole(values.number), "plazas": _whole(values.number),
    "etiqueta_dgt": values.label, "precio_venta": _euro, "precio_compra": _euro, "precio_costo": _euro,
    "fecha_recepcion": values.day, "dias_stock": _whole(values.number), "equipamiento": values.entries,
    "campos_ia": values.entries, "bastidor": _code, "matricula": _code, "descripcion": _whole_text, "verificado": _flag,
}  # fmt: skip
#: Field, the type that needs no reading, and how another is read.
_PLAIN: dict[str, type] = {
    **dict.fromkeys(("fecha_matriculacion", "fecha_recepcion"), date),
    **dict.fromkeys(("anio_matricula", "kilometros", "potencia", "puertas", "plazas", "dias_stock"), int),
}
_PLAN: tuple[tuple[str, type | None, Callable[[Any], Any]], ...] = tuple(
    (name, _PLAIN.get(name), _READERS.get(name, _text)) for name in FIELDS
)
