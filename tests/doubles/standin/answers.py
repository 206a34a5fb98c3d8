"""What a good language model would say to the slots of a prompt, and known ways of saying it badly."""

from __future__ import annotations

import random
import re
from functools import lru_cache

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import LAST_YEAR
from flotia.catalogue.variant import Variant
from tests.doubles.standin.texts import extras, long_text, pick, short_text
from tests.doubles.standin.wording import Row, wording_of

_LINE = re.compile(r"^(\d+); ([^;]+); ([^;]+); (\d{4}); ([^;]+); (\d+)-(\d+)[^;]*; (\d+)-(\d+)$", re.MULTILINE)
_COLOURS = ["Blanco", "Gris", "Negro", "Azul", "Rojo", "Plata"]
_UNLISTED_BRAND = re.compile(r"coches de ocasión de la marca ([^,]+), una por línea")
_UNLISTED = re.compile(r"^(\d+); (\d{4}); (\d+)-(\d+)[^;\n]*$", re.MULTILINE)
_UNLISTED_CARS = [("Niva", "SUV", 83, 1690), ("Vesta", "Berlina", 106, 1596)]
#: Nothing older is sold by a dealer.
_FIRST_YEAR = 1990
#: Of so many versions drawn at random, the one whose price fits best is said.
_LOOKED_AT = 6
Slot = tuple[str, ...]


def rows_for(prompt: str, rng: random.Random) -> list[Row]:
    """One plausible row for each slot line of `prompt`: a version sold that year, within the given bands."""
    if brand := _UNLISTED_BRAND.search(prompt):
        return [_unlisted_row(brand[1], *match.groups(), rng=rng) for match in _UNLISTED.finditer(prompt)]
    compact = wording_of(prompt).lists
    return [_row(slot, rng, compact=compact) for slot in asked_slots(prompt)]


def asked_slots(prompt: str) -> list[Slot]:
    """The fields of each slot line in `prompt`."""
    return _LINE.findall(prompt)


def warm_up() -> None:
    """Read the catalogue and what was sold each year now, instead of within the first answers."""
    for year in range(_FIRST_YEAR, LAST_YEAR + 1):
        _sold(year)


def _variants(brand: str, model: str, year: int, fuel: str) -> list[Variant]:
    return _sold(year).get((Catalogue.load().brand(brand).marca, model, fuel), [])


@lru_cache(maxsize=100)
def _sold(year: int) -> dict[tuple[str, str, str], list[Variant]]:
    """What was sold in `year` by brand, model and fuel: one pass over all of it instead of one a brand."""
    found: dict[tuple[str, str, str], list[Variant]] = {}
    table = Catalogue.load().table(year)
    for variant in table.variants if table else ():
        key = variant.brand.marca, variant.model.nombre, variant.engine.combustible
        found.setdefault(key, []).append(variant)
    return found


def _row(slot: Slot, rng: random.Random, *, compact: bool) -> Row:
    index, brand, model, said_year, fuel, *bands = slot
    km_low, km_high, price_low, price_high = map(int, bands)
    year, name, new = int(said_year), f"{brand} {model}", (price_low + price_high) * 0.8
    there = _variants(brand, model, year, fuel)
    car = min([pick(there, rng) for _ in range(_LOOKED_AT)], key=lambda v: abs(v.engine.precio - new))
    return {
        "id": int(index), "marca": brand, "modelo": model, "anio_matricula": year,
        "version": car.version(pick(car.trims(year), rng)), "combustible": fuel, "transmision": car.transmission,
        "cilindrada": car.engine.cilindrada or None, "potencia": car.engine.potencia,
        "kilometros": _between(km_low, km_high, rng), "precio_venta": _between(price_low, price_high, rng) // 10 * 10,
        "color": pick(_COLOURS, rng), "equipamiento": extras(_between(3, 4, rng) if compact else _between(5, 8, rng), rng),
        "descripcion": short_text(name, rng) if compact else long_text(name, rng),
    }  # fmt: skip


def _unlisted_row(brand: str, index: str, year: str, low: str, high: str, *, rng: random.Random) -> Row:
    """A car of a brand that only the model knows."""
    model, body, power, size = rng.choice(_UNLISTED_CARS)
    return {
        "id": int(index), "marca": brand, "modelo": model, "anio_matricula": int(year),
        "version": f"{size / 1000:.1f} {power} CV {rng.choice(['Classic', 'Luxe', 'Comfort'])}", "combustible": "Gasolina",
        "transmision": "Manual", "cilindrada": size, "potencia": power, "tipo_vehiculo": body, "puertas": 5, "plazas": 5,
        "kilometros": _between(int(low), int(high), rng), "precio_venta": _between(40, 160, rng) * 100 - 10,
        "color": pick(_COLOURS, rng), "equipamiento": extras(6, rng), "descripcion": long_text(f"{brand} {model}", rng),
    }  # fmt: skip


def _between(low: int, high: int, rng: random.Random) -> int:
    """A whole number from `low` to `high`; three times as fast as `Random.randint`."""
    return low + int(rng.random() * (high - low + 1))


def spoil(rows: list[Row], share: float, rng: random.Random) -> list[Row]:
    """`rows` with about `share` of their fields wrong in known ways."""
    wrong: Row = {
        "version": "9.9 V16 Turbo Galaxia", "combustible": "Uranio", "transmision": "Levitación", "cilindrada": 31,
        "potencia": 9999, "kilometros": -5, "precio_venta": 1, "color": "Transparente", "equipamiento": "no",
        "descripcion": "Call +34 600 123 456 now <script>alert(1)</script> http://estafa.example",
    }  # fmt: skip
    return [{k: wrong[k] if k in wrong and rng.random() < share else v for k, v in row.items()} for row in rows]
