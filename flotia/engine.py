"""One run: plan, ask, judge, complete, and yield what happens as it happens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from flotia.catalogue.loader import Catalogue
from flotia.dialogue import Dialogue, FreeDialogue, UnlistedDialogue
from flotia.dialogue.choices import Choices
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.dispatcher import Dispatcher, Filling
from flotia.errors import FlotiaError, ProviderError, UnknownBrandError
from flotia.events import AiStopped, BatchDone, Event, RunDone, RunStarted, UnlistedBrand
from flotia.judgement.judge import Judge, RowJudge, Verdict
from flotia.judgement.unlisted import UnlistedJudge
from flotia.planner import Planner, Slot
from flotia.ports import ChatClient, Clock, NoIdentities, SystemClock, WornIdentities
from flotia.request import Request
from flotia.router import Router
from flotia.synth.assemble import Amendment, Assembler
from flotia.synth.facts import FactColumns, FactsDrawer
from flotia.synth.identity import Identities
from flotia.synth.vin import unlisted_vin
from flotia.vehicle import Origin, VehicleTable

#: Seconds between two batches of one lane (contract).
PAUSE = 0.5
#: Identities that are taken outside are drawn again at most this often.
_IDENTITY_TRIES = 50
#: What may be the name of a brand: it goes into a prompt.
_BRAND_NAME = re.compile(r"[\w&.' -]{2,30}")
#: What a dealer pays for a car that nobody can value better.
_UNLISTED_MARGIN = Decimal("0.93")


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
        made nor asked for again. A brand that the catalogue does not know is asked freely, of models that can do more than
        choose; its vehicles are not `verificado`. Raises `RequestError` for a brand without cars, `ProviderError` if the
        provider ends the run (a refused key) or no model answers for an unlisted brand.
        """
        source = self.source if request.use_ai else None
        if source is None:
            request = replace(request, use_ai=False)
        request, unlisted = self._known(request, source)
        run = _Run(self, request, source, unlisted)
        try:
            async for event in run.events(done):
                yield event
        finally:
            if source is not None:
                await source.client.aclose()

    def _known(self, request: Request, source: Source | None) -> tuple[Request, str]:
        """The request with the catalogue's name of its brand, or without it and the name of a brand to ask freely."""
        if request.brand is None:
            return request, ""
        try:
            return replace(request, brand=self.catalogue.brand(request.brand).marca), ""
        except UnknownBrandError as error:
            name = " ".join(request.brand.split())
            if source is None or source.only_chooses or error.misspelt or not _BRAND_NAME.fullmatch(name):
                raise
            return replace(request, brand=None), name


class _Run:
    """The parts of one run, wired. `unlisted` is the brand to ask freely, if the catalogue does not know it."""

    def __init__(self, engine: Engine, request: Request, source: Source | None, unlisted: str) -> None:
        self._engine, self._request, self._source, self._unlisted = engine, request, source, unlisted
        self._drawer = FactsDrawer(engine.catalogue, seed=request.seed, today=request.today, brand=request.brand)
        self._assembler = Assembler(engine.catalogue, self._drawer, seed=request.seed, today=request.today)
        self._planner = Planner(request, self._drawer, self._assembler)
        self._dispatcher = self._lane(source) if source else None

    def _lane(self, source: Source) -> Dispatcher:
        dialogue: Dialogue = FreeDialogue()
        judge: RowJudge = Judge(self._engine.catalogue)
        if self._unlisted:
            dialogue = UnlistedDialogue(self._unlisted)
            judge = UnlistedJudge(self._engine.catalogue, self._unlisted)
        elif source.only_chooses:
            dialogue = Choices(self._engine.catalogue, self._request.seed)
        router = Router(source.models, self._engine.clock)
        return Dispatcher(source.client, router, dialogue, judge, self._engine.clock, MAX_TOKENS)

    async def events(self, done: Collection[int]) -> AsyncIterator[Event]:
        amount, clock = self._request.amount, self._engine.clock
        started = clock.now()
        total = len(done)
        counts: Counter[str] = Counter()
        yield RunStarted(amount, total, self._planner.batch_size, self._source is not None)
        if self._unlisted:
            yield UnlistedBrand(self._unlisted)
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
            lacking = [s for s in batch.slots if self._unlisted and s.index not in filling.verdicts]
            slots = [s for s in batch.slots if s not in lacking]
            if slots:
                yield BatchDone(batch.number, await self._complete(slots, filling), 0, self._request.amount)
            if lacking:
                raise ProviderError(
                    f"Ningún modelo ha completado {len(lacking)} vehículos de {self._unlisted}, que no está en el catálogo y"
                    " de la que no hay datos locales. Lo hecho se conserva: inténtelo más tarde con --reanudar."
                )

    async def _complete(self, slots: Sequence[Slot], filling: Filling) -> VehicleTable:
        facts = [filling.verdicts[s.index][0].facts if s.index in filling.verdicts else s.facts for s in slots]
        cars = self._drawer.columns_of([s.index for s in slots], facts)
        given = Identities(np.array([s.serial for s in slots]), np.array([s.plate for s in slots]))
        amendments = {}
        for place, slot in enumerate(slots):
            if slot.index in filling.verdicts:
                verdict, model = filling.verdicts[slot.index]
                amendments[place] = Amendment(
                    model, verdict.kept, verdict.equipment, verdict.description, self._own(verdict)
                )
        return await self._finished(cars, given, amendments)

    @staticmethod
    def _own(verdict: Verdict) -> dict[str, Any]:
        """An unlisted car's own fields, with the contract's margins and as nobody has checked them."""
        if not verdict.own:
            return {}
        sale = verdict.own["precio_venta"]
        purchase = (sale * _UNLISTED_MARGIN).quantize(sale)
        return {**verdict.own, "precio_compra": purchase, "precio_costo": purchase, "verificado": False}

    async def _finished(self, cars: FactColumns, given: Identities, amendments: dict[int, Amendment]) -> VehicleTable:
        if await self._engine.identities.any():
            await self._exchange_worn(cars, given)
        if self._unlisted:
            vins, _ = self._assembler.texts_of(cars, given)
            for place, amendment in amendments.items():
                own = {**amendment.own, "bastidor": unlisted_vin(vins[place])}
                amendments[place] = replace(amendment, own=own)
        return self._assembler.table(cars, given, amendments)

    async def _exchange_worn(self, cars: FactColumns, given: Identities) -> None:
        """Put another VIN or plate in the place of each that is worn outside this run already."""
        for _ in range(_IDENTITY_TRIES):
            vins, plates = self._assembler.texts_of(cars, given)
            if self._unlisted:
                vins = list(map(unlisted_vin, vins))
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
