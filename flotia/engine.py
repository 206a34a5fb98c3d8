"""One run: plan, ask, judge, complete, and yield what happens as it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace

from flotia.catalogue.loader import Catalogue
from flotia.dialogue import Dialogue, FreeDialogue
from flotia.dialogue.choices import Choices
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.dispatcher import Dispatcher, Filling
from flotia.errors import FlotiaError
from flotia.events import AiStopped, BatchDone, Event, RunDone, RunStarted
from flotia.judgement.judge import Judge
from flotia.planner import Batch, Planner, Slot
from flotia.ports import ChatClient, Clock, Identities, NoIdentities, SystemClock
from flotia.request import Request
from flotia.router import Router
from flotia.synth.assemble import Assembler
from flotia.synth.facts import Facts
from flotia.synth.identity import IdentityMaker
from flotia.vehicle import Vehicle

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
    identities: Identities = field(default_factory=NoIdentities)
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
        self._maker = IdentityMaker(engine.catalogue.plates, request.seed)
        self._planner = Planner(engine.catalogue, request, self._maker)
        self._assembler = Assembler(engine.catalogue, seed=request.seed, today=request.today)
        self._judge = Judge(engine.catalogue)
        self._dispatcher = self._lane(source) if source else None

    def _lane(self, source: Source) -> Dispatcher:
        dialogue: Dialogue = FreeDialogue()
        if source.only_chooses:
            dialogue = Choices(self._engine.catalogue, self._request.seed)
        router = Router(source.models, self._engine.clock)
        return Dispatcher(source.client, router, dialogue, self._judge, self._engine.clock, MAX_TOKENS)

    async def events(self, done: Collection[int]) -> AsyncIterator[Event]:
        amount, clock = self._request.amount, self._engine.clock
        started = clock.now()
        total = len(done)
        counts: Counter[str] = Counter()
        yield RunStarted(amount, total, self._planner.batch_size, self._source is not None)
        if self._dispatcher and self._dispatcher.router.stopped:
            yield AiStopped(self._dispatcher.router.stopped)
        asked = False
        for batch in self._planner.batches(done):
            filling = Filling()
            if self._dispatcher and not self._dispatcher.router.stopped:
                if asked and self._source:
                    await clock.sleep(self._source.pause)
                async for event in self._dispatcher.fill(batch, filling):
                    yield event
                asked = filling.calls > 0
            vehicles = await self._complete(batch, filling)
            total += len(vehicles)
            counts.update(str(v.origen) for v in vehicles.values())
            yield BatchDone(batch.number, vehicles, total, amount)
        yield RunDone(amount, clock.now() - started, dict(counts))

    async def _complete(self, batch: Batch, filling: Filling) -> dict[int, Vehicle]:
        made = {s.index: self._vehicle(s, filling) for s in batch.slots}
        finals = {s.index: s.facts for s in batch.slots}
        finals |= {index: verdict.facts for index, (verdict, _) in filling.verdicts.items()}
        return await self._with_free_identities(made, finals)

    def _vehicle(self, slot: Slot, filling: Filling) -> Vehicle:
        verdict, model = filling.verdicts.get(slot.index, (None, ""))
        facts = verdict.facts if verdict else slot.facts
        vin = self._maker.vin(facts.variant, facts.registered, slot.index)
        if verdict is None:
            return self._assembler.vehicle(slot.index, facts, plate=slot.plate, vin=vin)
        return self._assembler.vehicle(
            slot.index, facts, plate=slot.plate, vin=vin, equipped=verdict.equipment, described=verdict.description,
            model=model, kept=verdict.kept,
        )  # fmt: skip

    async def _with_free_identities(self, made: dict[int, Vehicle], facts: dict[int, Facts]) -> dict[int, Vehicle]:
        """Give another VIN or plate to each vehicle whose own is worn outside this run already."""
        for attempt in range(1, _IDENTITY_TRIES):
            vins, plates = await self._engine.identities.taken(
                [v.bastidor for v in made.values()], [v.matricula for v in made.values()]
            )
            if not vins and not plates:
                return made
            for index, vehicle in made.items():
                when = vehicle.fecha_matriculacion
                vin, plate = vehicle.bastidor, vehicle.matricula
                if vin in vins:
                    vin = self._maker.vin(facts[index].variant, when, index, attempt)
                if plate in plates:
                    plate = self._maker.other_plate(when)
                made[index] = replace(vehicle, bastidor=vin, matricula=plate)
        raise FlotiaError(
            "No quedan bastidores o matrículas libres para estos vehículos: el stock ya tiene casi todas las de su mes."
        )
