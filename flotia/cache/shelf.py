"""Which row of a cache fills which slot, decided on numbers alone: no row is read before it is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from flotia.cache.answers import Place, Want
from flotia.synth.dice import Dice, Purpose, mix

#: More rows than its planned share of the stock (and a few) a brand does not get, or a cache of one brand would fill a
#: mixed stock with it.
_OVER_PLAN, _FEW = 0.25, 3
#: Rows left, by brand, model and year.
_Left = dict[str, dict[str, dict[int, int]]]


@dataclass(slots=True)
class Shelf:
    """The rows of a cache that a run has not used yet, and those that it has used only once.

    `held` are the rows of each place, `shares` what each brand has of the market; rows go to `amount` slots of all brands
    (or of one), of which `coming` have not been given one. From place to place rows are taken in a ring that begins where
    the seed says.
    """

    held: Mapping[Place, int]
    shares: Mapping[str, float]
    amount: int
    coming: int
    seed: int
    _fresh: _Left = field(default_factory=dict)
    _again: _Left = field(default_factory=dict)
    _of_brand: Counter[str] = field(default_factory=Counter)
    _moved_in: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for place in sorted(self.held):
            _put(self._fresh, place, self.held[place])
            self._of_brand[place.brand] += self.held[place]

    @property
    def empty(self) -> bool:
        """Whether there is nothing left for any slot."""
        return not self._fresh and not self._again

    def choose(self, own: Place, slot: int) -> Want | None:
        """The row for a slot whose car is `own`: of that model and year, else of the model, else of the brand.

        Else one of them a second time, else one of the brand that has most to spare. `None` if none is.
        """
        dice = Dice(self.seed, Purpose.CACHE, slot)
        self.coming -= 1
        for left in (self._fresh, self._again):
            if own.brand in left:
                return self._take(left, _nearest(left, own, dice))
        brand = self._with_most_to_spare()
        if brand is None:
            return None
        self._moved_in[brand] += 1
        return self._take(self._fresh, _nearest(self._fresh, own._replace(brand=brand), dice))

    def _with_most_to_spare(self) -> str | None:
        """The brand with most rows beyond what its own slots still to come will take; `None` if none can spare one."""
        spare = {
            brand: left - self.shares.get(brand, 0.0) * self.coming
            for brand, left in sorted(self._of_brand.items())
            if left and self._moved_in[brand] < _OVER_PLAN * self.shares.get(brand, 0.0) * self.amount + _FEW
        }
        if not spare:
            return None
        most = max(spare, key=spare.__getitem__)
        enough_for_all = self._of_brand.total() > self.coming
        return most if spare[most] >= 0 or enough_for_all else None

    def _take(self, left: _Left, place: Place) -> Want:
        models = left[place.brand]
        years = models[place.model]
        held = self.held[place]
        start = mix(self.seed, Purpose.CACHE, crc32(repr(place).encode())) % held
        want = Want(place, (start + held - years[place.year]) % held)
        years[place.year] -= 1
        if left is self._fresh:
            self._of_brand[place.brand] -= 1
        if not years[place.year]:
            del years[place.year]
            if not years:
                del models[place.model]
            if not models:
                del left[place.brand]
            if left is self._fresh:
                _put(self._again, place, held)
        return want


def _put(left: _Left, place: Place, count: int) -> None:
    left.setdefault(place.brand, {}).setdefault(place.model, {})[place.year] = count


def _nearest(left: _Left, own: Place, dice: Dice) -> Place:
    """A place of `own`'s model, or of its brand if that has none, in the nearest year; more often one that holds more."""
    models = left[own.brand]
    there = [own.model] if own.model in models else list(models)
    off = min(abs(year - own.year) for model in there for year in models[model])
    near = [
        Place(own.brand, model, year) for model in there for year in sorted({own.year - off, own.year + off})
        if year in models[model]
    ]  # fmt: skip
    return dice.weighted(near, [float(models[p.model][p.year]) for p in near])
