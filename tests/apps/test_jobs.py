"""Runs in the background: the queue, pause, resumption and cancelling, and what becomes of a run whose worker dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.utils import timezone

from apps.stock.errors import JobError
from apps.stock.models import Ejecucion, Evento, Lote, Vehiculo, VehiculoGenerado
from apps.stock.runs import jobs, ownership, worker
from apps.stock.runs.generation import Interrupted, Order, Paused, resume, start
from apps.stock.runs.lifecycle import Changes
from flotia.errors import FlotiaError, RequestError, UnknownBrandError
from flotia.events import BatchDone
from flotia.request import Profile, Request, WhenExhausted
from tests.conftest import TODAY
from tests.doubles.standin import StandIn, serving

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
State = Ejecucion.Estado


def request(amount=60, **more):
    return Request(amount=amount, seed=3, today=TODAY, **more)


def queued(amount=60, **more):
    return jobs.enqueue(request(amount, **more), Order())


def at_work(amount=60, **more):
    """A run that a process elsewhere works on: this one, as far as anybody can see."""
    run = queued(amount, **more)
    return ownership.claim_queued() or run


def dead(run):
    """Its process is gone."""
    Ejecucion.objects.filter(pk=run.pk).update(propietario=f"{os.uname().nodename}:{2**22 + 1}:1")
    return run


def state(run):
    run.refresh_from_db()
    return run.estado


def told(run):
    return [e.tipo for e in Evento.objects.filter(ejecucion=run)]


def quiet(_):
    pass


# --- the queue -------------------------------------------------------------------------------------------------------


def test_a_queued_run_waits_for_the_worker_which_publishes_it(speaking):
    speaking(StandIn())
    run = queued(30)
    assert (run.estado, run.activa, Vehiculo.objects.count()) == (State.EN_COLA, None, 0)
    assert worker.work_off() is True
    assert (state(run), Vehiculo.objects.filter(origen="ia").count()) == (State.PUBLICADA, 30)
    assert run.recuento == {"ia": 30}
    assert worker.work_off() is False
    assert (told(run)[0], told(run)[-1]) == ("cola", "publicada")


def test_runs_are_carried_out_in_the_order_in_which_they_were_asked_for():
    runs = [queued(5, use_ai=False) for _ in range(3)]
    for run in runs:
        assert worker.work_off()
        assert state(run) == State.PUBLICADA
    assert Vehiculo.objects.count() == 15


def test_a_queued_run_waits_while_another_holds_the_stock():
    first = at_work(5, use_ai=False)
    second = queued(5, use_ai=False)
    assert worker.work_off() is False
    assert (state(first), state(second)) == (State.EN_CURSO, State.EN_COLA)


@pytest.mark.parametrize(
    ("asked", "order", "error"),
    [
        (dict(brand="Sead"), Order(), UnknownBrandError),
        (dict(budget=2**40), Order(), RequestError),
        (dict(), Order(output=Path("x.csv")), JobError),
    ],
)
def test_what_can_be_known_to_fail_is_not_queued(asked, order, error):
    with pytest.raises(error):
        jobs.enqueue(request(5, **asked), order)
    assert not Ejecucion.objects.exists()


def test_the_queue_has_an_end(monkeypatch):
    monkeypatch.setattr(jobs, "LONGEST_QUEUE", 2)
    queued(), queued()
    with pytest.raises(JobError, match="Ya hay 2 generaciones en cola"):
        queued()


def test_what_was_asked_for_is_carried_out_as_asked(speaking):
    standin = speaking(StandIn())
    start(request(4, use_ai=False), Order(), quiet, quiet)
    run = jobs.enqueue(request(6), Order(replaces=True, offline=True))
    worker.work_off()
    assert (standin.calls, state(run), Vehiculo.objects.count()) == ([], State.PUBLICADA, 6)


def test_a_local_run_of_the_worker_is_saved_on_the_way():
    """So that it can be watched and stopped, and nobody else waits for the database as long as it lasts."""
    run = queued(5, use_ai=False)
    worker.work_off()
    assert state(run) == State.PUBLICADA
    assert "lote" in told(run)


def test_what_ends_a_run_does_not_end_the_worker(speaking):
    speaking(StandIn({"*": ["bad_key"]}))
    run = queued(30)
    assert worker.work_off()
    assert state(run) == State.INTERRUMPIDA
    assert run.motivo


# --- pause, resumption, cancelling -----------------------------------------------------------------------------------


def test_a_waiting_run_is_paused_and_goes_on_with_all_that_was_asked():
    run = queued(5, use_ai=False)
    for _ in range(2):
        assert jobs.pause(run).estado == State.INTERRUMPIDA
    assert worker.work_off() is False
    for _ in range(2):
        assert jobs.resume(run).estado == State.EN_COLA
    worker.work_off()
    assert (state(run), Vehiculo.objects.count()) == (State.PUBLICADA, 5)


def in_the_background(monkeypatch=None):
    """A worker in a thread of its own."""
    from django.db import connection

    def go():
        try:
            worker.work_off()
        finally:
            connection.close()

    thread = threading.Thread(target=go)
    thread.start()
    return thread


def until(condition, seconds=20):
    late = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < late
        time.sleep(0.02)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_run_at_work_pauses_within_a_second_and_nothing_is_lost(speaking, profile):
    standin = speaking(StandIn(latency=0.15))
    run = queued(400, profile=profile, lanes=None if profile is Profile.SPECIFICATION else 2)
    thread = in_the_background()
    until(lambda: Lote.objects.count() >= 2)
    asked_at = time.monotonic()
    assert jobs.pause(run).estado == State.EN_CURSO
    thread.join(20)
    took = time.monotonic() - asked_at
    assert took < 2.0, "a loaded machine takes a little longer than the second that is promised"
    assert (state(run), run.orden, run.motivo) == (State.INTERRUMPIDA, "", "en pausa: lo pidió el usuario")
    kept = run.vehiculos.count()
    assert 0 < kept == sum(run.recuento.values()) < 400
    assert Vehiculo.objects.count() == 0
    calls = len(standin.calls)
    standin.latency = 0.0
    jobs.resume(run)
    worker.work_off()
    assert (state(run), Vehiculo.objects.count()) == (State.PUBLICADA, 400)
    assert len(standin.calls) > calls
    assert told(run).count("pausa") == 1


def test_a_cancelled_run_leaves_the_stock_as_it_was(speaking):
    start(request(4, use_ai=False), Order(), quiet, quiet)
    speaking(StandIn(latency=0.15))
    run = jobs.enqueue(request(400, lanes=2), Order(replaces=True))
    thread = in_the_background()
    until(lambda: Lote.objects.filter(ejecucion=run).exists())
    jobs.cancel(run)
    assert jobs.pause(run).orden == "cancelar", "who has cancelled cannot pause any more"
    thread.join(20)
    assert (state(run), run.activa, VehiculoGenerado.objects.count()) == (State.CANCELADA, None, 0)
    assert Vehiculo.objects.count() == 4
    assert jobs.cancel(run).estado == State.CANCELADA
    assert told(run)[-1] == "cancelada"
    assert worker.work_off() is False


def test_a_run_of_the_command_is_paused_and_cancelled_just_as_well(speaking):
    """It ends as after Ctrl-C; of a cancelled one nothing can be taken up."""
    speaking(StandIn())

    def paused(event):
        if isinstance(event, BatchDone) and event.batch == 1:
            jobs.pause(Ejecucion.objects.get())
            time.sleep(0.6)

    with pytest.raises(Interrupted) as stop:
        start(request(200, lanes=1), Order(), paused, quiet)
    assert stop.value.made == Ejecucion.objects.get().vehiculos.count() > 0

    def cancelled(event):
        if isinstance(event, BatchDone):
            jobs.cancel(Ejecucion.objects.get())
            time.sleep(0.6)

    with pytest.raises(FlotiaError, match="se ha cancelado: el stock queda como estaba"):
        resume(None, Order(), cancelled, quiet)
    assert Ejecucion.objects.get().estado == State.CANCELADA


def test_an_order_between_the_last_vehicle_and_the_stock_is_obeyed(speaking):
    speaking(StandIn())

    def hear(event):
        if isinstance(event, BatchDone) and event.total == event.amount:
            jobs.pause(Ejecucion.objects.get())

    with pytest.raises(Interrupted):
        start(request(10), Order(), hear, quiet)
    assert (Ejecucion.objects.get().estado, Vehiculo.objects.count()) == (State.INTERRUMPIDA, 0)


def test_cancelling_wins_over_an_end_that_comes_by_itself(speaking):
    speaking(StandIn())

    def hear(event):
        if isinstance(event, BatchDone):
            jobs.cancel(Ejecucion.objects.get())

    with pytest.raises(Paused):
        start(request(300, budget=1, when_exhausted=WhenExhausted.PAUSE), Order(), hear, quiet)
    assert Ejecucion.objects.get().estado == State.CANCELADA


def test_a_local_run_of_the_command_cannot_be_stopped_from_elsewhere():
    """It is one transaction, which on SQLite keeps every writer waiting."""
    run = at_work(5, use_ai=False)
    Ejecucion.objects.update(de_una_vez=True)
    for ask in (jobs.pause, jobs.cancel, jobs.resume):
        with pytest.raises(JobError, match="una sola transacción"):
            ask(run)
    dead(run)
    assert jobs.pause(run).estado == State.INTERRUMPIDA


@pytest.mark.parametrize("over", [State.PUBLICADA, State.CANCELADA])
def test_nothing_can_be_done_with_a_run_that_is_over(over):
    run = queued()
    Ejecucion.objects.update(estado=over)
    for ask in (jobs.pause, jobs.resume, *([jobs.cancel] if over == State.PUBLICADA else [])):
        with pytest.raises(JobError, match=f"ya está {over.label}"):
            ask(run)
    assert state(run) == over


def test_changes_come_with_the_resumption(speaking):
    standin = speaking(StandIn())
    run = queued(300, budget=3, profile=Profile.SPECIFICATION, when_exhausted=WhenExhausted.PAUSE)
    worker.work_off()
    assert (state(run), len(standin.calls)) == (State.INTERRUMPIDA, 3)
    with pytest.raises(RequestError):
        jobs.resume(run, Changes(lanes=4))
    assert state(run) == State.INTERRUMPIDA
    jobs.resume(run, Changes(budget=7))
    worker.work_off()
    assert len(standin.calls) == 10
    jobs.resume(run)
    worker.work_off()
    assert len(standin.calls) == 17


def test_a_run_at_work_is_not_changed():
    run = at_work()
    assert jobs.resume(run).estado == State.EN_CURSO
    with pytest.raises(JobError, match="páusela antes"):
        jobs.resume(run, Changes(budget=5))
    jobs.pause(run)
    with pytest.raises(JobError, match="todavía está parando"):
        jobs.resume(run)


# --- workers that die ------------------------------------------------------------------------------------------------


def test_the_run_of_a_dead_worker_is_taken_up_by_the_next_one():
    run = dead(at_work(5, use_ai=False))
    assert worker.work_off()
    assert (state(run), run.caidas, Vehiculo.objects.count()) == (State.PUBLICADA, 1, 5)


def test_a_run_under_which_worker_after_worker_dies_is_left_alone():
    run = queued(5, use_ai=False)
    for _ in range(ownership.MOST_FALLS):
        assert ownership.claim_queued() is not None
        dead(run)
    assert worker.work_off() is False
    assert (state(run), run.motivo) == (State.INTERRUMPIDA, "el proceso terminó de golpe")
    jobs.resume(run)
    assert worker.work_off()
    assert state(run) == State.PUBLICADA


@pytest.mark.parametrize(("ask", "ends"), [(jobs.pause, State.INTERRUMPIDA), (jobs.cancel, State.CANCELADA)])
def test_the_last_word_to_a_worker_that_died_counts(ask, ends):
    run = at_work(5, use_ai=False)
    ask(run)
    dead(run)
    assert worker.work_off() is False
    assert state(run) == ends


def test_a_run_of_the_command_that_died_waits_for_its_user():
    run = at_work(5, use_ai=False)
    Ejecucion.objects.update(encargada=None)
    dead(run)
    assert worker.work_off() is False
    assert state(run) == State.INTERRUMPIDA


# --- the worker as a process -----------------------------------------------------------------------------------------


@pytest.fixture
def process(tmp_path):
    """A worker as users have it, on a database of its own: `process()` starts one."""
    environment = {
        **os.environ, "FLOTIA_DATOS": str(tmp_path), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEEPSEEK_API_KEY": "",
    }  # fmt: skip
    started = []
    with serving(StandIn(latency=0.2)) as base:
        environment["DEEPSEEK_API_BASE"] = base

        def python(code):
            setup = "import django; django.setup()\n"
            done = subprocess.run(
                [sys.executable, "-c", setup + code],
                cwd=ROOT,
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            return json.loads(done.stdout)

        def go():
            command = [sys.executable, "manage.py", "trabajador"]
            worker_process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            started.append(worker_process)
            assert "en marcha" in worker_process.stdout.readline()
            return worker_process

        go.python = python
        go.until = lambda condition: python(WAIT.replace("CONDITION", condition))
        yield go
        for worker_process in started:
            worker_process.kill()
            worker_process.wait()
            worker_process.stdout.close()


ENQUEUE = """
from apps.stock.runs import jobs
from apps.stock.runs.generation import Order
from flotia.request import Request
print(jobs.enqueue(Request(amount=120, lanes=2, seed=1), Order()).pk)
"""
WAIT = """
import time
from apps.stock.models import Ejecucion
late = time.monotonic() + 60
while True:
    run = Ejecucion.objects.get()
    if CONDITION:
        break
    assert time.monotonic() < late
    time.sleep(0.05)
