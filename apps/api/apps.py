"""Django's name for this app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The API's tokens and idempotency keys; its addresses are in `apps.api.urls`."""

    name = "apps.api"
    label = "api"
    verbose_name = "API"
