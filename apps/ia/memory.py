"""What is kept of accounts and models from one run to the next: in the database, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from apps.ia.accounts import Account
from apps.ia.books import DatabaseBooks
from apps.ia.database_thread import DatabaseThread
from apps.ia.experience import DatabaseExperience
from flotia.errors import FlotiaError
from flotia.limits.ledger import Books, LocalBooks
from flotia.routing import Experience, NoExperience


@dataclass(frozen=True, slots=True)
class Memory:
    """The accounts' books, what was learned of models, and the thread of the database where both are kept, if any."""

    books: Books = field(default_factory=LocalBooks)
    experience: Experience = field(default_factory=NoExperience)
    thread: DatabaseThread | None = None


@contextmanager
def remembering(accounts: Sequence[Account]) -> Iterator[Memory]:
    """The memory of those accounts: the database's if it has the tables, else of this process alone."""
    if not accounts:
        yield Memory()
        return
    with DatabaseThread() as thread:
        if not thread.has_tables():
            yield Memory()
            return
        books = DatabaseBooks(thread, accounts)
        try:
            yield Memory(books, DatabaseExperience(thread, accounts), thread)
        finally:
            with suppress(FlotiaError):  # a second's count of an account without limits is not worth an error
                books.close()
