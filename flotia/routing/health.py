"""A route's health: cool-downs that have a cause, the way back, and retirement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flotia.outcome import Failure, Kind
from flotia.routing.record import Record

#: Without a hint from the other side a model rests this long, in seconds: first, second, later failure in a row
#: (public experience with shared free pools; `openrouter.md` of the project's design notes).
COOL_DOWNS = (60.0, 300.0, 1800.0)
#: The same after a passing fault of the server rather than a limit.
SHORT_COOL_DOWNS = (10.0, 60.0, 300.0)
#: "Retired" is believed when it was said this often.
RETIRED_AFTER = 2
#: A model that was called retired once rests this long before it is asked for the confirmation.
_DOUBT = 30.0
#: Answers of a model without a single usable row, in a row, that cost it a cool-down.
BARREN_AFTER = 2
#: A hint further away than this is taken for nonsense, in seconds: daily limits reset at midnight UTC.
_FARTHEST = 90_000.0
#: A reset this long ago has passed already: the clocks differ a little.
_JUST_PASSED = 120.0
#: A model that rests without a hint may be tried before its time after so long, in seconds: it may be well again.
KNOCK_AFTER = 45.0

_LIMITS = frozenset({Kind.MINUTE_LIMIT, Kind.UPSTREAM_LIMIT, Kind.MODEL_LIMIT})
_PASSING = frozenset({Kind.TRANSIENT, Kind.UPSTREAM_FULL, Kind.TIMEOUT, Kind.UNREACHABLE})


def pause(retry_at: float | None, otherwise: float, now: float) -> tuple[float, bool]:
    """Seconds to wait, and whether the other side said so."""
    hinted = None if retry_at is None else retry_at - now
    if hinted is not None and -_JUST_PASSED <= hinted <= _FARTHEST:
        return max(hinted, 1.0), True
    return otherwise, False


@dataclass(slots=True)
class Health:
    """Whether a route may be asked. `ticket`s number the calls of a router in the order they went out; `failed_now` counts
    the failures in a row of this run alone.
    """

    record: Record
    barren: int = 0
    failed_now: int = 0
    limited: bool = False
    hinted: bool = False
    cooled_at: float = 0.0
    cooled_ticket: int = -1
    held_until: float = 0.0
    skipped: bool = False

    @property
    def gone(self) -> bool:
        """Not asked any more in this run."""
        return self.record.retired or self.skipped

    def ready_at(self) -> float:
        """The moment from which it may be asked."""
        return max(self.record.cool_until, self.held_until)

    def knock_at(self) -> float:
        """The same, if a rest that nobody prescribed may be broken off."""
        rest = self.record.cool_until if self.hinted else min(self.record.cool_until, self.cooled_at + KNOCK_AFTER)
        return max(rest, self.held_until)

    def well(self, ticket: int) -> None:
        """It answered with something usable: a call that went out since it was cooled shows that it is well again."""
        self.record.said_retired = self.barren = 0
        if ticket > self.cooled_ticket:
            self.record.failures = self.failed_now = 0
            self.record.cool_until, self.limited = 0.0, False

    def useless(self, now: float, ticket: int, last_ticket: int) -> float:
        """It answered with nothing usable. Returns the seconds it now rests, 0 for none."""
        self.barren += 1
        if self.barren < BARREN_AFTER:
            return 0.0
        self.barren = 0
        return self._cool(None, COOL_DOWNS, now, ticket, last_ticket)

    def failed(self, failure: Failure, now: float, ticket: int, last_ticket: int) -> float:
        """A failure of a kind that passes. Returns the seconds it now rests, 0 if it was known already.

        A call that was under way when the route was cooled tells nothing new: it does not make the rest longer.
        """
        ladder: Sequence[float] = SHORT_COOL_DOWNS if failure.kind in _PASSING else COOL_DOWNS
        seconds = self._cool(failure.retry_at, ladder, now, ticket, last_ticket)
        if seconds:
            self.limited = failure.kind in _LIMITS
        if failure.kind is Kind.MODEL_LIMIT and self.hinted:
            self.record.failures = max(self.record.failures - 1, 0)  # a full window is no fault
        return seconds

    def said_retired(self, now: float, ticket: int, last_ticket: int, *, rests: bool) -> bool:
        """The provider says that the model is gone. Returns whether that is believed now; if not, it `rests` a while.

        Calls that were under way together say it once.
        """
        if rests and ticket <= self.cooled_ticket and self.record.said_retired:
            return False
        self.record.said_retired += 1
        if self.record.said_retired >= RETIRED_AFTER:
            self.record.retired = True
        elif rests:
            self.record.cool_until = now + _DOUBT
            self.cooled_at, self.cooled_ticket, self.hinted, self.limited = now, last_ticket, True, False
        return self.record.retired

    def _cool(
        self, retry_at: float | None, ladder: Sequence[float], now: float, ticket: int, last_ticket: int
    ) -> float:
        if ticket <= self.cooled_ticket and self.record.cool_until > now:
            return 0.0
        seconds, self.hinted = pause(retry_at, ladder[min(self.record.failures, len(ladder) - 1)], now)
        self.record.failures += 1
        self.failed_now += 1
        self.record.cool_until = now + seconds
        self.cooled_at, self.cooled_ticket, self.limited = now, last_ticket, False
        return seconds
