"""The app's registration."""

from __future__ import annotations

from django.apps import AppConfig


class StockConfig(AppConfig):
    """Vehicles in stock, their history, and the runs."""

    name = "apps.stock"
    verbose_name = "Stock"
