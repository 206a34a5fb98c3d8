"""The specification's Python function. It writes nothing to the stock."""

from __future__ import annotations

from typing import Any

from apps.ia.composition import choose_sources
from apps.stock.runs.narration import Narrator, logger
from flotia.bridge import iterate, outside_any_loop
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine
from flotia.events import BatchDone
from flotia.request import Request
from flotia.vehicle import Vehicle


def generar_vehiculos_con_ia(num_vehiculos: int, marca: str | None = None) -> list[dict[str, Any]]:
    """Devuelve exactamente `num_vehiculos` vehículos (un dict por vehículo, con las columnas de la tabla `stock`).

    `marca` limita a una marca del catálogo, escrita de cualquier manera ("seat", "Citroen"). Lo que no sale de un modelo son
    datos locales coherentes, y cada fila lo dice en `origen`. Por una marca que el catálogo no conoce se pregunta libremente
    a los modelos, si hay clave, y sus filas llevan `verificado` a falso. Lanza `flotia.RequestError` si la cantidad no vale,
    `flotia.UnknownBrandError` si no hay de dónde sacar la marca y `flotia.ProviderError` si el proveedor rechaza la clave.
    No toca el stock; lo gastado de cada cuenta y lo aprendido de los modelos se guarda, si la base de datos tiene tablas.
    """
    request = Request(amount=num_vehiculos, brand=marca)
    made = outside_any_loop(lambda: _made(request))
    return [made[index].as_dict() for index in sorted(made)]


def _made(request: Request) -> dict[int, Vehicle]:
    """The vehicles by slot. Limits and experience are shared with the runs on this database."""
    narrator = Narrator()
    made: dict[int, Vehicle] = {}
    with choose_sources(use_ai=True, profile=request.profile) as chosen:
        for line in chosen.notices:
            logger.info("%s", line)
        engine = Engine(
            Catalogue.load(), chosen.sources, books=chosen.books, experience=chosen.experience, cache=chosen.cache
        )
        for event in iterate(engine.stream(request)):
            if isinstance(event, BatchDone):
                made.update(event.vehicles)
            narrator.hear(event)
    return made
