"""What a stock is made of: brands, models, segments, fuels, gearboxes, power, colours, places, labels, months."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from flotia.catalogue.loader import fold
from flotia.quality import statistics
from flotia.quality.columns import Named, Table
from flotia.quality.statistics import Bools, Floats
from flotia.quality.yardstick import Measured, Payload, Yardstick

#: A figure of the stock: the yardstick's key, the part of it, and what was measured.
Figure = tuple[tuple[str, str], Measured]

#: A brand, a year or a segment with fewer rows than this has no figure of its own.
LEAST_GROUP = 30
_FIVE = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
NINE = {
    "p01": 0.01,
    "p05": 0.05,
    "p10": 0.1,
    "p25": 0.25,
    "p50": 0.5,
    "p75": 0.75,
    "p90": 0.9,
    "p95": 0.95,
    "p99": 0.99,
}
#: Power bands of the automatic's share, CV: from, to, both included.
_POWER_BANDS = ((40, 79), (80, 99), (100, 119), (120, 139), (140, 159), (160, 199), (200, 299), (300, 900))
#: The colour's reference knows grey and silver as one, as portals do, and cars registered from this year on.
_COLOUR_NAMES = {"gris": "Gris / Plata", "plata": "Gris / Plata"}
_COLOUR_SINCE = 2015
#: Labels as the yardstick writes them; no label is not compared, the reference leaves it out.
_LABELS = {"0": "0", "cero": "0", "eco": "ECO", "c": "C", "b": "B"}


def measure(table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    """Every figure of the mix that the stock's columns allow."""
    yield from _brands(table, yardstick)
    yield from _models(table, yardstick)
    yield from _shares("segmentos", table.segment)
    yield from _shares("combustible", table.fuel)
    yield from _by_year("combustible_por_anio", table, yardstick)
    yield from _automatics(table, yardstick)
    yield from _power(table, yardstick)
    doors = ~np.isnan(table.doors)
    yield from _plain_shares("puertas", _counted(table.doors[doors]))
    yield from _labels(table)
    yield from _shares("colores", _colours(table), table.year >= _COLOUR_SINCE)
    yield from _shares("provincias", _provinces(table.province, yardstick))
    earlier = (table.year < table.reference_year) & ~np.isnan(table.month)
    yield from _plain_shares("mes", _counted(table.month[earlier]))


def _shares(key: str, column: Named, where: Bools | None = None) -> Iterator[Figure]:
    yield from _plain_shares(key, column.counts(where))


def _plain_shares(key: str, counts: Mapping[str, int]) -> Iterator[Figure]:
    if counts:
        yield (key, ""), Measured(statistics.shares(counts), sum(counts.values()))


def _counted(numbers: Floats) -> dict[str, int]:
    found, counts = np.unique(numbers, return_counts=True)
    return {str(int(f)): int(c) for f, c in zip(found, counts, strict=True)}


def _names_as(column: Named, reference: Mapping[str, float], aliases: Mapping[str, str] | None = None) -> Named:
    """The column with names written as the reference writes them."""
    known = {fold(n): n for n in reference} | {fold(a): n for a, n in (aliases or {}).items()}
    return column.renamed([known.get(fold(n), n) for n in column.names])


def _provinces(column: Named, yardstick: Yardstick) -> Named:
    return _names_as(column, yardstick.figures["provincias"]["ac2024"], yardstick.province_aliases)


def _colours(table: Table) -> Named:
    return table.colour.renamed([_COLOUR_NAMES.get(fold(n), n) for n in table.colour.names])


