"""Slots' facts: a full, coherent description of a car drawn jointly from the catalogue, held back behind each slot."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import TypeVar

import numpy as np

from flotia.catalogue.loader import Catalogue, Variant, YearTable
from flotia.catalogue.market import Floats, Market, shares
from flotia.catalogue.schema import Trim
from flotia.errors import RequestError
from flotia.synth.dice import Dice, normal, uniforms
from flotia.synth.prices import advertised, expected_kilometres, expected_price, price_spread

_T = TypeVar("_T")
#: Slots are drawn in chunks of this many, so that slot i never depends on how many were asked for.
CHUNK = 1000
#: Kilometres up to which a car counts as km 0.
ZERO_KM = 100
#: A used car rolls at least this many km a year, whatever the dice say.
_LEAST_KM_A_YEAR = 700

_DICE_ROW = 1
_COLUMNS = 8
_MONTH_DAYS = 28


@dataclass(frozen=True, slots=True)
class Facts:
    """A car without identity, texts and equipment, held back behind a slot. `age` is in years at the run's date."""

    variant: Variant
    trim: Trim
    registered: date
    age: float
    kilometres: int
    colour: str
    price: Decimal
    province: str
    dealer: str
    received: date

    @property
    def version(self) -> str:
        """The version's name as an ad says it."""
        return self.variant.version(self.trim)

    @property
    def is_zero_km(self) -> bool:
        """Registered by the dealer itself and never used."""
        return self.kilometres <= ZERO_KM


class FactsDrawer:
    """Draws the facts of slots, a chunk at a time, for one seed, date and (perhaps) brand."""

    def __init__(self, catalogue: Catalogue, *, seed: int, today: date, brand: str | None = None) -> None:
        self._catalogue, self._seed, self._today = catalogue, seed, today
        self._market = catalogue.market
        self._tables = self._year_tables(brand)
        if not self._tables:
            raise RequestError(f"La marca {brand} no se vendió en los años que cubre el catálogo.")
        ages = self._market.edad.cuota
        weights = {y: ages[today.year - y] for y in self._tables if 0 <= today.year - y < len(ages)}
        if not weights:  # only sold longer ago than the market's table reaches
            weights = {max(self._tables): 1.0}
        self._year_of, self._year_shares = list(weights), shares(weights)
        self._provinces = list(self._market.provincia.cuota)
        self._province_shares = shares(self._market.provincia.cuota)

    def _year_tables(self, brand: str | None) -> dict[int, YearTable]:
        tables = {}
        for year in self._catalogue.years(brand):
            table = self._catalogue.table(year, brand)
            if table is not None and year <= self._today.year:
                tables[year] = table
        return tables

    def chunk(self, number: int) -> list[Facts]:
        """The facts of slots `number * CHUNK` … `(number + 1) * CHUNK - 1`."""
        columns = uniforms(self._seed, number, _COLUMNS, CHUNK)
        years = [self._year_of[i] for i in np.searchsorted(self._year_shares, columns[0], side="right").tolist()]
        variants = self._variants(years, columns[1])
        provinces = np.searchsorted(self._province_shares, columns[2], side="right").tolist()
        return [
            self._row(number * CHUNK + i, years[i], variants[i], self._provinces[provinces[i]], columns[3:, i])
            for i in range(CHUNK)
        ]

    def _variants(self, years: list[int], column: Floats) -> list[Variant]:
        by_year: dict[int, list[int]] = {}
        for i, year in enumerate(years):
            by_year.setdefault(year, []).append(i)
        drawn: list[Variant | None] = [None] * len(years)
        for year, places in by_year.items():
            for i, variant in zip(places, self._tables[year].draw(column[places]), strict=True):
                drawn[i] = variant
        return [v for v in drawn if v is not None]

    def _row(self, index: int, year: int, variant: Variant, province: str, u: Floats) -> Facts:
        dice = Dice(self._seed, _DICE_ROW, index)
        registered = self._registration(year, float(u[0]), dice)
        age = (self._today - registered).days / 365.25
        trims = variant.trims(year)
        trim = _pick(trims, [t.cuota for t in trims], float(u[1]))
        kilometres = self._kilometres(variant.engine.combustible, year, age, float(u[2]), dice)
        price = self._price(variant, trim, age, kilometres, u=float(u[3]), dice=dice)
        colours = self._market.colours(year, van=variant.is_van)
        colour = _pick(list(colours), list(colours.values()), float(u[4]))
        return Facts(
            variant, trim, registered, age, kilometres, colour, price, province,
            dealer_name(self._catalogue, province, dice), self._received(registered, kilometres, dice),
        )  # fmt: skip

    def _registration(self, year: int, u: float, dice: Dice) -> date:
        last = self._today.month if year == self._today.year else 12
        month = _pick(range(1, last + 1), self._market.mes.cuota[:last], u)
        when = date(year, month, 1 + dice.below(_MONTH_DAYS))
        return min(when, self._today)

    def _kilometres(self, fuel: str, year: int, age: float, u: float, dice: Dice) -> int:
        table = self._market
        back = self._today.year - year
        zero = table.kilometro_cero
        if back < len(zero.cuota_por_edad) and dice.uniform() < zero.cuota_por_edad[back]:
            return dice.weighted(list(zero.valores), list(zero.valores.values()))
        spread = float(np.interp(age, range(len(table.kilometros.log_sd)), table.kilometros.log_sd))
        middle = expected_kilometres(table, age, fuel)
        low, high = kilometre_bounds(table, age)
        written = _as_written(middle * float(np.exp(spread * normal(u))), dice)
        return min(max(written, ceil(low)), int(high))

    def _price(self, variant: Variant, trim: Trim, age: float, kilometres: int, *, u: float, dice: Dice) -> Decimal:
        middle = expected_price(
            self._market, list_price=variant.list_price(trim), age=age, kilometres=kilometres,
            fuel=variant.engine.combustible, brand=variant.brand.marca,
        )  # fmt: skip
        z = min(max(normal(u), -2.3), 2.3)
        return advertised(self._market, middle * float(np.exp(z * price_spread(self._market, age))), dice)

    def _received(self, registered: date, kilometres: int, dice: Dice) -> date:
        table = self._market.stock
        days = round(table.dias_mediana * float(np.exp(table.dias_log_sd * normal(dice.uniform()))))
        since = (self._today - registered).days
        if kilometres <= ZERO_KM:  # registered by the dealer who sells it: in stock since
            return self._today - timedelta(days=since if since <= table.dias_maximo else min(days, since))
        return self._today - timedelta(days=min(days, table.dias_maximo, since))


