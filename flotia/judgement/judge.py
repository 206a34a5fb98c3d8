"""One proposed row against its slot: each field is kept, replaced, or takes the whole row down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import log
from typing import Any, Protocol

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.judgement import text, values, versions
from flotia.judgement.cars import look_ups
from flotia.judgement.expectations import LEAST_PRICE, ZERO_KM, expectations_of
from flotia.judgement.likeness import RecentTexts
from flotia.planner import Slot
from flotia.synth.facts import Facts
from flotia.vehicle import MODEL_FIELDS

#: A model is asked for kilometres within 12 % of the held-back ones, rounded outwards to 1000, or 5000 from 20,000 km on
#: (`dialogue.prompt`).
_ASKED_KM, _KM_STEPS, _FEW_KM = 0.12, (1000, 5000), 20_000
#: A model is asked for a price within 7 % of the held-back one, rounded outwards to 500 euro (`dialogue.prompt`). Such a
#: price stands for another version too, if that one cost about as much when new (log of the ratio).
_ASKED_PRICE, _ASKED_STEP, _LIKE_PRICE = 0.07, 500, 0.2
_CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a proposed row.

    `facts` are the slot's, with what stands put in. `kept` names the fields that are the model's, `repaired` those it got
    wrong, with the reason. `equipment` and `description` are `None` where code has to write them. A row that is about
    another car, or that repeats one, has `refused` set, and nothing else of it counts. `own` are the fields of a car whose
    brand the catalogue does not know, in the place of the facts' car.
    """

    facts: Facts
    kept: tuple[str, ...] = ()
    repaired: dict[str, str] = field(default_factory=dict)
    equipment: tuple[str, ...] | None = None
    description: str | None = None
    refused: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)


class RowJudge(Protocol):
    """Weighs the rows of one run."""

    def judge(self, slot: Slot, row: dict[str, Any]) -> Verdict:
        """Weigh one proposed row. Never raises, whatever the row holds."""
        ...

    def remember(self, descriptions: Iterable[str]) -> None:
        """Texts that joined the run: no later one may be like them."""
        ...


class Judge:
    """Judges the rows of one run; remembers its texts so that none comes twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._cars, self._expectations = look_ups(catalogue), expectations_of(catalogue)
        self._texts = RecentTexts()
        self._colours = catalogue.market.all_colours()

    def judge(self, slot: Slot, row: dict[str, Any]) -> Verdict:
        """Weigh one proposed row. Never raises, whatever the row holds."""
        facts = slot.facts
        if reason := _another_car(row, facts):
            return Verdict(facts, refused=reason)
        work = _Work(facts)
        self._version(work, row)
        self._kilometres(work, row)
        self._price(work, row)
        self._colour(work, row)
        now = work.outcome()
        about = self._cars.text_facts(
            now.variant, now.version, registered=now.registered, kilometres=now.kilometres, colour=now.colour
        )
        equipment = self._equipment(work, row, about)
        description = self._description(work, row, about)
        kept = tuple(f for f in MODEL_FIELDS if f in work.kept)
        if not kept:
            return Verdict(facts, repaired=work.repaired, refused="ningún dato se sostiene")
        return Verdict(now, kept, work.repaired, equipment, description)

    def remember(self, descriptions: Iterable[str]) -> None:
        """Texts that joined the run: no later one may be like them."""
        self._texts.remember(descriptions)

    def _version(self, work: _Work, row: dict[str, Any]) -> None:
        found = versions.match(self._catalogue, work.facts, row)
        work.variant, work.trim = found.variant, found.trim
        if found.exact:
            work.kept.add("version")
        elif "version" in row:
            work.repair("version", "solo el motor está en el catálogo" if found.named else "no está en el catálogo")
        engine = found.variant.engine
        work.settle(row, "potencia", _same_power(row.get("potencia"), engine.potencia))
        work.settle(row, "combustible", values.fuel(row.get("combustible")) == engine.combustible)
        work.settle(row, "transmision", values.gearbox(row.get("transmision")) == found.variant.transmission)
        if engine.cilindrada == 0:
            work.settle(row, "cilindrada", row.get("cilindrada") in (None, 0, "", "0"))
        else:
            work.settle(row, "cilindrada", values.displacement(row.get("cilindrada")) == engine.cilindrada)

    def _kilometres(self, work: _Work, row: dict[str, Any]) -> None:
        said = values.number(row.get("kilometros"))
        if said is None or said != int(said):
            work.settle(row, "kilometros", False)
            return
        facts = work.facts
        low, high = self._expectations.usual_kilometres(age=facts.age)
        slack = _ASKED_KM * facts.kilometres + _KM_STEPS[facts.kilometres >= _FEW_KM]
        as_asked = abs(said - facts.kilometres) <= slack
        stands = 1 <= said <= ZERO_KM if facts.is_zero_km else low <= said <= high or (as_asked and said > ZERO_KM)
        work.settle(row, "kilometros", stands)
        if stands:
            work.kilometres = int(said)

    def _price(self, work: _Work, row: dict[str, Any]) -> None:
        """The model's price if it is near what such a car costs; else the held-back one, moved to the car it is now."""
        facts = work.facts
        expected = self._expected(facts, work.variant, work.trim, work.kilometres)
        said = values.number(row.get("precio_venta"))
        stands = said is not None and self._price_stands(said, work, expected)
        work.settle(row, "precio_venta", stands)
        if stands and said is not None:
            work.price = Decimal(str(round(said, 2))).quantize(_CENTS)
        else:
            held_back = self._expected(facts, facts.variant, facts.trim, facts.kilometres)
            moved = float(facts.price) * expected / held_back
            ending = facts.price % 1000
            low, high = self._expectations.usual_prices(expected, age=facts.age)
            base = round((Decimal(min(max(moved, low), high)) - ending) / 1000) * 1000 + ending
            work.price = max(base, Decimal(LEAST_PRICE)).quantize(_CENTS)

    def _price_stands(self, said: float, work: _Work, expected: float) -> bool:
        low, high = self._expectations.usual_prices(expected, age=work.facts.age)
        if low <= said <= high:
            return True
        own, asked = work.facts, float(work.facts.price)
        as_asked = asked * (1 - _ASKED_PRICE) - _ASKED_STEP <= said <= asked * (1 + _ASKED_PRICE) + _ASKED_STEP
        ratio = work.variant.list_price(work.trim) / own.variant.list_price(own.trim)
        low, high = self._expectations.possible_prices(expected)
        return as_asked and abs(log(ratio)) < _LIKE_PRICE and max(low, LEAST_PRICE) <= said <= high

    def _expected(self, facts: Facts, variant: Variant, trim: Trim, kilometres: int) -> float:
        return self._expectations.expected_price(
            variant, trim, year=facts.registered.year, age=facts.age, kilometres=kilometres
        )

    def _colour(self, work: _Work, row: dict[str, Any]) -> None:
        colour = values.colour(row.get("color"))
        work.settle(row, "color", colour in self._colours)
        if colour is not None and colour in self._colours:
            work.colour = colour

    def _equipment(self, work: _Work, row: dict[str, Any], about: text.TextFacts) -> tuple[str, ...] | None:
        stands = text.equipment(row.get("equipamiento"), about)
        work.settle(row, "equipamiento", stands is not None)
        return stands

    def _description(self, work: _Work, row: dict[str, Any], about: text.TextFacts) -> str | None:
        stands, fault = text.description(row.get("descripcion"), about)
        if stands is not None and self._texts.seen_like(stands):
            stands, fault = None, "repite otro texto"
        if stands is not None:
            work.kept.add("descripcion")
        elif "descripcion" in row:
            work.repair("descripcion", fault)
        return stands


