"""The pages of the stock: what a client sees, what a model wrote, and what strangers try."""

from __future__ import annotations

import csv
import io
import json
import re
from html import escape
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.urls import reverse

from apps.panel.drawing import draw
from apps.panel.middleware import POLICY
from apps.panel.silhouettes import SILHOUETTES
from apps.stock.models import Vehiculo
from apps.stock.runs.generation import Order, start
from flotia.request import Request

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/stock/"
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "{{ settings.SECRET_KEY }}{% debug %}",
    '=HYPERLINK("http://evil","x")',
    "data:text/html,<script>alert(1)</script>",
    "\"'><svg onload=alert(1)>",
    "javascript:alert(1)",
]
TEXTS = {
    "marca": 30, "modelo": 40, "version": 120, "combustible": 20, "transmision": 12, "tipo_vehiculo": 14, "color": 20,
    "etiqueta_dgt": 3, "provincia": 30, "concesionario": 80, "descripcion": 5000, "origen": 10, "modelo_ia": 120,
    "matricula": 10,
}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()


@pytest.fixture
def stock():
    start(Request(amount=60, seed=11, use_ai=False), Order(), lambda _: None, lambda _: None)
    return list(Vehiculo.objects.all())


@pytest.fixture
def member(client):
    client.force_login(get_user_model().objects.create_user("ana", "", "x"))
    return client


