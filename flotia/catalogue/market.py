"""What belongs to the market and not to a brand: ages, kilometres, prices, colours, provinces, plates, texts."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float64]

#: Letters of a Spanish plate since September 2000, in order: no vowels, no Ñ, no Q.
PLATE_LETTERS = "BCDFGHJKLMNPRSTVWXYZ"
#: Plates in one group of three letters.
PLATES_PER_GROUP = 10_000
#: Groups a month where the table ends: the mean of the last twelve months it holds.
_GROUPS_AFTER_TABLE = 14


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ages(_Table):
    """Share of the stock by age in years, from 0."""

    cuota: tuple[float, ...]


class Mileage(_Table):
    """Kilometres by age in years (median, log standard deviation, 5 % and 95 % quantiles) and factor by fuel."""

    mediana: tuple[float, ...]
    log_sd: tuple[float, ...]
    p05: tuple[float, ...]
    p95: tuple[float, ...]
    por_combustible: dict[str, float]


class ZeroKm(_Table):
    """Cars registered by the dealer itself: their share by age, and the kilometres written for them."""

    cuota_por_edad: tuple[float, ...]
    valores: dict[int, float]


class Endings(_Table):
    """The last three digits of prices from `desde` euro, by share; `resto_de_10` end in another multiple of 10."""

    desde: int
    cuota: dict[str, float]
    resto_de_10: float


class Prices(_Table):
    """A used car's price relative to its price when new."""

    retencion: tuple[float, ...]
    efecto_10000_km: float
    log_sd: tuple[float, ...]
    por_combustible: dict[str, tuple[float, ...]]
    por_marca: dict[str, float]
    terminaciones: tuple[Endings, ...]


class Automatics(_Table):
    """Share of automatics by power (from … CV) and the factor of a registration year."""

    por_potencia: tuple[tuple[float, float], ...]
    por_anio: dict[int, float]


class Months(_Table):
    """Share of registrations by month, January first."""

    cuota: tuple[float, ...]


class Provinces(_Table):
    """Share of the stock by province."""

    cuota: dict[str, float]


class Standing(_Table):
    """Days a car stands at the dealer: log-normal, cut at a maximum."""

    dias_mediana: float
    dias_log_sd: float
    dias_maximo: int


class Market(_Table):
    """The file `mercado.toml`."""

    edad: Ages
    kilometros: Mileage
    kilometro_cero: ZeroKm
    precio: Prices
    combustible: dict[int, dict[str, float]]
    automatico: Automatics
    color: dict[int, dict[str, float]]
    color_furgoneta: dict[int, dict[str, float]]
    mes: Months
    provincia: Provinces
    stock: Standing

    def colours(self, year: int, *, van: bool) -> dict[str, float]:
        """Shares of colours for a registration year."""
        table = self.color_furgoneta if van else self.color
        return table[max((y for y in table if y <= year), default=min(table))]

    def automatic_share(self, power: int, year: int) -> float:
        """Probability that a car sold with both gearboxes is an automatic."""
        share = [p for floor, p in self.automatico.por_potencia if power >= floor][-1]
        years = sorted(self.automatico.por_anio)
        factor = float(np.interp(year, years, [self.automatico.por_anio[y] for y in years]))
        return float(min(max(share * factor, 0.02), 0.97))

    def endings(self, price: float) -> Endings:
        """The habits of price endings that hold at `price` euro."""
        return [band for band in self.precio.terminaciones if price >= band.desde][-1]

    def all_colours(self) -> frozenset[str]:
        """Every colour name that may stand in a row."""
        return frozenset(c for year in self.color.values() for c in year)


class EquipmentItem(_Table):
    """One entry of equipment: from which trim level and registration year on, and on which fuel or gearbox only."""

    nombre: str
    nivel: int
    desde: int = 2005
    combustible: tuple[str, ...] = ()
    cambio: str = ""
    tipos: tuple[str, ...] = ()


class Dealers(_Table):
    """Parts of invented dealers' names; none is meant to be a real company."""

    formas: tuple[str, ...]
    nombres: tuple[str, ...]


class Sentences(_Table):
    """Sentences for sales texts with their condition; see `flotia.synth.texts`."""

    apertura: dict[str, tuple[str, ...]]
    estado: dict[str, tuple[str, ...]]
    equipo: dict[str, tuple[str, ...]]
    cierre: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class PlateTable:
    """First and last letter group of each month since September 2000, as indices from BBB = 0."""

    months: dict[tuple[int, int], tuple[int, int]]

    @classmethod
    def read(cls, path: Path) -> PlateTable:
        """Read `matriculas.csv`: columns `anio`, `mes`, `primera`, `ultima` (letter groups), `fuente`."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return cls(
            {(int(r["anio"]), int(r["mes"])): (group_index(r["primera"]), group_index(r["ultima"])) for r in rows}
        )

    def groups(self, year: int, month: int) -> tuple[int, int]:
        """First and last group (inclusive) issued in that month only; past the table's end, at its last pace."""
        last_known = max(self.months)
        if (year, month) <= last_known:
            before, last = self.months[year, month]
        else:
            after = (year - last_known[0]) * 12 + month - last_known[1]
            last = self.months[last_known][1] + after * _GROUPS_AFTER_TABLE
            before = last - _GROUPS_AFTER_TABLE
        return min(before + 1, last), last

    def capacity(self, year: int, month: int) -> int:
        """How many plates of that month there are to give."""
        first, last = self.groups(year, month)
        return (last - first + 1) * PLATES_PER_GROUP

    def plate(self, year: int, month: int, position: int) -> str:
        """The plate at `position` (0 … capacity - 1) of that month's series."""
        first, _ = self.groups(year, month)
        group, number = divmod(position, PLATES_PER_GROUP)
        return f"{number:04d}{group_letters(first + group)}"

    def issued_in(self, plate: str, when: date) -> bool:
        """Whether `plate` belongs to the series of the month of `when` (or the group it shares with the one before)."""
        first, last = self.groups(when.year, when.month)
        return first - 1 <= group_index(plate[4:]) <= last


def group_index(letters: str) -> int:
    """`BBB` is 0, `BBC` 1, … `ZZZ` 7999. Raises `ValueError` for a letter that no plate carries."""
    value = 0
    for letter in letters:
        value = value * 20 + PLATE_LETTERS.index(letter)
    return value


def group_letters(index: int) -> str:
    """The inverse of `group_index`."""
    a, rest = divmod(index, 400)
    b, c = divmod(rest, 20)
    return PLATE_LETTERS[a] + PLATE_LETTERS[b] + PLATE_LETTERS[c]


def shares(table: dict[Any, float]) -> Floats:
    """Cumulative shares of a table, ending at exactly 1."""
    weights = np.array(list(table.values()), dtype=np.float64)
    cumulative: Floats = np.cumsum(weights / weights.sum())
    cumulative[-1] = 1.0
    return cumulative
