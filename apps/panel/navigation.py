"""The entries of the menu, in one place: a page that is not listed here is not linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu. `covers` is where all addresses of its part begin."""

    label: str | Promise
    route: str
    covers: str


ENTRIES: tuple[Entry, ...] = (
    Entry(_("Stock"), "panel:stock", "/stock/"),
    Entry(_("Generar"), "panel:generar", "/generar/"),
    Entry(_("Generaciones"), "panel:generaciones", "/generacion/"),
    Entry(_("Modelos"), "panel:modelos", "/modelos/"),
    Entry(_("Calidad"), "panel:calidad", "/calidad/"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the menu, with the entry one is in, and whether a stranger may read the stock."""
    menu = [
        {"label": entry.label, "url": reverse(entry.route), "here": request.path.startswith(entry.covers)}
        for entry in ENTRIES
    ]
    return {"menu": menu, "languages": settings.LANGUAGES}
