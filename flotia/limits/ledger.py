"""The ledger: grants requests so that no window of any account or model is ever overrun, however many lanes ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from flotia.limits.book import AccountBook, Entry, Later, Refusal
from flotia.limits.windows import Limits
from flotia.outcome import Answer, Failure, Kind, Standing
from flotia.ports import Clock

_T = TypeVar("_T")
#: Without a hint an account's minute is waited out in full, and a day ends at midnight UTC.
_MINUTE = 60.0


class Books(Protocol):
    """Where accounts' books are kept. `change` reads, lets `work` write, and keeps, as one step nobody else gets into."""

    async def change(self, account: str, work: Callable[[AccountBook], _T]) -> _T: ...


@dataclass(slots=True)
class LocalBooks:
    """Books in memory: of a process that shares its accounts with nobody."""

    books: dict[str, AccountBook] = field(default_factory=dict)

    async def change(self, account: str, work: Callable[[AccountBook], _T]) -> _T:
        """Let `work` change the account's book."""
        return work(self.books.setdefault(account, AccountBook()))


@dataclass(frozen=True, slots=True)
class Lease:
    """A request that may be sent."""

    account: str
    model: str
    number: int


@dataclass(slots=True)
class Ledger:
    """Grants and settles requests over the `books` of all accounts."""

    books: Books
    clock: Clock
    _in_flight: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def open(self, account: str, limits: Limits, standing: Standing | None) -> None:
        """An account joins: what the user declared of its limits, and what its provider says of today."""
        now = self.clock.now()

        def write(book: AccountBook) -> None:
            if limits:
                book.declare(limits)
            if standing is not None:
                book.reconcile(standing, now)

        if limits or standing is not None:
            await self.books.change(account, write)

    async def lease(self, account: str, model: str, tokens: int = 0) -> Lease | Later:
        """Leave to send one request of about `tokens` tokens, counted from this moment; or when to ask again."""
        now = self.clock.now()
        granted = await self.books.change(account, lambda book: book.lease(model, now, tokens))
        if isinstance(granted, Entry):
            self._in_flight[account, model] += 1
            return Lease(account, model, granted.number)
        return granted

    async def settle(self, lease: Lease, outcome: Answer | Failure) -> None:
        """What came back for a lease: its real cost, and whatever it says of limits."""
        now = self.clock.now()
        self._in_flight[lease.account, lease.model] -= 1
        in_flight = self._in_flight[lease.account, lease.model]

        def write(book: AccountBook) -> None:
            spent = outcome.prompt_tokens + outcome.completion_tokens if isinstance(outcome, Answer) else 0
            book.settle(lease.number, now, spent)
            if isinstance(outcome, Failure):
                _learn(book, lease, outcome, now)
            elif outcome.allowance is not None:
                book.allow(lease.model, outcome.allowance, in_flight)

        await self.books.change(lease.account, write)

    async def left_today(self, account: str) -> tuple[int | None, float]:
        """Requests left this UTC day (`None`: not known), and when they are whole again (epoch seconds)."""
        now = self.clock.now()
        return await self.books.change(account, lambda book: (book.left_today(now), book.resets_at(now)))

    async def limits(self, account: str) -> Limits:
        """What is known of an account's limits."""
        return await self.books.change(account, lambda book: book.limits)


def _learn(book: AccountBook, lease: Lease, failure: Failure, now: float) -> None:
    if failure.status == 429:
        book.forget(lease.number)
    hint = failure.retry_at if failure.retry_at is not None and failure.retry_at > now else None
    match failure.kind:
        case Kind.MINUTE_LIMIT:
            book.close(hint or now + _MINUTE, failure.limit, now)
        case Kind.DAILY_LIMIT:
            book.spend(hint or book.resets_at(now))
        case Kind.MODEL_LIMIT if hint is not None:
            book.close_model(Refusal(lease.model, lease.number, hint, failure.limit), now)
        case _:
            pass


__all__ = ["Books", "Later", "Lease", "Ledger", "LocalBooks"]
