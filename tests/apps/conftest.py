"""Django's tests: a stand-in as the configured base, on a real database file."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.doubles.standin import StandIn, serving


@pytest.fixture(autouse=True)
def no_accounts(settings):
    """None of the developer's."""
    settings.FLOTIA_PROVEEDORES, settings.FLOTIA_API_KEYS = "", {}


@pytest.fixture(autouse=True)
def no_tables_without_a_database(request, monkeypatch):
    """A test that may not use the database meets one without tables: nothing is remembered from one run to the next."""
    if request.node.get_closest_marker("django_db") is None:
        monkeypatch.setattr("apps.ia.database_thread.DatabaseThread.has_tables", lambda self: False)


@pytest.fixture
def speaking(settings, monkeypatch):
    """Configure a stand-in as the AI: `speaking(StandIn(...))`. Without the pauses, which acceptance tests keep.

    It lists its models only if it shall (`lists`): a list of a few would take the others out of the chain.
    """
    monkeypatch.setattr("apps.ia.composition.PAUSE", 0.0)
    with ExitStack() as stack:

        def configure(standin: StandIn, key: str = "", *, lists: bool = False) -> StandIn:
            if not lists:
                standin._listed.clear()
            settings.DEEPSEEK_API_BASE = stack.enter_context(serving(standin))
            settings.DEEPSEEK_BASE_IS_CHOSEN = True
            settings.DEEPSEEK_API_KEY = key
            return standin

        yield configure
