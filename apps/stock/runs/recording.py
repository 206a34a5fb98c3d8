"""What a run tells, written down as it happens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from apps.stock import bulk
from apps.stock.models import CUT, GIVEN_UP, WELL, Ejecucion, Llamada, Lote
from apps.stock.runs import ownership, summary
from apps.stock.runs.journal import Note
from apps.stock.runs.lifecycle import LONGEST_MESSAGE
from apps.stock.runs.telling import Teller, Totals
from flotia.events import AiStopped, BatchDone, CallDone, Event, ModelAsked, RunStarted
from flotia.vehicle import Origin

#: Calls that brought nothing have no batch to be saved with: they wait at most so long, in seconds.
_FRUITLESS_WAIT = 2.0
_LONGEST_MODEL, _LONGEST_ACCOUNT = 120, 40


@dataclass(slots=True)
class Recorder:
    """Writes a run to the database: one short transaction a batch, so a crash loses at most the batches in flight.

    A call is written together with the vehicles it gave: `conservados` and `reparados` count vehicles that are in the run.
    The journal, which others watch, is written with the batches too, and by `tell` where they take long. Once another process
    works on the run, `LostRunError` is raised and nothing is written.
    """

    run: Ejecucion
    _teller: Teller = field(init=False)
    _totals: Totals = field(default_factory=Totals)
    _asked: list[tuple[ModelAsked, float]] = field(default_factory=list)
    _calls: list[CallDone] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._teller = Teller(self.run.pk)

    def hear(self, event: Event) -> None:
        """Keep what belongs in the database."""
        self._count(event)
        self._teller.hear(event, self._totals)
        match event:
            case RunStarted():
                self.tell(at_once=True)
            case ModelAsked():
                self._asked.append((event, time.monotonic()))
            case CallDone():
                self._call(event)
            case BatchDone():
                self._save(event)
            case AiStopped():
                Ejecucion.objects.filter(pk=self.run.pk).update(motivo=event.reason[:LONGEST_MESSAGE])

    def _count(self, event: Event) -> None:
        totals = self._totals
        match event:
            case RunStarted():
                self._totals = _totals(self.run)
            case BatchDone():
                found = {str(o): event.vehicles.count(o) for o in Origin}
                totals.origins |= {o: totals.origins.get(o, 0) + n for o, n in found.items() if n}
            case CallDone():
                totals.calls += 1
                totals.fruitless += not event.usable
                totals.repaired += event.repaired

    def note(self, line: str) -> None:
        """Keep a line for the user."""
        self._teller.tell(Note("aviso", {"texto": line}))

    def tell(self, *, at_once: bool = False) -> None:
        """Write the journal, if it is time."""
        self._teller.write(at_once=at_once)

    def published(self) -> None:
        """Close the journal: the run is in the stock. Part of the transaction that puts it there."""
        self._teller.tell(Note("publicada", {"cantidad": self.run.cantidad, "origenes": self._totals.origins}))
        self.tell(at_once=True)

    def flush(self) -> None:
        """Write the calls whose batch was never finished, and those nobody waits for any more: they were made, and count.

        What they gave is lost, so it does not.
        """
        rows = [_row(self.run, c) if not c.usable else _lost(self.run, c) for c in self._calls]
        rows += [_given_up(self.run, asked, since) for asked, since in self._asked]
        self._asked = []
        with transaction.atomic():
            ownership.hold(self.run)
            self._write(rows)
            self.tell(at_once=True)

    def _call(self, event: CallDone) -> None:
        for place, (asked, _) in enumerate(self._asked):
            if asked.batch == event.batch and asked.model == event.asked and asked.account == event.account:
                del self._asked[place]
                break
        self._calls.append(event)
        waited = time.monotonic() - self._since
        if waited > _FRUITLESS_WAIT and not any(c.usable for c in self._calls):
            with transaction.atomic():
                ownership.hold(self.run)
                self._write([_row(self.run, c) for c in self._calls])

    def _save(self, event: BatchDone) -> None:
        with transaction.atomic():
            ownership.hold(self.run)
            bulk.keep(self.run.pk, event.vehicles)
            from_ai = event.vehicles.count(Origin.AI)
            batch = Lote(ejecucion=self.run, numero=event.batch, vehiculos=len(event.vehicles), de_ia=from_ai)
            Lote.objects.bulk_create([batch])
            self._write([_row(self.run, c) for c in self._calls])
            self.tell()

    def _write(self, rows: Sequence[Llamada]) -> None:
        """Write calls, the time they took, and a sign of life."""
        if rows:
            Llamada.objects.bulk_create(rows)
        now = time.monotonic()
        Ejecucion.objects.filter(pk=self.run.pk).update(
            segundos=F("segundos") + (now - self._since), latido=timezone.now(), recuento=self._totals.origins
        )
        self._calls, self._since = [], now


def _totals(run: Ejecucion) -> Totals:
    """What the run's rows come to."""
    fruitless = Count("id", filter=Q(conservados=0, reparados=0))
    calls = run.llamadas.aggregate(all=Count("id"), fruitless=fruitless, repaired=Sum("reparados", default=0))
    return Totals(summary.counted(run), calls["all"], calls["fruitless"], calls["repaired"])


def _row(run: Ejecucion, event: CallDone) -> Llamada:
    failure = event.failure
    return Llamada(
        ejecucion=run,
        lote=event.batch,
        cuenta=event.account[:_LONGEST_ACCOUNT],
        modelo_pedido=event.asked[:_LONGEST_MODEL],
        modelo=event.model[:_LONGEST_MODEL],
        resultado=str(failure.kind) if failure else CUT if event.truncated else WELL,
        mensaje=failure.message[:LONGEST_MESSAGE] if failure else "",
        pedidos=event.slots,
        conservados=event.kept,
        reparados=event.repaired,
        rechazados=event.refused,
        latencia=event.latency,
        tokens_entrada=event.prompt_tokens,
        tokens_salida=event.completion_tokens,
        coste=event.cost,
    )


def _lost(run: Ejecucion, event: CallDone) -> Llamada:
    """An answer whose vehicles nobody saved."""
    row = _row(run, event)
    row.resultado, row.conservados, row.reparados = GIVEN_UP, 0, 0
    row.mensaje = "La ejecución se interrumpió antes de guardar sus vehículos."
    return row


def _given_up(run: Ejecucion, asked: ModelAsked, since: float) -> Llamada:
    """A call that was on its way when the run ended."""
    return Llamada(
        ejecucion=run,
        lote=asked.batch,
        cuenta=asked.account[:_LONGEST_ACCOUNT],
        modelo_pedido=asked.model[:_LONGEST_MODEL],
        modelo=asked.model[:_LONGEST_MODEL],
        resultado=GIVEN_UP,
        mensaje="La ejecución se interrumpió antes de que respondiera.",
        pedidos=asked.slots,
        latencia=time.monotonic() - since,
    )
