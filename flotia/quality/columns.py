"""Rows to compact columns in one pass: about 300 bytes a row, so that a million vehicles fit in memory."""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue, fold
from flotia.errors import UnknownBrandError
from flotia.judgement import values
from flotia.quality.statistics import Floats
from flotia.vehicle import MODEL_FIELDS

Codes = NDArray[np.int32]

#: Names are compared by this many characters; a longer one is nobody's brand or colour.
_LONGEST_NAME = 120
#: Texts compared with each other: a sample of this size is drawn (reservoir, fixed seed) when there are more.
TEXTS = 20_000
#: A text is read up to here; descriptions are a tenth of it.
_LONGEST_TEXT = 4000
#: Kilometres, euro and years are less than this.
_TOO_MUCH = 1e9
_NAMES = (
    "marca", "modelo", "version", "combustible", "transmision", "color", "etiqueta_dgt", "provincia", "origen",
    "modelo_ia",
)  # fmt: skip
_NUMBERS = ("anio_matricula", "kilometros", "precio_venta", "potencia", "puertas")


@dataclass(frozen=True, slots=True)
class Named:
    """A column of names: `codes` (shape `(n,)`, -1 for none) point into `names`, which are distinct."""

    codes: Codes
    names: tuple[str, ...]

    def counts(self, where: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """How many rows bear each name, most frequent first."""
        chosen = self.codes if where is None else self.codes[where]
        found = np.bincount(chosen[chosen >= 0], minlength=len(self.names)).tolist()
        pairs = [(name, count) for name, count in zip(self.names, found, strict=True) if count]
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def is_(self, name: str) -> NDArray[np.bool_]:
        """Which rows bear `name`."""
        if name not in self.names:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.names.index(name))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a name."""
        return np.asarray(self.codes >= 0)

    def renamed(self, names: list[str | None]) -> Named:
        """The same rows under other names, one for each of the present ones; `None` forgets it."""
        fresh: dict[str, int] = {}
        new = np.array([-1 if n is None else fresh.setdefault(n, len(fresh)) for n in names] + [-1], dtype=np.int32)
        return Named(new[self.codes], tuple(fresh))


@dataclass(frozen=True, slots=True)
class Table:
    """A stock as columns, all of length `rows`; a number that a row lacks is NaN.

    `model` names brand and model together. `age` is the row's reference year less its registration year; the
    reference year is that of the day the row speaks of (`fecha_recepcion` + `dias_stock`), else the report's.
    `kept` has bit *i* set where the model supplied `MODEL_FIELDS[i]`. `texts` is a sample of descriptions.
    """

    rows: int
    vin: tuple[str, ...]
    plate: tuple[str, ...]
    brand: Named
    model: Named
    segment: Named
    version: Named
    fuel: Named
    gearbox: Named
    colour: Named
    label: Named
    province: Named
    origin: Named
    ai_model: Named
    year: Floats
    month: Floats
    reference_year: Floats
    km: Floats
    price: Floats
    power: Floats
    doors: Floats
    kept: NDArray[np.int32]
    texts: tuple[str, ...]
    texts_seen: int

    @property
    def age(self) -> Floats:
        """Years between registration and the reference year."""
        return self.reference_year - self.year


class Columns:
    """Takes rows one by one (`add`), gives the `Table` at the end."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._codes = {name: array("i") for name in _NAMES}
        self._names: dict[str, dict[str, int]] = {name: {} for name in _NAMES}
        self._numbers = {name: array("d") for name in (*_NUMBERS, "mes", "anio_referencia")}
        self._vins: list[str] = []
        self._plates: list[str] = []
        self._kept = array("i")
        self._texts: list[str] = []
        self._texts_seen = 0
        self._dice = random.Random(0)

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return len(self._vins)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one row. Never raises, whatever the row holds: what cannot be read counts as missing."""
        for name in _NAMES:
            self._codes[name].append(self._code(name, row.get(name)))
        for name in _NUMBERS:
            self._numbers[name].append(as_number(row.get(name)))
        registered = as_date(row.get("fecha_matriculacion"))
        if registered is not None and self._numbers["anio_matricula"][-1] != self._numbers["anio_matricula"][-1]:
            self._numbers["anio_matricula"][-1] = registered.year
        self._numbers["mes"].append(nan if registered is None else registered.month)
        self._numbers["anio_referencia"].append(self._reference_year(row))
        self._vins.append(as_name(row.get("bastidor")) or "")
        self._plates.append(as_name(row.get("matricula")) or "")
        self._kept.append(_kept_bits(row.get("campos_ia")))
        self._sample(row.get("descripcion"))

    def table(self, catalogue: Catalogue) -> Table:
        """The columns, with names as the catalogue writes them where it knows them."""
        named = {
            name: Named(np.frombuffer(self._codes[name], dtype=np.int32), tuple(self._names[name])) for name in _NAMES
        }
        number = {name: np.frombuffer(column, dtype=np.float64) for name, column in self._numbers.items()}
        brand = named["marca"].renamed([_brand_name(catalogue, n) for n in named["marca"].names])
        model, segment = _models(catalogue, brand, named["modelo"])
        return Table(
            rows=len(self._vins), vin=tuple(self._vins), plate=tuple(self._plates),
            brand=brand, model=model, segment=segment, version=named["version"],
            fuel=named["combustible"].renamed([_fuel(n) for n in named["combustible"].names]),
            gearbox=named["transmision"].renamed([values.gearbox(n) for n in named["transmision"].names]),
            colour=named["color"], label=named["etiqueta_dgt"], province=named["provincia"],
            origin=named["origen"], ai_model=named["modelo_ia"],
            year=number["anio_matricula"], month=number["mes"], reference_year=number["anio_referencia"],
            km=number["kilometros"], price=number["precio_venta"], power=number["potencia"], doors=number["puertas"],
            kept=np.frombuffer(self._kept, dtype=np.int32),
            texts=tuple(self._texts), texts_seen=self._texts_seen,
        )  # fmt: skip

    def _code(self, column: str, value: Any) -> int:
        names = self._names[column]
        if type(value) is str and (known := names.get(value)) is not None:
            return known
        name = as_name(value)
        return -1 if name is None else names.setdefault(name, len(names))

    def _reference_year(self, row: Mapping[str, Any]) -> int:
        received, days = as_date(row.get("fecha_recepcion")), as_number(row.get("dias_stock"))
        if received is None or not days >= 0:
            return self._today.year
        try:
            return (received + timedelta(days=int(days))).year
        except OverflowError:
            return self._today.year

    def _sample(self, value: Any) -> None:
        """Algorithm R: each text stays with the same probability."""
        if not isinstance(value, str) or not value.strip():
            return
        self._texts_seen += 1
        text = value[:_LONGEST_TEXT]
        if len(self._texts) < TEXTS:
            self._texts.append(text)
        elif (place := self._dice.randrange(self._texts_seen)) < TEXTS:
            self._texts[place] = text


def as_number(value: Any) -> float:
    """A number out of a cell (see `judgement.values.number`), NaN if it holds none or one beyond any car's."""
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() and abs(value) < _TOO_MUCH else nan
    if type(value) is int:
        return float(value) if abs(value) < _TOO_MUCH else nan
    found = values.number(value)
    return found if found is not None and abs(found) < _TOO_MUCH else nan


