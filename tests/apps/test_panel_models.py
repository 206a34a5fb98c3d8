"""The models' page: what is known, said to whom, and asked by whom."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.ia import accounts
from apps.ia.books import row_of
from apps.ia.models import Cuenta, ListaModelos, ModeloIA
from apps.panel import models_page
from apps.stock.models import Ejecucion, Llamada
from tests.conftest import TODAY
from tests.doubles.standin import StandIn
from tests.doubles.standin.listing import Listed

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = '</script><script>alert(1)</script>{{ 7|add:7 }}=HYPERLINK("x")'
KEY = "sk-or-v1-0123456789abcdef-secret"


@pytest.fixture(autouse=True)
def forget():
    cache.clear()
    yield
    models_page.ASKING.wait()


@pytest.fixture
def ana(client):
    client.force_login(get_user_model().objects.create_user("ana"))
    return client


@pytest.fixture
def account(settings):
    settings.DEEPSEEK_API_KEY, settings.DEEPSEEK_BASE_IS_CHOSEN = KEY, True
    settings.DEEPSEEK_MODEL, settings.DEEPSEEK_FALLBACK_MODELS = "casa/vivo:free", ["casa/nuevo:free", "casa/ido:free"]
    return row_of(accounts.configured().accounts[0])


def remember(account, model, **record):
    ModeloIA.objects.create(
        cuenta=account, modelo=model, registro={"good": 3.0, "got": 9.0, "last_asked": 1.0, **record}
    )


def call(model, outcome="bien", account="openrouter", latency=2.0, days=0, **given):
    run = Ejecucion.objects.first() or Ejecucion.objects.create(
        cantidad=5, semilla=1, usa_ia=True, perfil="adaptativo", fecha=TODAY, catalogo="x", estado="interrumpida"
    )
    kept = {"conservados": 4} if outcome == "bien" else {}
    made = Llamada.objects.create(
        ejecucion=run, lote=0, cuenta=account, modelo_pedido=model, modelo=model, resultado=outcome, pedidos=5,
        latencia=latency, **kept, **given,
    )  # fmt: skip
    Llamada.objects.filter(pk=made.pk).update(hecha=timezone.now() - timedelta(days=days))


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("address", ["/modelos/", "/modelos/estado/?dias=7"])
def test_quotas_and_what_providers_say_are_not_for_strangers(client, account, address):
    remember(account, "casa/vivo:free", failures=2, last_error="no responde")
    answer = client.get(address)
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/entrar/")


def test_with_nothing_known_the_page_says_what_to_do(ana):
    answer = ana.get("/modelos/")
    assert answer.status_code == 200
    assert "No hay ninguna cuenta configurada" in text(answer)
    assert "no se ha llamado a ningún modelo" in text(answer)


def test_every_model_of_an_account_has_its_state(ana, account):
    remember(account, "casa/vivo:free")
    remember(account, "casa/frio:free", cool_until=time.time() + 600, failures=1)
    remember(account, "casa/ido:free", retired=True, last_asked=time.time())
    remember(account, "casa/roto:free", failures=2, last_error="no responde")
    call("casa/otro", account="antigua")
    rows = {row.route.model: row.code for row in ana.get("/modelos/").context["rows"]}
    assert rows == {
        "casa/vivo:free": "vivo", "casa/nuevo:free": "sin_probar", "casa/ido:free": "retirado",
        "casa/frio:free": "enfriando", "casa/roto:free": "falla", "casa/otro": "sin_cuenta",
    }  # fmt: skip


def test_a_model_that_its_provider_does_not_list_is_said_to_be_so(ana, account):
    offer = {"model": "casa/vivo:free", "context": 32768, "parameters": [], "free": True}
    ListaModelos.objects.create(cuenta=account, ofertas=[offer], obtenida=timezone.now())
    rows = {row.route.model: row.code for row in ana.get("/modelos/").context["rows"]}
    assert rows["casa/ido:free"] == "no_listado"


def test_a_rest_is_counted_down(ana, account):
    remember(account, "casa/vivo:free", cool_until=time.time() + 600, failures=1)
    page = ana.get("/modelos/").content.decode()
    until = timezone.localtime(timezone.now() + timedelta(seconds=600))
    assert f"hasta las {until:%H:%M}" in page
    assert re.search(r'data-until="\d{4}-[^"]+">\(quedan <span>(10:00|09:5\d)</span>', page)


def test_figures_are_those_of_the_calls_of_the_period(ana, account):
    for seconds in (1.0, 2.0, 3.0):
        call("casa/vivo:free", latency=seconds)
    call("casa/vivo:free", "limite_diario", latency=0.1)
    call("casa/vivo:free", days=20)
    week = ana.get("/modelos/?dias=7")
    [row] = [r for r in week.context["rows"] if r.route.model == "casa/vivo:free"]
    assert (row.calls.calls, row.success, row.calls.per_call, row.calls.p50) == (4, 75.0, 3.0, 2.0)
    assert ana.get("/modelos/?dias=30").context["total"].calls == 5
    assert ana.get("/modelos/?dias=x").context["days"] == 30


def test_each_chart_is_data_and_a_table(ana, account):
    call("casa/vivo:free")
    call("casa/vivo:free", "fallo_pasajero")
    answer = ana.get("/modelos/?dias=7")
    page = answer.content.decode()
    found = [json.loads(x) for x in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert len(found) == len(answer.context["figures"]) == page.count("<canvas") == page.count("<details") == 5
    calls = found[0]
    assert len(calls["labels"]) == 7
    assert {s["name"]: s["values"][-1] for s in calls["series"]} == {"Bien": 1, "Fallidas": 1}
    assert "2 llamadas, de ellas 1 bien." in page


def test_a_quota_is_shown_as_used_left_and_reset(ana, account, settings):
    account.libro = {
        "account": [[50, 86400.0, "peticiones"]], "each": [], "entries": [], "day": int(time.time() // 86400), "used": 37,
        "used_by_model": {}, "closed_until": 0.0, "spent_until": 0.0, "allowances": {}, "last_number": 0, "scouts": {},
    }  # fmt: skip
    account.save()
    page = ana.get("/modelos/").content.decode()
    assert '<progress max="50" value="37"' in page
    assert "de 50 peticiones hoy; quedan 13" in page


def test_hostile_names_and_errors_are_text(ana, account):
    remember(account, HOSTILE, failures=1, last_error=HOSTILE)
    call("</script><script>alert(1)", account=HOSTILE[:40])
    page = ana.get("/modelos/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u003Cscript" in page, "in the charts' data too"
    assert "{{ 7|add:7 }}" in page


def test_no_key_is_in_the_page(ana, client, account, settings):
    settings.FLOTIA_PROVEEDORES = "groq | https://api.groq.com/openai/v1 | GROQ_API_KEY | m1 | 30/min*"
    settings.FLOTIA_API_KEYS = {"GROQ_API_KEY": "gsk_another-secret-of-ours"}
    for address in ("/modelos/", "/modelos/estado/"):
        page = ana.get(address).content.decode()
        assert "groq" in page
        for part in (KEY, "0123456789abcdef", "gsk_", "another-secret"):
            assert part not in page


@pytest.mark.parametrize("action", ["actualizar", "probar"])
def test_actions_need_a_login_a_token_and_a_form(action, settings):
    address = f"/modelos/{action}/"
    assert Client().post(address).headers["Location"].startswith("/entrar/")
    assert Client().get(address).status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(get_user_model().objects.create_user("ana"))
    assert careful.post(address).status_code == 403
    assert not models_page.ASKING.is_running


def test_settings_that_cannot_be_read_are_a_sentence(ana, settings):
    settings.FLOTIA_PROVEEDORES = "una línea sin partes"
    answer = ana.get("/modelos/")
    assert answer.status_code == 200
    assert "FLOTIA_PROVEEDORES" in text(answer)


def test_the_number_of_queries_does_not_grow(ana, account):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ana.get("/modelos/")
        return len(captured)

    call("casa/vivo:free")
    remember(account, "casa/vivo:free")
    few = queries()
    for n in range(30):
        remember(account, f"casa/m{n}")
        call(f"casa/m{n}", days=n)
    assert queries() == few <= 20


def test_a_model_is_tried_with_one_request(ana, speaking):
    standin = StandIn({"*": ["ok"] * 3})
    speaking(standin)
    model = accounts.configured().accounts[0].models[0]
    name = accounts.configured().accounts[0].name
    answer = ana.post("/modelos/probar/", {"cuenta": name, "modelo": model, "dias": "7"})
    assert answer.headers["Location"] == "/modelos/?dias=7"
    models_page.ASKING.wait()
    page = text(ana.get("/modelos/estado/"))
    assert f"{model} ({name}): 2 vehículos en" in page
    assert Cuenta.objects.get().libro["used"] == 1
    assert ModeloIA.objects.get().modelo == model


def test_a_model_that_nobody_configured_is_not_asked(ana, speaking):
    standin = StandIn({"*": ["ok"]})
    speaking(standin)
    name = accounts.configured().accounts[0].name
    ana.post("/modelos/probar/", {"cuenta": name, "modelo": "caro/de-pago"})
    models_page.ASKING.wait()
    assert "no se le pregunta" in text(ana.get("/modelos/estado/"))
    assert not ModeloIA.objects.exists()


def test_lists_are_asked_for_again(ana, speaking):
    speaking(StandIn(listed=[Listed("b:free"), Listed("c:free")]), lists=True)
    ana.post("/modelos/actualizar/")
    models_page.ASKING.wait()
    assert ListaModelos.objects.exists()
    assert "Listas al día" in text(ana.get("/modelos/"))


def test_while_something_is_asked_the_page_asks_again_and_nothing_else_begins(ana, monkeypatch):
    import threading

    gate = threading.Event()
    models_page.ASKING.start(gate.wait, "Probando algo…")
    page = ana.get("/modelos/estado/?dias=7").content.decode()
    assert 'hx-get="/modelos/estado/?dias=7"' in page
    assert "Probando algo…" in page
    assert not models_page.ASKING.start(gate.wait, "otra cosa")
    gate.set()
    models_page.ASKING.wait()
    assert "hx-get" not in ana.get("/modelos/estado/").content.decode()
