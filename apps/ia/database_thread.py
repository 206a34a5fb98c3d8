"""A thread for Django's database: the engine asks from inside its event loop, where Django's connections may not be used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError, InterfaceError

from apps.ia.database import explained
from apps.ia.models import Cuenta, ListaModelos, ModeloIA

_T = TypeVar("_T")


class DatabaseThread:
    """Does one thing after the other on a connection of its own. A context: it ends, and the connection with it.

    What the database says when it fails is raised as `DatabaseProblemError`.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ia-database")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.submit(lambda: connection.close()).result()  # noqa: PLW0108 - that thread's own
        self._pool.shutdown()

    def run(self, work: Callable[[], _T]) -> _T:
        """What `work` returns there, waited for here."""
        return self._pool.submit(_explained, work).result()

    async def ask(self, work: Callable[[], _T]) -> _T:
        """The same for whoever must not stand still."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _explained, work)

    def has_tables(self) -> bool:
        """Whether there is a database with this app's tables. Makes no file where there is none."""
        return self._pool.submit(_has_tables).result()


def _explained(work: Callable[[], _T]) -> _T:
    with explained():
        return work()


def _has_tables() -> bool:
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    try:
        for table in (Cuenta, ModeloIA, ListaModelos):
            table.objects.exists()
    except (DatabaseError, InterfaceError):
        return False
    return True