def as_name(value: Any) -> str | None:
    """A name out of a cell, without blanks around it; `None` if there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()[:_LONGEST_NAME] or None


def as_date(value: Any) -> date | None:
    """A date out of a cell that is one, or that writes one as `2026-11-22`."""
    if isinstance(value, date):
        return value
    return _iso_date(value[:10]) if isinstance(value, str) else None


@lru_cache(maxsize=20_000)
def _iso_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _kept_bits(value: Any) -> int:
    if not isinstance(value, list | tuple):
        return 0
    return sum(1 << i for i, name in enumerate(MODEL_FIELDS) if name in value)


def _fuel(name: str) -> str | None:
    found = values.fuel(name)
    return None if found == "mhev" else found


def _brand_name(catalogue: Catalogue, name: str) -> str:
    try:
        return catalogue.brand(name).marca
    except UnknownBrandError:
        return name


def _models(catalogue: Catalogue, brand: Named, model: Named) -> tuple[Named, Named]:
    """The models by brand and name, and their segments, out of the codes of both."""
    width = len(model.names) + 1
    both = np.where(brand.known & model.known, brand.codes.astype(np.int64) * width + model.codes, -1)
    pairs, codes = np.unique(both, return_inverse=True)
    names: list[str | None] = []
    segments: list[str | None] = []
    for pair in pairs.tolist():
        if pair < 0:
            names.append(None)
            segments.append(None)
            continue
        of, called = brand.names[pair // width], model.names[pair % width]
        there = catalogue.brands.get(of)
        found = next((m for m in there.modelos if fold(m.nombre) == fold(called)), None) if there else None
        names.append(f"{of} {found.nombre if found else called}")
        segments.append(found.segmento if found else None)
    raw = Named(codes.astype(np.int32), tuple(map(str, range(len(pairs)))))
    return raw.renamed(names), raw.renamed(segments)
