"""The stock: list, vehicle, export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.panel import form
from apps.panel.access import reading_stock
from apps.panel.structured import structured_data
from apps.panel.wording import facts as facts_of
from apps.panel.wording import whole
from apps.stock.files import download
from apps.stock.models import Vehiculo
from apps.stock.search import results
from apps.stock.search.facets import facets
from apps.stock.search.filters import InvalidFilterError, StockFilter


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an address asks of the list."""

    wanted: StockFilter
    order: str
    page: results.Page


@require_safe
@vary_on_headers("HX-Request", "Cookie")
@reading_stock
def listing(request: HttpRequest) -> HttpResponse:
    """The list. To htmx, which asks on every change of a filter, only what changes."""
    known = facets()
    try:
        asked = _asked(request)
    except InvalidFilterError as error:
        context = {"faults": error.faults, "form": form.from_query(request.GET, known, error.faults), "order": ""}
        return render(request, _template(request), context, status=400)
    context = {
        "form": form.from_query(request.GET, known, {}),
        "page": asked.page,
        "order": asked.order,
        "filtered": bool(asked.wanted),
        "chips": form.chips(asked.wanted, asked.order),
        "query": form.address(asked.wanted, asked.order),
        "formats": download.KINDS,
    }
    answer = render(request, _template(request), context)
    if _is_part(request):  # an address without the form's empty fields
        answer.headers["HX-Push-Url"] = (
            f"{request.path}{form.address(asked.wanted, asked.order, request.GET.get('cursor', ''))}"
        )
    return answer


def _asked(request: HttpRequest) -> _Asked:
    wanted, order = StockFilter.from_query(request.GET), request.GET.get("orden", "") or results.DEFAULT_SORT
    return _Asked(wanted, order, results.page(wanted, order, request.GET.get("cursor", "")))


def _is_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def _template(request: HttpRequest) -> str:
    return "panel/_resultados.html" if _is_part(request) else "panel/stock.html"


@require_safe
@reading_stock
def detail(request: HttpRequest, bastidor: str) -> HttpResponse:
    """One vehicle."""
    vehicle = get_object_or_404(Vehiculo, pk=bastidor)
    context: dict[str, Any] = {
        "vehicle": vehicle,
        "facts": facts_of(vehicle, confidential=request.user.is_authenticated),
        "similar": results.similar(vehicle),
        "json_ld": structured_data(vehicle, request.build_absolute_uri()),
    }
    return render(request, "panel/vehiculo.html", context)


@require_safe
@reading_stock
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered vehicles as a file. What the dealer paid for them is only in the file of who has logged in."""
    try:
        wanted = StockFilter.from_query(request.GET)
        found = results.in_order(wanted, request.GET.get("orden", ""))
    except InvalidFilterError as error:
        return _refused(request, str(error))
    most: int = settings.FLOTIA_EXPORTACION_MAXIMA
    if results.matching(wanted)[: most + 1].count() > most:
        return _refused(
            request, _("Son más de %(most)s vehículos: ajuste los filtros y repita.") % {"most": whole(most)}
        )
    return download.answer(request, kind, found, confidential=request.user.is_authenticated)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "panel/rechazo.html", {"why": why}, status=400)
