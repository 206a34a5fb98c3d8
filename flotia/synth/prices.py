"""What a used car asks: the price when new, times what age, kilometres, fuel and brand leave of it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from flotia.catalogue.market import Floats, Market
from flotia.synth.dice import Dice

_CENT = Decimal("0.01")
#: The yardstick's age n means "registered n calendar years ago", seen in November: n + 0.4 years on average.
_AGE_OFFSET = 0.4
#: No dealer sells for less, in euro.
_LEAST = 900.0


def expected_price(market: Market, *, list_price: float, age: float, kilometres: float, fuel: str, brand: str) -> float:
    """The middle of what such a car is offered for, in euro. `age` in years, `kilometres` in km.

    Source of every factor: `mercado.toml`, table `precio`.
    """
    table = market.precio
    at = max(age - _AGE_OFFSET, 0.0)
    kept = float(np.interp(at, range(len(table.retencion)), table.retencion))
    by_fuel = table.por_combustible.get(fuel)
    if by_fuel:
        kept *= float(np.interp(at, range(len(by_fuel)), by_fuel))
    if age > 1:
        kept *= float(table.por_marca.get(brand, 1.0)) ** min(age / 4, 1.6)
    extra_km = kilometres - expected_kilometres(market, age, fuel)
    bounded = min(max(extra_km, -120_000.0), 200_000.0)
    return max(list_price * kept * float(np.exp(table.efecto_10000_km * bounded / 10_000)), _LEAST)


def expected_kilometres(market: Market, age: float, fuel: str) -> float:
    """The median odometer reading at `age` years."""
    table = market.kilometros
    at = age - _AGE_OFFSET
    middle = float(np.interp(at, range(len(table.mediana)), table.mediana))
    return middle * table.por_combustible.get(fuel, 1.0)


def price_spread(market: Market, age: float) -> float:
    """Standard deviation of the log price around `expected_price`."""
    spread: Floats = np.array(market.precio.log_sd)
    return float(np.interp(age, range(len(spread)), spread))


def advertised(market: Market, price: float, dice: Dice) -> Decimal:
    """`price` as a dealer writes it: with the endings that real ads have."""
    habits = market.endings(price)
    named = sum(habits.cuota.values())
    point = dice.uniform() * max(1.0, named + habits.resto_de_10)
    ending = None
    for text, share in habits.cuota.items():
        point -= share
        if point < 0:
            ending = int(text)
            break
    if ending is None:
        step = 10 if point < habits.resto_de_10 else 1
        return Decimal(int(round(price / step) * step)).quantize(_CENT)
    thousand = round((price - ending) / 1000)
    value = max(thousand * 1000 + ending, int(_LEAST))
    return Decimal(value).quantize(_CENT)


def dealer_prices(sale: Decimal, dice: Dice) -> tuple[Decimal, Decimal]:
    """Purchase and cost price: 90-100 % of the sale price, and 98-102 % of the purchase price, to the cent.

    The margins are the contract's; both ends hold after rounding.
    """
    purchase = _within(sale, Decimal("0.90"), Decimal("1.00"), dice.uniform())
    return purchase, _within(purchase, Decimal("0.98"), Decimal("1.02"), dice.uniform())


def _within(base: Decimal, low: Decimal, high: Decimal, at: float) -> Decimal:
    share = low + (high - low) * Decimal(repr(at))
    value = (base * share).quantize(_CENT, ROUND_HALF_UP)
    if value < base * low:
        value += _CENT
    elif value > base * high:
        value -= _CENT
    return value
