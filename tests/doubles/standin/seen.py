"""What the stand-in saw: every call, and what can be told of all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Any

#: What a call got that came to no model: refused by the account's windows, or by the model's.
BY_ACCOUNT, BY_WINDOW = "account", "window"


@dataclass(frozen=True)
class Call:
    """One call that arrived: the model asked, when it came and was answered (monotonic seconds), what it got.

    `at` is when it came by the stand-in's own clock (epoch seconds).
    """

    model: str
    started: float
    ended: float
    shape: str
    max_tokens: int
    slots: int
    at: float = 0.0
    status: int = 200


class Record:
    """The calls so far, in the order in which they were answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.in_flight = self.most_in_flight = 0
        #: When the account was told that its day is over, each time (monotonic seconds).
        self.said_stop: list[float] = []

    @property
    def by_model(self) -> Counter[str]:
        """Calls by the model that was asked."""
        return Counter(c.model for c in self.calls)

    @property
    def by_shape(self) -> Counter[str]:
        """Calls by what they got."""
        return Counter(c.shape for c in self.calls)

    @property
    def calls_after_stop(self) -> int:
        """Calls that arrived after the account was first told that its day is over."""
        return sum(c.started > self.said_stop[0] for c in self.calls) if self.said_stop else 0

    @property
    def peak_in_minute(self) -> int:
        """The largest number of calls that the account let through in any 60 s."""
        times = sorted(c.at for c in self.calls if c.shape != BY_ACCOUNT)
        # A call exactly 60 s older is out of the window, as it is for the account.
        return max((n + 1 - bisect_right(times, t - 60) for n, t in enumerate(times)), default=0)

    def report(self) -> dict[str, Any]:
        """All of it as JSON; lists are in the order of arrival, times in seconds since the first."""
        calls = sorted(self.calls, key=lambda c: c.started)
        first = calls[0].started if calls else 0.0
        return {
            "total": len(calls), "by_model": self.by_model, "by_shape": self.by_shape,
            "most_in_flight": self.most_in_flight, "peak_in_minute": self.peak_in_minute,
            "said_stop": len(self.said_stop), "calls_after_stop": self.calls_after_stop,
            "calls": [
                {"model": c.model, "shape": c.shape, "status": c.status, "slots": c.slots, "max_tokens": c.max_tokens,
                 "at": round(c.started - first, 4), "took": round(c.ended - c.started, 4)}
                for c in calls
            ],
        }  # fmt: skip
