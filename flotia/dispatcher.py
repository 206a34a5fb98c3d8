"""The specification's way: one lane takes a batch through the chain of models until every slot is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from flotia.asking import Asker, Flight
from flotia.budget import Budget
from flotia.events import Event, ModelAsked, Waiting
from flotia.judgement.judge import Verdict
from flotia.limits.ledger import Lease
from flotia.outcome import Remedy
from flotia.planner import Batch
from flotia.ports import Clock
from flotia.routing import Pause, Route, Router

#: A batch waits at most this long, in seconds, for a model that is only limited; then it goes on without it.
PATIENCE = 75.0


@dataclass(slots=True)
class Filling:
    """What a batch has so far: by slot index, the verdict and the model it came from."""

    verdicts: dict[int, tuple[Verdict, str]] = field(default_factory=dict)
    calls: int = 0


@dataclass(slots=True)
class Dispatcher:
    """Asks for the slots of a batch, model after model."""

    asker: Asker
    router: Router
    clock: Clock
    budget: Budget

    async def fill(self, batch: Batch, filling: Filling) -> AsyncIterator[Event]:
        """Ask until `filling` has a verdict for each slot, or no model is left that may be asked.

        Raises `ProviderError` if a failure ends the run.
        """
        tried: set[Route] = set()
        patience = PATIENCE
        while missing := [s for s in batch.slots if s.index not in filling.verdicts]:
            route = self.router.choose(tried)
            if route is None or not self.budget.left:
                pause = self.router.wait(tried) if self.budget.left else None
                if pause is None or pause.seconds > patience:
                    return
                patience -= pause.seconds
                async for event in self._wait(pause):
                    yield event
                continue
            lease = await self.asker.ledger.lease(*route, self.asker.tokens(len(missing)))
            if not isinstance(lease, Lease):
                for event in self.router.hold(route, lease):
                    yield event
                continue
            tried.add(route)
            filling.calls += 1
            flight = Flight(batch.number, route, self.router.asked(route), missing, self.router.wants_plain(route))
            async for event in self._ask(lease, flight, filling, tried):
                yield event

    async def _wait(self, pause: Pause) -> AsyncIterator[Event]:
        yield Waiting(pause.seconds, pause.reason)
        await self.clock.sleep(pause.seconds)

    async def _ask(self, lease: Lease, flight: Flight, filling: Filling, tried: set[Route]) -> AsyncIterator[Event]:
        self.budget.spend()
        yield ModelAsked(flight.batch, flight.route.model, len(flight.slots), flight.route.account)
        asked = await self.asker.ask(lease, flight.batch, flight.slots, plain=flight.plain)
        filling.verdicts.update(asked.verdicts)
        yield asked.done
        if asked.failure is not None:
            plainer = asked.failure.remedy is Remedy.RETRY_PLAIN and flight.route in self.asker.structured
            if asked.failure.remedy is Remedy.WAIT_ACCOUNT or (plainer and not flight.plain):
                tried.discard(flight.route)
            learned = self.router.failed(flight.route, flight.ticket, asked.failure)
        else:
            learned = self.router.answered(flight.route, flight.ticket, asked.done)
        for event in learned:
            yield event
