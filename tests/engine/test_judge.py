"""Which of a model's fields stand."""

import functools
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flotia.catalogue.loader import Catalogue
from flotia.judgement import versions
from flotia.judgement.judge import Judge
from flotia.judgement.likeness import RecentTexts
from flotia.judgement.text import TextFacts, description, description_fault, equipment, unsafe, words_in
from flotia.request import Request
from flotia.vehicle import MODEL_FIELDS
from tests.conftest import TODAY
from tests.doubles.proposals import slots_of, trial


@functools.lru_cache
def slots(amount=40, brand=None, seed=21):
    return slots_of(Catalogue.load(), Request(amount=amount, seed=seed, brand=brand, today=TODAY))


def golden(slot):
    """The row of a perfect model: the slot's own facts, in words."""
    f, e = slot.facts, slot.facts.variant.engine
    return {
        "id": slot.index, "marca": f.variant.brand.marca, "modelo": f.variant.model.nombre,
        "anio_matricula": f.registered.year, "version": f.version, "combustible": e.combustible,
        "transmision": f.variant.transmission, "cilindrada": e.cilindrada or None, "potencia": e.potencia,
        "kilometros": f.kilometres, "precio_venta": int(f.price), "color": f.colour,
        "equipamiento": ["Climatizador", "Navegador", "Faros antiniebla", "Bluetooth"],
        "descripcion": f"Vehículo {slot.index} en muy buen estado, revisado en el taller y listo para la entrega en la tienda.",
    }  # fmt: skip


@pytest.fixture
def judge(catalogue):
    return Judge(catalogue)


def test_a_perfect_row_stands_whole(judge):
    for slot in slots(300):
        verdict = judge.judge(slot, golden(slot))
        assert verdict.kept == MODEL_FIELDS, (slot.facts.version, verdict.repaired)
        assert not verdict.repaired
        assert not verdict.refused
        assert verdict.facts.version == slot.facts.version


WRONG = [
    ("combustible", "Uranio"), ("combustible", None), ("transmision", "Levitación"), ("cilindrada", 31), ("potencia", 9999),
    ("potencia", "mucha"), ("kilometros", -5), ("kilometros", 2_000_000), ("kilometros", 1.5), ("precio_venta", 1),
    ("precio_venta", 10**9), ("precio_venta", "gratis"), ("color", "Transparente"), ("color", "=1+1"),
    ("equipamiento", "no"), ("equipamiento", ["<script>alert(1)</script>"] * 5), ("equipamiento", []),
    ("descripcion", ""), ("descripcion", "x" * 5000), ("descripcion", ["texto"]),
    ("descripcion", "Llame al 600 123 456 para ver este coche en muy buen estado de conservación."),
    ("descripcion", "Visite www.estafa.com para ver este coche en muy buen estado de conservación."),
    ("descripcion", "This is a very nice car with the best of the best and it is for you and for all."),
    ("descripcion", "Coche de 1999 en muy buen estado, revisado en el taller y listo para la entrega."),
    ("descripcion", "Coche con 1.234.567 km en muy buen estado, revisado y listo para la entrega."),
    ("descripcion", "Coche por 3.000 euros en muy buen estado, revisado en el taller y listo para la entrega."),
    ("descripcion", "Coche de único propietario en muy buen estado, revisado y listo para la entrega."),
    ("descripcion", "Como modelo de lenguaje no puedo describir este coche, pero es muy bueno para la familia."),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda v: str(v)[:24])
def test_a_wrong_field_is_replaced_and_only_it(judge, field, value):
    for slot in slots(15):
        verdict = judge.judge(slot, golden(slot) | {field: value})
        assert field not in verdict.kept
        assert field in verdict.repaired
        others = {f for f in verdict.kept if f != "precio_venta"}
        assert others >= set(MODEL_FIELDS) - {field, "precio_venta", "descripcion"}, verdict.repaired


def test_a_version_that_never_was_takes_its_figures_with_it(judge):
    slot = slots(1)[0]
    row = golden(slot) | {"version": "9.9 V16 Galaxia", "potencia": 999, "cilindrada": 9900}
    verdict = judge.judge(slot, row)
    assert not {"version", "potencia", "cilindrada"} & set(verdict.kept)
    assert verdict.facts.version == slot.facts.version


