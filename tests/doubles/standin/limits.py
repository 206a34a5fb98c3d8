"""The windows that calls have to pass: the account's, over all its models, and each model's own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import TypeVar

from tests.doubles.standin.shapes import DAY, MINUTE, Context, Reply, limit

ANY = "*"
_DAY = 86_400
_T = TypeVar("_T")


def of_model(settings: Mapping[str, _T], model: str) -> _T | None:
    """What is set for `model`, or else for `"*"`, or else nothing."""
    return settings.get(model, settings.get(ANY))


@dataclass
class Account:
    """The account's windows: calls a minute and a UTC day over all its models. `None` is no limit.

    A refused call does not count; with `counts_refused` it does, in both windows (reports disagree on which is true).
    What the key route tells is `key_lag` seconds old, as the real one's cache makes it.
    """

    per_minute: int | None = None
    per_day: int | None = None
    key: str = ""
    counts_refused: bool = False
    key_lag: float = 0.0
    _counted: list[float] = field(default_factory=list)

    def refuses(self, c: Context) -> Reply | None:
        """The 429 that this call gets, if any; a call that is let through is counted."""
        refusal = self._refusal(c)
        if refusal is None or self.counts_refused:
            self._counted.append(c.now)
        return refusal

    def _refusal(self, c: Context) -> Reply | None:
        if self.per_day is not None and self.used_today(c.now) >= self.per_day:
            left = (c.now // _DAY + 1) * _DAY - c.now
            return limit(c, "openrouter_free_tier_daily", DAY, left, str(self.per_day))
        recent = len(self._counted) - bisect_right(self._counted, c.now - 60)
        if self.per_minute is not None and recent >= self.per_minute:
            left = self._counted[-self.per_minute] + 60 - c.now
            return limit(c, "openrouter_free_tier_per_minute", MINUTE, left, str(self.per_minute))
        return None

    def used_today(self, now: float) -> int:
        """Calls counted in the UTC day of `now`, up to `now`."""
        return bisect_right(self._counted, now) - bisect_left(self._counted, now // _DAY * _DAY)

    def told(self, now: float) -> dict[str, int] | None:
        """The day's figures as the key route tells them at `now`; `None` where there is no limit a day."""
        if self.per_day is None:
            return None
        used = self.used_today(now - self.key_lag)
        return {"used": used, "limit": self.per_day, "remaining": max(self.per_day - used, 0)}


@dataclass(frozen=True)
class Window:
    """So many requests to one model in any so many seconds; a refused one does not count.

    A refusal names its reset in `Retry-After`, and if it is `named` in `x-ratelimit-…` headers as Groq's are, which
    with `headers_on_success` good answers carry too: the reset is when the next call leaves the window.
    """

    requests: int
    seconds: float
    named: bool = True
    headers_on_success: bool = False


class Windows:
    """The windows of all models and the calls in them."""

    def __init__(self, windows: Mapping[str, Window]) -> None:
        self._windows = windows
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)

    def refuses(self, c: Context) -> Reply | None:
        """The 429 that this call gets, if any; a call that is let through is counted."""
        window = of_model(self._windows, c.model)
        if window is None:
            return None
        taken = self._taken[c.model]
        while taken and taken[0] <= c.now - window.seconds:
            taken.popleft()
        if len(taken) < window.requests:
            taken.append(c.now)
            return None
        headers = {"Retry-After": str(ceil(taken[0] + window.seconds - c.now))}
        if window.named:
            headers |= self._named(window, taken, c.now)
        message = f"Rate limit reached for model `{c.model}`. Limit {window.requests} requests in {window.seconds:g} s."
        metadata = {"limit_source": "model_requests"}
        return Reply(429, {"error": {"message": message, "code": 429, "metadata": metadata}}, headers)

    def headers(self, c: Context) -> dict[str, str]:
        """What a good answer to this call says of the model's window."""
        window = of_model(self._windows, c.model)
        if window is None or not window.headers_on_success:
            return {}
        return self._named(window, self._taken[c.model], c.now)

    @staticmethod
    def _named(window: Window, taken: deque[float], now: float) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(window.requests),
            "x-ratelimit-remaining-requests": str(max(window.requests - len(taken), 0)),
            "x-ratelimit-reset-requests": _span(taken[0] + window.seconds - now if taken else 0.0),
        }


def _span(seconds: float) -> str:
    """A duration as Groq writes it: `7.66s`, `2m59.56s`."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:.4g}s" if minutes else f"{rest:.4g}s"
