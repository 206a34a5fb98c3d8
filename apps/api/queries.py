"""What can stand after the `?`: the same filters and orders as the page's, each with its type."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from apps.api.schemas import Estado
from apps.stock.search.filters import CHOICES, InvalidFilterError, StockFilter
from apps.stock.search.results import DEFAULT_SORT, SORTS

Word = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
Words = Annotated[list[Word], Field(max_length=40)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Amount = Annotated[int, Field(ge=0, le=999_999_999)]


class FilterQuery(Schema):
    """The fields of `StockFilter`, by their names."""

    marca: Words = Field([], description="Una o varias: el parámetro se puede repetir", examples=[["BMW"]])
    modelo: Words = Field([], examples=[["Serie 3"]])
    combustible: Words = Field([], examples=[["Diésel"]])
    transmision: Words = Field([], examples=[["Automática"]])
    etiqueta: list[Literal["0", "ECO", "C", "B", "sin"]] = Field(
        [], max_length=40, description="sin: no tiene etiqueta"
    )
    tipo_vehiculo: Words = Field([], examples=[["SUV"]])
    provincia: Words = Field([], examples=[["Madrid"]])
    color: Words = Field([], examples=[["Blanco"]])
    origen: list[Literal["ia", "cache", "aleatorio", "importado"]] = Field([], max_length=40)
    anio_desde: Year | None = Field(None, description="Año de matriculación, inclusive")
    anio_hasta: Year | None = None
    km_desde: Amount | None = None
    km_hasta: Amount | None = Field(None, examples=[80000])
    precio_desde: Amount | None = None
    precio_hasta: Amount | None = Field(None, description="Euros, inclusive", examples=[20000])
    q: str = Field(
        "", max_length=120, pattern=r"^[^\x00]*$", description="Hasta seis palabras: matrícula, bastidor, nombre"
    )
    orden: str = Field(
        DEFAULT_SORT,
        pattern=rf"^-?({'|'.join(SORTS)})$",
        description="Por qué se ordena; con - delante, de mayor a menor",
    )

    def getlist(self, key: str) -> list[str]:
        """What a `StockFilter` reads."""
        value = getattr(self, key)
        given = value if key in CHOICES else [value]
        return [str(one) for one in given if one is not None]

    def wanted(self, request: HttpRequest) -> StockFilter:
        """The filter. Raises `InvalidFilterError`, also for an unknown name: misspelt, it would ask for everything."""
        refuse_unknown(request, type(self))
        return StockFilter.from_query(self)


class ListQuery(FilterQuery):
    """A page of what the filters leave."""

    cursor: str = Field("", max_length=300, description="Lo que dan `next` y `previous`", examples=[""])
    limite: int = Field(24, ge=1, le=100, description="Vehículos en una página")


class RunsQuery(Schema):
    """A page of the runs."""

    estado: Estado | None = None
    cursor: int | None = Field(None, ge=1, le=2**63 - 1, description="Solo las anteriores a esta ejecución")
    limite: int = Field(20, ge=1, le=100, description="Ejecuciones en una página")


class EventsQuery(Schema):
    """How long a run is watched."""

    hasta_pausa: bool = Field(False, description="Terminar también cuando la ejecución se interrumpe")


def refuse_unknown(request: HttpRequest, known: type[Schema]) -> None:
    """Raise `InvalidFilterError` for a parameter that `known` does not have."""
    if unknown := [name for name in request.GET if name not in known.model_fields]:
        shown = "".join(c for c in unknown[0][:40] if c.isprintable())
        raise InvalidFilterError({shown: f"No se conoce el parámetro «{shown}»."})
