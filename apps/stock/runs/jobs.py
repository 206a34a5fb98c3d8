"""What may be asked of a run: to wait in the queue, to pause, to go on, to be forgotten.

The rows of `ejecucion` are the queue, and nothing else is: a worker (`apps.stock.runs.worker`) takes the run that has waited
longest whenever nobody holds the stock. A broker may ring at the worker's door; if it does not, the worker looks by itself.
Each of these may be asked twice, and works just as well on a run that the command has begun.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from apps.stock.errors import JobError
from apps.stock.models import Ejecucion
from apps.stock.runs import generation, journal, lifecycle, ownership
from apps.stock.runs.generation import Order
from apps.stock.runs.journal import Note
from apps.stock.runs.lifecycle import Changes
from flotia.request import Request

#: More runs than this do not wait: each holds the stock for itself, and somebody pressed a button too often.
LONGEST_QUEUE = 50
_State, _Order = Ejecucion.Estado, Ejecucion.Orden


def enqueue(request: Request, order: Order) -> Ejecucion:
    """A new run, waiting for the worker. Raises `FlotiaError`, with nothing begun, for what can be known to fail."""
    if order.output is not None:
        raise JobError("Una generación en segundo plano no escribe ficheros: exporte el stock cuando termine.")
    generation.check(request, order)
    if Ejecucion.objects.filter(estado=_State.EN_COLA).count() >= LONGEST_QUEUE:
        raise JobError(f"Ya hay {LONGEST_QUEUE} generaciones en cola: espere a que terminen, o cancele alguna.")
    with transaction.atomic():
        run = lifecycle.new(request, replaces=order.replaces, offline=order.offline)
        run.estado, run.encargada = _State.EN_COLA, timezone.now()
        run.save()
        journal.write(run.pk, [Note("cola")])
    return run


def pause(run: Ejecucion) -> Ejecucion:
    """Keep what is made and work no further; one at work stops within a second. Raises `JobError` where nothing can pause."""
    with _held(run) as run:  # noqa: PLR1704 - the same one, as it is now
        match run.estado:
            case _State.EN_COLA:
                lifecycle.interrupt(run, "en pausa: lo pidió el usuario")
            case _State.EN_CURSO:
                _tell(run, _Order.PAUSAR)
            case _State.PUBLICADA | _State.CANCELADA:
                raise JobError(f"La ejecución {run.pk} ya está {run.get_estado_display()}: no hay nada que pausar.")
    return run


def resume(run: Ejecucion, changes: Changes | None = None) -> Ejecucion:
    """Let an interrupted run wait for the worker again, with `changes`. Raises `JobError` where nothing can go on, and
    `RequestError` for changes it has no use for.
    """
    changes = changes or Changes()
    with _held(run) as run:  # noqa: PLR1704 - the same one, as it is now
        if run.is_over:
            raise JobError(f"La ejecución {run.pk} ya está {run.get_estado_display()}: no hay nada que reanudar.")
        if run.estado == _State.EN_CURSO:
            if run.orden:
                raise JobError(f"La ejecución {run.pk} todavía está parando: espere un momento y repita.")
            if changes.flags:
                raise JobError(f"La ejecución {run.pk} está en marcha: páusela antes de cambiar cómo sigue.")
            return run
        lifecycle.apply(run, changes)
        if run.estado == _State.INTERRUMPIDA:
            run.estado, run.encargada, run.caidas = _State.EN_COLA, timezone.now(), 0
            run.motivo, run.sigue_desde = "", None
            run.save(update_fields=["estado", "encargada", "caidas", "motivo", "sigue_desde"])
            journal.write(run.pk, [Note("cola")])
    return run


def cancel(run: Ejecucion) -> Ejecucion:
    """Forget what the run has made, with the stock as it was; one at work stops within a second. Raises `JobError` for one
    that is in the stock already.
    """
    with _held(run) as run:  # noqa: PLR1704 - the same one, as it is now
        match run.estado:
            case _State.EN_COLA | _State.INTERRUMPIDA:
                lifecycle.cancel(run)
            case _State.EN_CURSO:
                _tell(run, _Order.CANCELAR)
            case _State.PUBLICADA:
                raise JobError(f"La ejecución {run.pk} ya está publicada: sus vehículos están en el stock.")
    return run


@contextmanager
def _held(run: Ejecucion) -> Iterator[Ejecucion]:
    """The run as it is now, nobody else's until the context is left. Whose process is dead is at work no more."""
    if ownership.is_publishing(run.pk):  # its row, or the whole database, stays locked until that is over
        raise JobError(
            f"La ejecución {run.pk} publica sus datos locales en una sola transacción: no se puede parar desde aquí. Ctrl-C"
            " donde se lanzó la deja sin efecto."
        )
    with transaction.atomic():
        ownership.free_the_dead()
        yield Ejecucion.objects.select_for_update().get(pk=run.pk)


def _tell(run: Ejecucion, order: Ejecucion.Orden) -> None:
    """Leave word for the process that works on the run. Who is told to cancel cannot be told to pause any more."""
    if run.orden not in (order, _Order.CANCELAR):
        run.orden = order
        run.save(update_fields=["orden"])
        journal.write(run.pk, [Note("orden", {"orden": str(order)})])
