"""Filters of the admin whose choices come from what is known already: Django's own would read all rows for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.stock.models import CUT, GIVEN_UP, WELL, Llamada, Vehiculo
from apps.stock.search.facets import Facets, facets
from apps.stock.search.filters import NO_LABEL
from apps.stock.wording import outcome
from flotia.outcome import Kind

_KEPT = "flotia.facets"
_Values = Callable[[Facets], tuple[str, ...]]


def keys_of(condition: Q) -> QuerySet[Vehiculo, str]:
    """The keys of the vehicles of which `condition` holds, found in an index: as a plain condition it would be put to the
    wide rows, one by one in the list's order.
    """
    return Vehiculo.objects.filter(condition).order_by().values_list("pk", flat=True)


def by(column: str, title: str, values: _Values) -> type[admin.SimpleListFilter]:
    """A filter on a column of the stock, answered inside the index that holds all its filters."""

    class ByColumn(admin.SimpleListFilter):
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
            return [(value, "sin etiqueta" if value == NO_LABEL else value) for value in values(_known(request))]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
            if (value := self.value()) is None:
                return queryset
            return queryset.filter(pk__in=keys_of(Q(**{column: "" if value == NO_LABEL else value})))

    ByColumn.title = title
    return ByColumn


def _known(request: HttpRequest) -> Facets:
    """The values there are, looked up once for all filters of a page."""
    found: Facets = request.META.get(_KEPT) or facets()
    request.META[_KEPT] = found
    return found


OF_THE_STOCK = (
    by("marca", "marca", lambda known: known.brands),
    by("combustible", "combustible", lambda known: known.combustible),
    by("tipo_vehiculo", "tipo de vehículo", lambda known: known.tipo_vehiculo),
    by("transmision", "transmisión", lambda known: known.transmision),
    by("etiqueta_dgt", "etiqueta DGT", lambda known: known.etiqueta),
    by("provincia", "provincia", lambda known: known.provincia),
    by("origen", "origen", lambda known: known.origen),
)


class Outcome(admin.SimpleListFilter):
    """How calls ended."""

    title, parameter_name = "resultado", "resultado"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Every way there is."""
        return [(code, outcome(code)) for code in (WELL, CUT, GIVEN_UP, *map(str, Kind))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Llamada]) -> QuerySet[Llamada]:  # noqa: ARG002
        """The calls that ended so."""
        return queryset if self.value() is None else queryset.filter(resultado=self.value())
