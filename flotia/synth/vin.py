"""VINs as the makers fill them for Europe, whole columns at a time.

What a maker writes where stands in `bastidores.toml`; this module turns its patterns into characters. Rules: ISO 3779 and
3780 (no I, O, Q); Regulation (EU) 2021/535 asks neither for a check digit nor for a year, so only makers that write them
get them. Serial numbers are counted within what surrounds them (prefix, year, month, plant), as the makers' are, so that no
two VINs of a run are alike however many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR
from flotia.errors import FlotiaError
from flotia.synth.dice import Dice, Purpose, below, column, words

Bytes = NDArray[np.uint8]

_LETTERS = np.frombuffer(b"ABCDEFGHJKLMNPRSTUVWXYZ", dtype=np.uint8)
_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
#: Year codes from 2005 (ISO 3779: no I, O, Q, U, Z, 0).
_YEAR_CODES = np.frombuffer(b"56789ABCDEFGHJKLMNPRSTVWX", dtype=np.uint8)
#: Ford of Europe's months, January first, in years that leave 0, 1, 2 and 3 divided by four.
_MONTH_CODES = np.frombuffer(b"BRAGCKDELYSTJUMPBRAGCKDELYSTJUMPBRAGCKDELYSTJUMP", dtype=np.uint8)
_WEIGHTS = np.array((8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2))
_CHECK_PLACE = 8
_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_TENS = 10 ** np.arange(10)
#: A model has at most so many combinations of prefix, pattern and plant over the years.
_FORMS = 64
_VALUES = np.zeros(128, dtype=np.int64)
_VALUES[_DIGITS] = range(10)
_VALUES[_LETTERS] = (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10))
#: Coprime to every power of ten, so that count → serial is one to one.
_STRIDE = 387_421
_FIRST_DAY = date(1990, 1, 1).toordinal()
_THREE_DIGITS = np.array([list(f"{n:03d}".encode()) for n in range(1000)], dtype=np.uint8)
#: From this month on (0 is January) cars of the next model year are registered.
_NEW_MODEL_YEAR = 7
_YEARS = LAST_YEAR - FIRST_YEAR + 1


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
        self._catalogue, self._seed, self._deck = catalogue, seed, catalogue.deck
        brands = list(catalogue.brands.values())
        self._models = [(n, m) for n, b in enumerate(brands) for m in b.modelos]
        self._codes = {code: n for n, code in enumerate(sorted({w.codigo for b in brands for w in b.wmi}))}
        self._cells = np.full((len(self._models) * _YEARS, 2), -1, dtype=np.int64)
        self._choices: dict[tuple[str, int, int], int] = {}
        self._listed: list[tuple[int, int]] = []
        self._choice_of = np.zeros((0, 2), dtype=np.int64)
        self._type = _TypeCodes(catalogue)
        self._shapes = _Shapes([p.patron for p in catalogue.vin_patterns])
        self._table = _Choices.of([], [], self._shapes.texts)
        self._forms: dict[int, list[int]] = {}
        self._stem_of = np.zeros((len(self._deck.offers_from) - 1) * _FORMS, dtype=np.int32)
        self._stems = np.zeros((1, 17), dtype=np.uint8)
        self._given: dict[int, int] = {}
        self._replaced: dict[int, int] = {}

    def surroundings(self, variant: NDArray[Any], registered: NDArray[Any], slots: NDArray[Any]) -> Surroundings:
        """Where and when those cars were built, as far as their VINs say."""
        when = month_number(registered)
        calendar = when // 12
        month = when - calendar * 12
        cell = self._deck.v["model"][variant] * np.int64(_YEARS) + np.clip(calendar - FIRST_YEAR, 0, _YEARS - 1)
        if (self._cells[cell, 0] < 0).any():
            self._learn(np.unique(cell[self._cells[cell, 0] < 0]).tolist())
        # a model comes out of each of its plants: which one, its slot says
        among = below(column(self._seed, Purpose.VIN_PLANT, slots), self._cells[cell, 1])
        choice, form = self._choice_of[self._cells[cell, 0] + among].T
        ahead = (month >= _NEW_MODEL_YEAR) & (column(self._seed, Purpose.MODEL_YEAR, slots) < (month - 6) * (1 / 6))
        year = calendar + (ahead & self._table.model_year[choice]) - FIRST_YEAR
        table = self._table
        key = (table.place[choice] * 64 + np.where(table.dated[choice], year, 63)) * 16
        return Surroundings(
            self._deck.v["engine"][variant] * np.int64(_FORMS) + form,
            calendar,
            choice,
            year,
            month,
            key + np.where(table.monthly[choice], month, 15),
        )

    def numbers(self, around: Surroundings, *, again: bool = False) -> NDArray[np.int64]:
        """The next serial counts for those cars, in order; with `again` others, for VINs that are taken elsewhere."""
        if again:
            return -1 - ranks(around.key, self._replaced)
        return ranks(around.key, self._given)

    def vins(self, around: Surroundings, numbers: NDArray[Any]) -> list[str]:
        """The VINs of those cars with those serial counts. Raises `FlotiaError` where a maker's numbers do not suffice."""
        if (self._stem_of[around.form] == 0).any():
            new = np.flatnonzero(self._stem_of[around.form] == 0)
            self._learn_stems(dict(zip(around.form[new].tolist(), around.choice[new].tolist(), strict=True)))
        made = self._stems[self._stem_of[around.form]]
        shape = self._shapes.of(self._table.pattern[around.choice])
        offset = words(self._seed, Purpose.VIN, around.key) >> np.uint64(24)
        serial, turn = shape.serials(numbers, offset.astype(np.int64))
        year = _YEAR_CODES[np.clip(around.year, 0, len(_YEAR_CODES) - 1)]
        month = _MONTH_CODES[(around.calendar & 3) * 12 + around.month]
        shape.write(made, "a", year)
        shape.write(made, "m", month)
        shape.write(made, "x", _DIGITS[(serial // 7 + turn) % 10])
        shape.write(made, "y", _LETTERS[(serial // 11 + turn) % 23])
        shape.write_serials(made, serial)
        shape.write_check_digits(made)
        text = made.tobytes().decode("ascii")
        return [text[i : i + 17] for i in range(0, len(text), 17)]

    def _learn_stems(self, forms: dict[int, int]) -> None:
        """Put together what is the same for all cars of one prefix, pattern, plant and engine."""
        stems = []
        for number, (form, choice) in enumerate(forms.items(), len(self._stems)):
            engine = form // _FORMS
            text = self._shapes.texts[self._table.pattern[choice]]
            plant = chr(self._table.plant[choice])
            stems.append([*self._table.prefix[choice].tolist(), *self._type.fill(text, engine, plant)])
            self._stem_of[form] = number
        self._stems = np.concatenate([self._stems, np.array(stems, dtype=np.uint8)])

    def _learn(self, cells: list[int]) -> None:
        """Look up prefix, pattern and plant for models and years that were not met before."""
        for cell in cells:
            number, year = divmod(cell, _YEARS)
            index, model = self._models[number]
            brand = self._deck.brands[index]
            rows = [w for w in brand.wmi if w.fits(model.nombre, year + FIRST_YEAR)] or list(brand.wmi)
            rows = [w for w in rows if w.modelos] or rows
            self._cells[cell] = len(self._listed), len(rows)
            for wmi in rows:
                pattern, plants = next(
                    (n, p.plantas) for n, p in enumerate(self._catalogue.vin_patterns)
                    if p.fits(brand.familia_vin, wmi.codigo, model.nombre, year + FIRST_YEAR)
                )  # fmt: skip
                own = crc32(f"{brand.marca}{model.nombre}".encode())
                plant = wmi.planta or (plants[own % len(plants)] if plants else "0")
                choice = self._choices.setdefault((wmi.codigo, pattern, ord(plant)), len(self._choices))
                forms = self._forms.setdefault(number, [])
                if choice not in forms:
                    forms.append(choice)
                self._listed.append((choice, forms.index(choice)))
        self._choice_of = np.array(self._listed, dtype=np.int64)
        choices = list(self._choices)
        self._table = _Choices.of(choices, [self._codes[code] for code, _, _ in choices], self._shapes.texts)


@dataclass(frozen=True, slots=True)
class _Choices:
    """Prefix, pattern and plant of VINs as columns, with what the pattern writes; shapes `(choices,)`."""

    prefix: Bytes
    pattern: NDArray[Any]
    plant: Bytes
    place: NDArray[Any]
    model_year: NDArray[Any]
    dated: NDArray[Any]
    monthly: NDArray[Any]

    @classmethod
    def of(cls, choices: list[tuple[str, int, int]], codes: list[int], patterns: list[str]) -> Self:
        texts = [patterns[pattern] for _, pattern, _ in choices]
        return cls(
            np.array([list(code.encode()) for code, _, _ in choices], dtype=np.uint8).reshape(-1, 3),
            np.array([pattern for _, pattern, _ in choices], dtype=np.int64),
            np.array([plant for _, _, plant in choices], dtype=np.uint8),
            np.array([
                code * 128 + (plant if "p" in text else 0)
                for code, text, (_, _, plant) in zip(codes, texts, choices, strict=True)
            ], dtype=np.int64),
            np.array(["a" in t for t in texts], dtype=bool),
            np.array(["a" in t or "k" in t for t in texts], dtype=bool),
            np.array(["m" in t for t in texts], dtype=bool),
        )  # fmt: skip


def unlisted_vin(vin: str) -> str:
    """A VIN for a car of a maker that nobody here knows: as small makers' and single approvals in Spain have them.

    The third character 9 says so (ISO 3780); the rest is that of `vin`, so that unique ones stay unique.
    """
    return f"VS9{vin[3:]}"


class _TypeCodes:
    """Characters that are the same for one generation and engine, whatever the seed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._texts: list[str] = []
        self._codes: list[str] = []
        for brand in catalogue.brands.values():
            for model in brand.modelos:
                for generation in model.generaciones:
                    for engine in generation.motores:
                        self._codes.append(generation.codigo)
                        self._texts.append(
                            f"{brand.marca}{model.nombre}{generation.desde}{engine.nombre}{engine.potencia}"
                        )

    def fill(self, pattern: str, engine: int, plant: str) -> bytes:
        """A pattern with its type codes and plant; what changes from car to car stays 0."""
        dice = Dice(Purpose.VIN_TYPE, crc32(self._texts[engine].encode()))
        own = iter(_own_code(self._codes[engine], pattern.count("g")))
        letters, digits = _LETTERS.tobytes().decode(), _DIGITS.tobytes().decode()
        kinds: dict[str, Callable[[], str]] = {
            "l": lambda: dice.pick(letters),
            "d": lambda: dice.pick(digits),
            "g": lambda: next(own, "") or dice.pick(digits),
            "p": lambda: plant,
        }
        return "".join(kinds[c]() if c in kinds else c if c in letters + digits else "0" for c in pattern).encode()


def _own_code(code: str, wanted: int) -> str:
    """The first characters of a generation's code that may stand in a VIN: `5G`; of a longer one (`W205`) its digits."""
    plain = "".join(c for c in code.upper().split("/")[0] if c.isascii() and c.isalnum() and c not in "IOQ")
    digits = "".join(c for c in plain if c.isdigit())
    return digits if len(plain) > wanted and len(digits) >= wanted else plain[:wanted]


class _Shapes:
    """Where the patterns write what changes from car to car: places in the VIN by pattern, 0 for nowhere."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.places = {code: np.array([3 + t.index(code) if code in t else 0 for t in texts]) for code in "amxyc"}
        self.places["a"] = np.maximum(self.places["a"], [3 + t.index("k") if "k" in t else 0 for t in texts])
        self.digits = np.array([t.count("#") for t in texts])

    def of(self, pattern: NDArray[Any]) -> _Shaping:
        """The places for cars of those patterns."""
        return _Shaping({code: places[pattern] for code, places in self.places.items()}, self.digits[pattern])


@dataclass(frozen=True, slots=True)
class _Shaping:
    """Places to write to, by code, and how many digits serial numbers have; shapes `(n,)`."""

    places: dict[str, NDArray[Any]]
    digits: NDArray[Any]

    def write(self, made: Bytes, code: str, values: Bytes) -> None:
        """Put `values` where the patterns have `code`."""
        rows = np.flatnonzero(self.places[code])
        made[rows, self.places[code][rows]] = values[rows]

    def serials(self, count: NDArray[Any], offset: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Serial numbers, and how often their series was gone through before."""
        size = _TENS[self.digits]
        serial = (count * _STRIDE + offset) % size
        turn = np.maximum(count // size, 0)
        fillers = np.where(self.places["x"] > 0, 10, np.where(self.places["y"] > 0, len(_LETTERS), 1))
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
        for digits in np.unique(self.digits).tolist():
            rows = np.flatnonzero(self.digits == digits)
            made[rows, 17 - digits :] = nine[rows, 9 - digits :]

    def write_check_digits(self, made: Bytes) -> None:
        """Position 9 by the North American rule (49 CFR 565.15), where the maker fills it."""
        rows = np.flatnonzero(self.places["c"])
        rest = (_VALUES[made[rows]] @ _WEIGHTS) % 11
        made[rows, _CHECK_PLACE] = _CHECKS[rest]


def ranks(keys: NDArray[Any], counts: dict[int, int]) -> NDArray[np.int64]:
    """How many came before each of `keys` with the same key, here or as `counts` remembers; `counts` goes on from there."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    starts = np.flatnonzero(np.diff(in_order, prepend=-1))
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