def test_another_real_version_of_the_car_is_taken_over_with_its_figures(judge, catalogue):
    slot = next(
        s for s in slots(400, "SEAT") if s.facts.variant.model.nombre == "León" and s.facts.registered.year == 2019
    )
    other = next(
        v for v in catalogue.table(2019, "SEAT").of_model("León")
        if v.engine.combustible != slot.facts.variant.engine.combustible and not v.automatic
    )  # fmt: skip
    trim = other.trims(2019)[0]
    row = golden(slot) | {
        "version": other.version(trim), "combustible": other.engine.combustible, "potencia": other.engine.potencia,
        "cilindrada": other.engine.cilindrada, "transmision": "Manual",
    }  # fmt: skip
    verdict = judge.judge(slot, row)
    assert verdict.facts.version == other.version(trim)
    assert {"version", "combustible", "potencia", "cilindrada", "transmision"} <= set(verdict.kept)


def test_what_contradicts_the_version_is_read_by_the_version(judge):
    slot = next(s for s in slots(200) if s.facts.variant.engine.combustible == "Diésel")
    verdict = judge.judge(slot, golden(slot) | {"combustible": "Gasolina"})
    assert verdict.facts.variant.engine.combustible == "Diésel"
    assert verdict.repaired == {"combustible": "no cuadra con el catálogo"}


@pytest.mark.parametrize("change", [{"marca": "Zastava"}, {"modelo": "Yugo"}, {"anio_matricula": 1990}])
def test_a_row_about_another_car_is_refused(judge, change):
    slot = slots(1)[0]
    assert judge.judge(slot, golden(slot) | change).refused.startswith("habla de otr")


def test_a_longer_models_name_is_not_the_shorter_ones(judge):
    slot = next(s for s in slots(300, "Citroën") if s.facts.variant.model.nombre == "C3")
    assert judge.judge(slot, golden(slot) | {"modelo": "C3 Aircross"}).refused
    assert not judge.judge(slot, golden(slot) | {"modelo": "C3 Feel"}).refused
    assert not judge.judge(slot, golden(slot) | {"modelo": "Citroën C3"}).refused


def test_a_row_of_which_nothing_stands_is_refused(judge):
    slot = slots(1)[0]
    assert judge.judge(slot, {"id": slot.index, "color": "Transparente"}).refused == "ningún dato se sostiene"


def test_a_text_is_not_taken_twice(judge):
    one, two = slots(2)
    same = {"descripcion": "Revisado en el taller de la casa, listo para la entrega y con la documentación en regla."}
    first = judge.judge(one, golden(one) | same)
    judge.remember([first.description])
    again = judge.judge(two, golden(two) | same)
    assert first.description == same["descripcion"]
    assert again.repaired["descripcion"] == "repite otro texto"


def test_a_replaced_price_follows_the_car_that_the_model_chose(judge, catalogue):
    slot = next(s for s in slots(80, "Volkswagen") if s.facts.variant.model.nombre == "Golf")
    year = slot.facts.registered.year
    dear = max(catalogue.table(year, "Volkswagen").of_model("Golf"), key=lambda v: v.engine.precio)
    trim = dear.trims(year)[0]
    row = golden(slot) | {
        "version": dear.version(trim), "potencia": dear.engine.potencia, "combustible": dear.engine.combustible,
        "precio_venta": 1,
    }  # fmt: skip
    verdict = judge.judge(slot, row)
    assert verdict.facts.variant.engine is dear.engine
    assert verdict.facts.price > slot.facts.price


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from([*MODEL_FIELDS, "id", "marca", "modelo", "anio_matricula"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_row_makes_it_raise_or_changes_what_is_not_the_models(row):
    slot = slots(1)[0]
    verdict = Judge(Catalogue.load()).judge(slot, row)
    changed = replace(
        verdict.facts, variant=slot.facts.variant, trim=slot.facts.trim, kilometres=slot.facts.kilometres,
        colour=slot.facts.colour, price=slot.facts.price,
    )  # fmt: skip
    assert changed == slot.facts


GOLF = TextFacts(
    name="Golf 2.0 TDI", year=2018, kilometres=85_000, power=150, size=1968, doors=5, seats=5, fuel="Diésel",
    automatic=False, mild_hybrid=False, colour="Azul", body="Compacto", label="C", all_wheels=False,
    others=frozenset({"renault", "opel", "ibiza"}),
)  # fmt: skip
PADDING = " El coche está en muy buen estado y se entrega revisado en el taller de la casa."


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Golf diésel de 2018 con 85.000 km y 150 CV, cambio manual, de color azul.", None),
        ("Con 85 mil kilómetros.", None),
        ("Revisión cada 30.000 km.", None),
        ("Consumo de 5,5 l/100 km.", None),
        ("Con menos de 86.000 km.", None),
        ("Con menos de 90.000 km.", "habla de otros kilómetros"),
        ("Golf con cambio automático.", "habla de otro cambio"),
        ("Lleva caja DSG.", "habla de otro cambio"),
        ("Motor de gasolina muy suave.", "habla de otro combustible"),
        ("Híbrido enchufable de última generación.", "habla de otro combustible"),
        ("Solo 12.000 km.", "habla de otros kilómetros"),
        ("Potente motor de 300 CV.", "habla de otra potencia"),
        ("Con 3 puertas.", "habla de otras puertas o plazas"),
        ("Con siete plazas.", "habla de otras puertas o plazas"),
        ("Pintura roja.", "habla de otro color"),
        ("A estrenar.", "lo llama nuevo"),
        ("Mejor que un Renault.", "habla de otra marca o modelo"),
        ("Matriculado en 2021.", "habla de otro año"),
    ],
)
def test_a_text_may_say_what_is_true_and_nothing_else(sentence, fault):
    assert description_fault(sentence + PADDING, GOLF) == fault


