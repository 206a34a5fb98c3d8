"""Age, kilometres and price of a stock: levels, spread, how they hang together, how dealers round them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR
from flotia.quality import statistics
from flotia.quality.columns import Table
from flotia.quality.metrics import REPETITION_SAMPLE
from flotia.quality.mix import LEAST_GROUP, NINE, Figure
from flotia.quality.statistics import Bools, Floats, Ints
from flotia.quality.yardstick import Measured

#: How the reference was cut (spain.md): cars as good as new bear up to 100 km; kilometres a year are those of cars of at
#: least one year and more than 1,000 km, over age + 0.4 (seen in November); (model, year) counts from 8 cars on, a model
#: from 30.
ZERO_KM = 100
_USED_KM = 1000
_AGE_OFFSET = 0.4
_LEAST_CELL = 8
_LEAST_MODEL = 30
#: Regressions take a draw of so many rows of a larger stock.
REGRESSION_ROWS = 100_000
_OLDEST_KM = 15
_OLDEST = 20
_BANDS = {"5-10k": (5_000, 10_000), "10-20k": (10_000, 20_000), "20-40k": (20_000, 40_000), ">40k": (40_000, 1e12)}
_STEPS = (1000, 500, 100, 50, 10, 5)
_FIVE = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_FUELS = ("Diésel", "Híbrido", "Híbrido enchufable", "Eléctrico", "GLP", "GNC")


def measure(table: Table, catalogue: Catalogue) -> Iterator[Figure]:
    """Every figure of age, kilometres and price that the stock's columns allow."""
    yield from _ages(table)
    yield from _kilometres(table)
    yield from _prices(table, catalogue)
    yield from _spread(table)
    yield from _index(table)
    yield from _ties(table)
    yield from _rounding(table)
    yield from _repetitions(table)


def bands_by_age(
    table: Table, values: Floats, oldest: int = _OLDEST_KM
) -> tuple[dict[str, dict[str, float]], dict[str, int]]:
    """Five quantiles of `values` for each age with enough cars, and how many cars those are."""
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for age in range(oldest + 1):
        where = (table.age == age) & ~np.isnan(values)
        if (n := int(where.sum())) >= LEAST_GROUP:
            found[str(age)], sizes[str(age)] = statistics.quantiles(values[where], _FIVE), n
    return found, sizes


def _ages(table: Table) -> Iterator[Figure]:
    age = table.age[table.age >= 0]
    if len(age):
        shares = {str(a): float((age == a).mean()) for a in range(_OLDEST + 1)}
        yield ("edades", ""), Measured(shares | {">20": float((age > _OLDEST).mean())}, len(age))


def _kilometres(table: Table) -> Iterator[Figure]:
    known = ~np.isnan(table.km)
    if not known.any():
        return
    found, sizes = bands_by_age(table, table.km)
    if found:
        yield ("km_por_edad", ""), Measured(found, sum(sizes.values()), sizes)
    yield ("km_hasta_100", ""), Measured(float((table.km[known] <= ZERO_KM).mean()), int(known.sum()))
    young = known & (table.age >= 0) & (table.age <= 1)
    if young.any():
        yield ("km_hasta_100_nuevos", ""), Measured(float((table.km[young] <= ZERO_KM).mean()), int(young.sum()))
    driven = (table.age >= 1) & (table.km > _USED_KM)
    if driven.any():
        yield from _a_year(table, driven)


def _a_year(table: Table, driven: Bools) -> Iterator[Figure]:
    """Kilometres a year, in all and by fuel."""
    yearly = table.km / (table.age + _AGE_OFFSET)
    of = yearly[driven]
    parts = {
        "mediana": float(np.median(of)),
        "log_sd": float(np.log(of).std()),
        **statistics.quantiles(of, {"p05": 0.05, "p95": 0.95}),
    }
    for part, value in parts.items():
        yield ("km_anio", part), Measured(value, len(of))
    middle: dict[str, float] = {}
    spread: dict[str, float] = {}
    for fuel in table.fuel.names:
        own = yearly[driven & table.fuel.is_(fuel)]
        if len(own) >= LEAST_GROUP:
            middle[fuel], spread[fuel] = float(np.median(own)), float(np.log(own).std())
    if middle:
        yield ("km_anio_combustible", ""), Measured(middle, len(of))
        yield ("km_anio_combustible_log_sd", ""), Measured(spread, len(of))


def _prices(table: Table, catalogue: Catalogue) -> Iterator[Figure]:
    known = table.price > 0
    if not known.any():
        return
    yield ("precio", ""), Measured(statistics.quantiles(table.price[known], NINE), int(known.sum()))
    by_age, sizes = bands_by_age(table, np.where(known, table.price, np.nan), _OLDEST)
    if by_age:
        middle = {age: q["p50"] for age, q in by_age.items()}
        yield ("precio_por_edad", ""), Measured(middle, sum(sizes.values()), sizes)
    kept, sizes = bands_by_age(table, table.price / list_prices(table, catalogue))
    if kept:
        yield ("retencion", ""), Measured({age: q["p50"] for age, q in kept.items()}, sum(sizes.values()), sizes)


