"""The journal of a run: what it tells, written to table `evento`, and read by whoever watches.

One reader in each process asks for what is new in a run, however many watch it; the watchers take it from a short memory of
the reader's, and from the database what is older than that.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self, TypeVar

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from apps.stock.models import Ejecucion, Evento

#: After these nothing more is told of a run; and after these not before somebody takes it up again.
ENDS = ("publicada", "cancelada")
PAUSE = "pausa"
#: The reader looks for news so often, in seconds; whether the run is over without having said so, every so many looks.
TICK, _LOOKS = 0.3, 20
#: A proxy gives a silent connection up after half a minute or more; a sign of life every so many seconds.
HEARTBEAT = 10.0
#: Events that a reader remembers, and those of one look into the database.
_MEMORY, _PAGE = 1_000, 500
#: Of one run so many events are kept, and of a run that is over for so long.
MOST_EVENTS, _KEPT = 20_000, timedelta(days=1)
_OVER = (Ejecucion.Estado.PUBLICADA, Ejecucion.Estado.CANCELADA)
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a run, numbered in the order in which it was written."""

    id: int
    tipo: str
    datos: dict[str, Any]
    momento: datetime
    wire: bytes = field(repr=False, compare=False)

    @classmethod
    def of(cls, pk: int, kind: str, data: dict[str, Any], moment: datetime) -> Self:
        """With its form on the wire (server-sent events), made once for all watchers."""
        told = json.dumps({**data, "momento": moment.isoformat(timespec="milliseconds")}, ensure_ascii=False)
        return cls(pk, kind, data, moment, f"id: {pk}\nevent: {kind}\ndata: {told}\n\n".encode())


@dataclass(frozen=True, slots=True)
class Note:
    """An event that is not written yet."""

    tipo: str
    datos: dict[str, Any] = field(default_factory=dict)
    momento: datetime = field(default_factory=timezone.now)


# --- the table ---------------------------------------------------------------------------------------------------------


def write(run_id: int, notes: Iterable[Note]) -> None:
    """Add to the journal of a run.

    Its row is locked until the transaction ends, so that numbers become visible in their order: who has read up to one of
    them will not find a smaller one later.
    """
    with transaction.atomic():
        Ejecucion.objects.select_for_update().filter(pk=run_id).values_list("pk").first()
        Evento.objects.bulk_create(
            [Evento(ejecucion_id=run_id, tipo=n.tipo, datos=n.datos, momento=n.momento) for n in notes]
        )


def read(run_id: int, after_id: int = 0, limit: int = _PAGE) -> list[Entry]:
    """The next events of a run after one of them."""
    rows = Evento.objects.filter(ejecucion=run_id, pk__gt=after_id).order_by("pk")
    return [Entry.of(*row) for row in rows.values_list("pk", "tipo", "datos", "momento")[:limit]]


def latest(run_id: int, limit: int) -> list[Entry]:
    """The latest events of a run, the oldest first."""
    rows = Evento.objects.filter(ejecucion=run_id).order_by("-pk").values_list("pk", "tipo", "datos", "momento")
    return [Entry.of(*row) for row in reversed(rows[:limit])]


def prune(run_id: int | None = None) -> None:
    """Forget the events of runs that have been over for a day, and of one run the oldest beyond `MOST_EVENTS`."""
    over = Ejecucion.objects.filter(estado__in=_OVER)
    before = timezone.now() - _KEPT
    Evento.objects.filter(ejecucion__in=over.values("pk"), momento__lt=before).delete()
    own = Evento.objects.filter(ejecucion=run_id).order_by("-pk") if run_id is not None else Evento.objects.none()
    if (last := own.values_list("pk", flat=True)[MOST_EVENTS : MOST_EVENTS + 1].first()) is not None:
        own.filter(pk__lte=last).delete()


def _state(run_id: int) -> str:
    states = Ejecucion.objects.filter(pk=run_id).values_list("estado", flat=True)
    return states.first() or Ejecucion.Estado.CANCELADA


# --- watching ----------------------------------------------------------------------------------------------------------


