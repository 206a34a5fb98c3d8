"""What the pages of runs need beside `panel`."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from apps.ia.tables import clock
from apps.panel import drawing as pictures

register = template.Library()


@register.simple_tag
def drawing(body: str) -> SafeString:
    """A body in a paint that the page's script changes."""
    return pictures.draw(body, "Gris")


@register.filter
def hour(moment: float) -> str:
    """An instant (epoch seconds) as `hh:mm`, with its day if that is not today's."""
    return clock(moment)
