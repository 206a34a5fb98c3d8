"""The rules of finished rows: each fires where it should, and only there."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flotia
from flotia.catalogue.loader import Catalogue
from flotia.errors import CatalogueError
from flotia.judgement import rulebook, rules
from flotia.judgement.cars import Cars
from flotia.judgement.expectations import Expectations
from flotia.judgement.rules import Assessor
from flotia.vehicle import FIELDS
from tests.conftest import TODAY

RULES = rulebook.load()
PLAIN = "Revisado en nuestro taller y listo para la entrega, con el interior muy cuidado y sin golpes."


def priced(row):
    """`row` with the prices that such a car has."""
    catalogue = Catalogue.load()
    cars = Cars(catalogue)
    brand = cars.brand("SEAT")
    variant, trim = next(
        (v, t) for v in cars.sold(brand, cars.model(brand, "León"), 2019) for t in v.trims(2019)
        if v.version(t) == "2.0 TDI 150 CV FR" and v.body.nombre == ""
    )  # fmt: skip
    age = (TODAY - row["fecha_matriculacion"]).days / 365.25
    expected = Expectations(catalogue).expected_price(variant, trim, year=2019, age=age, kilometres=row["kilometros"])
    sale = Decimal(round(expected, -1)).quantize(Decimal("0.01"))
    purchase = (sale * Decimal("0.95")).quantize(Decimal("0.01"))
    return row | {"precio_venta": sale, "precio_compra": purchase, "precio_costo": purchase}


GOOD = {
    "bastidor": "VSSZZZ5FZKR123456", "matricula": "1234KXB", "marca": "SEAT", "modelo": "León", "version": "2.0 TDI 150 CV FR",
    "anio_matricula": 2019, "fecha_matriculacion": date(2019, 5, 16), "kilometros": 98_500, "combustible": "Diésel",
    "transmision": "Manual", "tipo_vehiculo": "Compacto", "cilindrada": 1968, "potencia": 150, "puertas": 5, "plazas": 5,
    "color": "Azul", "etiqueta_dgt": "C", "provincia": "Toledo", "concesionario": "Autos Alameda",
    "fecha_recepcion": TODAY - timedelta(days=40), "dias_stock": 40, "descripcion": PLAIN,
    "equipamiento": ["Climatizador bizona", "Sensor de lluvia", "Bluetooth", "Faros led"], "origen": "aleatorio",
    "modelo_ia": "", "campos_ia": [], "verificado": True,
}  # fmt: skip
#: A car that the catalogue does not know.
FOREIGN = {"marca": "Zastava", "modelo": "Yugo", "version": "1.3 GLX"}


@pytest.fixture(scope="module")
def good():
    return priced(GOOD)


@pytest.fixture(scope="module")
def assessor(catalogue):
    return Assessor(catalogue, today=TODAY)


def names(assessment):
    return {f.rule.name for f in assessment.findings}


def said(words):
    return {"descripcion": f"{PLAIN} {words}"}


def carried(*items):
    return {"equipamiento": [*GOOD["equipamiento"], *items]}


IA = {"origen": "ia", "modelo_ia": "uno:free", "campos_ia": ["color"]}
#: Rule, what breaks it, and which other rules that cannot but break.
BROKEN = [
    ("campos_obligatorios", {"color": None}, ()), ("campos_obligatorios", {"matricula": " "}, ()),
    ("valores_legibles", {"puertas": "muchas"}, ()), ("valores_legibles", {"combustible": "Uranio"}, ()),
    ("valores_legibles", {"etiqueta_dgt": "Z"}, ()),
    ("datos_limpios", {"concesionario": "<b>Autos</b>"}, ()), ("datos_limpios", {"concesionario": "=1+1"}, ()),
    ("marca_conocida", FOREIGN, ()),
    ("modelo_existe", {"modelo": "Quimera"}, ()),
    ("modelo_en_su_anio", {"modelo": "Exeo"}, ()),
    ("version_existe", {"version": "9.9 V16 Quimera"}, ()),
    ("version_entendida", {"version": "2.0 TDI 150 CV FR Galaxia"}, ()),
    ("combustible_de_la_version", {"combustible": "Gasolina"}, ()),
    ("transmision_de_la_version", {"transmision": "Automática"}, ()),
    ("cilindrada_de_la_version", {"cilindrada": 1598}, ()),
    ("potencia_de_la_version", {"potencia": 184}, ()),
    ("puertas_de_la_version", {"puertas": 3}, ()), ("plazas_de_la_version", {"plazas": 7}, ()),
    ("carroceria_de_la_version", {"tipo_vehiculo": "SUV"}, ()),
    ("cilindrada_y_motor", {"cilindrada": None}, ()),
    ("cilindrada_y_motor", FOREIGN | {"combustible": "Eléctrico", "transmision": "Automática", "etiqueta_dgt": "0"}, ("marca_conocida",)),
    ("motor_posible", FOREIGN | {"potencia": 1500}, ("marca_conocida",)),
    ("motor_posible", FOREIGN | {"puertas": 9}, ("marca_conocida",)), ("motor_posible", FOREIGN | {"potencia": 0}, ("marca_conocida",)),
    ("anio_de_la_fecha", {"fecha_matriculacion": date(2018, 5, 16), "matricula": "1234KLK"}, ()),
    ("fecha_no_futura", {"fecha_matriculacion": TODAY + timedelta(days=9), "anio_matricula": 2026} | FOREIGN | {"kilometros": 10, "matricula": "1234NWB"}, ("recepcion_posterior", "marca_conocida")),
    ("matricula_formato", {"matricula": "M-1234-XX"}, ()), ("matricula_formato", {"matricula": "1234ABC"}, ()),
    ("matricula_no_anterior", {"matricula": "1234BBB"}, ()), ("matricula_no_anterior", {"matricula": "1234KWP"}, ()),
    ("matricula_de_su_mes", {"matricula": "1234LXB"}, ()),
    ("matricula_emitida", {"matricula": "1234ZZZ"}, ("matricula_de_su_mes",)),
    ("bastidor_formato", {"bastidor": "VSSZZZ5FZKR12345"}, ()), ("bastidor_formato", {"bastidor": "VSSZZZ5FZKR12345O"}, ()),
    ("bastidor_de_su_marca", {"bastidor": "VF1ZZZ5FZKR123456"}, ()),
    ("bastidor_prefijo", {"bastidor": "XXXZZZ5FZKR123456"}, ()),
    ("bastidor_anio", {"bastidor": "VSSZZZ5FZMR123456"}, ()),
    ("bastidor_anio_anterior", {"bastidor": "VSSZZZ5FZGR123456"}, ()),
    ("etiqueta_dgt", {"etiqueta_dgt": "ECO"}, ()), ("etiqueta_dgt", {"etiqueta_dgt": ""}, ()),
    ("etiqueta_del_combustible", FOREIGN | {"etiqueta_dgt": "0"}, ("marca_conocida",)),
    ("kilometros_posibles", {"kilometros": 900_000}, ()), ("kilometros_posibles", {"kilometros": -5}, ()),
    ("kilometros_habituales", {"kilometros": 320_000}, ()),
    ("km0_joven", {"kilometros": 10}, ()),
    ("precio_positivo", {"precio_venta": Decimal(0)}, ()),
    ("precio_posible", {"precio_venta": Decimal(59_900), "precio_compra": Decimal(57_000), "precio_costo": Decimal(57_000)}, ()),
    ("precio_posible", {"precio_venta": Decimal(3900), "precio_compra": Decimal(3700), "precio_costo": Decimal(3700)}, ()),
    ("margen_de_compra", {"precio_compra": Decimal(1000), "precio_costo": Decimal(1000)}, ()),
    ("margen_de_costo", {"precio_costo": Decimal(1000)}, ()),
    ("recepcion_posterior", {"fecha_recepcion": date(2019, 5, 15), "dias_stock": (TODAY - date(2019, 5, 15)).days}, ()),
    ("recepcion_no_futura", {"fecha_recepcion": TODAY + timedelta(days=1), "dias_stock": 0}, ()),
    ("dias_en_stock", {"dias_stock": 41}, ()), ("dias_en_stock", {"dias_stock": -1}, ()),
    ("provincia_espanola", {"provincia": "Oporto"}, ()),
    ("color_espanol", {"color": "White"}, ()), ("color_espanol", {"color": "#ffffff"}, ()),
    ("texto_largo", {"descripcion": "Buen coche."}, ()), ("texto_largo", {"descripcion": PLAIN * 12}, ()),
    ("texto_limpio", said("Llame al 612 34 56 78."), ()), ("texto_limpio", said("Vea coches.com hoy."), ()),
    ("texto_limpio", said("a@b.es"), ()), ("texto_limpio", said("<b>Oferta</b>"), ()), ("texto_limpio", said("\u202e"), ()),
    ("texto_de_anuncio", {"descripcion": "Lo siento, como modelo de lenguaje no puedo describir este coche de la ficha."}, ()),
    ("texto_en_espanol", {"descripcion": "This car is very nice and it is for the family, with the best of all in it."}, ()),
    ("texto_en_espanol", {"descripcion": "Este carro está em muito bom estado, com uma manutenção em dia e não tem defeito."}, ()),
    ("texto_sin_repeticiones", {"descripcion": "el coche de la casa " * 8}, ()),
    ("texto_sin_dinero", said("Por 3.990 euros."), ()), ("texto_sin_dinero", said("Desde 199 €/mes."), ()),
    ("texto_sin_duenos", said("De único propietario."), ()), ("texto_sin_duenos", said("Es de segunda mano."), ()),
    ("texto_sin_personas", said("Pregunte por Juan."), ()), ("texto_sin_personas", said("Llame a María."), ()),
    ("texto_anio", said("Es de 2021."), ()), ("texto_kilometros", said("Con 12.000 km."), ()),
    ("texto_potencia", said("Son 110 CV."), ()), ("texto_potencia", said("Son 81 kW."), ()),
    ("texto_cilindrada", said("Con motor 1.6."), ()),
    ("texto_puertas", said("De 3 puertas."), ()), ("texto_plazas", said("Con siete plazas."), ()),
    ("texto_cambio", said("Con cambio automático."), ()), ("texto_cambio", said("Con levas."), ()),
    ("texto_combustible", said("Motor de gasolina."), ()), ("texto_combustible", said("Híbrido enchufable."), ()),
    ("texto_usado", said("A estrenar."), ()), ("texto_color", said("Pintura roja."), ()),
    ("texto_etiqueta", said("Con etiqueta ECO."), ()), ("texto_traccion", said("Con tracción total."), ()),
    ("texto_otro_coche", said("Mejor que un Renault."), ()), ("texto_otro_coche", said("Como un Arona."), ()),
    ("texto_equipamiento", said("Con cable de carga."), ()), ("texto_equipamiento", said("Con tercera fila."), ()),
    ("equipamiento_cantidad", {"equipamiento": ["Bluetooth"]}, ()),
    ("equipamiento_limpio", carried("http://x.es"), ()), ("equipamiento_limpio", carried("Heated seats"), ()), ("equipamiento_limpio", carried(7), ()),
    ("equipamiento_distinto", carried("bluetooth"), ()),
    ("equipamiento_compatible", carried("Aire acondicionado"), ()), ("equipamiento_compatible", carried("Faros halógenos"), ()),
    ("equipamiento_compatible", carried("Llantas de aleación de 16 pulgadas", "Llantas de aleación de 18 pulgadas"), ()),
    ("equipamiento_posible", carried("Levas en el volante"), ()), ("equipamiento_posible", carried("Cable de carga"), ()),
    ("origen_conocido", {"origen": "otro"}, ()),
    ("origen_y_campos", {"origen": "ia"}, ()), ("origen_y_campos", {"campos_ia": ["color"]}, ()),
    ("origen_y_campos", IA | {"modelo_ia": ""}, ()),
    ("campos_ia_posibles", IA | {"campos_ia": ["bastidor"]}, ()), ("campos_ia_posibles", IA | {"campos_ia": ["color", "color"]}, ()),
]  # fmt: skip
#: Rules whose case is priced anew, because the kilometres decide what the car costs.
PRICED_ANEW = {"kilometros_posibles", "kilometros_habituales", "km0_joven"}


def test_the_good_row_breaks_no_rule(assessor, good):
    assessment = assessor.assess(good)
    assert assessment.findings == ()
    assert assessment.known
    assert assessment.ok


@pytest.mark.parametrize(("name", "change", "also"), BROKEN, ids=lambda v: str(v)[:40])
def test_each_rule_fires_alone_where_it_is_broken(assessor, good, name, change, also):
    row = good | change
    if name in PRICED_ANEW:
        row = priced(row)
    assessment = assessor.assess(row)
    assert names(assessment) == {name, *also}, assessment.findings
    found = next(f for f in assessment.findings if f.rule.name == name)
    assert found.detail.endswith(".")
    assert assessment.ok == (not assessment.errors)
    assert (found in assessment.errors) == (found.rule.severity is rules.Severity.ERROR)


def test_an_unusual_price_is_a_warning(assessor, good):
    price = (good["precio_venta"] * Decimal("1.9")).quantize(Decimal("0.01"))
    assessment = assessor.assess(good | {"precio_venta": price, "precio_compra": price, "precio_costo": price})
    assert [f.rule.name for f in assessment.warnings] == ["precio_habitual"]
    assert assessment.ok


def test_every_rule_of_the_file_has_a_predicate_and_a_case():
    assert {*rules._CHECKS, *rules.BETWEEN_ROWS} == set(RULES)
    assert {name for name, _, _ in BROKEN} | {"precio_habitual", *rules.BETWEEN_ROWS} == set(RULES)
    assert {f for rule in RULES.values() for f in rule.fields} <= set(FIELDS)


def test_a_general_rule_fires_without_the_catalogue_and_another_does_not(assessor, good):
    for name, change, _ in BROKEN:
        row = good | change | FOREIGN
        if name in PRICED_ANEW:
            row = priced(row)
        found = names(assessor.assess(row))
        if name in found:
            assert RULES[name].general, name
        found_rules = [RULES[n] for n in found]
        assert all(r.general for r in found_rules), (name, found)


def test_values_are_read_as_people_write_them(assessor, good):
    row = good | {
        "kilometros": "98.500 km", "fecha_matriculacion": "16/05/2019", "fecha_recepcion": GOOD["fecha_recepcion"].isoformat(),
        "precio_venta": f"{good['precio_venta']:,} €", "precio_compra": float(good["precio_compra"]),
        "precio_costo": str(good["precio_costo"]), "potencia": "150 CV (110 kW)", "cilindrada": "1.968 cm³",
        "combustible": "diesel", "transmision": "manual 6 velocidades", "tipo_vehiculo": "Hatchback", "marca": "seat",
        "modelo": "SEAT Leon", "provincia": "toledo", "color": "Azul marino", "matricula": "1234 kxb", "plazas": "5",
        "etiqueta_dgt": "c", "equipamiento": json.dumps(GOOD["equipamiento"]), "campos_ia": "[]", "anio_matricula": "2019",
        "version": "2.0 tdi 110kW (150CV) St&Sp FR", "puertas": 5.0,
    }  # fmt: skip
    assessment = assessor.assess(row)
    assert assessment.findings == ()
    assert assessment.known


@pytest.mark.parametrize(
    "name", ["Vizcaya", "La Coruña", "Guipúzcoa", "Baleares", "Illes Balears", "Ceuta", "Melilla", "Orense"]
)
def test_provinces_have_more_than_one_spelling(assessor, good, name):
    assert assessor.assess(good | {"provincia": name}).findings == ()


def test_without_a_date_the_rows_own_dates_are_believed(good):
    assert flotia.judge(good, today=TODAY).findings == ()
    earlier = good | {"dias_stock": 12}
    assert "dias_en_stock" in names(flotia.judge(earlier, today=TODAY))
    assert "dias_en_stock" not in names(flotia.judge(earlier))


def test_what_comes_twice_is_found_at_the_second_row(assessor, good):
    other = good | {"bastidor": "VSSZZZ5FZKR654321", "matricula": "4321KXB", "kilometros": 98_000}
    other["descripcion"] = (
        "Coche muy equilibrado para el día a día y para viajar, con un maletero amplio y un consumo bajo."
    )
    third = good | {"bastidor": "VSSZZZ5FZKR111111", "matricula": "1111KXB"}
    first, second, again, like = map(names, assessor.assess_all([good, other, good, third]))
    assert first == second == set()
    assert again == set(rules.BETWEEN_ROWS)
    assert like == {"vehiculo_unico", "texto_unico"}


def test_local_rows_break_no_rule_that_makes_a_row_wrong(assessor):
    vehicles = flotia.generate(flotia.Request(amount=3000, seed=5, use_ai=False, today=TODAY))
    broken = [
        (f.rule.name, f.detail, v)
        for v, a in zip(vehicles, assessor.assess_all(v.as_dict() for v in vehicles), strict=True)
        for f in a.errors
        if a.known or f.rule.general
    ]
    assert broken == []
    assert all(a.known for a in map(assessor.assess, (v.as_dict() for v in vehicles[:300])))


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.dates()
    | st.sampled_from([-(10**400), "9" * 5000, "0" * 24, "=cmd", "\ud800", b"x", {1}, (1,), "[" * 2000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), _ANY), st.booleans())
def test_no_row_makes_it_raise(change, keep):
    row = (GOOD if keep else {}) | change
    assessment = flotia.judge(row)
    assert all(
        isinstance(f.detail, str) and len(f.detail) < 600 and f.detail.isprintable() for f in assessment.findings
    )


def test_a_number_too_long_to_print_is_unreadable_like_any_other():
    for field in FIELDS:
        assert not flotia.judge(GOOD | {field: 10**5000}).ok


@pytest.mark.parametrize("row", [None, 7, "marca", [("marca", "SEAT")]])
def test_what_is_no_row_lacks_everything(row):
    assert names(flotia.judge(row)) == {"campos_obligatorios"}


@pytest.mark.parametrize(
    "text",
    ["1 " * 450, "1" * 900, "a" * 900, "color " * 150, "cada " * 180, "900 km " * 128, "A " * 450, "Don " * 225, "6-" * 450,
     "llame a " * 112, "9.999." * 150, "precio " * 128, "tel" * 300, " " * 900, "km" * 450, "Ab " * 300],
)  # fmt: skip
def test_hostile_texts_take_no_time(assessor, good, text):
    """Counted in steps of the clock only where something is catastrophically wrong: a second for one text."""
    import time

    started = time.process_time()
    assessor.assess(good | {"descripcion": text, "equipamiento": [text], "version": text, "color": text, "marca": text})
    assert time.process_time() - started < 1


def test_a_wrong_rule_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "zz").mkdir()
    monkeypatch.setattr(rulebook, "_FOLDER", tmp_path)
    path = tmp_path / "zz" / "reglas.toml"
    entry = '[[regla]]\nnombre = "una"\nfrase = "Una frase que se lee bien."\ngravedad = "error"\nfuente = "contrato"\ncampos = []\n'
    for text in ("no es toml", entry.replace("error", "grave"), entry + "otra = 1\n", entry + entry):
        path.write_text(text, "utf-8")
        with pytest.raises(CatalogueError):
            rulebook.load("zz")