def list_prices(table: Table, catalogue: Catalogue) -> Floats:
    """Price when new of each row in euro, where the catalogue has its version word for word in its year; else NaN."""
    found = np.full(table.rows, np.nan)
    whole = table.brand.known & table.model.known & table.version.known & (table.year > 0)
    if not whole.any():
        return found
    at = np.flatnonzero(whole)
    columns = (table.brand.codes, table.model.codes, table.version.codes, table.gearbox.codes, table.year)
    group = statistics.groups_of(*(c[at] for c in columns))
    _, first = np.unique(group, return_index=True)
    price = np.full(len(first), np.nan)
    order = sorted(range(len(first)), key=lambda g: (table.brand.codes[at[first[g]]], table.year[at[first[g]]]))
    place, offered = None, {}
    for g in order:
        row = int(at[first[g]])
        brand, year = table.brand.names[table.brand.codes[row]], int(table.year[row])
        if place != (brand, year):
            place, offered = (brand, year), _offered(catalogue, brand, year)
        gearbox = table.gearbox.names[table.gearbox.codes[row]] if table.gearbox.codes[row] >= 0 else ""
        name = table.model.names[table.model.codes[row]], table.version.names[table.version.codes[row]]
        price[g] = offered.get((*name, gearbox), np.nan)
    found[at] = price[group]
    return found


def _offered(catalogue: Catalogue, brand: str, year: int) -> dict[tuple[str, str, str], float]:
    """What a brand sold in a year: price when new by model (with the brand's name), version and gearbox."""
    known = brand in catalogue.brands and FIRST_YEAR <= year <= LAST_YEAR
    table = catalogue.table(year, brand) if known else None
    return {
        (f"{brand} {v.model.nombre}", v.version(trim), v.transmission): float(v.list_price(trim))
        for v in (table.variants if table else ())
        for trim in v.trims(year)
    }


def _cells(table: Table, where: Bools) -> tuple[Ints, Ints]:
    """The rows of `where` that stand in a (model, year) of enough cars, at most `REGRESSION_ROWS`, and their cells."""
    at = np.flatnonzero(where & table.model.known & ~np.isnan(table.year))
    if len(at) > REGRESSION_ROWS:
        at = np.sort(np.random.default_rng(0).choice(at, REGRESSION_ROWS, replace=False))
    if not len(at):
        return at, at
    cell = statistics.groups_of(table.model.codes[at], table.year[at])
    enough = statistics.in_groups_of(_LEAST_CELL, cell)
    at = at[enough]
    return at, statistics.groups_of(cell[enough])


def _spread(table: Table) -> Iterator[Figure]:
    """How far apart prices are inside (model, year), and what kilometres and power explain of it."""
    at, cell = _cells(table, (table.price > 0) & (table.km > ZERO_KM))
    if not len(at):
        return
    price, km = np.log(table.price[at]), table.km[at] / 10_000
    left = statistics.centred(price, cell)
    free = len(at) - int(cell.max() + 1)
    yield ("sd_log_precio", ""), Measured(float(np.sqrt(left @ left / free)), len(at))
    (effect,), _ = statistics.within(price, km[:, None], cell)
    yield ("efecto_km_bruto", ""), Measured(float(effect), len(at))
    fit = _controls(table, at)
    if fit is None:
        return
    coefficients, rest = statistics.within(price, np.column_stack([km, fit]), cell)
    yield ("sd_log_residual", ""), Measured(rest, len(at))
    yield ("efecto_km", ""), Measured(float(coefficients[0]), len(at))
    yield ("elasticidad_potencia", ""), Measured(float(coefficients[1]), len(at))


def _controls(table: Table, at: Ints) -> Floats | None:
    """Log power, fuel (petrol the base) and gearbox of rows `at`, or `None` if any of them lacks its power."""
    if not (table.power[at] > 0).all():
        return None
    fuels = [table.fuel.is_(name)[at] for name in _FUELS]
    return np.column_stack([np.log(table.power[at]), *fuels, table.gearbox.is_("Automática")[at]]).astype(np.float64)


