"""The use case behind command, script and (later) page and API: a run from its order to the published stock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction

from apps.ia.composition import choose_sources, has_capable_models
from apps.ia.database import explained
from apps.stock.errors import CancelledError, OutputError
from apps.stock.files import export
from apps.stock.models import Ejecucion
from apps.stock.runs import lifecycle, ownership, publishing
from apps.stock.runs.lifecycle import Changes, Claim
from apps.stock.runs.pulse import LOOK_EVERY, Pulse, Told
from apps.stock.runs.recording import Recorder
from apps.stock.runs.summary import Summary, summarise
from apps.stock.runs.worn import StockIdentities
from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine
from flotia.errors import FlotiaError, UnknownBrandError
from flotia.events import BatchDone, Event, RunPaused
from flotia.request import Profile, Request
from flotia.vehicle import FIELDS, VehicleTable

#: Rows held in memory at a time while a run is written to a file.
_EXPORT_ROWS = 2000
_Hear = Callable[[Event], None]
_Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What the user of a run may say beside the request itself.

    `stepwise` saves on the way even where no model takes part, so that others can watch the run, stop it and write to an
    embedded database meanwhile.
    """

    replaces: bool = False
    offline: bool = False
    output: Path | None = None
    stepwise: bool = False


class Interrupted(Exception):  # noqa: N818 - it is not an error: the user asked for it
    """The user stopped the run. `run_id` can be taken up again."""

    def __init__(self, run_id: int, made: int, amount: int) -> None:
        super().__init__(run_id)
        self.run_id, self.made, self.amount = run_id, made, amount


class Paused(Exception):  # noqa: N818 - it is not an error: the user asked for it
    """Calls or quota have ended, and the run waits. `run_id` can be taken up again, best after `resumes` (epoch seconds)."""

    def __init__(self, run_id: int, event: RunPaused) -> None:
        super().__init__(run_id)
        self.run_id, self.made, self.amount = run_id, event.made, event.amount
        self.reason, self.resumes = event.reason, event.resumes


def start(request: Request, order: Order, hear: _Hear, notice: _Notice) -> Summary:
    """Make the vehicles of a new request and publish them. See `carry_out` for what is raised."""
    return carry_out(begin(request, order), order, hear, notice)


def resume(
    run_id: int | None, order: Order, hear: _Hear, notice: _Notice, changes: Changes | None = None
) -> Summary:  # fmt: skip
    """Go on with an interrupted run (the latest without `run_id`): only what it still lacks is made."""
    return carry_out(take_up(run_id, order, changes or Changes()), order, hear, notice)


def begin(request: Request, order: Order) -> Claim:
    """A new run, at work. Raises `FlotiaError`, with nothing begun, for what can be known to fail."""
    check(request, order)
    with explained():
        return lifecycle.begin(request, replaces=order.replaces, offline=order.offline)


def check(request: Request, order: Order) -> None:
    """Raise `FlotiaError` for what can be known to fail."""
    if order.output is not None:
        export.check_writable(order.output, request.amount)
    if request.brand is not None:
        _check_brand(request.brand, asks_freely=request.use_ai and not order.offline and has_capable_models())


def take_up(run_id: int | None, order: Order, changes: Changes) -> Claim:
    """An interrupted run, at work again."""
    if order.output is not None:
        export.check_writable(order.output)
    with explained():
        return lifecycle.take_up(run_id, changes)


def _check_brand(name: str, *, asks_freely: bool) -> None:
    """Raise `UnknownBrandError` for a brand that can be had neither from the catalogue nor from a model."""
    try:
        Catalogue.load().brand(name)
    except UnknownBrandError as error:
        if error.misspelt:
            raise
        if not asks_freely:
            raise UnknownBrandError(
                f"{error} Con --usar-ia y DEEPSEEK_API_KEY se preguntaría por ella a un modelo, sin verificar."
            ) from error


def carry_out(claim: Claim, order: Order, hear: _Hear, notice: _Notice) -> Summary:
    """Make what a claimed run lacks, publish, export, sum up.

    Raises `Interrupted` when the user stops it, here or from elsewhere, `Paused` when it is to wait for calls or quota,
    `FlotiaError` when something ends it. In each case all that was made is kept, the stock is as it was, and the run can be
    taken up again. Only of a run that somebody has cancelled (`CancelledError`) nothing is kept.
    """
    run = claim.run
    recorder = Recorder(run)
    try:
        with (
            explained(),
            choose_sources(use_ai=run.usa_ia, offline=order.offline, profile=Profile(run.perfil)) as chosen,
            StockIdentities(run) as identities,
        ):
            for line in chosen.notices:
                notice(line)
                recorder.note(line)
            engine = Engine(
                Catalogue.load(),
                chosen.sources,
                identities,
                books=chosen.books,
                experience=chosen.experience,
                cache=chosen.cache,
            )
            if order.stepwise or chosen.sources or run.usa_cache or run.vehiculos.exists():
                summary = _step_by_step(engine, claim, order, recorder, hear)
            else:
                summary = _in_one_go(engine, run, order, hear)
    except Paused as pause:
        _let_go(recorder, pause.reason, pause.resumes)
        raise
    except Told as told:
        _let_go(recorder, "en pausa: lo pidió el usuario")  # cancels it, if that is what was wanted
        if told.order == Ejecucion.Orden.CANCELAR:
            raise CancelledError(f"La ejecución {run.pk} se ha cancelado: el stock queda como estaba.") from None
        raise Interrupted(run.pk, run.vehiculos.count(), run.cantidad) from None
    except KeyboardInterrupt:
        _let_go(recorder, "interrumpida por el usuario")
        raise Interrupted(run.pk, run.vehiculos.count(), run.cantidad) from None
    except FlotiaError as error:
        _let_go(recorder, str(error))
        raise
    except BaseException:
        _let_go(recorder, "error inesperado")
        raise
    publishing.tidy(run)
    return summary