def test_a_number_in_the_cars_own_name_counts_nothing():
    amg = replace(GOLF, name="AMG GT 4 Puertas 43 4MATIC+", fuel="Gasolina", automatic=True)
    assert description_fault("AMG GT 4 Puertas de 5 puertas." + PADDING, amg) is None
    assert (
        description_fault("Con 7 plazas." + PADDING, replace(GOLF, name="Clase A A 180 d 7G-DCT"))
        == "habla de otras puertas o plazas"
    )
    assert description_fault("AMG GT 4 Puertas de 3 puertas." + PADDING, amg) == "habla de otras puertas o plazas"
    assert description_fault("Peugeot 2008 de 2018." + PADDING, replace(GOLF, name="2008 1.5 BlueHDi")) is None


@pytest.mark.parametrize(
    "text",
    ["<b>", "{{ x }}", "=SUM(A1)", "+34 600 00 00 00", "a@b.es", "https://x", "\u202emal", "javascript:x", "WhatsApp"],
)
def test_what_no_ad_holds_is_unsafe(text):
    assert unsafe(text)


def test_equipment_keeps_what_fits_and_drops_the_rest():
    said = ["Climatizador", "climatizador", "Cambio automático", "Navegador", "http://x.com", "Faros led", 3, "x" * 99]
    assert equipment(said, GOLF) == ("Climatizador", "Navegador", "Faros led")
    assert equipment("Navegador, Faros led; Bluetooth", GOLF) == ("Navegador", "Faros led", "Bluetooth")
    assert equipment(["Navegador"], GOLF) is None


def test_random_damage_never_lets_a_wrong_field_stand(judge):
    rng = random.Random(3)
    wrong = dict(WRONG)
    for slot in slots(200):
        row = golden(slot)
        damaged = {f for f in wrong if rng.random() < 0.33}
        verdict = judge.judge(slot, row | {f: wrong[f] for f in damaged})
        assert not damaged & set(verdict.kept)


@pytest.mark.parametrize(
    ("brand", "model", "year", "fuel", "power", "written", "read_as"),
    [
        ("SEAT", "León", 2018, "Diésel", 115, "1.6 TDI 85kW (115CV) St&Sp Reference", "1.6 TDI 115 CV Reference"),
        ("SEAT", "León", 2019, "Diésel", 150, "2.0 TDI 150 DSG-7 FR", "2.0 TDI 150 CV DSG FR"),
        ("Peugeot", "3008", 2019, "Diésel", 130, "BlueHDi 130 EAT8 GT Line", "1.5 BlueHDi 130 CV EAT8 GT Line"),
        ("Citroën", "C3", 2021, "Gasolina", 83, "PureTech 83 Feel", "1.2 PureTech 83 CV Feel"),
        ("Volkswagen", "Golf", 2018, "Diésel", 115, "Advance 1.6 TDI 115CV", "1.6 TDI 115 CV Advance"),
        ("Mercedes-Benz", "Clase A", 2020, "Diésel", 116, "A180d 7G-DCT AMG Line 5p", "A 180 d 7G-DCT AMG Line"),
        ("Nissan", "Qashqai", 2019, "Gasolina", 140, "DIG-T 103 kW (140 CV) N-Connecta", "1.3 DIG-T 140 CV N-Connecta"),
        ("Ford", "Kuga", 2020, "Diésel", 150, "2.0 EcoBlue 110kW (150CV) ST-Line", "2.0 EcoBlue MHEV 150 CV ST-Line"),
        ("Fiat", "500", 2021, "Gasolina", 70, "500 1.0 Hybrid Dolcevita", "1.0 Hybrid 70 CV Dolcevita"),
    ],
)
def test_versions_are_read_as_ads_write_them(catalogue, brand, model, year, fuel, power, written, read_as):
    found = version_of(catalogue, brand, model, year, {"version": written, "potencia": power, "combustible": fuel})
    assert found.exact
    assert found.variant.version(found.trim) == read_as


