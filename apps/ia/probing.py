"""Trying models out: one real request each, by the same way as in a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.ia.accounts import Account
from apps.ia.discovery import Chain
from apps.ia.inspection import open_account
from apps.ia.memory import Memory
from apps.ia.tables import clock as told
from flotia.asking import Asked, Asker
from flotia.catalogue.loader import Catalogue
from flotia.dialogue import FreeDialogue
from flotia.dialogue.lists import ListDialogue
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.errors import ProviderError
from flotia.judgement.judge import Judge
from flotia.limits.ledger import Lease, Ledger
from flotia.planner import Planner, Slot
from flotia.ports import ChatClient, Clock
from flotia.request import Request
from flotia.routing import Manner, Route, Router
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer

#: Vehicles that a model is asked for.
VEHICLES = 2
#: A window that is full is waited for at most so long, in seconds: the longest that a minute takes.
_PATIENCE = 75.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a request to a model came to: `vehicles` that stand of `VEHICLES`, after `seconds`; `message` says what was wrong.

    `outcome` is `bien`, `sin_cupo` where the account's limits did not allow a request, or the kind of the failure.
    """

    route: Route
    outcome: str
    vehicles: int = 0
    seconds: float = 0.0
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The probe as JSON."""
        return {
            "cuenta": self.route.account, "modelo": self.route.model, "resultado": self.outcome,
            "vehiculos": self.vehicles, "pedidos": VEHICLES, "segundos": round(self.seconds, 2), "mensaje": self.message,
        }  # fmt: skip


@dataclass(slots=True)
class Prober:
    """Asks models through their accounts' `clients`, keeps to the accounts' limits, and keeps what was learned."""

    accounts: Sequence[Account]
    chains: Mapping[str, Chain]
    clients: Mapping[str, ChatClient]
    memory: Memory
    clock: Clock

    async def probe(self, routes: Sequence[Route]) -> AsyncIterator[Probe]:
        """What each of `routes` came to, as soon as it is known. Accounts go side by side, the models of one in turn."""
        if not routes:
            return
        ledger = Ledger(self.memory.books, self.clock)
        router, slots = self._parts(routes)
        asker = self._asker(ledger, routes)
        router.recall(await self.memory.experience.recall(routes))
        results: asyncio.Queue[Probe | None] = asyncio.Queue()

        async def in_turn(account: Account) -> None:
            try:
                await open_account(ledger, account, await self.clients[account.name].standing())
                for place, route in enumerate(routes):
                    if route.account == account.name:
                        await results.put(await self._one(router, asker, route, slots[place]))
            finally:
                await results.put(None)

        tasks = [asyncio.ensure_future(in_turn(a)) for a in self.accounts if any(r.account == a.name for r in routes)]
        try:
            for _ in tasks:
                while (result := await results.get()) is not None:
                    yield result
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.memory.experience.keep(router.records())
            for client in self.clients.values():
                await client.aclose()

    def _parts(self, routes: Sequence[Route]) -> tuple[Router, list[list[Slot]]]:
        catalogue, request = Catalogue.load(), Request(VEHICLES * len(routes))
        drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today, brand=None)
        planner = Planner(request, drawer, Assembler(catalogue, drawer, seed=request.seed, today=request.today))
        there = list(planner.slots())
        contexts = {
            Route(name, m): n for name, chain in self.chains.items() for m, n in chain.contexts.items()
        }  # fmt: skip
        manner = Manner(planner.batch_size, MAX_TOKENS, by_merit=True, grows=True)
        router = Router(routes, self.clock, manner, contexts)
        return router, [there[n * VEHICLES : (n + 1) * VEHICLES] for n in range(len(routes))]

    def _asker(self, ledger: Ledger, routes: Sequence[Route]) -> Asker:
        structured = frozenset(r for r in routes if r.model in self.chains[r.account].structured)
        judge = Judge(Catalogue.load())
        return Asker(self.clients, ledger, ListDialogue(), judge, MAX_TOKENS, FreeDialogue(), structured)

    async def _one(self, router: Router, asker: Asker, route: Route, slots: list[Slot]) -> Probe:
        lease = await self._leased(asker, route, len(slots))
        if not isinstance(lease, Lease):
            return Probe(route, "sin_cupo", message=f"La cuenta no tiene cupo hasta {told(lease, seconds=True)}.")
        ticket = router.asked(route)
        asked = await asker.ask(lease, 0, slots, plain=router.wants_plain(route))
        try:
            if asked.failure is not None:
                router.failed(route, ticket, asked.failure)
            else:
                router.answered(route, ticket, asked.done)
        except ProviderError:
            pass  # for the run it is the end; here it is this model's result, and the next one may have another account
        return _probe(route, asked)

    async def _leased(self, asker: Asker, route: Route, vehicles: int) -> Lease | float:
        """Leave to ask, waited for if it is a minute's matter; or the moment (epoch seconds) from which there is any."""
        ends = self.clock.now() + _PATIENCE
        while not isinstance(lease := await asker.ledger.lease(*route, asker.tokens(vehicles)), Lease):
            if lease.moment > ends:
                return lease.moment
            await self.clock.sleep(max(lease.moment - self.clock.now(), 0.05))
        return lease


def _probe(route: Route, asked: Asked) -> Probe:
    done = asked.done
    failure = asked.failure or done.failure
    if failure is not None:
        return Probe(route, str(failure.kind), done.usable, done.latency, failure.message)
    if not done.usable:
        why = ", ".join(done.causes) or "ninguna fila sirve"
        return Probe(route, "sin_provecho", 0, done.latency, f"La respuesta no sirve: {why}.")
    return Probe(route, "bien", done.usable, done.latency)
