"""A run's events as the specification's log lines."""

from __future__ import annotations

import logging

from flotia.events import (
    AiStopped,
    BatchDone,
    CallDone,
    Event,
    ModelAsked,
    ModelCooled,
    ModelRetired,
    RunStarted,
    UnlistedBrand,
    Waiting,
)

logger = logging.getLogger("apps.stock")


def narrate(event: Event) -> None:
    """Log one event: the specification's wording, level and `✓`, and further lines of the same kind around them."""
    match event:
        case RunStarted():
            how = "con IA" if event.use_ai else "sin IA"
            logger.info("Generando %d vehículos %s en lotes de %d", event.amount, how, event.batch_size)
            if event.already:
                logger.info("Ya había %d vehículos hechos: se conservan", event.already)
        case ModelAsked():
            logger.info("Generando vehículos con modelo: %s", event.model)
        case CallDone():
            _call(event)
        case ModelCooled():
            logger.info("Modelo %s en pausa %.0f s", event.model, event.seconds)
        case ModelRetired():
            logger.warning("Modelo %s descartado en esta ejecución: %s", event.model, event.reason)
        case Waiting():
            logger.info("Esperando %.0f s: %s", event.seconds, event.reason)
        case UnlistedBrand():
            logger.warning(
                "La marca %s no está en el catálogo: se pregunta libremente a los modelos, y sus vehículos quedan sin"
                " verificar más que por las reglas generales",
                event.brand,
            )
        case AiStopped():
            logger.warning("Se deja de usar IA: %s El resto serán datos locales.", _sentence(event.reason))
        case BatchDone():
            logger.info(
                "✓ Lote completado: %d vehículos (total: %d/%d)", len(event.vehicles), event.total, event.amount
            )  # fmt: skip


def _call(event: CallDone) -> None:
    if event.failure is not None:
        logger.warning("Error con modelo %s: %s", event.asked, event.failure.message)
        return
    if event.usable:
        logger.info("✓ Generados %d vehículos con %s", event.usable, event.model)
    missing = event.slots - event.usable
    if missing:
        logger.warning(
            "Error con modelo %s: faltan %d de %d vehículos%s", event.asked, missing, event.slots,
            " (respuesta cortada)" if event.truncated else "",
        )  # fmt: skip
    for cause, times in event.causes.items():
        logger.debug("%s: %s (×%d)", event.model, cause, times)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else text + "."
