"""A run in the database: begun or taken up again, and let go of when it is over or has to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from apps.stock import ownership
from apps.stock.models import Ejecucion, Lote, Vehiculo
from flotia.cache import SlotSet
from flotia.catalogue.loader import Catalogue
from flotia.errors import RequestError
from flotia.request import Profile, Request, WhenExhausted

#: The longest reason a run or a call keeps.
LONGEST_MESSAGE = 300
_ROWS_AT_A_TIME = 10_000
#: What the column for a budget can hold on every database.
_MOST_CALLS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Changes:
    """What the user of an interrupted run wants otherwise than when it was begun; `None`: as it was."""

    budget: int | None = None
    lanes: int | None = None
    when_exhausted: WhenExhausted | None = None

    @property
    def flags(self) -> list[str]:
        """The flags of the command that say so."""
        given = {"--presupuesto": self.budget, "--paralelo": self.lanes, "--al-agotar": self.when_exhausted}
        return [flag for flag, value in given.items() if value is not None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this process works on now. From now on it may make `calls` calls (`None`: any number)."""

    run: Ejecucion
    calls: int | None

    @property
    def pauses(self) -> bool:
        """Whether it waits when calls or quota end, instead of going on with local data."""
        return self.run.al_agotar == WhenExhausted.PAUSE


def begin(request: Request, *, replaces: bool) -> Claim:
    """A new run for `request`, at work from now on. Raises `RunInProgressError` if another one is."""
    _check_budget(request.budget)
    run = Ejecucion(
        cantidad=request.amount,
        marca=request.brand or "",
        semilla=request.seed,
        usa_ia=request.use_ai,
        perfil=str(request.profile),
        presupuesto=request.budget,
        paralelo=request.lanes,
        al_agotar=str(request.when_exhausted),
        usa_cache=request.use_cache,
        reemplaza=replaces,
        fecha=request.today,
        catalogo=Catalogue.load().fingerprint,
    )
    ownership.claim_new(run)
    return Claim(run, request.budget)


def take_up(run_id: int | None, changes: Changes) -> Claim:
    """Work on an interrupted run (the latest without `run_id`), with `changes`.

    Raises what `ownership.claim_interrupted` raises, and `RequestError` for changes that the run has no use for; then
    nothing is claimed.
    """
    _check_budget(changes.budget)
    with transaction.atomic():
        run = ownership.claim_interrupted(run_id)
        _change(run, changes)
    return Claim(run, _calls_left(run) if changes.budget is None else changes.budget)


def _change(run: Ejecucion, changes: Changes) -> None:
    if not changes.flags:
        return
    if not run.usa_ia:
        raise RequestError(
            f"La ejecución {run.pk} se pidió sin IA y no hace llamadas: reanúdela sin {' ni '.join(changes.flags)}."
        )
    if changes.lanes is not None and run.perfil == Profile.SPECIFICATION:
        raise RequestError(
            f"La ejecución {run.pk} sigue el perfil especificacion, que hace las llamadas de una en una: reanúdela sin"
            " --paralelo."
        )
    if changes.budget is not None:
        run.presupuesto = changes.budget
    if changes.lanes is not None:
        run.paralelo = changes.lanes
    if changes.when_exhausted is not None:
        run.al_agotar = str(changes.when_exhausted)
    request_of(run)  # refuses figures out of range
    run.save(update_fields=["presupuesto", "paralelo", "al_agotar"])


def _calls_left(run: Ejecucion) -> int | None:
    """What is left of the run's budget; the whole again if it has been spent, for that is what the run paused for.

    All calls of the run count. So after a budget was changed at a resumption, what is left at a later one is only exact if
    the calls before the change are a multiple of it; it is never more than one whole budget.
    """
    if not run.presupuesto:
        return run.presupuesto
    return run.presupuesto - run.llamadas.count() % run.presupuesto


def _check_budget(calls: int | None) -> None:
    if calls is not None and calls > _MOST_CALLS:
        raise RequestError(f"El presupuesto no puede pasar de {_MOST_CALLS} llamadas: sin --presupuesto no hay tope.")


def request_of(run: Ejecucion) -> Request:
    """The request that `run` was begun with, with what was changed since."""
    return Request(
        amount=run.cantidad,
        brand=run.marca or None,
        seed=run.semilla,
        use_ai=run.usa_ia,
        profile=Profile(run.perfil),
        today=run.fecha,
        budget=run.presupuesto,
        lanes=run.paralelo,
        when_exhausted=WhenExhausted(run.al_agotar),
        use_cache=run.usa_cache,
    )


def done_slots(run: Ejecucion) -> SlotSet:
    """The slots that `run` has filled already."""
    numbers = run.vehiculos.values_list("indice", flat=True)
    return SlotSet(run.cantidad, numbers.iterator(chunk_size=_ROWS_AT_A_TIME))


def drop_conflicts(run: Ejecucion) -> int:
    """Forget the run's vehicles whose identity has come into the stock meanwhile; return how many."""
    clash = run.vehiculos.filter(bastidor__in=Vehiculo.objects.values("bastidor")) | run.vehiculos.filter(
        matricula__in=Vehiculo.objects.values("matricula")
    )
    return clash.delete()[0]


def note_local(run: Ejecucion, *, seconds: float) -> None:
    """Keep of a run that was published in one go how long it took, and its vehicles as one batch."""
    Lote.objects.create(ejecucion=run, numero=0, vehiculos=run.cantidad, de_ia=0)
    run.segundos = F("segundos") + seconds
    run.save(update_fields=["segundos"])


def interrupt(run: Ejecucion, reason: str, resumes: float | None = None) -> None:
    """Let go of the stock; `run` can be taken up again, best after `resumes` (epoch seconds)."""
    run.activa, run.estado, run.motivo = None, Ejecucion.Estado.INTERRUMPIDA, reason[:LONGEST_MESSAGE]
    run.sigue_desde = None if resumes is None else datetime.fromtimestamp(resumes, UTC)
    run.save(update_fields=["activa", "estado", "motivo", "sigue_desde"])
