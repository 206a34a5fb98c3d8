"""Models and accounts as they stand. No provider is asked: what looks must not spend."""

from __future__ import annotations

import time

from django.http import HttpRequest
from ninja import Router

from apps.api import access
from apps.api.openapi import errors
from apps.api.schemas import Cuota, Cuotas, Modelo, Modelos
from apps.ia import standing

router = Router(tags=["IA"], auth=access.reading)


@router.get(
    "/modelos", response={200: Modelos, **errors(401, 403)}, summary="Los modelos: estado, éxito, latencia, último error",
    operation_id="listar_modelos",
)  # fmt: skip
def models(request: HttpRequest) -> Modelos:  # noqa: ARG001 - ninja's signature
    """Lo que se recuerda de cada modelo de cada cuenta. Sin ninguna cuenta configurada, la lista está vacía."""
    kept = standing.kept(time.time())
    return Modelos(modelos=[Modelo(**line.as_dict()) for line in kept.models], avisos=list(kept.notices))


@router.get(
    "/cuotas", response={200: Cuotas, **errors(401, 403)}, summary="Las cuentas: límites, usado, resto, cuándo se repone",
    operation_id="listar_cuotas",
)  # fmt: skip
def quotas(request: HttpRequest) -> Cuotas:  # noqa: ARG001 - ninja's signature
    """Según lo anotado aquí. Nunca lleva ninguna clave."""
    kept = standing.kept(time.time())
    return Cuotas(cuentas=[Cuota(**quota.as_dict()) for quota in kept.quotas], avisos=list(kept.notices))
