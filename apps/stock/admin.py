"""The admin: the stock can be edited; what happened can only be read, published and exported."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from unfold.decorators import action

from apps.ia.admin_parts import ReadOnly, Table
from apps.stock.admin_filters import OF_THE_STOCK, Outcome, keys_of
from apps.stock.files import download
from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado, VehiculoHistorico
from apps.stock.runs.releasing import release
from apps.stock.search.facets import facets, forget, versions
from apps.stock.search.words import text_condition
from flotia.errors import FlotiaError
from flotia.vehicle import Origin

_VEHICLE_LIST = (
    "matricula", "marca", "modelo", "version", "anio_matricula", "kilometros", "precio_venta", "origen",
)  # fmt: skip
#: By an index each: an identity is searched as it is written.
_IDENTITY = ("bastidor__exact", "matricula__exact")
_WHOLE_IDENTITY = re.compile(r"\d{4}[A-Z]{3}|[A-HJ-NPR-Z0-9]{17}")
_IDENTITY_HELP = "Bastidor o matrícula enteros, sin espacios"


class Exports(Table):
    """Vehicles, whose selection can be taken away as a file."""

    actions = ("export_csv", "export_xlsx")

    @admin.action(description="Exportar la selección a CSV")
    def export_csv(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponseBase | None:
        """The chosen rows as text."""
        return self._export(request, chosen, "csv")

    @admin.action(description="Exportar la selección a Excel")
    def export_xlsx(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponseBase | None:
        """The chosen rows as a sheet."""
        return self._export(request, chosen, "xlsx")

    def _export(self, request: HttpRequest, chosen: QuerySet[Any], kind: str) -> HttpResponseBase | None:
        most: int = settings.FLOTIA_EXPORTACION_MAXIMA
        if chosen.order_by()[: most + 1].count() > most:
            self.message_user(request, f"Son más de {most} vehículos: ajuste los filtros y repita.", messages.ERROR)
            return None
        return download.answer(request, kind, chosen, confidential=True)


@admin.register(Vehiculo)
class VehiculoAdmin(Exports):
    """The stock. Where a vehicle came from is not for editing."""

    list_display = _VEHICLE_LIST
    list_filter = OF_THE_STOCK
    sortable_by = ("matricula", "kilometros", "precio_venta")
    search_fields = _IDENTITY
    search_help_text = "Matrícula, bastidor, marca, modelo o palabras de la versión"
    readonly_fields = ("origen", "modelo_ia", "campos_ia", "verificado")
    actions_row = ("show",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Vehiculo], search_term: str  # noqa: ARG002
    ) -> tuple[QuerySet[Vehiculo], bool]:  # fmt: skip
        """A whole identity by its own index, anything else by the stock page's search."""
        whole = search_term.strip().upper()
        if _WHOLE_IDENTITY.fullmatch(whole):
            return queryset.filter(Q(bastidor=whole) | Q(matricula=whole)), False
        words = search_term.lower().split()
        return (
            queryset.filter(pk__in=keys_of(text_condition(words, facets(), versions))) if words else queryset
        ), False

    def get_readonly_fields(self, request: HttpRequest, obj: Vehiculo | None = None) -> tuple[str, ...]:
        """The key too: another VIN would be another vehicle."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if obj is None else ("bastidor", *fixed)

    def save_model(self, request: HttpRequest, obj: Vehiculo, form: Any, change: bool) -> None:  # noqa: FBT001
        """A value that a person wrote is not the model's any more, nor a vehicle from nowhere the catalogue's."""
        if not change:
            obj.origen = str(Origin.IMPORTED)
        obj.campos_ia = [name for name in obj.campos_ia if name not in form.changed_data]
        super().save_model(request, obj, form, change)
        forget()

    def delete_model(self, request: HttpRequest, obj: Vehiculo) -> None:
        """One vehicle."""
        super().delete_model(request, obj)
        forget()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Vehiculo]) -> None:
        """The chosen ones."""
        super().delete_queryset(request, queryset)
        forget()

    def view_on_site(self, obj: Vehiculo) -> str:
        """Its page in the panel."""
        try:
            return reverse("panel:vehiculo", args=[obj.pk])
        except NoReverseMatch:  # of other signs than an address takes
            return reverse("panel:stock")

    @action(description="Ver en el panel", url_path="ver")  # type: ignore[untyped-decorator]
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:  # noqa: ARG002 - an action's signature
        """Its page in the panel."""
        return redirect(self.view_on_site(Vehiculo(pk=object_id)))


@admin.register(VehiculoHistorico)
class VehiculoHistoricoAdmin(Exports, ReadOnly):
    """What was in stock before."""

    list_display = ("fecha_snapshot", *_VEHICLE_LIST)
    list_filter = ("fecha_snapshot",)
    sortable_by = ("fecha_snapshot",)
    search_fields = ("bastidor__exact",)
    search_help_text = "Bastidor entero"


@admin.register(VehiculoGenerado)
class VehiculoGeneradoAdmin(Exports, ReadOnly):
    """What runs have made and not published."""

    list_display = ("ejecucion", "indice", *_VEHICLE_LIST)
    list_select_related = ("ejecucion",)
    sortable_by = ()
    search_fields = _IDENTITY
    search_help_text = _IDENTITY_HELP


@admin.register(Ejecucion)
class EjecucionAdmin(ReadOnly):
    """Runs."""

    list_display = (
        "id", "estado", "cantidad", "marca", "usa_ia", "perfil", "semilla", "reemplaza", "creada", "publicada",
        "segundos", "motivo",
    )  # fmt: skip
    list_filter = ("estado", "usa_ia")
    search_fields = ("id__exact",)
    search_help_text = "Número de ejecución"
    actions = ("publish",)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Whoever may change runs may publish them."""
        return request.user.has_perm("stock.change_ejecucion")

    @admin.action(description="Publicar las que estén completas", permissions=["publish"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Ejecucion]) -> None:
        """Put the vehicles of complete runs into the stock, one run after the other."""
        for number in chosen.order_by("id").values_list("pk", flat=True):
            try:
                run = release(number)
            except FlotiaError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"Ejecución {run.pk} publicada: {run.cantidad} vehículos.", messages.SUCCESS)


@admin.register(Lote)
class LoteAdmin(ReadOnly):
    """Batches."""

    list_display = ("ejecucion", "numero", "vehiculos", "de_ia", "terminado")
    list_select_related = ("ejecucion",)
    sortable_by = ()
    search_fields = ("ejecucion__id__exact",)
    search_help_text = "Número de ejecución"


@admin.register(Llamada)
class LlamadaAdmin(ReadOnly):
    """Calls to models."""

    list_display = (
        "ejecucion", "lote", "modelo_pedido", "modelo", "resultado", "pedidos", "conservados", "reparados", "rechazados",
        "latencia", "tokens_entrada", "tokens_salida", "hecha",
    )  # fmt: skip
    list_select_related = ("ejecucion",)
    list_filter = (Outcome, "hecha")
    sortable_by = ("hecha",)
    search_fields = ("modelo_pedido__exact", "cuenta__exact")
    search_help_text = "Modelo pedido o cuenta, como se llaman"
