"""What someone looks for in the stock, as one checked value. The page and the API make the same one from a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from flotia.errors import FlotiaError
from flotia.vehicle import Origin

#: How a vehicle without a label is asked for: its column is empty, and an empty value in a form means "any".
NO_LABEL = "sin"
#: What may be typed into one field, and how much of it is looked for.
_MAX_LENGTH, _MAX_CHOICES, _MAX_WORDS = 120, 40, 6
_NUMBER = re.compile(r"\d{1,9}")
_YEARS = (1900, 2100)


class InvalidFilterError(FlotiaError):
    """Something in the query cannot be looked for; `faults` says of each field why, in a sentence for the user."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class Query(Protocol):
    """What a filter is read from: Django's `QueryDict`."""

    def getlist(self, key: str) -> list[str]:
        """Every value given for `key`."""


def _choice(label: str) -> Any:
    return field(default=(), metadata={"label": label})


def _bound(label: str) -> Any:
    return field(default=None, metadata={"label": label})


@dataclass(frozen=True, slots=True)
class StockFilter:
    """What vehicles must have; what is empty is not asked. Kilometres in km, prices in whole euro, bounds inclusive."""

    marca: tuple[str, ...] = _choice("la marca")
    modelo: tuple[str, ...] = _choice("el modelo")
    combustible: tuple[str, ...] = _choice("el combustible")
    transmision: tuple[str, ...] = _choice("la transmisión")
    etiqueta: tuple[str, ...] = _choice("la etiqueta")
    tipo_vehiculo: tuple[str, ...] = _choice("la carrocería")
    provincia: tuple[str, ...] = _choice("la provincia")
    color: tuple[str, ...] = _choice("el color")
    origen: tuple[str, ...] = _choice("el origen")
    anio_desde: int | None = _bound("el año")
    anio_hasta: int | None = _bound("el año")
    km_desde: int | None = _bound("los kilómetros")
    km_hasta: int | None = _bound("los kilómetros")
    precio_desde: int | None = _bound("el precio")
    precio_hasta: int | None = _bound("el precio")
    q: str = ""

    @classmethod
    def from_query(cls, query: Query) -> StockFilter:
        """The filter a query asks for; names it does not know are left to others. Raises `InvalidFilterError`."""
        values: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name, label in _labels():
            given = [text for text in map(str.strip, query.getlist(name)) if text]
            try:
                values[name] = _read(name, label, given)
            except ValueError as error:
                faults[name] = str(error)
        if faults := faults or dict(_crossed(values)):
            raise InvalidFilterError(faults)
        return cls(**values)

    def pairs(self) -> list[tuple[str, str]]:
        """The filter as the pairs of a query, in one order for equal filters."""
        found: list[tuple[str, str]] = []
        for name, _ in _labels():
            value = getattr(self, name)
            if isinstance(value, tuple):
                found += [(name, one) for one in value]
            elif value not in {None, ""}:
                found.append((name, str(value)))
        return found

    def query(self) -> str:
        """The same, encoded for an address."""
        return urlencode(self.pairs())

    def without(self, name: str, value: str) -> StockFilter:
        """The filter with one of its pairs taken away."""
        present = getattr(self, name)
        left: Any = tuple(one for one in present if one != value) if name in CHOICES else "" if name == "q" else None
        return replace(self, **{name: left})

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the free text."""
        return tuple(self.q.split())

    def __bool__(self) -> bool:
        """Whether anything is asked."""
        return bool(self.pairs())


def _labels() -> Iterable[tuple[str, str]]:
    return ((f.name, f.metadata.get("label", "la búsqueda")) for f in fields(StockFilter))


#: Fields of a filter that take several values, in order.
CHOICES = tuple(f.name for f in fields(StockFilter) if f.default == ())
_FIXED = {"etiqueta": {"0", "ECO", "C", "B", NO_LABEL}, "origen": {str(origin) for origin in Origin}}


def _crossed(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Limits that leave nothing between them."""
    for stem, label in (("anio", "El año"), ("km", "El kilometraje"), ("precio", "El precio")):
        low, high = values[f"{stem}_desde"], values[f"{stem}_hasta"]
        if low is not None and high is not None and low > high:
            yield f"{stem}_desde", f"{label} mínimo ({low}) es mayor que el máximo ({high})."


def _read(name: str, label: str, given: list[str]) -> Any:
    """The value of one field. Raises `ValueError` with the sentence for the user."""
    if any("\x00" in text or len(text) > _MAX_LENGTH for text in given):
        raise ValueError(f"No se puede buscar {label} con ese texto: use como mucho {_MAX_LENGTH} caracteres normales.")
    if name in CHOICES:
        return _read_choices(name, label, given)
    last = given[-1] if given else ""
    if name != "q":
        return _read_number(name, label, last) if last else None
    if len(last.split()) > _MAX_WORDS:
        raise ValueError(f"Busque como mucho {_MAX_WORDS} palabras a la vez.")
    return " ".join(last.split())


def _read_choices(name: str, label: str, given: list[str]) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(given))
    if len(values) > _MAX_CHOICES:
        raise ValueError(f"Elija {label} entre {_MAX_CHOICES} valores como mucho.")
    if name in _FIXED and (unknown := [value for value in values if value not in _FIXED[name]]):
        raise ValueError(f"No conozco {label} «{unknown[0]}»: use {', '.join(sorted(_FIXED[name]))}.")
    return values


def _read_number(name: str, label: str, text: str) -> int:
    """A whole number as Spaniards type it: `12.500`, `12 500 €`, `80.000 km`."""
    digits = re.sub(r"[.\s\u00a0\u202f]|€|km$", "", text, flags=re.IGNORECASE)
    if not _NUMBER.fullmatch(digits, 0) or not digits.isascii():
        raise ValueError(f"Escriba {label} con cifras, sin signos ni decimales: «{text[:20]}» no se entiende.")
    number = int(digits)
    if name.startswith("anio") and not _YEARS[0] <= number <= _YEARS[1]:
        raise ValueError(f"El año {number} no es posible: escriba uno entre {_YEARS[0]} y {_YEARS[1]}.")
    return number
