"""Time for tests: one clock that only moves when somebody sleeps, and one for many lanes at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

START = 1_795_000_000.0


@dataclass
class FakeClock:
    """A clock at a fixed moment; `slept` keeps every pause that was asked for. For runs with one lane."""

    moment: float = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


class _Leaping(selectors.SelectSelector):
    """Instead of waiting for time to pass, makes it pass."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits and nobody will ever come")
        if not ready:
            self.passed += max(timeout or 0.0, 0.0)
        return ready


class VirtualTime:
    """An event loop whose time leaps to the next thing that happens, and the clock that goes with it."""

    def __init__(self, start: float = START) -> None:
        self._selector = _Leaping()
        self._start = start
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._loop.time = lambda: self._selector.passed  # type: ignore[method-assign]

    def now(self) -> float:
        return self._start + self._selector.passed

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._selector.passed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def collect(self, stream: AsyncIterator[Any], hear: Callable[[Any], None] | None = None) -> list[Any]:
        """Everything that `stream` yields; `hear` is told of each as it comes."""

        async def run() -> list[Any]:
            items = []
            async for item in stream:
                items.append(item)
                if hear is not None:
                    hear(item)
            return items

        try:
            return self._loop.run_until_complete(run())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
