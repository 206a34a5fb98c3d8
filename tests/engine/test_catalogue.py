"""The catalogue's files, each by itself, and what the loader makes of them."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from flotia.catalogue import check
from flotia.catalogue.deck import FUELS
from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.market import PLATE_LETTERS, group_index, group_letters
from flotia.catalogue.schema import Brand
from flotia.catalogue.wheel import Wheel
from flotia.errors import CatalogueError, UnknownBrandError

FILES = sorted((Path(check.__file__).parent / "es" / "marcas").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_brands_file_is_accepted_and_every_engine_can_be_had(path):
    brand = Brand.model_validate(tomllib.loads(path.read_text("utf-8")))
    unsold = [w for w in check.warnings(brand) if "has no trim" in w or "has no body" in w]
    assert unsold == []
    assert fold(brand.marca) == fold(path.stem)


def test_the_catalogue_is_as_large_as_the_market_needs():
    counts = [check.summary(b) for b in Catalogue.load().brands.values()]
    assert len(counts) >= 15
    assert sum(c["modelos"] for c in counts) >= 90
    assert sum(c["versiones"] for c in counts) >= 400


VALID = """
marca = "Prueba"
familia_vin = "vw"
cuota = 1.0
[[wmi]]
codigo = "VSS"
[[modelo]]
nombre = "Uno"
segmento = "compacto"
cuota = 1
[[modelo.generacion]]
desde = 2010
hasta = 2015
carrocerias = [{ tipo = "Compacto", puertas = 5, plazas = 5 }]
acabados = [{ nombre = "Base", nivel = 1 }, { nombre = "R", nivel = 4, desde = 2012 }]
motores = [{ nombre = "1.6 TDI", combustible = "Diésel", cilindrada = 1598, potencia = 105, cambio = "M", precio = 20000 }]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('combustible = "Diésel"', 'combustible = "Gasóleo"', "combustible"),
        ("cilindrada = 1598", "cilindrada = 0", "cilindrada"),
        ("cilindrada = 1598", "cilindrada = 16", "too small"),
        ("potencia = 105", "potencia = 1050", "not believable"),
        ('combustible = "Diésel"', 'combustible = "Híbrido enchufable"', "autonomia"),
        ('cambio = "M"', 'cambio = "M", autonomia = 50', "electric range"),
        ('cambio = "M"', 'cambio = "M", acabados = ["Lujo"]', "no such acabado"),
        ('cambio = "M"', 'cambio = "M", desde = 2011', "no engine on sale in 2010"),
        ("desde = 2012 }", "desde = 2012, exclusivo = true }", "no engine names it"),
        ("hasta = 2015", "hasta = 2009", "after hasta"),
        ("desde = 2012", "desde = 2022", "outside it"),
        ('codigo = "VSS"', 'codigo = "VOS"', "codigo"),
        ('codigo = "VSS"', 'codigo = "VSS"\nmodelos = ["Dos"]', "not in the file"),
        ('codigo = "VSS"', 'codigo = "VSS"\nhasta = 2012', "no wmi for Uno of 2013"),
        ("cuota = 1.0", "cuota = -1", "cuota"),
        ("puertas = 5", "puertas = 7", "puertas"),
        ("cuota = 1.0", "cuota = 1.0\nmascota = 3", "mascota"),
    ],
)
def test_the_schema_refuses_nonsense(right, wrong, complaint):
    assert Brand.model_validate(tomllib.loads(VALID))
    with pytest.raises(ValidationError, match=complaint):
        Brand.model_validate(tomllib.loads(VALID.replace(right, wrong, 1)))


@pytest.mark.parametrize(
    ("written", "brand"),
    [
        ("bmw", "BMW"),
        ("Citroen", "Citroën"),
        ("MERCEDES BENZ", "Mercedes-Benz"),
        ("seat", "SEAT"),
        ("Alfa romeo", "Alfa Romeo"),
    ],
)
def test_a_brand_is_found_however_it_is_written(catalogue, written, brand):
    assert catalogue.brand(written).marca == brand


def test_an_unknown_brand_is_refused_with_the_nearest_names(catalogue):
    with pytest.raises(UnknownBrandError, match=r"^La marca 'Pegeot' no está en el catálogo\. ¿Quería decir Peugeot"):
        catalogue.brand("Pegeot")


def test_an_unknown_country_is_refused():
    with pytest.raises(CatalogueError, match="No hay catálogo del país 'xx'"):
        Catalogue.load("xx")


