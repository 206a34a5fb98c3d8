"""The catalogue as columns, and what a market of one date holds of it.

`Deck` lists every variant (body, engine, gearbox) and every offer (engine with a trim) once. `Sales` says how often each
variant of each registration year stands in the used stock of a date: first guesses from the catalogue's own weights, then
raked to the market's known margins (iterative proportional fitting: Deming and Stephan, Annals of Mathematical Statistics
11, 1940), so that ages, brands, models, fuels by year and automatics by year and brand all come out as the market has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.market import Market
from flotia.catalogue.schema import (
    FIRST_YEAR,
    LAST_YEAR,
    Body,
    Brand,
    Fuel,
    Generation,
    Model,
    Segment,
    Trim,
    goes_with,
)
from flotia.catalogue.variant import Variant
from flotia.catalogue.wheel import Floats, Ints, Wheel

Flags = NDArray[np.bool_]

#: Names behind the numbers of the columns `fuel`, `segment` and `body`.
FUELS: tuple[str, ...] = get_args(Fuel)
SEGMENTS: tuple[str, ...] = get_args(Segment)
BODIES: tuple[str, ...] = get_args(Body)

_YEARS = LAST_YEAR - FIRST_YEAR + 1
#: Share of a fuel that the market's table does not name for a year.
_RARE = 0.0005
_ROUNDS = 25
#: A whole year's weight of a variant in the year in which its generation begins or ends.
_EDGE = 0.5
#: The guide of a draw has this many buckets a row.
_GUIDE = 2


@dataclass(frozen=True)
class Deck:
    """Columns of all variants and offers of a catalogue; shapes `(variants,)` and `(offers,)`.

    `brand`, `model`, `engine` are running numbers in the order of the files; prices are euro when new. An offer's price
    comes on top of its variant's.
    """

    variants: tuple[Variant, ...]
    trims: tuple[Trim, ...]
    brands: tuple[Brand, ...]
    v: dict[str, Ints]
    weight: Floats
    o: dict[str, Ints]
    offer_share: Floats
    offers_from: Ints

    @classmethod
    def of(cls, brands: tuple[Brand, ...]) -> Deck:
        """Lay out the cars of `brands`."""
        return _Layout(brands).deck()

    @cached_property
    def versions_from(self) -> Ints:
        """Where each variant's versions (variant with offer) begin in a list of all versions; shape `(variants + 1,)`."""
        counts = np.diff(self.offers_from)[self.v["engine"]]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    def version_numbers(self, variants: Ints, offers: Ints) -> Ints:
        """The running number of each version, given its variant and offer."""
        first = self.offers_from[self.v["engine"][variants]]
        return self.versions_from[variants] + offers - first

    def offer_number(self, variant: Variant, trim: Trim) -> int:
        """The offer of `variant`'s engine with `trim`."""
        engine = int(self.v["engine"][variant.number])
        start, end = int(self.offers_from[engine]), int(self.offers_from[engine + 1])
        return next(n for n in range(start, end) if self.trims[n] is trim)

    def sold(self, year: int) -> tuple[Flags, Flags]:
        """Which variants, and which offers, could be registered new in `year`."""
        offers: Flags = (self.o["first"] <= year) & (year <= self.o["last"])
        has_trim = np.bincount(self.o["engine"], weights=offers, minlength=len(self.offers_from) - 1) > 0
        variants: Flags = (self.v["first"] <= year) & (year <= self.v["last"]) & has_trim[self.v["engine"]]
        return variants, offers


