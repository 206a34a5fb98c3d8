"""The stand-in's ASGI application: routes, what each model does when, and a record of every call."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

from tests.doubles.standin.limits import ANY, Account, Window, Windows, of_model
from tests.doubles.standin.listing import CONTEXT, Listed, listing
from tests.doubles.standin.seen import BY_ACCOUNT, BY_WINDOW, Call, Record
from tests.doubles.standin.shapes import SHAPES, Context, Reply, error, says_stop, too_long
from tests.doubles.standin.wire import lifespan, respond

#: What a model does: always one shape, or a sequence of shapes over and over.
Script = str | Iterable[str]
#: Seconds to an answer, or how they are drawn.
Latency = float | Callable[[random.Random], float]
#: From and to which second since the first call a model answers in which shape.
Outage = tuple[float, float, str]
#: What a model cannot do while the server enforces the format of its answer.
_WRAPPED = frozenset({"fenced", "prose", "thinking", "bare_list", "lines"})
_FOR_THE_KEY = frozenset({("GET", "/v1/models/user"), ("GET", "/v1/key"), ("POST", "/v1/chat/completions")})
_LOOPBACK = ("127.0.0.1", "::1")


def lognormal(mean: float, sigma: float = 0.5) -> Callable[[random.Random], float]:
    """Latencies in seconds with that mean, most a little below it and a few far above, as measured ones are."""
    return lambda rng: mean * rng.lognormvariate(-sigma * sigma / 2, sigma)


class StandIn(Record):
    """The application. `models` says what each model does (`"*"` stands for any other); the `Record` what happened.

    `windows`, `schedule` and `latency` are by model, `"*"` for any other. An outage on the `schedule` counts its seconds from
    the first call. Answers come after `latency`, failures and refusals at once. `context` is how many tokens fit into a
    model; `listed` replaces what the model lists tell, and the contexts with it. `now` is the clock (epoch seconds).
    """

    def __init__(
        self, models: Mapping[str, Script] | None = None, *, account: Account | None = None,
        windows: Mapping[str, Window] | None = None, schedule: Mapping[str, Sequence[Outage]] | None = None,
        latency: Latency | Mapping[str, Latency] = 0.0, context: int | Mapping[str, int] = CONTEXT,
        listed: Sequence[Listed] | None = None, now: Callable[[], float] = time.time, seed: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.account = account or Account()
        self._windows, self._schedule = Windows(windows or {}), schedule or {}
        self._scripts: dict[str, Iterator[str]] = {
            m: cycle([s] if isinstance(s, str) else list(s)) for m, s in (models or {ANY: "ok"}).items()
        }
        self._latency = latency if isinstance(latency, Mapping) else {ANY: latency}
        self._contexts = context if isinstance(context, Mapping) else {ANY: context}
        names = [m for m in self._scripts if m != ANY]
        self._listed = {m.id: m for m in (listing(names, self._contexts) if listed is None else listed)}
        self._now, self._rng = now, random.Random(seed)
        self._first: float | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        reply = await self._answer(scope, body)
        await respond(send, reply, receive)

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Reply:
        route = scope["method"], scope["path"].removeprefix("/api")
        if route in _FOR_THE_KEY and not self._may(scope):
            return error(401, "User not found.")
        match route:
            case ("GET", "/v1/models" | "/v1/models/user"):
                return Reply(200, {"data": [m.entry() for m in self._listed.values()]})
            case ("GET", "/v1/key"):
                return Reply(200, self._key())
            case ("POST", "/v1/chat/completions"):
                return await self._chat(json.loads(body))
            case ("GET", "/_seen") if (scope.get("client") or _LOOPBACK)[0] in _LOOPBACK:
                return Reply(200, self.report())
        return Reply(404, "404 page not found", {"content-type": "text/plain"})

    def _may(self, scope: dict[str, Any]) -> bool:
        wanted = (b"authorization", f"Bearer {self.account.key}".encode())
        return not self.account.key or wanted in [(k.lower(), v) for k, v in scope["headers"]]

    async def _chat(self, body: dict[str, Any]) -> Reply:
        started, at = time.monotonic(), self._now()
        self._first = at if self._first is None else self._first
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        c = Context(body, at, random.Random(self._rng.random()))
        try:
            shape, reply = self._reply(c)
            if reply.is_answer:
                await asyncio.sleep(self._seconds(c))
        finally:
            self.in_flight -= 1
        ended = time.monotonic()
        if says_stop(reply):
            self.said_stop.append(ended)
        most = c.max_tokens or 0
        self.calls.append(Call(c.model, started, ended, shape, most, len(c.slots), at, reply.status))
        return reply

    def _reply(self, c: Context) -> tuple[str, Reply]:
        """What this call gets, and its name."""
        if refused := self.account.refuses(c):
            return BY_ACCOUNT, refused
        if refused := self._windows.refuses(c):
            return BY_WINDOW, refused
        room = self._listed[c.model].context if c.model in self._listed else of_model(self._contexts, c.model)
        if room is not None and c.prompt_tokens + (c.max_tokens or 0) > room:
            return "too_long", too_long(room)
        c, shape = self._shape(c)
        reply = SHAPES[shape](c)
        if reply.is_answer:
            reply = replace(reply, headers={**reply.headers, **self._windows.headers(c)})
        return shape, reply

    def _shape(self, c: Context) -> tuple[Context, str]:
        """The shape that is the model's turn, and the call with what the schedule adds to it."""
        if len(c.body.get("models", [])) > 3:
            return c, "bad_request"
        since = c.now - (self._first or 0.0)
        for start, end, shape in of_model(self._schedule, c.model) or ():
            if start <= since < end:
                return replace(c, left=end - since), shape
        script = self._scripts.get(c.model) or self._scripts.get(ANY)
        shape = "retired_bad_id" if script is None else next(script)
        formatted = "response_format" in c.body
        if (shape == "unsupported" and not formatted) or (shape in _WRAPPED and formatted and self._enforces(c.model)):
            return c, "ok"
        return c, shape

    def _enforces(self, model: str) -> bool:
        """Whether a response format is obeyed; a model that does not list the parameter drops it silently."""
        return model in self._listed and "response_format" in self._listed[model].parameters

    def _seconds(self, c: Context) -> float:
        latency = of_model(self._latency, c.model) or 0.0
        return latency(self._rng) if callable(latency) else latency

    def _key(self) -> dict[str, Any]:
        data: dict[str, Any] = {"label": "sk-or-v1-…", "usage": 0, "is_free_tier": True}
        if quota := self.account.told(self._now()):
            data["free_model_daily_requests"] = quota
        return {"data": data}
