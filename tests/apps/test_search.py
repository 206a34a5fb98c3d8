"""Finding vehicles: every filter, every order, pages by cursor, and what strangers type."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict

from apps.stock.models import Vehiculo
from apps.stock.runs import publishing
from apps.stock.runs.generation import Order, start
from apps.stock.search import facets as facets_module
from apps.stock.search import results
from apps.stock.search.facets import facets
from apps.stock.search.filters import InvalidFilterError, StockFilter
from flotia.request import Request

pytestmark = pytest.mark.django_db(transaction=True)


def wanted(**query):
    return StockFilter.from_query(QueryDict(urlencode(query, doseq=True)))


def found(**query):
    return list(results.matching(wanted(**query)))


@pytest.fixture
def stock(settings):
    start(Request(amount=300, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)
    return list(Vehiculo.objects.all())


@pytest.fixture(params=["exact", "capped"])
def counting(request, monkeypatch):
    """Both ways to a page: all matches put in order, and a walk along the order's index."""
    if request.param == "capped":
        monkeypatch.setattr(results, "COUNT_CAP", 5)
    return request.param


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (name, name)
        for name in ("marca", "modelo", "combustible", "transmision", "tipo_vehiculo", "provincia", "color", "origen")
    ],
)
def test_a_choice_keeps_those_that_have_one_of_its_values(stock, name, column):
    values = list(dict.fromkeys(getattr(vehicle, column) for vehicle in stock))[:2]
    expected = {v.pk for v in stock if getattr(v, column) in values}
    assert {v.pk for v in found(**{name: values})} == expected


def test_a_vehicle_without_a_label_is_asked_for_by_a_word(stock):
    Vehiculo.objects.filter(pk=stock[0].pk).update(etiqueta_dgt="")
    assert [v.pk for v in found(etiqueta="sin") if v.pk == stock[0].pk] == [stock[0].pk]
    assert {v.etiqueta_dgt for v in found(etiqueta=["sin", "C"])} <= {"", "C"}


@pytest.mark.parametrize(
    ("stem", "column"), [("precio", "precio_venta"), ("km", "kilometros"), ("anio", "anio_matricula")]
)
def test_limits_are_inclusive(stock, stem, column):
    values = sorted(int(getattr(vehicle, column)) for vehicle in stock)
    low, high = values[75], values[225]
    expected = {v.pk for v in stock if low <= getattr(v, column) <= high}
    assert {v.pk for v in found(**{f"{stem}_desde": low, f"{stem}_hasta": high})} == expected


def test_numbers_are_read_as_spaniards_type_them():
    assert wanted(precio_desde="12.500 €", km_hasta="80 000 km") == StockFilter(precio_desde=12500, km_hasta=80000)


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ({"precio_desde": "caro"}, "precio_desde", "cifras"),
        ({"precio_desde": "-5"}, "precio_desde", "sin signos"),
        ({"km_hasta": "9" * 40}, "km_hasta", "cifras"),
        ({"km_hasta": "٣٤"}, "km_hasta", "cifras"),
        ({"anio_desde": "20"}, "anio_desde", "no es posible"),
        ({"precio_desde": "9", "precio_hasta": "5"}, "precio_desde", "mayor"),
        ({"marca": "x\x00"}, "marca", "caracteres"),
        ({"q": "a" * 500}, "q", "caracteres"),
        ({"q": "a b c d e f g"}, "q", "palabras"),
        ({"origen": "marte"}, "origen", "No conozco"),
        ({"color": [str(n) for n in range(60)]}, "color", "como mucho"),
    ],
)
def test_what_cannot_be_looked_for_is_said_in_a_sentence(query, field, says):
    with pytest.raises(InvalidFilterError) as refused:
        wanted(**query)
    assert says in refused.value.faults[field]


@pytest.mark.parametrize("name", ["marca", "modelo", "combustible", "provincia", "color", "tipo_vehiculo", "q"])
def test_sql_in_a_filter_is_only_a_name_that_nothing_has(stock, name):
    assert found(**{name: "x' OR 1=1; DROP TABLE stock;--"}) == []
    assert Vehiculo.objects.count() == 300