class Elements(HTMLParser):
    """Every element of a page with its attributes, as a browser reads them."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def elements_of(page):
    parser = Elements()
    parser.feed(page)
    return parser.found


def text(answer):
    return answer.content.decode()


def test_the_root_leads_to_the_stock(client):
    assert client.get("/")["Location"] == LIST


def test_a_card_says_what_a_client_asks_first(client, stock):
    car = stock[0]
    Vehiculo.objects.exclude(pk=car.pk).delete()
    Vehiculo.objects.update(precio_venta="12500.00", kilometros=83000, etiqueta_dgt="C", origen="ia")
    page = text(client.get(LIST))
    for part in (
        car.marca,
        car.modelo,
        escape(car.version),
        "12.500\u00a0€",
        "83.000 km",
        car.combustible,
        "CV",
        ">IA<",
        car.provincia,
    ):
        assert part in page
    assert "1 vehículo<" in page


def test_filters_order_and_count_are_those_of_the_address(client, stock):
    brand = stock[0].marca
    page = client.get(LIST, {"marca": brand, "orden": "-precio", "precio_desde": "0"})
    shown = [v.pk for v in page.context["page"].vehicles]
    expected = sorted((v for v in stock if v.marca == brand), key=lambda v: (v.precio_venta, v.pk), reverse=True)
    assert shown == [v.pk for v in expected][:24]
    assert "?precio_desde=0&amp;orden=-precio" in text(page)  # the way out of the brand keeps the rest


def test_pages_lead_on_and_back(client, stock):
    first = text(client.get(LIST, {"orden": "precio"}))
    assert 'rel="prev"' not in first
    following = re.search(r'href="(\?[^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = client.get(LIST + following)
    assert (
        second.context["page"].vehicles[0].precio_venta
        >= client.get(LIST, {"orden": "precio"}).context["page"].vehicles[-1].precio_venta
    )
    assert 'rel="prev"' in text(second)


def test_htmx_gets_only_what_changes_and_an_address_without_empty_fields(client, stock):
    answer = client.get(
        LIST,
        {"marca": stock[0].marca, "q": "", "precio_desde": "", "orden": "-llegada"},
        headers={"HX-Request": "true"},
    )
    assert text(answer).lstrip().startswith("<section")
    assert answer["HX-Push-Url"] == f"{LIST}?marca={stock[0].marca.replace(' ', '+')}"
    assert 'hx-swap-oob="true"' in text(answer)
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        {"precio_desde": "barato"},
        {"orden": "x"},
        {"cursor": "x"},
        {"marca": "\x00"},
        {"anio_desde": "99999"},
        {"q": "x" * 900},
    ],
)
def test_a_wrong_filter_is_told_in_a_sentence_not_an_error(client, stock, query):
    answer = client.get(LIST, query)
    assert answer.status_code == 400
    assert 'role="alert"' in text(answer)


def test_an_empty_list_says_what_to_do(client, stock):
    assert "Quitar filtros" in text(client.get(LIST, {"marca": "Ninguna"}))
    Vehiculo.objects.all().delete()
    cache.clear()
    assert "migrate_stock_and_scrape" in text(client.get(LIST))


def test_the_list_asks_few_queries_whatever_it_shows(client, stock, django_assert_max_num_queries):
    client.get(LIST)
    with django_assert_max_num_queries(6):
        client.get(LIST, {"color": "Blanco", "orden": "precio"})
    with django_assert_max_num_queries(6):
        client.get(LIST)


def test_the_vehicle_page_has_facts_provenance_and_similar_ones(client, stock):
    car = stock[0]
    Vehiculo.objects.filter(pk=car.pk).update(
        origen="ia", modelo_ia="un/modelo:free", campos_ia=["color", "descripcion"]
    )
    page = text(client.get(reverse("panel:vehiculo", args=[car.pk])))
    assert "un/modelo:free" in page
    assert re.search(rf"<dd>{car.color}<span class=\"mark\"", page)
    assert not re.search(rf"<dd>{car.matricula}<span", page)
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert (data["@type"], data["offers"]["price"], data["brand"]["name"]) == ("Car", str(car.precio_venta), car.marca)


def test_what_the_dealer_paid_is_only_for_who_has_logged_in(client, stock):
    url = reverse("panel:vehiculo", args=[stock[0].pk])
    assert "Precio de compra" not in text(client.get(url))
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/stock/exportar.csv")).decode())))
    assert {(row["precio_compra"], row["precio_costo"]) for row in rows} == {("", "")}
    client.force_login(get_user_model().objects.create_user("ana", "", "x"))
    assert "Precio de compra" in text(client.get(url))
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/stock/exportar.csv")).decode())))
    assert all(row["precio_compra"] for row in rows)


def test_a_vehicle_that_is_gone_is_a_page_in_the_same_look(client, stock):
    for url in ("/stock/NADA/", "/nada/", "/stock/../../etc/passwd/", "/stock/%00/"):
        answer = client.get(url)
        assert answer.status_code == 404
        assert "panel.css" in text(answer)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_model_wrote_is_text_on_every_page(client, stock, hostile):
    car = stock[0]
    values = {name: hostile[:length] for name, length in TEXTS.items()}
    Vehiculo.objects.filter(pk=car.pk).update(**values, equipamiento=[hostile], campos_ia=[hostile, "version"])
    Vehiculo.objects.exclude(pk=car.pk).delete()
    cache.clear()
    for url in (LIST, reverse("panel:vehiculo", args=[car.pk])):
        page = text(client.get(url))
        assert escape(hostile) in page or escape(hostile, quote=False) in page
        elements = elements_of(page)
        assert all(
            a.get("src", "").startswith("/static/panel/") for tag, a in elements if tag == "script" and "type" not in a
        )
        assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
        assert not [tag for tag, _ in elements if tag in {"img", "iframe", "b"}]
        links = [value for _, a in elements for name, value in a.items() if name in {"href", "src", "action"}]
        assert all(link.startswith(("/", "?", "#")) for link in links), links
        assert "only-for-tests" not in page
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert data["description"] == hostile


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_typed_into_a_filter_comes_back_as_text(client, stock, hostile):
    for name in ("q", "marca", "precio_desde", "orden", "cursor", "color", "origen"):
        page = text(client.get(LIST, {name: hostile}))
        assert hostile not in page or "<" not in hostile
        assert "only-for-tests" not in page


@pytest.mark.parametrize(
    "name", ["q", "marca", "modelo", "color", "provincia", "precio_desde", "km_hasta", "orden", "cursor", "etiqueta"]
)
def test_sql_in_a_filter_harms_nothing(client, stock, name):
    answer = client.get(LIST, {name: "1' OR '1'='1'; DROP TABLE stock; --"})
    assert answer.status_code in {200, 400}
    assert Vehiculo.objects.count() == 60


def test_a_formula_is_text_in_a_spreadsheet(member, stock):
    Vehiculo.objects.filter(pk=stock[0].pk).update(version="=HYPERLINK(1)", equipamiento=["@SUM(1)"])
    content = b"".join(member.get("/stock/exportar.csv")).decode()
    assert "'=HYPERLINK(1)" in content
    assert "'@SUM(1)" in content
    book = b"".join(member.get("/stock/exportar.xlsx"))
    import zipfile

    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx", "parquet"])
def test_an_export_has_the_filtered_vehicles(client, stock, kind):
    brand = stock[0].marca
    answer = client.get(f"/stock/exportar.{kind}", {"marca": brand, "orden": "precio"})
    content = b"".join(answer)
    assert answer["Content-Disposition"].endswith(f'.{kind}"')
    assert int(answer["Content-Length"]) == len(content)
    expected = [v.pk for v in sorted((v for v in stock if v.marca == brand), key=lambda v: (v.precio_venta, v.pk))]
    if kind == "json":
        assert [row["bastidor"] for row in json.loads(content)] == expected
    if kind == "csv":
        assert [row["bastidor"] for row in csv.DictReader(io.StringIO(content.decode()))] == expected
    if kind == "parquet":
        from pyarrow import parquet

        assert parquet.read_table(io.BytesIO(content))["bastidor"].to_pylist() == expected


@pytest.mark.parametrize("name", ["../../etc/passwd", "csv/../../x", "exe", "csv%00", "..%2f..%2fetc%2fpasswd", "CSV"])
def test_no_path_in_the_name_of_an_export(client, stock, name):
    assert client.get(f"/stock/exportar.{name}").status_code == 404


def test_an_export_that_is_too_large_is_refused_with_a_reason(client, stock, settings):
    settings.FLOTIA_EXPORTACION_MAXIMA = 50
    answer = client.get("/stock/exportar.csv")
    assert answer.status_code == 400
    assert "Son más de 50 vehículos" in text(answer)
    assert client.get("/stock/exportar.csv", {"precio_desde": "x"}).status_code == 400


def test_a_private_stock_asks_for_a_login(client, stock, settings):
    settings.FLOTIA_STOCK_PUBLICO = False
    for url in (LIST, reverse("panel:vehiculo", args=[stock[0].pk]), "/stock/exportar.csv"):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/entrar/?next=/stock/")
    client.force_login(get_user_model().objects.create_user("ana", "", "x"))
    assert client.get(LIST).status_code == 200


def test_login_stops_listening_after_five_failures_and_only_for_that_name(client):
    get_user_model().objects.create_user("ana", "", "right")
    get_user_model().objects.create_user("eva", "", "right")
    for path in ("/entrar/", "/admin/login/"):
        cache.clear()
        for _ in range(5):
            assert client.post(path, {"username": "ana", "password": "wrong"}).status_code == 200
        late = client.post(path, {"username": "Ana", "password": "right"})
        assert late.status_code == 429
        assert "Demasiados intentos" in text(late)
    assert client.post("/entrar/", {"username": "eva", "password": "right"}).status_code == 302


def test_login_does_not_lead_to_other_sites(client):
    get_user_model().objects.create_user("ana", "", "right")
    answer = client.post("/entrar/", {"username": "ana", "password": "right", "next": "https://evil.example/"})
    assert answer["Location"] == LIST


def test_logout_and_language_need_the_token_of_the_form(stock):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/salir/").status_code == 403
    assert strict.post("/idioma/", {"language": "en"}).status_code == 403
    assert strict.post("/entrar/", {"username": "a", "password": "b"}).status_code == 403


def test_every_answer_has_the_policy(client, stock):
    for url in (LIST, "/nada/", "/entrar/", "/"):
        assert client.get(url)["Content-Security-Policy"] == POLICY
    assert "unsafe" not in client.get("/admin/login/")["Content-Security-Policy"]


def test_no_page_has_script_or_style_of_its_own(client, stock):
    for url in (LIST, reverse("panel:vehiculo", args=[stock[0].pk]), "/entrar/"):
        page = text(client.get(url))
        assert " style=" not in page
        assert "<style" not in page
        assert not re.search(r"<script(?![^>]*src=)(?![^>]*ld\+json)", page)
        assert not re.search(r'(src|href)="(https?:)?//', page)


def test_the_pages_are_in_english_for_those_who_choose_it(client, stock):
    assert client.post("/idioma/", {"language": "en", "next": LIST})["Location"] == LIST
    page = text(client.get(LIST))
    assert '<html lang="en">' in page
    assert "Body style" in page
    assert "Sort by" in page
    assert "Carrocería" not in page


def test_only_reading_is_possible(client, stock):
    assert client.post(LIST).status_code == 405
    assert client.delete(reverse("panel:vehiculo", args=[stock[0].pk])).status_code == 405


def test_every_body_has_a_drawing_of_its_own_and_every_paint_its_colour():
    drawings = {body: draw(body, "Rojo") for body in SILHOUETTES}
    assert len({re.sub(r"<title>.*?</title>", "", d) for d in drawings.values()}) == len(SILHOUETTES)
    assert draw("SUV", "Rojo") != draw("SUV", "Azul")
    assert "<title>" in drawings["SUV"]


def test_an_unknown_body_or_colour_is_drawn_and_escaped():
    drawing = draw("<b>", '"><script>')
    assert "<b>" not in drawing
    assert "<script>" not in drawing
    assert "<path" in drawing
