"""The stock, narrowed, ordered and in pages: what the page and the API share.

A million rows must answer in the time a person does not notice, with few indexes, since bulk loading pays for each. So
matches are first sought in the one index that holds every filter, up to `COUNT_CAP`. When there are no more, that is the
exact count, and they are put in order here. When there are more, the index of the order is walked, but only over the next
`_STRETCH` rows: a database believes that the cheapest electric cars lie among the cheapest cars, and would read half the
stock to find out. A page is found by the last row of the one before (a cursor), never by counting through what precedes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.stock.models import Vehiculo
from apps.stock.search.facets import facets, keep_count, known_count
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
_LIMITED = ("precio_venta", "kilometros", "fecha_matriculacion")
#: How far the index of an order is walked before the index of the filters is read instead.
_STRETCH = 2_500
_MIRROR = str.maketrans("gl", "lg")
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
    """The vehicles in stock that `wanted` asks for, in no order.

    Limits are set to an expression that has the column's value: an order's index, which leads to the wide rows one by one,
    is no good for them, and no planner can take it for this.
    """
    found = Vehiculo.objects.alias(**{f"_{c}": Coalesce(c, c) for c in _LIMITED}).filter(_condition(wanted))
    return found.filter(text_condition(wanted.words, facets())) if wanted.words else found


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
        place = _Place(column, descending, start, _bounds(wanted, column))
        keys = _walk(found, place, size + 1)
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
    others = Vehiculo.objects.alias(
        _price=Coalesce("precio_venta", "precio_venta"), _when=Coalesce(*["fecha_recepcion"] * 2)
    )
    others = others.filter(marca=vehicle.marca, _price__gte=price * 7 / 10, _price__lte=price * 13 / 10)
    others = others.exclude(pk=vehicle.pk).order_by("-_when", "pk").defer("descripcion", "equipamiento")
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
    for column in _LIMITED:
        condition &= _bounds(wanted, column, f"_{column}")
    return condition


def _bounds(wanted: StockFilter, column: str, key: str = "") -> Q:
    """The limits set to a column, put on `key`, which is the column itself unless named."""
    match column:
        case "precio_venta":
            limits: tuple[Any, Any] = wanted.precio_desde, wanted.precio_hasta
        case "kilometros":
            limits = wanted.km_desde, wanted.km_hasta
        case "fecha_matriculacion":  # a date of that year: one index serves this and the order
            low, high = wanted.anio_desde, wanted.anio_hasta
            limits = low and date(low, 1, 1), high and date(high, 12, 31)
        case _:
            limits = None, None
    bounds = zip(("gte", "lte"), limits, strict=True)
    return Q(**{f"{key or column}__{way}": value for way, value in bounds if value is not None})


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


def _is_past(hit: Hit, start: Hit, descending: bool) -> bool:  # noqa: FBT001 - mirrors `_Place`
    return hit < start if descending else hit > start


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk begins, and which way it goes."""

    column: str
    descending: bool
    start: Hit | None
    bounds: Q

    def order(self, key: Any) -> list[Any]:
        return [key.desc(), "-pk"] if self.descending else [key.asc(), "pk"]

    def after(self, key: str) -> Q:
        """Rows after the start, by `key`."""
        return Q() if self.start is None else self._side(key, self.start, "gte", "lte")

    def until(self) -> Q | None:
        """The rows up to the end of the next stretch; none if the stock ends before."""
        ahead = Vehiculo.objects.filter(self.bounds, self.after(self.column)).order_by(*self.order(F(self.column)))
        end = ahead.values_list(self.column, "pk")[_STRETCH : _STRETCH + 1].first()
        return None if end is None else self._side(self.column, end, "lte", "gt")

    def _side(self, key: str, hit: Hit, way: str, past: str) -> Q:
        """Rows on one side of a hit. Its first half alone is a range of an index; an OR of two ranges would not be."""
        if self.descending:
            way, past = way.translate(_MIRROR), past.translate(_MIRROR)
        value, pk = hit
        return Q(**{f"{key}__{way}": value}) & ~Q(**{key: value, f"pk__{past}": pk})


def _walk(found: QuerySet[Vehiculo], place: _Place, size: int) -> list[str]:
    """The keys of the first `size` of `found`, along the order's index and, where that leads nowhere, by the filters'."""
    if (near := place.until()) is not None:
        ahead = found.filter(place.bounds, place.after(place.column), near).order_by(*place.order(F(place.column)))
        keys = list(ahead.values_list("pk", flat=True)[:size])
        if len(keys) == size:
            return keys
    by_value = Coalesce(place.column, place.column)  # an expression again: this time the order's index is out of play
    rest = found.alias(_key=by_value).filter(place.after("_key")).order_by(*place.order(F("_key")))
    return list(rest.values_list("pk", flat=True)[:size])


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
