"""VINs as the makers fill them for Europe, whole columns at a time.

What a maker writes where stands in `bastidores.toml`; this module turns its patterns into characters. Rules: ISO 3779 and
3780 (no I, O, Q); Regulation (EU) 2021/535 asks neither for a check digit nor for a year, so only makers that write them
get them. Serial numbers are counted within what surrounds them (prefix, year, month, plant), as the makers' are, so that no
two VINs of a run are alike however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import FIRST_YEAR
from flotia.errors import FlotiaError
from flotia.synth.dice import Purpose, column, words
from flotia.synth.makers import DIGITS, LETTERS, Bytes, makers_of

#: Year codes from 2005 (ISO 3779: no I, O, Q, U, Z, 0).
_YEAR_CODES = np.frombuffer(b"56789ABCDEFGHJKLMNPRSTVWX", dtype=np.uint8)
#: Ford of Europe's months, January first, in years that leave 0, 1, 2 and 3 divided by four.
_MONTH_CODES = np.frombuffer(b"BRAGCKDELYSTJUMPBRAGCKDELYSTJUMPBRAGCKDELYSTJUMP", dtype=np.uint8)
_WEIGHTS = np.array((8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2))
_CHECK_PLACE = 8
_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_TENS = 10 ** np.arange(10)
_VALUES = np.zeros(128, dtype=np.int64)
_VALUES[DIGITS] = range(10)
_VALUES[LETTERS] = (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10))
#: Coprime to every power of ten, so that count → serial is one to one.
_STRIDE = 387_421
_FIRST_DAY = date(1990, 1, 1).toordinal()
_THREE_DIGITS = np.array([list(f"{n:03d}".encode()) for n in range(1000)], dtype=np.uint8)
#: From this month on (0 is January) cars of the next model year are registered.
_NEW_MODEL_YEAR = 7


def model_year_letter(year: int) -> str:
    """The code of a model year from 2005 on."""
    return chr(_YEAR_CODES[min(max(year - FIRST_YEAR, 0), len(_YEAR_CODES) - 1)])


def check_digit(vin: str) -> str:
    """Position 9 by the North American rule (49 CFR 565.15) for a VIN whose position 9 may hold anything."""
    rest = int(_VALUES[np.frombuffer(vin.encode(), dtype=np.uint8)] @ _WEIGHTS) % 11
    return "X" if rest == 10 else str(rest)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a serial number is counted within, for many cars; shapes `(n,)`.

    `form` is a number of the car's engine with its choice; `calendar` is the year of registration and `month` its month
    (0 … 11); `choice` is a row of the table of (prefix, pattern, plant); `year` counts from 2005 and is the model year
    where the pattern names one; `key` is the same for all that share prefix, plant, and what else of date the pattern
    writes.
    """

    form: NDArray[np.int64]
    calendar: NDArray[np.int64]
    choice: NDArray[np.int64]
    year: NDArray[np.int64]
    month: NDArray[np.int64]
    key: NDArray[np.int64]


