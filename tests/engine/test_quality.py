"""The quality of a stock, measured on sets small enough to count by hand."""

import json
import re
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from itertools import combinations
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flotia.judgement.rules import Assessment, Finding, Rule, Severity
from flotia.quality import charts, diversity, mix, provenance, report, statistics, uniqueness, worth, yardstick
from flotia.quality.coherence import Example, Tally
from flotia.quality.columns import Columns
from flotia.quality.document import as_json
from flotia.quality.findings import findings
from flotia.quality.metrics import SPECS
from flotia.quality.yardstick import Kind, Measured, Spec, Verdict
from tests.conftest import TODAY

MARKET = yardstick.load()


def row(**changes):
    """A vehicle with every field that is measured."""
    return {
        "bastidor": "VSSZZZ5FZNR000001", "matricula": "1234LXY", "marca": "SEAT", "modelo": "León",
        "version": "1.0 TSI 110 CV Style", "anio_matricula": 2022, "fecha_matriculacion": date(2022, 3, 4),
        "kilometros": 40_000, "combustible": "Gasolina", "transmision": "Manual", "potencia": 110, "puertas": 5,
        "color": "Blanco", "etiqueta_dgt": "C", "precio_venta": Decimal("15990.00"), "provincia": "Madrid",
        "fecha_recepcion": date(2026, 11, 1), "dias_stock": 21, "descripcion": "", "origen": "aleatorio",
    } | changes  # fmt: skip


def table_of(catalogue, rows, today=TODAY):
    columns = Columns(today)
    for each in rows:
        columns.add(each)
    return columns.table(catalogue)


def figures_of(catalogue, rows):
    table = table_of(catalogue, rows)
    return dict(mix.measure(table, MARKET)) | dict(worth.measure(table, catalogue))


def spec_of(key, part=""):
    return next(s for s in SPECS if (s.key, s.part) == (key, part))


# Sums


def test_the_variation_distance_counts_what_neither_names_as_one():
    here, there = {"a": 0.5, "b": 0.2, "z": 0.3}, {"a": 0.4, "b": 0.4}
    assert statistics.variation(here, there, ["a", "b"]) == pytest.approx((0.1 + 0.2 + 0.1) / 2)


def test_concentration_and_variety():
    assert statistics.herfindahl([2, 2]) == pytest.approx(1 / 3)
    assert statistics.herfindahl([1, 1, 1]) == 0.0
    assert statistics.entropy([5, 5]) == pytest.approx(log(2))
    assert statistics.effective_number([7, 7, 7]) == pytest.approx(3)
    assert statistics.top_share([1, 6, 3], 2) == pytest.approx(0.9)


def test_rank_correlation_with_ties():
    assert statistics.spearman(np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 20, 90])) == pytest.approx(
        4.5 / sqrt(5 * 4.5)
    )
    assert statistics.spearman(np.array([1.0, 2, 3]), np.array([9.0, 5, 1])) == pytest.approx(-1)
    assert statistics.spearman(np.array([1.0, 2]), np.array([3.0, 3])) is None


def test_what_groups_leave_over():
    group = np.array([0, 0, 0, 1, 1, 1])
    factor = np.array([1.0, 2, 3, 1, 2, 3])
    left = np.array([1.0, -2, 1, -1, 2, -1])
    coefficients, rest = statistics.within(10.0 * group + 2 * factor + left, factor[:, None], group)
    assert coefficients == pytest.approx([2])
    assert rest == pytest.approx(sqrt(12 / (6 - 2 - 1)))


def test_the_noise_of_a_share_is_what_draws_show():
    draws = np.random.default_rng(3).binomial(400, 0.3, 20_000) / 400
    assert statistics.share_noise(0.3, 400) == pytest.approx(float(np.abs(draws - 0.3).mean()), rel=0.03)


# Rows to columns


def test_the_reference_year_is_that_of_the_day_the_row_speaks_of(catalogue):
    rows = [
        row(fecha_recepcion=date(2024, 12, 20), dias_stock=20),
        row(fecha_recepcion="2024-12-20", dias_stock="5"),
        row(fecha_recepcion=None),
        row(dias_stock=10**30),
    ]
    assert table_of(catalogue, rows, date(2030, 1, 1)).reference_year.tolist() == [2025, 2024, 2030, 2030]


