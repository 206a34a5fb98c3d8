"""Figures as Spaniards write them, pictures, and the list's addresses."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.panel import drawing, wording
from apps.panel.wording import ORIGIN_SENTENCES, ORIGINS
from apps.stock.models import Vehiculo

register = template.Library()


register.filter("whole", wording.whole)
register.filter("euro", wording.money)


@register.filter
def origin(value: str) -> str | Promise:
    """Who made a vehicle, in a word."""
    return ORIGINS.get(value, value)


@register.filter
def origin_sentence(value: str) -> str | Promise:
    """Who made a vehicle, in a sentence."""
    return ORIGIN_SENTENCES.get(value, "")


@register.simple_tag
def picture(vehicle: Vehiculo) -> SafeString:
    """The drawing of a vehicle."""
    return drawing.draw(vehicle.tipo_vehiculo, vehicle.color)


@register.filter
def swatch(colour: str) -> SafeString:
    """A dot of a paint."""
    return drawing.swatch(colour)


@register.simple_tag
def empty_picture() -> SafeString:
    """The drawing where there is nothing to show."""
    return drawing.draw("Compacto", "Plata")


@register.simple_tag(takes_context=True)
def mark(context: template.Context, name: str) -> SafeString | str:
    """A sign beside a field that a model supplied."""
    if name not in context["vehicle"].campos_ia:
        return ""
    return format_html('<span class="mark" title="{}">{}</span>', _("Lo propuso el modelo"), _("IA"))
