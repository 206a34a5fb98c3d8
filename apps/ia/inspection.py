"""What is known of models and accounts right now, for whoever wants to look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from apps.ia.accounts import Account
from apps.ia.discovery import Chain
from apps.ia.memory import Memory
from apps.ia.tables import iso
from flotia.engine import FREE_TIER
from flotia.limits.book import AccountBook
from flotia.limits.ledger import Ledger
from flotia.limits.windows import Limits
from flotia.outcome import Standing
from flotia.ports import ChatClient, Clock
from flotia.routing import Record, Route


class State(StrEnum):
    """What is to be expected of a model."""

    ALIVE = "vivo"
    FAILING = "falla"
    COOLING = "enfriando"
    RETIRED = "retirado"
    UNTRIED = "sin_probar"
    UNLISTED = "no_listado"

    @property
    def is_dead(self) -> bool:
        """Whether asking it would be a request thrown away."""
        return self in (State.RETIRED, State.UNLISTED)


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model as it stands; `place` is that in its account's chain of today (none: not in it). Moments in epoch seconds."""

    place: int | None
    route: Route
    state: State
    record: Record

    @property
    def until(self) -> float | None:
        """Until when it is left alone, if it is."""
        return self.record.cool_until if self.state is State.COOLING else None

    @property
    def success(self) -> float | None:
        """Of its latest requests, the share that brought something, in percent."""
        calls = self.record.good + self.record.bad
        return 100 * self.record.good / calls if calls else None

    @property
    def per_request(self) -> float | None:
        """Vehicles that one of its latest requests brought."""
        calls = self.record.good + self.record.bad
        return self.record.got / calls if calls else None

    @property
    def since(self) -> float | None:
        """When it was last asked: since then that is known of it."""
        return self.record.last_asked or None

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON."""
        return {
            "orden": self.place, "cuenta": self.route.account, "modelo": self.route.model, "estado": str(self.state),
            "hasta": iso(self.until), "exito_pct": _rounded(self.success),
            "vehiculos_por_peticion": _rounded(self.per_request), "segundos": _rounded(self.record.latency or None),
            "ultimo_error": self.record.last_error, "desde": iso(self.since),
        }  # fmt: skip


def model_lines(chains: Mapping[str, Chain], records: Mapping[Route, Record], now: float) -> list[ModelLine]:
    """A line for each model: those of today's chains in their order, then what the user wrote and nobody lists."""
    lines = []
    for account, chain in chains.items():
        for place, model in enumerate(chain.models, start=1):
            record = records.get(Route(account, model)) or Record()
            lines.append(ModelLine(place, Route(account, model), state_of(record, now), record))
        for model in chain.dead:
            route = Route(account, model)
            lines.append(ModelLine(None, route, State.UNLISTED, records.get(route) or Record()))
    return lines


def state_of(record: Record, now: float) -> State:
    """What is to be expected by what is remembered."""
    if record.retired:
        return State.RETIRED
    if record.cool_until > now:
        return State.COOLING
    if not record.last_asked and not record.good and not record.bad:
        return State.UNTRIED
    return State.FAILING if record.failures or not record.got else State.ALIVE


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's requests. `used` and `left` are of this UTC day (`left` `None`: no daily limit is known); `asked` says
    whether the provider told them now. Moments are epoch seconds.
    """

    account: str
    base: str
    limits: Limits
    used: int
    left: int | None
    resets: float
    closed_until: float | None
    spent_until: float | None
    asked: bool

    def as_dict(self) -> dict[str, Any]:
        """The quota as JSON."""
        return {
            "cuenta": self.account, "base": self.base, "limites": limit_texts(self.limits), "usadas_hoy": self.used,
            "quedan": self.left, "se_repone": iso(self.resets), "cerrada_hasta": iso(self.closed_until),
            "agotada_hasta": iso(self.spent_until), "consultado_al_proveedor": self.asked,
        }  # fmt: skip


def limit_texts(limits: Limits) -> list[str]:
    """Limits as a user writes them: `20/min`, `30/min*` for each model's own."""
    return [*map(str, limits.account), *(f"{limit}*" for limit in limits.each_model)]


async def quotas(
    accounts: Sequence[Account], clients: Mapping[str, ChatClient], memory: Memory, clock: Clock, *, ask: bool
) -> list[Quota]:
    """How each account stands: by its book and, with `ask`, by what its provider says now, which the book then learns."""
    standings: list[Standing | None] = [None] * len(accounts)
    if ask:
        standings = list(await asyncio.gather(*(_standing(clients[a.name]) for a in accounts)))
    ledger = Ledger(memory.books, clock)
    found = []
    for account, standing in zip(accounts, standings, strict=True):
        await open_account(ledger, account, standing)
        told = partial(quota_of, account=account, standing=standing, now=clock.now())
        found.append(await memory.books.change(account.name, told))
    return found


async def open_account(ledger: Ledger, account: Account, standing: Standing | None) -> None:
    """What a run does before its first call: the limits that hold for the account go into its book."""
    limits = account.limits or (FREE_TIER if standing is not None else Limits())
    await ledger.open(account.name, limits, standing)


def quota_of(book: AccountBook, account: Account, standing: Standing | None, now: float) -> Quota:
    """How an account stands by its book, and by `standing` if its provider has just told it."""
    left = book.left_today(now)
    return Quota(
        account.name, account.endpoint.base, book.limits, book.used, left, book.resets_at(now),
        book.closed_until if book.closed_until > now else None, book.spent_until if book.spent_until > now else None,
        standing is not None,
    )  # fmt: skip


async def _standing(client: ChatClient) -> Standing | None:
    try:
        return await client.standing()
    finally:
        await client.aclose()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
