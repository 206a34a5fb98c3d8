"""Models, quotas and quality over HTTP; no key in any answer; the document and its page."""

from __future__ import annotations

import json
import time

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.api import tokens
from apps.api.models import Alcance, TokenAPI
from apps.api.problems import KINDS
from apps.ia import accounts
from apps.ia.books import row_of
from apps.ia.models import ModeloIA
from apps.stock.models import Vehiculo
from apps.stock.runs.generation import Order, start
from flotia.request import Request
from tests.apps.api_client import ApiClient, having, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-or-v1-canary0123456789"


@pytest.fixture
def client():
    cache.clear()
    return having(Alcance.READ)


@pytest.fixture
def account(settings):
    settings.FLOTIA_PROVEEDORES = "uno | https://uno.example/v1 | UNO_API_KEY | m/a, m/b | 50/dia"
    settings.FLOTIA_API_KEYS = {"UNO_API_KEY": KEY}
    settings.DEEPSEEK_API_KEY = KEY + "x"
    return next(a for a in accounts.configured().accounts if a.name == "uno")


def fill(amount=60):
    start(Request(amount=amount, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)


def test_models_tell_what_is_remembered_of_them_without_asking_anybody(client, account):
    record = {
        "good": 3,
        "bad": 1,
        "got": 30,
        "latency": 2.5,
        "last_error": "límite por minuto",
        "last_asked": time.time(),
    }
    ModeloIA.objects.create(cuenta=row_of(account), modelo="m/a", registro=record)
    lines = {line["modelo"]: line for line in client.ask("/modelos").json()["modelos"] if line["cuenta"] == "uno"}
    assert (lines["m/a"]["exito_pct"], lines["m/a"]["vehiculos_por_peticion"]) == (75.0, 7.5)
    assert (lines["m/a"]["segundos"], lines["m/a"]["ultimo_error"]) == (2.5, "límite por minuto")
    assert lines["m/b"]["estado"] == "sin_probar"


def test_quotas_tell_limits_and_what_is_left(client, account):
    quota = next(q for q in client.ask("/cuotas").json()["cuentas"] if q["cuenta"] == "uno")
    assert (quota["limites"], quota["usadas_hoy"], quota["quedan"]) == (["50/día"], 0, 50)
    assert quota["consultado_al_proveedor"] is False


def test_no_key_is_in_any_answer(client, account):
    fill(5)
    run = having(Alcance.GENERATE).send("/ejecuciones", {"cantidad": 1, "usar_ia": False}).json()["id"]
    paths = ["/vehiculos", "/ejecuciones", f"/ejecuciones/{run}", "/modelos", "/cuotas", "/calidad", "/nada"]
    told = [client.ask(path).content for path in paths] + [client.get("/api/openapi.json").content]
    for secret in ("canary", client.token, TokenAPI.objects.latest("pk").huella):
        assert not any(secret.encode() in text for text in told)


def test_quality_is_measured_on_a_sample_and_says_of_how_many(client, monkeypatch):
    fill(600)
    told = client.ask("/calidad", {"muestra": "500"}).json()
    assert (told["vehiculos"], told["en_stock"]) == (500, 600)
    assert told["nota"] > 80
    assert set(told["notas"]) == {"coherencia", "unicidad", "diversidad", "realismo"}
    monkeypatch.setattr("apps.api.quality._measured", lambda size: pytest.fail("measured again"))
    assert client.ask("/calidad", {"muestra": "500"}).json() == told


def test_quality_is_measured_anew_when_a_run_has_been_published(client):
    fill(60)
    first = client.ask("/calidad").json()
    start(Request(amount=40, seed=8, use_ai=False), Order(), lambda _: None, lambda _: None)
    assert (first["en_stock"], client.ask("/calidad").json()["en_stock"]) == (60, 100)


def test_no_stock_has_no_quality(client):
    assert not Vehiculo.objects.exists()
    assert is_problem(client.ask("/calidad"), 404, "no-encontrado")


# --- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_only_its_hash_is_kept(capsys):
    call_command("token_api", "crear", "--nombre", "web", "--alcance", "read,generate", "--caduca", "30")
    shown = capsys.readouterr()
    text = shown.out.strip()
    token = TokenAPI.objects.get()
    assert tokens.find(text) == token
    assert token.may(Alcance.READ)
    assert token.may(Alcance.GENERATE)
    assert 29 <= (token.caduca - token.creado).days <= 30
    assert text not in json.dumps([str(value) for value in TokenAPI.objects.values().get().values()])
    assert text not in shown.err
    call_command("token_api", "listar")
    listed = capsys.readouterr().out
    assert "web" in listed
    assert text not in listed
    assert token.huella not in listed


def test_a_revoked_name_can_be_given_again(capsys):
    for _ in range(2):
        call_command("token_api", "crear", "--nombre", "web")
        call_command("token_api", "revocar", "--nombre", "web")
    assert TokenAPI.objects.filter(revocado=None).count() == 0
    assert TokenAPI.objects.count() == 2
    with pytest.raises(CommandError, match="No hay ningún token"):
        call_command("token_api", "revocar", "--nombre", "web")


@pytest.mark.parametrize("flags", [["--alcance", "admin"], ["--caduca", "0"], ["--caduca", "x"], ["--nombre", ""]])
def test_what_a_token_cannot_be_is_said(flags):
    with pytest.raises(CommandError):
        call_command("token_api", "crear", "--nombre", "web", *flags)
    assert not TokenAPI.objects.exists()


def test_two_tokens_in_force_never_share_a_name():
    tokens.issue("web", [Alcance.READ])
    with pytest.raises(tokens.TokenError, match="Ya hay"):
        tokens.issue("web", [Alcance.READ])


def test_the_last_use_is_kept_by_the_hour(client):
    client.ask("/modelos")
    first = TokenAPI.objects.get().ultimo_uso
    assert first is not None
    client.ask("/modelos")
    assert TokenAPI.objects.get().ultimo_uso == first
    TokenAPI.objects.update(ultimo_uso=first - tokens._NOTED_EVERY)
    client.ask("/modelos")
    assert TokenAPI.objects.get().ultimo_uso > first


# --- the document ------------------------------------------------------------------------------------------------------


def test_the_page_of_the_document_loads_nothing_from_elsewhere_and_no_script_of_its_own():
    answer = ApiClient().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "http" not in page.replace(answer["Content-Security-Policy"], "")
    assert all("src=" in tag for tag in page.split("<script")[1:])


def test_every_kind_of_problem_is_explained_where_its_type_leads():
    page = ApiClient().get("/api/problemas").content.decode()
    assert all(f'id="{kind.slug}"' in page for kind in KINDS)


def test_every_operation_has_a_spanish_summary_and_says_its_errors_as_problems():
    document = ApiClient().get("/api/openapi.json").json()
    operations = [(path, op) for path, methods in document["paths"].items() for op in methods.values()]
    assert len(operations) == 13
    for path, operation in operations:
        assert operation["summary"]
        assert operation["operationId"]
        assert {"401", "403", "500"} <= set(operation["responses"])
        for status, response in operation["responses"].items():
            assert (list(response["content"]) == ["application/problem+json"]) == (int(status) >= 400), path
        assert ({} in operation["security"]) == ("/vehiculos" in path)
