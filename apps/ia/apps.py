"""The app's name for Django."""

from __future__ import annotations

from django.apps import AppConfig


class IAConfig(AppConfig):
    """Accounts, models and the cache of their answers."""

    name = "apps.ia"
    label = "ia"
    verbose_name = "Modelos de IA"
