"""What a run is going to cost, said before it starts: out of what is kept of models and accounts, without asking anybody."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from statistics import median

from django.conf import settings
from django.db.models import Count, Sum

from apps.ia import standing
from apps.ia.composition import EMBEDDED
from apps.ia.inspection import Quota
from apps.ia.models import FilaCache
from apps.ia.standing import Kept
from apps.stock.models import Ejecucion, Llamada
from flotia.catalogue.loader import Catalogue
from flotia.clients.embedded import find_model
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.engine import PAUSE
from flotia.errors import EmbeddedModelError, UnknownBrandError
from flotia.planner import batch_size
from flotia.ports import SystemClock
from flotia.request import Profile, Request
from flotia.routing import Manner, Router

#: Where no answer has been timed yet a large one is taken for so long, in seconds; and so many calls at once to an account
#: whose minute is not known. Both as `flotia.engine` plans its lanes.
_USUAL_LATENCY, _LANES = 20.0, 8
#: The latest calls, or runs, that say how fast the embedded model, or this machine, is.
_LATEST_CALLS, _LATEST_RUNS = 50, 3
#: Smaller local runs say nothing about speed.
_WORTH_TIMING = 500


class Way(StrEnum):
    """Who makes the vehicles that the cache does not have."""

    ACCOUNTS = "cuentas"
    EMBEDDED = "embebido"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to be expected. `cached` vehicles at most come out of earlier answers; `requests` is how many calls the others
    take (`None` without models), `seconds` how long (`None`: nothing of the kind was ever timed here). `left` is what the
    accounts have today, if all say so; `is_timed` false says that no model was ever timed, and the usual time is taken.
    """

    way: Way
    cached: int
    requests: int | None
    seconds: float | None
    quotas: tuple[Quota, ...] = ()
    left: int | None = None
    is_timed: bool = True

    @property
    def is_short(self) -> bool:
        """Whether the day's requests will not do."""
        return self.left is not None and self.requests is not None and self.requests > self.left


def estimate(request: Request) -> Estimate:
    """For `request`. Raises `AccountsError` for settings that cannot be read."""
    cached = min(_cached(request.brand), request.amount) if request.use_cache else 0
    missing = request.amount - cached
    kept = standing.kept(time.time()) if request.use_ai else Kept()
    if kept.quotas:
        return _by_accounts(request, missing, cached, kept)
    if request.use_ai and _has_embedded():
        calls = ceil(missing / batch_size(request.amount))
        return Estimate(Way.EMBEDDED, cached, _within(calls, request.budget), _embedded_seconds(missing))
    return Estimate(Way.LOCAL, cached, None, _local_seconds(missing))


def _by_accounts(request: Request, missing: int, cached: int, kept: Kept) -> Estimate:
    adapts = request.profile is Profile.ADAPTIVE
    alive = [line for line in kept.models if line.place is not None and not line.state.is_dead]
    manner = Manner(request.batch or batch_size(request.amount), MAX_TOKENS, by_merit=adapts, grows=adapts)
    router = Router([line.route for line in alive], SystemClock(), manner)
    router.recall({line.route: line.record for line in alive})
    requests = _within(router.requests_for(missing) if missing else 0, request.budget)
    lefts = [q.left for q in kept.quotas if q.left is not None]
    left = sum(lefts) if len(lefts) == len(kept.quotas) else None
    timed = [line.record.latency for line in alive if line.record.latency and line.record.got]
    seconds = _seconds(request, requests, median(timed) if timed else _USUAL_LATENCY, kept.quotas)
    return Estimate(Way.ACCOUNTS, cached, requests, seconds, kept.quotas, left, bool(timed))


def _within(calls: int, budget: int | None) -> int:
    return calls if budget is None else min(calls, budget)


def _seconds(request: Request, requests: int, latency: float, quotas: Sequence[Quota]) -> float:
    if request.profile is Profile.SPECIFICATION:
        return requests * (latency + PAUSE)
    minutes = [[x.amount for x in q.limits.account if x.seconds == 60.0] for q in quotas]
    usual = sum(ceil(min(m) * _USUAL_LATENCY / 60.0) if m else _LANES for m in minutes)
    by_lanes = ceil(requests / (request.lanes or max(usual, 1))) * latency
    counted = sum(min(m) for m in minutes if m) if all(minutes) else 0
    return max(by_lanes, (requests / counted - 1) * 60.0) if counted else by_lanes


def _cached(brand: str | None) -> int:
    """The rows of earlier answers that there are, of one brand or all."""
    catalogue = Catalogue.load()
    rows = FilaCache.objects.filter(catalogo=catalogue.fingerprint)
    if brand is not None:
        try:
            rows = rows.filter(marca=catalogue.brand(brand).marca)
        except UnknownBrandError:
            return 0
    return rows.count()


def _has_embedded() -> bool:
    try:
        find_model(settings.FLOTIA_MODELO_LOCAL)
    except EmbeddedModelError:
        return False
    return True


def _embedded_seconds(vehicles: int) -> float | None:
    latest = Llamada.objects.filter(cuenta=EMBEDDED, conservados__gt=0).order_by("-pk")[:_LATEST_CALLS]
    sums = latest.aggregate(time=Sum("latencia"), vehicles=Sum("pedidos"))
    return vehicles * sums["time"] / sums["vehicles"] if sums["vehicles"] else None


def _local_seconds(vehicles: int) -> float | None:
    local = Ejecucion.objects.annotate(calls=Count("llamadas"))
    local = local.filter(estado=Ejecucion.Estado.PUBLICADA, calls=0, usa_cache=False, cantidad__gte=_WORTH_TIMING)
    sums = local.order_by("-pk")[:_LATEST_RUNS].aggregate(time=Sum("segundos"), vehicles=Sum("cantidad"))
    return vehicles * sums["time"] / sums["vehicles"] if sums["vehicles"] else None
