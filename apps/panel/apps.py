"""The app's name for Django."""

from __future__ import annotations

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """The pages."""

    name = "apps.panel"
    verbose_name = "Panel"
