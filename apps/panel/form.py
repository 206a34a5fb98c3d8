"""The filters as a form: what can be chosen, what is chosen, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.panel.wording import LABELS, ORIGINS
from apps.stock.search.facets import Facets
from apps.stock.search.filters import NO_LABEL, StockFilter
from apps.stock.search.results import DEFAULT_SORT

Text = str | Promise

ORDERS: tuple[tuple[str, Text], ...] = (
    ("-llegada", _("Recién llegados")),
    ("precio", _("Precio: de menor a mayor")),
    ("-precio", _("Precio: de mayor a menor")),
    ("km", _("Menos kilómetros")),
    ("-km", _("Más kilómetros")),
    ("-anio", _("Más nuevos")),
    ("anio", _("Más antiguos")),
    ("-potencia", _("Más potentes")),
    ("potencia", _("Menos potentes")),
    ("llegada", _("Más tiempo en stock")),
)


@dataclass(frozen=True, slots=True)
class Option:
    """One value to choose."""

    value: str
    label: Text
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One filter: its name in an address, its values, what stands in it as text, and its fault."""

    name: str
    label: Text
    options: tuple[Option, ...]
    text: str
    fault: str


def from_query(query: QueryDict, known: Facets, faults: Mapping[str, str]) -> dict[str, Field]:
    """The form as the query left it, right or wrong."""
    brands = tuple(query.getlist("marca"))
    values: dict[str, tuple[str, ...]] = {
        "marca": known.brands,
        "modelo": known.models_of(brands),
        **{name: getattr(known, name) for name in ("combustible", "transmision", "etiqueta", "tipo_vehiculo")},
        **{name: getattr(known, name) for name in ("provincia", "color", "origen")},
        "orden": tuple(value for value, _label in ORDERS),
    }
    fields = {}
    for name, label in LABELS.items():
        given = query.getlist(name) or ([DEFAULT_SORT] if name == "orden" else [])
        options = tuple(Option(value, wording(name, value), value in given) for value in values.get(name, ()))
        fields[name] = Field(name, label, options, given[-1] if given else "", faults.get(name, ""))
    return fields


def wording(name: str, value: str) -> Text:
    """A value as a person reads it."""
    match name:
        case "origen":
            return ORIGINS.get(value, value)
        case "orden":
            return dict(ORDERS).get(value, value)
        case "etiqueta":
            return _("Sin etiqueta") if value == NO_LABEL else value
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    label: Text
    value: Text
    url: str


def chips(wanted: StockFilter, order: str) -> list[Chip]:
    """Every filter that is set."""
    return [
        Chip(LABELS[name], wording(name, value), address(wanted.without(name, value), order))
        for name, value in wanted.pairs()
    ]


def address(wanted: StockFilter, order: str, cursor: str = "") -> str:
    """The query of an address, with its `?`; the default order is not said."""
    pairs = wanted.pairs()
    pairs += [("orden", order)] if order != DEFAULT_SORT else []
    pairs += [("cursor", cursor)] if cursor else []
    return f"?{urlencode(pairs)}"
