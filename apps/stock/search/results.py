"""The stock, narrowed, ordered and in pages: what the page and the API share.

A million rows must answer in the time a person does not notice. So each order has an index that holds every filter too,
and wide rows are read only for the vehicles of the page. Matches are sought up to `COUNT_CAP`: when there are no more, that
is the exact count, and they are put in order here. When there are more, the order's index is walked until the page is full.
A page is found by the last row of the one before (a cursor), never by counting through what precedes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

from apps.stock.models import Vehiculo
from apps.stock.search.facets import facets, keep_count, known_count, versions
from apps.stock.search.filters import NO_LABEL, InvalidFilterError, StockFilter
from apps.stock.search.words import text_condition

#: Up to here matches are counted exactly; beyond it is "more than".
COUNT_CAP = 10_000
PAGE_SIZE = 24
#: What can be sorted by: the name in an address, the column, and what it says. `-` before the name: descending.
SORTS = {
    "llegada": "fecha_recepcion",
    "precio": "precio_venta",
    "km": "kilometros",
    "anio": "fecha_matriculacion",
    "potencia": "potencia",
}
DEFAULT_SORT = "-llegada"
_SALT = "flotia.stock.cursor"
_READERS: dict[str, Any] = {
    "fecha_recepcion": date.fromisoformat,
    "fecha_matriculacion": date.fromisoformat,
    "precio_venta": Decimal,
    "kilometros": int,
    "potencia": int,
}


#: A match: what it is sorted by, and its key.
Hit = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Count:
    """How many match; `capped` says that there are more than `number`."""

    number: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some vehicles in order, how many match in all, and the cursors of the neighbours (empty: there is none)."""

    vehicles: Sequence[Vehiculo]
    count: Count
    next: str
    previous: str


def matching(wanted: StockFilter) -> QuerySet[Vehiculo]:
    """The vehicles in stock that `wanted` asks for, in no order."""
    found = Vehiculo.objects.filter(_condition(wanted))
    return found.filter(text_condition(wanted.words, facets(), versions)) if wanted.words else found


def count(wanted: StockFilter) -> Count:
    """How many vehicles match: exact up to `COUNT_CAP`, and kept a short while."""
    if (number := known_count(wanted.query())) is None:
        number = matching(wanted)[: COUNT_CAP + 1].count()
        keep_count(wanted.query(), number)
    return _as_count(number)