print(1)
"""
LOOK = """
import json
from apps.stock.models import Ejecucion, Vehiculo
run = Ejecucion.objects.get()
print(json.dumps([run.estado, run.vehiculos.count(), Vehiculo.objects.count(), run.caidas]))
"""


@pytest.mark.parametrize(("how", "falls"), [(signal.SIGKILL, 1), (signal.SIGTERM, 0)])
def test_a_worker_that_is_killed_loses_nothing(process, how, falls):
    """Killed at once, or politely while it works: the next one goes on with what was made."""
    first = process()
    process.python(ENQUEUE)
    process.until("run.vehiculos.count() >= 20")
    first.send_signal(how)
    first.wait(20)
    status, kept, published, _ = process.python(LOOK)
    assert status == (State.EN_CURSO if how == signal.SIGKILL else State.EN_COLA)
    assert kept >= 20
    assert published == 0
    process()
    process.until("run.estado == 'publicada'")
    assert process.python(LOOK)[2:] == [120, falls]


def test_two_workers_never_take_the_same_run(postgres):
    """On a database where both can ask at the same moment."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connected:
        connected.execute("DROP DATABASE IF EXISTS trabajos")
        connected.execute("CREATE DATABASE trabajos")
    environment = {
        **os.environ, "DATABASE_URL": postgres.replace("/postgres?", "/trabajos?"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    code = """
import json, sys, threading
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.db import connection
from apps.stock.runs import jobs, ownership
from apps.stock.runs.generation import Order
from apps.stock.models import Ejecucion
from flotia.request import Request
found = []
for _ in range(12):
    jobs.enqueue(Request(amount=5, use_ai=False), Order())
    together = threading.Barrier(4)
    def claim():
        together.wait()
        run = ownership.claim_queued()
        if run is not None:
            found.append(run.pk)
        connection.close()
    threads = [threading.Thread(target=claim) for _ in range(4)]
    [t.start() for t in threads]; [t.join() for t in threads]
    Ejecucion.objects.filter(activa=True).update(activa=None, estado="cancelada")
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert len(found) == len(set(found)) == 12


def test_a_sign_of_life_is_recent(speaking):
    speaking(StandIn())
    run = queued(10)
    worker.work_off()
    run.refresh_from_db()
    assert (timezone.now() - run.latido).total_seconds() < 60
