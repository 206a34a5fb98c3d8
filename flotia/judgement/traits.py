"""The catalogue's cars in the form in which words about a car are compared with them; worked out once for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.judgement import values

WORD = re.compile(r"[^\s/(),;|·]+")
_DISPLACEMENT = re.compile(r"^\d[.,]\d[A-Za-z]?$")
#: Words of an engine's name that ads leave out when the power is given: "BlueHDi 130" is the 1.5 BlueHDi of 130 CV.
_SOFT = frozenset(("mhev", "hybrid", "mild", "hev", "phev", "48v", "16v", "8v", "4x2", "2wd", "fwd"))
#: A name's words run together are looked for in a text only if they are longer than this.
LONG = 3
#: How many names, engines, cars and models in one year are remembered; the catalogue has about as many.
_NAMES, _ENGINES, _CARS, _MODELS = 8192, 8192, 20_000, 8192


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name taken apart: its `words` in comparable form, also as a set, and run together (empty if that is short).

    `known` are all words that it accounts for: its own, and those it has without its hyphens.
    """

    text: str
    words: tuple[str, ...]
    distinct: frozenset[str]
    together: str
    known: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class EngineTraits:
    """An engine: its name, what else of it may be said, and its figures.

    `powers` are the words that say its power, `hard` those of its name that matter, `litres` the displacement in its name,
    `known` every word that it accounts for.
    """

    name: Name
    power: int
    fuel: str
    size: int
    mild: bool
    powers: frozenset[str]
    hard: frozenset[str]
    litres: frozenset[str]
    known: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class CarTraits:
    """A variant: engine, body and gearbox as names, and its list price with the generation's first trim."""

    variant: Variant
    engine: EngineTraits
    body: Name
    gearbox: Name
    price: int


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in comparable form. A plus sign counts: a Tekna+ is not a Tekna."""
    return comparable(WORD.findall(text))


def comparable(parts: list[str]) -> tuple[str, ...]:
    """The same of a text's parts."""
    return tuple([word for part in parts if (word := fold(part.replace("+", "plus")))])


def litres(parts: list[str]) -> frozenset[str]:
    """The displacements (`1.5`, `1,2T`) among a text's parts, as `15`, `12`."""
    return frozenset([fold(p)[:2] for p in parts if p[1:2] in (".", ",") and _DISPLACEMENT.match(p)])


@lru_cache(maxsize=_NAMES)
def name_of(text: str) -> Name:
    """A name of the catalogue's, taken apart."""
    words = words_of(text)
    together = "".join(words)
    known = frozenset((*words, *words_of(text.replace("-", " "))))
    return Name(text, words, frozenset(words), together if len(together) > LONG else "", known)


@lru_cache(maxsize=_CARS)
def car_of(variant: Variant) -> CarTraits:
    """A variant's traits."""
    engine = variant.engine
    return CarTraits(
        variant,
        _engine(engine.nombre, engine.potencia, engine.combustible, engine.cilindrada, mild=engine.microhibrido),
        name_of(variant.body.nombre),
        name_of(variant.gearbox_word),
        variant.list_price(variant.generation.acabados[0]),
    )


@lru_cache(maxsize=64)
def sold_in(catalogue: Catalogue, year: int) -> dict[tuple[str, str], list[Variant]]:
    """The variants that were on sale in `year`, by brand and model."""
    table = catalogue.table(year)
    found: dict[tuple[str, str], list[Variant]] = {}
    for variant in table.variants if table else ():
        found.setdefault((variant.brand.marca, variant.model.nombre), []).append(variant)
    return found


@lru_cache(maxsize=_MODELS)
def cars_of(catalogue: Catalogue, like: str, model: str, year: int) -> tuple[CarTraits, ...]:
    """The cars of a model (of the brand that it is `like`) that were on sale in `year`."""
    return tuple(map(car_of, sold_in(catalogue, year).get((like, model), ())))


@lru_cache(maxsize=_CARS)
def trims_of(variant: Variant, year: int) -> tuple[tuple[Trim, Name], ...]:
    """The trims that a variant could be had with in `year`."""
    return tuple((trim, name_of(trim.nombre)) for trim in variant.trims(year))


@lru_cache(maxsize=_ENGINES)
def _engine(text: str, power: int, fuel: str, size: int, *, mild: bool) -> EngineTraits:
    name, parts = name_of(text), WORD.findall(text)
    kilowatts = [f"{k}" for k in _kilowatts(power)]
    cubic = {f"{round(size / 1000, 1):.1f}".replace(".", "")} if size else set()
    return EngineTraits(
        name, power, fuel, size, mild,
        powers=frozenset((f"{power}", f"{power}cv", *(f"{k}kw" for k in kilowatts))),
        hard=frozenset(w for p in parts if not _DISPLACEMENT.match(p) for w in words_of(p) if w not in _SOFT),
        litres=litres(parts),
        known=name.known | {f"{power}", f"{power}cv", *kilowatts} | cubic,
    )  # fmt: skip


def _kilowatts(power: int) -> range:
    """What a power in CV may be rounded to in kW."""
    middle = round(power * values.KW_A_CV)
    return range(middle - 1, middle + 2)