def _same_power(said: Any, power: int) -> bool:
    """Whether `said` is that power: to the CV, or to the kW if it is written in kW only."""
    read = values.power(said)
    slack = 1 if isinstance(said, str) and "kw" in said.lower() else 0
    return read is not None and abs(read - power) <= slack


@dataclass(slots=True)
class _Work:
    """A row while it is weighed: the `facts` held back behind it, and what takes their place so far."""

    facts: Facts
    kept: set[str] = field(default_factory=set)
    repaired: dict[str, str] = field(default_factory=dict)
    variant: Variant = field(init=False)
    trim: Trim = field(init=False)
    kilometres: int = field(init=False)
    colour: str = field(init=False)
    price: Decimal = field(init=False)

    def __post_init__(self) -> None:
        facts = self.facts
        self.variant, self.trim = facts.variant, facts.trim
        self.kilometres, self.colour, self.price = facts.kilometres, facts.colour, facts.price

    def outcome(self) -> Facts:
        """The facts with what was put in their place."""
        held = self.facts
        return Facts(
            self.variant, self.trim, held.registered, held.age, self.kilometres, self.colour, self.price,
            held.province, held.dealer, held.received,
        )  # fmt: skip

    def repair(self, name: str, reason: str) -> None:
        self.repaired[name] = reason

    def settle(self, row: dict[str, Any], name: str, stands: bool) -> None:  # noqa: FBT001 - the verdict itself
        """Keep field `name` if it `stands`; count it repaired if the model gave one that does not."""
        if name in row and stands:
            self.kept.add(name)
        elif name in row:
            self.repair(name, "no cuadra con el catálogo")


def _another_car(row: dict[str, Any], facts: Facts) -> str:
    """Why the row as a whole is not about this slot's car; empty if it is."""
    for name, own, reason in (
        ("marca", facts.variant.brand.marca, "habla de otra marca"),
        ("modelo", facts.variant.model.nombre, "habla de otro modelo"),
    ):
        said = row.get(name)
        if said != own and isinstance(said, str) and said.strip() and not _same_name(said, own, facts):
            return reason
    year = values.number(row.get("anio_matricula", row.get("anio")))
    if year is not None and year != facts.registered.year:
        return "habla de otro año"
    return ""


def _same_name(said: str, own: str, facts: Facts) -> bool:
    brand = facts.variant.brand
    folded, target = fold(said[:80]), fold(own)
    if folded in {target, *(fold(a) for a in brand.alias)} or folded == fold(brand.marca) + target:
        return True
    longer = (fold(m.nombre) for m in brand.modelos if len(fold(m.nombre)) > len(target))
    return target in folded and not any(name in folded for name in longer)
