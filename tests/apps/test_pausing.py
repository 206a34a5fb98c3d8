"""Runs that wait when calls or quota end: what is kept, what is said, and exactly so many calls."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.stock.models import Ejecucion, Llamada, Vehiculo
from apps.stock.runs.generation import Interrupted, Order, Paused, resume, start
from apps.stock.runs.lifecycle import Changes
from flotia.errors import RequestError
from flotia.events import BatchDone, ModelAsked
from flotia.request import Profile, Request, WhenExhausted
from tests.conftest import TODAY
from tests.doubles.standin import Account, StandIn

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = pytest.mark.parametrize("profile", list(Profile))
COMMAND = "migrate_stock_and_scrape"


def request(amount, **more):
    return Request(amount=amount, seed=3, today=TODAY, **{"when_exhausted": WhenExhausted.PAUSE, **more})


def quiet(_):
    pass


def go(asked, hear=quiet):
    return start(asked, Order(), hear, quiet)


def on(run_id=None, hear=quiet, **changes):
    return resume(run_id, Order(), hear, quiet, Changes(**changes))


def stopping_at(kind, times):
    left = [times]

    def hear(event):
        left[0] -= isinstance(event, kind)
        if left[0] == 0:
            raise KeyboardInterrupt

    return hear


@BOTH
def test_a_spent_budget_pauses_the_run_and_leaves_the_stock_as_it_was(speaking, profile):
    """Exactly so many calls, all that they gave is kept, and a script sees why."""
    go(Request(amount=4, seed=9, use_ai=False, today=TODAY))
    standin = speaking(StandIn())
    with pytest.raises(Paused) as pause:
        go(request(300, budget=3, profile=profile))
    assert len(standin.calls) == 3
    run = Ejecucion.objects.latest("id")
    assert (run.estado, run.activa, run.sigue_desde) == ("interrumpida", None, None)
    assert run.motivo == pause.value.reason == "Se ha gastado el presupuesto de 3 llamadas."
    assert (pause.value.made, pause.value.amount) == (run.vehiculos.count(), 300)
    assert run.vehiculos.filter(origen="ia").count() == pause.value.made >= 30
    assert Vehiculo.objects.count() == 4


@BOTH
def test_resuming_a_spent_budget_grants_it_again_until_all_is_there(speaking, profile):
    standin = speaking(StandIn())
    asked = request(60, budget=3, profile=profile)
    goes = 1
    with pytest.raises(Paused):
        go(asked)
    while True:
        assert len(standin.calls) == 3 * goes
        goes += 1
        try:
            summary = on()
            break
        except Paused:
            continue
    assert summary.delivered == summary.from_ai == 60 == Vehiculo.objects.count()
    assert 3 * (goes - 1) < len(standin.calls) <= 3 * goes
    assert Llamada.objects.count() == len(standin.calls) == summary.calls.calls


def test_what_is_left_of_a_budget_is_all_that_a_resumed_run_has(speaking):
    standin = speaking(StandIn())
    with pytest.raises(Interrupted):
        go(request(300, budget=5, profile=Profile.SPECIFICATION), stopping_at(BatchDone, 2))
    assert len(standin.calls) == 2
    with pytest.raises(Paused):
        on()
    assert len(standin.calls) == 5 == Llamada.objects.count()


def test_calls_given_up_in_flight_count_against_the_budget(speaking):
    """They were sent: that they are missing in the stock does not make them unmade."""
    standin = speaking(StandIn(latency=0.2))
    with pytest.raises(Interrupted):
        go(request(300, budget=6, lanes=2), stopping_at(ModelAsked, 2))
    assert [c.resultado for c in Llamada.objects.all()] == ["interrumpida"] * 2
    with pytest.raises(Paused):
        on()
    assert Llamada.objects.count() == 6
    assert len([c for c in standin.calls if c.slots]) <= 6


def test_a_budget_at_the_resumption_takes_the_place_of_the_old_one(speaking):
    standin = speaking(StandIn())
    with pytest.raises(Paused):
        go(request(300, budget=3, profile=Profile.SPECIFICATION))
    with pytest.raises(Paused):
        on(budget=7)
    assert len(standin.calls) == 10
    assert Ejecucion.objects.get().presupuesto == 7


def test_going_on_with_local_data_may_be_decided_at_the_resumption(speaking):
    standin = speaking(StandIn())
    with pytest.raises(Paused):
        go(request(300, budget=3, profile=Profile.SPECIFICATION))
    summary = on(budget=0, when_exhausted=WhenExhausted.LOCAL)
    assert (len(standin.calls), summary.from_ai, summary.local) == (3, 30, 270)


@BOTH
def test_a_spent_budget_leaves_the_rest_to_local_data_unless_told_otherwise(speaking, profile):
    standin = speaking(StandIn())
    summary = go(request(120, budget=2, profile=profile, when_exhausted=WhenExhausted.LOCAL))
    assert len(standin.calls) == 2
    assert summary.from_ai + summary.local == 120 == Vehiculo.objects.count()
    assert summary.from_ai == Vehiculo.objects.filter(origen="ia").count() > 0


def test_a_daily_limit_pauses_the_run_and_keeps_the_hour_it_resumes(speaking):
    speaking(StandIn({"*": ["ok", "daily_limit"]}))
    with pytest.raises(Paused) as pause:
        go(request(300, lanes=1))
    run = Ejecucion.objects.get()
    assert run.sigue_desde.timestamp() == pause.value.resumes
    assert timezone.now() < run.sigue_desde < timezone.now() + timedelta(days=1, minutes=1)
    assert run.vehiculos.count() == pause.value.made > 0
    speaking(StandIn())
    Ejecucion.objects.update(al_agotar="local")
    on(run.pk)
    run.refresh_from_db()
    assert (run.estado, run.sigue_desde) == ("publicada", None)


@pytest.mark.parametrize("changes", [{"budget": 5}, {"lanes": 2}, {"when_exhausted": WhenExhausted.LOCAL}])
def test_a_run_without_ai_takes_no_changes_about_calls(changes):
    with pytest.raises(Interrupted):
        go(request(30, use_ai=False), stopping_at(BatchDone, 1))
    with pytest.raises(RequestError, match=r"se pidió sin IA.* reanúdela sin --"):
        on(**changes)
    assert Ejecucion.objects.get().estado == "interrumpida", "nothing was claimed"
    assert on().delivered == 30


@pytest.mark.parametrize(
    ("changes", "words"), [({"lanes": 300}, "de 1 a 256"), ({"budget": 2**40}, "no puede pasar de")]
)
def test_changes_out_of_range_change_nothing(speaking, changes, words):
    speaking(StandIn())
    with pytest.raises(Paused):
        go(request(300, budget=1))
    with pytest.raises(RequestError, match=words):
        on(**changes)
    run = Ejecucion.objects.get()
    assert (run.estado, run.presupuesto, run.paralelo) == ("interrumpida", 1, None)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_says_how_to_go_on_and_ends_with_its_own_code(speaking, capsys):
    speaking(StandIn({"*": ["ok", "daily_limit"]}))
    with pytest.raises(SystemExit) as end:
        call_command(COMMAND, "--usar-ia", "--cantidad", "300", "--paralelo", "1", "--al-agotar", "pausar")
    assert end.value.code == 75
    run = Ejecucion.objects.get()
    said = capsys.readouterr().err
    assert f"En pausa: {run.vehiculos.count()} de 300 vehículos guardados." in said
    assert f"Vuelve a haber cupo a las {timezone.localtime(run.sigue_desde):%H:%M}" in said
    assert said.rstrip().endswith(f"python manage.py {COMMAND} --reanudar {run.pk}")


def test_the_flags_are_stored_with_the_run(speaking):
    speaking(StandIn())
    call_command(
        COMMAND, "--usar-ia", "--cantidad", "8", "--paralelo", "2", "--presupuesto", "9", "--al-agotar", "pausar",
        "--usar-cache",
    )  # fmt: skip
    run = Ejecucion.objects.get()
    assert (run.perfil, run.paralelo, run.presupuesto) == ("adaptativo", 2, 9)
    assert (run.al_agotar, run.usa_cache, run.estado) == ("pausar", True, "publicada")


def test_the_cache_works_without_ai_and_what_it_lacks_is_local(speaking):
    standin = speaking(StandIn())
    call_command(COMMAND, "--cantidad", "8", "--usar-cache")
    assert standin.calls == []
    assert Vehiculo.objects.filter(origen="aleatorio").count() == 8


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--presupuesto", "5"], "Sin --usar-ia no se llama a ningún modelo: añádalo, o quite --presupuesto."),
        (["--paralelo", "2", "--al-agotar", "local"], "quite --paralelo y --al-agotar."),
        (["--usar-ia", "--perfil", "especificacion", "--paralelo", "2"], "de una en una"),
        (["--usar-ia", "--paralelo", "0"], "de 1 a 256"),
        (["--usar-ia", "--presupuesto", "-1"], "no puede ser -1"),
        (["--usar-ia", "--presupuesto", str(2**31)], "no puede pasar de"),
        (["--usar-ia", "--presupuesto", "mucho"], "'mucho' no es un número entero: escriba --presupuesto 50"),
        (["--reanudar", "--perfil", "adaptativo"], "no admite --perfil. Sí puede cambiar --presupuesto"),
        (["--reanudar", "--usar-cache", "--reemplazar"], "no admite --usar-cache ni --reemplazar"),
    ],
)
def test_flags_that_make_no_sense_are_refused_in_a_sentence(flags, words):
    with pytest.raises(CommandError) as refusal:
        call_command(COMMAND, *flags)
    assert words in str(refusal.value)
    assert not Ejecucion.objects.exists()


@pytest.mark.parametrize(
    ("then", "what"), [("local", "el resto serán datos locales"), ("pausar", "quedará en pausa para seguirla")]
)
def test_a_quota_that_will_not_do_is_said_before_the_first_call(speaking, caplog, then, what):
    speaking(StandIn(account=Account(per_day=3, key="sk-x")), key="sk-x")
    logger = logging.getLogger("apps.stock")
    logger.addHandler(caplog.handler)
    with suppress(SystemExit):
        call_command(COMMAND, "--usar-ia", "--cantidad", "1000", "--al-agotar", then)
    logger.removeHandler(caplog.handler)
    lines = [f"{r.levelname}: {r.getMessage()}" for r in caplog.records]
    first_call = next(n for n, line in enumerate(lines) if line.startswith("INFO: Generando vehículos con modelo"))
    told = [n for n, line in enumerate(lines) if line.startswith("INFO: Hacen falta unas ") and "quedan 3 hoy" in line]
    warned = [n for n, line in enumerate(lines) if line.startswith("WARNING: El cupo de hoy no alcanza")]
    assert len(told) == len(warned) == 1
    assert told[0] < warned[0] < first_call
    assert what in lines[warned[0]]
    assert "Vuelve a estar entero a las " in lines[warned[0]]


def test_a_quota_that_will_do_is_one_line(speaking, caplog):
    speaking(StandIn(account=Account(per_day=50, key="sk-x")), key="sk-x")
    logger = logging.getLogger("apps.stock")
    logger.addHandler(caplog.handler)
    call_command(COMMAND, "--usar-ia", "--cantidad", "20")
    logger.removeHandler(caplog.handler)
    assert "quedan 50 hoy" in caplog.text
    assert "no alcanza" not in caplog.text