def _brands(table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    counts = _names_as(table.brand, yardstick.figures["marcas"]["ac2024"]).counts()
    yield from _plain_shares("marcas", counts)
    yield from _concentration("concentracion_marcas", counts, (5, 10))


def _concentration(key: str, counts: Mapping[str, int], tops: tuple[int, ...]) -> Iterator[Figure]:
    if counts:
        each, n = list(counts.values()), sum(counts.values())
        yield (key, "hhi"), Measured(statistics.herfindahl(each), n)
        for first in tops:
            yield (key, f"top{first}"), Measured(statistics.top_share(each, first), n)


def _models(table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    counts = table.model.counts()
    yield from _concentration("concentracion_modelos", counts, (10, 50, 100))
    by_brand: dict[str, Payload] = {}
    sizes: dict[str, int] = {}
    for brand, reference in yardstick.figures["modelos_en_marca"]["ac2024"].items():
        start = f"{brand} "
        known = {fold(name): name for name in reference}
        own: dict[str, int] = {}
        for name, count in counts.items():
            if name.startswith(start):
                model = known.get(fold(name[len(start) :]), name[len(start) :])
                own[model] = own.get(model, 0) + count
        if sum(own.values()) >= LEAST_GROUP:
            by_brand[brand], sizes[brand] = statistics.shares(own), sum(own.values())
    if by_brand:
        yield ("modelos_en_marca", ""), Measured(by_brand, sum(sizes.values()), sizes)  # type: ignore[arg-type]


def _by_year(key: str, table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    """Fuels by registration year, for the years of the reference."""
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for year in yardstick.figures[key]["ac2024"]:
        counts = table.fuel.counts(table.year == int(year))
        if (n := sum(counts.values())) >= LEAST_GROUP:
            found[year], sizes[year] = statistics.shares(counts), n
    if found:
        yield (key, ""), Measured(found, sum(sizes.values()), sizes)


def _automatics(table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    known, automatic = table.gearbox.known, table.gearbox.is_("Automática")
    n = int(known.sum())
    if not n:
        return
    yield ("automatico", ""), Measured(float(automatic[known].mean()), n)

    def each(key: str, rows_of: Callable[[str], Bools]) -> Iterator[Figure]:
        shares: dict[str, float] = {}
        sizes: dict[str, int] = {}
        for name in yardstick.figures[key]["ac2024"]:
            where = rows_of(name) & known
            if (size := int(where.sum())) >= LEAST_GROUP:
                shares[name], sizes[name] = float(automatic[where].mean()), size
        if shares:
            yield (key, ""), Measured(shares, sum(sizes.values()), sizes)

    yield from each("automatico_por_anio", lambda year: table.year == int(year))
    yield from each("automatico_por_segmento", table.segment.is_)
    yield from each("automatico_por_combustible", table.fuel.is_)
    yield from each("automatico_por_marca", table.brand.is_)
    bands = {f"{low}-{high}": (table.power >= low) & (table.power <= high) for low, high in _POWER_BANDS}
    yield from each("automatico_por_potencia", bands.__getitem__)


def _power(table: Table, yardstick: Yardstick) -> Iterator[Figure]:
    known = table.power > 0
    if not known.any():
        return
    yield ("potencia", ""), Measured(statistics.quantiles(table.power[known], NINE), int(known.sum()))
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for brand in yardstick.figures["potencia_por_marca"]["ac2024"]:
        where = table.brand.is_(brand) & known
        if (n := int(where.sum())) >= LEAST_GROUP:
            found[brand], sizes[brand] = statistics.quantiles(table.power[where], _FIVE), n
    if found:
        yield ("potencia_por_marca", ""), Measured(found, sum(sizes.values()), sizes)


def _labels(table: Table) -> Iterator[Figure]:
    label = table.label.renamed([_LABELS.get(fold(n)) for n in table.label.names])
    yield from _shares("etiquetas", label)
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for fuel in table.fuel.names:
        counts = label.counts(table.fuel.is_(fuel))
        if (n := sum(counts.values())) >= LEAST_GROUP:
            found[fuel], sizes[fuel] = statistics.shares(counts), n
    if found:
        yield ("etiquetas_por_combustible", ""), Measured(found, sum(sizes.values()), sizes)
