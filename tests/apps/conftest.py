"""Django's tests: a stand-in as the configured base, on a real database file."""

from __future__ import annotations

import pytest

from tests.doubles.standin import StandIn, serving


@pytest.fixture
def speaking(settings, monkeypatch):
    """Configure a stand-in as the AI: `speaking(StandIn(...))`. Without the pauses, which acceptance tests keep."""
    monkeypatch.setattr("apps.stock.composition.PAUSE", 0.0)
    open_ones = []

    def configure(standin: StandIn, key: str = "") -> StandIn:
        context = serving(standin)
        settings.DEEPSEEK_API_BASE = context.__enter__()
        settings.DEEPSEEK_BASE_IS_CHOSEN = True
        settings.DEEPSEEK_API_KEY = key
        open_ones.append(context)
        return standin

    yield configure
    for context in open_ones:
        context.__exit__(None, None, None)
