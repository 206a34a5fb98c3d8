"""The quality page: how coherent, unique, varied and realistic the stock is, measured in the background and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.panel.access import reading_stock
from apps.panel.background import Job
from apps.panel.figures import Figure
from apps.panel.quality_figures import figures
from apps.panel.wording import whole
from apps.stock import quality
from apps.stock.models import Vehiculo
from apps.stock.search.facets import edition
from flotia.judgement.rules import Severity
from flotia.quality import views, wording
from flotia.quality.coherence import Example
from flotia.quality.findings import findings
from flotia.quality.report import Report
from flotia.quality.views import Section

MEASURING = Job("quality")
_KEPT = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of a broken rule; `url` leads to its vehicle."""

    name: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that some vehicles break."""

    name: str
    sentence: str
    severity: str
    is_error: bool
    rows: str
    share: str
    examples: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the page shows of a report, with nothing left of the vehicles but a few examples."""

    made: datetime
    seconds: float
    rows: str
    stock: str
    is_sample: bool
    score: str
    sections: tuple[Section, ...]
    findings: tuple[str, ...]
    faults: tuple[Fault, ...]
    figures: tuple[Figure, ...]
    scoring: str
    note: str


@require_safe
@vary_on_headers("HX-Request", "Cookie")
@reading_stock
def page(request: HttpRequest) -> HttpResponse:
    """The report of the stock as it is. The first who looks at a new stock has it measured; it is done once."""
    name = _name()
    found: Quality | None = cache.get(name)
    empty = found is None and not Vehiculo.objects.exists()
    failed = bool(MEASURING.fault) and MEASURING.told == name
    if found is None and not empty and not failed:
        MEASURING.start(lambda: _measure(name), name)
    context: dict[str, Any] = {
        "quality": found,
        "empty": empty,
        "measuring": MEASURING.is_running,
        "seconds": MEASURING.seconds,
        "fault": MEASURING.fault if failed else "",
        "sample": quality.SAMPLE,
    }
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    return render(request, "panel/_calidad.html" if part else "panel/calidad.html", context)


@require_POST
@login_required
def measure(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Measure again: for whoever has edited vehicles since."""
    name = _name()
    MEASURING.start(lambda: _measure(name), name)
    return redirect("panel:calidad")


def _name() -> str:
    """The report's place in the cache: another one whenever a run has changed the stock."""
    return f"quality:{edition()}"


def _measure(name: str) -> None:
    measured = quality.measure()
    if measured is None:
        cache.delete(name)
    else:
        cache.set(name, _shown(measured), _KEPT)


def _shown(measured: quality.Measured) -> Quality:
    report = measured.report
    return Quality(
        made=timezone.now(), seconds=measured.seconds, rows=whole(report.rows), stock=whole(measured.stock),
        is_sample=measured.is_sample, score=wording.score(report.score), sections=tuple(_sections(report)),
        findings=findings(report), faults=_faults(report), figures=tuple(figures(report)), scoring=views.scoring(),
        note=report.yardstick.note,
    )  # fmt: skip


def _sections(report: Report) -> list[Section]:
    """The report's sections; what rules are broken is shown with links instead of as their table."""
    return [
        Section(s.name, s.title, s.score, s.says, tuple(t for t in s.tables if s.name != "coherencia" or t.folded))
        for s in views.sections(report)
    ]


def _faults(report: Report) -> tuple[Fault, ...]:
    words = {Severity.ERROR: _("Error"), Severity.WARNING: _("Aviso")}
    return tuple(
        Fault(
            b.rule.name, wording.clean(b.rule.sentence), words[b.rule.severity], b.rule.severity is Severity.ERROR,
            whole(b.rows), wording.percent(b.rows / report.rows, 2), tuple(map(_example, b.examples)),
        )
        for b in report.coherence.rules if b.rows
    )  # fmt: skip


def _example(example: Example) -> Shown:
    try:
        url = reverse("panel:vehiculo", args=[example.vehicle])
    except NoReverseMatch:  # a VIN of other signs than letters and figures has no address
        url = ""
    return Shown(wording.clean(example.vehicle), wording.clean(example.detail), url)
