"""What a stranger tries: each attempt is refused in the API's own words, or does nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.api import limits
from apps.api.models import Alcance, TokenAPI
from apps.stock.models import Ejecucion, Vehiculo
from apps.stock.runs.generation import Order, start
from apps.stock.search.results import SORTS
from flotia.request import Request
from tests.apps.api_client import ApiClient, having, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
WRITING = ["/ejecuciones", "/ejecuciones/1/pausar", "/ejecuciones/1/reanudar", "/ejecuciones/1/cancelar"]
READING = ["/ejecuciones", "/ejecuciones/1", "/ejecuciones/1/eventos", "/modelos", "/cuotas", "/calidad"]
INJECTIONS = [
    "' OR 1=1 --",
    "'; DROP TABLE stock; --",
    '" OR ""="',
    "1) UNION SELECT huella FROM api_token --",
    "%",
    "\\",
]


@pytest.fixture
def stock():
    start(Request(amount=20, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)
    return list(Vehiculo.objects.all())


@pytest.fixture
def client(settings):
    settings.FLOTIA_API_CREACIONES = 1_000
    return having(Alcance.READ, Alcance.GENERATE)


HEADERS = [
    "", "Bearer", "Bearer ", "Bearer x", "Bearer flotia_" + "A" * 43, "Bearer flotia_" + "ñ" * 5_000, "Basic YTpi",
]  # fmt: skip


@pytest.mark.parametrize("path", dict.fromkeys(WRITING + READING))
def test_without_a_good_token_nothing_is_read_nor_done(path):
    client = ApiClient()
    for header in HEADERS:
        headers = {"Authorization": header} if header else {}
        if path in WRITING:
            assert is_problem(client.send(path, {"cantidad": 1}, **headers), 401, "sin-identificar")
        if path in READING:
            answer = client.ask(path, **headers)
            assert is_problem(answer, 401, "sin-identificar")
            assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Ejecucion.objects.exists()


def test_a_wrong_token_is_not_taken_for_none_where_none_is_needed():
    assert ApiClient().ask("/vehiculos").status_code == 200
    assert is_problem(ApiClient("flotia_x").ask("/vehiculos"), 401, "sin-identificar")


@pytest.mark.parametrize("path", WRITING)
def test_a_token_for_reading_generates_nothing(path):
    answer = having(Alcance.READ).send(path, {"cantidad": 1})
    assert is_problem(answer, 403, "sin-permiso")
    assert 'scope="generate"' in answer["WWW-Authenticate"]
    assert not Ejecucion.objects.exists()


@pytest.mark.parametrize("path", READING)
def test_a_token_for_generating_reads_nothing(path):
    assert is_problem(having(Alcance.GENERATE).ask(path), 403, "sin-permiso")


@pytest.mark.parametrize("change", [{"caduca": timezone.now()}, {"revocado": timezone.now()}])
def test_a_token_that_is_over_is_worth_nothing(client, change):
    assert client.ask("/modelos").status_code == 200
    TokenAPI.objects.update(**change)
    assert is_problem(client.ask("/modelos"), 401, "sin-identificar")
    assert is_problem(client.send("/ejecuciones", {"cantidad": 1}), 401, "sin-identificar")


def test_a_session_of_the_panel_is_no_token(stock):
    """So a page elsewhere cannot act in the name of who has logged in."""
    member = Client(raise_request_exception=False)
    member.force_login(User.objects.create_superuser("ana", password="x"))
    answer = member.post("/api/v1/ejecuciones", {"cantidad": 1}, content_type="application/json")
    assert is_problem(answer, 401, "sin-identificar")
    assert member.get("/api/v1/vehiculos").json()["vehiculos"][0]["precio_compra"] is None


@pytest.mark.parametrize("attempt", INJECTIONS)
def test_sql_in_a_filter_is_only_looked_for(client, stock, attempt):
    for name in ("marca", "modelo", "combustible", "transmision", "tipo_vehiculo", "provincia", "color", "q"):
        answer = client.ask("/vehiculos", {name: attempt})
        assert answer.status_code == 200 or is_problem(answer, 422, "no-valido")
        if answer.status_code == 200 and attempt not in {"%", "\\"}:
            assert answer.json()["vehiculos"] == []
    assert Vehiculo.objects.count() == len(stock)


@pytest.mark.parametrize("attempt", INJECTIONS)
def test_sql_where_a_choice_or_a_number_is_wanted_is_refused(client, stock, attempt):
    for name in ("etiqueta", "origen", "anio_desde", "km_hasta", "precio_desde", "orden", "cursor", "limite"):
        assert is_problem(client.ask("/vehiculos", {name: attempt}), 422, "no-valido")
    assert Vehiculo.objects.count() == len(stock)


@pytest.mark.parametrize("name", ["../../etc/passwd", "csv/../../x", "exe", "csv%00", "..%2f..%2fetc%2fpasswd", "CSV"])
def test_no_path_in_the_name_of_an_export(client, name):
    answer = client.get(f"/api/v1/vehiculos/exportar.{name}")
    assert answer.status_code in {404, 422}
    assert is_problem(answer, answer.status_code, "no-encontrado" if answer.status_code == 404 else "no-valido")


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30, "1e3", "NaN", "٣", "%00", "1.0x"])
def test_numbers_that_are_none_or_too_large_are_refused(client, number):
    for path in (f"/ejecuciones/{number}", f"/ejecuciones/{number}/eventos"):
        assert client.get(f"/api/v1{path}").status_code in {404, 422}
    assert client.get(f"/api/v1/vehiculos?precio_hasta={number}").status_code in {200, 422}
    assert client.get(f"/api/v1/ejecuciones?cursor={number}").status_code in {200, 422}


@pytest.mark.parametrize(
    "path", ["/vehiculos?q=a%00b", "/vehiculos?marca=%00", "/vehiculos/%00", "/vehiculos?cursor=%00"]
)
def test_nul_bytes_are_refused(client, path):
    assert is_problem(client.get(f"/api/v1{path}"), 422, "no-valido")


@pytest.mark.parametrize("orden", SORTS)
def test_a_cursor_of_somebodys_own_making_leads_nowhere(client, stock, orden):
    own = client.ask("/vehiculos", {"orden": orden, "limite": 5}).json()["next"]
    assert client.get(own).status_code == 200
    forged = own[:-4] + ("AAAA" if own[-4:] != "AAAA" else "BBBB")
    assert is_problem(client.get(forged), 422, "no-valido")


@pytest.mark.parametrize(
    ("kind", "status", "slug"),
    [
        ("text/plain", 415, "tipo-de-contenido"), ("application/x-www-form-urlencoded", 415, "tipo-de-contenido"),
        ("multipart/form-data; boundary=x", 415, "tipo-de-contenido"), ("", 415, "tipo-de-contenido"),
        ("application/json; charset=utf-8", 201, ""),
    ],
)  # fmt: skip
def test_only_json_is_read(client, kind, status, slug):
    """A form elsewhere can send the other three without asking the browser's leave."""
    answer = client.post("/api/v1/ejecuciones", '{"cantidad": 1, "usar_ia": false}', content_type=kind)
    assert answer.status_code == status
    assert not slug or is_problem(answer, status, slug)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "",
        "[" * 8_000,
        '{"a":' * 2_500 + "1" + "}" * 2_500,
        "\xff\xfe",
        '{"cantidad": 1' + "0" * 6_000 + "}",
        "null",
    ],
)
def test_a_body_that_is_no_order_is_refused(client, text):
    answer = client.send("/ejecuciones", text.encode("latin-1"))
    assert answer.status_code in {400, 422}
    assert is_problem(answer, answer.status_code, "cuerpo-ilegible" if answer.status_code == 400 else "no-valido")