def _index(table: Table) -> Iterator[Figure]:
    """Price by age inside each model, other things equal; age 0 is 1."""
    where = (table.price > 0) & (table.age >= 0) & (table.age <= _OLDEST) & (table.power > 0) & table.model.known
    at = np.flatnonzero(where)
    if len(at) > REGRESSION_ROWS:
        at = np.sort(np.random.default_rng(0).choice(at, REGRESSION_ROWS, replace=False))
    controls = _controls(table, at) if len(at) else None
    if controls is None or not (table.age[at] == 0).any():
        return
    age = table.age[at]
    there = [a for a in range(1, _OLDEST + 1) if (age == a).sum() >= LEAST_GROUP]
    some = (age == 0) | np.isin(age, there)
    if not there or (age == 0).sum() < LEAST_GROUP:
        return
    dummies = np.column_stack([age == a for a in there]).astype(np.float64)
    model = statistics.groups_of(table.model.codes[at][some])
    effects, _ = statistics.within(np.log(table.price[at][some]), np.column_stack([dummies, controls])[some], model)
    index = {"0": 1.0} | {str(a): float(np.exp(effects[i])) for i, a in enumerate(there)}
    yield ("indice_precio", ""), Measured(index, int(some.sum()))


def _ties(table: Table) -> Iterator[Figure]:
    """Rank correlations of price, age, kilometres and power: in all, inside a model, inside (model, year)."""
    columns = {"precio": table.price, "edad": table.age, "km": table.km, "potencia": table.power}
    at = np.flatnonzero(~np.isnan(list(columns.values())).any(axis=0))
    if len(at) > REGRESSION_ROWS:
        at = np.sort(np.random.default_rng(0).choice(at, REGRESSION_ROWS, replace=False))
    pairs = (("precio", "edad"), ("precio", "km"), ("precio", "potencia"), ("edad", "km"))
    models = _rows_by_model(table, at)
    for one, other in pairs:
        a, b = columns[one], columns[other]
        in_all = statistics.spearman(a[at], b[at]) if len(at) else None
        if in_all is not None:
            yield ("spearman", f"{one}_{other}"), Measured(in_all, len(at))
        each = [r for rows in models if (r := statistics.spearman(a[rows], b[rows])) is not None]
        if each:
            yield ("spearman_en_modelo", f"{one}_{other}"), Measured(float(np.median(each)), sum(map(len, models)))
    yield from _ties_in_cells(table)


def _rows_by_model(table: Table, at: Ints) -> list[Ints]:
    own = at[table.model.codes[at] >= 0]
    order = own[np.argsort(table.model.codes[own], kind="stable")]
    cuts = np.flatnonzero(np.diff(table.model.codes[order])) + 1
    return [rows for rows in np.split(order, cuts) if len(rows) >= _LEAST_MODEL]


def _ties_in_cells(table: Table) -> Iterator[Figure]:
    at, cell = _cells(table, (table.price > 0) & (table.km > ZERO_KM) & (table.power > 0))
    if not len(at):
        return
    price = statistics.centred(np.log(table.price[at]), cell)
    for name, values in (("km", table.km[at]), ("potencia", np.log(table.power[at]))):
        tie = statistics.spearman(price, np.round(statistics.centred(values, cell), 9))
        if tie is not None:
            yield ("spearman_en_modelo_anio", f"precio_{name}"), Measured(tie, len(at))


def _rounding(table: Table) -> Iterator[Figure]:
    price, km = table.price[table.price > 0], table.km[table.km >= _USED_KM]
    for key, values in (("redondeo_precio", price), ("redondeo_km", km)):
        if len(values):
            yield (key, ""), Measured({f"mult_{s}": float((values % s == 0).mean()) for s in _STEPS}, len(values))
    if len(price):
        yield ("finales_precio", ""), Measured(_endings(price), len(price))
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for band, (low, high) in _BANDS.items():
        own = price[(price >= low) & (price < high)]
        if len(own) >= LEAST_GROUP:
            found[band], sizes[band] = _endings(own), len(own)
    if found:
        yield ("finales_precio_por_banda", ""), Measured(found, sum(sizes.values()), sizes)


def _endings(price: Floats) -> dict[str, float]:
    """Share of each ending of three figures; prices with cents end in none."""
    whole = price[price % 1 == 0].astype(np.int64) % 1000
    ends, counts = np.unique(whole, return_counts=True)
    return {f"{int(e):03d}": int(c) / len(price) for e, c in zip(ends, counts, strict=True)}


def _repetitions(table: Table) -> Iterator[Figure]:
    """Rows that repeat an earlier one, in a draw as large as the reference: such shares grow with the stock."""
    known = table.model.known & ~np.isnan([table.year, table.km, table.price]).any(axis=0)
    at = np.flatnonzero(known)
    if not len(at):
        return
    if len(at) > REPETITION_SAMPLE:
        at = np.sort(np.random.default_rng(0).choice(at, REPETITION_SAMPLE, replace=False))
    model, year, km, price = (c[at] for c in (table.model.codes, table.year, table.km, table.price))
    driven = km > _USED_KM
    yield from (
        (("repetidos", part), Measured(float(again.mean()), len(at)))
        for part, again in (
            ("misma_marca_modelo_anio_km_precio", statistics.repeated(model, year, km, price)),
            ("misma_marca_modelo_anio_precio", statistics.repeated(model, year, price)),
            ("mismo_km_gt1000", statistics.repeated(km[driven]) if driven.any() else driven),
        )
    )
