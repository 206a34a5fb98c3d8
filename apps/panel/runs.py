"""The pages of runs: all of them, one of them live, and the buttons that pause it, resume it or cancel it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls.converters import IntConverter
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.panel.drawing import PAINTS
from apps.panel.live_wording import lines, states
from apps.panel.silhouettes import SILHOUETTES, USUAL
from apps.panel.wording import ORIGINS
from apps.stock.errors import JobError
from apps.stock.models import Ejecucion
from apps.stock.runs import jobs, journal, ownership
from apps.stock.runs.lifecycle import Changes
from apps.stock.runs.summary import made
from flotia.errors import FlotiaError
from flotia.request import WhenExhausted
from flotia.vehicle import Origin

#: Runs of one page of the list; events that the page of a run begins with; vehicles it shows.
_RUNS, _EVENTS, _CARDS = 25, 300, 8
_State = Ejecucion.Estado


class RunNumber(IntConverter):
    """A run's number in an address, no longer than a database can look for."""

    regex = "[0-9]{1,18}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run has come to: vehicles by who made them (`repaired` are of models too), and its calls."""

    amount: int
    untouched: int
    repaired: int
    cached: int
    local: int
    calls: int
    failed: int

    @property
    def made(self) -> int:
        """All its vehicles."""
        return self.untouched + self.repaired + self.cached + self.local

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.made // self.amount

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """The pieces of the bar: whose, where it begins and how long it is, in percent."""
        found, start = [], 0.0
        for name in ("untouched", "repaired", "cached", "local"):
            length = 100 * getattr(self, name) / self.amount
            found.append((name, round(start, 3), round(length, 3)))
            start += length
        return found


def figures(run: Ejecucion) -> Figures:
    """Counted from its rows and calls."""
    there = made(run)
    calls = run.llamadas.aggregate(
        all=Count("id"), failed=Count("id", filter=Q(conservados=0, reparados=0)), repaired=Sum("reparados", default=0)
    )
    from_ai = there.get(Origin.AI, 0)
    repaired = min(calls["repaired"], from_ai)
    return Figures(
        run.cantidad, from_ai - repaired, repaired, there.get(Origin.CACHE, 0), there.get(Origin.LOCAL, 0), calls["all"],
        calls["failed"],
    )  # fmt: skip


@require_safe
@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """All runs, the latest first."""
    found = Ejecucion.objects.order_by("-pk")
    before = request.GET.get("antes", "")
    if before.isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    runs = list(found[: _RUNS + 1])
    more = runs[_RUNS - 1].pk if len(runs) > _RUNS else None
    rows = [(run, _made(run), states()[run.estado]) for run in runs[:_RUNS]]
    return render(request, "panel/generaciones.html", {"rows": rows, "more": more})


def _made(run: Ejecucion) -> int | None:
    """Its vehicles, where that costs no look at them."""
    return sum(run.recuento.values()) if run.recuento else run.cantidad if run.publicada else None


@require_safe
@login_required
def detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run, as it is now; its script goes on from there."""
    return _shown(request, get_object_or_404(Ejecucion, pk=run_id))


def _shown(request: HttpRequest, run: Ejecucion, fault: str = "", status: int = 200) -> HttpResponse:
    if run.activa and not run.de_una_vez:  # whose process is gone works no more, whatever its row says
        ownership.free_the_dead()
        run.refresh_from_db()
    entries = journal.latest(
        run.pk, _EVENTS
    )  # before anything is counted: figures may be ahead of events, never behind
    told = [{"id": e.id, "tipo": e.tipo, "datos": {**e.datos, "momento": e.momento.isoformat()}} for e in entries]
    run.refresh_from_db()
    context = {
        "run": run,
        "figures": figures(run),
        "fault": fault,
        "state": states()[run.estado],
        "stopping": bool(run.orden),
        "vehicles": run.vehiculos.order_by("-pk")[:_CARDS],
        "bodies": [(USUAL, ""), *((body, body) for body in SILHOUETTES)],
        "ahead": Ejecucion.objects.filter(estado=_State.EN_COLA, encargada__lt=run.encargada).count()
        if run.estado == _State.EN_COLA
        else 0,
        "live": {
            "ejecucion": run.pk, "estado": run.estado, "cantidad": run.cantidad, "ultimo": entries[-1].id if entries else 0,
            "ahora": timezone.now().isoformat(), "eventos": told, "pinturas": PAINTS, "textos": lines(),
            "origenes": _texts(ORIGINS),
            "estados": _texts(states()), "tarjetas": _CARDS,
        },
    }  # fmt: skip
    return render(request, "panel/generacion.html", context, status=status)


def _texts(words: Mapping[str, object]) -> dict[str, str]:
    return {code: str(text) for code, text in words.items()}


@require_safe
@login_required
def events(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """What happens from now on, as server-sent events; after `Last-Event-ID` where a browser comes back."""
    get_object_or_404(Ejecucion, pk=run_id)
    last = request.headers.get("Last-Event-ID") or request.GET.get("desde", "")
    after = int(last) if last.isdecimal() and len(last) < 19 else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(
        journal.stream(run_id, after), content_type="text/event-stream", headers=headers
    )  # fmt: skip


@require_POST
@login_required
def pause(request: HttpRequest, run_id: int) -> HttpResponse:
    """The button."""
    return _asked(request, run_id, jobs.pause)


@require_POST
@login_required
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """The button."""
    return _asked(request, run_id, jobs.cancel)


@require_POST
@login_required
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """The button, with what shall be otherwise from now on."""
    return _asked(request, run_id, lambda run: jobs.resume(run, _changes(request)))


def _changes(request: HttpRequest) -> Changes:
    budget, then = request.POST.get("presupuesto", "").strip(), request.POST.get("al_agotar", "")
    if budget and not (budget.isdecimal() and len(budget) < 19):
        raise JobError(_("«%(text)s» no es un número entero.") % {"text": budget[:30]})
    if then and then not in set(WhenExhausted):
        raise JobError(_("No existe esa opción: %(name)s.") % {"name": "al_agotar"})
    return Changes(int(budget) if budget else None, None, WhenExhausted(then) if then else None)


def _asked(request: HttpRequest, run_id: int, ask: Callable[[Ejecucion], Any]) -> HttpResponse:
    run = get_object_or_404(Ejecucion, pk=run_id)
    try:
        ask(run)
    except FlotiaError as error:
        return _shown(request, Ejecucion.objects.get(pk=run_id), str(error), status=409)
    return redirect("panel:generacion", run_id)