@pytest.mark.parametrize("written", ["1.9 TDI 150 CV", "V8 Biturbo", "", "León", "x" * 200])
def test_a_version_that_never_was_is_no_other(catalogue, written):
    found = version_of(catalogue, "SEAT", "León", 2019, {"version": written, "potencia": 777})
    assert not found.named
    assert not found.exact


def test_a_third_of_all_fields_wrong_and_none_gets_through():
    tally = trial(300, seed=4, today=TODAY)
    assert tally.wrong > 900
    assert tally.through == {}, tally.examples
    assert tally.rows_wrong == 0, tally.examples["fila"][:2]
    assert tally.right_kept.total() > 1500
    assert tally.share_replaced <= 0.01, {k: v[:2] for k, v in tally.examples.items() if k.startswith("bueno")}
    assert tally.rows_refused <= 60


def test_right_answers_stand_whole():
    tally = trial(200, seed=9, today=TODAY, wrong=0, identity=0)
    assert tally.rows_refused == 0
    assert tally.right_kept.total() >= 0.998 * 200 * len(MODEL_FIELDS), tally.examples
    assert tally.trimmed <= 2  # bodies that share a name and differ in doors


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("Golf de 2021. " + PADDING.strip(), PADDING.strip()),
        (PADDING.strip() + " Cambio automático. De color azul.", PADDING.strip() + " De color azul."),
        ("Golf de 2021 en muy buen estado, revisado en el taller de la casa.", None),
        (PADDING.strip() + " Llame al 612 34 56 78.", None),
        (PADDING.strip() + " <b>Oferta.</b>", None),
    ],
)
def test_a_sentence_that_the_facts_deny_goes_and_the_rest_stays(said, stands):
    assert description(said, GOLF)[0] == stands


def test_entries_that_exclude_each_other_do_not_stand_together():
    said = [
        "Faros led",
        "Faros halógenos",
        "Climatizador",
        "Aire acondicionado",
        "Llantas de 17 pulgadas",
        "Llantas de 18 pulgadas",
    ]
    assert equipment(said, GOLF) == ("Faros led", "Climatizador", "Llantas de 17 pulgadas")


@pytest.mark.parametrize(
    "said",
    [
        "Muy cuidado: 7 plazas, ¡listo! (véalo)", "con guion_bajo y 1.5 TSI", "50 % más… «nuevo» – 4x4/AWD", "",
        "o’clock\u00a0km\u2028fin", "½ İstanbul ﬁn", "A/A; 12,5 l/100",
    ],
)  # fmt: skip
def test_thewords_in_a_text_are_its_runs_of_letters_and_digits(said):
    assert words_in(said) == tuple(re.findall(r"\w+", said.lower()))


def test_a_text_is_recognised_by_its_words_whatever_their_order():
    texts = RecentTexts()
    for n in range(3000):
        texts.remember([f"coche número {n} de la casa con " + " ".join(f"p{n * k % 997}" for k in range(1, 20))])
    new = "revisado en el taller de la casa y listo para la entrega con su documentación en regla"
    assert not texts.seen_like(new)
    texts.remember([new])
    assert texts.seen_like(" ".join(reversed(new.split())) + " hoy")
    assert not texts.seen_like("listo para la entrega con su documentación y con garantía de un año en el taller")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": None}, "potencia"), ({"version": "9.9 V16 Quimera", "potencia": None}, "cilindrada"),
        ({"version": ["1.0"], "transmision": None}, "potencia"),
    ],
)  # fmt: skip
def test_figures_tell_the_car_where_the_version_does_not(judge, catalogue, change, field):
    """Another engine of the model is recognised by its figures alone, and they stand."""
    for slot in slots(200):
        f = slot.facts
        table = catalogue.table(f.registered.year, f.variant.brand.marca)
        others = [
            v for v in table.of_model(f.variant.model.nombre)
            if v.engine.combustible == f.variant.engine.combustible and v.automatic == f.variant.automatic and v.body is f.variant.body
            and abs(v.engine.cilindrada - f.variant.engine.cilindrada) > 50 and v.engine.cilindrada
            and 0.85 < v.list_price(v.generation.acabados[0]) / f.variant.list_price(f.variant.generation.acabados[0]) < 1.15
        ]  # fmt: skip
        if not others:
            continue
        other = others[0].engine
        row = golden(slot) | {"potencia": other.potencia, "cilindrada": other.cilindrada} | change
        verdict = judge.judge(slot, row)
        assert "version" in verdict.repaired
        assert field in verdict.kept, (f.version, row, verdict.facts.version)


def version_of(catalogue, brand, model, year, proposed):
    slot = next(
        s for s in slots(3000, brand) if s.facts.variant.model.nombre == model and s.facts.registered.year == year
    )  # fmt: skip
    return versions.match(catalogue, slot.facts, proposed)
