"""What is kept of accounts and models, read without asking or changing anything: for pages that are only looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.ia import accounts, discovery
from apps.ia.accounts import Account
from apps.ia.books import book_of
from apps.ia.experience import given_a_chance, record_of
from apps.ia.inspection import ModelLine, Quota, State, model_lines, quota_of, state_of
from apps.ia.models import Cuenta, ListaModelos, ModeloIA
from flotia.limits.book import AccountBook
from flotia.routing import Record, Route


@dataclass(frozen=True, slots=True)
class Kept:
    """The models of all configured accounts, how those stand, when each was last listed, and what the user should know.

    After each account's chain of today come the models that were asked through it at another time.
    """

    models: tuple[ModelLine, ...] = ()
    quotas: tuple[Quota, ...] = ()
    listed: Mapping[str, datetime] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def kept(now: float) -> Kept:
    """What there is at `now` (epoch seconds). Three queries. Raises `AccountsError` for settings that cannot be read."""
    found = accounts.configured()
    rows = _rows(found.accounts)
    lists = {x.cuenta_id: x for x in ListaModelos.objects.filter(cuenta__in=[r.pk for r in rows.values()])}
    remembered = _remembered(rows, lists, now)
    listed: dict[str, datetime] = {}
    lines: list[ModelLine] = []
    for account in found.accounts:
        row = rows.get(account.name)
        copy = lists.get(row.pk) if row else None
        if copy is not None:
            listed[account.name] = copy.obtenida
        lines += _lines(account, copy, remembered, now)
    quotas = [quota_of(_book(rows.get(a.name), a), a, None, now) for a in found.accounts]
    return Kept(tuple(lines), tuple(quotas), listed, found.notices)


def _rows(there: Sequence[Account]) -> dict[str, Cuenta]:
    """Each account's row by its name; none for an account that was never used."""
    marks = {a.fingerprint: a.name for a in there}
    found: dict[str, Cuenta] = {}
    for row in Cuenta.objects.filter(huella__in=marks).order_by("id"):
        found.setdefault(marks[row.huella], row)
    return found


def _remembered(rows: Mapping[str, Cuenta], lists: Mapping[int, ListaModelos], now: float) -> dict[Route, Record]:
    names = {row.pk: name for name, row in rows.items()}
    found = {}
    for row in ModeloIA.objects.filter(cuenta__in=names).order_by("modelo"):
        record = record_of(row.registro)
        since = record.last_asked or row.actualizado.timestamp()
        record = given_a_chance(record, since, row.modelo, lists.get(row.cuenta_id), now)
        found[Route(names[row.cuenta_id], row.modelo)] = record
    return found


def _lines(
    account: Account, listed: ListaModelos | None, remembered: Mapping[Route, Record], now: float
) -> list[ModelLine]:
    own = {route: record for route, record in remembered.items() if route.account == account.name}
    offers = {o.model: o for o in discovery.read(listed.ofertas)} if listed else {}
    chain = discovery.chain(account.models, offers, {route.model: record for route, record in own.items()})
    lines = model_lines({account.name: chain}, own, now)
    shown = {line.route for line in lines}
    for route, record in own.items():
        if route not in shown:
            gone = bool(offers) and route.model not in offers
            lines.append(ModelLine(None, route, State.UNLISTED if gone else state_of(record, now), record))
    return lines


def _book(row: Cuenta | None, account: Account) -> AccountBook:
    return AccountBook(account.limits) if row is None else book_of(row, account)