def test_names_become_the_catalogues(catalogue):
    rows = [row(marca="seat", modelo="LEON", combustible="diesel", transmision="DSG"), row(marca="Zzz", modelo=7)]
    table = table_of(catalogue, rows)
    assert table.brand.counts() == {"SEAT": 1, "Zzz": 1}
    assert table.model.counts() == {"SEAT León": 1, "Zzz 7": 1}
    assert table.segment.counts() == {"compacto": 1}
    assert table.fuel.names[0] == "Diésel"
    assert table.gearbox.names[0] == "Automática"


_junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.binary(max_size=4), st.dates(),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
    st.decimals(), st.just("NaN"), st.just("\u0661\u0662"), st.just("9" * 400),
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(row())), _junk), min_size=1, max_size=6), st.booleans())
def test_no_row_is_too_strange_to_be_measured(strange, among_others):
    from flotia.catalogue.loader import Catalogue

    rows = [row() | strange[0]] * 35 if among_others else strange

    measured = report.measure(rows, source="x", today=TODAY, catalogue=Catalogue.load())
    assert measured.rows == len(rows)
    assert 0 <= measured.score <= 100
    assert json.loads(json.dumps(as_json(measured), allow_nan=False))["vehiculos"] == len(rows)


# Coherence


def test_rules_are_counted_by_rows_with_up_to_three_examples():
    wrong = Rule("km", "Los km cuadran.", Severity.ERROR, "x", ("kilometros",), True)
    odd = Rule("color", "El color existe.", Severity.WARNING, "x", ("color",), True)
    kept = Rule("vin", "El bastidor vale.", Severity.ERROR, "x", ("bastidor",), True)
    tally = Tally((kept, odd, wrong))
    for vin in ("A", "B", "", "D"):
        tally.add(vin, Assessment((Finding(wrong, "9 km"), Finding(wrong, "otra vez")), known=True))
    tally.add("E", Assessment((Finding(odd, "azulón"),), known=False))
    tally.add("F", Assessment((), known=True))
    found = tally.result()
    assert [(b.rule.name, b.rows) for b in found.rules] == [("km", 4), ("vin", 0), ("color", 1)]
    assert found.rules[0].examples == (Example("A", "9 km"), Example("A", "otra vez"), Example("B", "9 km"))
    assert found.rules[2].examples == (Example("E", "azulón"),)
    assert (found.rows, found.right, found.clean, found.known) == (6, 2, 1, 5)
    assert found.score == pytest.approx(100 * 2 / 6)
    assert found.wrong.tolist() == [True] * 4 + [False] * 2


# Uniqueness


def test_repeated_identities_and_offers(catalogue):
    rows = [
        row(bastidor="A", matricula="1"),
        row(bastidor="A", matricula="2", precio_venta=1),
        row(bastidor="B", matricula="1", precio_venta=2),
        row(bastidor="C", matricula="3"),
        row(bastidor="", matricula="4", color=None),
        row(bastidor="", matricula="5", color=None),
    ]
    found = uniqueness.measure(table_of(catalogue, rows))
    assert (found.vin, found.plate, found.offer, found.any) == (1, 1, 1, 3)
    assert found.score == pytest.approx(50)


def test_a_stock_without_vins_has_no_figure_for_them(catalogue):
    found = uniqueness.measure(table_of(catalogue, [{"marca": "SEAT"}, {"marca": "SEAT"}]))
    assert (found.vin, found.plate, found.offer, found.any) == (None, None, None, 0)


_words = st.lists(st.sampled_from(list("abcdefghijkl")), max_size=14).map(" ".join)


@given(st.lists(_words, max_size=25))
@example(["a b c d e", "a b c d e f", "a b c", "b c d", "c d e f g h", "f", "f g"])
def test_near_duplicates_are_those_that_comparing_all_with_all_finds(texts):
    sets = [frozenset(t.split()) for t in texts if t]
    alike = set()
    for (i, one), (j, other) in combinations(enumerate(sets), 2):
        if len(one & other) > 0.8 * len(one | other):
            alike |= {i, j}
    found = uniqueness.near_duplicates(texts)
    assert (found.alike, found.compared) == (len(alike), len(sets))


