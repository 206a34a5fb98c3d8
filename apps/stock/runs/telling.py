"""A run's events as entries of its journal, written a few times a second at most."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.stock.runs import journal
from apps.stock.runs.journal import Note
from apps.stock.wording import clean
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
    RunDone,
    RunStarted,
    UnlistedBrand,
    Waiting,
)
from flotia.vehicle import VehicleTable

#: Seconds between two writes: more than two a second nobody sees, and each is a transaction.
EVERY = 0.5
#: Of the vehicles of one entry so many are shown.
CARDS = 6
#: What is shown of them.
_SHOWN = (
    "marca", "modelo", "version", "anio_matricula", "kilometros", "precio_venta", "color", "tipo_vehiculo", "origen",
)  # fmt: skip
#: The journal of a run is cut to its length after so many entries.
_PRUNE_EVERY = 1_000
#: The longest text from outside that an entry holds.
_LONGEST = 300


@dataclass(slots=True)
class Totals:
    """What a run has come to so far: its vehicles by origin, its calls, those that brought nothing, the vehicles repaired."""

    origins: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    fruitless: int = 0
    repaired: int = 0


@dataclass(slots=True)
class Teller:
    """Collects what a run tells, and writes it down. Batches that come faster than they are written become one entry."""

    run_id: int
    _notes: list[Note] = field(default_factory=list)
    _batches: dict[str, Any] = field(default_factory=dict)
    _written: float = 0.0
    _since_prune: int = _PRUNE_EVERY

    def hear(self, event: Event, totals: Totals) -> None:
        """Take in an event; `totals` are the run's, with it."""
        if isinstance(event, BatchDone):
            self._add(event, totals)
        elif (note := note_of(event, totals)) is not None:
            self.tell(note)

    def tell(self, note: Note) -> None:
        """Take in something else."""
        self._close()
        self._notes.append(note)

    def write(self, *, at_once: bool = False) -> None:
        """Write what there is, if it is time or shall be `at_once`. Inside the transaction of a batch, it is part of it."""
        now = time.monotonic()
        if not (self._notes or self._batches) or (not at_once and now - self._written < EVERY):
            return
        self._close()
        journal.write(self.run_id, self._notes)
        self._since_prune += len(self._notes)
        self._notes, self._written = [], now
        if self._since_prune >= _PRUNE_EVERY:
            self._since_prune = 0
            journal.prune(self.run_id)

    def _add(self, event: BatchDone, totals: Totals) -> None:
        there = self._batches or {"lotes": 0, "vehiculos": 0, "tarjetas": []}
        there["lotes"] += 1
        there["vehiculos"] += len(event.vehicles)
        there["total"], there["cantidad"], there["origenes"] = event.total, event.amount, dict(totals.origins)
        there["tarjetas"] += cards(event.vehicles, CARDS - len(there["tarjetas"]))
        self._batches = there

    def _close(self) -> None:
        if self._batches:
            self._notes.append(Note("lote", self._batches))
            self._batches = {}


def cards(vehicles: VehicleTable, most: int) -> list[dict[str, Any]]:
    """The first vehicles, as far as a card shows them."""
    if most <= 0:
        return []
    columns = (vehicles.column(name)[:most] for name in _SHOWN)
    rows = [dict(zip(_SHOWN, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{**row, "precio_venta": str(row["precio_venta"]), "origen": str(row["origen"])} for row in rows]


def note_of(event: Event, totals: Totals) -> Note | None:
    """An event as it is written; `None` for one that somebody else writes, or nobody."""
    match event:
        case RunStarted():
            told = {"cantidad": event.amount, "hechos": event.already, "lote": event.batch_size, "ia": event.use_ai}
            return Note("empieza", {**told, "origenes": dict(totals.origins), "total_reparados": totals.repaired})
        case RunDone():
            return Note("completa", {"cantidad": event.amount, "origenes": dict(totals.origins)})
        case ModelAsked() | CallDone() | ModelCooled() | ModelRetired() | AccountStopped():
            return _of_model(event, totals)
        case QuotaSeen() | UnlistedBrand() | Waiting() | AiStopped():
            return _of_run(event)
    return None


def _of_run(event: QuotaSeen | UnlistedBrand | Waiting | AiStopped) -> Note:
    match event:
        case QuotaSeen():
            when = datetime.fromtimestamp(event.resets, UTC)
            return Note("cupo", {"necesarias": event.needed, "quedan": event.left, "se_repone": _iso(when)})
        case UnlistedBrand():
            return Note("marca_libre", {"marca": _text(event.brand)})
        case Waiting():
            return Note("espera", {"hasta": _in(event.seconds), "motivo": _text(event.reason)})
        case AiStopped():
            return Note("sin_ia", {"motivo": _text(event.reason)})


def _of_model(event: ModelAsked | CallDone | ModelCooled | ModelRetired | AccountStopped, totals: Totals) -> Note:
    match event:
        case ModelAsked():
            told = {"lote": event.batch, "modelo": _text(event.model), "cuenta": event.account}
            return Note("pregunta", {**told, "vehiculos": event.slots})
        case CallDone():
            so_far = {"llamadas": totals.calls, "fallidas": totals.fruitless, "total_reparados": totals.repaired}
            return Note("respuesta", {**_call(event), **so_far})
        case ModelCooled():
            told = {"modelo": _text(event.model), "cuenta": event.account, "hasta": _in(event.seconds)}
            return Note("descanso", {**told, "motivo": _text(event.reason)})
        case ModelRetired():
            told = {"modelo": _text(event.model), "cuenta": event.account, "motivo": _text(event.reason)}
            return Note("descartado", told)
        case AccountStopped():
            return Note("cuenta", {"cuenta": event.account, "motivo": _text(event.reason)})


def _call(event: CallDone) -> dict[str, Any]:
    failure = event.failure
    return {
        "lote": event.batch, "modelo": _text(event.asked), "respondio": _text(event.model), "cuenta": event.account,
        "pedidos": event.slots, "conservados": event.kept, "reparados": event.repaired, "rechazados": event.refused,
        "cortada": event.truncated, "segundos": round(event.latency, 2),
        "fallo": str(failure.kind) if failure else "", "mensaje": _text(failure.message) if failure else "",
    }  # fmt: skip


def _text(text: str) -> str:
    return clean(text)[:_LONGEST]


def _in(seconds: float) -> str:
    return _iso(timezone.now() + timedelta(seconds=seconds))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
