"""Every shape in which an answer comes, by name: good ones, failures with a status, failures disguised as success.

Source: the project's design notes on free model APIs (OpenRouter's documentation of August to October 2026 and its users'
reports). A shape is a function of the call's context that returns a `Reply`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

from tests.doubles.standin.answers import Slot, asked_slots, rows_for, spoil
from tests.doubles.standin.wording import Row, Wording, wording_of

#: Characters of Spanish JSON to a token. Spanish prose has about 4 with the vocabularies of today's models; digits, quotes
#: and brackets take a token for one to three characters. The mixture of both in these answers comes to this.
CHARS_PER_TOKEN = 3.2
#: How long a shared pool asks to be left alone, in seconds, where nothing better is known.
_POOL_RESTS = 28


@dataclass(frozen=True)
class Context:
    """What a shape may use: the request's body, the time (epoch seconds), its own dice, and for how many seconds more
    the shape is on schedule (`None` if it is not on any).
    """

    body: dict[str, Any]
    now: float
    rng: random.Random
    left: float | None = None

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def prompt_tokens(self) -> int:
        return sum(tokens(m["content"]) for m in self.body["messages"])

    @property
    def max_tokens(self) -> int | None:
        return self.body.get("max_tokens")

    @cached_property
    def slots(self) -> list[Slot]:
        return asked_slots(self.prompt)

    @cached_property
    def rows(self) -> list[Row]:
        return rows_for(self.prompt, self.rng)

    @cached_property
    def wording(self) -> Wording:
        return wording_of(self.prompt)

    def text(self, rows: list[Row] | None = None) -> str:
        """`rows` (or those that a good model would give) as the prompt asks for them."""
        return self.wording.text(self.rows if rows is None else rows)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `how` may be `cut` (the connection ends early), `drip` (newlines for ever) or `hang`."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    how: str = ""

    @property
    def is_answer(self) -> bool:
        """Whether it took a model's work: a success that is not an error in disguise."""
        return self.status == 200 and not (isinstance(self.body, dict) and "error" in self.body)


Shape = Callable[[Context], Reply]


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return ceil(len(text) / CHARS_PER_TOKEN)


def completion(c: Context, content: str | None, finish: str = "stop", **more: Any) -> Reply:
    """A chat completion with `content`, cut where the request's token limit, if it has one, is reached."""
    most = c.max_tokens
    if content is not None and most is not None and tokens(content) > most:
        content, finish = content[: int(most * CHARS_PER_TOKEN)], "length"
    # Nothing said and the limit reached: all of it went into reasoning.
    used = tokens(content) if content is not None else (most or 0) * (finish == "length")
    usage = {"prompt_tokens": c.prompt_tokens, "completion_tokens": used, "cost": more.pop("cost", 0)}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}
    answer = {"id": "gen-1", "object": "chat.completion", "model": more.pop("model", c.model), "usage": usage}
    return Reply(body={**answer, "choices": [choice], **more})