def test_the_report_says_when_it_only_compared_a_sample_of_the_texts(catalogue, monkeypatch):
    monkeypatch.setattr("flotia.quality.columns.TEXTS", 10)
    texts = table_of(catalogue, [row(descripcion=f"texto número {n}") for n in range(50)])
    assert (len(texts.texts), texts.texts_seen) == (10, 50)
    assert uniqueness.measure(texts).texts.total == 50


def test_every_text_has_the_same_chance_to_be_in_the_sample(catalogue, monkeypatch):
    monkeypatch.setattr("flotia.quality.columns.TEXTS", 200)
    texts = table_of(catalogue, [{"descripcion": str(n)} for n in range(2000)]).texts
    assert sum(int(t) < 1000 for t in texts) == pytest.approx(100, abs=25)


# Diversity and provenance


def test_variety_of_brands_and_models(catalogue):
    rows = [row()] * 6 + [row(modelo="Ibiza")] * 2 + [row(marca="Fiat", modelo="500")] * 2
    found = diversity.measure(table_of(catalogue, rows), MARKET)
    assert found.brands.top == (("SEAT", 0.8), ("Fiat", 0.2))
    assert found.brands.hhi == pytest.approx((8 * 7 + 2) / 90)
    assert found.models.names == 3
    assert found.models.hhi == pytest.approx((6 * 5 + 2 + 2) / 90)
    assert found.brands.score == pytest.approx(100 * 0.0495 / (58 / 90))
    assert found.score == pytest.approx((found.brands.score + found.models.score) / 2)


def test_provenance_counts_kept_fields_and_errors(catalogue):
    rows = [
        row(origen="ia", modelo_ia="m/1", campos_ia=["version", "color"]),
        row(origen="ia", modelo_ia="m/1", campos_ia=["color", "precio_compra"]),
        row(),
    ]
    found = provenance.measure(table_of(catalogue, rows), np.array([True, False, False]))
    ai, local = found.origins
    assert (ai.name, ai.rows, ai.wrong, ai.fields) == ("ia", 2, 1, 1.5)
    assert (ai.kept["version"], ai.kept["color"], ai.kept["potencia"]) == (0.5, 1.0, 0.0)
    assert (local.name, local.wrong, local.fields) == ("aleatorio", 0, 0)
    assert [m.name for m in found.models] == ["m/1"]


# Realism: the mix


def test_shares_of_the_mix(catalogue):
    rows = (
        [row(color="Gris", provincia="La Coruña", etiqueta_dgt="C")] * 30
        + [row(color="Plata", provincia="A Coruña", etiqueta_dgt="", transmision="Automática", puertas=3)] * 30
        + [row(marca="Fiat", modelo="500", combustible="Eléctrico", etiqueta_dgt="0", anio_matricula=2010)] * 40
    )
    found = figures_of(catalogue, rows)
    assert found["marcas", ""].value == {"SEAT": 0.6, "Fiat": 0.4}
    assert found["concentracion_marcas", "top5"].value == 1.0
    assert found["modelos_en_marca", ""].value == {"SEAT": {"León": 1.0}, "Fiat": {"500": 1.0}}
    assert found["segmentos", ""].value == {"compacto": 0.6, "micro": 0.4}
    assert found["combustible", ""].value == {"Gasolina": 0.6, "Eléctrico": 0.4}
    assert found["combustible_por_anio", ""].value == {"2022": {"Gasolina": 1.0}, "2010": {"Eléctrico": 1.0}}
    assert found["automatico", ""].value == pytest.approx(0.3)
    assert found["automatico_por_marca", ""].value == {"SEAT": 0.5, "Fiat": 0.0}
    assert found["automatico_por_potencia", ""].value == {"100-119": 0.3}
    assert found["puertas", ""].value == {"3": 0.3, "5": 0.7}
    assert found["colores", ""].value == {"Gris / Plata": 1.0}
    assert found["provincias", ""].value == {"A Coruña": 0.6, "Madrid": 0.4}
    assert found["etiquetas", ""].value == {"C": 30 / 70, "0": 40 / 70}
    assert found["mes", ""].value == {"3": 1.0}


