"""What a car of the catalogue should cost, have run and wear: the one place where judgement asks the market's figures."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from math import exp, floor

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.synth.labels import dgt_label
from flotia.synth.prices import ZERO_KM, Valuation

__all__ = ["LEAST_PRICE", "ZERO_KM", "Expectations", "expectations_of"]

#: A price is usual within this many standard deviations of log price around the expected one (`mercado.toml`,
#: precio.log_sd: .095 for a new car, .27 for one of twenty years), and never within less than this factor's log.
_PRICE_DEVIATIONS, _LEAST_BAND = 2.6, 0.28
#: A price off by more than this factor is no such car's.
_IMPOSSIBLE_PRICE = 2.2
#: Cheap cars are priced in steps of hundreds: so much more, in euro, is always within reach.
_PRICE_SLACK = 350
#: The least a listed price may be, in euro.
LEAST_PRICE = 700
#: A car may have run so much more (less) than what is drawn before it is called impossible: taxis, garage queens.
_FAR_MORE, _FAR_LESS = 1.9, 0.2
#: Label levels of diesels are mixed in these months (Euro 6 came with the design, not with the date).
_MIXED_DIESELS = (date(2014, 1, 1), date(2016, 1, 1))
_MONTHS = 12
#: Ages whose figures are remembered.
_AGES = 16_384


class Expectations:
    """The market's figures for single cars; remembers what depends on the age alone."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._valuation = Valuation(catalogue.market)
        self._bounds = lru_cache(_AGES)(self._valuation.kilometre_bounds)
        #: First and last group of plates of a year and month.
        self.plate_groups = lru_cache(_AGES)(catalogue.plates.groups)
        self._spread = lru_cache(_AGES)(self._valuation.spread)

    def expected_price(self, variant: Variant, trim: Trim, *, year: int, age: float, kilometres: int) -> float:
        """The middle of what such a car, registered in `year`, is offered for, in euro; `age` in years."""
        return self._valuation.price(variant, trim, year, age, kilometres)

    def usual_prices(self, expected: float, *, age: float) -> tuple[float, float]:
        """The least and the most, in euro, that is usual where `expected` is the middle."""
        month = round(age * _MONTHS) / _MONTHS
        band = max(_PRICE_DEVIATIONS * self._spread(month), _LEAST_BAND)
        return max(expected * exp(-band) - _PRICE_SLACK, LEAST_PRICE), expected * exp(band) + _PRICE_SLACK

    @staticmethod
    def possible_prices(expected: float) -> tuple[float, float]:
        """The least and the most, in euro, beyond which a price is another car's."""
        return expected / _IMPOSSIBLE_PRICE - _PRICE_SLACK, expected * _IMPOSSIBLE_PRICE + _PRICE_SLACK

    def usual_kilometres(self, *, age: float) -> tuple[float, float]:
        """The least and the most km of a used car (not a km 0) of that age."""
        return self._bounds(max(age, 0.0))

    def about_usual_kilometres(self, *, age: float) -> tuple[float, float]:
        """The same for the whole month in which a car is of that age: what is judged by the thousand."""
        month = floor(max(age, 0.0) * _MONTHS)
        (low, high), (low_after, high_after) = self._bounds(month / _MONTHS), self._bounds((month + 1) / _MONTHS)
        return min(low, low_after), max(high, high_after)

    def possible_kilometres(self, *, age: float) -> tuple[float, float]:
        """The least and the most km that a used car of that age can have at all."""
        low, high = self.about_usual_kilometres(age=age)
        return low * _FAR_LESS, high * _FAR_MORE

    @staticmethod
    def label(variant: Variant, registered: date) -> str:
        """The DGT's label of such a car."""
        return dgt_label(variant.engine, registered, variant.generation.desde)

    @staticmethod
    def labels(variant: Variant, registered: date) -> set[str]:
        """Every label such a car may wear: one, or two where only the single car's papers tell."""
        found = {dgt_label(variant.engine, registered, variant.generation.desde)}
        first, last = _MIXED_DIESELS
        if found & {"B", "C"} and variant.engine.combustible == "Diésel" and first <= registered < last:
            found |= {"B", "C"}
        return found


#: One catalogue's figures, worked out once: they are the same for every run.
expectations_of = lru_cache(maxsize=4)(Expectations)
