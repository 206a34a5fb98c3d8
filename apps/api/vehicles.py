"""Vehicles in stock: list, one, files."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path, Query, Router

from apps.api import access, openapi
from apps.api.openapi import errors
from apps.api.problems import ProblemError
from apps.api.queries import FilterQuery, ListQuery
from apps.api.schemas import PaginaDeVehiculos, Vehiculo, VehiculoResumen
from apps.stock import models
from apps.stock.files import download
from apps.stock.search import results

router = Router(tags=["Vehículos"], auth=access.reading_stock)
_CONFIDENTIAL = ("precio_compra", "precio_costo")
_Shown = TypeVar("_Shown", bound=VehiculoResumen)
_VIN = r"^[A-Z0-9]{1,17}$"


@router.get(
    "", response={200: PaginaDeVehiculos, **errors(401, 403, 422)}, summary="Lista del stock, filtrada y por páginas",
    operation_id="listar_vehiculos",
)  # fmt: skip
def listing(request: HttpRequest, query: Query[ListQuery]) -> PaginaDeVehiculos:
    """Los filtros y órdenes son los de la página. Lo que pagó el concesionario solo se da con un token (`read`)."""
    wanted = query.wanted(request)
    page = results.page(wanted, query.orden, query.cursor, query.limite)
    own = [*wanted.pairs(), ("orden", query.orden), ("limite", str(query.limite))]

    def address(cursor: str) -> str | None:
        return f"{request.path}?{urlencode([*own, ('cursor', cursor)])}" if cursor else None

    return PaginaDeVehiculos(
        vehiculos=[_shown(VehiculoResumen.from_orm(v), request) for v in page.vehicles],
        total=page.count.number, total_exacto=not page.count.capped,
        next=address(page.next), previous=address(page.previous),
    )  # fmt: skip


@router.get(
    "/exportar.{formato}", response={200: None, **errors(401, 403, 422)}, summary="El stock filtrado, como fichero",
    operation_id="exportar_vehiculos", openapi_extra=openapi.files(download.KINDS, Vehiculo),
)  # fmt: skip
def export(
    request: HttpRequest, formato: Literal["csv", "json", "jsonl", "xlsx", "parquet"], query: Query[FilterQuery]
) -> HttpResponseBase:
    """Todas las columnas, en el orden pedido. Si cumplen los filtros más vehículos de los que se exportan, se dice."""
    wanted = query.wanted(request)
    most: int = settings.FLOTIA_EXPORTACION_MAXIMA
    if results.matching(wanted)[: most + 1].count() > most:
        raise ProblemError("no-valido", f"Son más de {most} vehículos: ajuste los filtros y repita.")
    found = results.in_order(wanted, query.orden)
    return download.answer(request, formato, found, confidential=access.token_of(request) is not None)


@router.get(
    "/{bastidor}", response={200: Vehiculo, **errors(401, 403, 404, 422)}, summary="Un vehículo, por su bastidor",
    operation_id="ver_vehiculo",
)  # fmt: skip
def one(request: HttpRequest, bastidor: Annotated[str, Path(pattern=_VIN, examples=["WVWZZZCDZMW123456"])]) -> Vehiculo:
    """Todo lo que se sabe de él, con su texto y su equipamiento."""
    found = models.Vehiculo.objects.filter(pk=bastidor).first()
    if found is None:
        raise Http404
    return _shown(Vehiculo.from_orm(found), request)


def _shown(vehicle: _Shown, request: HttpRequest) -> _Shown:
    if access.token_of(request) is None:
        for name in _CONFIDENTIAL:
            setattr(vehicle, name, None)
    return vehicle