def test_months_are_those_of_earlier_years(catalogue):
    rows = [row()] * 3 + [row(anio_matricula=2026, fecha_matriculacion=date(2026, 7, 1))] * 5
    assert figures_of(catalogue, rows)["mes", ""].value == {"3": 1.0}


def test_quantiles_of_power(catalogue):
    found = figures_of(catalogue, [row(potencia=100 + n) for n in range(101)])
    assert found["potencia", ""].value["p25"] == 125
    assert found["potencia_por_marca", ""].value["SEAT"]["p95"] == 195


# Realism: what a car is worth


def test_ages_and_kilometres(catalogue):
    rows = [row(anio_matricula=2026, kilometros=10)] * 30 + [row(anio_matricula=2022, kilometros=44_000)] * 70
    found = figures_of(catalogue, rows)
    assert found["edades", ""].value["0"] == 0.3
    assert found["edades", ""].value["4"] == 0.7
    assert found["km_por_edad", ""].value["4"]["p50"] == 44_000
    assert found["km_hasta_100", ""].value == 0.3
    assert found["km_hasta_100_nuevos", ""].value == 1.0
    assert found["km_anio", "mediana"].value == pytest.approx(10_000)
    assert found["km_anio", "log_sd"].value == pytest.approx(0)
    assert found["km_anio_combustible", ""].value == {"Gasolina": pytest.approx(10_000)}


def test_the_effects_on_price_are_those_the_prices_were_made_with(catalogue):
    rows = []
    for year, base in ((2020, 15_000), (2022, 20_000)):
        for n in range(40):
            km, power, automatic = 20_000 + 3_000 * n, 90 + (n * 7) % 60, n % 3 == 0
            price = base * exp(-0.02 * km / 10_000 + 0.5 * log(power / 110) + 0.07 * automatic)
            gearbox = "Automática" if automatic else "Manual"
            rows.append(
                row(anio_matricula=year, kilometros=km, potencia=power, transmision=gearbox, precio_venta=price)
            )
    found = figures_of(catalogue, rows)
    assert found["efecto_km", ""].value == pytest.approx(-0.02)
    assert found["elasticidad_potencia", ""].value == pytest.approx(0.5)
    assert found["sd_log_residual", ""].value == pytest.approx(0, abs=1e-9)
    assert found["sd_log_precio", ""].n == 80


def test_the_spread_inside_model_and_year(catalogue):
    rows = [row(precio_venta=10_000 * exp(s), kilometros=k) for s in (-0.1, 0.1) for k in (1000, 2000, 3000, 4000)]
    rows += [row(anio_matricula=2015, precio_venta=1)] * 7  # too few for a cell of their own
    found = figures_of(catalogue, rows)
    assert found["sd_log_precio", ""].value == pytest.approx(sqrt(8 * 0.01 / 7))
    assert found["efecto_km_bruto", ""].value == pytest.approx(0, abs=1e-12)


def test_the_price_index_is_by_age_inside_the_model(catalogue):
    rows = [
        row(marca=brand, modelo=model, anio_matricula=2026 - age, precio_venta=base * kept, kilometros=age * 1000)
        for brand, model, base in (("SEAT", "León", 25_000), ("BMW", "Serie 3", 50_000))
        for age, kept in ((0, 1.0), (1, 0.9), (5, 0.6))
        for _ in range(20 if brand == "SEAT" else 10 + 10 * age)
    ]
    assert figures_of(catalogue, rows)["indice_precio", ""].value == pytest.approx({"0": 1.0, "1": 0.9, "5": 0.6})


def test_retention_is_against_the_catalogues_price_when_new(catalogue):
    variant = catalogue.table(2022, "SEAT").variants[0]
    trim = variant.trims(2022)[0]
    new = variant.list_price(trim)
    rows = [
        row(modelo=variant.model.nombre, version=variant.version(trim), transmision=variant.transmission,
            precio_venta=new * 0.7)
    ] * 30 + [row(version="algo que no se vendió", precio_venta=1)]  # fmt: skip
    found = figures_of(catalogue, rows)["retencion", ""]
    assert found.value == {"4": pytest.approx(0.7)}
    assert found.n == 30


