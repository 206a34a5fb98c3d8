"""The pages of runs without a browser: who may, what the form says, what the buttons do, and nothing of a model as markup."""

from __future__ import annotations

import asyncio
import json

import pytest
from django.test import Client
from django.urls import reverse

from apps.ia.models import FilaCache
from apps.panel import generate, pace
from apps.stock.models import Ejecucion, Vehiculo
from apps.stock.runs import jobs, journal, ownership, worker
from apps.stock.runs.estimate import Way, estimate
from apps.stock.runs.generation import Order
from apps.stock.runs.journal import Note
from flotia.catalogue.loader import Catalogue
from flotia.request import Profile, Request, WhenExhausted
from tests.conftest import TODAY
from tests.doubles.standin import Account, StandIn

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"cantidad": "12", "modo": "local", "perfil": "adaptativo", "al_agotar": "local"}


@pytest.fixture(autouse=True)
def fresh():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def entered(django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_user("ana"))
    return client


@pytest.fixture
def run():
    return jobs.enqueue(Request(amount=10, use_ai=False, today=TODAY), Order())


def body(answer):
    return answer.content.decode()


# --- who may ---------------------------------------------------------------------------------------------------------


def test_a_stranger_sees_no_run_and_starts_none(client, run):
    pages = ["generar", "coste", "generaciones"]
    addresses = [reverse(f"panel:{p}") for p in pages]
    addresses += [reverse(f"panel:{p}", args=[run.pk]) for p in ("generacion", "generacion_eventos")]
    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, answer.url) == (302, f"/entrar/?next={address}")
    for order in ("pausar", "reanudar", "cancelar"):
        answer = client.post(reverse(f"panel:generacion_{order}", args=[run.pk]))
        assert answer.status_code == 302
        assert answer.url.startswith("/entrar/")
    assert client.post("/generar/", FORM).url.startswith("/entrar/")
    assert [r.estado for r in Ejecucion.objects.all()] == ["en_cola"]


def test_without_its_token_no_form_does_anything(django_user_model, run):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(django_user_model.objects.create_user("ana"))
    assert strict.post("/generar/", FORM).status_code == 403
    for order in ("pausar", "cancelar"):
        assert strict.post(reverse(f"panel:generacion_{order}", args=[run.pk])).status_code == 403
    assert [r.estado for r in Ejecucion.objects.all()] == ["en_cola"]


@pytest.mark.parametrize("order", ["pausar", "reanudar", "cancelar"])
def test_nothing_is_changed_by_following_a_link(entered, run, order):
    assert entered.get(reverse(f"panel:generacion_{order}", args=[run.pk])).status_code == 405


# --- the form --------------------------------------------------------------------------------------------------------


