"""What belongs to the market and not to a brand: ages, kilometres, prices, colours, provinces, plates, texts."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from flotia.catalogue.wheel import Floats

#: The automatics' shares by power are those of a stock whose middle car was registered in this year.
_POWER_SHARES_OF = 2021
#: The month in which the ads were collected whose ages the table has (ac2024: November).
_AGES_OF_MONTH = 11
#: Groups of equipment are drawn and put into words two at a time; each order of going through them is a table's row.
_MOST_GROUPS = 14
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
    """Kilometres of used cars: quantiles 5, 25, 50, 75, 95 % by age in years, factors, and how they are written."""

    cuantiles: tuple[tuple[float, float, float, float, float], ...]
    por_combustible: dict[str, float]
    por_segmento: dict[str, float]
    terminaciones: dict[str, float]


class ZeroKm(_Table):
    """Cars registered by the dealer itself: their share by age, the kilometres written, factors by brand and fuel."""

    cuota_por_edad: tuple[float, ...]
    valores: dict[int, float]
    por_marca: dict[str, float]
    otras_marcas: float
    por_combustible: dict[str, float]


class Endings(_Table):
    """The last three digits of prices from `desde` euro, by share; an `x` is any digit that is not named otherwise."""

    desde: int
    cuota: dict[str, float]


class Prices(_Table):
    """A used car's price relative to its price when new, by age and what else makes it."""

    retencion: tuple[float, ...]
    tarifa: tuple[float, ...]
    efecto_10000_km: tuple[float, ...]
    efecto_potencia: float
    log_sd: tuple[float, ...]
    por_combustible: dict[str, tuple[float, ...]]
    por_segmento: dict[str, tuple[float, ...]]
    por_marca: dict[str, float]
    terminaciones: tuple[Endings, ...]


class NewPrices(_Table):
    """The price of the same new car by registration year, relative to one of them."""

    indice: dict[int, float]


class Automatics(_Table):
    """Share of automatics by power (from … CV), by registration year and by brand."""

    por_potencia: tuple[tuple[float, float], ...]
    por_anio: dict[int, float]
    por_marca: dict[str, float]


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
    precio_nuevo: NewPrices
    precio: Prices
    combustible: dict[int, dict[str, float]]
    microhibrido: dict[str, dict[int, float]]
    automatico: Automatics
    color: dict[int, dict[str, float]]
    color_por_segmento: dict[str, dict[str, float]]
    mes: Months
    provincia: Provinces
    stock: Standing

    def colours(self, year: int, segment: str) -> dict[str, float]:
        """Weights of colours for a registration year and segment."""
        table = self.color[max((y for y in self.color if y <= year), default=min(self.color))]
        factor = self.color_por_segmento.get(segment, {})
        return {name: share * factor.get(name, 1.0) for name, share in table.items()}

    def automatic_in(self, year: int) -> float:
        """Share of automatics among the cars registered in `year`."""
        return _in_year(self.automatico.por_anio, year)

    def mild_share(self, fuel: str, year: int) -> float:
        """Share of mild hybrids among the petrol or diesel cars registered in `year`."""
        return _in_year(self.microhibrido.get(fuel, {year: 0.0}), year)

    def new_price_index(self, year: int) -> float:
        """What the same new car cost in `year`, relative to any other."""
        return _in_year(self.precio_nuevo.indice, year)

    def automatic_shares(self, power: NDArray[Any], year: int) -> Floats:
        """First guess of how many are automatics among cars of `power` CV sold with both gearboxes, in `year`."""
        floors = [floor for floor, _ in self.automatico.por_potencia]
        share = np.array([p for _, p in self.automatico.por_potencia])[np.searchsorted(floors, power, side="right") - 1]
        return np.clip(share * self.automatic_in(year) / self.automatic_in(_POWER_SHARES_OF), 0.02, 0.97)

    def age_shares(self, years: NDArray[Any], reference_year: int, month: int) -> Floats:
        """Share by registration year of the stock of `month` (1 … 12) of `reference_year`.

        The table's ages are those of November: in January hardly any car is of the year that has just begun.
        """
        table = np.array([*self.edad.cuota, 0.0])
        elapsed, then = month / 12, _AGES_OF_MONTH / 12
        age = reference_year - years + elapsed - then
        begun = np.interp(age, np.arange(len(table)), table, right=0.0)
        share = np.where(age < 0, table[0] * np.clip((age + then) / then, 0.0, 1.0), begun)
        share = np.where(years > reference_year, 0.0, share)
        total = share.sum()
        return share / total if total else share

    def fuel_shares(self, year: int) -> dict[str, float]:
        """Share of each fuel among the cars registered in `year`."""
        return self.combustible.get(year, {})

    def all_colours(self) -> frozenset[str]:
        """Every colour name that may stand in a row."""
        return frozenset(c for year in self.color.values() for c in year)