def test_correlations(catalogue):
    rows = [
        row(kilometros=1000 * n, precio_venta=30_000 - n, potencia=100 + n % 7, anio_matricula=2022)
        for n in range(1, 40)
    ]
    rows += [row(modelo="Ibiza", kilometros=1000 * n, precio_venta=n) for n in range(1, 11)]  # too few for a model
    found = figures_of(catalogue, rows)
    assert found["spearman_en_modelo", "precio_km"].value == pytest.approx(-1)
    assert found["spearman_en_modelo_anio", "precio_km"].n == 49
    assert -1 < found["spearman", "precio_km"].value < 1
    assert ("spearman", "precio_edad") not in found


def test_rounding_and_endings(catalogue):
    prices = [12_000] * 30 + [12_990] * 50 + [45_900] * 30 + [Decimal("12990.50")] * 10
    found = figures_of(
        catalogue, [row(precio_venta=p, kilometros=k) for p, k in zip(prices, [500] * 60 + [12_500] * 60, strict=True)]
    )
    assert found["redondeo_precio", ""].value["mult_1000"] == pytest.approx(30 / 120)
    assert found["redondeo_precio", ""].value["mult_10"] == pytest.approx(110 / 120)
    assert found["finales_precio", ""].value == pytest.approx({"000": 30 / 120, "990": 50 / 120, "900": 30 / 120})
    assert found["finales_precio_por_banda", ""].value[">40k"] == {"900": 1.0}
    assert found["redondeo_km", ""].value["mult_500"] == 1.0
    assert found["redondeo_km", ""].n == 60


def test_repetitions_count_all_but_the_first(catalogue):
    rows = [row(kilometros=k, precio_venta=p) for k, p in ((5000, 1), (5000, 1), (6000, 1), (7000, 2))]
    found = figures_of(catalogue, rows)
    assert found["repetidos", "misma_marca_modelo_anio_km_precio"].value == 0.25
    assert found["repetidos", "misma_marca_modelo_anio_precio"].value == 0.5
    assert found["repetidos", "mismo_km_gt1000"].value == 0.25


# The yardstick


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: ".".join(filter(None, (s.key, s.part))))
def test_the_market_is_within_itself_and_so_is_the_other_portal(spec):
    itself = yardstick.compare(spec, Measured(MARKET.of(spec, spec.against), 10**6), MARKET)
    assert itself.distance == 0
    assert itself.verdict is (Verdict.WITHIN if spec.peers else Verdict.UNKNOWN)
    for name in spec.peers:
        if (other := MARKET.of(spec, name)) is not None:
            assert yardstick.compare(spec, Measured(other, 10**6), MARKET).verdict is Verdict.WITHIN


def test_farther_than_the_other_portal_is_outside():
    spec = spec_of("spearman", "precio_edad")  # -0.528; -0.618 in dm2020pro, -0.448 in as2026
    near, far = (yardstick.compare(spec, Measured(value, 500), MARKET) for value in (-0.528 + 0.089, -0.528 + 0.18))
    assert near.verdict is Verdict.WITHIN
    assert (far.verdict, far.peer, far.allowed) == (Verdict.OUTSIDE, "varios portales, 2020", pytest.approx(0.09))
    assert far.credit == pytest.approx(0.5)
    assert near.credit == 1.0


def test_few_rows_have_no_verdict():
    spec = spec_of("spearman", "precio_edad")
    assert yardstick.compare(spec, Measured(0.9, 199), MARKET).verdict is Verdict.UNKNOWN
    assert yardstick.compare(spec, Measured(0.9, 200), MARKET).verdict is Verdict.OUTSIDE
    assert yardstick.compare(spec, None, MARKET).verdict is Verdict.UNKNOWN


