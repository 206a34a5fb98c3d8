"""Limits as providers state them: so many requests (or tokens) in so many seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from flotia.errors import RequestError

#: A limit of this many seconds is counted by UTC day and not in a sliding window: that is how free tiers count
#: (OpenRouter's documentation, August to October 2026).
DAY = 86_400.0
_PERIODS = {"s": 1.0, "seg": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "hora": 3600.0, "dia": DAY, "día": DAY, "d": DAY}
_LIMIT = re.compile(r"(\d{1,9})\s*(tok)?\s*/\s*(\d{1,6})?\s*([a-zí]+)(\s*\*)?", re.IGNORECASE)


class Unit(StrEnum):
    """What a limit counts."""

    REQUESTS = "peticiones"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of `unit` in any `seconds` (in a UTC day, if that is a `DAY`)."""

    amount: int
    seconds: float
    unit: Unit = Unit.REQUESTS

    @property
    def is_daily(self) -> bool:
        """Whether it is counted by UTC day."""
        return self.seconds == DAY

    def __str__(self) -> str:
        period = {60.0: "min", DAY: "día", 3600.0: "h"}.get(self.seconds, f"{self.seconds:g}s")
        return f"{self.amount}{'tok' if self.unit is Unit.TOKENS else ''}/{period}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known of an account's limits: those over all its models, and those of each single model."""

    account: tuple[Limit, ...] = ()
    each_model: tuple[Limit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.account or self.each_model)


def parse(text: str) -> Limits:
    """Limits as a user writes them: `20/min 50/dia`, `30/min*` (each model's own), `6000tok/min*`, `4/10s*`.

    Raises `RequestError` for anything else.
    """
    account: list[Limit] = []
    each: list[Limit] = []
    rest = text
    for found in _LIMIT.finditer(text):
        amount, tokens, times, period, own = found.groups()
        seconds = _PERIODS.get(period.lower(), 0.0) * int(times or 1)
        if not seconds or int(amount) == 0:
            break
        unit = Unit.TOKENS if tokens else Unit.REQUESTS
        (each if own else account).append(Limit(int(amount), seconds, unit))
        rest = rest.replace(found[0], " ", 1)
    if rest.strip(" ,"):
        raise RequestError(
            f"No se entiende el límite {text.strip()!r}: escriba por ejemplo 20/min 50/dia, o 30/min* si es de cada modelo."
        )
    return Limits(tuple(account), tuple(each))
