"""A run's events as the specification's log lines."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from apps.stock.wording import at, clean, sentence
from flotia.events import (
    AccountStopped,
    AiStopped,
    BatchDone,
    CallDone,
    Event,
    ModelAsked,
    ModelCooled,
    ModelRetired,
    QuotaSeen,
    RunPaused,
    RunStarted,
    UnlistedBrand,
    Waiting,
)

logger = logging.getLogger("apps.stock")


@dataclass(slots=True)
class Narrator:
    """Logs a run: the specification's wording, levels and `✓`, and further lines of the same kind around them.

    Calls may be under way at once, so each line names its model, and its account as soon as there is more than one.
    `pauses` says that the run waits when calls or quota end.
    """

    pauses: bool = False
    _accounts: set[str] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        """Log one event."""
        match event:
            case RunStarted() | QuotaSeen() | UnlistedBrand():
                self._opening(event)
            case ModelAsked():
                self._accounts.add(event.account)
                logger.info("Generando vehículos con modelo: %s", clean(event.model))
            case CallDone():
                _call(event)
            case ModelCooled():
                logger.info(
                    "Modelo %s en pausa %.0f s: %s", self._who(event), event.seconds, clean(event.reason)
                )  # fmt: skip
            case ModelRetired():
                logger.warning("Modelo %s descartado en esta ejecución: %s", self._who(event), clean(event.reason))
            case Waiting():
                logger.info("Esperando %.0f s: %s", event.seconds, event.reason)
            case BatchDone():
                logger.info(
                    "✓ Lote completado: %d vehículos (total: %d/%d)", len(event.vehicles), event.total, event.amount
                )  # fmt: skip
            case AccountStopped() | AiStopped() | RunPaused():
                self._ending(event)

    def _opening(self, event: RunStarted | QuotaSeen | UnlistedBrand) -> None:
        match event:
            case RunStarted():
                how = "con IA" if event.use_ai else "sin IA"
                logger.info("Generando %d vehículos %s en lotes de %d", event.amount, how, event.batch_size)
                if event.already:
                    logger.info("Ya había %d vehículos hechos: se conservan", event.already)
            case QuotaSeen():
                logger.info("Hacen falta unas %d peticiones; quedan %d hoy", event.needed, event.left)
                if event.short:
                    logger.warning(
                        "El cupo de hoy no alcanza: hacen falta unas %d peticiones y quedan %d. Vuelve a estar entero %s."
                        " Cuando se agote, %s.", event.needed, event.left, at(event.resets), self._what_then(),
                    )  # fmt: skip
            case UnlistedBrand():
                logger.warning(
                    "La marca %s no está en el catálogo: se pregunta libremente a los modelos, y sus vehículos quedan sin"
                    " verificar más que por las reglas generales",
                    event.brand,
                )

    def _ending(self, event: AccountStopped | AiStopped | RunPaused) -> None:
        match event:
            case AccountStopped():
                logger.warning(
                    "Se deja de preguntar a la cuenta %s: %s Las demás siguen.",
                    event.account, sentence(clean(event.reason)),
                )  # fmt: skip
            case AiStopped():
                rest = "El resto queda pendiente." if self.pauses else "El resto serán datos locales."
                logger.warning("Se deja de usar IA: %s %s", sentence(clean(event.reason)), rest)
            case RunPaused():
                when = "" if event.resumes is None else f" Vuelve a haber cupo {at(event.resumes)}."
                logger.warning(
                    "Ejecución en pausa con %d de %d vehículos: %s%s",
                    event.made, event.amount, sentence(clean(event.reason)), when,
                )  # fmt: skip

    def _what_then(self) -> str:
        if self.pauses:
            return "la ejecución quedará en pausa para seguirla con --reanudar"
        return "el resto serán datos locales (con --al-agotar pausar esperaría)"

    def _who(self, event: ModelCooled | ModelRetired) -> str:
        model = clean(event.model)
        return f"{model} (cuenta {event.account})" if len(self._accounts) > 1 else model


def _call(event: CallDone) -> None:
    if event.failure is not None:
        logger.warning("Error con modelo %s: %s", clean(event.asked), clean(event.failure.message))
        return
    if event.usable:
        logger.info("✓ Generados %d vehículos con %s", event.usable, clean(event.model))
    missing = event.slots - event.usable
    if missing:
        logger.warning(
            "Error con modelo %s: faltan %d de %d vehículos%s", clean(event.asked), missing, event.slots,
            " (respuesta cortada)" if event.truncated else "",
        )  # fmt: skip
    for cause, times in event.causes.items():
        logger.debug("%s: %s (×%d)", clean(event.model), clean(cause), times)