class _Layout:
    """Builds a deck's columns row by row."""

    def __init__(self, brands: tuple[Brand, ...]) -> None:
        self._brands = brands
        self._variants: list[Variant] = []
        self._rows: list[tuple[int, ...]] = []
        self._weights: list[float] = []
        self._trims: list[Trim] = []
        self._offers: list[tuple[int, ...]] = []
        self._shares: list[float] = []
        self._offers_from = [0]

    def deck(self) -> Deck:
        """The finished deck."""
        models = 0
        for b, brand in enumerate(self._brands):
            for model in brand.modelos:
                for generation in model.generaciones:
                    self._generation(b, models, model, generation)
                models += 1
        names = (
            "brand", "model", "engine", "fuel", "segment", "body", "power", "doors", "seats",
            "automatic", "both", "mild", "price", "first", "last", "edge_first", "edge_last", "counts",
        )  # fmt: skip
        table = np.array(self._rows, dtype=np.int32).T
        offers = np.array(self._offers, dtype=np.int32).T
        return Deck(
            tuple(self._variants), tuple(self._trims), self._brands, dict(zip(names, table, strict=True)),
            np.array(self._weights), dict(zip(("engine", "first", "last", "price", "level"), offers, strict=True)),
            np.array(self._shares), np.array(self._offers_from, dtype=np.int32),
        )  # fmt: skip

    def _generation(self, b: int, model_number: int, model: Model, gen: Generation) -> None:
        brand = self._brands[b]
        alone = len(model.generaciones) == 1
        segment = SEGMENTS.index(model.segmento)
        for engine in gen.motores:
            number = len(self._offers_from) - 1
            for trim in gen.acabados:
                if goes_with(trim, engine):
                    self._trims.append(trim)
                    first, last = trim.desde or gen.desde, trim.hasta or gen.hasta
                    self._offers.append((number, first, last, trim.precio, trim.nivel))
                    self._shares.append(trim.cuota)
            self._offers_from.append(len(self._trims))
            for body in gen.carrocerias:
                if engine.carrocerias and body.nombre not in engine.carrocerias:
                    continue
                first = max(gen.desde, engine.desde or 0, body.desde or 0)
                last = min(gen.hasta, engine.hasta or LAST_YEAR, body.hasta or LAST_YEAR)
                for automatic in {"M": (False,), "A": (True,), "MA": (False, True)}[engine.cambio]:
                    extra = brand.precio_automatico if automatic and engine.cambio == "MA" else 0
                    self._variants.append(
                        Variant(len(self._variants), brand, model, gen, body, engine, automatic=automatic)
                    )
                    self._weights.append(engine.cuota * body.cuota)
                    self._rows.append((
                        b, model_number, number, FUELS.index(engine.combustible), segment, BODIES.index(body.tipo),
                        engine.potencia, body.puertas, body.plazas, int(automatic),
                        int(engine.cambio == "MA"), int(engine.microhibrido), engine.precio + body.precio + extra, first,
                        last,
                        0 if alone else gen.desde, 0 if alone or gen.hasta == LAST_YEAR else gen.hasta,
                        int(engine.cambio != "MA" or automatic),
                    ))  # fmt: skip


