"""One run: plan, ask, judge, complete, and yield what happens as it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from flotia.catalogue.loader import Catalogue
from flotia.dialogue import Dialogue, FreeDialogue
from flotia.dialogue.choices import Choices
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.dispatcher import Dispatcher, Filling
from flotia.errors import FlotiaError
from flotia.events import AiStopped, BatchDone, Event, RunDone, RunStarted
from flotia.judgement.judge import Judge
from flotia.planner import Batch, Planner
from flotia.ports import ChatClient, Clock, NoIdentities, SystemClock, WornIdentities
from flotia.request import Request
from flotia.router import Router
from flotia.synth.assemble import Amendment, Assembler
from flotia.synth.facts import FactColumns, FactsDrawer
from flotia.synth.identity import Identities
from flotia.vehicle import Origin, VehicleTable

#: Seconds between two batches of one lane (contract).
PAUSE = 0.5
#: Identities that are taken outside are drawn again at most this often.
_IDENTITY_TRIES = 50


@dataclass(frozen=True, slots=True)
class Source:
    """Where AI comes from: a client and the chain of models to ask through it, in order.

    `only_chooses` is for a model so small that it may only choose among what it is given.
    """

    client: ChatClient
    models: Sequence[str]
    only_chooses: bool = False
    pause: float = PAUSE


@dataclass(slots=True)
class Engine:
    """Makes the vehicles of a request. Holds no state between runs.

    Without a `source` (or for a request that wants no AI) every vehicle is local.
    """

    catalogue: Catalogue
    source: Source | None = None
    identities: WornIdentities = field(default_factory=NoIdentities)
    clock: Clock = field(default_factory=SystemClock)

    async def stream(self, request: Request, done: Collection[int] = ()) -> AsyncIterator[Event]:
        """Yield the events of a run; `BatchDone` carries the vehicles.

        `done` are slot indices that an earlier, interrupted stream of the same request has delivered: they are neither
        made nor asked for again. Raises `RequestError` for a brand without cars, `ProviderError` if the provider ends
        the run (a refused key).
        """
        if request.brand is not None:
            request = replace(request, brand=self.catalogue.brand(request.brand).marca)
        source = self.source if request.use_ai else None
        if source is None:
            request = replace(request, use_ai=False)
        run = _Run(self, request, source)
        try:
            async for event in run.events(done):
                yield event
        finally:
            if source is not None:
                await source.client.aclose()


class _Run:
    """The parts of one run, wired."""

    def __init__(self, engine: Engine, request: Request, source: Source | None) -> None:
        self._engine, self._request, self._source = engine, request, source
        self._drawer = FactsDrawer(engine.catalogue, seed=request.seed, today=request.today, brand=request.brand)
        self._assembler = Assembler(engine.catalogue, self._drawer, seed=request.seed, today=request.today)
        self._planner = Planner(request, self._drawer, self._assembler)
        self._dispatcher = self._lane(source) if source else None

    def _lane(self, source: Source) -> Dispatcher:
        dialogue: Dialogue = FreeDialogue()
        if source.only_chooses:
            dialogue = Choices(self._engine.catalogue, self._request.seed)
        router = Router(source.models, self._engine.clock)
        judge = Judge(self._engine.catalogue)
        return Dispatcher(source.client, router, dialogue, judge, self._engine.clock, MAX_TOKENS)

    async def events(self, done: Collection[int]) -> AsyncIterator[Event]:
        amount, clock = self._request.amount, self._engine.clock
        started = clock.now()
        total = len(done)
        counts: Counter[str] = Counter()
        yield RunStarted(amount, total, self._planner.batch_size, self._source is not None)
        if self._dispatcher and self._dispatcher.router.stopped:
            yield AiStopped(self._dispatcher.router.stopped)
        async for event in self._with_ai(self._dispatcher, done) if self._dispatcher else self._without(done):
            if isinstance(event, BatchDone):
                total += len(event.vehicles)
                counts.update({str(o): n for o in Origin if (n := event.vehicles.count(o))})
                event = replace(event, total=total)  # noqa: PLW2901 - the batch does not know of the others
            yield event
        yield RunDone(amount, clock.now() - started, dict(counts))

    async def _without(self, done: Collection[int]) -> AsyncIterator[Event]:
        for block in self._planner.blocks(done):
            vehicles = await self._finished(block.cars, block.identities, {})
            yield BatchDone(block.number, vehicles, 0, self._request.amount)

    async def _with_ai(self, dispatcher: Dispatcher, done: Collection[int]) -> AsyncIterator[Event]:
        asked = False
        for batch in self._planner.batches(done):
            filling = Filling()
            if not dispatcher.router.stopped:
                if asked and self._source:
                    await self._engine.clock.sleep(self._source.pause)
                async for event in dispatcher.fill(batch, filling):
                    yield event
                asked = filling.calls > 0
            yield BatchDone(batch.number, await self._complete(batch, filling), 0, self._request.amount)

    async def _complete(self, batch: Batch, filling: Filling) -> VehicleTable:
        facts = [filling.verdicts[s.index][0].facts if s.index in filling.verdicts else s.facts for s in batch.slots]
        cars = self._drawer.columns_of([s.index for s in batch.slots], facts)
        given = Identities(np.array([s.serial for s in batch.slots]), np.array([s.plate for s in batch.slots]))
        amendments = {}
        for place, slot in enumerate(batch.slots):
            if slot.index in filling.verdicts:
                verdict, model = filling.verdicts[slot.index]
                amendments[place] = Amendment(model, verdict.kept, verdict.equipment, verdict.description)
        return await self._finished(cars, given, amendments)

    async def _finished(
        self, cars: FactColumns, given: Identities, amendments: Mapping[int, Amendment]
    ) -> VehicleTable:
        if await self._engine.identities.any():
            await self._exchange_worn(cars, given)
        return self._assembler.table(cars, given, amendments)

    async def _exchange_worn(self, cars: FactColumns, given: Identities) -> None:
        """Put another VIN or plate in the place of each that is worn outside this run already."""
        for _ in range(_IDENTITY_TRIES):
            vins, plates = self._assembler.texts_of(cars, given)
            taken_vins, taken_plates = await self._engine.identities.taken(vins, plates)
            if not taken_vins and not taken_plates:
                return
            if len(rows := np.flatnonzero([vin in taken_vins for vin in vins])):
                given.serial[rows] = self._assembler.others(cars.of(rows)).serial
            if len(rows := np.flatnonzero([plate in taken_plates for plate in plates])):
                given.plate[rows] = self._assembler.others(cars.of(rows)).plate
        raise FlotiaError(
            "No quedan bastidores o matrículas libres: el stock ya tiene casi todas las de los meses que hacen falta."
        )
