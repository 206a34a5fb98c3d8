"""The cache of answers in the database: what is kept, what is found, and how little is read for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.ia.cache import DatabaseCache, _pieces
from apps.ia.database_thread import DatabaseThread
from apps.ia.errors import DatabaseProblemError
from apps.ia.models import FilaCache
from flotia.bridge import iterate
from flotia.cache import CachedRow, Place, Want
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import BatchDone
from flotia.request import Request
from flotia.vehicle import Origin
from tests.conftest import TODAY
from tests.doubles.clock import FakeClock
from tests.doubles.models import playing

pytestmark = pytest.mark.django_db(transaction=True)
GOLF, POLO = Place("Volkswagen", "Golf", 2019), Place("Volkswagen", "Polo", 2019)


@pytest.fixture
def cache():
    with DatabaseThread() as thread:
        yield DatabaseCache(thread)


def row(place=GOLF, n=0, **said):
    return CachedRow(place, "casa/uno:free", {"version": f"v{n}", "equipamiento": ["a", "b"], "año": "ñ€", **said})


def keep(cache, *rows, catalogue="x"):
    asyncio.run(cache.keep(catalogue, rows))


def find(cache, *wanted, catalogue="x"):
    return asyncio.run(cache.find(catalogue, wanted))


def test_what_was_kept_is_found_in_its_order(cache):
    keep(cache, row(n=0), row(POLO, 5), row(n=1))
    keep(cache, row(n=2))
    assert asyncio.run(cache.held("x")) == {GOLF: 3, POLO: 1}
    found = find(cache, Want(GOLF, 2), Want(POLO, 0), Want(GOLF, 0), Want(GOLF, 9))
    assert found == {Want(GOLF, 2): row(n=2), Want(POLO, 0): row(POLO, 5), Want(GOLF, 0): row(n=0)}


def test_the_same_row_is_kept_once_and_once_more_for_another_catalogue(cache):
    keep(cache, row(), row(), row(kilometros=7))
    keep(cache, row())
    keep(cache, row(), catalogue="y")
    assert Counter(FilaCache.objects.values_list("catalogo", flat=True)) == {"x": 1, "y": 1}
    assert find(cache, Want(GOLF, 0), catalogue="z") == {}


def test_a_chunk_takes_two_queries_that_the_index_answers(cache):
    places = [Place(f"marca{b}", f"modelo{m}", 2000 + y) for b in range(5) for m in range(5) for y in range(6)]
    keep(cache, *[row(p, n) for p in places for n in range(4)])
    wanted = [Want(p, n) for p in places for n in (1, 2)]
    with CaptureQueriesContext(connection) as queries:
        found = DatabaseCache._read("x", wanted)
    assert set(found) == set(wanted)
    assert len(queries) == 2
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"])
            plan = [line[-1] for line in cursor.fetchall()]
        read = [line for line in plan if "cache_ia" in line]
        assert read
        assert all("COVERING INDEX cache_coche" in line for line in read)
        assert not any("TEMP B-TREE" in line for line in plan)


def test_neighbours_are_read_together():
    wanted = [Want(GOLF, n) for n in (4, 5, 6, 0)] + [Want(POLO, 1), Want(POLO, 2)]
    assert list(_pieces(wanted)) == [(GOLF, 0, 1), (GOLF, 4, 3), (POLO, 1, 2)]


def test_more_places_than_a_statement_takes_are_found(cache):
    places = [Place("m", "x", 1000 + y) for y in range(600)]
    keep(cache, *[row(p) for p in places])
    assert len(find(cache, *[Want(p, 0) for p in places])) == 600


def test_a_row_that_is_no_row_is_passed_over(cache):
    keep(cache, row())
    FilaCache.objects.update(fila=["no"])
    assert find(cache, Want(GOLF, 0)) == {}


def test_what_cannot_be_written_is_said_and_ends_nothing(cache, monkeypatch, caplog):
    def broken(*_, **__):
        raise DatabaseProblemError("La base de datos está bloqueada.")

    monkeypatch.setattr(DatabaseCache, "_write", staticmethod(broken))
    keep(cache, row())
    assert "bloqueada" in caplog.text


def test_without_tables_nothing_is_kept_and_nothing_found(cache, monkeypatch):
    monkeypatch.setattr(DatabaseThread, "has_tables", lambda _: False)
    keep(cache, row())
    assert asyncio.run(cache.held("x")) == {}
    assert find(cache, Want(GOLF, 0)) == {}
    assert not FilaCache.objects.exists()


def test_a_second_run_over_the_database_costs_no_call(cache):
    def made(seed, **more):
        client = playing(lambda r: "ok")
        engine = Engine(Catalogue.load(), Source(client, ["a:free"], pause=0), clock=FakeClock(), cache=cache)
        events = iterate(engine.stream(Request(amount=120, seed=seed, today=TODAY, lanes=1, **more)))
        vehicles = [v for e in events if isinstance(e, BatchDone) for v in e.vehicles.values()]
        return vehicles, len(client.requests)

    first, calls = made(1)
    assert calls > 0
    assert FilaCache.objects.count() == len(first) == 120
    second, calls = made(2, use_cache=True)
    assert calls == 0
    assert {v.origen for v in second} == {Origin.CACHE}
    assert len({v.bastidor for v in (*first, *second)}) == 240
    assert FilaCache.objects.count() == 120


ON_POSTGRES = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.apps import test_cache as t
from apps.ia.cache import DatabaseCache
from apps.ia.database_thread import DatabaseThread
with DatabaseThread() as thread:
    cache = DatabaseCache(thread)
    t.test_what_was_kept_is_found_in_its_order(cache)
    t.FilaCache.objects.all().delete()
    t.test_the_same_row_is_kept_once_and_once_more_for_another_catalogue(cache)
    t.FilaCache.objects.all().delete()
    t.test_more_places_than_a_statement_takes_are_found(cache)
print("done")
"""


def test_it_is_the_same_on_postgresql(postgres):
    """In a process of its own: Django's connections are those of its settings."""
    environment = {**os.environ, "DATABASE_URL": postgres, "DJANGO_SETTINGS_MODULE": "config.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", ON_POSTGRES], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.stdout.endswith("done\n"), ran.stderr[-3000:]
