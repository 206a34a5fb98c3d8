"""What calls to models came to, counted in the database: by model, run, day or account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Aggregate, Count, F, FloatField, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Concat, TruncDate
from django.utils import timezone

from apps.stock.models import CUT, WELL, Llamada

#: Latencies are told of calls that were answered: a refusal comes at once, and says nothing of a model's speed.
_ANSWERED = Q(resultado__in=(WELL, CUT))
_P50, _P95 = 0.5, 0.95
_ROWS_AT_A_TIME = 10_000


class By(StrEnum):
    """What calls are grouped by; a route is a model at an account, its key the two with a line's end between."""

    MODEL = "modelo"
    RUN = "ejecucion"
    DAY = "dia"
    ACCOUNT = "cuenta"
    ROUTE = "ruta"


@dataclass(frozen=True, slots=True)
class Line:
    """The calls of one group. `outcomes` counts them by `Llamada.resultado`; `fruitless` those that brought no vehicle.

    Of `asked` vehicles `kept` stand untouched, `repaired` in part, `refused` were thrown out. `p50` and `p95` are seconds
    until an answer (`None`: there was none), interpolated as PostgreSQL's `percentile_cont` does.
    """

    key: str
    calls: int
    outcomes: Mapping[str, int]
    fruitless: int
    asked: int
    kept: int
    repaired: int
    refused: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    p50: float | None = None
    p95: float | None = None

    @property
    def vehicles(self) -> int:
        """Vehicles that these calls gave."""
        return self.kept + self.repaired

    @property
    def per_call(self) -> float:
        """Vehicles a call."""
        return self.vehicles / self.calls if self.calls else 0.0

    @property
    def tokens(self) -> int:
        """Of questions and answers together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def failures(self) -> dict[str, int]:
        """The outcomes that are no answer, most frequent first."""
        failed = {k: n for k, n in self.outcomes.items() if k not in (WELL, CUT)}
        return dict(sorted(failed.items(), key=lambda item: (-item[1], item[0])))

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON can hold it."""
        return asdict(self) | {"vehicles": self.vehicles, "per_call": self.per_call}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Lines, and their total."""

    by: By
    lines: tuple[Line, ...]
    total: Line


def gather(by: By, *, since: date | None = None, run: int | None = None) -> Statistics:
    """Count the calls made from the day `since` on (local time), of one run or of all.

    Takes four queries however many calls and groups there are.
    """
    calls = Llamada.objects.order_by()
    if since is not None:
        calls = calls.filter(hecha__gte=timezone.make_aware(datetime.combine(since, time.min)))
    if run is not None:
        calls = calls.filter(ejecucion=run)
    keyed = calls.annotate(key=_key(by)).values("key")
    outcomes: defaultdict[Any, dict[str, int]] = defaultdict(dict)
    for key, code, times in keyed.values_list("key", "resultado").annotate(n=Count("id")):
        outcomes[key][code] = times
    latencies, of_all = _latencies(keyed, calls)
    rows = keyed.annotate(**_SUMS)
    lines = [_line(_told(r["key"]), r, outcomes[r["key"]], latencies.get(r["key"])) for r in rows]
    return Statistics(by, tuple(sorted(lines, key=_order(by))), _total(lines, of_all))


_SUMS = {
    "calls": Count("id"),
    "fruitless": Count("id", filter=Q(conservados=0, reparados=0)),
    "asked": Coalesce(Sum("pedidos"), 0),
    "kept": Coalesce(Sum("conservados"), 0),
    "repaired": Coalesce(Sum("reparados"), 0),
    "refused": Coalesce(Sum("rechazados"), 0),
    "prompt_tokens": Coalesce(Sum("tokens_entrada"), 0),
    "completion_tokens": Coalesce(Sum("tokens_salida"), 0),
    "cost": Coalesce(Sum("coste"), 0.0),
}


def _key(by: By) -> Any:
    if by is By.DAY:
        return TruncDate("hecha")
    if by is By.ROUTE:
        return Concat("cuenta", Value("\n"), "modelo_pedido")
    return F({By.MODEL: "modelo_pedido", By.RUN: "ejecucion_id", By.ACCOUNT: "cuenta"}[by])


def _told(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def _order(by: By) -> Any:
    if by is By.RUN:
        return lambda line: int(line.key)
    return (lambda line: line.key) if by is By.DAY else lambda line: (-line.vehicles, -line.calls, line.key)


def _line(key: str, row: Mapping[str, Any], outcomes: Mapping[str, int], latency: _Latency | None) -> Line:
    p50, p95 = latency or (None, None)
    return Line(key, outcomes=dict(sorted(outcomes.items())), p50=p50, p95=p95, **{name: row[name] for name in _SUMS})


def _total(lines: list[Line], latency: _Latency | None) -> Line:
    outcomes: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        for code, times in line.outcomes.items():
            outcomes[code] += times
    return _line("", {name: sum(getattr(x, name) for x in lines) for name in _SUMS}, outcomes, latency)


# --- latencies -------------------------------------------------------------------------------------------------------

_Latency = tuple[float | None, float | None]


class _Percentile(Aggregate):
    """PostgreSQL's `percentile_cont`."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def _latencies(keyed: Any, calls: QuerySet[Llamada]) -> tuple[dict[Any, _Latency], _Latency | None]:
    """Median and 95th percentile of each group, and of all calls."""
    if connection.vendor == "postgresql":
        both = {
            name: _Percentile("latencia", fraction=fraction, filter=_ANSWERED)
            for name, fraction in (("p50", _P50), ("p95", _P95))
        }
        every = calls.aggregate(**both)
        return {r["key"]: (r["p50"], r["p95"]) for r in keyed.annotate(**both)}, (every["p50"], every["p95"])
    found: defaultdict[Any, list[float]] = defaultdict(list)
    answered = keyed.filter(_ANSWERED).values_list("key", "latencia")
    for key, seconds in answered.iterator(chunk_size=_ROWS_AT_A_TIME):
        found[key].append(seconds)
    together = [s for group in found.values() for s in group]
    return {key: _percentiles(group) for key, group in found.items()}, _percentiles(together) if together else None


def _percentiles(seconds: list[float]) -> _Latency:
    p50, p95 = np.percentile(seconds, [100 * _P50, 100 * _P95])
    return float(p50), float(p95)
