"""The charts of the models' page, out of what calls came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.panel.figures import Colour, Figure, Kind, Series, figure
from apps.stock.models import CUT, GIVEN_UP, WELL
from apps.stock.statistics import Line, Statistics
from flotia import outcome

#: Models that a chart has room for.
_MOST = 12
_SPENT = {
    outcome.Kind.MINUTE_LIMIT, outcome.Kind.DAILY_LIMIT, outcome.Kind.UPSTREAM_LIMIT, outcome.Kind.MODEL_LIMIT,
    outcome.Kind.NO_CREDIT, outcome.Kind.KEY_CAP,
}  # fmt: skip
_FAMILIES: tuple[tuple[str, str | Promise, Colour], ...] = (
    ("well", gettext_lazy("Bien"), Colour.FIRST),
    ("cut", gettext_lazy("Cortadas"), Colour.SECOND),
    ("spent", gettext_lazy("Sin cupo"), Colour.THIRD),
    ("failed", gettext_lazy("Fallidas"), Colour.FOURTH),
    ("given_up", gettext_lazy("Interrumpidas"), Colour.FIFTH),
)


def figures(by_day: Statistics, by_model: Statistics, since: date, today: date) -> list[Figure]:
    """All charts; none without a call."""
    if not by_day.total.calls:
        return []
    lines = {line.key: line for line in by_day.lines}
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    each = [lines.get(day.isoformat()) for day in days]
    labels = [f"{day:%d/%m}" for day in days]
    models = [line for line in by_model.lines if line.calls][:_MOST]
    return [
        _calls(labels, each, by_day.total),
        _vehicles(labels, each, by_day.total),
        _success(models),
        _speed(models),
        _speed_by_day(labels, each, by_day.total),
    ]


def success(line: Line) -> float:
    """Of the calls, the share that brought a vehicle, in percent."""
    return 100 * (line.calls - line.fruitless) / line.calls


def family(code: str) -> str:
    """To which of the chart's few kinds an outcome belongs."""
    match code:
        case _ if code in {WELL, ""}:
            return "well"
        case _ if code == CUT:
            return "cut"
        case _ if code == GIVEN_UP:
            return "given_up"
        case _:
            return "spent" if code in _SPENT else "failed"


def _families(outcomes: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for code, times in outcomes.items():
        found[family(code)] += times
    return found


def _calls(labels: Sequence[str], each: Sequence[Line | None], total: Line) -> Figure:
    counted = [_families(line.outcomes) if line else Counter[str]() for line in each]
    every = _families(total.outcomes)
    series = [Series(name, [c[key] for c in counted], colour) for key, name, colour in _FAMILIES if every[key]]
    says = _("%(calls)s llamadas, de ellas %(well)s bien.") % {
        "calls": figure(total.calls),
        "well": figure(every["well"]),
    }
    return Figure("llamadas", _("Llamadas por día"), says, _("Día"), Kind.STACKED, labels, series)


def _vehicles(labels: Sequence[str], each: Sequence[Line | None], total: Line) -> Figure:
    kinds = (
        (_("Intactos"), "kept", Colour.FIRST),
        (_("Reparados"), "repaired", Colour.SECOND),
        (_("Rechazados"), "refused", Colour.FOURTH),
    )
    series = [Series(name, [getattr(x, key) if x else 0 for x in each], colour) for name, key, colour in kinds]
    says = _("%(kept)s vehículos intactos, %(repaired)s reparados y %(refused)s rechazados.") % {
        "kept": figure(total.kept), "repaired": figure(total.repaired), "refused": figure(total.refused),
    }  # fmt: skip
    return Figure("vehiculos", _("Vehículos por día"), says, _("Día"), Kind.STACKED, labels, series)


def _success(models: Sequence[Line]) -> Figure:
    best = max(models, key=success)
    says = _("El que más acierta es %(model)s: %(share)s %% de sus llamadas trajo algún vehículo.") % {
        "model": best.key, "share": figure(success(best)),
    }  # fmt: skip
    series = [Series(_("Llamadas con algún vehículo"), [round(success(x), 1) for x in models], Colour.FIRST)]
    names = [x.key for x in models]
    return Figure("exito", _("Éxito por modelo"), says, _("Modelo"), Kind.ACROSS, names, series, "%")


def _speed(models: Sequence[Line]) -> Figure:
    answered = [x for x in models if x.p50 is not None]
    says = _("Ninguno ha respondido.")
    if answered:
        quick = min(answered, key=lambda x: x.p50 or 0.0)
        says = _("El más rápido es %(model)s: %(seconds)s s de mediana.") % {
            "model": quick.key, "seconds": figure(quick.p50, 1),
        }  # fmt: skip
    names = [x.key for x in answered]
    return Figure(
        "latencia", _("Latencia por modelo"), says, _("Modelo"), Kind.ACROSS, names, _latencies(answered), "s", 1
    )


def _speed_by_day(labels: Sequence[str], each: Sequence[Line | None], total: Line) -> Figure:
    says = _("La mitad de las respuestas llegó en %(p50)s s, y 95 de cada 100 en %(p95)s s.") % {
        "p50": figure(total.p50, 1), "p95": figure(total.p95, 1),
    }  # fmt: skip
    title = _("Latencia por día")
    return Figure("latencia-dia", title, says, _("Día"), Kind.LINES, labels, _latencies(each), "s", 1)


def _latencies(lines: Sequence[Line | None]) -> list[Series]:
    return [
        Series(_("Mediana"), [x.p50 if x else None for x in lines], Colour.FIRST),
        Series(_("Percentil 95"), [x.p95 if x else None for x in lines], Colour.THIRD),
    ]
