"""Invented dealers: each province has its own, big and small, of all brands or of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.wheel import Floats, Ints, Wheel
from flotia.synth.dice import Dice, Purpose

#: Dealers of the province with most of them; the others have theirs by their share of the stock, and at least so few.
_MOST, _FEWEST = 48, 4
#: A brand's own dealer sells so much more of that brand, and so much less of others, than a dealer of all brands.
#: Source: ac2024, dentro_de_concesionario: the top brand's share is 11 % at p10, 19 % in the middle, 91 % at p90.
_OWN, _OTHER = 9.0, 0.12
#: A third of the dealers, and the bigger ones, are a brand's own.
_OFFICIAL = 0.35


class DealerColumns:
    """Draws dealers by province and brand. `names` are all of them."""

    def __init__(self, catalogue: Catalogue, provinces: list[str]) -> None:
        brands = list(catalogue.brands)
        shares = np.array([b.cuota for b in catalogue.brands.values()])
        stock = catalogue.market.provincia.cuota
        most = max(stock.values())
        self.names: list[str] = []
        self._starts: list[int] = []
        self._brands = len(brands)
        rows: list[list[float]] = []
        given: set[str] = set()
        for number, province in enumerate(provinces):
            dice = Dice(Purpose.DEALERS, number)
            count = max(round(_MOST * stock[province] / most), _FEWEST)
            self._starts.append(len(self.names))
            owners = [
                dice.weighted(range(len(brands)), shares.tolist()) if dice.uniform() < _OFFICIAL else -1
                for _ in range(count)
            ]
            self.names.extend(_name(catalogue, brands[o] if o >= 0 else "", dice, given) for o in owners)
            sizes = [1 / (rank + 1) ** 0.8 for rank in range(count)]
            rows.extend(
                [
                    size * (1.0 if owner < 0 else _OWN if owner == brand else _OTHER)
                    for size, owner in zip(sizes, owners, strict=True)
                ]
                for brand in range(len(brands))
            )
        self._wheel = Wheel.of(rows)
        self._first = np.array(self._starts)

    def draw(self, province: NDArray[Any], brand: NDArray[Any], uniform: Floats) -> Ints:
        """Places in `names`."""
        row = province * self._brands + brand
        drawn: Ints = (self._first[province] + self._wheel.draw(uniform, row)).astype(np.int32)
        return drawn


def _name(catalogue: Catalogue, brand: str, dice: Dice, given: set[str]) -> str:
    """A name that no other dealer has."""
    parts = catalogue.dealers
    while True:
        if brand:
            name = dice.pick(parts.cargo_marca).format(nombre=dice.pick(parts.nombres), marca=brand)
        else:
            name = f"{dice.pick(parts.formas)} {dice.pick(parts.nombres)}"
        if name not in given:
            given.add(name)
            return name