@dataclass(frozen=True)
class Sales:
    """What stands in the used stock of one reference year, a row a version and registration year; shape `(rows,)`.

    `share` adds up to 1 over all rows.
    """

    deck: Deck
    year: Ints
    variant: Ints
    offer: Ints
    share: Floats

    @classmethod
    def of(cls, deck: Deck, market: Market, reference_year: int, month: int) -> Sales:
        """The stock of `month` of `reference_year`, all brands."""
        years, variants, weights = _first_guess(deck, market, reference_year)
        age = market.age_shares(np.arange(FIRST_YEAR, LAST_YEAR + 1), reference_year, month)
        weights = _Raking(deck, market, age, years, variants).fitted(weights)
        return cls._with_trims(deck, years, variants, weights)

    @classmethod
    def of_last_years(cls, deck: Deck, market: Market, brand: int) -> Sales:
        """The cars of a brand that left the market longer ago than the table of ages reaches: its last year's."""
        last = max(int(v) for v in deck.v["last"][deck.v["brand"] == brand])
        years, variants, weights = _first_guess(deck, market, last)
        rows = (years == last) & (deck.v["brand"][variants] == brand)
        return cls._with_trims(deck, years[rows], variants[rows], weights[rows])

    @classmethod
    def _with_trims(cls, deck: Deck, years: Ints, variants: Ints, weights: Floats) -> Sales:
        there = weights > 0
        years, variants, weights = years[there], variants[there], weights[there]
        engines = deck.v["engine"][variants]
        counts = np.diff(deck.offers_from)[engines]
        row = np.repeat(np.arange(len(years)), counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        offers = (deck.offers_from[engines][row] + within).astype(np.int32)
        sold = (deck.o["first"][offers] <= years[row]) & (years[row] <= deck.o["last"][offers])
        row, offers = row[sold], offers[sold]
        part = deck.offer_share[offers]
        share = weights[row] * part / np.bincount(row, weights=part, minlength=len(years))[row]
        return cls(deck, years[row], variants[row], offers, share / share.sum())

    def only(self, brand: int) -> Sales | None:
        """The part of one brand (by its number), or `None` if there is none of it."""
        rows = self.deck.v["brand"][self.variant] == brand
        if not rows.any():
            return None
        share = self.share[rows]
        return Sales(self.deck, self.year[rows], self.variant[rows], self.offer[rows], share / share.sum())

    @cached_property
    def _wheel(self) -> Wheel:
        return Wheel(self.share[None, :], buckets=_GUIDE * len(self.share))

    def draw(self, uniform: Floats) -> Ints:
        """A row for each number of `uniform` (in [0, 1))."""
        return self._wheel.draw(uniform)


def _first_guess(deck: Deck, market: Market, reference_year: int) -> tuple[Ints, Ints, Floats]:
    """Years, variants and weights of all that was registered in the years a stock of `reference_year` reaches back."""
    v = deck.v
    years: list[Any] = []
    rows: list[Any] = []
    weights: list[Any] = []
    for year in range(FIRST_YEAR, min(LAST_YEAR, reference_year) + 1):
        variants, _ = deck.sold(year)
        at = np.flatnonzero(variants)
        once = v["counts"][at]
        engines = v["engine"][at]
        bodies = np.array([deck.variants[i].body.cuota for i in at]) if len(at) else np.zeros(0)
        whole = np.bincount(engines, weights=bodies * once, minlength=len(deck.offers_from))
        automatic = market.automatic_shares(v["power"][at], year)
        gearbox = np.where(v["both"][at] == 1, np.where(v["automatic"][at] == 1, automatic, 1 - automatic), 1.0)
        edge = np.where((v["edge_first"][at] == year) | (v["edge_last"][at] == year), _EDGE, 1.0)
        weight = deck.weight[at] / whole[engines] * gearbox * edge
        weight /= np.bincount(v["model"][at], weights=weight)[v["model"][at]] if len(at) else 1.0
        years.append(np.full(len(at), year, dtype=np.int32))
        rows.append(at.astype(np.int32))
        weights.append(weight)
    return np.concatenate(years), np.concatenate(rows), np.concatenate(weights)


class _Raking:
    """Scales first guesses, margin after margin, until every margin is near what the market knows of it.

    The last margin of a round is met best: brands and their models.
    """

    def __init__(self, deck: Deck, market: Market, age: Floats, years: Ints, variants: Ints) -> None:
        v = deck.v
        year = (years - FIRST_YEAR).astype(np.int64)
        self._brand, self._model = v["brand"][variants].astype(np.int64), v["model"][variants].astype(np.int64)
        self._automatic = v["automatic"][variants].astype(np.int64)
        self._age = age
        self._models = _model_shares(deck, self._model)
        self._year = year
        self._deck, self._market = deck, market
        self._fuel = (year * len(FUELS) + v["fuel"][variants]) * 2 + v["mild"][variants]

    def fitted(self, guess: Floats) -> Floats:
        """The weights that keep the guess's inner proportions and meet the margins."""
        in_year = np.maximum(np.bincount(self._year, minlength=_YEARS), 1)[self._year]
        weights: Floats = guess * self._age[self._year] / in_year * self._models[self._model]
        margins = [
            (self._brand * 2 + self._automatic, self._automatics_of_brands(weights)),
            (self._year * 2 + self._automatic, self._automatics_of_years()),
            (self._fuel, self._fuels_of_years()),
            (self._model, self._models),
        ]
        for _ in range(_ROUNDS):
            for cells, target in margins:
                have = np.bincount(cells, weights=weights, minlength=len(target))
                wanted = np.where(have > 0, target, 0.0)
                factor = np.divide(wanted * (have.sum() / wanted.sum()), have, out=np.zeros_like(have), where=have > 0)
                weights *= factor[cells]
        result: Floats = weights / weights.sum()
        return result

    def _automatics_of_brands(self, guess: Floats) -> Floats:
        """Known for the bigger brands; the others keep what their engines' weights say."""
        cells = np.bincount(self._brand * 2 + self._automatic, weights=guess, minlength=2 * len(self._deck.brands))
        manual, automatic = cells.reshape(-1, 2).T
        own = np.divide(automatic, manual + automatic, out=np.zeros_like(manual), where=manual + automatic > 0)
        known = [self._market.automatico.por_marca.get(b.marca, o) for b, o in zip(self._deck.brands, own, strict=True)]
        share = np.array([b.cuota for b in self._deck.brands])
        return np.stack([share * (1 - np.array(known)), share * known], axis=1).ravel()

    def _automatics_of_years(self) -> Floats:
        share = np.array([self._market.automatic_in(y) for y in range(FIRST_YEAR, LAST_YEAR + 1)])
        return np.stack([self._age * (1 - share), self._age * share], axis=1).ravel()

    def _fuels_of_years(self) -> Floats:
        years = range(FIRST_YEAR, LAST_YEAR + 1)
        share = np.array([[self._market.fuel_shares(y).get(f, _RARE) for f in FUELS] for y in years])
        mild = np.array([[self._market.mild_share(f, y) for f in FUELS] for y in years])
        share *= (self._age / share.sum(axis=1))[:, None]
        return np.stack([share * (1 - mild), share * mild], axis=2).ravel()


def _model_shares(deck: Deck, model: NDArray[np.int64]) -> Floats:
    """The share of each model that is there at all: its brand's, times its own in the brand."""
    share = np.array([m.cuota for b in deck.brands for m in b.modelos])
    owner = np.array([n for n, b in enumerate(deck.brands) for _ in b.modelos])
    share = np.where(np.bincount(model, minlength=len(share)) > 0, share, 0.0)
    in_brand = np.bincount(owner, weights=share)
    part = np.divide(share, in_brand[owner], out=np.zeros_like(share), where=in_brand[owner] > 0)
    result: Floats = part * np.array([b.cuota for b in deck.brands])[owner]
    return result
