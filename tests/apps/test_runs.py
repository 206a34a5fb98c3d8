"""Runs against a real database: begun, saved, interrupted, taken up, published."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings as live
from django.db import connection
from django.utils import timezone

from apps.ia.errors import DatabaseProblemError
from apps.stock.errors import LostRunError, NothingToResumeError, OutputError, RunInProgressError
from apps.stock.files import export
from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado, VehiculoHistorico
from apps.stock.runs import generation, lifecycle, ownership, publishing
from apps.stock.runs.generation import Interrupted, Order, resume, start
from apps.stock.runs.summary import summarise
from flotia.errors import FlotiaError, ProviderError, UnknownBrandError
from flotia.events import BatchDone
from flotia.request import Profile, Request
from flotia.vehicle import FIELDS
from tests.conftest import TODAY
from tests.doubles.standin import StandIn

pytestmark = pytest.mark.django_db(transaction=True)


def local(amount, seed=3, **more):
    return Request(amount=amount, seed=seed, use_ai=False, today=TODAY, **more)


def ai(amount, seed=3, **more):
    """By the letter of the specification, whose calls can be counted beforehand."""
    return Request(amount=amount, seed=seed, today=TODAY, **{"profile": Profile.SPECIFICATION, **more})


def quiet(_):
    pass


def make(request, **order):
    return start(request, Order(**order), quiet, quiet)


def test_a_run_publishes_exactly_what_was_asked_and_tidies_up():
    summary = make(local(30))
    assert (summary.delivered, summary.local, summary.from_ai) == (30, 30, 0)
    assert Vehiculo.objects.count() == 30
    assert VehiculoGenerado.objects.count() == 0
    run = Ejecucion.objects.get()
    assert (run.estado, run.activa) == (Ejecucion.Estado.PUBLICADA, None)
    assert run.publicada is not None


def test_three_runs_add_up_and_the_same_seed_twice_does_not_collide():
    for _ in range(3):
        make(local(40, seed=5))
    assert Vehiculo.objects.count() == 120
    assert Vehiculo.objects.values("matricula").distinct().count() == 120


def test_the_stock_holds_what_the_engine_made():
    heard = []
    start(local(10), Order(), heard.append, quiet)
    made = {v.bastidor: v.as_dict() for e in heard if isinstance(e, BatchDone) for v in e.vehicles.values()}
    rows = {r["bastidor"]: r for r in Vehiculo.objects.values(*FIELDS)}
    assert rows == made


def test_replacing_moves_the_old_stock_to_the_history():
    make(local(20, seed=1))
    before = set(Vehiculo.objects.values_list("bastidor", flat=True))
    make(local(15, seed=2), replaces=True)
    assert Vehiculo.objects.count() == 15
    history = VehiculoHistorico.objects.all()
    assert {h.bastidor for h in history} == before
    assert {h.ejecucion_id for h in history} == {Ejecucion.objects.latest("id").pk}
    assert abs(history[0].fecha_snapshot - timezone.now()) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("request_", "broken", "call"),
    [
        (ai(15, seed=2), (publishing, "_copy"), 1),
        (ai(15, seed=2), (publishing, "_copy"), 2),
        (local(15, seed=2), (publishing, "_copy"), 1),
        (local(15, seed=2), (publishing, "_let_go"), 1),
    ],
    ids=["saved: history", "saved: stock", "in one go: history", "in one go: stock"],
)
def test_a_replacement_that_breaks_half_way_leaves_the_old_stock_whole(monkeypatch, speaking, request_, broken, call):
    make(local(20, seed=1))
    speaking(StandIn())
    before = set(Vehiculo.objects.values_list("bastidor", flat=True))
    calls = []
    real = getattr(*broken)

    def breaking(*args, **more):
        real(*args, **more)
        calls.append(1)
        if len(calls) == call:
            raise FlotiaError("roto")

    monkeypatch.setattr(*broken, breaking)
    with pytest.raises(FlotiaError, match="roto"):
        make(request_, replaces=True)
    assert set(Vehiculo.objects.values_list("bastidor", flat=True)) == before
    assert VehiculoHistorico.objects.count() == 0
    monkeypatch.setattr(*broken, real)
    resume(None, Order(), quiet, quiet)
    assert Vehiculo.objects.count() == 15
    assert VehiculoHistorico.objects.count() == 20


def test_a_local_run_that_was_interrupted_makes_the_same_vehicles_again():
    make(local(9000, seed=5))
    whole = list(Vehiculo.objects.order_by("bastidor").values(*FIELDS))
    Vehiculo.objects.all().delete()
    with pytest.raises(Interrupted) as stop:
        start(local(9000, seed=5), Order(), stop_after(1), quiet)
    assert (stop.value.made, Vehiculo.objects.count()) == (0, 0)
    summary = resume(None, Order(), quiet, quiet)
    assert (summary.delivered, summary.local, summary.calls.calls) == (9000, 9000, 0)
    assert list(Vehiculo.objects.order_by("bastidor").values(*FIELDS)) == whole


def test_a_local_run_avoids_the_identities_of_the_stock():
    make(local(300, seed=5))
    make(local(300, seed=5))
    assert Vehiculo.objects.count() == 600
    assert Vehiculo.objects.values("matricula").distinct().count() == 600


def test_an_incomplete_run_is_never_published():
    run = lifecycle.begin(local(5), replaces=False).run
    with pytest.raises(FlotiaError, match="tiene 0 de 5 vehículos: no se publica"):
        publishing.publish(run)
    assert Vehiculo.objects.count() == 0


def test_calls_and_batches_are_recorded_as_they_happened(speaking):
    standin = speaking(StandIn({"meta-llama/llama-3.2-3b-instruct:free": ["ok", "truncated", "e500"], "*": "ok"}))
    summary = make(ai(30))
    assert Vehiculo.objects.filter(origen="ia").count() == 30
    calls = Llamada.objects.all()
    assert len(calls) == len(standin.calls)
    assert [c.modelo_pedido for c in calls] == [c.model for c in standin.calls]
    assert {"bien", "cortada", "fallo_pasajero"} <= {c.resultado for c in calls}
    assert sum(c.conservados + c.reparados for c in calls) == 30
    assert sum(b.vehiculos for b in Lote.objects.all()) == 30
    assert summary.calls.calls == len(calls)
    assert summary.untouched + summary.repaired == 30
    assert sum(m.vehicles for m in summary.models) == 30
    assert summary.calls.tokens > 0


def stop_after(batches):
    left = [batches]

    def hear(event):
        if isinstance(event, BatchDone):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

    return hear


def test_an_interrupted_run_keeps_what_it_made_and_goes_on_from_there(speaking):
    standin = speaking(StandIn())
    with pytest.raises(Interrupted) as stop:
        start(ai(40), Order(), stop_after(3), quiet)
    assert (stop.value.made, stop.value.amount) == (15, 40)
    assert Vehiculo.objects.count() == 0
    run = Ejecucion.objects.get()
    assert (run.estado, run.motivo) == ("interrumpida", "interrumpida por el usuario")
    kept = set(run.vehiculos.values_list("bastidor", flat=True))
    summary = resume(run.pk, Order(), quiet, quiet)
    assert len(standin.calls) == 8
    assert summary.delivered == 40
    assert kept <= set(Vehiculo.objects.values_list("bastidor", flat=True))


def test_a_resumed_run_without_ai_left_is_filled_with_local_data(speaking):
    speaking(StandIn())
    with pytest.raises(Interrupted):
        start(ai(20), Order(), stop_after(2), quiet)
    summary = resume(None, Order(offline=True), quiet, quiet)
    assert (summary.from_ai, summary.local) == (10, 10)


def test_there_is_nothing_to_resume():
    with pytest.raises(NothingToResumeError, match="No hay ninguna ejecución interrumpida que reanudar"):
        resume(None, Order(), quiet, quiet)
    make(local(3))
    with pytest.raises(NothingToResumeError, match="No hay la ejecución"):
        resume(Ejecucion.objects.get().pk, Order(), quiet, quiet)


def test_a_second_run_on_the_same_stock_is_refused_while_one_works():
    first = lifecycle.begin(local(5), replaces=False).run
    with pytest.raises(RunInProgressError, match=rf"ejecución {first.pk}, 5 vehículos"):
        make(local(5))
    with pytest.raises(RunInProgressError):
        resume(None, Order(), quiet, quiet)
    lifecycle.interrupt(first, "")
    make(local(5))


@pytest.mark.parametrize("pid", [4_194_305, os.getpid()], ids=["gone", "used again by another"])
def test_a_dead_owner_does_not_hold_the_stock(pid):
    run = lifecycle.begin(local(5), replaces=False).run
    host = run.propietario.split(":")[0]
    Ejecucion.objects.update(propietario=f"{host}:{pid}:1")
    make(local(4, seed=8))
    run.refresh_from_db()
    assert (run.estado, run.motivo) == ("interrumpida", "el proceso terminó de golpe")
    resume(run.pk, Order(), quiet, quiet)
    assert Vehiculo.objects.count() == 9


@pytest.mark.parametrize(("silent", "dead"), [(timedelta(minutes=1), False), (timedelta(minutes=6), True)])
def test_an_owner_elsewhere_is_dead_after_its_lease(silent, dead):
    lifecycle.begin(local(5), replaces=False)
    Ejecucion.objects.update(propietario="otra-maquina:1:1", latido=timezone.now() - silent)
    if dead:
        make(local(5))
    else:
        with pytest.raises(RunInProgressError):
            make(local(5))


def test_a_beat_moves_the_sign_of_life():
    run = lifecycle.begin(local(5), replaces=False).run
    Ejecucion.objects.update(latido=timezone.now() - timedelta(hours=1))
    ownership.beat(run)
    run.refresh_from_db()
    assert timezone.now() - run.latido < timedelta(minutes=1)


def test_vehicles_whose_identity_came_into_the_stock_meanwhile_are_made_again(speaking):
    speaking(StandIn())
    with pytest.raises(Interrupted):
        start(ai(30), Order(), stop_after(1), quiet)
    run = Ejecucion.objects.get()
    staged = run.vehiculos.order_by("indice").values(*FIELDS)[0]
    Vehiculo.objects.create(**staged)
    resume(None, Order(), quiet, quiet)
    assert Vehiculo.objects.count() == 31


def test_a_refused_key_keeps_what_was_made_and_frees_the_stock(speaking):
    speaking(StandIn({"*": ["ok", "bad_key"]}))
    with pytest.raises(ProviderError, match="DEEPSEEK_API_KEY"):
        make(ai(20))
    run = Ejecucion.objects.get()
    assert run.estado == "interrumpida"
    assert run.vehiculos.count() == 5
    assert run.llamadas.count() == 2
    summary = resume(None, Order(offline=True), quiet, quiet)
    assert (summary.delivered, summary.local) == (20, 15)


def test_a_brand_outside_the_catalogue_is_published_unverified(speaking):
    speaking(StandIn())
    make(ai(12, brand="Lada"))
    assert set(Vehiculo.objects.values_list("marca", "verificado")) == {("Lada", False)}
    assert Vehiculo.objects.count() == 12


def test_a_brand_outside_the_catalogue_needs_a_model():
    with pytest.raises(UnknownBrandError, match=r"'Lada' no está en el catálogo.* DEEPSEEK_API_KEY"):
        make(local(5, brand="Lada"))
    assert not Ejecucion.objects.exists()


def test_an_unlisted_brand_that_fails_keeps_what_was_made(speaking):
    speaking(StandIn({live.DEEPSEEK_MODEL: ["ok", *["content_empty"] * 9], "*": "content_empty"}))
    with pytest.raises(ProviderError, match="de Lada, que no está en el catálogo"):
        make(ai(20, brand="Lada"))
    run = Ejecucion.objects.get()
    assert (run.estado, run.vehiculos.count() > 0, Vehiculo.objects.count()) == ("interrumpida", True, 0)
    speaking(StandIn())
    assert resume(None, Order(), quiet, quiet).delivered == 20


def test_an_unknown_brand_begins_no_run():
    with pytest.raises(UnknownBrandError, match="¿Quería decir SEAT"):
        make(local(5, brand="Seta"))
    assert not Ejecucion.objects.exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("x.pdf", "use una extensión .csv, .json, .jsonl"),
        ("no/existe/x.csv", "No se puede escribir"),
        (".csv", "extensión"),
    ],
)
def test_an_output_that_cannot_be_written_is_said_before_anything_is_made(tmp_path, name, complaint):
    with pytest.raises(OutputError, match=complaint):
        make(local(5), output=tmp_path / name)
    assert not Ejecucion.objects.exists()


@pytest.mark.parametrize("kind", [ai, local])
def test_a_disk_that_fills_up_at_the_end_costs_nothing(tmp_path, monkeypatch, speaking, kind):
    def full(path):
        raise OSError(errno.ENOSPC, "")

    speaking(StandIn())
    monkeypatch.setitem(export._FORMATS, ".csv", full)
    with pytest.raises(OutputError, match=r"el disco está lleno.* --reanudar \d+ --salida"):
        make(kind(5), output=tmp_path / "x.csv")
    assert Vehiculo.objects.count() == 0
    monkeypatch.setitem(export._FORMATS, ".csv", export._Csv)
    resume(None, Order(output=tmp_path / "x.csv"), quiet, quiet)
    assert Vehiculo.objects.count() == 5
    assert len((tmp_path / "x.csv").read_text("utf-8").splitlines()) == 6


def test_the_file_of_a_run_in_one_go_is_the_stock(tmp_path):
    make(local(60), output=tmp_path / "x.jsonl")
    rows = {r["bastidor"]: r for r in map(json.loads, (tmp_path / "x.jsonl").read_text("utf-8").splitlines())}
    for row in Vehiculo.objects.values(*FIELDS):
        assert rows[row["bastidor"]] == json.loads(json.dumps(row, default=str))


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="another lock")
def test_a_locked_database_is_said_plainly():
    path = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["OPTIONS"]["timeout"] = 0.2
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseProblemError, match="bloqueada por otro proceso"):
            make(local(5))
    finally:
        blocker.rollback()
        blocker.close()
        connection.settings_dict["OPTIONS"]["timeout"] = live.DATABASES["default"]["OPTIONS"]["timeout"]
        connection.close()


def test_the_summary_counts_rows_not_hopes(speaking):
    speaking(StandIn({"*": ["wrong_fields", "e500"]}))
    summary = make(ai(25))
    assert summary.delivered == 25 == summary.untouched + summary.repaired + summary.local
    assert summary.from_ai == Vehiculo.objects.filter(origen="ia").count()
    run = Ejecucion.objects.get()
    assert summarise(run).delivered == 0, "after tidying only the calls are left to count"


def test_export_and_generation_share_the_columns():
    assert set(FIELDS) == {f.attname for f in Vehiculo._meta.fields}
    assert generation.FIELDS is export.FIELDS


def taken_over(run_id):
    """Somebody on another machine has taken this process for dead, and works on its run."""
    Ejecucion.objects.filter(pk=run_id).update(propietario="otra-maquina:7:7", latido=timezone.now())


@pytest.mark.parametrize("amount", [60, 5])
def test_who_was_taken_for_dead_writes_no_more_of_its_run(speaking, amount):
    """With 60 vehicles it finds out at the next batch, with 5 as it publishes."""
    speaking(StandIn())
    lines = []

    def hear(event):
        lines.append(event)
        if isinstance(event, BatchDone):
            taken_over(Ejecucion.objects.get().pk)

    with pytest.raises(LostRunError, match="otro la sigue"):
        start(ai(amount), Order(), hear, quiet)
    run = Ejecucion.objects.get()
    assert (run.estado, run.activa, run.propietario) == (Ejecucion.Estado.EN_CURSO, True, "otra-maquina:7:7")
    assert run.vehiculos.count() == min(amount, len(next(e for e in lines if isinstance(e, BatchDone)).vehicles))
    assert not Vehiculo.objects.exists(), "it is the other's to publish"


def test_who_was_taken_for_dead_does_not_publish_in_one_go_either():
    run = lifecycle.begin(local(5), replaces=False).run
    taken_over(run.pk)
    with pytest.raises(LostRunError), publishing.in_one_go(run):
        pass
    assert not Vehiculo.objects.exists()


def test_a_cancelled_run_is_written_no_more_by_its_old_owner():
    claim = lifecycle.begin(local(5), replaces=False)
    taken_over(claim.run.pk)
    ownership.drop(Ejecucion.objects.get())
    with pytest.raises(LostRunError):
        generation.carry_out(claim, Order(stepwise=True), quiet, quiet)
    assert Ejecucion.objects.get().estado == Ejecucion.Estado.CANCELADA
    assert not VehiculoGenerado.objects.exists()


def searched_by():
    with connection.cursor() as cursor:
        return sorted(connection.introspection.get_constraints(cursor, "stock"))


@pytest.mark.parametrize("stepwise", [False, True])
def test_indexes_that_a_large_run_did_without_are_there_afterwards(monkeypatch, stepwise):
    monkeypatch.setattr("apps.stock.bulk._WORTH_BUILDING", 10)
    before = searched_by()
    stages = []
    monkeypatch.setattr(publishing.bulk, "inserting", looking(publishing.bulk.inserting, stages))
    monkeypatch.setattr(publishing, "_copy", looking_at_once(publishing._copy, stages))
    make(local(20), stepwise=stepwise)
    assert [before != stage for stage in stages] == [connection.vendor == "sqlite"], "while rows come in"
    assert searched_by() == before
    make(local(15, seed=4), stepwise=stepwise)
    assert stages[1:] == [before], "fewer than there are"
    assert Vehiculo.objects.count() == 35


def test_a_large_run_that_fails_leaves_the_indexes(monkeypatch):
    monkeypatch.setattr("apps.stock.bulk._WORTH_BUILDING", 10)
    before = searched_by()

    def fail(event):
        if isinstance(event, BatchDone):
            raise FlotiaError("el disco está lleno")

    with pytest.raises(FlotiaError, match="lleno"):
        start(local(20), Order(), fail, quiet)
    assert (searched_by(), Vehiculo.objects.count()) == (before, 0)


def looking(inserting, stages):
    @contextmanager
    def instead(table):
        stages.append(searched_by())
        with inserting(table) as insert:
            yield insert

    return instead


def looking_at_once(copy, stages):
    def instead(*given, **more):
        stages.append(searched_by())
        copy(*given, **more)

    return instead
