"""One run: plan, ask, judge, complete, and yield what happens as it happens."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np

from flotia.asking import Asker
from flotia.budget import Budget
from flotia.cache import AnswerCache, Filler, Keeper, NoCache, SlotSet
from flotia.catalogue.loader import Catalogue
from flotia.dialogue import Dialogue, FreeDialogue, UnlistedDialogue
from flotia.dialogue.choices import Choices
from flotia.dialogue.lists import ListDialogue
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.dispatcher import Dispatcher, Filling
from flotia.errors import FlotiaError, ProviderError, UnknownBrandError
from flotia.events import BatchDone, Event, QuotaSeen, RunDone, RunPaused, RunStarted, UnlistedBrand
from flotia.judgement.judge import Judge, RowJudge, Verdict
from flotia.judgement.unlisted import UnlistedJudge
from flotia.limits.ledger import Books, Ledger, LocalBooks
from flotia.limits.windows import Limit, Limits
from flotia.planner import Planner, Slot
from flotia.pool import Pool
from flotia.ports import ChatClient, Clock, NoIdentities, SystemClock, WornIdentities
from flotia.request import MAX_LANES, Profile, Request, WhenExhausted
from flotia.routing import Experience, Manner, NoExperience, Route, Router
from flotia.scheduler import Filled, Scheduler
from flotia.synth.assemble import Amendment, Assembler
from flotia.synth.facts import FactColumns, FactsDrawer
from flotia.synth.identity import Identities
from flotia.synth.vin import unlisted_vin
from flotia.vehicle import Origin, VehicleTable

#: Seconds between two batches of one lane (contract).
PAUSE = 0.5
#: What OpenRouter's free tier allows an account in a minute, over all its models (its documentation, 2026). It alone says
#: how an account stands.
FREE_TIER = Limits((Limit(20, 60.0),))
#: Calls at once to an account of which no limit is known; where a minute's requests are known, as many as it takes to
#: spend them at the latency of a large answer, in seconds.
_LANES, _USUAL_LATENCY = 8, 20.0
#: What is learned of models is kept every so many seconds.
_KEEP_EVERY = 10.0
#: Identities that are taken outside are drawn again at most this often.
_IDENTITY_TRIES = 50
#: After so many tries each goes twice as far ahead: of a run that is taken up again thousands may be worn in a row.
_TRIES_A_STEP = 5
#: What may be the name of a brand: it goes into a prompt.
_BRAND_NAME = re.compile(r"[\w&.' -]{2,30}")
#: What a dealer pays for a car that nobody can value better.
_UNLISTED_MARGIN = Decimal("0.93")


@dataclass(frozen=True, slots=True)
class Source:
    """Where AI comes from: an account at a provider, and the models to ask through it, in the user's order.

    `only_chooses` is for a model so small that it may only choose among what it is given. `name` tells accounts apart,
    `limits` are what is known of this one's. Of its models, `contexts` gives the tokens of question and answer together,
    `structured` names those that obey a JSON schema. `pause` is the specification's, between two batches.
    """

    client: ChatClient
    models: Sequence[str]
    only_chooses: bool = False
    pause: float = PAUSE
    name: str = "ia"
    limits: Limits = field(default_factory=Limits)
    contexts: Mapping[str, int] = field(default_factory=dict)
    structured: Collection[str] = ()

    @property
    def routes(self) -> list[Route]:
        """What can be asked here."""
        return [Route(self.name, model) for model in self.models]


@dataclass(slots=True)
class Engine:
    """Makes the vehicles of a request. Holds no state between runs but what its ports keep.

    `source` is one account or several, which are then one pool; without any (or for a request that wants no AI) every
    vehicle is local. `books` hold the accounts' limits, `experience` what was learned of models, `cache` the rows of
    earlier answers: every run adds its own, one that uses the cache takes from it first.
    """

    catalogue: Catalogue
    source: Source | Sequence[Source] | None = None
    identities: WornIdentities = field(default_factory=NoIdentities)
    clock: Clock = field(default_factory=SystemClock)
    books: Books = field(default_factory=LocalBooks)
    experience: Experience = field(default_factory=NoExperience)
    cache: AnswerCache = field(default_factory=NoCache)

    async def stream(self, request: Request, done: Collection[int] = ()) -> AsyncGenerator[Event]:
        """Yield the events of a run; `BatchDone` carries the vehicles.

        `done` are slot indices that an earlier, interrupted stream of the same request has delivered: they are neither
        made nor asked for again. A brand that the catalogue does not know is asked freely, of models that can do more than
        choose; its vehicles are not `verificado`. A request that shall pause when its budget or the quota ends closes with
        `RunPaused` then, every other run with `RunDone`. Raises `RequestError` for a brand without cars, `ProviderError` if
        the provider ends the run (a refused key) or no model answers for an unlisted brand.
        """
        given = () if self.source is None else (self.source,) if isinstance(self.source, Source) else tuple(self.source)
        sources = given if request.use_ai else ()
        if not sources:
            request = replace(request, use_ai=False)
        request, unlisted = self._known(request, sources)
        run = _Run(self, request, sources, unlisted)
        try:
            async with aclosing(run.events(done)) as events:
                async for event in events:
                    yield event
        finally:
            for source in sources:
                await source.client.aclose()

    def _known(self, request: Request, sources: Sequence[Source]) -> tuple[Request, str]:
        """The request with the catalogue's name of its brand, or without it and the name of a brand to ask freely."""
        if request.brand is None:
            return request, ""
        try:
            return replace(request, brand=self.catalogue.brand(request.brand).marca), ""
        except UnknownBrandError as error:
            name = " ".join(request.brand.split())
            capable = any(not s.only_chooses for s in sources)
            if not capable or error.misspelt or not _BRAND_NAME.fullmatch(name):
                raise
            return replace(request, brand=None), name