def _step_by_step(engine: Engine, claim: Claim, order: Order, recorder: Recorder, hear: _Hear) -> Summary:
    """Make what the run lacks, saving each batch, then put the whole into the file and the stock. Raises `Paused`, `Told`."""
    _make(engine, claim, recorder, hear)
    summary = summarise(claim.run)
    if order.output is not None:
        _export(claim.run, order.output)
    _publish(claim.run, recorder)
    return summary


def _in_one_go(engine: Engine, run: Ejecucion, order: Order, hear: _Hear) -> Summary:
    """Draw the vehicles straight into the stock, and into the file if one is wanted, in one pass."""
    request = replace(lifecycle.request_of(run), use_ai=False)
    started = time.monotonic()
    lifecycle.note_one_go(run)
    with _file(run, order.output) as write, publishing.in_one_go(run) as take:
        for event in iterate(engine.stream(request)):
            if isinstance(event, BatchDone):
                take(event.vehicles)
                write(event.vehicles)
            hear(event)
        write(None)
    lifecycle.note_local(run, seconds=time.monotonic() - started)
    return summarise(run, in_one_go=True)


@contextmanager
def _file(run: Ejecucion, path: Path | None) -> Iterator[Callable[[VehicleTable | None], None]]:
    """A function that writes vehicles to the file; `None` completes it, before the stock is published."""
    if path is None:
        yield lambda _: None
        return
    with _kept_for_later(run), export.open_writer(path) as writer:
        yield (
            lambda vehicles: (
                writer.commit() if vehicles is None else writer.write(v.as_dict() for v in vehicles.values())
            )
        )


def _make(engine: Engine, claim: Claim, recorder: Recorder, hear: _Hear) -> None:
    """Make what the run lacks, and again what the stock got meanwhile. Raises `Paused`."""
    run = claim.run
    last_call = None if claim.calls is None else run.llamadas.count() + claim.calls
    while True:
        calls = None if last_call is None else max(last_call - run.llamadas.count(), 0)
        pause = _streamed(engine, run, replace(lifecycle.request_of(run), budget=calls), recorder, hear)
        recorder.flush()
        if pause is not None:
            raise Paused(run.pk, pause)
        if not lifecycle.drop_conflicts(run):
            return


def _streamed(engine: Engine, run: Ejecucion, request: Request, recorder: Recorder, hear: _Hear) -> RunPaused | None:
    """One stream of the run, to its end; how it was paused, if it was."""
    pause = None
    pulse = Pulse(run, recorder)
    stream = engine.stream(request, done=lifecycle.done_slots(run))
    with closing(iterate(stream, beat=pulse.beat, every=LOOK_EVERY)) as events:
        for event in events:
            recorder.hear(event)
            hear(event)
            pulse.beat()
            if isinstance(event, RunPaused):
                pause = event
    return pause


def _publish(run: Ejecucion, recorder: Recorder) -> None:
    """Put the run into the stock, unless somebody has asked for something else before that. Raises `Told`, `LostRunError`."""
    with transaction.atomic():
        if order := ownership.hold(run):
            raise Told(order)
        publishing.publish(run)
        recorder.published()


def _let_go(recorder: Recorder, reason: str, resumes: float | None = None) -> None:
    """Free the stock, whatever state the database is in: a run whose owner is gone is freed by the next one anyway.

    One that is another's by now is left to it.
    """
    try:
        with explained(), transaction.atomic():
            recorder.flush()
            lifecycle.interrupt(recorder.run, reason, resumes)
    except FlotiaError:
        pass


def _export(run: Ejecucion, path: Path) -> None:
    """Before publishing: what cannot be written leaves the run to be taken up again with another file."""
    with _kept_for_later(run):
        export.write(path, _rows(run))


@contextmanager
def _kept_for_later(run: Ejecucion) -> Iterator[None]:
    try:
        yield
    except OutputError as error:
        raise OutputError(
            f"{error} No se pierde ninguno de los {run.cantidad} vehículos: repita con --reanudar {run.pk} --salida y"
            " otro fichero."
        ) from error


def _rows(run: Ejecucion) -> Iterator[export.Row]:
    yield from run.vehiculos.order_by("indice").values(*FIELDS).iterator(chunk_size=_EXPORT_ROWS)
