"""Accounts' books in the database, so that all runs on it keep an account's limits together."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, TypeVar

from django.db import transaction

from apps.ia.accounts import Account
from apps.ia.database_thread import DatabaseThread
from apps.ia.models import Cuenta
from flotia.limits.book import AccountBook
from flotia.limits.ledger import LocalBooks
from flotia.ports import Clock, SystemClock

_T = TypeVar("_T")
#: The book of an account without limits is written at most so often, in seconds: calls to it must stay cheap.
_WRITE_EVERY = 1.0
#: Kept beside the book: the limits that the user had declared, to notice when they are declared no more.
_DECLARED = "declarados"


@dataclass(slots=True)
class _Page:
    """What this process has of an account: its row and, while nothing limits it, a copy of its book to count in.

    Numbers of requests must be this process's own: they go up from `first`, `last` being the latest that was stored. `used`
    is the count of `day` when the copy was made.
    """

    pk: int
    book: AccountBook | None = None
    first: int = field(default_factory=lambda: secrets.randbits(50))
    last: int = 0
    day: int = 0
    used: int = 0
    stored: float = 0.0

    def copied(self, book: AccountBook) -> None:
        """Count in `book`, which has just been stored, from now on."""
        self.last = max(self.last, self.first)
        self.day, self.used, self.stored = book.day, book.used, time.monotonic()
        book.last_number = self.last
        self.book = book


class DatabaseBooks:
    """`flotia.limits.ledger.Books` on `Cuenta.libro`: a short transaction a change, on the given thread.

    While nothing limits an account its requests are only counted, here, and added to the stored book once a second and at
    `close`. As soon as this or the stored book has a limit, every change is made in the database. Accounts other than the
    given ones (the embedded model's) are kept in memory. Raises `DatabaseProblemError` where the database fails.
    """

    def __init__(self, thread: DatabaseThread, accounts: Iterable[Account], clock: Clock | None = None) -> None:
        self._thread, self._clock = thread, clock or SystemClock()
        self._pages = {a.name: _Page(thread.run(partial(_opened, a))) for a in accounts}
        self._others = LocalBooks()
        self._lock = threading.Lock()

    async def change(self, account: str, work: Callable[[AccountBook], _T]) -> _T:
        """Let `work` change the account's book, as one step that no other run gets into."""
        page = self._pages.get(account)
        if page is None:
            return await self._others.change(account, work)
        with self._lock:
            book = page.book
            if book is not None and time.monotonic() - page.stored < _WRITE_EVERY:
                before = _copy(book)
                result = work(book)
                if self._is_quiet(book):
                    return result
                page.book = before  # it is limited from now on: done again, in the database
        return await self._thread.ask(partial(self._change_stored, page, work))

    def close(self) -> None:
        """Store what is not in the database yet."""
        for page in self._pages.values():
            if page.book is not None:
                self._thread.run(partial(self._change_stored, page, lambda _: None))

    def _change_stored(self, page: _Page, work: Callable[[AccountBook], _T]) -> _T:
        with self._lock:
            mine, page.book = page.book, None
        with transaction.atomic():
            row = Cuenta.objects.select_for_update().get(pk=page.pk)
            book = read(row.libro)
            if mine is not None:
                _add(book, mine, page)
            result = work(book)
            _store(row, book)
        if self._is_quiet(book):
            with self._lock:
                page.copied(book)
        return result

    def _is_quiet(self, book: AccountBook) -> bool:
        """Whether nothing limits the account, so that it does not matter who else sends."""
        now = self._clock.now()
        return not (
            book.limits
            or max(book.closed_until, book.spent_until) > now
            or any(resets > now for _, resets in book.allowances.values())
        )


def _copy(book: AccountBook) -> AccountBook:
    """A book to go back to. Entries themselves are shared: to settle one twice comes to the same."""
    twin = copy(book)
    for name in (f.name for f in fields(book)):
        if isinstance(value := getattr(book, name), list | dict):
            setattr(twin, name, copy(value))
    return twin


def read(kept: dict[str, Any]) -> AccountBook:
    """The book in a `Cuenta.libro`; a new one if it cannot be read."""
    try:
        return AccountBook.from_dict({k: v for k, v in kept.items() if k != _DECLARED})
    except (KeyError, TypeError, ValueError, AttributeError):
        return AccountBook()


def row_of(account: Account) -> Cuenta:
    """The account's row, made if there is none. One key at one base is one row, by whatever name."""
    mark = account.fingerprint
    if not Cuenta.objects.filter(huella=mark).exists():
        Cuenta.objects.get_or_create(nombre=account.name, huella=mark, defaults={"base": account.endpoint.base[:200]})
    row = Cuenta.objects.filter(huella=mark).earliest("id")
    if row.nombre != account.name:
        row.nombre = account.name
        row.save(update_fields=["nombre"])
    return row


def _opened(account: Account) -> int:
    """The account's row. Limits that were declared otherwise before do not hold any more."""
    with transaction.atomic():
        row = Cuenta.objects.select_for_update().get(pk=row_of(account).pk)
        if row.libro.get(_DECLARED, "") != (declared := _declared(account)):
            book = book_of(row, account)
            row.libro[_DECLARED] = declared
            _store(row, book)
    return row.pk


def book_of(row: Cuenta, account: Account) -> AccountBook:
    """The book in `row`, with the limits that are declared for its account today."""
    book = read(row.libro)
    if row.libro.get(_DECLARED, "") != _declared(account):
        book.declare(account.limits, anew=True)
    return book


def _declared(account: Account) -> str:
    return str(account.limits) if account.limits else ""


def _store(row: Cuenta, book: AccountBook) -> None:
    row.libro = {**book.as_dict(), _DECLARED: row.libro.get(_DECLARED, "")}
    row.save(update_fields=["libro", "actualizada"])


def _add(book: AccountBook, mine: AccountBook, page: _Page) -> None:
    """Add to a stored `book` what this process has counted in its copy `mine` since that was made."""
    own = [e for e in mine.entries if page.first < e.number <= mine.last_number]
    others = [e for e in book.entries if not page.first < e.number <= mine.last_number]
    book.entries = sorted([*others, *own], key=lambda e: e.moment)
    new = mine.used - page.used if mine.day == page.day else mine.used
    if book.day < mine.day:
        book.day, book.used = mine.day, new
    elif book.day == mine.day:
        book.used += new
    page.last = mine.last_number
