"""The admin: accounts, models, lists and cached answers can be looked at, not changed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.ia.models import Cuenta, FilaCache, ListaModelos, ModeloIA


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

    @admin.display(description="modelos")
    def cuantos(self, row: ListaModelos) -> int:
        """Models in the list."""
        return len(row.ofertas)


@admin.register(FilaCache)
class FilaCacheAdmin(ReadOnly):
    """Rows of earlier answers."""

    list_display = ("marca", "modelo", "anio", "modelo_ia", "catalogo", "creada")
    list_filter = ("catalogo", "modelo_ia")
    search_fields = ("marca", "modelo")
