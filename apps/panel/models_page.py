"""The models' page: what is known of models and accounts, what their calls came to, and a way to try them out.

For those who have logged in: quotas and what providers say are no business of who may read the stock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.ia import accounts, composition, discovery, standing
from apps.ia.inspection import ModelLine, Quota, State, limit_texts
from apps.ia.memory import Memory, remembering
from apps.ia.probing import VEHICLES, Probe, Prober
from apps.ia.standing import Kept
from apps.ia.tables import local
from apps.panel.background import Job
from apps.panel.models_figures import figures, success
from apps.stock.statistics import By, Line, gather
from flotia.errors import FlotiaError
from flotia.ports import SystemClock
from flotia.routing import Route

#: Days that can be looked at, counted from today.
PERIODS = (7, 30, 90)
_USUAL = 30
_STATES: dict[State, str | Promise] = {
    State.ALIVE: gettext_lazy("vivo"),
    State.FAILING: gettext_lazy("falla"),
    State.COOLING: gettext_lazy("enfriando"),
    State.RETIRED: gettext_lazy("retirado"),
    State.UNTRIED: gettext_lazy("sin probar"),
    State.UNLISTED: gettext_lazy("no listado"),
}
#: The one thing at a time that is asked of providers from the page, and what came of the latest.
ASKING = Job("models")
_RESULT, _RESULT_KEPT = "models:result", 3600


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `calls` is what its calls of the period came to, `None` if there were none."""

    route: Route
    state: str | Promise
    code: str
    until: datetime | None
    place: int | None
    calls: Line | None
    error: str
    since: datetime | None
    can_be_tried: bool

    @property
    def success(self) -> float | None:
        """Of the period's calls, the share that brought a vehicle, in percent."""
        return None if self.calls is None else success(self.calls)


@dataclass(frozen=True, slots=True)
class Account:
    """An account's quota, ready to be shown. Without a daily limit there is no `whole`."""

    quota: Quota
    limits: str
    whole: int | None
    resets: datetime
    closed_until: datetime | None
    listed: datetime | None


@require_safe
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    days = _days(request)
    today = timezone.localdate()
    since = today - timedelta(days=days - 1)
    by_day, by_model = gather(By.DAY, since=since), gather(By.MODEL, since=since)
    context = _state(since) | {
        "days": days,
        "periods": PERIODS,
        "total": by_day.total,
        "success": success(by_day.total) if by_day.total.calls else None,
        "figures": figures(by_day, by_model, since, today),
    }
    return render(request, "panel/modelos.html", context)


@require_safe
@login_required
def state(request: HttpRequest) -> HttpResponse:
    """The part of it that changes while something is asked of providers."""
    since = timezone.localdate() - timedelta(days=_days(request) - 1)
    return render(request, "panel/_modelos.html", _state(since) | {"days": _days(request)})


@require_POST
@login_required
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask every provider for its list again."""
    return _begin(request, _refresh, _("Pidiendo sus listas a los proveedores…"))


@require_POST
@login_required
def probe(request: HttpRequest) -> HttpResponse:
    """Try a model with a real request."""
    route = Route(request.POST.get("cuenta", "")[:40], request.POST.get("modelo", "")[:120])
    return _begin(request, lambda: _probe(route), _("Probando %(model)s…") % {"model": route.model})


def _begin(request: HttpRequest, work: Callable[[], None], told: str) -> HttpResponse:
    def begun() -> None:
        cache.delete(_RESULT)
        work()

    ASKING.start(begun, told)  # if something is being asked already the page says what
    days = request.POST.get("dias", "")
    answer = redirect("panel:modelos")
    if days.isdecimal() and int(days) in PERIODS:
        answer["Location"] += f"?dias={days}"
    return answer


def _days(request: HttpRequest) -> int:
    text = request.GET.get("dias", "")
    return int(text) if text.isdecimal() and int(text) in PERIODS else _USUAL


# --- what is shown ---------------------------------------------------------------------------------------------------


def _state(since: date) -> dict[str, Any]:
    calls = {line.key: line for line in gather(By.ROUTE, since=since).lines}
    fault, there = "", Kept()
    try:
        there = standing.kept(time.time())
    except FlotiaError as error:
        fault = str(error)
    return {
        "rows": _rows(there.models, calls),
        "accounts": [_account(quota, there) for quota in there.quotas],
        "notices": there.notices,
        "fault": fault or ASKING.fault,
        "asking": ASKING.told if ASKING.is_running else "",
        "result": cache.get(_RESULT),
        "vehicles": VEHICLES,
        "now": timezone.now(),
    }


def _rows(lines: Sequence[ModelLine], calls: Mapping[str, Line]) -> list[Row]:
    """A row for each model that is known, then for each that was asked by an account that is configured no more."""
    rows = [_row(line, calls.get("\n".join(line.route))) for line in lines]
    known = {"\n".join(row.route) for row in rows}
    for key, line in calls.items():
        if key not in known:
            account, _nl, model = key.partition("\n")
            rows.append(
                Row(
                    Route(account, model), _("sin cuenta"), "sin_cuenta", None, None, line, "", None, can_be_tried=False
                )
            )
    return rows


def _row(line: ModelLine, calls: Line | None) -> Row:
    return Row(
        line.route, _STATES[line.state], str(line.state), local(line.until) if line.until else None, line.place, calls,
        line.record.last_error, local(line.since) if line.since else None, can_be_tried=line.place is not None,
    )  # fmt: skip


def _account(quota: Quota, there: Kept) -> Account:
    closed = quota.spent_until or quota.closed_until
    return Account(
        quota, " ".join(limit_texts(quota.limits)), None if quota.left is None else quota.used + quota.left,
        local(quota.resets), local(closed) if closed else None, there.listed.get(quota.account),
    )  # fmt: skip


# --- what is asked ---------------------------------------------------------------------------------------------------


def _refresh() -> None:
    found = accounts.configured()
    with remembering(found.accounts) as memory:
        clients = composition.clients_of(found.accounts)
        chains = asyncio.run(discovery.chains(found.accounts, clients, memory, anew=True))
    listed = sum(len(chain.offers or ()) for chain in chains.values())
    notices = composition.notices_of(found.accounts, chains)
    told = _("Listas al día: %(listed)s modelos ofrecidos, %(used)s en uso.") % {
        "listed": listed, "used": sum(len(chain.models) for chain in chains.values()),
    }  # fmt: skip
    cache.set(_RESULT, {"well": True, "lines": [told, *notices]}, _RESULT_KEPT)


def _probe(route: Route) -> None:
    found = accounts.configured()
    with remembering(found.accounts) as memory:
        result = asyncio.run(_asked(found.accounts, memory, route))
    well = result.outcome == "bien"
    told = result.message
    if well:
        told = _("%(number)s vehículos en %(seconds).1f s.") % {"number": result.vehicles, "seconds": result.seconds}
    cache.set(_RESULT, {"well": well, "lines": [f"{route.model} ({route.account}): {told}"]}, _RESULT_KEPT)


async def _asked(there: Sequence[accounts.Account], memory: Memory, route: Route) -> Probe:
    """Only models of today's chains are asked: no other is known to cost nothing, or to be wanted."""
    clients = composition.clients_of(there)
    chains = await discovery.chains(there, clients, memory)
    if route.account not in chains or route.model not in chains[route.account].models:
        raise FlotiaError(_("Ese modelo no está hoy en ninguna cuenta: no se le pregunta."))
    own = [a for a in there if a.name == route.account]
    prober = Prober(own, chains, clients, memory, SystemClock())
    [result] = [result async for result in prober.probe([route])]  # to its end: what was learned is kept there
    return result
