"""Every shape in which an answer comes, by name: good ones, failures with a status, failures disguised as success.

Source: the project's design notes on free model APIs (OpenRouter's documentation of August to October 2026 and its users'
reports). A shape is a function of the call's context that returns a `Reply`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.standin.answers import Row, as_text, rows_for, spoil


@dataclass(frozen=True)
class Context:
    """What a shape may use: the request's body, the time (epoch seconds), and its own dice."""

    body: dict[str, Any]
    now: float
    rng: random.Random

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def rows(self) -> list[Row]:
        return rows_for(self.prompt, self.rng)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `how` may be `cut` (the connection ends early), `drip` (newlines for ever) or `hang`."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    how: str = ""


Shape = Callable[[Context], Reply]


def completion(c: Context, content: Any, finish: str = "stop", **more: Any) -> Reply:
    """A chat completion with `content`."""
    text = content if isinstance(content, str) else ""
    prompt = sum(len(m["content"]) for m in c.body["messages"]) // 4
    usage = {"prompt_tokens": prompt, "completion_tokens": len(text) // 3, "cost": more.pop("cost", 0)}
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
_RAW = "{model} is temporarily rate-limited upstream. Please retry shortly, or add your own key"
_FULL = "Upstream error from Nvidia: ResourceExhausted: Worker local total request limit reached (32/32)"
_HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


def _halves(c: Context) -> Reply:
    text = as_text(c.rows)
    return completion(c, text[: int(len(text) * 0.6)], "length")


def _broken(c: Context) -> Reply:
    """Some rows readable, one with its quotes gone, and no end."""
    rows = [json.dumps(r, ensure_ascii=False) for r in c.rows]
    cut = max(len(rows) // 2, 1)
    rows[cut - 1] = rows[cut - 1].replace('"', "", 5)
    return completion(c, '{"vehiculos":[' + ",".join(rows[: cut + 1]) + ',{"id": ')


def _unreadable(c: Context) -> Reply:
    return completion(c, "Claro, aquí tiene los vehículos: 1) SEAT Ibiza 1.0; 2) Opel Corsa 1.2; 3)")


def _upstream(c: Context) -> Reply:
    metadata = {
        "raw": _RAW.format(model=c.model), "provider_name": "Chutes", "retry_after_seconds": 28,
        "limit_source": "upstream_provider_shared_pool",
    }  # fmt: skip
    return error(429, "Provider returned error", metadata, {"Retry-After": "28"})


SHAPES: dict[str, Shape] = {
    # good
    "ok": lambda c: completion(c, as_text(c.rows)),
    "fenced": lambda c: completion(c, "```json\n" + as_text(c.rows) + "\n```"),
    "prose": lambda c: completion(c, "¡Claro! Aquí tiene:\n\n" + as_text(c.rows) + "\n\n¿Desea algo más?"),
    "thinking": lambda c: completion(c, '<think>{"id": 1} no, mejor…</think>' + as_text(c.rows)),
    "bare_list": lambda c: completion(c, json.dumps(c.rows, ensure_ascii=False)),
    "lines": lambda c: completion(c, "\n".join(json.dumps(r, ensure_ascii=False) for r in c.rows)),
    "other_model": lambda c: completion(c, as_text(c.rows), model="otra/casa-7b:free"),
    "renumbered": lambda c: completion(c, as_text([{**r, "id": 10**6 + n} for n, r in enumerate(c.rows)])),
    # good in part
    "short": lambda c: completion(c, as_text(c.rows[:-2] or c.rows)),
    "duplicates": lambda c: completion(c, as_text([c.rows[0]] * len(c.rows))),
    "wrong_fields": lambda c: completion(c, as_text(spoil(c.rows, 0.33, c.rng))),
    "other_cars": lambda c: completion(c, as_text([{**r, "marca": "Zastava", "modelo": "Yugo"} for r in c.rows])),
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
    "charged": lambda c: completion(c, as_text(c.rows), cost=0.0021),
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
    "too_long": lambda c: error(400, "This endpoint's maximum context length is 4096 tokens"),
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
    "cut": lambda c: Reply(200, as_text(c.rows), how="cut"),
    "drip": lambda c: Reply(200, None, how="drip"),
    "hang": lambda c: Reply(200, None, how="hang"),
}  # fmt: skip
