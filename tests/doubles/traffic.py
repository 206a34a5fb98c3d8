"""Traffic through a router without an engine: lanes that ask, models that answer or fail, moments instead of tasks."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from flotia.events import CallDone
from flotia.outcome import Failure, Kind, Remedy, Scope
from flotia.routing import Manner, Route, Router
from tests.doubles.clock import START, FakeClock

#: What a model does at a second of the run: it fills its slots, or fails.
Behaviour = Callable[[str, float], Failure | None]
BROKEN = Failure(Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "roto")
RETIRED = Failure(Kind.RETIRED, Scope.MODEL, Remedy.DROP_MODEL, "retirado")
_TIRED = 1.0


@dataclass(frozen=True)
class Call:
    """A call: when it went out, in seconds of the run, to which model, for how many vehicles, and whether it was well."""

    sent: float
    model: str
    slots: int
    well: bool


@dataclass
class Traffic:
    """`lanes` ask `router` whenever they are free; a model takes `latency` seconds to answer, a failure a tenth of that."""

    router: Router
    clock: FakeClock
    behaviour: Behaviour
    lanes: int
    latency: float | Callable[[str], float]
    calls: list[Call] = field(default_factory=list)

    def run(self, seconds: float) -> list[Call]:
        """So many seconds of it; all calls so far."""
        due: list[tuple[float, int, tuple[Route, int, Call, Failure | None] | None]]
        due = [(self.clock.moment, lane, None) for lane in range(self.lanes)]
        until = self.clock.moment + seconds
        while due and due[0][0] < until:
            self.clock.moment, lane, flight = heapq.heappop(due)
            if flight is not None:
                self._land(*flight)
            heapq.heappush(due, self._send(lane))
        for self.clock.moment, _, flight in sorted(due, key=lambda d: d[:2]):
            if flight is not None:
                self._land(*flight)
        return self.calls

    def _send(self, lane: int):
        now = self.clock.moment
        route = self.router.choose()
        if route is None:
            pause = self.router.wait()
            return now + (pause.seconds if pause else _TIRED), lane, None
        slots = self.router.size(route, pending=10**6, lanes_free=1)
        failure = self.behaviour(route.model, now - START)
        took = self.latency(route.model) if callable(self.latency) else self.latency
        call = Call(now - START, route.model, slots, failure is None)
        self.calls.append(call)
        return now + (took if failure is None else took / 10), lane, (route, self.router.asked(route), call, failure)

    def _land(self, route: Route, ticket: int, call: Call, failure: Failure | None) -> None:
        if failure is not None:
            self.router.failed(route, ticket, failure)
            return
        took = self.clock.moment - START - call.sent
        done = CallDone(
            0, route.model, route.model, call.slots, kept=call.slots, latency=took, completion_tokens=90 * call.slots
        )
        self.router.answered(route, ticket, done)

    def between(self, start: float, end: float) -> Counter[str]:
        """Calls by model in those seconds."""
        return Counter(c.model for c in self.calls if start <= c.sent < end)


class Rig:
    """A router over models named by letters at account `c`, and hands to make calls with."""

    def __init__(self, models, *, by_merit=True, lanes=8, records=None, frugal=False):
        self.clock = FakeClock()
        chain = [Route(*m.split("/")) if "/" in m else Route("c", m) for m in models]
        self.router = Router(chain, self.clock, Manner(10, 3500, lanes, by_merit, by_merit))
        self.router.recall(records or {})
        if frugal:
            self.router.save_requests("c")

    def next(self, *excluded):
        route = self.router.choose([Route("c", m) for m in excluded])
        return route and route.model

    def call(self, model, *, got=10, asked=10, latency=2.0, tokens=0):
        route = Route("c", model)
        done = CallDone(0, model, model, asked, kept=got, latency=latency, completion_tokens=tokens)
        return self.router.answered(route, self.router.asked(route), done)

    def fail(self, model, kind=Kind.UPSTREAM_LIMIT, remedy=Remedy.COOL_MODEL, retry_at=None, account="c"):
        route = Route(account, model)
        scope = Scope.MODEL if remedy in (Remedy.COOL_MODEL, Remedy.DROP_MODEL) else Scope.ACCOUNT
        failure = Failure(kind, scope, remedy, "dicho así", retry_at=retry_at)
        return self.router.failed(route, self.router.asked(route), failure)

    def traffic(self, behaviour, *, lanes=8, latency=2.0):
        return Traffic(self.router, self.clock, behaviour, lanes, latency)
