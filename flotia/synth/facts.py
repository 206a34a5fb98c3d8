"""Slots' facts: a full, coherent description of a car drawn jointly from the market, held back behind each slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.deck import SEGMENTS
from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR, Trim
from flotia.catalogue.variant import Variant
from flotia.catalogue.wheel import Floats, Wheel
from flotia.synth.dealers import DealerColumns
from flotia.synth.dice import Purpose, column, normals
from flotia.synth.prices import AGE_OFFSET, LEAST_KM_A_YEAR, ZERO_KM, Figures, Priced, Valuation

_DAYS_A_YEAR = 365.25
#: Prices are drawn within this many standard deviations.
_PRICE_TAILS = 2.6
#: A car whose kilometres are further than this from the expected ones is priced by itself.
_TARIFF_KM = 30_000
#: The list has steps of so many km, and is nearer to the market than a single price.
_TARIFF_STEP, _TARIFF_NOISE = 12_000, 0.6
#: Of the cars that nothing but colour tells apart so many fewer are priced alike, or a stock would have twins.
_TARIFF_ZERO_KM = 0.15
_YEARS = LAST_YEAR - FIRST_YEAR + 1
#: No dealer's car has run further than this (ac2024: 95 % of the youngest have less than 21,000 km, and 120,000 km in two
#: years is a taxi's).
_MOST_KM, _MOST_KM_A_YEAR = 12_000, 48_000
#: The weekdays (Monday 0) on which the registry is shut; such days move to the Friday before.
_SATURDAY = 5
_CENTS = Decimal("0.01")


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


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The facts of many slots, one number a slot and column; shapes `(n,)`.

    `slot` is the slot's index, `variant` and `offer` are rows of the deck; `registered` and `received` days as in
    `date.toordinal`; `price` cents; `colour`, `province` and `dealer` places in the lists of a `FactsDrawer`.
    """

    slot: NDArray[Any]
    variant: NDArray[Any]
    offer: NDArray[Any]
    registered: NDArray[Any]
    kilometres: NDArray[Any]
    colour: NDArray[Any]
    price: NDArray[Any]
    province: NDArray[Any]
    dealer: NDArray[Any]
    received: NDArray[Any]

    def __len__(self) -> int:
        return len(self.slot)

    def of(self, rows: NDArray[Any]) -> Self:
        """The same columns of some rows only (places or flags)."""
        return type(self)(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class _Car:
    """What is drawn first of a car; shapes `(n,)`, `age` in years."""

    variant: NDArray[Any]
    offer: NDArray[Any]
    year: NDArray[Any]
    age: Floats


class _Tables:
    """What draws look up of a catalogue, whatever seed, date or brand."""

    def __init__(self, catalogue: Catalogue) -> None:
        market, deck = catalogue.market, catalogue.deck
        self.valuation = Valuation(market)
        self.figures = Figures(market)
        self.colours = _Colours(catalogue)
        self.provinces = list(market.provincia.cuota)
        self.province_wheel = Wheel.of([list(market.provincia.cuota.values())])
        self.dealers = DealerColumns(catalogue, self.provinces)
        self.zero = _ZeroKm(catalogue)
        self.tariff = np.array(market.precio.tarifa)
        self.habit = self.valuation.habits(deck.variants)
        self.new = self.valuation.new_price_factors(deck.variants)
        self.brand_log = self.valuation.brand_logs([b.marca for b in deck.brands])
        self.number_of = [
            {name: n for n, name in enumerate(names)}
            for names in (self.colours.names, self.provinces, self.dealers.names)
        ]


_tables = lru_cache(maxsize=4)(_Tables)


class FactsDrawer:
    """Draws the facts of slots for one seed, date and (perhaps) brand."""

    def __init__(self, catalogue: Catalogue, *, seed: int, today: date, brand: str | None = None) -> None:
        self._seed, self._today, self._this_year = seed, today.toordinal(), today.year
        self._deck, self._market = catalogue.deck, catalogue.market
        self._sales = catalogue.sales(today.year, today.month, brand)
        self._years = _Calendar(catalogue, today)
        self._tables = tables = _tables(catalogue)
        self.valuation = tables.valuation
        self.colours, self.provinces, self.dealers = tables.colours.names, tables.provinces, tables.dealers.names

    def columns(self, slots: NDArray[Any]) -> FactColumns:
        """The facts of `slots` (their indices, in any order)."""
        sold = self._sales.draw(self._numbers(Purpose.CAR, slots))
        return self.moved(slots, self._sales.variant[sold], self._sales.offer[sold], self._sales.year[sold])

    def moved(self, slots: NDArray[Any], variant: NDArray[Any], offer: NDArray[Any], year: NDArray[Any]) -> FactColumns:
        """The facts of `slots` if those are their cars (rows of the deck), registered in those years.

        All that is not the car or its year is drawn with the slots' own numbers. Each car must have been on sale in its
        year, and none of the years may be after today's.
        """
        brand = self._deck.v["brand"][variant]
        zero = self._tables.zero.is_zero(variant, self._this_year - year, self._numbers(Purpose.ZERO, slots))
        registered = self._years.registration(
            year, self._numbers(Purpose.MONTH, slots), self._numbers(Purpose.DAY, slots), late=zero
        )
        age = (self._today - registered) / _DAYS_A_YEAR
        car = _Car(variant, offer, year, age)
        kilometres = self._kilometres(slots, car, zero)
        price = self._price(slots, car, zero, kilometres - self.usual_kilometres(variant, age))
        province = self._tables.province_wheel.draw(self._numbers(Purpose.PROVINCE, slots))
        return FactColumns(
            slots, variant, offer, registered, kilometres,
            self._tables.colours.draw(self._deck.v["segment"][variant], year, self._numbers(Purpose.COLOUR, slots)),
            price, province, self._tables.dealers.draw(province, brand, self._numbers(Purpose.DEALER, slots)),
            self._received(slots, registered, zero),
        )  # fmt: skip

    def usual_kilometres(self, variant: NDArray[Any], age: Floats) -> Floats:
        """The median odometer reading of used cars of those variants and ages (years)."""
        return self.valuation.kilometre_column(age - AGE_OFFSET, np.zeros(len(age)), self._tables.habit[variant])

    def facts(self, columns: FactColumns) -> list[Facts]:
        """The rows of `columns` as facts."""
        deck = self._deck
        return [
            Facts(
                deck.variants[variant], deck.trims[offer], date.fromordinal(registered),
                (self._today - registered) / _DAYS_A_YEAR, kilometres, self.colours[colour],
                (Decimal(price) / 100).quantize(_CENTS), self.provinces[province], self.dealers[dealer],
                date.fromordinal(received),
            )
            for _, variant, offer, registered, kilometres, colour, price, province, dealer, received in zip(
                *(getattr(columns, f.name).tolist() for f in fields(columns)), strict=True
            )
        ]  # fmt: skip

    def columns_of(self, slots: Sequence[int], facts: Sequence[Facts]) -> FactColumns:
        """The inverse of `facts`."""
        colours, provinces, dealers = self._tables.number_of
        rows = [
            (
                slot, f.variant.number, self._deck.offer_number(f.variant, f.trim), f.registered.toordinal(), f.kilometres,
                colours[f.colour], int(f.price * 100), provinces[f.province], dealers[f.dealer], f.received.toordinal(),
            )
            for slot, f in zip(slots, facts, strict=True)
        ]  # fmt: skip
        return FactColumns(*np.array(rows, dtype=np.int64).reshape(-1, len(fields(FactColumns))).T)

    def _numbers(self, purpose: Purpose, slots: NDArray[Any]) -> Floats:
        return column(self._seed, purpose, slots)

    def _kilometres(self, slots: NDArray[Any], car: _Car, zero: NDArray[np.bool_]) -> NDArray[np.int64]:
        z = normals(self._numbers(Purpose.KILOMETRES, slots))
        exact = self.valuation.kilometre_column(car.age - AGE_OFFSET, z, self._tables.habit[car.variant])
        least = np.ceil(np.maximum(LEAST_KM_A_YEAR * car.age, ZERO_KM + 1)).astype(np.int64)
        exact = np.clip(exact, least, _MOST_KM + _MOST_KM_A_YEAR * car.age)
        used = np.maximum(self._tables.figures.kilometres(exact, self._numbers(Purpose.KM_ENDING, slots)), least)
        return np.where(zero, self._tables.zero.kilometres(self._numbers(Purpose.ZERO_VALUE, slots)), used)

    def _price(self, slots: NDArray[Any], car: _Car, zero: NDArray[np.bool_], extra_km: Floats) -> NDArray[np.int64]:
        """Prices in cents: of some cars their own, of others that of the dealers' list for their version and year."""
        v = self._deck.v
        years_ago = self._this_year - car.year
        share = self._tables.tariff[np.minimum(years_ago, len(self._tables.tariff) - 1)] * np.where(
            zero, _TARIFF_ZERO_KM, 1.0
        )
        listed = (self._numbers(Purpose.TARIFF, slots) < share) & (np.abs(extra_km) < _TARIFF_KM)
        version = self._deck.version_numbers(car.variant, car.offer) * np.int64(_YEARS) + car.year - FIRST_YEAR
        noise, ending = (
            np.where(listed, self._numbers(shared, version), self._numbers(own, slots))
            for own, shared in (
                (Purpose.PRICE, Purpose.TARIFF_PRICE), (Purpose.PRICE_ENDING, Purpose.TARIFF_ENDING)
            )
        )  # fmt: skip
        cars = Priced(
            new_price=(v["price"][car.variant] + self._deck.o["price"][car.offer])
            * self._tables.new[1][car.year - FIRST_YEAR] * self._tables.new[0][car.variant],
            at=np.where(listed, years_ago, car.age - AGE_OFFSET), fuel=v["fuel"][car.variant],
            segment=v["segment"][car.variant], brand_log=self._tables.brand_log[v["brand"][car.variant]],
            extra_km=np.where(listed, np.rint(extra_km / _TARIFF_STEP) * _TARIFF_STEP, extra_km),
        )  # fmt: skip
        spread = normals(noise) * np.where(listed, _TARIFF_NOISE, 1.0)
        exact = self.valuation.price_column(cars, np.clip(spread, -_PRICE_TAILS, _PRICE_TAILS))
        return self._tables.figures.prices(exact, ending) * 100

    def _received(self, slots: NDArray[Any], registered: NDArray[Any], zero: NDArray[np.bool_]) -> NDArray[np.int64]:
        table = self._market.stock
        days = table.dias_mediana * np.exp(table.dias_log_sd * normals(self._numbers(Purpose.STANDING, slots)))
        days = np.minimum(np.rint(days).astype(np.int64), table.dias_maximo)
        since = self._today - registered
        used = np.minimum(days, since * 7 // 10)  # a used car has rolled somewhere before it came in
        own = np.where(
            since <= table.dias_maximo, since, np.minimum(days, since)
        )  # a km 0 stands since it was registered
        return self._today - np.where(zero, own, used)


class _Calendar:
    """Days of registration."""

    def __init__(self, catalogue: Catalogue, today: date) -> None:
        self._today = today
        shares = list(catalogue.market.mes.cuota)
        part = today.day / 30
        running = [
            s if m < today.month - 1 else s * part if m == today.month - 1 else 0.0 for m, s in enumerate(shares)
        ]
        late = [s if m >= 6 else 0.0 for m, s in enumerate(shares)]
        self._months = Wheel(np.array([shares, running, late]))
        firsts = [
            [date(y + m // 12, m % 12 + 1, 1).toordinal() for m in range(13)] for y in range(FIRST_YEAR, LAST_YEAR + 1)
        ]
        self._firsts = np.array(firsts)

    def registration(
        self, year: NDArray[Any], month: Floats, day: Floats, *, late: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Ordinals of working days of `year`, none after today; `late` cars of a year before this one in its second half."""
        this_year = year == self._today.year
        chosen = self._months.draw(month, np.where(this_year, 1, np.where(late, 2, 0)))
        row = year - FIRST_YEAR
        first = self._firsts[row, chosen]
        until = np.minimum(self._firsts[row, chosen + 1], self._today.toordinal() + 1)
        when = first + np.minimum((day * (until - first)).astype(np.int64), until - first - 1)
        weekday = (when - 1) % 7
        back = np.where(weekday >= _SATURDAY, weekday - _SATURDAY + 1, 0)
        moved = when - back
        result: NDArray[np.int64] = np.where(moved >= first, moved, np.minimum(when + 7 - weekday, until - 1))
        return result


class _ZeroKm:
    """Cars that the dealer registered itself."""

    def __init__(self, catalogue: Catalogue) -> None:
        table = catalogue.market.kilometro_cero
        by_age = np.array([*table.cuota_por_edad, 0.0])
        self._by_age = by_age
        factor = np.array([table.por_marca.get(v.brand.marca, table.otras_marcas) for v in catalogue.deck.variants])
        fuel = np.array([table.por_combustible.get(v.engine.combustible, 1.0) for v in catalogue.deck.variants])
        self._factor = factor * fuel
        self._values = np.array(list(table.valores))
        self._wheel = Wheel.of([list(table.valores.values())])

    def is_zero(self, variant: NDArray[Any], years_ago: NDArray[Any], uniform: Floats) -> NDArray[np.bool_]:
        age = np.clip(years_ago, 0, len(self._by_age) - 1)
        result: NDArray[np.bool_] = uniform < np.minimum(self._by_age[age] * self._factor[variant], 0.9)
        return result

    def kilometres(self, uniform: Floats) -> NDArray[Any]:
        return self._values[self._wheel.draw(uniform)]


class _Colours:
    """Colours by registration year and segment."""

    def __init__(self, catalogue: Catalogue) -> None:
        market = catalogue.market
        self.names = sorted({c for table in market.color.values() for c in table})
        self._since = np.array(sorted(market.color))
        tables = [market.colours(year, segment) for year in sorted(market.color) for segment in SEGMENTS]
        rows = [[table.get(name, 0.0) for name in self.names] for table in tables]
        self._wheel = Wheel(np.array(rows))

    def draw(self, segment: NDArray[Any], year: NDArray[Any], uniform: Floats) -> NDArray[Any]:
        band = np.maximum(np.searchsorted(self._since, year, side="right") - 1, 0)
        return self._wheel.draw(uniform, band * len(SEGMENTS) + segment)
