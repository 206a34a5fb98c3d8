"""What a used car has rolled and what it asks: expectations of the market, and the figures dealers write down."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.deck import FUELS, SEGMENTS
from flotia.catalogue.market import Market
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR, Engine, Trim
from flotia.catalogue.variant import Variant
from flotia.catalogue.wheel import Floats, Wheel

#: The yardstick's age n means "registered n calendar years ago", seen in November: n + 0.4 years on average.
AGE_OFFSET = 0.4
#: No dealer sells for less, in euro.
LEAST_PRICE = 900
#: A used car rolls at least this many km a year, whatever the dice say.
LEAST_KM_A_YEAR = 700
#: Kilometres up to which a car counts as km 0.
ZERO_KM = 100
#: A brand keeps its whole advantage (or loses all it loses) from this age on; `por_marca` is that of ages 3-5.
_BRAND_AGE, _BRAND_MOST = 4.0, 1.5
#: Prices are more peaked than normal, with longer tails: a normal number z becomes z (a + b z²). Source: in ac2024 the
#: median deviation inside a model and year is .071 of log price where a normal with its spread (.151) has .102.
_CORE, _TAILS = 0.48, 0.18
#: No price is further than this, in logarithms, from what such a car asks: beyond it is another car's.
_MOST_OFF = 0.6
#: Kilometres further from the expected ones than this change nothing more in the price.
_FEWER, _MORE = -120_000.0, 200_000.0
#: Standard normal quantiles of the five columns of `kilometros.cuantiles`.
_KNOTS = (-1.6449, -0.6745, 0.0, 0.6745, 1.6449)
_Z_MOST, _Z_STEPS = 3.6, 72


@dataclass(frozen=True, slots=True)
class Priced:
    """What prices of many cars depend on; shapes `(n,)`.

    `new_price` is of the year of registration, `at` the age less `AGE_OFFSET`, `fuel` and `segment` as in the deck,
    `brand_log` of `Valuation.brand_logs`, `extra_km` what they have rolled more than expected.
    """

    new_price: NDArray[Any]
    at: Floats
    fuel: NDArray[Any]
    segment: NDArray[Any]
    brand_log: Floats
    extra_km: Floats


class _Own(NamedTuple):
    """What the market's tables say of one variant: price scale, what is kept by age, the brand's share, kilometres."""

    scale: float
    kept: list[float]
    brand_log: float
    habit: float


@dataclass(frozen=True)
class Valuation:
    """Expected kilometres and prices of a market. One car at a time in plain numbers, or whole columns.

    Ages are years since registration, kilometres km, prices euro. Source of every figure: `mercado.toml`.
    """

    market: Market

    # one car

    def kilometres(self, variant: Variant, age: float) -> float:
        """The median odometer reading of a used car like it."""
        return exp(_at(self._log_medians, age - AGE_OFFSET)) * self._of(variant).habit * _first_months(age - AGE_OFFSET)

    def price(self, variant: Variant, trim: Trim, year: int, age: float, kilometres: float) -> float:
        """The middle of what such a car, registered in `year`, is offered for."""
        at, own = age - AGE_OFFSET, self._of(variant)
        kept = _at(own.kept, at)
        kept += own.brand_log * min(max(at / _BRAND_AGE, 0.0), _BRAND_MOST)
        extra = min(max(kilometres - self.kilometres(variant, age), _FEWER), _MORE)
        kept += _at(self._effects, at) * extra / 10_000
        return max(self.new_price(variant, trim, year) * exp(kept), float(LEAST_PRICE))

    def new_price(self, variant: Variant, trim: Trim, year: int) -> float:
        """Price when new in `year`: the catalogue's is of the middle of the years in which the engine was sold."""
        return variant.list_price(trim) * self._index(year) * self._of(variant).scale

    def _of(self, variant: Variant) -> _Own:
        found = self._met.get(variant)
        if found is None:
            fuel, segment = FUELS.index(variant.engine.combustible), SEGMENTS.index(variant.model.segmento)
            found = self._met[variant] = _Own(
                self._scale(variant), self._log_kept[fuel][segment], self._log_brand(variant.brand.marca),
                self._habit(variant),
            )  # fmt: skip
        return found

    def _scale(self, variant: Variant) -> float:
        """What a variant's price in the catalogue is multiplied by before the index of a year.

        It undoes the index of the middle of the engine's years, and has the stronger engines of a generation keep more.
        """
        first, last = variant.engine.desde or variant.generation.desde, variant.engine.hasta or variant.generation.hasta
        stronger = variant.engine.potencia / _usual_power(variant.generation.motores)
        kept = stronger**self.market.precio.efecto_potencia
        return float(kept / self._index((max(first, FIRST_YEAR) + last) // 2))

    def spread(self, age: float) -> float:
        """About the standard deviation of the log price around `price`."""
        return _at(self._spreads, age - AGE_OFFSET)

    def kilometre_bounds(self, age: float) -> tuple[float, float]:
        """The least and the most km that a used car (not a km 0) of `age` years is drawn with or believed at.

        Quantiles 5 % and 95 % by age, widened to about the outermost percent.
        """
        low, high = (exp(_at(curve, age)) for curve in self._log_outer)
        least = max(low * 0.35, LEAST_KM_A_YEAR * age, ZERO_KM + 1)
        return least, max(high * 1.55, 6_000.0) + max(age - len(self._log_medians) + 1, 0.0) * 12_000

    # columns

    def kilometre_column(self, at: Floats, z: Floats, habit: Floats) -> Floats:
        """Kilometres of used cars `at` = age - AGE_OFFSET years, at the normal quantile `z`, times the car's `habit`."""
        place = np.clip((z + _Z_MOST) * (_Z_STEPS / (2 * _Z_MOST)), 0, _Z_STEPS - 1e-9)
        step = place.astype(np.int64)
        row, part = _rows(at, len(self._surface))
        low = _between(self._surface[row, step], self._surface[row, step + 1], place - step)
        high = _between(self._surface[row + 1, step], self._surface[row + 1, step + 1], place - step)
        result: Floats = np.exp(_between(low, high, part)) * habit * _first_months_column(at)
        return result

    def price_column(self, cars: Priced, noise: Floats) -> Floats:
        """Prices of cars before dealers round them; `noise` is a standard normal number for each."""
        kept = self._kept_array
        row, part = _rows(cars.at, kept.shape[2])
        total = _between(kept[cars.fuel, cars.segment, row], kept[cars.fuel, cars.segment, row + 1], part)
        total += cars.brand_log * np.clip(cars.at / _BRAND_AGE, 0.0, _BRAND_MOST)
        total += _curve(self._effects, cars.at) * np.clip(cars.extra_km, _FEWER, _MORE) / 10_000
        off = _curve(self._spreads, cars.at) * noise * (_CORE + _TAILS * noise * noise)
        total += np.clip(off, -_MOST_OFF, _MOST_OFF)
        result: Floats = np.maximum(cars.new_price * np.exp(total), float(LEAST_PRICE))
        return result

    def habits(self, variants: tuple[Variant, ...]) -> Floats:
        """How much further than the average car each of `variants` is driven, for `kilometre_column`."""
        return np.array([self._habit(v) for v in variants])

    def new_price_factors(self, variants: tuple[Variant, ...]) -> tuple[Floats, Floats]:
        """What to multiply each variant's price and each year's (from 2005) with, for a price when new."""
        years = range(FIRST_YEAR, LAST_YEAR + 1)
        return np.array([self._scale(v) for v in variants]), np.array([self._index(y) for y in years])

    def brand_logs(self, brands: list[str]) -> Floats:
        """What each of `brands` keeps of its price over the average, as a logarithm, for `price_column`."""
        return np.array([self._log_brand(b) for b in brands])

    # tables

    @cached_property
    def _index(self) -> Callable[[int], float]:
        """`Market.new_price_index`, remembered by year."""
        return lru_cache(maxsize=256)(self.market.new_price_index)

    @cached_property
    def _met(self) -> dict[Variant, _Own]:
        """The variants met one by one; never more than the catalogue has."""
        return {}

    def _habit(self, variant: Variant) -> float:
        table = self.market.kilometros
        return table.por_combustible.get(variant.engine.combustible, 1.0) * table.por_segmento.get(
            variant.model.segmento, 1.0
        )

    def _log_brand(self, brand: str) -> float:
        return log(self.market.precio.por_marca.get(brand, 1.0))

    @cached_property
    def _log_medians(self) -> list[float]:
        return [log(row[2]) for row in self.market.kilometros.cuantiles]

    @cached_property
    def _log_outer(self) -> tuple[list[float], list[float]]:
        rows = self.market.kilometros.cuantiles
        return [log(row[0]) for row in rows], [log(row[4]) for row in rows]

    @cached_property
    def _surface(self) -> Floats:
        """Log kilometres by age (rows) and normal quantile (columns, from -3.6 to 3.6); tails go on as they end."""
        grid = [-_Z_MOST + 2 * _Z_MOST * i / _Z_STEPS for i in range(_Z_STEPS + 1)]
        return np.array([
            [_through(_KNOTS, [log(q) for q in row], z) for z in grid] for row in self.market.kilometros.cuantiles
        ])  # fmt: skip

    @cached_property
    def _log_kept(self) -> list[list[list[float]]]:
        table = self.market.precio
        ages = range(len(table.retencion))
        return [
            [
                [
                    log(table.retencion[n]) + log(_of_age(table.por_combustible.get(fuel), n))
                    + log(_of_age(table.por_segmento.get(segment), n))
                    for n in ages
                ]
                for segment in SEGMENTS
            ]
            for fuel in FUELS
        ]  # fmt: skip

    @cached_property
    def _kept_array(self) -> Floats:
        return np.array(self._log_kept)

    @cached_property
    def _effects(self) -> list[float]:
        return list(self.market.precio.efecto_10000_km)

    @cached_property
    def _spreads(self) -> list[float]:
        return list(self.market.precio.log_sd)


@lru_cache(maxsize=4096)
def _usual_power(engines: tuple[Engine, ...]) -> float:
    """The geometric mean of the engines' powers, in CV."""
    return exp(sum(log(e.potencia) for e in engines) / len(engines))


def _of_age(table: tuple[float, ...] | None, age: int) -> float:
    return table[min(age, len(table) - 1)] if table else 1.0


def _at(curve: list[float], at: float) -> float:
    """The curve's value at an age between its points; flat beyond both ends."""
    bounded = min(max(at, 0.0), len(curve) - 1.0)
    row = min(int(bounded), len(curve) - 2)
    return curve[row] + (curve[row + 1] - curve[row]) * (bounded - row)


def _rows(at: Floats, length: int) -> tuple[NDArray[np.int64], Floats]:
    bounded = np.clip(at, 0.0, length - 1.0)
    row = np.minimum(bounded.astype(np.int64), length - 2)
    return row, bounded - row


def _curve(curve: list[float], at: Floats) -> Floats:
    values = np.array(curve)
    row, part = _rows(at, len(curve))
    return _between(values[row], values[row + 1], part)


def _between(low: Floats, high: Floats, part: Floats) -> Floats:
    result: Floats = low + (high - low) * part
    return result


def _through(knots: tuple[float, ...], values: list[float], z: float) -> float:
    """Piecewise linear through the knots, the outer pieces prolonged."""
    piece = min(max(bisect_right(knots, z) - 1, 0), len(knots) - 2)
    slope = (values[piece + 1] - values[piece]) / (knots[piece + 1] - knots[piece])
    return values[piece] + slope * (z - knots[piece])


def _first_months(at: float) -> float:
    """What part of age 0's kilometres a car has that was registered later in the year than the average one."""
    return min(max((at + AGE_OFFSET) / AGE_OFFSET, 0.06), 1.0)


def _first_months_column(at: Floats) -> Floats:
    return np.clip((at + AGE_OFFSET) / AGE_OFFSET, 0.06, 1.0)


class Figures:
    """How dealers write figures: whole columns of exact ones become prices and kilometres with the usual endings."""

    def __init__(self, market: Market) -> None:
        self._bands = np.array([band.desde for band in market.precio.terminaciones])
        self._prices = Wheel(np.array([endings(band.cuota) for band in market.precio.terminaciones]))
        self._kilometres = Wheel(np.array([endings(market.kilometros.terminaciones)]))

    def prices(self, exact: Floats, uniform: Floats) -> NDArray[np.int64]:
        """Whole euro, each the nearest to `exact` with its ending."""
        ending = self._prices.draw(uniform, np.searchsorted(self._bands, exact, side="right") - 1)
        value = np.rint((exact - ending) / 1000).astype(np.int64) * 1000 + ending
        return np.where(value < LEAST_PRICE, value + 1000, value)

    def kilometres(self, exact: Floats, uniform: Floats) -> NDArray[np.int64]:
        """Whole km; the endings are those of 1,000 km and more, less is written as it is."""
        ending = self._kilometres.draw(uniform)
        value = np.rint((exact - ending) / 1000).astype(np.int64) * 1000 + ending
        plain = np.rint(exact).astype(np.int64)
        return np.where((plain < 1000) | (value < 1000), np.maximum(plain, ZERO_KM + 1), value)


def endings(table: dict[str, float]) -> list[float]:
    """The share of each last-three-digits 000 … 999: of a pattern, in equal parts to what no narrower one names."""
    shares = [0.0] * 1000
    taken: set[int] = set()
    for pattern in sorted(table, key=lambda p: p.count("x")):
        fitting = [
            n for n in range(1000)
            if n not in taken and all(p in ("x", d) for p, d in zip(pattern, f"{n:03d}", strict=True))
        ]  # fmt: skip
        for n in fitting:
            shares[n] = table[pattern] / len(fitting)
        taken.update(fitting)
    return shares


def dealer_cents(sale: NDArray[np.int64], first: Floats, second: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Purchase and cost in cents: 90-100 % of `sale` (cents), and 98-102 % of the purchase price.

    The margins are the contract's; both ends hold to the cent.
    """
    purchase = _within(sale, 90, 100, first)
    return purchase, _within(purchase, 98, 102, second)


def _within(base: NDArray[np.int64], low: int, high: int, uniform: Floats) -> NDArray[np.int64]:
    least = -(-base * low // 100)
    most = base * high // 100
    share: NDArray[np.int64] = np.minimum((uniform * (most - least + 1)).astype(np.int64), most - least)
    return least + share
