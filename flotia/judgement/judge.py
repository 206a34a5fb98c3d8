"""One proposed row against its slot: each field is kept, replaced, or takes the whole row down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import exp
from typing import Any

from flotia.catalogue.loader import Catalogue, fold
from flotia.judgement import text, values, versions
from flotia.planner import Slot
from flotia.synth.facts import ZERO_KM, Facts, kilometre_bounds
from flotia.synth.prices import expected_price, price_spread
from flotia.vehicle import MODEL_FIELDS

#: A price stands within this many standard deviations of log price around the expected one (`mercado.toml`,
#: precio.log_sd: .095 for a new car, .27 for one of twenty years), and never within less than this factor's log.
_PRICE_DEVIATIONS, _LEAST_BAND = 2.6, 0.28
#: Cheap cars are priced in steps of hundreds: so much more, in euro, is always within reach.
_PRICE_SLACK = 350
#: The least a listed price may be, in euro.
_LEAST_PRICE = 700


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a proposed row.

    `facts` are the slot's, with what stands put in. `kept` names the fields that are the model's, `repaired` those it got
    wrong, with the reason. `equipment` and `description` are `None` where code has to write them. A row that is about
    another car, or that repeats one, has `refused` set, and nothing else of it counts.
    """

    facts: Facts
    kept: tuple[str, ...] = ()
    repaired: dict[str, str] = field(default_factory=dict)
    equipment: tuple[str, ...] | None = None
    description: str | None = None
    refused: str = ""


class Judge:
    """Judges the rows of one run; remembers its texts so that none comes twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._texts = text.RecentTexts()
        self._colour_names = catalogue.market.all_colours()
        self._colours = {fold(c): c for c in self._colour_names}
        self._colours |= {f[:-1] + "a": c for f, c in self._colours.items() if f.endswith("o")}
        self._brands = {
            name: frozenset(fold(b) for b in catalogue.brands if b != name and len(fold(b)) > 3)
            for name in catalogue.brands
        }

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
        about = self._text_facts(work.facts)
        equipment = self._equipment(work, row, about)
        description = self._description(work, row, about)
        kept = tuple(f for f in MODEL_FIELDS if f in work.kept)
        if not kept:
            return Verdict(facts, repaired=work.repaired, refused="ningún dato se sostiene")
        return Verdict(work.facts, kept, work.repaired, equipment, description)

    def remember(self, descriptions: Iterable[str]) -> None:
        """Texts that joined the run: no later one may be like them."""
        self._texts.remember(descriptions)

    def _version(self, work: _Work, row: dict[str, Any]) -> None:
        found = versions.match(self._catalogue, work.facts, row)
        if found is not None:
            work.facts = replace(work.facts, variant=found.variant, trim=found.trim)
            if found.exact:
                work.kept.add("version")
            else:
                work.repair("version", "solo el motor está en el catálogo")
        elif "version" in row:
            work.repair("version", "no está en el catálogo")
        engine = work.facts.variant.engine
        power, size = values.number(row.get("potencia")), values.number(row.get("cilindrada"))
        work.settle(row, "potencia", power == engine.potencia)
        work.settle(row, "combustible", values.fuel(row.get("combustible")) == engine.combustible)
        work.settle(row, "transmision", values.gearbox(row.get("transmision")) == work.facts.variant.transmission)
        if engine.cilindrada == 0:
            work.settle(row, "cilindrada", row.get("cilindrada") in (None, 0, "", "0"))
        else:
            work.settle(row, "cilindrada", size == engine.cilindrada)

    def _kilometres(self, work: _Work, row: dict[str, Any]) -> None:
        said = values.number(row.get("kilometros"))
        if said is None or said != int(said):
            work.settle(row, "kilometros", False)
            return
        facts = work.facts
        low, high = kilometre_bounds(self._catalogue.market, facts.age)
        stands = 1 <= said <= ZERO_KM if facts.is_zero_km else low <= said <= high
        work.settle(row, "kilometros", stands)
        if stands:
            work.facts = replace(facts, kilometres=int(said))

    def _price(self, work: _Work, row: dict[str, Any]) -> None:
        """The model's price if it is near what such a car costs; else the held-back one, moved to the car it is now."""
        facts = work.facts
        expected = self._expected(facts)
        said = values.number(row.get("precio_venta"))
        band = max(_PRICE_DEVIATIONS * price_spread(self._catalogue.market, facts.age), _LEAST_BAND)
        low, high = expected * exp(-band) - _PRICE_SLACK, expected * exp(band) + _PRICE_SLACK
        stands = said is not None and max(low, _LEAST_PRICE) <= said <= high
        work.settle(row, "precio_venta", stands)
        if stands and said is not None:
            work.facts = replace(facts, price=Decimal(str(round(said, 2))).quantize(Decimal("0.01")))
        elif facts is not work.original:
            moved = float(work.original.price) * expected / self._expected(work.original)
            ending = work.original.price % 1000
            base = round((Decimal(moved) - ending) / 1000) * 1000 + ending
            work.facts = replace(facts, price=max(base, Decimal(_LEAST_PRICE)).quantize(Decimal("0.01")))

    def _expected(self, facts: Facts) -> float:
        return expected_price(
            self._catalogue.market, list_price=facts.variant.list_price(facts.trim), age=facts.age,
            kilometres=facts.kilometres, fuel=facts.variant.engine.combustible, brand=facts.variant.brand.marca,
        )  # fmt: skip

    def _colour(self, work: _Work, row: dict[str, Any]) -> None:
        said = row.get("color")
        colour = None
        if isinstance(said, str) and len(said) <= 40:
            words = [fold(w) for w in said.split()]
            colour = next((self._colours[w] for w in words if w in self._colours), None)
        work.settle(row, "color", colour is not None)
        if colour is not None:
            work.facts = replace(work.facts, colour=colour)

    def _equipment(self, work: _Work, row: dict[str, Any], about: text.TextFacts) -> tuple[str, ...] | None:
        stands = text.equipment(row.get("equipamiento"), about)
        work.settle(row, "equipamiento", stands is not None)
        return stands

    def _description(self, work: _Work, row: dict[str, Any], about: text.TextFacts) -> str | None:
        said = row.get("descripcion")
        fault = text.description_fault(said, about)
        if fault is None and isinstance(said, str):
            clean = " ".join(said.split())
            if not self._texts.seen_like(clean):
                work.kept.add("descripcion")
                return clean
            fault = "repite otro texto"
        if "descripcion" in row:
            work.repair("descripcion", fault or "no es texto")
        return None

    def _text_facts(self, facts: Facts) -> text.TextFacts:
        variant = facts.variant
        return text.TextFacts(
            name=f"{variant.model.nombre} {facts.version}",
            year=facts.registered.year, kilometres=facts.kilometres, power=variant.engine.potencia,
            doors=variant.body.puertas, seats=variant.body.plazas, fuel=variant.engine.combustible,
            automatic=variant.automatic, mild_hybrid=variant.engine.microhibrido, colour=facts.colour,
            colours=self._colour_names, others=self._brands.get(variant.brand.marca, frozenset()),
        )  # fmt: skip


@dataclass(slots=True)
class _Work:
    """A row while it is weighed."""

    facts: Facts
    kept: set[str] = field(default_factory=set)
    repaired: dict[str, str] = field(default_factory=dict)
    original: Facts = field(init=False)

    def __post_init__(self) -> None:
        self.original = self.facts

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
        if isinstance(said, str) and said.strip() and not _same_name(said, own, facts):
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
