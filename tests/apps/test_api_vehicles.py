"""The stock over HTTP: pages, filters, one vehicle, files, and what only a token is told."""

from __future__ import annotations

import io
import json

import pytest

from apps.api.models import Alcance
from apps.api.queries import FilterQuery
from apps.stock.models import Vehiculo
from apps.stock.runs.generation import Order, start
from apps.stock.search.filters import StockFilter
from flotia.request import Request
from flotia.vehicle import FIELDS
from tests.apps.api_client import ApiClient, having, is_problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stock():
    start(Request(amount=120, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)
    return list(Vehiculo.objects.all())


@pytest.fixture
def reader():
    return having(Alcance.READ)


def pages(client, query):
    """Every page from the first on, each by the `next` of the one before."""
    answer = client.ask("/vehiculos", query).json()
    while True:
        yield answer
        if answer["next"] is None:
            return
        answer = client.get(answer["next"]).json()


def test_following_next_shows_every_vehicle_once_in_order_and_previous_leads_back(stock, reader):
    seen = list(pages(reader, {"orden": "-precio", "limite": 50}))
    prices = [float(v["precio_venta"]) for page in seen for v in page["vehiculos"]]
    assert prices == sorted((float(v.precio_venta) for v in stock), reverse=True)
    assert [len(page["vehiculos"]) for page in seen] == [50, 50, 20]
    assert [(page["total"], page["total_exacto"]) for page in seen] == [(120, True)] * 3
    assert reader.get(seen[1]["previous"]).json()["vehiculos"] == seen[0]["vehiculos"]
    assert seen[0]["previous"] is None


def test_the_filters_are_the_pages_and_stay_in_the_address_of_the_next(stock, reader):
    assert set(FilterQuery.model_fields) == {*StockFilter.__dataclass_fields__, "orden"}
    brand = stock[0].marca
    expected = {v.pk for v in stock if v.marca == brand and v.kilometros <= 90_000}
    found = list(pages(reader, {"marca": brand, "km_hasta": 90_000, "limite": 1}))
    assert {v["bastidor"] for page in found for v in page["vehiculos"]} == expected
    assert len(found) == max(len(expected), 1)


def test_a_capped_count_says_so(stock, reader, monkeypatch):
    monkeypatch.setattr("apps.stock.search.results.COUNT_CAP", 100)
    told = reader.ask("/vehiculos").json()
    assert (told["total"], told["total_exacto"]) == (100, False)


def test_a_vehicle_has_every_column_of_the_contract(stock, reader):
    told = reader.ask(f"/vehiculos/{stock[0].pk}").json()
    assert set(told) == set(FIELDS)
    assert told["descripcion"] == stock[0].descripcion
    assert told["precio_compra"] == str(stock[0].precio_compra)


def test_what_the_dealer_paid_is_only_told_to_a_token(stock, reader):
    stranger = ApiClient()
    for path, pick in (("/vehiculos", lambda x: x["vehiculos"][0]), (f"/vehiculos/{stock[0].pk}", lambda x: x)):
        assert pick(stranger.ask(path).json())["precio_compra"] is None
        assert pick(stranger.ask(path).json())["precio_costo"] is None
        assert pick(reader.ask(path).json())["precio_costo"] is not None
    rows = [json.loads(b"".join(c.ask("/vehiculos/exportar.json")))[0]["precio_compra"] for c in (stranger, reader)]
    assert rows[0] is None
    assert rows[1] is not None


@pytest.mark.parametrize("path", ["/vehiculos", "/vehiculos/X", "/vehiculos/exportar.csv"])
def test_a_stock_that_is_not_public_wants_a_token(stock, reader, settings, path):
    settings.FLOTIA_STOCK_PUBLICO = False
    assert is_problem(ApiClient().ask(path), 401, "sin-identificar")
    answer = reader.ask(path)
    assert answer.status_code in {200, 404}
    assert b"".join(answer)


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "xlsx", "parquet"])
def test_a_file_holds_the_filtered_vehicles_in_order(stock, reader, kind):
    brand = stock[0].marca
    answer = reader.ask(f"/vehiculos/exportar.{kind}", {"marca": brand, "orden": "precio"})
    content = b"".join(answer)
    expected = [v.pk for v in sorted((v for v in stock if v.marca == brand), key=lambda v: (v.precio_venta, v.pk))]
    assert answer["Content-Disposition"].endswith(f'.{kind}"')
    match kind:
        case "parquet":
            from pyarrow import parquet

            found = parquet.read_table(io.BytesIO(content))["bastidor"].to_pylist()
        case "xlsx":
            assert content.startswith(b"PK")
            return
        case "csv":
            found = [line.split(",")[0] for line in content.decode().splitlines()[1:]]
        case "json":
            found = [row["bastidor"] for row in json.loads(content)]
        case _:
            found = [json.loads(line)["bastidor"] for line in content.splitlines()]
    assert found == expected


def test_more_vehicles_than_a_file_may_hold_are_refused_with_the_number(stock, reader, settings):
    settings.FLOTIA_EXPORTACION_MAXIMA = 100
    answer = reader.ask("/vehiculos/exportar.csv")
    assert is_problem(answer, 422, "no-valido")
    assert "100" in answer.json()["detail"]


def test_a_misspelt_filter_is_refused_rather_than_passed_over(stock, reader):
    answer = reader.ask("/vehiculos", {"prezio_hasta": 9000})
    assert is_problem(answer, 422, "no-valido")
    assert answer.json()["errores"] == [
        {"campo": "prezio_hasta", "detalle": "No se conoce el parámetro «prezio_hasta»."}
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"limite": 0}, {"limite": 101}, {"anio_desde": "x"}, {"orden": "precio; DROP TABLE stock"}, {"cursor": "abc"},
        {"precio_desde": 9, "precio_hasta": 8}, {"q": "a b c d e f g"}, {"etiqueta": "Z"},
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_named_field_by_field(stock, reader, query):
    answer = reader.ask("/vehiculos", query)
    assert is_problem(answer, 422, "no-valido")
    assert {fault["campo"] for fault in answer.json()["errores"]} <= set(query)


def test_an_unknown_vehicle_is_a_problem(stock, reader):
    assert is_problem(reader.ask("/vehiculos/WVWZZZCDZMW123456"), 404, "no-encontrado")


@pytest.mark.parametrize("path", ["/vehiculos", "/vehiculos/exportar.csv", "/vehiculos/NADA", "/ejecuciones/1/eventos"])
def test_head_is_told_what_get_would_be_without_a_body(stock, reader, path):
    whole, head = reader.ask(path), reader.head(f"/api/v1{path}")
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("Content-Type", "Content-Length", "Content-Disposition", "Cache-Control"):
        assert head.get(name) == whole.get(name), name
    whole.close()
