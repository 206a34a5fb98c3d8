"""Cars of a brand that the catalogue does not know: what a model says of them is held against the general rules alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.schema import Engine
from flotia.judgement import rows, text
from flotia.judgement.judge import Verdict
from flotia.judgement.likeness import RecentTexts
from flotia.judgement.rows import Row
from flotia.judgement.rules import Assessor
from flotia.planner import Slot
from flotia.synth.facts import Facts
from flotia.synth.labels import dgt_label
from flotia.synth.prices import ZERO_KM
from flotia.vehicle import MODEL_FIELDS, UNLISTED_FIELDS

#: What makes the car: without one of these, or with one that makes no sense, the row is refused.
_NEEDED = (
    "modelo", "version", "combustible", "transmision", "potencia", "tipo_vehiculo", "puertas", "plazas", "precio_venta",
)  # fmt: skip
_LONGEST = {"modelo": 40, "version": 80}
#: Prices, in euro, beyond which no used car is listed.
_PRICES = (500, 2_000_000)
#: Kilometres stand within this share of those asked for, or so many, whichever is more.
_ASKED_KM, _ASKED_KM_LEAST = 0.3, 2000
#: An electric range that nobody said: enough for a plug-in hybrid's label to be the commoner one.
_RANGE = 50
_PLAIN_EQUIPMENT = ("Elevalunas eléctricos", "Dirección asistida", "Cierre centralizado con mando")


class UnlistedJudge:
    """Judges the rows of a run for one unlisted `brand`; remembers its texts so that none comes twice."""

    def __init__(self, catalogue: Catalogue, brand: str) -> None:
        self._brand = brand
        self._assessor = Assessor(catalogue)
        self._colours = catalogue.market.all_colours()
        self._texts = RecentTexts()

    def judge(self, slot: Slot, row: dict[str, Any]) -> Verdict:
        """Weigh one proposed row. Its `own` are the fields of the car; the slot's facts give year, date, place and dealer."""
        said = row.get("marca")
        if isinstance(said, str) and said.strip() and fold(self._brand) not in fold(said[:80]):
            return Verdict(slot.facts, refused="habla de otra marca")
        read = rows.read(row)
        if read.anio_matricula is not None and read.anio_matricula != slot.facts.registered.year:
            return Verdict(slot.facts, refused="habla de otro año")
        if fault := _fault(read):
            return Verdict(slot.facts, refused=fault)
        return self._settled(slot.facts, read, row)

    def remember(self, descriptions: Iterable[str]) -> None:
        """Texts that joined the run: no later one may be like them."""
        self._texts.remember(descriptions)

    def _settled(self, facts: Facts, read: Row, row: dict[str, Any]) -> Verdict:
        """The row with what cannot stand replaced by what the slot holds back, or by plain words."""
        repaired: dict[str, str] = {}
        own = {name: getattr(read, name) for name in (*_NEEDED, "cilindrada")}
        own["precio_venta"] = Decimal(read.precio_venta or 0).quantize(Decimal("0.01"))
        kilometres, colour = read.kilometros, _colour(read, self._colours)
        if kilometres is None or not _near(kilometres, facts):
            repaired["kilometros"], kilometres = "no cuadra con la ficha", facts.kilometres
        if colour is None:
            repaired["color"], colour = "no es un color", facts.colour
        own |= {"marca": self._brand, "kilometros": kilometres, "color": colour, "etiqueta_dgt": _label(read, facts)}
        about = _about(self._brand, own, facts)
        equipment = text.equipment(row.get("equipamiento"), about)
        if equipment is None:
            repaired["equipamiento"] = "no es una lista de equipamiento"
        description, fault = text.description(row.get("descripcion"), about)
        if description is None or self._texts.seen_like(description):
            repaired["descripcion"], description = fault or "repite otro texto", None
        own["equipamiento"] = equipment or _PLAIN_EQUIPMENT
        own["descripcion"] = description or _plain_text(own, facts)
        kept = tuple(f for f in (*MODEL_FIELDS, *UNLISTED_FIELDS) if f not in repaired)
        finished = _finished(own, facts)
        errors = self._assessor.assess(finished).errors
        broken = [f.rule for f in errors if f.rule.fields and finished.keys() >= {*f.rule.fields}]
        if broken:
            return Verdict(facts, repaired=repaired, refused=broken[0].sentence)
        return Verdict(replace(facts, kilometres=kilometres), kept, repaired, description=description, own=own)


def _fault(read: Row) -> str:
    """Why a row cannot be a car's; empty if it can."""
    for name in _NEEDED:
        if getattr(read, name) is None:
            return f"falta {name}, o no se entiende"
    for name, longest in _LONGEST.items():
        said = str(getattr(read, name))
        if len(said) > longest or text.unsafe(said):
            return f"{name} no es el de un coche"
    if not _PRICES[0] <= float(read.precio_venta or 0) <= _PRICES[1]:
        return "el precio no es el de un coche usado"
    try:
        _engine(read)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


def _engine(read: Row) -> Engine:
    """The engine as the catalogue's schema would have it: raises `ValidationError` for one that cannot be."""
    plugged = read.combustible in ("Eléctrico", "Híbrido enchufable")
    return Engine.model_validate({
        "nombre": (read.version or "")[:40], "combustible": read.combustible, "cilindrada": read.cilindrada or 0,
        "potencia": read.potencia, "cambio": "A" if read.transmision == "Automática" else "M", "precio": 5000,
        "autonomia": _RANGE if plugged else None,
    })  # fmt: skip


def _label(read: Row, facts: Facts) -> str:
    return dgt_label(_engine(read), facts.registered, facts.registered.year)


def _colour(read: Row, names: frozenset[str]) -> str | None:
    return read.color if read.color in names else None


def _near(kilometres: int, facts: Facts) -> bool:
    """Whether kilometres are about those that were asked for."""
    if facts.is_zero_km:
        return 1 <= kilometres <= ZERO_KM
    slack = max(_ASKED_KM * facts.kilometres, _ASKED_KM_LEAST)
    return kilometres > ZERO_KM and abs(kilometres - facts.kilometres) <= slack


def _about(brand: str, own: dict[str, Any], facts: Facts) -> text.TextFacts:
    return text.TextFacts(
        name=f"{brand} {own['modelo']} {own['version']}", year=facts.registered.year, kilometres=own["kilometros"],
        power=own["potencia"], size=own["cilindrada"], doors=own["puertas"], seats=own["plazas"],
        fuel=own["combustible"], automatic=own["transmision"] == "Automática", colour=own["color"],
        body=own["tipo_vehiculo"], label=own["etiqueta_dgt"],
    )  # fmt: skip


def _plain_text(own: dict[str, Any], facts: Facts) -> str:
    return (
        f"{own['marca']} {own['modelo']} {own['version']} de {facts.registered.year}, con {own['potencia']} CV y "
        f"{own['kilometros']} km. Revisado en nuestro taller y disponible en {facts.province}."
    )


def _finished(own: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """The row as far as rules of a car can judge it."""
    return {
        **own, "anio_matricula": facts.registered.year, "fecha_matriculacion": facts.registered,
        "provincia": facts.province, "concesionario": facts.dealer, "fecha_recepcion": facts.received,
    }  # fmt: skip
