"""Which car of the catalogue is meant by the version that somebody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Self

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.judgement import values
from flotia.judgement.said import LONGER_NAME, NAMED, VersionText, said_in
from flotia.judgement.traits import CarTraits, EngineTraits, Name, car_of, cars_of, trims_of
from flotia.synth.facts import Facts

#: How much each agreement counts. A named engine outweighs any two figures; two figures that fit outweigh a preference.
_WHOLE, _SPOKEN_POWER = 6.0, 4.0
_POWER, _FUEL, _SIZE, _GEARBOX, _BODY = 3.0, 2.5, 2.5, 1.5, 1.2
#: Powers this near (CV) are the same engine: kilowatts are rounded differently. So are displacements this near (cm³).
SAME_POWER, SAME_SIZE = 3, 20
_VERY_SAME_SIZE = 5
#: What the held-back car has over one that fits as well, and what another fuel or price (log of its ratio) costs: the
#: model was told both.
_SAME_BODY, _SAME_ENGINE, _SAME_GEARBOX = 0.5, 0.4, 0.2
_TOLD_FUEL, _TOLD_PRICE = 2.0, 3.0
#: Only cars that score this near the best, and so many of them, are read word for word.
_NEAR, _READ_WHOLE = 9.0, 16


@dataclass(frozen=True, slots=True)
class Match:
    """The catalogue's car that a proposal means.

    `named` says that its engine is in the written version, `exact` that every word of it is accounted for.
    """

    variant: Variant
    trim: Trim
    named: bool
    exact: bool


def match(catalogue: Catalogue, facts: Facts, proposed: dict[str, Any]) -> Match:
    """The car of `facts`' brand, model and year that `proposed` describes best; the held-back one if it describes none.

    The version's text weighs most, then power, fuel, displacement and gearbox. What contradicts itself (a "2.0 TDI" with
    `combustible` Gasolina) is read by its text, and the field that disagrees is replaced later.
    """
    own, year = car_of(facts.variant), facts.registered.year
    brand, model = facts.variant.brand.marca, facts.variant.model.nombre
    cars = cars_of(catalogue, brand, model, year) or (own,)
    said = said_in(proposed.get("version"), brand, model)
    scores = _Proposal.read(said, proposed).scores(cars, own)
    order = sorted(range(len(cars)), key=scores.__getitem__, reverse=True)
    best, best_score = None, float("-inf")
    for n in order[:_READ_WHOLE]:
        if scores[n] < scores[order[0]] - _NEAR or scores[n] + _WHOLE <= best_score:
            break  # too far off, or not better even if every word is accounted for
        found = _read(said, cars[n], facts.trim, year)
        total = scores[n] + _WHOLE * found.exact
        if best is None or total > best_score:
            best, best_score = found, total
    return best or _read(said, own, facts.trim, year)


def _read(said: VersionText, car: CarTraits, held_back: Trim, year: int) -> Match:
    """The car with the trim that is named, and how well the text was understood."""
    named = said.naming(car.engine) > 0
    trim, name, known = said.trim(trims_of(car.variant, year), held_back, named_engine=named)
    return Match(car.variant, trim, named, exact=named and known and said.explained_by(car, name))


@dataclass(frozen=True, slots=True)
class Understanding:
    """The cars that a finished row's version text can mean: the trim with each, and how well the text was understood.

    `named` says that an engine is in the text, `exact` that every word is accounted for. If nothing is named, the cars
    are all of that model and year.
    """

    cars: tuple[tuple[Variant, Trim], ...]
    named: bool
    exact: bool


def understand(text: str, variants: Sequence[Variant], year: int) -> Understanding:
    """What `text` can mean among `variants`, which are those of one model in `year` (at least one)."""
    near = [v for v in variants if v.engine.nombre in text and v.body.nombre in text]
    literal = [(v, t) for v in near for t in v.trims(year) if t.nombre in text and v.version(t) == text]
    if literal:
        return Understanding(tuple(literal), named=True, exact=True)
    first = variants[0]
    said = said_in(text, first.brand.marca, first.model.nombre)
    named = [car for car in map(car_of, variants) if said.naming(car.engine)]
    powered = [car for car in named if said.speaks_of_power(car.engine)] or named
    read = [(car, *said.trim(trims_of(car.variant, year), None, named_engine=True)) for car in powered]
    exact = [(car.variant, trim) for car, trim, name, known in read if known and said.explained_by(car, name)]
    if exact:
        return Understanding(tuple(exact), named=True, exact=True)
    if named:
        return Understanding(tuple((car.variant, trim) for car, trim, _, _ in read), named=True, exact=False)
    return Understanding(tuple((v, v.trims(year)[0]) for v in variants), named=False, exact=False)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """The version's text and the figures beside it."""

    said: VersionText
    power: float | None
    fuel: str | None
    size: float | None
    gearbox: str | None

    @classmethod
    def read(cls, said: VersionText, proposed: dict[str, Any]) -> Self:
        return cls(
            said,
            power=values.power(proposed.get("potencia")),
            fuel=values.fuel(proposed.get("combustible")),
            size=values.displacement(proposed.get("cilindrada")),
            gearbox=values.gearbox(proposed.get("transmision")),
        )

    def scores(self, cars: Sequence[CarTraits], own: CarTraits) -> list[float]:
        """How well each of `cars` fits text, figures and the held-back car. Those of one engine stand together."""
        said, held_back = self.said, own.variant
        bodies = {body: self._body(body) for body in {car.body for car in cars}}
        manual = _GEARBOX * (-2.0 if said.automatic else 2.0 if said.manual else self._gearbox_said("Manual"))
        found = []
        engine = None
        for car in cars:
            variant = car.variant
            if variant.engine is not engine:
                engine = variant.engine
                named, text, power, fuel, size = self._engine(car.engine)
                same_engine = _SAME_ENGINE * (engine is held_back.engine)
                told_fuel = _TOLD_FUEL * (car.engine.fuel == own.engine.fuel)
            gearbox = _GEARBOX * self._automatic(car.gearbox, named=named) if variant.automatic else manual
            like = _SAME_BODY * (variant.body is held_back.body) + same_engine
            like += told_fuel - _TOLD_PRICE * abs(log(car.price / own.price))
            like += _SAME_GEARBOX * (variant.automatic == held_back.automatic)
            found.append(text + bodies[car.body] + power + fuel + size + gearbox + like)
        return found

    def _engine(self, engine: EngineTraits) -> tuple[bool, float, float, float, float]:
        """Whether the text names it, and what text, power, fuel and displacement count."""
        said = self.said
        score = said.naming(engine) if said.text else 0.0
        named = score >= NAMED
        if score and said.powered:
            score += _SPOKEN_POWER if said.speaks_of_power(engine) else -_SPOKEN_POWER
        elif score:
            score += _SPOKEN_POWER * said.speaks_of_power(engine)
        same_power = self.power is not None and abs(self.power - engine.power) <= SAME_POWER
        same_fuel = self.fuel == engine.fuel or (engine.mild and self.fuel == "mhev")
        same_size = self.size and engine.size and abs(self.size - engine.size) <= _VERY_SAME_SIZE
        return named, score, _POWER * same_power, _FUEL * same_fuel, _SIZE * bool(same_size)

    def _body(self, body: Name) -> float:
        if not self.said.text or not body.text:
            return 0.0
        return _BODY + LONGER_NAME * len(body.text) if self.said.names(body) else -_BODY

    def _automatic(self, name: Name, *, named: bool) -> float:
        """How an automatic of that name fits: 2 if the text says so, 1 if only the field does; less than 0 for a manual."""
        said = self.said
        if (name.words and said.names(name)) or said.automatic:
            return 2.0
        if said.manual:
            return -2.0
        if self.gearbox is not None:
            return self._gearbox_said("Automática")
        return -0.5 if named and name.text else 0.0

    def _gearbox_said(self, own: str) -> float:
        """1 if the field says that gearbox, less than 0 if it says the other."""
        return 0.0 if self.gearbox is None else 1.0 if self.gearbox == own else -1.0
