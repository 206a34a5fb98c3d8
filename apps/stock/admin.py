"""The admin: the stock can be edited; what happened can only be read."""

from __future__ import annotations

from django.contrib import admin

from apps.ia.admin import ReadOnly
from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado, VehiculoHistorico

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
