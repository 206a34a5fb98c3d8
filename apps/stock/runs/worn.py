"""Which identities may not be given again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from django.db import connection

from apps.stock.models import Ejecucion, Vehiculo

_ROWS_A_STATEMENT = 500


class StockIdentities:
    """Which identities are worn in the stock, or by what `run` has made. A context: it holds a thread and a connection.

    The engine asks from inside its event loop, where Django's connections may not be used, hence the thread.
    """

    def __init__(self, run: Ejecucion) -> None:
        self._run = run
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="identities")
        self._any: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(lambda: connection.close()).result()  # noqa: PLW0108 - that thread's own
        self._thread.shutdown()

    async def any(self) -> bool:
        """Whether the stock, or what the run had made when it was taken up, wears any; looked up once."""
        if self._any is None:
            loop = asyncio.get_running_loop()
            self._any = await loop.run_in_executor(self._thread, self._look_for_any)
        return self._any

    async def taken(self, vins: Collection[str], plates: Collection[str]) -> tuple[set[str], set[str]]:
        """The ones of `vins` and of `plates` that may not be given again."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._look, list(vins), list(plates))

    def _look_for_any(self) -> bool:
        return Vehiculo.objects.exists() or self._run.vehiculos.exists()

    def _look(self, vins: list[str], plates: list[str]) -> tuple[set[str], set[str]]:
        worn_vins: set[str] = set()
        worn_plates: set[str] = set()
        for rows in (Vehiculo.objects.all(), self._run.vehiculos.all()):
            for start in range(0, len(vins), _ROWS_A_STATEMENT):
                part = slice(start, start + _ROWS_A_STATEMENT)
                worn_vins.update(rows.filter(bastidor__in=vins[part]).values_list("bastidor", flat=True))
                worn_plates.update(rows.filter(matricula__in=plates[part]).values_list("matricula", flat=True))
        return worn_vins, worn_plates
