"""The background worker: takes one run after the other out of the queue and carries it out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections

from apps.ia.database import explained
from apps.stock.errors import DatabaseProblemError
from apps.stock.runs import generation, lifecycle
from apps.stock.runs.generation import Interrupted, Order, Paused
from apps.stock.runs.narration import Narrator, logger
from flotia.errors import FlotiaError

#: An idle worker looks for a run so often, in seconds; where the database fails, less often.
LOOK_EVERY, _AFTER_TROUBLE = 0.5, 5.0
_log = logging.getLogger("apps.stock")


def work(stopping: threading.Event, *, on_idle: Callable[[], None] | None = None) -> None:
    """Work until `stopping` is set. Whoever sets it while a run is at work interrupts it too (`KeyboardInterrupt`)."""
    while not stopping.is_set():
        close_old_connections()
        try:
            busy = work_off(stopping)
        except DatabaseProblemError as problem:
            _log.error("%s", problem)
            stopping.wait(_AFTER_TROUBLE)
            continue
        if not busy:
            if on_idle is not None:
                on_idle()
            stopping.wait(LOOK_EVERY)


def work_off(stopping: threading.Event | None = None) -> bool:
    """Carry out the run that has waited longest; whether there was one. What a broker's task would call.

    What ends a run is in the run: nothing is raised but what hits the worker itself. A run that it had to leave waits for
    the next worker.
    """
    with explained():
        claim = lifecycle.take_next()
    if claim is None:
        return False
    narrator = Narrator(pauses=claim.pauses)
    order = Order(claim.run.reemplaza, claim.run.sin_red, stepwise=True)
    try:
        generation.carry_out(claim, order, narrator.hear, lambda line: logger.info("%s", line))
    except Interrupted:
        if stopping is not None and stopping.is_set():
            lifecycle.put_back(claim.run)
        logger.info("Ejecución %d interrumpida: lo hecho se conserva", claim.run.pk)
    except Paused as pause:
        logger.info("Ejecución %d en pausa: %s", claim.run.pk, pause.reason)
    except FlotiaError as error:
        logger.warning("Ejecución %d: %s", claim.run.pk, error)
    except Exception:  # noqa: BLE001 - the next run in the queue is not to blame
        logger.exception("Ejecución %d: error inesperado", claim.run.pk)
    return True
