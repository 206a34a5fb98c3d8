"""The shortest way to vehicles: a request in, a list out."""

from __future__ import annotations

from collections.abc import Callable

from flotia.bridge import iterate, outside_any_loop
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import BatchDone, Event
from flotia.request import Request
from flotia.vehicle import Vehicle


def generate(
    request: Request, source: Source | None = None, on_event: Callable[[Event], None] | None = None
) -> list[Vehicle]:
    """The vehicles of `request`, exactly `request.amount` of them, in the order of their slots.

    Without a `source` all are local. `on_event` hears everything that happens. Works inside a running event loop too
    (then in a thread). Raises what `Engine.stream` raises.
    """
    engine = Engine(Catalogue.load(), source)

    def run() -> list[Vehicle]:
        made: dict[int, Vehicle] = {}
        for event in iterate(engine.stream(request)):
            if isinstance(event, BatchDone):
                made.update(event.vehicles)
            if on_event is not None:
                on_event(event)
        return [made[index] for index in sorted(made)]

    return outside_any_loop(run)
