"""The admin: accounts, models, lists and cached answers can be looked at, not changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.ia.admin_parts import ReadOnly
from apps.ia.models import Cuenta, FilaCache, ListaModelos, ModeloIA
from flotia.catalogue.loader import Catalogue


@admin.register(Cuenta)
class CuentaAdmin(ReadOnly):
    """Accounts and their books. No key is in them."""

    list_display = ("nombre", "base", "usadas", "actualizada")
    search_fields = ("nombre", "base")

    @admin.display(description="usadas (último día UTC)")
    def usadas(self, row: Cuenta) -> int:
        """Requests of the latest UTC day on which there were any."""
        return int(row.libro.get("used", 0))


@admin.register(ModeloIA)
class ModeloIAAdmin(ReadOnly):
    """Models and what was learned of them."""

    list_display = ("modelo", "cuenta", "retirado", "ultimo_error", "actualizado")
    list_select_related = ("cuenta",)
    list_filter = ("cuenta",)
    search_fields = ("modelo",)

    @admin.display(description="retirado", boolean=True)
    def retirado(self, row: ModeloIA) -> bool:
        """Whether it was confirmed not to exist any more."""
        return bool(row.registro.get("retired"))

    @admin.display(description="último error")
    def ultimo_error(self, row: ModeloIA) -> str:
        """The latest failure, in a sentence."""
        return str(row.registro.get("last_error", ""))


@admin.register(ListaModelos)
class ListaModelosAdmin(ReadOnly):
    """What providers list."""

    list_display = ("cuenta", "cuantos", "obtenida")
    list_select_related = ("cuenta",)

    @admin.display(description="modelos")
    def cuantos(self, row: ListaModelos) -> int:
        """Models in the list."""
        return len(row.ofertas)


class OfToday(admin.SimpleListFilter):
    """Whether rows are of the catalogue as it is today: by the first column of the table's index."""

    title, parameter_name = "catálogo", "de"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The one thing to choose: rows of another catalogue are waiting to be forgotten."""
        return [("hoy", "el de hoy")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FilaCache]) -> QuerySet[FilaCache]:  # noqa: ARG002
        """The rows that can be used today."""
        return queryset.filter(catalogo=Catalogue.load().fingerprint) if self.value() else queryset


@admin.register(FilaCache)
class FilaCacheAdmin(ReadOnly):
    """Rows of earlier answers."""

    list_display = ("marca", "modelo", "anio", "modelo_ia", "catalogo", "creada")
    list_filter = (OfToday,)
    sortable_by = ()
    search_fields = ("marca__exact",)
    search_help_text = "La marca, como está en el catálogo"
