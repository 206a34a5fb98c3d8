"""The stand-in's ASGI application: routes, the account's windows, and a record of every call."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from tests.doubles.standin.answers import asked_slots
from tests.doubles.standin.shapes import DAY, MINUTE, SHAPES, Context, Reply, error, limit

#: What a model does: always one shape, or a sequence of shapes over and over.
Script = str | Iterable[str]
_DAY = 86_400
_ANY = "*"


@dataclass
class Account:
    """The account's windows: calls a minute and a UTC day over all its models. `None` is no limit."""

    per_minute: int | None = None
    per_day: int | None = None
    key: str = ""
    _minute: list[float] = field(default_factory=list)
    _day: tuple[int, int] = (0, 0)

    def refuses(self, c: Context) -> Reply | None:
        """The 429 that this call gets, if any; a call that is let through is counted."""
        day, used = int(c.now // _DAY), self.used_today(c.now)
        self._minute = [t for t in self._minute if t > c.now - 60]
        if self.per_day is not None and used >= self.per_day:
            left = (day + 1) * _DAY - c.now
            return limit(c, "openrouter_free_tier_daily", DAY, left, str(self.per_day))
        if self.per_minute is not None and len(self._minute) >= self.per_minute:
            left = self._minute[0] + 60 - c.now
            return limit(c, "openrouter_free_tier_per_minute", MINUTE, left, str(self.per_minute))
        self._minute.append(c.now)
        self._day = (day, used + 1)
        return None

    def used_today(self, now: float) -> int:
        """Calls let through this UTC day."""
        return self._day[1] if self._day[0] == int(now // _DAY) else 0


@dataclass(frozen=True)
class Call:
    """One call that arrived: the model asked, when it came and was answered (monotonic seconds), what it got."""

    model: str
    started: float
    ended: float
    shape: str
    max_tokens: int
    slots: int


class StandIn:
    """The application. `models` says what each model does (`"*"` stands for any other); `calls` what happened."""

    def __init__(
        self, models: Mapping[str, Script] | None = None, *, account: Account | None = None,
        latency: Callable[[random.Random], float] | float = 0.0, now: Callable[[], float] = time.time, seed: int = 1,
    ) -> None:  # fmt: skip
        self.account = account or Account()
        self.calls: list[Call] = []
        self.in_flight = self.most_in_flight = 0
        self._scripts: dict[str, Iterator[str]] = {
            m: cycle([s] if isinstance(s, str) else list(s)) for m, s in (models or {_ANY: "ok"}).items()
        }
        self._latency, self._now, self._rng = latency, now, random.Random(seed)

    @property
    def by_model(self) -> Counter[str]:
        """Calls by the model that was asked."""
        return Counter(c.model for c in self.calls)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        route = (scope["method"], scope["path"].removeprefix("/api"))
        await self._answer(route, headers, body, send, receive)

    async def _answer(
        self, route: tuple[str, str], headers: dict[str, str], body: bytes, send: Any, receive: Any
    ) -> None:
        if self.account.key and headers.get("authorization") != f"Bearer {self.account.key}":
            await _send(send, error(401, "User not found."), receive)
        elif route == ("GET", "/v1/key"):
            await _send(send, Reply(200, self._key()), receive)
        elif route in (("GET", "/v1/models"), ("GET", "/v1/models/user")):
            await _send(send, Reply(200, {"data": [_model(m) for m in self._scripts if m != _ANY]}), receive)
        elif route == ("POST", "/v1/chat/completions"):
            await self._chat(json.loads(body), send, receive)
        else:
            await _send(send, Reply(404, "404 page not found", {"content-type": "text/plain"}), receive)

    async def _chat(self, body: dict[str, Any], send: Any, receive: Any) -> None:
        started = time.monotonic()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        context = Context(body, self._now(), random.Random(self._rng.random()))
        try:
            shape, reply = await self._reply(context)
        finally:
            self.in_flight -= 1
        slots = len(asked_slots(context.prompt))
        self.calls.append(Call(context.model, started, time.monotonic(), shape, int(body.get("max_tokens", 0)), slots))
        await _send(send, reply, receive)

    async def _reply(self, context: Context) -> tuple[str, Reply]:
        refused = self.account.refuses(context)
        if refused is not None:
            return "account", refused
        await asyncio.sleep(self._latency(self._rng) if callable(self._latency) else self._latency)
        shape = self._shape(context)
        return shape, SHAPES[shape](context)

    def _shape(self, c: Context) -> str:
        if len(c.body.get("models", [])) > 3:
            return "bad_request"
        script = self._scripts.get(c.model) or self._scripts.get(_ANY)
        shape = "retired_bad_id" if script is None else next(script)
        if shape == "unsupported" and "response_format" not in c.body:
            return "ok"
        return shape

    def _key(self) -> dict[str, Any]:
        used = self.account.used_today(self._now())
        data: dict[str, Any] = {"label": "sk-or-v1-…", "usage": 0, "is_free_tier": True}
        if self.account.per_day is not None:
            total = self.account.per_day
            data["free_model_daily_requests"] = {"used": used, "limit": total, "remaining": total - used}
        return {"data": data}


def _model(name: str) -> dict[str, Any]:
    return {
        "id": name, "context_length": 32_768, "expiration_date": None,
        "pricing": {"prompt": "0", "completion": "0"} if name.endswith(":free") else {"prompt": "0.1", "completion": "0.2"},
        "architecture": {"output_modalities": ["text"]}, "supported_parameters": ["max_tokens", "temperature"],
    }  # fmt: skip


async def _send(send: Any, reply: Reply, receive: Any) -> None:
    data = reply.body if isinstance(reply.body, str) else json.dumps(reply.body, ensure_ascii=False)
    raw = data.encode()
    headers = {"content-type": "application/json", **reply.headers}
    if reply.how in ("", "cut"):
        headers["content-length"] = str(len(raw))
    encoded = [(k.encode(), v.encode()) for k, v in headers.items()]
    if reply.how == "hang":
        await receive()
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    if reply.how == "drip":
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"\n", "more_body": True})
            await asyncio.wait({gone}, timeout=0.05)
        return
    if reply.how == "cut":
        await send({"type": "http.response.body", "body": raw[: len(raw) // 3], "more_body": True})
        raise ConnectionResetError("cut on purpose")
    await send({"type": "http.response.body", "body": raw})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