class VinColumns:
    """Gives the VINs of one seed."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._seed, self._makers = seed, makers_of(catalogue)
        self._shapes = _shapes(catalogue)
        self._given: dict[int, int] = {}
        self._replaced: dict[int, int] = {}

    def surroundings(self, variant: NDArray[Any], registered: NDArray[Any], slots: NDArray[Any]) -> Surroundings:
        """Where and when those cars were built, as far as their VINs say."""
        when = month_number(registered)
        calendar = when // 12
        month = when - calendar * 12
        choice, form = self._makers.choices(variant, calendar, column(self._seed, Purpose.VIN_PLANT, slots))
        ahead = (month >= _NEW_MODEL_YEAR) & (column(self._seed, Purpose.MODEL_YEAR, slots) < (month - 6) * (1 / 6))
        table = self._makers.table
        year = calendar + (ahead & table.model_year[choice]) - FIRST_YEAR
        key = (table.place[choice] * 64 + np.where(table.dated[choice], year, 63)) * 16
        return Surroundings(form, calendar, choice, year, month, key + np.where(table.monthly[choice], month, 15))

    def numbers(self, around: Surroundings, *, again: bool = False) -> NDArray[np.int64]:
        """The next serial counts for those cars, in order; with `again` others, for VINs that are taken elsewhere."""
        if again:
            return -1 - ranks(around.key, self._replaced)
        return ranks(around.key, self._given)

    def vins(self, around: Surroundings, numbers: NDArray[Any]) -> list[str]:
        """The VINs of those cars with those serial counts. Raises `FlotiaError` where a maker's numbers do not suffice."""
        made = self._makers.stems(around.form, around.choice)
        shape = self._shapes.of(self._makers.table.pattern[around.choice])
        offset = words(self._seed, Purpose.VIN, around.key) >> np.uint64(24)
        serial, turn = shape.serials(numbers, offset.astype(np.int64))
        year = _YEAR_CODES[np.clip(around.year, 0, len(_YEAR_CODES) - 1)]
        month = _MONTH_CODES[(around.calendar & 3) * 12 + around.month]
        shape.write(made, "a", year)
        shape.write(made, "m", month)
        shape.write(made, "x", DIGITS[(serial // 7 + turn) % 10])
        shape.write(made, "y", LETTERS[(serial // 11 + turn) % 23])
        shape.write_serials(made, serial)
        shape.write_check_digits(made)
        text = made.tobytes().decode("ascii")
        return [text[i : i + 17] for i in range(0, len(text), 17)]


def unlisted_vin(vin: str) -> str:
    """A VIN for a car of a maker that nobody here knows: as small makers' and single approvals in Spain have them.

    The third character 9 says so (ISO 3780); the rest is that of `vin`, so that unique ones stay unique.
    """
    return f"VS9{vin[3:]}"


class _Shapes:
    """Where the patterns write what changes from car to car: places in the VIN by pattern, 0 for nowhere."""

    def __init__(self, catalogue: Catalogue) -> None:
        texts = [p.patron for p in catalogue.vin_patterns]
        self.places = {code: np.array([3 + t.index(code) if code in t else 0 for t in texts]) for code in "amxyc"}
        self.places["a"] = np.maximum(self.places["a"], [3 + t.index("k") if "k" in t else 0 for t in texts])
        self.digits = np.array([t.count("#") for t in texts])

    def of(self, pattern: NDArray[Any]) -> _Shaping:
        """The places for cars of those patterns."""
        return _Shaping({code: places[pattern] for code, places in self.places.items()}, self.digits[pattern])


_shapes = lru_cache(maxsize=4)(_Shapes)


@dataclass(frozen=True, slots=True)
class _Shaping:
    """Places to write to, by code, and how many digits serial numbers have; shapes `(n,)`."""

    places: dict[str, NDArray[Any]]
    digits: NDArray[Any]

    def write(self, made: Bytes, code: str, values: Bytes) -> None:
        """Put `values` where the patterns have `code`."""
        rows = self.places[code].nonzero()[0]
        made[rows, self.places[code][rows]] = values[rows]

    def serials(self, count: NDArray[Any], offset: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Serial numbers, and how often their series was gone through before."""
        size = _TENS[self.digits]
        serial = (count * _STRIDE + offset) % size
        turn = np.maximum(count // size, 0)
        fillers = np.where(self.places["x"] > 0, 10, np.where(self.places["y"] > 0, len(LETTERS), 1))
        if (turn >= fillers).any():
            raise FlotiaError(
                "No hay tantos bastidores: los números de serie de un fabricante no alcanzan para tantos vehículos iguales."
                " Pida menos vehículos o no limite la marca."
            )
        return serial, turn

    def write_serials(self, made: Bytes, serial: NDArray[Any]) -> None:
        """Fill the end of the VINs."""
        thousands = serial // 1000
        millions = thousands // 1000
        nine = np.concatenate(
            [
                _THREE_DIGITS[millions],
                _THREE_DIGITS[thousands - millions * 1000],
                _THREE_DIGITS[serial - thousands * 1000],
            ],
            axis=1,
        )
        for digits in np.bincount(self.digits).nonzero()[0].tolist():
            rows = (self.digits == digits).nonzero()[0]
            made[rows, 17 - digits :] = nine[rows, 9 - digits :]

    def write_check_digits(self, made: Bytes) -> None:
        """Position 9 by the North American rule (49 CFR 565.15), where the maker fills it."""
        rows = self.places["c"].nonzero()[0]
        rest = (_VALUES[made[rows]] @ _WEIGHTS) % 11
        made[rows, _CHECK_PLACE] = _CHECKS[rest]


def ranks(keys: NDArray[Any], counts: dict[int, int]) -> NDArray[np.int64]:
    """How many came before each of `keys` with the same key, here or as `counts` remembers; `counts` goes on from there."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    starts = np.diff(in_order, prepend=-1).nonzero()[0]
    lengths = np.diff(starts, append=len(keys))
    met = in_order[starts].tolist()
    base = np.array([counts.get(k, 0) for k in met], dtype=np.int64)
    counts.update(zip(met, (base + lengths).tolist(), strict=True))
    result = np.empty(len(keys), dtype=np.int64)
    result[order] = np.arange(len(keys)) + np.repeat(base - starts, lengths)
    return result


def month_number(ordinals: NDArray[Any]) -> NDArray[np.int64]:
    """Twelve times the year plus the month (from 0) of days counted as in `date.toordinal`, 1990 to 2049."""
    return _month_table()[np.asarray(ordinals, dtype=np.int64) - _FIRST_DAY]


@lru_cache(maxsize=1)
def _month_table() -> NDArray[np.int64]:
    days = np.arange("1990-01-01", "2050-01-01", dtype="datetime64[D]")
    return days.astype("datetime64[M]").astype(np.int64) + 12 * 1970
