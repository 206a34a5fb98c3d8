"""A run in the database: begun or taken up again, and let go of when it is over or has to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from apps.stock.models import Ejecucion, Lote, Vehiculo
from apps.stock.runs import journal, ownership
from apps.stock.runs.journal import Note
from flotia.cache import SlotSet
from flotia.catalogue.loader import Catalogue
from flotia.errors import RequestError
from flotia.request import Profile, Request, WhenExhausted
from flotia.vehicle import Origin

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


def new(request: Request, *, replaces: bool, offline: bool = False) -> Ejecucion:
    """A run for `request` that is in no database yet."""
    _check_budget(request.budget)
    return Ejecucion(
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
        sin_red=offline,
        fecha=request.today,
        catalogo=Catalogue.load().fingerprint,
    )


def begin(request: Request, *, replaces: bool, offline: bool = False) -> Claim:
    """A new run for `request`, at work from now on. Raises `RunInProgressError` if another one is."""
    run = new(request, replaces=replaces, offline=offline)
    ownership.claim_new(run)
    return Claim(run, _granted(run))


def take_up(run_id: int | None, changes: Changes) -> Claim:
    """Work on an interrupted run (the latest without `run_id`), with `changes`.

    Raises what `ownership.claim_interrupted` raises, and `RequestError` for changes that the run has no use for; then
    nothing is claimed.
    """
    with transaction.atomic():
        run = ownership.claim_interrupted(run_id)
        apply(run, changes)
    return Claim(run, _granted(run))


def take_next() -> Claim | None:
    """Work on the run that has waited longest in the queue, if the stock is free."""
    run = ownership.claim_queued()
    return None if run is None else Claim(run, _granted(run))


def apply(run: Ejecucion, changes: Changes) -> None:
    """Change what is left of a run. Raises `RequestError` for changes it has no use for."""
    _check_budget(changes.budget)
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
        run.presupuesto, run.llamadas_hasta = changes.budget, None
    if changes.lanes is not None:
        run.paralelo = changes.lanes
    if changes.when_exhausted is not None:
        run.al_agotar = str(changes.when_exhausted)
    request_of(run)  # refuses figures out of range
    run.save(update_fields=["presupuesto", "llamadas_hasta", "paralelo", "al_agotar"])


def _granted(run: Ejecucion) -> int | None:
    """The calls that a claimed run may make: what is left of its budget, or the whole again if it has been spent, for that is
    what the run paused for.
    """
    if not run.presupuesto:
        return run.presupuesto
    made = run.llamadas.count()
    if run.llamadas_hasta is None or run.llamadas_hasta <= made:
        run.llamadas_hasta = made + run.presupuesto
        run.save(update_fields=["llamadas_hasta"])
    return run.llamadas_hasta - made


def _check_budget(calls: int | None) -> None:
    if calls is not None and calls > _MOST_CALLS:
        raise RequestError(
            f"El presupuesto no puede pasar de {_MOST_CALLS} llamadas: sin --presupuesto no hay tope.", about="budget"
        )


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


def note_one_go(run: Ejecucion) -> None:
    """Say that the run is going to publish in one go: nobody can follow it, or tell it anything, until it is over."""
    run.de_una_vez = True
    run.save(update_fields=["de_una_vez"])
    journal.write(run.pk, [Note("empieza", {"cantidad": run.cantidad, "hechos": 0, "ia": False, "de_una_vez": True})])


def note_local(run: Ejecucion, *, seconds: float) -> None:
    """Keep of a run that was published in one go how long it took, and its vehicles as one batch."""
    Lote.objects.create(ejecucion=run, numero=0, vehiculos=run.cantidad, de_ia=0)
    run.segundos, run.de_una_vez = F("segundos") + seconds, False
    run.recuento = {str(Origin.LOCAL): run.cantidad}
    run.save(update_fields=["segundos", "de_una_vez", "recuento"])
    journal.write(run.pk, [Note("publicada", {"cantidad": run.cantidad, "origenes": run.recuento})])


def interrupt(run: Ejecucion, reason: str, resumes: float | None = None) -> None:
    """Let go of the stock; `run` can be taken up again, best after `resumes` (epoch seconds).

    If somebody has asked for it to be cancelled meanwhile, it is.
    """
    with transaction.atomic():
        if Ejecucion.objects.select_for_update().get(pk=run.pk).orden == Ejecucion.Orden.CANCELAR:
            cancel(run)
            return
        run.activa, run.estado, run.motivo = None, Ejecucion.Estado.INTERRUMPIDA, reason[:LONGEST_MESSAGE]
        run.sigue_desde = None if resumes is None else datetime.fromtimestamp(resumes, UTC)
        run.orden, run.de_una_vez = "", False
        run.save(update_fields=["activa", "estado", "motivo", "sigue_desde", "orden", "de_una_vez"])
        told = {"motivo": run.motivo, "hechos": run.vehiculos.count(), "cantidad": run.cantidad}
        when = None if run.sigue_desde is None else run.sigue_desde.isoformat()
        journal.write(run.pk, [Note(journal.PAUSE, {**told, "sigue_desde": when})])


def cancel(run: Ejecucion) -> None:
    """Forget what a run has made and let go of the stock, which is as it was. Its calls were made, and stay."""
    run.refresh_from_db()  # what was counted meanwhile
    ownership.drop(run)


def put_back(run: Ejecucion) -> None:
    """Let a run that its worker had to leave wait for the next one."""
    waits = Ejecucion.objects.filter(pk=run.pk, estado=Ejecucion.Estado.INTERRUMPIDA)
    with transaction.atomic():
        if waits.update(estado=Ejecucion.Estado.EN_COLA, motivo=""):
            journal.write(run.pk, [Note("cola", {"motivo": "el proceso de fondo se detuvo"})])