def page(wanted: StockFilter, order: str = "", cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """One page. Raises `InvalidFilterError` for an order or a cursor that is not one."""
    order = order or DEFAULT_SORT
    column = checked_order(order)
    start, backwards = _position(cursor, column, order)
    descending = order.startswith("-") != backwards
    found = matching(wanted)
    total, hits = _first_hits(wanted, found, column)
    if total.capped:
        keys = list(_ahead(found, column, start, descending).values_list("pk", flat=True)[: size + 1])
    else:
        ahead = (hit for hit in sorted(hits, reverse=descending) if start is None or _is_past(hit, start, descending))
        keys = [pk for _, pk in islice(ahead, size + 1)]
    more, keys = len(keys) > size, keys[:size]
    rows = Vehiculo.objects.defer("descripcion", "equipamiento").in_bulk(keys)
    vehicles = [rows[key] for key in (reversed(keys) if backwards else keys) if key in rows]
    return Page(
        vehicles=vehicles,
        count=total,
        next=_cursor(vehicles, -1, order, backwards=False) if more or backwards else "",
        previous=_cursor(vehicles, 0, order, backwards=True) if (more if backwards else start is not None) else "",
    )


def in_order(wanted: StockFilter, order: str = "") -> QuerySet[Vehiculo]:
    """All that match, in order: for an export. Raises `InvalidFilterError` for an order that is not one."""
    column, sign = checked_order(order or DEFAULT_SORT), "-" if (order or DEFAULT_SORT).startswith("-") else ""
    return matching(wanted).order_by(f"{sign}{column}", f"{sign}pk")


def checked_order(order: str) -> str:
    """The column of an order. Raises `InvalidFilterError`."""
    if (column := SORTS.get(order.removeprefix("-"))) is None:
        raise InvalidFilterError({"orden": f"No se puede ordenar por «{order[:20]}»: elija uno de la lista."})
    return column


def similar(vehicle: Vehiculo, size: int = 4) -> Sequence[Vehiculo]:
    """Others of the same model, or else of the same brand and body, at up to 30 % more or less, the latest first."""
    price = vehicle.precio_venta
    others = Vehiculo.objects.filter(
        marca=vehicle.marca, precio_venta__gte=price * 7 / 10, precio_venta__lte=price * 13 / 10
    )
    others = others.exclude(pk=vehicle.pk).order_by("-fecha_recepcion", "-pk").defer("descripcion", "equipamiento")
    found = list(others.filter(modelo=vehicle.modelo)[:size])
    if len(found) < size:
        alike = others.filter(tipo_vehiculo=vehicle.tipo_vehiculo).exclude(modelo=vehicle.modelo)
        found += alike[: size - len(found)]
    return found


def _condition(wanted: StockFilter) -> Q:
    condition = Q()
    for name in ("marca", "modelo", "combustible", "transmision", "tipo_vehiculo", "provincia", "color", "origen"):
        if values := getattr(wanted, name):
            condition &= Q(**{f"{name}__in": values})
    if wanted.etiqueta:
        condition &= Q(etiqueta_dgt__in=["" if label == NO_LABEL else label for label in wanted.etiqueta])
    limits = {
        "precio_venta": (wanted.precio_desde, wanted.precio_hasta),
        "kilometros": (wanted.km_desde, wanted.km_hasta),
        # dates of those years: one index serves this and the order
        "fecha_matriculacion": (
            wanted.anio_desde and date(wanted.anio_desde, 1, 1), wanted.anio_hasta and date(wanted.anio_hasta, 12, 31),
        ),
    }  # fmt: skip
    for column, (low, high) in limits.items():
        bounds = {f"{column}__gte": low, f"{column}__lte": high}
        condition &= Q(**{name: value for name, value in bounds.items() if value is not None})
    return condition


def _as_count(number: int) -> Count:
    return Count(min(number, COUNT_CAP), capped=number > COUNT_CAP)


def _first_hits(wanted: StockFilter, found: QuerySet[Vehiculo], column: str) -> tuple[Count, list[Hit]]:
    """The count and, unless it is capped, each match with what it is sorted by."""
    known = known_count(wanted.query())
    if known is not None and known > COUNT_CAP:
        return _as_count(known), []
    hits = list(found.values_list(column, "pk")[: COUNT_CAP + 1])
    keep_count(wanted.query(), len(hits))
    return _as_count(len(hits)), hits


def _is_past(hit: Hit, start: Hit, descending: bool) -> bool:  # noqa: FBT001 - mirrors `_ahead`
    return hit < start if descending else hit > start


def _ahead(found: QuerySet[Vehiculo], column: str, start: Hit | None, descending: bool) -> QuerySet[Vehiculo]:  # noqa: FBT001
    """`found` in order, from past `start` on."""
    sign = "-" if descending else ""
    ahead = found.order_by(f"{sign}{column}", f"{sign}pk")
    if start is None:
        return ahead
    value, pk = start
    way, past = ("lte", "gte") if descending else ("gte", "lte")
    # The first half alone is a range of an index; an OR of two ranges would not be.
    return ahead.filter(Q(**{f"{column}__{way}": value}) & ~Q(**{column: value, f"pk__{past}": pk}))


def _cursor(rows: Sequence[Vehiculo], place: int, order: str, *, backwards: bool) -> str:
    if not rows:
        return ""
    row = rows[place]
    value = getattr(row, SORTS[order.removeprefix("-")])
    return signing.dumps([order, int(backwards), str(value), row.pk], salt=_SALT, compress=False)


def _position(cursor: str, column: str, order: str) -> tuple[Hit | None, bool]:
    """Where a cursor stands, and whether it looks back."""
    if not cursor:
        return None, False
    try:
        made_for, backwards, value, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature:
        raise InvalidFilterError({"cursor": "Esa página ya no existe: vuelva a la primera."}) from None
    if made_for != order:
        raise InvalidFilterError({"cursor": "El orden ha cambiado: vuelva a la primera página."})
    return (_READERS[column](value), pk), bool(backwards)