def test_the_form_starts_a_run_and_goes_to_its_page(entered):
    asked = {
        **FORM, "modo": "ia", "cantidad": "1.200", "marca": "BMW", "perfil": "adaptativo", "presupuesto": "40", "paralelo": "3",
        "al_agotar": "pausar", "semilla": "7", "usar_cache": "1", "reemplazar": "1", "confirmo": "1",
    }  # fmt: skip
    answer = entered.post("/generar/", asked)
    run = Ejecucion.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/generacion/{run.pk}/")
    assert (run.cantidad, run.marca, run.semilla, run.presupuesto, run.paralelo) == (1200, "BMW", 7, 40, 3)
    assert (run.usa_ia, run.usa_cache, run.reemplaza, run.al_agotar) == (True, True, True, "pausar")
    assert (run.estado, run.perfil) == ("en_cola", "adaptativo")


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"cantidad": "0"}, "cantidad", "pida una cantidad entre 1 y"),
        ({"cantidad": ""}, "cantidad", "cuántos vehículos"),
        ({"cantidad": "muchos"}, "cantidad", "«muchos» no es un número entero"),
        ({"cantidad": "9" * 40}, "cantidad", "pida una cantidad entre 1 y"),
        ({"semilla": "-1"}, "semilla", "entre 0 y"),
        ({"modo": "ia", "presupuesto": "-1"}, "presupuesto", "no puede ser -1"),
        ({"modo": "ia", "paralelo": "999"}, "paralelo", "de 1 a 256"),
        ({"modo": "ia", "perfil": "especificacion", "paralelo": "2"}, "paralelo", "de una en una"),
        ({"otra_marca": "Sead"}, "marca", "SEAT"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(entered, asked, field, words):
    answer = entered.post("/generar/", {**FORM, **asked})
    assert answer.status_code == 400
    assert words in answer.context["faults"][field]
    assert f'id="fault_{"otra_marca" if field == "marca" else field}"' in body(answer)
    assert not Ejecucion.objects.exists()


def test_replacing_wants_a_second_word(entered):
    answer = entered.post("/generar/", {**FORM, "reemplazar": "1"})
    assert (answer.status_code, "confírmelo" in body(answer)) == (400, True)
    assert not Ejecucion.objects.exists()
    assert entered.post("/generar/", {**FORM, "reemplazar": "1", "confirmo": "1"}).status_code == 302


def test_what_was_written_comes_back_as_text(entered):
    answer = entered.post("/generar/", {**FORM, "cantidad": '"><script>alert(1)</script>'})
    assert "<script>alert" not in body(answer)


def test_who_starts_run_after_run_has_to_wait(entered, monkeypatch):
    monkeypatch.setattr(generate, "_MOST", 2)
    assert [entered.post("/generar/", FORM).status_code for _ in range(3)] == [302, 302, 429]
    assert Ejecucion.objects.count() == 2
    assert pace.may("generar", 10**6, most=2, seconds=600)


# --- what it will cost -----------------------------------------------------------------------------------------------


def cost(client, **asked):
    return body(client.get("/generar/coste/", {**FORM, **asked}))


def test_looking_at_the_cost_changes_nothing(entered, speaking):
    standin = speaking(StandIn())
    text = cost(entered, modo="ia", cantidad="500")
    assert "unas" in text
    assert standin.calls == []
    assert not Ejecucion.objects.exists()


def test_requests_by_the_contract_and_by_what_models_have_shown(speaking):
    speaking(StandIn())
    assert estimate(Request(amount=1000, profile=Profile.SPECIFICATION)).requests == 100
    assert estimate(Request(amount=1000, budget=7)).requests == 7
    before = estimate(Request(amount=1000))
    assert (before.way, before.is_timed) == (Way.ACCOUNTS, False)
    jobs.enqueue(Request(amount=200, seed=1), Order())
    worker.work_off()
    after = estimate(Request(amount=1000))
    assert after.is_timed
    assert after.requests <= 1000 / 20
    assert after.seconds < before.seconds


def test_the_day_s_quota_and_when_it_is_whole_again(entered, speaking):
    speaking(StandIn(account=Account(20, 50)))
    jobs.enqueue(Request(amount=60, seed=1), Order())
    worker.work_off()
    found = estimate(Request(amount=5000, profile=Profile.SPECIFICATION))
    assert 0 < found.left < 50
    assert found.is_short
    text = cost(entered, modo="ia", cantidad="5000", perfil="especificacion")
    assert "El cupo de hoy no alcanza: el resto saldrá del catálogo." in text
    assert "Se repone" in text
    assert "quedará en pausa" in cost(entered, modo="ia", cantidad="5000", perfil="especificacion", al_agotar="pausar")


def test_cars_in_the_cache_are_counted():
    catalogue = Catalogue.load()
    for n, brand in enumerate(["BMW", "BMW", "SEAT"]):
        FilaCache.objects.create(
            huella=str(n), catalogo=catalogue.fingerprint, marca=brand, modelo="x", anio=2020, fila={}
        )
    assert estimate(Request(amount=10, use_ai=False, use_cache=True)).cached == 3
    assert estimate(Request(amount=10, use_ai=False, use_cache=True, brand="bmw")).cached == 2
    assert estimate(Request(amount=10, use_ai=False)).cached == 0


def test_without_a_key_the_embedded_model_is_named(entered, settings, monkeypatch):
    assert "modelo embebido" in cost(entered, modo="ia")
    settings.FLOTIA_MODELO_LOCAL = "/no/such.gguf"
    assert estimate(Request(amount=10)).way is Way.LOCAL


# --- a run -----------------------------------------------------------------------------------------------------------


def live(answer):
    """What the page gives its script."""
    return json.loads(body(answer).split('id="vivo" type="application/json">', 1)[1].split("</script>", 1)[0])


def test_the_page_shows_a_run_as_it_stands(entered, run, speaking):
    assert "En cola" in body(entered.get(f"/generacion/{run.pk}/"))
    speaking(StandIn())
    ai = jobs.enqueue(Request(amount=60, budget=3, seed=2, when_exhausted=WhenExhausted.PAUSE), Order())
    jobs.cancel(run)
    worker.work_off()
    answer = entered.get(f"/generacion/{ai.pk}/")
    figures = answer.context["figures"]
    assert (figures.made, figures.calls) == (ai.vehiculos.count(), 3)
    assert figures.untouched + figures.repaired == figures.made > 0
    given = live(answer)
    assert (given["estado"], given["ultimo"]) == ("interrumpida", ai.eventos.last().pk)
    assert [e["tipo"] for e in given["eventos"]][-1] == "pausa"
    listed = body(entered.get("/generacion/"))
    assert "En pausa" in listed
    assert "Cancelada" in listed


def test_the_buttons_pause_resume_and_cancel(entered, run):
    for order, state in [("pausar", "interrumpida"), ("reanudar", "en_cola"), ("cancelar", "cancelada")]:
        answer = entered.post(f"/generacion/{run.pk}/{order}/")
        assert (answer.status_code, answer.url) == (302, f"/generacion/{run.pk}/")
        run.refresh_from_db()
        assert run.estado == state
    answer = entered.post(f"/generacion/{run.pk}/reanudar/")
    assert (answer.status_code, "ya está cancelada" in body(answer)) == (409, True)


def test_a_resumption_may_change_the_budget(entered, speaking):
    speaking(StandIn())
    run = jobs.enqueue(Request(amount=300, budget=1, when_exhausted=WhenExhausted.PAUSE), Order())
    worker.work_off()
    wrong = entered.post(f"/generacion/{run.pk}/reanudar/", {"presupuesto": "x"})
    assert (wrong.status_code, "no es un número entero" in body(wrong)) == (409, True)
    entered.post(f"/generacion/{run.pk}/reanudar/", {"presupuesto": "2", "al_agotar": "local"})
    worker.work_off()
    run.refresh_from_db()
    assert (run.estado, run.presupuesto, run.llamadas.count()) == ("publicada", 2, 3)


def test_a_run_whose_process_is_gone_is_shown_as_it_is(entered, run):
    ownership.claim_queued()
    Ejecucion.objects.update(propietario="", latido=None, encargada=None)
    assert "En pausa" in body(entered.get(f"/generacion/{run.pk}/"))


@pytest.mark.parametrize("number", [0, 10**12, 10**30])
def test_a_run_that_is_not_there_is_not_found(entered, number):
    for address in (f"/generacion/{number}/", f"/generacion/{number}/eventos/"):
        assert entered.get(address).status_code == 404


def test_text_of_a_model_is_never_markup(entered, run):
    evil = '</script><img src=x onerror="alert(1)">{{ 7*7 }}'
    journal.write(
        run.pk, [Note("descanso", {"modelo": evil, "cuenta": "", "hasta": "2030-01-01T00:00:00Z", "motivo": evil})]
    )
    worker.work_off()
    Ejecucion.objects.filter(pk=run.pk).update(estado="interrumpida", motivo=evil)
    text = body(entered.get(f"/generacion/{run.pk}/"))
    assert "<img src=x" not in text
    assert evil in json.dumps(live(entered.get(f"/generacion/{run.pk}/")), ensure_ascii=False).replace('\\"', '"')


def test_the_policy_forbids_what_is_inline_and_the_page_has_none(entered, run):
    for address in ("/generar/", "/generacion/", f"/generacion/{run.pk}/"):
        answer = entered.get(address)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert " style=" not in body(answer)
        assert "<script>" not in body(answer)
        assert " onclick=" not in body(answer)


# --- its events ------------------------------------------------------------------------------------------------------


def events(client, address, **headers):
    answer = client.get(address, headers=headers)

    async def all_of():
        return b"".join([piece async for piece in answer.streaming_content])

    return answer, asyncio.run(all_of()).decode()


def test_events_are_streamed_from_where_a_browser_left(entered, run):
    worker.work_off()
    everything = list(run.eventos.values_list("pk", flat=True))
    answer, told = events(entered, f"/generacion/{run.pk}/eventos/")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/event-stream", "no-store")
    assert answer["X-Accel-Buffering"] == "no"
    numbers = [int(line[4:]) for line in told.splitlines() if line.startswith("id: ")]
    assert numbers == everything
    assert told.endswith("event: fin\ndata: {}\n\n")
    middle = str(everything[1])
    for more in ({"Last-Event-ID": middle}, {}):
        _, told = events(entered, f"/generacion/{run.pk}/eventos/" + ("" if more else f"?desde={middle}"), **more)
        assert [int(x[4:]) for x in told.splitlines() if x.startswith("id: ")] == everything[2:]


def test_a_published_run_leads_to_the_stock(entered, run):
    worker.work_off()
    text = body(entered.get(f"/generacion/{run.pk}/"))
    assert "Ver el stock" in text
    assert Vehiculo.objects.count() == 10
    assert entered.get(f"/generacion/{run.pk}/").context["figures"].local == 10