def test_a_share_may_be_off_by_what_chance_does():
    spec = Spec("automatico", "f", "n", Kind.SHARE, ())
    sparse, dense = (yardstick.compare(spec, Measured(0.6, n), MARKET) for n in (400, 40_000))
    assert sparse.noise == pytest.approx(2 * sqrt(0.5304 * 0.4696 / 400))
    assert dense.noise == pytest.approx(sparse.noise / 10)
    spec = Spec("automatico", "f", "n", Kind.SHARE, ("dm2020pro",))
    few, many = (yardstick.compare(spec, Measured(0.5304 + 0.1767 + 0.03, n), MARKET) for n in (400, 40_000))
    assert (few.verdict, many.verdict) == (Verdict.WITHIN, Verdict.OUTSIDE)


def test_curves_are_compared_where_the_stock_has_them():
    spec = spec_of("precio_por_edad")
    reference = MARKET.of(spec, "ac2024")
    recent = MARKET.of(spec, "as2026")
    found = yardstick.compare(spec, Measured({"2": reference["2"] * 1.1, "3": reference["3"] / 1.2}, 500), MARKET)
    assert found.distance == pytest.approx((log(1.1) + log(1.2)) / 2)
    assert found.peer_distance == pytest.approx(np.mean([abs(log(recent[a] / reference[a])) for a in "23"]))


# The whole


@pytest.fixture(scope="module")
def stock():
    from flotia.generation import generate
    from flotia.request import Request

    return [v.as_dict() for v in generate(Request(amount=600, seed=4, use_ai=False, today=TODAY))]


@pytest.fixture(scope="module")
def measured(stock, catalogue):
    return report.measure(iter(stock), source="x", today=TODAY, catalogue=catalogue)


def test_the_total_is_the_weighted_mean_of_the_sections(measured):
    scores = measured.scores
    total = sum(report.WEIGHTS[name] * scores[name] for name in report.WEIGHTS) / 100
    assert measured.score == pytest.approx(total)
    assert measured.rows == 600


def test_a_section_without_a_score_leaves_its_weight_to_the_others(catalogue):
    found = report.measure([{"bastidor": "A"}] * 4, source="x", today=TODAY, catalogue=catalogue)
    assert found.scores["diversidad"] is found.scores["realismo"] is None
    given = {n: s for n, s in found.scores.items() if s is not None}
    assert found.score == pytest.approx((40 * given["coherencia"] + 20 * given["unicidad"]) / 60)
    assert given["unicidad"] == 25


def test_no_rows_make_no_report(catalogue):
    assert report.measure([], source="x", today=TODAY, catalogue=catalogue) is None


def test_the_worst_comes_first_among_the_findings(stock, catalogue):
    rows = stock + [r | {"precio_venta": Decimal(10**7)} for r in stock[:60]]
    found = findings(report.measure(rows, source="x", today=TODAY, catalogue=catalogue))
    assert len(found) == 3
    assert found[0].startswith("60 de 660 vehículos (9,1\u00a0%) incumplen una regla: ")
    rows = [r | {"bastidor": "", "matricula": ""} for r in [*stock[:1]] * 300]
    found = findings(report.measure(rows, source="x", today=TODAY, catalogue=catalogue))
    assert "299 de 300 vehículos (99,7\u00a0%) repiten versión, año, kilómetros, color y precio de otro." in found


def test_a_stock_with_little_wrong_is_told_what_is_right(stock, catalogue):
    found = findings(report.measure([{"bastidor": ""}] * 3, source="x", today=TODAY, catalogue=catalogue))
    assert found[-1] == "Se han medido 3 vehículos."


def test_plots_are_whole_named_and_need_nothing_from_elsewhere(measured):
    drawn = list(charts.charts(measured))
    assert [c.title for c in drawn] == [
        "Precio por edad",
        "Kilómetros por edad",
        "Marcas",
        "Colores",
        "Distribución de precios",
    ]
    for chart in drawn:
        svg = ET.fromstring(chart.svg)
        assert svg.attrib["role"] == "img"
        assert [svg[0].text, svg[1].text] == [chart.title, chart.says]
        assert "var(--aqui)" in chart.svg
        assert not re.search(r"#0[1-5]0[1-5]0[1-5]", chart.svg)
        assert set(re.findall(r"https?://[^\"]+", chart.svg)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
        assert len(chart.table.rows[0]) == len(chart.table.headers)
    ids = [i for c in drawn for i in re.findall(r' id="([^"]+)"', c.svg)]
    assert len(ids) == len(set(ids))
