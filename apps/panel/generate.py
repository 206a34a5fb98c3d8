"""The form that starts a run, and what it is going to cost, said while it is filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.panel import pace
from apps.panel.wording import whole
from apps.stock.models import Vehiculo
from apps.stock.runs import jobs
from apps.stock.runs.estimate import Way, estimate
from apps.stock.runs.generation import Order, check
from apps.stock.wording import REQUEST_FIELDS
from flotia.catalogue.loader import Catalogue
from flotia.errors import FlotiaError, RequestError
from flotia.request import Profile, Request, WhenExhausted

#: Runs that one user may start in so many seconds.
_MOST, _WINDOW = 20, 600
#: What the form shows at first.
_FIRST = {"cantidad": "500", "modo": "ia", "perfil": str(Profile.ADAPTIVE), "al_agotar": str(WhenExhausted.LOCAL)}
_NAMES = (
    "cantidad", "marca", "otra_marca", "modo", "usar_cache", "perfil", "presupuesto", "paralelo", "al_agotar", "semilla",
    "reemplazar", "confirmo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form asks for."""

    request: Request
    replaces: bool


@dataclass(slots=True)
class Form:
    """The form as it was sent, right or wrong: `text` of each field, and `faults` by field (empty name: of the whole)."""

    text: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict) -> Form:
        """What a query says."""
        return cls({name: query.get(name, "").strip() for name in _NAMES})

    def read(self) -> Wanted | None:
        """What it asks for, or `None` with `faults`."""
        try:
            request = self._request()
            if not self.faults:
                check(request, Order())
                return Wanted(request, bool(self.text["reemplazar"]))
        except FlotiaError as error:
            self.faults.setdefault(_field_of(error), str(error))
        return None

    def _request(self) -> Request:
        """What it asks for, as far as it can be read: what cannot is in `faults`."""
        text = self.text
        uses_ai = text["modo"] != "local"
        if uses_ai and text["perfil"] == Profile.SPECIFICATION and text["paralelo"]:
            self.faults["paralelo"] = _(
                "El perfil especificacion hace las llamadas de una en una: deje vacías las simultáneas."
            )
        amount, seed = self._number("cantidad"), self._number("semilla")
        if amount is None:
            self.faults.setdefault("cantidad", _("Diga cuántos vehículos quiere."))
        asked = Request(
            amount=1 if amount is None else amount,
            brand=text["otra_marca"] or text["marca"] or None,
            use_ai=uses_ai,
            use_cache=bool(text["usar_cache"]),
            profile=self._choice("perfil", Profile),
            when_exhausted=self._choice("al_agotar", WhenExhausted),
            budget=self._number("presupuesto") if uses_ai else None,
            lanes=self._number("paralelo") if uses_ai else None,
        )
        return asked if seed is None else replace(asked, seed=seed)

    def _number(self, name: str) -> int | None:
        text = self.text[name].replace(".", "").replace(" ", "")
        if not text:
            return None
        try:
            return int(text) if len(text) < 30 else 10**30
        except ValueError:
            self.faults[name] = _("«%(text)s» no es un número entero.") % {"text": self.text[name][:30]}
            return None

    def _choice(self, name: str, kind: Callable[[str], Any]) -> Any:
        try:
            return kind(self.text[name] or _FIRST[name])
        except ValueError:
            raise RequestError(_("No existe esa opción: %(name)s.") % {"name": name}) from None


def _field_of(error: FlotiaError) -> str:
    """The field that an error is about; empty if it is about the whole."""
    return REQUEST_FIELDS.get(error.about, "") if isinstance(error, RequestError) else ""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The form; sent, it starts a run and goes to its page."""
    if request.method != "POST":
        given = Form.of(request.GET)
        form = given if any(given.text.values()) else Form({name: _FIRST.get(name, "") for name in _NAMES})
        return _shown(request, form)
    form = Form.of(request.POST)
    wanted = form.read()
    if wanted is None:
        return _shown(request, form, status=400)
    if wanted.replaces and not form.text["confirmo"]:
        form.faults["confirmo"] = _("Reemplazar retira todo el stock actual: confírmelo.")
        return _shown(request, form, status=400)
    if not pace.may("generar", request.user.pk, most=_MOST, seconds=_WINDOW):
        form.faults[""] = _("Ha pedido muchas generaciones seguidas: espere unos minutos.")
        return _shown(request, form, status=429)
    try:
        run = jobs.enqueue(wanted.request, Order(replaces=wanted.replaces))
    except FlotiaError as error:
        form.faults[_field_of(error)] = str(error)
        return _shown(request, form, status=409)
    return redirect("panel:generacion", run.pk)


@require_safe
@login_required
def cost(request: HttpRequest) -> HttpResponse:
    """What the form as it stands would cost. Changes nothing, and asks no provider."""
    return render(request, "panel/_coste.html", _cost(Form.of(request.GET)))


def _shown(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "text": form.text,
        "faults": form.faults,
        "general_fault": form.faults.get("", ""),
        "brands": tuple(Catalogue.load().brands),
        "in_stock": Vehiculo.objects.count(),
        **_cost(Form(dict(form.text))),
    }
    return render(request, "panel/generar.html", context, status=status)


def _cost(form: Form) -> dict[str, Any]:
    """What there is to say about it; what is wrong with the form, if it cannot be read."""
    wanted = form.read()
    if wanted is None:
        return {"cost": None, "cost_fault": " ".join(form.faults.values())}
    try:
        found = estimate(wanted.request)
    except FlotiaError as error:
        return {"cost": None, "cost_fault": str(error)}
    return {
        "cost": found,
        "amount": whole(wanted.request.amount),
        "by_accounts": found.way is Way.ACCOUNTS,
        "embedded": found.way is Way.EMBEDDED,
        "time": duration(found.seconds),
        "pauses": wanted.request.when_exhausted is WhenExhausted.PAUSE,
        "in_stock_now": Vehiculo.objects.count() if wanted.replaces else 0,
    }


def duration(seconds: float | None) -> str:
    """A length of time as people say it; empty if it is not known."""
    if seconds is None:
        return ""
    if seconds < 1:
        return _("menos de 1 s")
    if seconds < 100:
        return _("%(n)d s") % {"n": round(seconds)}
    if seconds < 6000:
        return _("%(n)d min") % {"n": round(seconds / 60)}
    return _("%(n)d h") % {"n": round(seconds / 3600)}
