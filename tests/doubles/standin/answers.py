"""What a good language model would say to the slots of a prompt, and known ways of saying it badly."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from flotia.catalogue.loader import Catalogue

_LINE = re.compile(r"^(\d+); ([^;]+); ([^;]+); (\d{4}); ([^;]+); (\d+)-(\d+)[^;]*; (\d+)-(\d+)$", re.MULTILINE)
_COLOURS = ["Blanco", "Gris", "Negro", "Azul", "Rojo", "Plata"]
_EXTRAS = [
    "Climatizador bizona", "Sensores de aparcamiento", "Cámara trasera", "Llantas de aleación", "Bluetooth",
    "Control de crucero", "Faros led", "Navegador", "Volante multifunción", "Asientos calefactables",
]  # fmt: skip
_OPENINGS = ["Muy cuidado y revisado", "Listo para viajar", "En perfecto estado", "Cómodo y seguro", "Todo al día"]
_MIDDLES = [
    "con el mantenimiento hecho en taller oficial", "ideal para la familia y los viajes largos",
    "con un interior amplio y bien terminado", "muy agradable en ciudad y en carretera",
    "con un equipamiento que se agradece cada día", "perfecto para el uso diario",
]  # fmt: skip
_ENDS = [
    "Venga a verlo sin compromiso.", "Se entrega revisado y con la documentación en regla.",
    "Pregunte por nuestra financiación.", "Le esperamos en nuestras instalaciones.", "Puede probarlo cuando quiera.",
]  # fmt: skip
Row = dict[str, Any]


_UNLISTED_BRAND = re.compile(r"coches de ocasión de la marca ([^,]+), una por línea")
_UNLISTED = re.compile(r"^(\d+); (\d{4}); (\d+)-(\d+)[^;\n]*$", re.MULTILINE)


def rows_for(prompt: str, rng: random.Random) -> list[Row]:
    """One plausible row for each slot line of `prompt`: a version sold that year, within the given bands."""
    if brand := _UNLISTED_BRAND.search(prompt):
        return [_unlisted_row(brand[1], *match.groups(), rng=rng) for match in _UNLISTED.finditer(prompt)]
    return [_row(line, rng) for line in asked_slots(prompt)]


def asked_slots(prompt: str) -> list[tuple[str, ...]]:
    """The fields of each slot line in `prompt`."""
    return [match.groups() for match in _LINE.finditer(prompt)]


def _row(line: tuple[str, ...], rng: random.Random) -> Row:
    index, brand, model, year, fuel, km_low, km_high, price_low, price_high = line
    catalogue = Catalogue.load()
    table = catalogue.table(int(year), catalogue.brand(brand).marca)
    there = [v for v in (table.of_model(model) if table else ()) if v.engine.combustible == fuel]
    new = (int(price_low) + int(price_high)) / 2 * 1.6
    variant = min(rng.sample(there, min(4, len(there))), key=lambda v: abs(v.engine.precio - new))
    trim = rng.choice(variant.trims(int(year)))
    kilometres = rng.randint(int(km_low), int(km_high))
    return {
        "id": int(index), "marca": brand, "modelo": model, "anio_matricula": int(year),
        "version": variant.version(trim), "combustible": fuel, "transmision": variant.transmission,
        "cilindrada": variant.engine.cilindrada or None, "potencia": variant.engine.potencia,
        "kilometros": kilometres, "precio_venta": rng.randint(int(price_low), int(price_high)) // 10 * 10,
        "color": rng.choice(_COLOURS), "equipamiento": rng.sample(_EXTRAS, 6), "descripcion": _text(brand, model, rng),
    }  # fmt: skip


def _unlisted_row(brand: str, index: str, year: str, low: str, high: str, *, rng: random.Random) -> Row:
    """A car of a brand that only the model knows."""
    model, body, power, size = rng.choice([("Niva", "SUV", 83, 1690), ("Vesta", "Berlina", 106, 1596)])
    return {
        "id": int(index), "marca": brand, "modelo": model, "anio_matricula": int(year),
        "version": f"{size / 1000:.1f} {power} CV {rng.choice(['Classic', 'Luxe', 'Comfort'])}", "combustible": "Gasolina",
        "transmision": "Manual", "cilindrada": size, "potencia": power, "tipo_vehiculo": body, "puertas": 5, "plazas": 5,
        "kilometros": rng.randint(int(low), int(high)), "precio_venta": rng.randint(40, 160) * 100 - 10,
        "color": rng.choice(_COLOURS), "equipamiento": rng.sample(_EXTRAS, 6), "descripcion": _text(brand, model, rng),
    }  # fmt: skip


def _text(brand: str, model: str, rng: random.Random) -> str:
    parts = rng.sample(_MIDDLES, 2)
    return f"{rng.choice(_OPENINGS)}: {brand} {model} {parts[0]}, {parts[1]}. {rng.choice(_ENDS)}"


def as_text(rows: list[Row]) -> str:
    """The answer as asked for."""
    return json.dumps({"vehiculos": rows}, ensure_ascii=False)


def spoil(rows: list[Row], share: float, rng: random.Random) -> list[Row]:
    """`rows` with about `share` of their fields wrong in known ways."""
    wrong: Row = {
        "version": "9.9 V16 Turbo Galaxia", "combustible": "Uranio", "transmision": "Levitación", "cilindrada": 31,
        "potencia": 9999, "kilometros": -5, "precio_venta": 1, "color": "Transparente", "equipamiento": "no",
        "descripcion": "Call +34 600 123 456 now <script>alert(1)</script> http://estafa.example",
    }  # fmt: skip
    return [{k: wrong[k] if k in wrong and rng.random() < share else v for k, v in row.items()} for row in rows]
