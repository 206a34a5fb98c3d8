"""A provider on virtual time: the stand-in's shapes and windows without a socket, read by the real client's code."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from flotia.clients import directory, failures
from flotia.clients.openai_compatible import OpenAICompatibleClient
from flotia.outcome import Answer, Failure, Offer, Standing
from flotia.ports import ChatRequest
from tests.doubles.clock import VirtualTime
from tests.doubles.standin.limits import Account, Window, Windows
from tests.doubles.standin.shapes import SHAPES, Context, Reply

#: What a model does: always one shape, or what is drawn for it at a second since the first call.
Script = str | Callable[[str, float, random.Random], str]
#: Seconds on the way to the server and back.
_WAY = 0.04


@dataclass(frozen=True)
class Seen:
    """A call as the server saw it: `arrived` in epoch seconds."""

    arrived: float
    model: str
    shape: str
    slots: int
    status: int


def lognormal(mean: float, sigma: float = 0.5) -> Callable[[random.Random], float]:
    """Latencies with that mean in seconds."""
    return lambda rng: mean * rng.lognormvariate(-sigma * sigma / 2, sigma)


@dataclass
class Provider:
    """One account at a server. Answers take `latency`, refusals come at once.

    `calls` are what it saw, `most_in_flight` and `in_flight` how many at once, `closed` how often it was let go of.
    """

    clock: VirtualTime
    script: Script = "ok"
    account: Account | None = None
    windows: Mapping[str, Window] = field(default_factory=dict)
    latency: Callable[[random.Random], float] = field(default_factory=lambda: lognormal(0.3))
    seed: int = 3
    tells: bool = True
    calls: list[Seen] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    closed: int = 0

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._account, self._windows = self.account or Account(), Windows(self.windows)
        self._first: float | None = None

    async def complete(self, request: ChatRequest) -> Answer | Failure:
        """One call: there, weighed against the windows when it arrives, worked on, and back."""
        started = self.clock.now()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.clock.sleep(_WAY)
            reply = self._replied(request)
            if reply.is_answer:
                await self.clock.sleep(self.latency(self._rng))
            await self.clock.sleep(_WAY)
        finally:
            self.in_flight -= 1
        body = reply.body if not isinstance(reply.body, str) else None
        raw = failures.Raw(reply.status, {k.lower(): v for k, v in reply.headers.items()}, body, str(reply.body or ""))
        outcome = OpenAICompatibleClient.judge(raw, request.model, self.clock.now())
        return replace(outcome, latency=self.clock.now() - started)

    def _replied(self, request: ChatRequest) -> Reply:
        now = self.clock.now()
        self._first = now if self._first is None else self._first
        messages = [{"content": request.system}, {"content": request.user}]
        body = {"model": request.model, "messages": messages, "max_tokens": request.max_tokens}
        context = Context(body, now, random.Random(self._rng.random()))
        shape = "account_window"
        reply = self._account.refuses(context)
        if reply is None:
            shape, reply = "model_window", self._windows.refuses(context)
        if reply is None:
            shape = self.script if isinstance(self.script, str) else self._drawn(request.model, now)
            reply = SHAPES[shape](context)
            if reply.is_answer:
                reply = replace(reply, headers={**reply.headers, **self._windows.headers(context)})
        self.calls.append(Seen(now, request.model, shape, len(context.slots), reply.status))
        return reply

    def _drawn(self, model: str, now: float) -> str:
        assert callable(self.script)
        return self.script(model, now - (self._first or now), self._rng)

    @property
    def asked(self) -> Counter[str]:
        """Calls by model."""
        return Counter(c.model for c in self.calls)

    @property
    def refused(self) -> list[Seen]:
        """The calls that a window turned away."""
        return [c for c in self.calls if c.shape.endswith("_window")]

    async def standing(self) -> Standing | None:
        """What `/key` tells, unless it tells nothing."""
        told = self._account.told(self.clock.now()) if self.tells else None
        return directory.standing({"data": {"free_model_daily_requests": told}})

    async def offered(self) -> tuple[Offer, ...] | None:
        """Nothing."""
        return None

    async def aclose(self) -> None:
        """Count it."""
        self.closed += 1
