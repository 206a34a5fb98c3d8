"""Whole adaptive runs of the engine against one provider on virtual time."""

from __future__ import annotations

from dataclasses import dataclass

from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import BatchDone
from flotia.limits.windows import parse
from flotia.request import Request
from flotia.vehicle import Origin
from tests.conftest import TODAY
from tests.doubles.clock import VirtualTime
from tests.doubles.provider import Provider

CHAIN = [f"casa/modelo-{n}:free" for n in range(16)]


@dataclass
class Run:
    """What a run told, and its provider."""

    events: list
    seconds: float
    provider: Provider

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]

    @property
    def vehicles(self):
        return {i: v for e in self.of(BatchDone) for i, v in e.vehicles.items()}

    @property
    def share(self):
        """Of the vehicles, those of a model."""
        return sum(v.origen is Origin.AI for v in self.vehicles.values()) / len(self.vehicles)


def play(amount, *, models=CHAIN, declared="", request=None, books=None, experience=None, done=(), **given):
    """A run for `amount` vehicles; `given` makes the provider, `request` completes the request, `declared` are limits."""
    time = VirtualTime()
    provider = Provider(time, **given)
    source = Source(provider, models, limits=parse(declared))
    ports = {k: v for k, v in {"books": books, "experience": experience}.items() if v is not None}
    engine = Engine(Catalogue.load(), source, clock=time, **ports)
    asked = Request(amount=amount, **{"seed": 3, "today": TODAY, **(request or {})})
    events = time.collect(engine.stream(asked, done))
    return Run(events, time.elapsed, provider)
