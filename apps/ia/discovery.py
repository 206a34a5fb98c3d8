"""Which models there are today: what providers list, and the chains of the user brought up to date by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from apps.ia.accounts import Account
from apps.ia.books import row_of
from apps.ia.database_thread import DatabaseThread
from apps.ia.memory import Memory
from apps.ia.models import ListaModelos
from flotia.clients.directory import FREE
from flotia.outcome import Offer
from flotia.ports import ChatClient
from flotia.routing import Record, Route, merit

#: A list is asked for again after so long: free models come and go within weeks, not within hours.
FRESH = timedelta(hours=6)
#: What a provider's list is waited for at most, in seconds.
_PATIENCE = 12.0
#: A chain that has lost models is filled up to this many at least; one of nothing but discovered models has so many.
_LEAST, _CHAIN = 4, 16
#: A discovered model must hold wording and answer of a request for many vehicles, in tokens; far more helps no further.
_LEAST_CONTEXT, _ENOUGH_CONTEXT = 8_192, 32_768
#: What models that obey a JSON schema list; `response_format` alone promises JSON of any shape.
STRUCTURED, _ANY_JSON = "structured_outputs", "response_format"
#: By these a model says that it reasons; only where it lists the first can that be switched off.
_REASONING, _SHOWS_REASONING = "reasoning", "include_reasoning"
#: A request is for about so many vehicles when models are compared, and weighs so many seconds: requests are scarce.
_USUAL_SIZE, _REQUEST_COST = 10, 60.0


@dataclass(frozen=True, slots=True)
class Chain:
    """An account's models to ask today: `models` in their order, `dead` that the user wrote and nobody offers any more,
    `found` those that were put in their place. `offers` is what is known of all that the provider lists.
    """

    models: tuple[str, ...]
    dead: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    offers: Mapping[str, Offer] | None = None

    @property
    def contexts(self) -> dict[str, int]:
        """Tokens of question and answer together, where they are known."""
        return {
            m: self.offers[m].context
            for m in self.models
            if self.offers and m in self.offers and self.offers[m].context
        }

    @property
    def structured(self) -> frozenset[str]:
        """The models that obey a JSON schema."""
        return frozenset(
            m for m in self.models if self.offers and m in self.offers and STRUCTURED in self.offers[m].parameters
        )


async def chains(
    accounts: Sequence[Account], clients: Mapping[str, ChatClient], memory: Memory, *, anew: bool = False
) -> dict[str, Chain]:
    """The chain of each account by its name. `anew` asks every provider, however young its list is."""
    lists = await listings(accounts, clients, memory.thread, anew=anew)
    routes = [Route(a.name, m) for a in accounts for m in lists.get(a.name, {})]
    records = await memory.experience.recall(routes)
    made = {}
    for account in accounts:
        known = {r.model: record for r, record in records.items() if r.account == account.name}
        made[account.name] = chain(account.models, lists.get(account.name, {}), known)
    return made


async def listings(
    accounts: Sequence[Account], clients: Mapping[str, ChatClient], thread: DatabaseThread | None, *, anew: bool = False
) -> dict[str, dict[str, Offer]]:
    """What each provider lists, by account and model: a fresh copy, or asked for now, or the last good copy."""
    kept = await thread.ask(partial(_kept, accounts)) if thread else {}
    stale = [a for a in accounts if anew or a.name not in kept or not kept[a.name][1]]
    told = await asyncio.gather(*(_offered(clients[a.name]) for a in stale))
    fresh = {a.name: offers for a, offers in zip(stale, told, strict=True) if offers}
    if thread and fresh:
        await thread.ask(partial(_keep, [a for a in stale if a.name in fresh], fresh))
    both = {name: offers for name, (offers, _) in kept.items()} | fresh
    return {name: {o.model: o for o in offers} for name, offers in both.items()}


def chain(wanted: Sequence[str], offers: Mapping[str, Offer], records: Mapping[str, Record]) -> Chain:
    """The user's models without the free ones that are gone, and others that are free in their place.

    A list that is empty or says no prices changes nothing, and what the user wrote without `:free` stays: only what may
    cost nothing is ever added. Without any wanted model the best that are free.
    """
    if not any(o.free for o in offers.values()):
        return Chain(tuple(wanted), offers=offers)
    dead = tuple(m for m in wanted if m.endswith(FREE) and m not in offers)
    alive = tuple(m for m in wanted if m not in dead)
    missing = max(len(wanted), _LEAST) - len(alive) if dead else 0 if wanted else _CHAIN
    free = [o for o in offers.values() if o.free and o.context >= _LEAST_CONTEXT and o.model not in alive]
    there = [o for o in free if o.model not in records or not records[o.model].retired]
    found = tuple(o.model for o in sorted(there, key=lambda o: _rank(o, records), reverse=True)[:missing])
    return Chain((*alive, *found), dead, found, offers)


def _rank(offer: Offer, records: Mapping[str, Record]) -> tuple[int, bool, int, float]:
    says = offer.parameters
    format_obeyed = 2 if STRUCTURED in says else 1 if _ANY_JSON in says else 0
    may_be_brief = _REASONING in says or _SHOWS_REASONING not in says
    record = records.get(offer.model) or Record()
    worth = merit.worth(record, place=0.5, size=record.size or _USUAL_SIZE, request_cost=_REQUEST_COST)
    return format_obeyed, may_be_brief, min(offer.context, _ENOUGH_CONTEXT), worth


async def _offered(client: ChatClient) -> tuple[Offer, ...] | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await client.offered()
    except TimeoutError:
        return None
    finally:
        await client.aclose()


# --- the copies in the database --------------------------------------------------------------------------------------


def _kept(accounts: Sequence[Account]) -> dict[str, tuple[tuple[Offer, ...], bool]]:
    """The copies, and whether each is fresh."""
    found = {}
    for account in accounts:
        row = ListaModelos.objects.filter(cuenta__huella=account.fingerprint).order_by("-obtenida").first()
        if row is not None and (offers := tuple(read(row.ofertas))):
            found[account.name] = offers, timezone.now() - row.obtenida < FRESH
    return found


def _keep(accounts: Sequence[Account], offers: Mapping[str, Sequence[Offer]]) -> None:
    for account in accounts:
        told = [
            {"model": o.model, "context": o.context, "parameters": sorted(o.parameters), "free": o.free}
            for o in offers[account.name]
        ]
        ListaModelos.objects.update_or_create(
            cuenta=row_of(account), defaults={"ofertas": told, "obtenida": timezone.now()}
        )


def read(kept: Any) -> list[Offer]:
    """The offers in a `ListaModelos.ofertas`; entries that cannot be read are passed over."""
    offers = []
    for entry in kept if isinstance(kept, list) else []:
        match entry:
            case {"model": str(model), "context": int(context), "parameters": list(parameters), "free": bool(free)}:
                offers.append(Offer(model, context, frozenset(str(p) for p in parameters), free))
    return offers
