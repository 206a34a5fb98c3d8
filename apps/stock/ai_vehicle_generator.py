"""The specification's Python function. It writes nothing to the stock."""

from __future__ import annotations

from typing import Any

from apps.stock.composition import choose_source
from apps.stock.narration import logger, narrate
from flotia.generation import generate
from flotia.request import Request


def generar_vehiculos_con_ia(num_vehiculos: int, marca: str | None = None) -> list[dict[str, Any]]:
    """Devuelve exactamente `num_vehiculos` vehículos (un dict por vehículo, con las columnas de la tabla `stock`).

    `marca` limita a una marca del catálogo, escrita de cualquier manera ("seat", "Citroen"). Lo que no sale de un modelo son
    datos locales coherentes, y cada fila lo dice en `origen`. Por una marca que el catálogo no conoce se pregunta libremente
    a los modelos, si hay clave, y sus filas llevan `verificado` a falso. Lanza `flotia.RequestError` si la cantidad no vale,
    `flotia.UnknownBrandError` si no hay de dónde sacar la marca y `flotia.ProviderError` si el proveedor rechaza la clave.
    """
    request = Request(amount=num_vehiculos, brand=marca)
    with choose_source(use_ai=True) as chosen:
        logger.info("%s", chosen.notice)
        vehicles = generate(request, chosen.source, on_event=narrate)
    return [v.as_dict() for v in vehicles]
