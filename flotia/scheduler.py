"""The adaptive way: many lanes, requests as large as each model has proven able to answer, only what is missing again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from flotia.asking import Asked, Asker, Flight
from flotia.budget import Budget
from flotia.events import AiStopped, Event, ModelAsked, Waiting
from flotia.judgement.judge import Verdict
from flotia.limits.ledger import Lease
from flotia.outcome import Kind
from flotia.planner import Slot
from flotia.pool import Pool
from flotia.ports import Clock
from flotia.routing import Pause, Router

#: A run that has had nothing usable for so long, in seconds, goes on without models.
PATIENCE = 300.0
#: A reset further away than this is not waited for.
LONGEST_WAIT = 900.0


@dataclass(frozen=True, slots=True)
class Filled:
    """Slots that are done with: those with a verdict by a model, the others by code."""

    batch: int
    slots: tuple[Slot, ...]
    verdicts: dict[int, tuple[Verdict, str]]


@dataclass(slots=True)
class Scheduler:
    """Keeps up to `lanes` calls under way until the `pool` is empty, or nothing may be asked any more."""

    asker: Asker
    router: Router
    clock: Clock
    budget: Budget
    pool: Pool
    lanes: int
    _flights: dict[asyncio.Task[Asked], Flight] = field(default_factory=dict)
    batches: int = 0
    _last_progress: float = 0.0
    _said_stopped: bool = False

    async def run(self) -> AsyncGenerator[Event | Filled]:
        """What happens, as it happens. Ends with `AiStopped` if slots are left.

        Raises `ProviderError` if a failure ends the run; calls under way are then given up.
        """
        self._last_progress = self.clock.now()
        try:
            while True:
                pause: Pause | None = None
                while self._may_launch():
                    launched = await self._launch()
                    if launched is None or isinstance(launched, Pause):
                        pause = launched
                        break
                    for event in launched:
                        self._said_stopped |= isinstance(event, AiStopped)
                        yield event
                if self._flights:
                    for task in await self._landed(pause):
                        for item in self._land(task):
                            self._said_stopped |= isinstance(item, AiStopped)
                            yield item
                    continue
                if not self.pool:
                    return
                if reason := self._reason_to_stop(pause):
                    if not self._said_stopped:
                        yield AiStopped(reason)
                    return
                if pause is not None:
                    yield Waiting(pause.seconds, pause.reason)
                    await self.clock.sleep(pause.seconds)
        finally:
            await self._give_up()

    # --- starting calls ----------------------------------------------------------------------------------------------

    def _may_launch(self) -> bool:
        return bool(self.pool) and len(self._flights) < self.lanes and self.budget.left and not self.router.stopped

    async def _launch(self) -> list[Event] | Pause | None:
        """Start one call. Returns what to tell of it, or what has to be waited for."""
        route = self.router.choose()
        if route is None:
            return self.router.wait()
        size = self.router.size(route, pending=len(self.pool), lanes_free=self.lanes - len(self._flights))
        slots = self.pool.take(size)
        lease = await self.asker.ledger.lease(*route, self.asker.tokens(len(slots)))
        if not isinstance(lease, Lease):
            self.pool.put_back(slots)
            return self.router.hold(route, lease)
        self.budget.spend()
        flight = Flight(self.batches, route, self.router.asked(route), slots, self.router.wants_plain(route))
        self.batches += 1
        task = asyncio.ensure_future(self.asker.ask(lease, flight.batch, slots, plain=flight.plain))
        self._flights[task] = flight
        return [ModelAsked(flight.batch, route.model, len(slots), route.account)]

    # --- what comes back ---------------------------------------------------------------------------------------------

    async def _landed(self, pause: Pause | None) -> set[asyncio.Task[Asked]]:
        """The calls that have come back; none if a lane can be started before one has."""
        timeout = pause.seconds if pause is not None and self._may_launch() else None
        done, _ = await asyncio.wait(self._flights, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return done

    def _land(self, task: asyncio.Task[Asked]) -> list[Event | Filled]:
        flight = self._flights.pop(task)
        asked = task.result()
        items: list[Event | Filled] = [asked.done]
        missing = [s for s in flight.slots if s.index not in asked.verdicts]
        if asked.failure is not None:
            self.pool.put_back(missing)
            if asked.failure.kind in (Kind.MINUTE_LIMIT, Kind.DAILY_LIMIT):
                self.router.save_requests(flight.route.account)
            return [*items, *self.router.failed(flight.route, flight.ticket, asked.failure, asked=len(flight.slots))]
        items += self.router.answered(flight.route, flight.ticket, asked.done)
        self.pool.filled(asked.verdicts)
        worn_out = self.pool.came_back_empty(missing)
        if asked.verdicts:
            self._last_progress = self.clock.now()
        done = tuple(s for s in flight.slots if s.index in asked.verdicts or s in worn_out)
        return [*items, Filled(flight.batch, done, asked.verdicts)] if done else items

    def _reason_to_stop(self, pause: Pause | None) -> str:
        """Why it makes no sense to wait any longer; empty while it does."""
        if self.router.stopped:
            return self.router.stopped
        if not self.budget.left:
            return self.budget.spent
        if pause is None:
            return "" if self.router.choose() else "no queda ningún modelo disponible"
        if pause.known and pause.seconds > LONGEST_WAIT:
            return f"{pause.reason} durante más de {LONGEST_WAIT / 60:.0f} minutos"
        if self.router.hopeless or self.clock.now() + pause.seconds - self._last_progress > PATIENCE:
            return "ningún modelo responde con algo útil"
        return ""

    async def _give_up(self) -> None:
        """Leave no call behind."""
        flights, self._flights = self._flights, {}
        for task in flights:
            task.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
