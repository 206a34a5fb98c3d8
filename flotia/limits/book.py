"""One account's book: what it may send, what it has sent, and what the other side has said about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from flotia.limits.windows import DAY, Limit, Limits, Unit
from flotia.outcome import Allowance, Standing

#: A request is counted by the other side some time after it was sent: while its answer is awaited, at most this much
#: later, in seconds (a cold connection takes about half a second).
_TRAVEL = 1.0
#: Requests kept where nothing is known of any limit, so that one can be learned.
_KEPT = 64
#: Windows as providers have them, in seconds: what is inferred is taken for the nearest.
_USUAL_WINDOWS = (1.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 600.0, 3600.0)
_NEAR = 0.25
#: The call that finds out whether an exhausted model has anything left again is waited for at most so long, and asked
#: after so often, in seconds.
_FINDS_OUT, _ASK_AFTER_IT = 30.0, 1.0
#: A window that nobody has stated is believed when so many models seem to have it.
_AGREED = 2


@dataclass(slots=True)
class Entry:
    """A request: `moment` (epoch seconds) is the latest at which the other side can have counted it."""

    number: int
    model: str
    moment: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing may be sent before `moment` (epoch seconds). `whole_account` says that other models of it have to wait too,
    `daily` that the day's requests are spent.
    """

    moment: float
    whole_account: bool
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Request `number` to `model` was refused until a moment (epoch seconds); `limit` is what its window holds, if said."""

    model: str
    number: int
    until: float
    limit: int | None


@dataclass(slots=True)
class AccountBook:
    """The state of one account's limits. Moments are epoch seconds."""

    limits: Limits = field(default_factory=Limits)
    entries: list[Entry] = field(default_factory=list)
    day: int = 0
    used: int = 0
    used_by_model: dict[str, int] = field(default_factory=dict)
    closed_until: float = 0.0
    spent_until: float = 0.0
    allowances: dict[str, tuple[int, float]] = field(default_factory=dict)
    last_number: int = 0
    scouts: dict[str, int] = field(default_factory=dict)
    guesses: dict[str, tuple[int, float]] = field(default_factory=dict)
    guessed_at: int = 0

    # --- asking ------------------------------------------------------------------------------------------------------

    def lease(self, model: str, now: float, tokens: int) -> Entry | Later:
        """Count a request to `model` of about `tokens` tokens, or say when one may be sent."""
        self._turn_the_page(now)
        if later := self._refusal(model, now, tokens):
            return later
        self.last_number += 1
        entry = Entry(self.last_number, model, now + _TRAVEL, tokens)
        self.entries.append(entry)
        self.used += 1
        if any(x.is_daily for x in self.limits.each_model):
            self.used_by_model[model] = self.used_by_model.get(model, 0) + 1
        if model in self.allowances:
            left, resets = self.allowances[model]
            if left <= 0 and not self.limits.each_model:
                # Its reset has passed, but nobody has said what there is now: one call finds out.
                left, resets = 1, now + _FINDS_OUT
                self.scouts[model] = entry.number
            self.allowances[model] = (left - 1, resets)
        return entry

    def settle(self, number: int, now: float, tokens: int) -> None:
        """The answer to request `number` is here: it was counted by now, and cost `tokens` (0: not said)."""
        for entry in reversed(self.entries):
            if entry.number == number:
                entry.moment = min(entry.moment, now)
                entry.tokens = tokens or entry.tokens
                if self.scouts.get(entry.model) == number:
                    del self.scouts[entry.model]
                    self.allowances.pop(entry.model, None)
                return

    def forget(self, number: int) -> None:
        """Request `number` was refused for a limit: no window counts it, though the day may."""
        self.entries = [e for e in self.entries if e.number != number]

    def _refusal(self, model: str, now: float, tokens: int) -> Later | None:
        if now < max(self.spent_until, self.closed_until):
            daily = now < self.spent_until
            return Later(self.spent_until if daily else self.closed_until, whole_account=True, daily=daily)
        for limit in self.limits.account:
            if limit.is_daily and limit.unit is Unit.REQUESTS:
                if self.used >= limit.amount:
                    return Later((self.day + 1) * DAY, whole_account=True, daily=True)
            elif (moment := _full_until(limit, self.entries, now, tokens)) is not None:
                return Later(moment, whole_account=True)
        return self._refusal_of(model, now, tokens)

    def _refusal_of(self, model: str, now: float, tokens: int) -> Later | None:
        left, resets = self.allowances.get(model, (1, 0.0))
        if left <= 0 and now < resets:
            return Later(min(resets, now + _ASK_AFTER_IT) if model in self.scouts else resets, whole_account=False)
        own = [e for e in self.entries if e.model == model] if self.limits.each_model else []
        for limit in self.limits.each_model:
            if limit.is_daily and limit.unit is Unit.REQUESTS:
                if self.used_by_model.get(model, 0) >= limit.amount:
                    return Later((self.day + 1) * DAY, whole_account=False)
            elif (moment := _full_until(limit, own, now, tokens)) is not None:
                return Later(moment, whole_account=False)
        return None

    # --- learning ----------------------------------------------------------------------------------------------------

    def declare(self, limits: Limits, *, anew: bool = False) -> None:
        """What the user knows of the limits takes the place of what was learned; where the user says nothing, that stays.

        `anew`: they were declared otherwise before, and nothing of what was known holds any more.
        """
        known = Limits() if anew else self.limits
        if anew or limits.each_model:
            self.guessed_at = 0
        self.limits = Limits(limits.account or known.account, limits.each_model or known.each_model)

    def reconcile(self, standing: Standing, now: float) -> None:
        """The provider's own figures: of two counts the larger is believed, for they may be a minute old."""
        self._turn_the_page(now)
        self.used = max(self.used, standing.used)
        others = tuple(x for x in self.limits.account if not (x.is_daily and x.unit is Unit.REQUESTS))
        self.limits = Limits((*others, Limit(standing.limit, DAY)), self.limits.each_model)

    def close(self, until: float, limit: int | None, now: float) -> None:
        """The account was refused for its minute: nothing before `until`; `limit` is what it may send, if that was said."""
        self.closed_until = max(self.closed_until, until)
        known = any(x.seconds == 60.0 and x.unit is Unit.REQUESTS for x in self.limits.account)
        if limit and not known and until - now <= 61.0:
            self.limits = Limits((*self.limits.account, Limit(limit, 60.0)), self.limits.each_model)

    def spend(self, until: float) -> None:
        """The account was refused for its day."""
        self.spent_until = max(self.spent_until, until)

    def close_model(self, refused: Refusal, now: float) -> None:
        """A model was refused for its own window. If its size was said, all models of the account get such a window.

        If not, it is guessed: two models of which the guess is the same are believed, until the day ends.
        """
        model, until = refused.model, refused.until
        self.allowances[model] = (0, until)
        if self.guessed_at:
            if refused.number > self.guessed_at:  # it was granted by the guess
                [guess] = self.limits.each_model
                self._own_windows(Limit(max(guess.amount - 1, 1), guess.seconds))
            return
        sent = sorted(e.moment for e in self.entries if e.model == model and e.number < refused.number)
        if self.limits.each_model or not sent:
            return
        amount = refused.limit or len(sent)
        counted = [moment for moment in sent if moment <= now]
        if refused.limit and len(counted) >= amount:  # what is under way may yet be refused
            sent = counted
        window = until - sent[max(len(sent) - amount, 0)]
        usual = min(_USUAL_WINDOWS, key=lambda w: abs(w - window))
        if abs(usual - window) > _NEAR * usual or until <= now:
            return
        if refused.limit:
            self._own_windows(Limit(amount, usual))
            return
        self.guesses[model] = (amount, usual)
        alike = [n for n, seconds in self.guesses.values() if seconds == usual]
        if len(alike) >= _AGREED:
            self.guessed_at = self.last_number
            self._own_windows(Limit(min(alike), usual))

    def _own_windows(self, *limits: Limit) -> None:
        self.limits = Limits(self.limits.account, limits)

    def allow(self, model: str, allowance: Allowance, in_flight: int) -> None:
        """An answer's headers say what is left; requests to the model that are still under way count against it."""
        self.allowances[model] = (allowance.remaining - in_flight, allowance.resets)

    # --- telling -----------------------------------------------------------------------------------------------------

    def left_today(self, now: float) -> int | None:
        """Requests that the account has left this UTC day; `None` if no daily limit is known."""
        self._turn_the_page(now)
        daily = [x.amount for x in self.limits.account if x.is_daily and x.unit is Unit.REQUESTS]
        if now < self.spent_until:
            return 0
        return max(min(daily) - self.used, 0) if daily else None

    def resets_at(self, now: float) -> float:
        """When the day's requests are whole again."""
        return self.spent_until if now < self.spent_until else (now // DAY + 1) * DAY

    def _turn_the_page(self, now: float) -> None:
        if self.day != int(now // DAY):
            self.day, self.used = int(now // DAY), 0
            self.used_by_model, self.guesses = {}, {}
            if self.guessed_at:
                self.guessed_at = 0
                self._own_windows()
        longest = max((x.seconds for x in self._sliding()), default=0.0)
        if longest:
            if self.entries and self.entries[0].moment <= now - longest - _TRAVEL:
                self.entries = [e for e in self.entries if e.moment > now - longest]
        elif len(self.entries) > 2 * _KEPT:
            del self.entries[:-_KEPT]

    def _sliding(self) -> list[Limit]:
        every = [*self.limits.account, *self.limits.each_model]
        return [x for x in every if not (x.is_daily and x.unit is Unit.REQUESTS)]

    # --- keeping -----------------------------------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """The book as JSON can hold it."""
        return {
            "account": [_written(x) for x in self.limits.account], "each": [_written(x) for x in self.limits.each_model],
            "entries": [[e.number, e.model, e.moment, e.tokens] for e in self.entries],
            "day": self.day, "used": self.used, "used_by_model": self.used_by_model,
            "closed_until": self.closed_until, "spent_until": self.spent_until,
            "allowances": self.allowances, "last_number": self.last_number, "scouts": self.scouts, "guesses": self.guesses,
            "guessed_at": self.guessed_at,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Self:
        """The inverse of `as_dict`; an empty one is a new book."""
        if not kept:
            return cls()
        return cls(
            Limits(tuple(_read(x) for x in kept["account"]), tuple(_read(x) for x in kept["each"])),
            [Entry(*e) for e in kept["entries"]],
            kept["day"], kept["used"], kept.get("used_by_model", {}), kept["closed_until"], kept["spent_until"],
            {m: (left, resets) for m, (left, resets) in kept["allowances"].items()}, kept["last_number"],
            kept.get("scouts", {}), {m: (n, seconds) for m, (n, seconds) in kept.get("guesses", {}).items()},
            kept.get("guessed_at", 0),
        )  # fmt: skip


def _full_until(limit: Limit, entries: list[Entry], now: float, tokens: int) -> float | None:
    """When a window has room for one more request (of `tokens`), or `None` if it has now."""
    counts = limit.unit is Unit.TOKENS
    room = limit.amount - (min(tokens, limit.amount) if counts else 1)
    for entry in sorted((e for e in entries if e.moment > now - limit.seconds), key=lambda e: -e.moment):
        room -= entry.tokens if counts else 1
        if room < 0:
            return entry.moment + limit.seconds
    return None


def _written(limit: Limit) -> list[Any]:
    return [limit.amount, limit.seconds, str(limit.unit)]


def _read(kept: list[Any]) -> Limit:
    amount, seconds, unit = kept
    return Limit(amount, seconds, Unit(unit))
