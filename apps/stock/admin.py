"""The admin: the stock can be edited; what happened can only be read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado, VehiculoHistorico


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A record of what happened: to change it would be to lie."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody adds to the past."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes the past."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody removes the past."""
        return False


_VEHICLE_LIST = (
    "matricula", "marca", "modelo", "version", "anio_matricula", "kilometros", "precio_venta", "provincia", "origen",
)  # fmt: skip
_VEHICLE_FILTERS = ("origen", "verificado", "combustible", "transmision", "tipo_vehiculo", "etiqueta_dgt", "marca")
_VEHICLE_SEARCH = ("bastidor", "matricula", "marca", "modelo", "version")


@admin.register(Vehiculo)
class VehiculoAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The stock. Where a vehicle came from is not for editing."""

    list_display = _VEHICLE_LIST
    list_filter = _VEHICLE_FILTERS
    search_fields = _VEHICLE_SEARCH
    readonly_fields = ("origen", "modelo_ia", "campos_ia", "verificado")


@admin.register(VehiculoHistorico)
class VehiculoHistoricoAdmin(ReadOnly):
    """What was in stock before."""

    list_display = ("fecha_snapshot", *_VEHICLE_LIST)
    list_filter = ("fecha_snapshot", *_VEHICLE_FILTERS)
    search_fields = _VEHICLE_SEARCH


@admin.register(VehiculoGenerado)
class VehiculoGeneradoAdmin(ReadOnly):
    """What runs have made and not published."""

    list_display = ("ejecucion", "indice", *_VEHICLE_LIST)
    search_fields = _VEHICLE_SEARCH


@admin.register(Ejecucion)
class EjecucionAdmin(ReadOnly):
    """Runs."""

    list_display = (
        "id", "estado", "cantidad", "marca", "usa_ia", "perfil", "semilla", "reemplaza", "creada", "publicada",
        "segundos", "motivo",
    )  # fmt: skip
    list_filter = ("estado", "usa_ia", "perfil")


@admin.register(Lote)
class LoteAdmin(ReadOnly):
    """Batches."""

    list_display = ("ejecucion", "numero", "vehiculos", "de_ia", "terminado")


@admin.register(Llamada)
class LlamadaAdmin(ReadOnly):
    """Calls to models."""

    list_display = (
        "ejecucion", "lote", "modelo_pedido", "modelo", "resultado", "pedidos", "conservados", "reparados", "rechazados",
        "latencia", "tokens_entrada", "tokens_salida", "hecha",
    )  # fmt: skip
    list_filter = ("resultado", "modelo_pedido")
