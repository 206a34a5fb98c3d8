"""What runs learn of models stays for the next one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.ia.accounts import Account
from apps.ia.books import row_of
from apps.ia.experience import record_of
from apps.ia.memory import remembering
from apps.ia.models import ListaModelos, ModeloIA
from flotia.clients.openai_compatible import Endpoint
from flotia.limits.windows import Limits
from flotia.routing import Record, Route

pytestmark = pytest.mark.django_db(transaction=True)
THERE = Account("cuenta", Endpoint("http://127.0.0.1:9/v1", "sk-a"), ("a", "b"), Limits())
A, B = Route("cuenta", "a"), Route("cuenta", "b")
DAY = 86_400.0


def keep(records):
    with remembering([THERE]) as memory:
        asyncio.run(memory.experience.keep(records))


def recall(*routes):
    with remembering([THERE]) as memory:
        return asyncio.run(memory.experience.recall(routes))


def now():
    return timezone.now().timestamp()


def test_a_record_comes_back_as_it_was_kept():
    record = Record(good=2.5, bad=1.0, latency=3.25, size=18, plain=True, last_asked=1_795_000_000.5, last_error="429")
    keep({A: record})
    assert recall(A, B) == {A: record}


def test_other_accounts_and_models_nobody_asked_take_no_row():
    keep({A: Record(), Route("otra", "a"): Record(good=1.0)})
    assert not ModeloIA.objects.exists()


def test_only_what_has_changed_is_written():
    keep({A: Record(good=1.0), B: Record(good=1.0)})
    before = ModeloIA.objects.get(modelo="b").actualizado
    with remembering([THERE]) as memory:
        known = dict(asyncio.run(memory.experience.recall([A, B])))
        known[A].good = 2.0
        ModeloIA.objects.filter(modelo="b").update(registro={"good": 9.0})  # by another run
        asyncio.run(memory.experience.keep(known))
    assert recall(A, B) == {A: Record(good=2.0), B: Record(good=9.0)}
    assert ModeloIA.objects.get(modelo="b").actualizado == before


def test_what_another_version_kept_is_read_as_far_as_it_can_be():
    assert record_of({"good": 3, "size": "many", "plain": 1, "unknown": 7, "last_error": "x"}) == Record(
        good=3.0, last_error="x"
    )
    assert record_of([1]) == Record()


@pytest.mark.parametrize(("days", "retired"), [(6.9, True), (7.1, False)])
def test_a_retired_model_is_asked_again_after_a_week(days, retired):
    keep({A: Record(retired=True, said_retired=2, last_asked=now() - days * DAY)})
    record = recall(A)[A]
    assert record.retired is retired
    assert record.said_retired == (2 if retired else 1)


@pytest.mark.parametrize(("hours", "listed", "retired"), [(1, ["a"], False), (-1, ["a"], True), (1, ["b"], True)])
def test_a_retired_model_is_asked_again_when_a_newer_list_shows_it(hours, listed, retired):
    gone = now() - 5 * 3600
    keep({A: Record(retired=True, said_retired=2, last_asked=gone)})
    offers = [{"model": m, "context": 1, "parameters": [], "free": True} for m in listed]
    obtained = timezone.now() - timedelta(hours=5 - hours)
    ListaModelos.objects.create(cuenta=row_of(THERE), ofertas=offers, obtenida=obtained)
    assert recall(A)[A].retired is retired
