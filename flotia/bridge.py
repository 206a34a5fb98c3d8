"""From the engine's asynchronous stream to plain loops, for callers that are not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
#: How often `beat` is called while nothing else happens, in seconds.
BEAT = 20.0


def iterate(
    stream: AsyncIterator[_T], beat: Callable[[], None] | None = None, every: float = BEAT
) -> Generator[_T, None, None]:
    """Yield what `stream` yields, in the calling thread; between two items the loop stands still.

    `beat` is called about `every` so many seconds while an item is waited for: a sign of life for whoever watches.
    What it raises ends the loop. Closing the iterator, or an exception in the caller's loop, closes the stream.
    """
    loop = asyncio.new_event_loop()
    try:
        while True:
            task = loop.create_task(_next(stream))
            try:
                while not loop.run_until_complete(_within(task, every)):
                    if beat is not None:
                        beat()
            except BaseException:
                _cancel(loop, task)
                raise
            try:
                item = task.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            loop.run_until_complete(close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _next(stream: AsyncIterator[_T]) -> _T:
    return await anext(stream)


async def _within(task: asyncio.Task[_T], seconds: float) -> bool:
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[_T]) -> None:
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))


def outside_any_loop(work: Callable[[], _T]) -> _T:
    """Run `work`, in a thread of its own if the caller's runs an event loop already (a notebook, an async view)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
