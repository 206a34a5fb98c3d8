"""From asynchronous streams to plain loops."""

import asyncio

import pytest

from flotia import bridge
from flotia.generation import generate
from flotia.request import Request


def test_closing_the_loop_closes_the_stream():
    closed = []

    async def stream():
        try:
            for n in range(10):
                yield n
        finally:
            closed.append(True)

    items = bridge.iterate(stream())
    assert next(items) == 0
    items.close()
    assert closed == [True]


def test_an_error_in_the_stream_reaches_the_caller():
    async def stream():
        yield 1
        raise KeyError("x")

    items = bridge.iterate(stream())
    assert next(items) == 1
    with pytest.raises(KeyError):
        next(items)


def test_it_beats_while_it_waits():
    beats = []

    async def stream():
        await asyncio.sleep(0.2)
        yield 1

    assert list(bridge.iterate(stream(), lambda: beats.append(1), every=0.01)) == [1]
    assert len(beats) >= 3


def test_vehicles_can_be_made_inside_a_running_event_loop():
    async def notebook():
        return generate(Request(amount=2, use_ai=False))

    assert len(asyncio.run(notebook())) == 2
