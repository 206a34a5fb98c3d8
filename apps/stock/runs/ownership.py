"""Who works on the stock: the lock that a run holds, and how a dead owner is told from a living one.

The lock is the one row whose `activa` is set. An owner on this machine is dead when its process is gone; one elsewhere
when it has given no sign of life for `LEASE`. It may live all the same, and come back from a long silence; so whoever works
on a run asks in each transaction whether it is still his (`hold`).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.stock.errors import LostRunError, NothingToResumeError, RunInProgressError
from apps.stock.models import Ejecucion
from apps.stock.runs import journal
from apps.stock.runs.journal import Note

#: An owner on another machine that has been silent this long is taken for dead; a living one beats every 20 s.
LEASE = timedelta(minutes=5)
#: A run under which the background worker has died so often is left alone: it may be what kills it.
MOST_FALLS = 3
_FELL = "el proceso terminó de golpe"


def owner_name() -> str:
    """The name of this process: machine, process id, and when the process was started (ids are used again)."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def claim_new(run: Ejecucion) -> None:
    """Save `run` as the one at work. Raises `RunInProgressError` if another is."""
    with transaction.atomic():
        _free_from_the_dead()
        _take(run)


def claim_interrupted(run_id: int | None) -> Ejecucion:
    """Take an interrupted run up again: that of `run_id`, or the latest.

    Raises `RunInProgressError` if a run is at work, `NothingToResumeError` if there is none to take up.
    """
    with transaction.atomic():
        _free_from_the_dead()
        runs = Ejecucion.objects.select_for_update().filter(estado=Ejecucion.Estado.INTERRUMPIDA)
        run = runs.filter(pk=run_id).first() if run_id is not None else runs.order_by("-id").first()
        if run is None:
            which = f"la ejecución {run_id}" if run_id is not None else "ninguna ejecución"
            raise NothingToResumeError(f"No hay {which} interrumpida que reanudar.")
        run.encargada = None  # it is this process's now, whoever had it before
        _take(run)
    return run


def claim_queued() -> Ejecucion | None:
    """The run that has waited longest, at work from now on; `None` if none waits, or another holds the stock.

    A run whose owner has died is freed, and waits again if it was a background worker's.
    """
    active = Ejecucion.objects.filter(activa=True).first()
    waiting = Ejecucion.objects.filter(estado=Ejecucion.Estado.EN_COLA)
    if (active is None and not waiting.exists()) or (active is not None and not is_dead(active)):
        return None
    try:
        with transaction.atomic():
            _free_from_the_dead()
            run = waiting.select_for_update().order_by("encargada", "pk").first()
            if run is not None:
                _take(run)
    except RunInProgressError:  # somebody was faster
        return None
    return run


def free_the_dead() -> None:
    """Let go of a run whose owner has died, if there is one."""
    active = Ejecucion.objects.filter(activa=True).first()
    if active is not None and is_dead(active):
        with transaction.atomic(), suppress(RunInProgressError):
            _free_from_the_dead()


def is_publishing(run_id: int) -> bool:
    """Whether a living process is putting that run into the stock in one go, and hears nobody meanwhile."""
    run = Ejecucion.objects.filter(pk=run_id, activa=True, de_una_vez=True).first()
    return run is not None and not is_dead(run)


def beat(run: Ejecucion) -> None:
    """Show that the owner of `run` lives."""
    _held_by(run).update(latido=timezone.now())


def order_to(run: Ejecucion) -> str:
    """What is wanted of the run that this process works on (`Ejecucion.Orden`), or nothing. Raises `LostRunError`."""
    order = _held_by(run).values_list("orden", flat=True).first()
    if order is None:
        raise LostRunError(
            f"La ejecución {run.pk} ya no es de este proceso: estuvo más de {LEASE.seconds // 60} minutos sin dar señales de"
            " vida, y otro la sigue o la ha parado. Aquí no se guarda nada más de ella."
        )
    return order


def hold(run: Ejecucion) -> str:
    """The same, with the run's row locked until the transaction ends: until then it stays this process's."""
    _held_by(run).select_for_update().values_list("pk").first()
    return order_to(run)


def _held_by(run: Ejecucion) -> QuerySet[Ejecucion]:
    """The run, if it is still whose it was when it was claimed."""
    return Ejecucion.objects.order_by().filter(pk=run.pk, activa=True, propietario=run.propietario)


def _take(run: Ejecucion) -> None:
    run.activa, run.estado, run.motivo, run.sigue_desde = True, Ejecucion.Estado.EN_CURSO, "", None
    run.orden, run.de_una_vez = "", False
    run.propietario, run.latido = owner_name(), timezone.now()
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        raise _in_progress() from error


def _free_from_the_dead() -> None:
    """Let go of a run whose owner is dead, as it was last told to; raise if the owner lives."""
    active = Ejecucion.objects.select_for_update().filter(activa=True).first()
    if active is None:
        return
    if not is_dead(active):
        raise _in_progress(active)
    active.caidas += 1
    active.activa = None
    if active.orden == Ejecucion.Orden.CANCELAR:
        drop(active)
        return
    again = active.encargada is not None and not active.orden and active.caidas < MOST_FALLS
    active.estado = Ejecucion.Estado.EN_COLA if again else Ejecucion.Estado.INTERRUMPIDA
    active.motivo, active.orden = _FELL, ""
    active.save(update_fields=["activa", "estado", "motivo", "orden", "caidas"])
    made = active.vehiculos.count()
    told = {"motivo": _FELL, "hechos": made, "cantidad": active.cantidad, "sigue_desde": None}
    journal.write(active.pk, [Note("cola", {"motivo": _FELL}) if again else Note(journal.PAUSE, told)])


def drop(run: Ejecucion) -> None:
    """Cancel a run that nobody works on: its vehicles are forgotten, its calls were made and stay."""
    run.vehiculos.all()._raw_delete(using=run.vehiculos.db)  # noqa: SLF001 - no row to collect
    run.activa, run.estado, run.orden, run.recuento = None, Ejecucion.Estado.CANCELADA, "", {}
    run.motivo, run.sigue_desde = "cancelada por el usuario", None
    run.save()
    journal.write(run.pk, [Note("cancelada")])


def _in_progress(run: Ejecucion | None = None) -> RunInProgressError:
    which = f" (ejecución {run.pk}, {run.cantidad} vehículos)" if run else ""
    return RunInProgressError(
        f"Ya hay una generación en marcha sobre este stock{which}. Espere a que termine y vuelva a intentarlo."
    )


def is_dead(run: Ejecucion) -> bool:
    """Whether nobody works any more on a run that holds the stock."""
    host, _, process = run.propietario.partition(":")
    pid, _, started = process.partition(":")
    if host == socket.gethostname() and pid.isdigit() and os.name == "posix":
        return not _exists(int(pid)) or _started(int(pid)) != started
    return run.latido is None or timezone.now() - run.latido > LEASE


def _exists(pid: int) -> bool:
    """Whether there is a process of that id; signal 0 only asks (POSIX alone: elsewhere it would end it)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _started(pid: int) -> str:
    """The moment (kernel ticks since boot) a process was started; empty if there is none, or no /proc to ask.

    Source: proc(5), field 22 of /proc/PID/stat, counted after the command's closing parenthesis.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
