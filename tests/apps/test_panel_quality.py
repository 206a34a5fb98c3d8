"""The quality page: measured in the background, once for each state of the stock, on a sample that is said."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.panel import quality_page
from apps.stock import quality
from apps.stock.models import Vehiculo
from apps.stock.runs.generation import Order, start
from flotia.errors import FlotiaError
from flotia.request import Request

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture(autouse=True)
def forget():
    cache.clear()
    quality_page.MEASURING.fault = ""
    yield
    quality_page.MEASURING.wait()


@pytest.fixture
def stock():
    """A function that fills the stock."""

    def fill(amount):
        start(Request(amount=amount, seed=5, use_ai=False), Order(replaces=True), lambda _: None, lambda _: None)

    return fill


def measured(client):
    """The page once it is measured."""
    client.get("/calidad/")
    quality_page.MEASURING.wait()
    return client.get("/calidad/")


def test_an_empty_stock_has_nothing_to_measure(client):
    answer = client.get("/calidad/")
    assert answer.status_code == 200
    assert "Todavía no hay vehículos que medir" in answer.content.decode()
    assert not quality_page.MEASURING.is_running


def test_the_first_look_measures_and_the_page_asks_until_it_is_done(client, stock, monkeypatch):
    import threading

    stock(10)
    gate, whole = threading.Event(), quality.measure
    monkeypatch.setattr(quality, "measure", lambda: gate.wait() and whole())
    page = client.get("/calidad/").content.decode()
    assert 'hx-get="/calidad/"' in page
    assert 'http-equiv="refresh"' in page, "without scripts too"
    part = client.get("/calidad/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="stack" id="informe" hx-get')
    gate.set()
    quality_page.MEASURING.wait()
    page = client.get("/calidad/").content.decode()
    assert "hx-get" not in page
    assert "Medido en todo el stock: 10 vehículos" in page


def test_the_report_is_there_with_its_scores_figures_and_charts(client, stock):
    stock(300)
    page = measured(client).content.decode()
    for title in ("Coherencia", "Unicidad", "Diversidad", "Realismo", "Procedencia"):
        assert f">{title}</h2>" in page
    assert (
        len(re.findall(r'<th scope="row">(?:Reparto de marcas|Precios redondos|Cuantiles de precio)</th>', page)) == 3
    )
    charts = [json.loads(x) for x in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert len(charts) == page.count("<canvas") == 5
    assert " style=" not in page


def test_all_figures_of_the_yardstick_are_on_the_page(client, stock):
    from flotia.quality.metrics import SPECS

    stock(10)
    page = measured(client).content.decode()
    assert len(SPECS) == 62
    for spec in SPECS:
        assert f'<th scope="row">{spec.name}</th>' in page


def test_a_large_stock_is_measured_on_a_sample_that_is_said(client, stock, monkeypatch):
    stock(120)
    whole = quality.measure
    monkeypatch.setattr(quality, "measure", lambda: whole(50))
    assert "una muestra al azar de 50 de los 120 vehículos" in measured(client).content.decode()
    one, two = whole(50), whole(50)
    assert (one.report.rows, one.stock, one.is_sample) == (50, 120, True)
    assert one.report.scores == two.report.scores


def test_every_vehicle_is_as_likely_to_be_in_the_sample(stock, monkeypatch):
    stock(60)
    times = dict.fromkeys(Vehiculo.objects.values_list("pk", flat=True), 0)
    for seed in range(200):
        monkeypatch.setattr(quality, "_SEED", seed)
        keys, count = quality._drawn(20)
        assert (len(set(keys)), count) == (20, 60)
        for key in keys:
            times[key] += 1
    assert min(times.values()) > 35, "a third of 200 each"
    assert max(times.values()) < 105


def test_findings_lead_to_their_vehicles_and_hostile_text_is_text(client, stock):
    stock(30)
    first = Vehiculo.objects.first()
    Vehiculo.objects.filter(pk=first.pk).update(
        puertas=9, version=HOSTILE, color=HOSTILE[:20], modelo_ia=HOSTILE, origen="ia"
    )
    page = measured(client).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert f'<a href="/stock/{first.pk}/">{first.pk}</a>' in page


def test_a_vin_that_has_no_address_is_not_linked(client, stock):
    stock(3)
    Vehiculo.objects.filter(pk=Vehiculo.objects.first().pk).update(bastidor='"><b>/../x', puertas=9)
    page = measured(client).content.decode()
    assert "&quot;&gt;&lt;b&gt;/../x" in page
    assert "<b>/.." not in page


def test_it_is_measured_once_for_each_state_of_the_stock(client, stock, monkeypatch):
    stock(5)
    whole, times = quality.measure, []
    monkeypatch.setattr(quality, "measure", lambda: times.append(1) or whole())
    measured(client)
    measured(client)
    assert len(times) == 1
    stock(8)
    assert "8 vehículos" in measured(client).content.decode()
    assert len(times) == 2


def test_measuring_again_needs_a_login_a_token_and_a_form(client, stock):
    stock(5)
    page = measured(client)
    assert "Medir de nuevo" not in page.content.decode()
    assert Client().post("/calidad/medir/").headers["Location"].startswith("/entrar/")
    assert Client().get("/calidad/medir/").status_code == 405
    ana = get_user_model().objects.create_user("ana")
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(ana)
    assert careful.post("/calidad/medir/").status_code == 403
    client.force_login(ana)
    assert "Medir de nuevo" in client.get("/calidad/").content.decode()
    Vehiculo.objects.all()[0].delete()
    client.post("/calidad/medir/")
    quality_page.MEASURING.wait()
    assert "todo el stock: 4 vehículos" in client.get("/calidad/").content.decode()


def test_what_fails_is_said_and_not_tried_again_by_itself(client, stock, monkeypatch):
    stock(5)
    times = []

    def fail():
        times.append(1)
        raise FlotiaError("el disco está lleno")

    monkeypatch.setattr(quality, "measure", fail)
    assert "el disco está lleno" in measured(client).content.decode()
    assert len(times) == 1


def test_a_measured_page_asks_the_database_little(client, stock):
    stock(20)
    measured(client)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get("/calidad/")
    assert len(captured) == 1


def test_with_a_private_stock_a_stranger_sees_nothing(client, settings):
    settings.FLOTIA_STOCK_PUBLICO = False
    assert client.get("/calidad/").headers["Location"].startswith("/entrar/")