class _Run:
    """The parts of one run, wired. `unlisted` is the brand to ask freely, if the catalogue does not know it."""

    def __init__(self, engine: Engine, request: Request, sources: Sequence[Source], unlisted: str) -> None:
        self._engine, self._request, self._sources, self._unlisted = engine, request, sources, unlisted
        self._drawer = FactsDrawer(engine.catalogue, seed=request.seed, today=request.today, brand=request.brand)
        self._assembler = Assembler(engine.catalogue, self._drawer, seed=request.seed, today=request.today)
        self._planner = Planner(request, self._drawer, self._assembler)
        self._budget = Budget(request.budget)
        self._keeper = Keeper(engine.cache, engine.catalogue.fingerprint, engine.clock)
        if sources:
            self._only_chooses = all(s.only_chooses for s in sources)
            self._adapts = request.profile is Profile.ADAPTIVE
            self._ledger = Ledger(engine.books, engine.clock)
            self._router = self._routed()
            self._asker = self._asking()

    def _routed(self) -> Router:
        contexts = {r: s.contexts[r.model] for s in self._sources for r in s.routes if r.model in s.contexts}
        grows = self._adapts and not self._only_chooses and self._request.batch is None
        shrinks = self._adapts and self._request.batch is None
        manner = Manner(self._planner.batch_size, MAX_TOKENS, by_merit=self._adapts, grows=grows, shrinks=shrinks)
        return Router([r for s in self._sources for r in s.routes], self._engine.clock, manner, contexts)

    def _asking(self) -> Asker:
        catalogue = self._engine.catalogue
        judge: RowJudge = Judge(catalogue)
        dialogue: Dialogue = ListDialogue() if self._adapts else FreeDialogue()
        plainer: Dialogue | None = FreeDialogue() if self._adapts else None
        if self._unlisted:
            dialogue, plainer = UnlistedDialogue(self._unlisted), None
            judge = UnlistedJudge(catalogue, self._unlisted)
        elif self._only_chooses:
            dialogue, plainer = Choices(catalogue, self._request.seed), None
        structured = frozenset(r for s in self._sources for r in s.routes if s.only_chooses or r.model in s.structured)
        clients = {s.name: s.client for s in self._sources}
        return Asker(clients, self._ledger, dialogue, judge, MAX_TOKENS, plainer, structured)

    async def events(self, done: Collection[int]) -> AsyncGenerator[Event]:
        amount, clock = self._request.amount, self._engine.clock
        started = clock.now()
        total = len(done)
        counts: Counter[str] = Counter()
        yield RunStarted(amount, total, self._planner.batch_size, bool(self._sources))
        if self._unlisted:
            yield UnlistedBrand(self._unlisted)
        paused = False
        async with aclosing(self._made(done)) as events:
            async for event in events:
                if isinstance(event, BatchDone):
                    total += len(event.vehicles)
                    counts.update({str(o): n for o in Origin if (n := event.vehicles.count(o))})
                    yield replace(event, total=total)
                elif isinstance(event, RunPaused):
                    paused = True
                    yield replace(event, made=total)
                else:
                    yield event
        if not paused:
            yield RunDone(amount, clock.now() - started, dict(counts))

    async def _made(self, done: Collection[int]) -> AsyncGenerator[Event]:
        if self._request.use_cache and not self._unlisted:
            done = SlotSet(self._request.amount, done)
            async for event in self._from_cache(done):
                yield event
            if len(done) == self._request.amount:
                return
        try:
            async with aclosing(self._with_models(done) if self._sources else self._without(done)) as events:
                async for event in events:
                    yield event
        finally:
            await self._keeper.write()

    def _with_models(self, done: Collection[int]) -> AsyncGenerator[Event]:
        return self._remembering(done) if self._adapts else self._by_the_letter(done)

    async def _from_cache(self, done: SlotSet) -> AsyncGenerator[Event]:
        engine = self._engine
        filler = Filler(engine.cache, engine.catalogue, self._request, self._drawer, self._assembler)
        number = 0
        async for chunk in filler.fill(done):
            given = self._assembler.others(chunk.cars)  # slots' own identities are of the cars they were planned as
            vehicles = await self._finished(chunk.cars, given, chunk.amendments)
            if self._sources:
                self._asker.judge.remember([a.description for a in chunk.amendments.values() if a.description])
            yield BatchDone(number, vehicles, 0, self._request.amount)
            number += 1

    async def _without(self, done: Collection[int], since: int = 0) -> AsyncGenerator[Event]:
        if self._unlisted:
            raise self._nobody_knows()
        for block in self._planner.blocks(done, since=since):
            vehicles = await self._finished(block.cars, block.identities, {})
            yield BatchDone(block.number, vehicles, 0, self._request.amount)

    async def _remembering(self, done: Collection[int]) -> AsyncGenerator[Event]:
        """Go on from what is known of the models, and keep what is learned: now and then, and at the end."""
        experience, clock = self._engine.experience, self._engine.clock
        self._router.recall(await experience.recall([r for s in self._sources for r in s.routes]))
        kept = clock.now()
        try:
            async with aclosing(self._adaptively(done)) as events:
                async for event in events:
                    yield event
                    if clock.now() - kept > _KEEP_EVERY:
                        kept = clock.now()
                        await experience.keep(self._router.records())
        finally:
            await experience.keep(self._router.records())

    async def _by_the_letter(self, done: Collection[int]) -> AsyncGenerator[Event]:
        dispatcher = Dispatcher(self._asker, self._router, self._engine.clock, self._budget)
        for source in self._sources:
            await self._ledger.open(source.name, source.limits, None)
        asked = False
        for batch in self._planner.batches(done):
            filling = Filling()
            if self._why_ended() and self._request.when_exhausted is WhenExhausted.PAUSE:
                yield self._paused()
                return
            if not self._router.stopped:
                if asked:
                    await self._engine.clock.sleep(self._sources[0].pause)
                async for event in dispatcher.fill(batch, filling):
                    yield event
                asked = filling.calls > 0
            slots = batch.slots
            if self._why_ended() and self._request.when_exhausted is WhenExhausted.PAUSE:
                slots = tuple(s for s in slots if s.index in filling.verdicts)
            async for event in self._settled(batch.number, slots, filling.verdicts):
                yield event

    async def _adaptively(self, done: Collection[int]) -> AsyncGenerator[Event]:
        missing = self._request.amount - len(done)
        async for event in self._opened(missing):
            yield event
        pool = Pool((s for s in self._planner.slots() if s.index not in done), missing)
        scheduler = Scheduler(self._asker, self._router, self._engine.clock, self._budget, pool, await self._lanes())
        async with aclosing(scheduler.run()) as items:
            async for item in items:
                if not isinstance(item, Filled):
                    yield item
                    continue
                async for event in self._settled(item.batch, item.slots, item.verdicts):
                    yield event
        if not pool:
            return
        if self._request.when_exhausted is WhenExhausted.PAUSE:
            yield self._paused()
            return
        async for event in self._settled(scheduler.batches, pool.returned(), {}):
            yield event
        async for event in self._without(done, pool.next_index):
            yield event

    async def _opened(self, missing: int) -> AsyncGenerator[Event]:
        """Ask each account how it stands, and say so if the day's requests will not do."""
        remote = [s for s in self._sources if not s.only_chooses]
        standings = await asyncio.gather(*(s.client.standing() for s in remote))
        lefts = []
        for source, standing in zip(remote, standings, strict=True):
            limits = source.limits or (FREE_TIER if standing is not None else Limits())
            await self._ledger.open(source.name, limits, standing)
            if (await self._ledger.limits(source.name)).account:
                self._router.save_requests(source.name)
            lefts.append(await self._ledger.left_today(source.name))
        known = [(left, resets) for left, resets in lefts if left is not None]
        if known and len(known) == len(lefts):
            needed = self._router.requests_for(missing)
            yield QuotaSeen(needed, sum(left for left, _ in known), min(resets for _, resets in known))

    async def _lanes(self) -> int:
        """Calls at once: as the user says, or by what the accounts' minutes allow."""
        lanes = self._request.lanes
        if lanes is None and self._only_chooses:
            lanes = 1
        if lanes is None:
            lanes = 0
            for source in self._sources:
                minutes = [x.amount for x in (await self._ledger.limits(source.name)).account if x.seconds == 60.0]
                lanes += ceil(min(minutes) * _USUAL_LATENCY / 60.0) if minutes else _LANES
        lanes = max(min(lanes, MAX_LANES), 1)
        self._router.spread(lanes)
        return lanes

    def _why_ended(self) -> str:
        """Why no model is asked any more; empty while one may be."""
        return self._router.stopped or ("" if self._budget.left else self._budget.spent)

    def _paused(self) -> RunPaused:
        return RunPaused(
            self._why_ended() or "los modelos no responden", 0, self._request.amount, self._router.resumes_at
        )

    async def _settled(
        self, number: int, slots: Sequence[Slot], verdicts: Mapping[int, tuple[Verdict, str]]
    ) -> AsyncGenerator[Event]:
        """A batch of slots that are done with. Raises `ProviderError` for those that only a model could have filled."""
        lacking = [s for s in slots if self._unlisted and s.index not in verdicts]
        there = [s for s in slots if s not in lacking]
        if there:
            yield BatchDone(number, await self._complete(there, verdicts), 0, self._request.amount)
        if lacking:
            raise self._nobody_knows()

    def _nobody_knows(self) -> ProviderError:
        return ProviderError(
            f"Ningún modelo ha completado todos los vehículos de {self._unlisted}, que no está en el catálogo y de la que no"
            " hay datos locales. Lo hecho se conserva: inténtelo más tarde con --reanudar."
        )

    async def _complete(self, slots: Sequence[Slot], verdicts: Mapping[int, tuple[Verdict, str]]) -> VehicleTable:
        facts = [verdicts[s.index][0].facts if s.index in verdicts else s.facts for s in slots]
        cars = self._drawer.columns_of([s.index for s in slots], facts)
        given = Identities(np.array([s.serial for s in slots]), np.array([s.plate for s in slots]))
        amendments = {}
        for place, slot in enumerate(slots):
            if slot.index in verdicts:
                verdict, model = verdicts[slot.index]
                amendments[place] = Amendment(
                    model, verdict.kept, verdict.equipment, verdict.description, self._own(verdict)
                )
        await self._keeper.add(verdicts)
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
        for tries in range(_IDENTITY_TRIES):
            ahead = 1 << tries // _TRIES_A_STEP
            vins, plates = self._assembler.texts_of(cars, given)
            if self._unlisted:
                vins = list(map(unlisted_vin, vins))
            taken_vins, taken_plates = await self._engine.identities.taken(vins, plates)
            if not taken_vins and not taken_plates:
                return
            if len(rows := np.flatnonzero([vin in taken_vins for vin in vins])):
                given.serial[rows] = self._further(cars.of(rows), ahead).serial
            if len(rows := np.flatnonzero([plate in taken_plates for plate in plates])):
                given.plate[rows] = self._further(cars.of(rows), ahead).plate
        raise FlotiaError(
            "No quedan bastidores o matrículas libres: el stock ya tiene casi todas las de los meses que hacen falta."
        )

    def _further(self, cars: FactColumns, ahead: int) -> Identities:
        """The `ahead`-th of the next identities for each of those cars."""
        several = self._assembler.others(cars.of(np.repeat(np.arange(len(cars)), ahead)))
        return several.of(np.arange(ahead - 1, len(several.serial), ahead))
