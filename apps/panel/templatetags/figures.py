"""Figures and countdowns of the pages about models and quality."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.panel import figures

register = template.Library()
register.filter("percent", figures.percent)


@register.filter
def decimal(value: float | None) -> str:
    """A figure with one decimal; a dash for none."""
    return figures.figure(value, 1)


@register.simple_tag
def countdown(moment: datetime) -> SafeString:
    """What is left until a moment; a script keeps it going."""
    left = max(int((moment - timezone.now()).total_seconds()), 0)
    told = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}" if left >= 3600 else f"{left // 60:02}:{left % 60:02}"
    return format_html(
        '<span class="countdown" data-until="{}">({} <span>{}</span>)</span>', moment.isoformat(), _("quedan"), told
    )