def error(
    status: int, message: str, metadata: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> Reply:
    """An error in OpenRouter's form."""
    inner: dict[str, Any] = {"message": message, "code": status}
    if metadata:
        inner["metadata"] = metadata
    return Reply(status, {"error": inner, "user_id": "user_x"}, headers or {})


def limit(c: Context, source: str | None, message: str, seconds: float, quota: str) -> Reply:
    """A 429 of the account, with its reset in the body as the real one has it."""
    reset = str(int((c.now + seconds) * 1000))
    metadata: dict[str, Any] = {
        "headers": {"X-RateLimit-Limit": quota, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    }
    if source:
        metadata["limit_source"] = source
    return error(429, message, metadata)


MINUTE = "Rate limit exceeded: free-models-per-min. "
DAY = "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
DAY_HIGH = "Rate limit exceeded: free-models-per-day-high-balance. "
_DAY_MARK = "free-models-per-day"
_RAW = "{model} is temporarily rate-limited upstream. Please retry shortly, or add your own key"
_FULL = "Upstream error from Nvidia: ResourceExhausted: Worker local total request limit reached (32/32)"
_HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


def says_stop(reply: Reply) -> bool:
    """Whether `reply` tells the account that its day is over."""
    return reply.status == 429 and isinstance(reply.body, dict) and _DAY_MARK in reply.body["error"]["message"]


def too_long(context: int) -> Reply:
    """The refusal of a request that does not fit into so many tokens."""
    return error(400, f"This endpoint's maximum context length is {context} tokens")


def _halves(c: Context) -> Reply:
    text = c.text()
    return completion(c, text[: int(len(text) * 0.6)], "length")


def _broken(c: Context) -> Reply:
    """Some rows readable, one with its quotes gone, and no end."""
    rows = c.wording.lines(c.rows)
    cut = max(len(rows) // 2, 1)
    rows[cut - 1] = rows[cut - 1].replace('"', "", 5)
    return completion(c, c.wording.opening + ",".join([*rows[: cut + 1], c.wording.started]))


def _unreadable(c: Context) -> Reply:
    return completion(c, "Claro, aquí tiene los vehículos: 1) SEAT Ibiza 1.0; 2) Opel Corsa 1.2; 3)")


def _upstream(c: Context) -> Reply:
    rest = _POOL_RESTS if c.left is None else ceil(c.left)
    metadata = {
        "raw": _RAW.format(model=c.model), "provider_name": "Chutes", "retry_after_seconds": rest,
        "limit_source": "upstream_provider_shared_pool",
    }  # fmt: skip
    return error(429, "Provider returned error", metadata, {"Retry-After": str(rest)})


SHAPES: dict[str, Shape] = {
    # good
    "ok": lambda c: completion(c, c.text()),
    "fenced": lambda c: completion(c, "```json\n" + c.text() + "\n```"),
    "prose": lambda c: completion(c, "¡Claro! Aquí tiene:\n\n" + c.text() + "\n\n¿Desea algo más?"),
    "thinking": lambda c: completion(c, f"<think>{c.wording.draft} no, mejor…</think>{c.text()}"),
    "bare_list": lambda c: completion(c, c.wording.bare(c.rows)),
    "lines": lambda c: completion(c, "\n".join(c.wording.lines(c.rows))),
    "other_model": lambda c: completion(c, c.text(), model="otra/casa-7b:free"),
    "renumbered": lambda c: completion(c, c.text([{**r, "id": 10**6 + n} for n, r in enumerate(c.rows)])),
    # good in part
    "short": lambda c: completion(c, c.text(c.rows[:-2] or c.rows)),
    "duplicates": lambda c: completion(c, c.text([c.rows[0]] * len(c.rows))),
    "wrong_fields": lambda c: completion(c, c.text(spoil(c.rows, 0.33, c.rng))),
    "other_cars": lambda c: completion(c, c.text(c.wording.others(c.rows))),
    "truncated": _halves,
    "broken_json": _broken,
    # success that is none
    "unreadable": _unreadable,
    "error_in_200": lambda c: Reply(200, {"error": {"message": "Internal Server Error", "code": 500}}),
    "choice_error": lambda c: Reply(200, {"choices": [{"finish_reason": "error", "message": {"content": ""}, "error": {"code": 502, "message": "Provider disconnected"}}]}),
    "upstream_full_200": lambda c: Reply(200, {"error": {"message": _FULL, "code": 502}}),
    "choices_null": lambda c: Reply(200, {"id": "x", "choices": None}),
    "choices_empty": lambda c: Reply(200, {"id": "x", "choices": []}),
    "content_null": lambda c: completion(c, None),
    "content_empty": lambda c: completion(c, ""),
    "reasoning_only": lambda c: completion(c, None, "length"),
    "content_filter": lambda c: completion(c, "", "content_filter"),
    "padding": lambda c: completion(c, "<pad>" * 400),
    "html_200": lambda c: Reply(200, _HTML, {"content-type": "text/html"}),
    "charged": lambda c: completion(c, c.text(), cost=0.0021),
    # limits
    "minute_limit": lambda c: limit(c, "openrouter_free_tier_per_minute", MINUTE, 12, "20"),
    "minute_limit_old": lambda c: limit(c, None, MINUTE, 12, "20"),
    "daily_limit": lambda c: limit(c, "openrouter_free_tier_daily", DAY, 3600, "50"),
    "daily_limit_old": lambda c: limit(c, None, DAY, 3600, "50"),
    "daily_limit_high": lambda c: limit(c, None, DAY_HIGH, 3600, "1000"),
    "upstream_limit": _upstream,
    "upstream_limit_old": lambda c: error(429, "Provider returned error", {"raw": _RAW.format(model=c.model)}),
    "bare_429": lambda c: Reply(429, "", {}),
    # refusals
    "bad_key": lambda c: error(401, "User not found."),
    "no_credit": lambda c: error(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
    "key_cap": lambda c: error(403, "Key limit exceeded (monthly limit). Manage it using your settings"),
    "moderated": lambda c: error(403, "Your input was flagged by moderation", {"reasons": ["violence"]}),
    "forbidden": lambda c: error(403, "This model requires a higher tier"),
    "retired": lambda c: error(404, f"No endpoints found for {c.model}."),
    "retired_paid_now": lambda c: error(404, f"This model is unavailable for free. The paid version is available now: {c.model.removesuffix(':free')}"),
    "retired_bad_id": lambda c: error(400, f"{c.model} is not a valid model ID"),
    "data_policy": lambda c: error(404, "No endpoints found matching your data policy (Free model publication). Configure: https://openrouter.ai/settings/privacy"),
    "unsupported": lambda c: error(404, "No endpoints found that can handle the requested parameters."),
    "too_long": lambda c: too_long(4096),
    "bad_request": lambda c: error(400, "Invalid request"),
    "no_such_route": lambda c: Reply(404, "404 page not found", {"content-type": "text/plain"}),
    # passing
    "e408": lambda c: error(408, "Request timed out"),
    "e500": lambda c: error(500, "Internal Server Error"),
    "e502": lambda c: error(502, "Bad gateway"),
    "e503": lambda c: error(503, "No instances available"),
    "e524": lambda c: Reply(524, _HTML, {"content-type": "text/html"}),
    "e529": lambda c: error(529, "Provider overloaded"),
    "upstream_full": lambda c: error(502, _FULL),
    "html_502": lambda c: Reply(502, _HTML, {"content-type": "text/html"}),
    "string_code": lambda c: Reply(200, {"error": {"message": "rate limited by the provider", "code": "429"}}),
    "http_status_field": lambda c: Reply(200, {"error": {"message": "bad", "code": "server_error", "http_status": 503}}),
    "cut": lambda c: Reply(200, c.text(), how="cut"),
    "drip": lambda c: Reply(200, None, how="drip"),
    "hang": lambda c: Reply(200, None, how="hang"),
}  # fmt: skip