def test_a_large_body_is_refused_before_it_is_read(client):
    answer = client.send("/ejecuciones", {"cantidad": 1, "marca": "x" * limits.MAX_BODY})
    assert is_problem(answer, 413, "demasiado-grande")


def test_a_body_of_unknown_length_is_refused(client):
    assert is_problem(client.send("/ejecuciones", {"cantidad": 1}, Transfer_Encoding="chunked"), 411, "sin-longitud")


@pytest.mark.parametrize("key", ["", " ", "x" * 129, "ñ", "a b"])
def test_a_key_is_visible_ascii(client, key):
    assert is_problem(client.send("/ejecuciones", {"cantidad": 1}, Idempotency_Key=key), 422, "no-valido")


def test_other_addresses_and_methods_are_problems_too(client):
    assert is_problem(client.ask("/nada"), 404, "no-encontrado")
    assert is_problem(client.get("/api/"), 404, "no-encontrado")
    answer = client.delete("/api/v1/vehiculos")
    assert is_problem(answer, 405, "metodo")
    assert answer["Allow"] == "GET, HEAD"
    assert set(client.put("/api/v1/ejecuciones")["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert client.delete("/api/docs")["Allow"] == "GET, HEAD"
    assert is_problem(client.get("/api/v1/modelos", headers={"Host": "evil.example"}), 400, "cuerpo-ilegible")


def test_a_fault_of_ours_says_nothing_of_what_happened(client, monkeypatch, settings):
    settings.DEBUG = True

    def fail(_now):
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("apps.api.standing.standing.kept", fail)
    answer = client.ask("/modelos")
    assert is_problem(answer, 500, "error-interno")
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_busy_asks_to_come_back(client, monkeypatch):
    from django.db.utils import OperationalError

    def fail(_now):
        raise OperationalError("database /home/ana/flotia.sqlite3 is locked")

    monkeypatch.setattr("apps.api.standing.standing.kept", fail)
    answer = client.ask("/modelos")
    assert is_problem(answer, 503, "no-disponible")
    assert answer["Retry-After"]
    assert "ana" not in answer.content.decode()


def test_what_a_token_is_told_is_kept_by_no_cache_for_others(client):
    answer = client.ask("/vehiculos")
    assert "Authorization" in answer["Vary"]
    assert answer["Cache-Control"] == "no-store"