def kilometre_bounds(market: Market, age: float) -> tuple[float, float]:
    """The least and the most km that a used car (not a km 0) of `age` years is drawn with or believed at.

    Source: 5 % and 95 % quantiles by age (`mercado.toml`), widened to about the outermost percent.
    """
    table = market.kilometros
    ages = range(len(table.p05))
    low = float(np.interp(age, ages, table.p05)) * 0.45
    high = float(np.interp(age, ages, table.p95)) * 1.35
    if age > len(table.p05) - 1:
        high += (age - len(table.p05) + 1) * 12_000
    return max(low, _LEAST_KM_A_YEAR * age, ZERO_KM + 1), max(high, 6_000.0)


def dealer_name(catalogue: Catalogue, province: str, dice: Dice) -> str:
    """An invented dealer of `province`: one of a dozen that the province always has."""
    key = sum(ord(c) * (i + 1) for i, c in enumerate(province))
    own = Dice(key, dice.below(12))
    return f"{own.pick(catalogue.dealers.formas)} {own.pick(catalogue.dealers.nombres)}"


def _pick(options: Sequence[_T], weights: Sequence[float], u: float) -> _T:
    """The option at `u` (in [0, 1)) of the options laid end to end by weight."""
    cumulative = list(itertools.accumulate(weights))
    return options[bisect.bisect_right(cumulative[:-1], u * cumulative[-1])]


def _as_written(kilometres: float, dice: Dice) -> int:
    """Kilometres as dealers write them: 21 % whole thousands, 9 % hundreds, 10 % tens, the rest exact (ac2024)."""
    at = dice.uniform()
    step = 1000 if at < 0.21 else 100 if at < 0.30 else 10 if at < 0.40 else 1
    if kilometres < 1000:
        step = min(step, 10)
    return max(int(round(kilometres / step) * step), ZERO_KM + 1)