class _Desk:
    """The readers of one event loop, with their connection to the database."""

    def __init__(self) -> None:
        self.readers: dict[int, _Reader] = {}
        self.watchers = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def ask(self, work: Callable[..., _T], *given: Any) -> _T:
        """What `work` finds in the database."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(_asked, work, *given))

    def close(self) -> None:
        """Nobody watches any more."""
        self._thread.submit(lambda: connection.close())  # noqa: PLW0108 - that thread's own
        self._thread.shutdown(wait=False)


def _asked(work: Callable[..., _T], *given: Any) -> _T:
    close_old_connections()
    return work(*given)


_desks: dict[asyncio.AbstractEventLoop, _Desk] = {}


class _Reader:
    """Looks for the news of one run, for all who watch it here. `position` is the last event it has seen, `over` says
    that nothing will follow.
    """

    def __init__(self, run_id: int, position: int, desk: _Desk) -> None:
        self.watchers, self.over = 0, False
        self.position = self._before = position
        self.news = asyncio.Event()
        self._run_id, self._desk = run_id, desk
        self._memory: deque[Entry] = deque()
        self._task = asyncio.create_task(self._look())

    def stop(self) -> None:
        """Nobody watches any more."""
        self._task.cancel()

    async def after(self, last: int) -> Sequence[Entry]:
        """What came after event `last`, from memory or the database; empty if nothing has."""
        if last < self._before:
            return await self._desk.ask(read, self._run_id, last)
        return [e for e in self._memory if e.id > last] if last < self.position else ()

    async def _look(self) -> None:
        quiet = 0
        while not self.over:
            try:
                found = await self._found(quiet)
            except Exception:  # noqa: BLE001 - whatever the database says may be better in a moment, and watchers wait
                _log.exception("No se ha podido leer el diario de la ejecución %d", self._run_id)
                await asyncio.sleep(10 * TICK)
                continue
            quiet = 0 if found else quiet + 1
            if found or self.over:
                self._remember(found)
            if len(found) < _PAGE and not self.over:
                await asyncio.sleep(TICK)

    async def _found(self, quiet: int) -> Sequence[Entry]:
        found = await self._desk.ask(read, self._run_id, self.position)
        if not found and quiet % _LOOKS == 0 and await self._desk.ask(_state, self._run_id) in _OVER:
            found = await self._desk.ask(read, self._run_id, self.position)  # what was told just before it was over
            self.over = not found
        self.over = self.over or any(e.tipo in ENDS for e in found)
        return found

    def _remember(self, found: Sequence[Entry]) -> None:
        self._memory.extend(found)
        while len(self._memory) > _MEMORY:
            self._before = self._memory.popleft().id
        if found:
            self.position = found[-1].id
        news, self.news = self.news, asyncio.Event()
        news.set()


async def follow(run_id: int, after_id: int = 0, *, through_pauses: bool = True) -> AsyncGenerator[Entry | None, None]:
    """The events of a run after number `after_id`, each once and in order, as they come; `None` now and then as a sign
    of life. Ends when the run is published or cancelled, and where it is interrupted too unless `through_pauses`.
    """
    loop = asyncio.get_running_loop()
    desk = _desks.get(loop) or _desks.setdefault(loop, _Desk())
    desk.watchers += 1
    reader = None
    try:
        after_id = max(min(after_id, await desk.ask(_newest, run_id)), 0)
        if not through_pauses and await desk.ask(_state, run_id) == Ejecucion.Estado.INTERRUMPIDA:
            async for told in _told_already(desk, run_id, after_id):
                yield told
            return
        reader = desk.readers.get(run_id)
        if reader is None or reader.over:
            reader = desk.readers[run_id] = _Reader(run_id, after_id, desk)
        reader.watchers += 1
        async for entry in _followed(reader, after_id):
            yield entry
            if entry is not None and entry.tipo == PAUSE and not through_pauses and entry.id >= reader.position:
                return
    finally:
        _leave(loop, desk, reader, run_id)


def _newest(run_id: int) -> int:
    newest = Evento.objects.filter(ejecucion=run_id).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


async def _told_already(desk: _Desk, run_id: int, last: int) -> AsyncIterator[Entry]:
    while entries := await desk.ask(read, run_id, last):
        for entry in entries:
            yield entry
        last = entries[-1].id


async def _followed(reader: _Reader, last: int) -> AsyncIterator[Entry | None]:
    while True:
        news, over = reader.news, reader.over  # as they are before looking: what comes meanwhile is not missed
        entries = await reader.after(last)
        for entry in entries:
            yield entry
            last = entry.id
        if entries:
            continue
        if over:
            return
        try:
            async with asyncio.timeout(HEARTBEAT):
                await news.wait()
        except TimeoutError:
            yield None


def _leave(loop: asyncio.AbstractEventLoop, desk: _Desk, reader: _Reader | None, run_id: int) -> None:
    if reader is not None:
        reader.watchers -= 1
        if not reader.watchers:
            reader.stop()
            if desk.readers.get(run_id) is reader:
                del desk.readers[run_id]
    desk.watchers -= 1
    if not desk.watchers:
        desk.close()
        _desks.pop(loop, None)


async def stream(run_id: int, after_id: int = 0, *, through_pauses: bool = True) -> AsyncIterator[bytes]:
    """The same as server-sent events. The last one, `fin`, tells a browser not to connect again."""
    yield b"retry: 2000\n\n"
    async with aclosing(follow(run_id, after_id, through_pauses=through_pauses)) as entries:
        async for entry in entries:
            yield b": \n\n" if entry is None else entry.wire
    yield b"event: fin\ndata: {}\n\n"