@pytest.mark.parametrize("name", ["precio_desde", "km_hasta", "anio_desde", "origen", "etiqueta"])
def test_sql_in_a_checked_field_is_refused(name):
    with pytest.raises(InvalidFilterError):
        wanted(**{name: "1 OR 1=1"})


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("name", "column"), list(results.SORTS.items()))
def test_pages_follow_one_another_without_a_gap_in_both_directions(stock, counting, name, column, sign):
    order, seen, cursor, pages = f"{sign}{name}", [], "", []
    while True:
        page = results.page(StockFilter(), order, cursor, size=70)
        pages.append([v.pk for v in page.vehicles])
        seen += page.vehicles
        if not page.next:
            break
        cursor = page.next
    keys = [(getattr(v, column), v.pk) for v in seen]
    assert keys == sorted(keys, reverse=sign == "-")
    assert len(set(keys)) == 300
    assert page.count.capped == (counting == "capped")
    back = results.page(StockFilter(), order, page.previous, size=70)
    assert [v.pk for v in back.vehicles] == pages[-2]


def test_the_first_page_has_none_before_it_and_knows_so_when_reached_from_behind(stock, counting):
    first = results.page(StockFilter(), "precio", size=100)
    second = results.page(StockFilter(), "precio", first.next, size=100)
    again = results.page(StockFilter(), "precio", second.previous, size=100)
    assert (first.previous, again.previous) == ("", "")
    assert [v.pk for v in again.vehicles] == [v.pk for v in first.vehicles]


def test_filters_hold_along_a_walk_that_the_order_leads_astray(stock, monkeypatch):
    """The dearest of the oldest: none of them is where the walk begins."""
    monkeypatch.setattr(results, "COUNT_CAP", 5)
    oldest = sorted(v.anio_matricula for v in stock)[60]
    page = results.page(StockFilter(anio_hasta=oldest), "-precio", size=20)
    expected = sorted((v for v in stock if v.anio_matricula <= oldest), key=lambda v: (-v.precio_venta, v.pk))
    assert [v.precio_venta for v in page.vehicles] == [v.precio_venta for v in expected[:20]]


@pytest.mark.parametrize("cursor", ["nada", "a:b:c", "WyJwcmVjaW8iLDAsIjEiLCJ4Il0:1:x", "\x00"])
def test_a_cursor_that_is_not_ours_is_refused(stock, cursor):
    with pytest.raises(InvalidFilterError, match="primera"):
        results.page(StockFilter(), "precio", cursor)


def test_a_cursor_of_another_order_is_refused(stock):
    cursor = results.page(StockFilter(), "precio").next
    with pytest.raises(InvalidFilterError, match="orden"):
        results.page(StockFilter(), "-km", cursor)


def test_an_unknown_order_is_refused():
    with pytest.raises(InvalidFilterError, match="ordenar"):
        results.page(StockFilter(), "descripcion; DROP TABLE stock")


def test_the_count_stops_at_the_cap(stock, monkeypatch):
    monkeypatch.setattr(results, "COUNT_CAP", 100)
    assert results.count(StockFilter()) == results.Count(100, capped=True)
    assert results.count(wanted(marca=stock[0].marca, modelo=stock[0].modelo)).capped is False


def test_values_to_choose_from_are_those_of_the_stock_and_new_after_a_run(stock):
    assert set(facets().brands) == {v.marca for v in stock}
    assert set(facets().color) == {v.color for v in stock}
    start(Request(amount=10, brand="Ferrari", seed=8, use_ai=False), Order(), lambda _: None, lambda _: None)
    assert "Ferrari" in facets().brands


def test_values_that_take_long_to_read_are_not_waited_for_twice(monkeypatch):
    def make(brand):
        start(Request(amount=5, brand=brand, seed=8, use_ai=False), Order(), lambda _: None, lambda _: None)

    make("SEAT")
    assert facets().brands == ("SEAT",)
    monkeypatch.setattr(facets_module, "_SLOW", -1.0)
    make("Ferrari")
    assert facets().brands == ("SEAT",), "those of before serve meanwhile"
    for _ in range(200):
        if facets().brands == ("Ferrari", "SEAT"):
            break
        time.sleep(0.02)
    assert facets().brands == ("Ferrari", "SEAT")
    Vehiculo.objects.filter(marca="SEAT").delete()
    facets_module.forget()
    assert facets().brands == ("Ferrari",), "an edit by hand is seen at once"