def _in_year(table: dict[int, float], year: int) -> float:
    """The table's value for a year, between the years it has and flat beyond them."""
    years = sorted(table)
    return float(np.interp(year, years, [table[y] for y in years]))


class EquipmentItem(_Table):
    """One entry of equipment.

    `probabilidad`: share of cars of trim level 1 to 4 whose ad names it, once common. It is met from `desde`, common from
    `comun`, fades from `desaparece` and is gone after `hasta` (registration years). Of a family `uno_de` only the first
    stands. The lists limit it to segments, bodies, fuels or a gearbox. `corto` is what a sentence calls it.
    """

    nombre: str
    corto: str
    probabilidad: tuple[float, float, float, float]
    desde: int | None = None
    comun: int | None = None
    desaparece: int | None = None
    hasta: int | None = None
    uno_de: str = ""
    segmentos: tuple[str, ...] = ()
    tipos: tuple[str, ...] = ()
    combustible: tuple[str, ...] = ()
    cambio: str = ""

    def share(self, level: int, year: int) -> float:
        """Share of cars of that trim level and registration year that carry it, of those it may be on."""
        share = self.probabilidad[level - 1]
        if self.desde is not None and year < (self.comun or self.desde):
            share *= max(year - self.desde + 1, 0) / ((self.comun or self.desde) - self.desde + 1)
        if self.hasta is not None and year > (self.desaparece or self.hasta):
            share *= max(self.hasta - year + 1, 0) / (self.hasta - (self.desaparece or self.hasta) + 1)
        return share

    def may_be_on(self, *, segment: str, body: str, fuel: str, automatic: bool) -> bool:
        """Whether a car of that kind can carry it at all."""
        return (
            (not self.segmentos or segment in self.segmentos)
            and (not self.tipos or body in self.tipos)
            and (not self.combustible or fuel in self.combustible)
            and self.cambio in ("", "Automática" if automatic else "Manual")
        )


class EquipmentGroup(_Table):
    """At most eight entries that belong together; families (`uno_de`) stay within their group."""

    nombre: str
    elementos: Annotated[tuple[EquipmentItem, ...], Field(min_length=1, max_length=8)]


class Equipment(_Table):
    """The file `equipamiento.toml`."""

    grupo: tuple[EquipmentGroup, ...]

    @field_validator("grupo")
    @classmethod
    def _in_pairs(cls, value: tuple[EquipmentGroup, ...]) -> tuple[EquipmentGroup, ...]:
        if len(value) % 2 or len(value) > _MOST_GROUPS:
            raise ValueError(f"there must be an even number of groups, at most {_MOST_GROUPS}")
        return value


class Dealers(_Table):
    """Parts of invented dealers' names; none is meant to be a real company."""

    formas: tuple[str, ...]
    nombres: tuple[str, ...]
    cargo_marca: tuple[str, ...]


class Sentences(_Table):
    """Sentences for sales texts by part and condition; see `flotia.synth.texts`."""

    apertura: dict[str, tuple[str, ...]]
    mecanica: dict[str, tuple[str, ...]]
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
