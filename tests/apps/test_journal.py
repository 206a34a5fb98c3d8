"""The journal of a run: what is told, how often it is written, and that watchers get all of it, once, in order."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.stock.models import Ejecucion, Evento
from apps.stock.runs import journal, telling, worker
from apps.stock.runs.generation import Order
from apps.stock.runs.jobs import cancel, enqueue
from apps.stock.runs.journal import Note, follow, read, stream, write
from apps.stock.runs.telling import Teller, Totals
from flotia.events import BatchDone, ModelCooled
from flotia.generation import generate
from flotia.request import Request
from tests.conftest import TODAY
from tests.doubles.standin import StandIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(journal, "TICK", 0.02)


@pytest.fixture
def run():
    return enqueue(Request(amount=10, use_ai=False, today=TODAY), Order())


def kinds(entries):
    return [e.tipo for e in entries if e is not None]


async def all_of(run_id, after=0, **more):
    return [e async for e in follow(run_id, after, **more) if e is not None]


def watch(*watchers, during=None):
    """What each of `watchers` (keyword arguments for `follow`) gets, while `during` happens in a thread."""

    async def go():
        tasks = [asyncio.create_task(all_of(**w)) for w in watchers]
        await asyncio.sleep(0.1)
        if during is not None:
            await asyncio.to_thread(in_thread, during)
        async with asyncio.timeout(30):
            return await asyncio.gather(*tasks)

    return asyncio.run(go())


def in_thread(work):
    try:
        work()
    finally:
        connection.close()


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_run_tells_what_it_does(speaking):
    speaking(StandIn({"*": ["ok", "e500", "ok"]}))
    run = enqueue(Request(amount=60, seed=3, today=TODAY), Order())
    worker.work_off()
    entries = read(run.pk)
    told = kinds(entries)
    assert (told[0], told[-1]) == ("cola", "publicada")
    assert {"aviso", "empieza", "pregunta", "respuesta", "lote", "completa"} <= set(told)
    assert told.count("pregunta") == told.count("respuesta") == run.llamadas.count()
    last = [e for e in entries if e.tipo == "lote"][-1]
    assert (last.datos["total"], sum(last.datos["origenes"].values())) == (60, 60)
    assert len(last.datos["tarjetas"]) <= telling.CARDS
    assert set(last.datos["tarjetas"][0]) >= {"marca", "precio_venta", "color", "origen"}
    assert "precio_compra" not in json.dumps([e.datos for e in entries])


def test_batches_that_come_fast_become_one_entry(run):
    vehicles = {}
    generate(
        Request(amount=40, use_ai=False, today=TODAY),
        on_event=lambda e: vehicles.setdefault("b", e) if isinstance(e, BatchDone) else None,
    )
    batch = vehicles["b"]
    teller = Teller(run.pk)
    teller.write(at_once=True)
    for total in (40, 80, 120):
        teller.hear(BatchDone(0, batch.vehicles, total, 120), Totals({"aleatorio": total}))
        teller.write()
    teller.write(at_once=True)
    lots = [e.datos for e in read(run.pk) if e.tipo == "lote"]
    assert [x["total"] for x in lots] == [40, 120]
    assert (lots[1]["lotes"], lots[1]["vehiculos"], len(lots[1]["tarjetas"])) == (2, 80, telling.CARDS)


def test_it_is_written_twice_a_second_at_most(run, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: now[0])
    teller = Teller(run.pk)
    before = Evento.objects.count()
    writes = 0
    for _ in range(100):
        now[0] += 0.05
        teller.hear(ModelCooled("m", 5.0, "lento"), Totals())
        count = Evento.objects.count()
        teller.write()
        writes += Evento.objects.count() > count
    assert 9 <= writes <= 11
    teller.write(at_once=True)
    assert Evento.objects.count() == before + 100


def test_text_from_outside_is_cut_and_cleaned(run):
    teller = Teller(run.pk)
    teller.hear(ModelCooled("m\x1b[31m", 5.0, "<script>" + "x" * 999), Totals())
    teller.write(at_once=True)
    told = read(run.pk)[-1].datos
    assert told["modelo"] == "m [31m"
    assert len(told["motivo"]) == 300


def test_the_journal_has_an_end(run, monkeypatch):
    monkeypatch.setattr(journal, "MOST_EVENTS", 10)
    write(run.pk, [Note("aviso", {"texto": str(n)}) for n in range(30)])
    journal.prune(run.pk)
    assert [e.datos["texto"] for e in read(run.pk)] == [str(n) for n in range(20, 30)]
    other = enqueue(Request(amount=1, use_ai=False), Order())
    cancel(other)
    Evento.objects.filter(ejecucion=other).update(momento=timezone.now() - timedelta(days=2))
    journal.prune(run.pk)
    assert read(other.pk) == []
    assert len(read(run.pk)) == 10


# --- watching --------------------------------------------------------------------------------------------------------


def test_watchers_get_everything_once_and_in_order_to_the_end(run):
    watchers = [{"run_id": run.pk} for _ in range(20)]
    found = watch(*watchers, during=worker.work_off)
    everything = [e.id for e in read(run.pk)]
    assert all([e.id for e in entries] == everything for entries in found)
    assert found[0][-1].tipo == "publicada"


def test_a_watcher_goes_on_after_the_last_event_it_had(run):
    worker.work_off()
    everything = read(run.pk)
    middle = everything[1].id
    (found,) = watch({"run_id": run.pk, "after": middle})
    assert [e.id for e in found] == [e.id for e in everything[2:]]
    (late,) = watch({"run_id": run.pk, "after": everything[-1].id})
    assert late == []


def test_a_number_nobody_has_given_yet_is_taken_for_the_last_one(run):
    found = watch({"run_id": run.pk, "after": 10**12}, {"run_id": run.pk}, during=worker.work_off)
    assert found[0] == [e for e in found[1] if e.id >= found[0][0].id]
    assert found[0][-1].tipo == "publicada"


def test_a_slow_watcher_reads_what_it_missed_again(run, monkeypatch):
    monkeypatch.setattr(journal, "_MEMORY", 5)
    monkeypatch.setattr(journal, "_PAGE", 7)

    def talk():
        for n in range(8):
            write(run.pk, [Note("aviso", {"n": n * 10 + i}) for i in range(10)])
        cancel(run)

    async def slowly():
        seen = []
        async for entry in follow(run.pk):
            if entry is not None:
                seen.append(entry.id)
                await asyncio.sleep(0.01)
        return seen

    async def go():
        slow, fast_one = asyncio.create_task(slowly()), asyncio.create_task(all_of(run.pk))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(in_thread, talk)
        return await slow, [e.id for e in await fast_one]

    slow, quick = asyncio.run(go())
    assert slow == quick == list(Evento.objects.filter(ejecucion=run).values_list("pk", flat=True))


def test_many_watchers_cost_one_query_a_tick(run, monkeypatch):
    reads = []
    honest = journal.read

    def counting(*given):
        reads.append(given)
        return honest(*given)

    monkeypatch.setattr(journal, "read", counting)

    async def go():
        tasks = [asyncio.create_task(all_of(run.pk)) for _ in range(200)]
        await asyncio.sleep(1.0)
        before = len(reads)
        await asyncio.sleep(0.5)
        ticks = len(reads) - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return ticks

    assert asyncio.run(go()) <= 0.5 / journal.TICK + 1


def test_a_pause_ends_only_for_those_who_want_it_so(speaking):
    speaking(StandIn())
    run = enqueue(Request(amount=300, budget=1, when_exhausted="pausar"), Order())
    (found,) = watch({"run_id": run.pk, "through_pauses": False}, during=worker.work_off)
    assert found[-1].tipo == "pausa"
    (again,) = watch({"run_id": run.pk, "through_pauses": False})
    assert kinds(again)[-1] == "pausa"
    through = watch({"run_id": run.pk}, during=lambda: cancel(run))[0]
    assert kinds(through)[-2:] == ["pausa", "cancelada"]


def test_a_run_without_a_journal_ends_at_once(run):
    worker.work_off()
    Evento.objects.all().delete()
    assert watch({"run_id": run.pk}) == [[]]
    assert watch({"run_id": 10**9}) == [[]]


def test_nothing_is_left_when_nobody_watches(run):
    async def go():
        watching = follow(run.pk)
        assert (await anext(watching)).tipo == "cola"
        await watching.aclose()

    asyncio.run(go())
    assert journal._desks == {}


def test_a_quiet_run_gives_signs_of_life(run, monkeypatch):
    monkeypatch.setattr(journal, "HEARTBEAT", 0.05)

    async def go():
        told = stream(run.pk)
        lines = [await anext(told) for _ in range(4)]
        await told.aclose()
        return lines

    lines = asyncio.run(go())
    assert lines[0] == b"retry: 2000\n\n"
    assert lines[1].startswith(b"id: ")
    assert lines[2:] == [b": \n\n"] * 2


def test_the_wire_cannot_be_broken_by_what_is_told(run):
    write(run.pk, [Note("aviso", {"texto": "uno\n\nevent: fin\ndata: {}"})])
    wire = read(run.pk)[-1].wire.decode()
    assert wire.count("\n") == 4
    assert json.loads(wire.split("data: ", 1)[1])["texto"] == "uno\n\nevent: fin\ndata: {}"


def test_the_end_is_seen_even_if_nobody_tells_it(run):
    def forget():
        Ejecucion.objects.filter(pk=run.pk).update(estado="cancelada")

    (found,) = watch({"run_id": run.pk}, during=forget)
    assert kinds(found) == ["cola"]


def test_reading_is_one_query(run):
    with CaptureQueriesContext(connection) as queries:
        read(run.pk)
    assert len(queries) == 1