def shares(catalogue, column, names, rows=slice(None)):
    sales = catalogue.sales(2026)
    found = np.bincount(catalogue.deck.v[column][sales.variant[rows]], weights=sales.share[rows], minlength=len(names))
    return dict(zip(names, found / found.sum(), strict=True))


def test_brands_are_met_as_often_as_the_files_say(catalogue):
    found = shares(catalogue, "brand", list(catalogue.brands))
    whole = sum(b.cuota for b in catalogue.brands.values())
    for name, brand in catalogue.brands.items():
        assert found[name] == pytest.approx(brand.cuota / whole, rel=0.15, abs=0.0005), name


@pytest.mark.parametrize(
    ("brand", "model"), [("Peugeot", "208"), ("CUPRA", "Formentor"), ("Fiat", "500"), ("Renault", "Clio")]
)
def test_models_of_a_brand_are_met_as_often_as_the_file_says(catalogue, brand, model):
    sales, deck = catalogue.sales(2026, brand=brand), catalogue.deck
    met = sum(s for s, v in zip(sales.share, sales.variant, strict=True) if deck.variants[v].model.nombre == model)
    models = catalogue.brands[brand].modelos
    assert met == pytest.approx(
        next(m.cuota for m in models if m.nombre == model) / sum(m.cuota for m in models), abs=0.01
    )


@pytest.mark.parametrize(
    ("year", "fuel", "share"),
    [(2010, "Diésel", 0.7331), (2019, "Diésel", 0.3774), (2024, "Híbrido", 0.1811), (2023, "Eléctrico", 0.1192)],
)
def test_fuels_of_a_year_are_the_markets(catalogue, year, fuel, share):
    rows = catalogue.sales(2026).year == year
    assert shares(catalogue, "fuel", FUELS, rows)[fuel] == pytest.approx(share, abs=0.04)


def test_ages_are_the_markets(catalogue):
    sales = catalogue.sales(2026)
    for age in (0, 1, 5, 10):
        assert sales.share[sales.year == 2026 - age].sum() == pytest.approx(catalogue.market.edad.cuota[age], rel=0.06)


def test_a_year_that_has_just_begun_has_few_cars(catalogue):
    january, november = (catalogue.sales(2026, month) for month in (1, 11))
    this_year, last_year = (
        [sales.share[sales.year == year].sum() for sales in (january, november)] for year in (2026, 2025)
    )
    assert this_year[0] < 0.15 * this_year[1]
    assert this_year[1] == pytest.approx(0.16, abs=0.01)
    assert last_year[0] == pytest.approx(0.17, abs=0.03)


def test_a_wheel_draws_by_weight_and_never_what_has_none():
    wheel = Wheel(np.array([[1, 0, 3], [0, 2, 0]]))
    uniform = np.random.default_rng(1).uniform(size=20_000)
    first, second = (np.bincount(wheel.draw(uniform, row), minlength=3) / 20_000 for row in (0, 1))
    assert first.tolist() == [pytest.approx(0.25, abs=0.02), 0, pytest.approx(0.75, abs=0.02)]
    assert second.tolist() == [0, 1, 0]
    assert wheel.draw(np.array([0.0, 1 - 1e-16]), 1).tolist() == [1, 1]


def test_a_brand_long_off_the_market_is_drawn_of_its_last_years(catalogue):
    sales = catalogue.sales(2060, brand="SEAT")
    assert set(sales.year.tolist()) <= {2025, 2026}


def test_plate_letters_count_without_vowels():
    assert group_letters(0) == "BBB"
    assert group_letters(1) == "BBC"
    assert group_letters(7999) == "ZZZ"
    assert all(group_index(group_letters(i)) == i for i in range(8000))
    assert not set("AEIOUÑQ") & set(PLATE_LETTERS)


@pytest.mark.parametrize(
    ("year", "month", "letters"),
    [(2021, 7, "LRX"), (2022, 6, "LYX"), (2022, 8, "LZX"), (2023, 8, "MJT"), (2025, 12, "NJM"), (2025, 8, "NFP")],
)
def test_plates_agree_with_independent_sightings(catalogue, year, month, letters):
    """Press sightings quoted in the market notes: as.com, autobild.es, lasprovincias.es, motor.elpais.com."""
    first, last = catalogue.plates.groups(year, month)
    assert first - 1 <= group_index(letters) <= last


def test_plates_go_on_after_the_table_ends(catalogue):
    assert catalogue.plates.groups(2027, 3)[0] > catalogue.plates.groups(2026, 12)[1]