def test_values_are_read_before_anybody_asks(stock, django_assert_num_queries):
    from django.core.cache import cache

    cache.clear()
    facets_module.read_ahead()
    deadline = time.monotonic() + 30
    while not (cache.get("stock:values") and cache.get("stock:versions")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with django_assert_num_queries(2):  # whether they still hold
        assert set(facets().brands) == {v.marca for v in stock}
        assert len(facets_module.versions()) == len({(v.marca, v.modelo) for v in stock})


def test_values_that_two_ask_for_at_once_are_read_once(stock, monkeypatch):
    from django.core.cache import cache

    cache.clear()
    readings, read = [], facets_module._FACETS._read

    def slowly():
        readings.append(1)
        time.sleep(0.3)
        return read()

    monkeypatch.setattr(facets_module._FACETS, "_read", slowly)
    facets_module.read_ahead()
    assert set(facets().brands) == {v.marca for v in stock}
    assert len(readings) == 1


def test_a_word_of_versions_is_sought_only_where_a_version_has_it(stock, django_assert_num_queries):
    Vehiculo.objects.filter(pk=stock[0].pk).update(version="Zafiro 1.2 XYZ")
    facets_module.forget()
    assert {v.pk for v in found(q="ZAFI 1.2")} == {stock[0].pk}
    words = str(results.matching(wanted(q="zafiro")).query)
    assert words.count("marca") >= 2, "by brand, inside an index"
    with django_assert_num_queries(2):  # whether what is known still holds
        assert found(q="zafiro inexistente") == []


def test_words_find_brand_model_version_plate_and_vin(stock):
    car = stock[0]
    Vehiculo.objects.filter(pk=car.pk).update(marca="Citroën", modelo="C4 Cactus", version="Zafiro 1.2 XYZ")
    from django.core.cache import cache

    cache.clear()
    for text in (
        "citroen", "CITROËN c4", "cact", "zafiro citroen", "1.2 cactus", car.matricula, car.matricula.lower()[:6], car.pk,
        car.pk[:12].lower(),
    ):  # fmt: skip
        assert car.pk in {v.pk for v in found(q=text)}, text
    assert found(q="zafiro seat") == []
    assert found(q="%") == []
    assert found(q="___") == []


def test_a_brand_that_shares_model_names_does_not_bring_the_other_brands_cars(stock):
    from apps.stock.search.facets import Facets
    from apps.stock.search.words import text_condition

    pairs = (("Abarth", "500"), ("Fiat", "500"), ("Fiat", "500 Abarth"), ("Fiat", "Panda"))
    known = Facets(models=pairs, combustible=(), tipo_vehiculo=(), provincia=(), color=())
    for pk, (brand, model) in zip([v.pk for v in stock], pairs, strict=False):
        Vehiculo.objects.filter(pk=pk).update(marca=brand, modelo=model)
    matches = (
        Vehiculo.objects.filter(text_condition(("abarth",), known, dict)).values_list("marca", "modelo").distinct()
    )
    assert ("Fiat", "500") not in set(matches)
    assert {("Abarth", "500"), ("Fiat", "500 Abarth")} <= set(matches)


def test_similar_vehicles_are_of_the_brand_and_near_in_price(stock):
    for vehicle in stock[:20]:
        for other in results.similar(vehicle):
            assert other.pk != vehicle.pk
            assert other.marca == vehicle.marca
            assert abs(other.precio_venta - vehicle.precio_venta) <= vehicle.precio_venta * 3 / 10


def test_the_number_of_queries_of_a_page_does_not_depend_on_its_size(stock, django_assert_max_num_queries):
    facets()
    for size in (5, 100):
        with django_assert_max_num_queries(8):
            results.page(wanted(q="x", color="Blanco"), "precio", size=size)


def test_after_many_vehicles_the_database_knows_what_it_has(monkeypatch):
    monkeypatch.setattr(publishing, "_MANY", 50)
    start(Request(amount=60, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)
    known = {
        "sqlite": "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'stock'",
        "postgresql": "SELECT relallvisible FROM pg_class WHERE relname = 'stock'",
    }
    with connection.cursor() as cursor:
        cursor.execute(known[connection.vendor])
        assert cursor.fetchone()[0] > 0
