"""A run in the database: begun or taken up again, saved batch by batch, let go of when it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from django.db import connection, transaction
from django.db.models import F

from apps.stock import ownership
from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado
from flotia.catalogue.loader import Catalogue
from flotia.events import AiStopped, BatchDone, CallDone, Event
from flotia.request import Profile, Request
from flotia.vehicle import Origin, Vehicle

_LONGEST_MESSAGE = 300
_ROWS_A_STATEMENT = 500


def begin(request: Request, *, replaces: bool) -> Ejecucion:
    """A new run for `request`, at work from now on. Raises `RunInProgressError` if another one is."""
    run = Ejecucion(
        cantidad=request.amount,
        marca=request.brand or "",
        semilla=request.seed,
        usa_ia=request.use_ai,
        perfil=str(request.profile),
        reemplaza=replaces,
        fecha=request.today,
        catalogo=Catalogue.load().fingerprint,
    )
    ownership.claim_new(run)
    return run


def request_of(run: Ejecucion) -> Request:
    """The request that `run` was begun with."""
    return Request(
        amount=run.cantidad,
        brand=run.marca or None,
        seed=run.semilla,
        use_ai=run.usa_ia,
        profile=Profile(run.perfil),
        today=run.fecha,
    )


def done_slots(run: Ejecucion) -> set[int]:
    """The slots that `run` has filled already."""
    return set(run.vehiculos.values_list("indice", flat=True))


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


def interrupt(run: Ejecucion, reason: str) -> None:
    """Let go of the stock; `run` can be taken up again."""
    run.activa, run.estado, run.motivo = None, Ejecucion.Estado.INTERRUMPIDA, reason[:_LONGEST_MESSAGE]
    run.save(update_fields=["activa", "estado", "motivo"])


@dataclass(slots=True)
class Recorder:
    """Writes what a run tells to the database: one short transaction a batch, so a crash loses at most that batch."""

    run: Ejecucion
    _calls: list[Llamada] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def hear(self, event: Event) -> None:
        """Keep what belongs in the database; everything else passes by."""
        match event:
            case CallDone():
                self._calls.append(_call(self.run, event))
            case BatchDone():
                self._save(event)
            case AiStopped():
                Ejecucion.objects.filter(pk=self.run.pk).update(motivo=event.reason[:_LONGEST_MESSAGE])

    def flush(self) -> None:
        """Write the calls of a batch that was never finished: they were made, and count."""
        with transaction.atomic():
            self._write_calls()

    def _save(self, event: BatchDone) -> None:
        with transaction.atomic():
            VehiculoGenerado.objects.bulk_create(
                [_row(self.run, index, vehicle) for index, vehicle in event.vehicles.items()],
                batch_size=_ROWS_A_STATEMENT,
            )
            from_ai = event.vehicles.count(Origin.AI)
            Lote.objects.create(
                ejecucion=self.run, numero=event.batch, vehiculos=len(event.vehicles), de_ia=from_ai
            )  # fmt: skip
            self._write_calls()

    def _write_calls(self) -> None:
        Llamada.objects.bulk_create(self._calls)
        self._calls = []
        now = time.monotonic()
        Ejecucion.objects.filter(pk=self.run.pk).update(segundos=F("segundos") + (now - self._since))
        self._since = now
        ownership.beat(self.run)


class StockIdentities:
    """Which identities are worn in the stock, or by what `run` has made. A context: it holds a thread and a connection.

    The engine asks from inside its event loop, where Django's connections may not be used, hence the thread.
    """

    def __init__(self, run: Ejecucion) -> None:
        self._run = run
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="identities")
        self._any: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(lambda: connection.close()).result()  # noqa: PLW0108 - that thread's own
        self._thread.shutdown()

    async def any(self) -> bool:
        """Whether the stock, or what the run had made when it was taken up, wears any; looked up once."""
        if self._any is None:
            loop = asyncio.get_running_loop()
            self._any = await loop.run_in_executor(self._thread, self._look_for_any)
        return self._any

    async def taken(self, vins: Collection[str], plates: Collection[str]) -> tuple[set[str], set[str]]:
        """The ones of `vins` and of `plates` that may not be given again."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._look, list(vins), list(plates))

    def _look_for_any(self) -> bool:
        return Vehiculo.objects.exists() or self._run.vehiculos.exists()

    def _look(self, vins: list[str], plates: list[str]) -> tuple[set[str], set[str]]:
        worn_vins: set[str] = set()
        worn_plates: set[str] = set()
        for rows in (Vehiculo.objects.all(), self._run.vehiculos.all()):
            for start in range(0, len(vins), _ROWS_A_STATEMENT):
                part = slice(start, start + _ROWS_A_STATEMENT)
                worn_vins.update(rows.filter(bastidor__in=vins[part]).values_list("bastidor", flat=True))
                worn_plates.update(rows.filter(matricula__in=plates[part]).values_list("matricula", flat=True))
        return worn_vins, worn_plates


def _row(run: Ejecucion, index: int, vehicle: Vehicle) -> VehiculoGenerado:
    return VehiculoGenerado(ejecucion=run, indice=index, **vehicle.as_dict())


def _call(run: Ejecucion, event: CallDone) -> Llamada:
    failure = event.failure
    return Llamada(
        ejecucion=run,
        lote=event.batch,
        modelo_pedido=event.asked[:120],
        modelo=event.model[:120],
        resultado=str(failure.kind) if failure else "cortada" if event.truncated else "bien",
        mensaje=failure.message[:_LONGEST_MESSAGE] if failure else "",
        pedidos=event.slots,
        conservados=event.kept,
        reparados=event.repaired,
        rechazados=event.refused,
        latencia=event.latency,
        tokens_entrada=event.prompt_tokens,
        tokens_salida=event.completion_tokens,
    )
