"""What makers write into VINs, looked up of a catalogue: prefix, pattern and plant of a model's cars, and their stems.

The same for every seed, so it is kept with the catalogue, and knows more with each kind of car that it meets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR, VinPattern
from flotia.synth.dice import Dice, Purpose, below

Bytes = NDArray[np.uint8]

LETTERS = np.frombuffer(b"ABCDEFGHJKLMNPRSTUVWXYZ", dtype=np.uint8)
DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
#: A model has at most so many combinations of prefix, pattern and plant over the years.
FORMS = 64
_YEARS = LAST_YEAR - FIRST_YEAR + 1


class Makers:
    """Learns under a lock, while runs in other threads read: what is known is said last."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._deck = catalogue.deck
        brands = list(catalogue.brands.values())
        self._models = [(n, m) for n, b in enumerate(brands) for m in b.modelos]
        self._codes = {code: n for n, code in enumerate(sorted({w.codigo for b in brands for w in b.wmi}))}
        self._of_family: dict[str, list[tuple[int, VinPattern]]] = {}
        for number, pattern in enumerate(catalogue.vin_patterns):
            self._of_family.setdefault(pattern.familia, []).append((number, pattern))
        self._cells = np.full((len(self._models) * _YEARS, 2), -1, dtype=np.int64)
        self._choices: dict[tuple[str, int, int], int] = {}
        self._listed: list[tuple[int, int]] = []
        self._choice_of = np.zeros((0, 2), dtype=np.int64)
        self._type = _TypeCodes(catalogue)
        self.patterns = [p.patron for p in catalogue.vin_patterns]
        self.table = Choices.of([], [], self.patterns)
        self._forms: dict[int, list[int]] = {}
        self._stem_of = np.zeros((len(self._deck.offers_from) - 1) * FORMS, dtype=np.int32)
        self._stems = np.zeros((1, 17), dtype=np.uint8)
        self._learning = Lock()

    def choices(
        self, variant: NDArray[Any], calendar: NDArray[np.int64], uniform: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each car registered in the year `calendar` a row of `table`, and a number of that choice with its engine.

        A model comes out of each of its plants: which one, `uniform` (in [0, 1)) says.
        """
        cell = self._deck.v["model"][variant] * np.int64(_YEARS) + np.clip(calendar - FIRST_YEAR, 0, _YEARS - 1)
        first, count = self._cells[cell].T
        if (first < 0).any():
            self._learn(cell)
            first, count = self._cells[cell].T
        choice, form = self._choice_of[first + below(uniform, count)].T
        return choice, self._deck.v["engine"][variant] * np.int64(FORMS) + form

    def stems(self, form: NDArray[np.int64], choice: NDArray[np.int64]) -> Bytes:
        """VINs of those cars with what is the same for all of one form; the rest is 0. Shape `(n, 17)`."""
        place = self._stem_of[form]
        if not place.all():
            self._learn_stems(dict(zip(form.tolist(), choice.tolist(), strict=True)))
            place = self._stem_of[form]
        return self._stems[place]

    def _learn_stems(self, forms: dict[int, int]) -> None:
        """Put together what is the same for all cars of one prefix, pattern, plant and engine."""
        with self._learning:
            new = {form: choice for form, choice in forms.items() if not self._stem_of[form]}
            stems = []
            for form, choice in new.items():
                text = self.patterns[self.table.pattern[choice]]
                plant = chr(self.table.plant[choice])
                stems.append([*self.table.prefix[choice].tolist(), *self._type.fill(text, form // FORMS, plant)])
            known = len(self._stems)
            self._stems = np.concatenate([self._stems, np.array(stems, dtype=np.uint8).reshape(-1, 17)])
            self._stem_of[list(new)] = np.arange(len(new)) + known

    def _learn(self, met: NDArray[np.int64]) -> None:
        """Look up prefix, pattern and plant for models and years that were not met before."""
        with self._learning:
            cells = np.unique(met[self._cells[met, 0] < 0])
            found = [self._list(*divmod(cell, _YEARS)) for cell in cells.tolist()]
            self._choice_of = np.array(self._listed, dtype=np.int64)
            choices = list(self._choices)
            self.table = Choices.of(choices, [self._codes[code] for code, _, _ in choices], self.patterns)
            self._cells[cells] = np.array(found, dtype=np.int64).reshape(-1, 2)

    def _list(self, number: int, year: int) -> tuple[int, int]:
        """Add what a model's cars of a year can carry to the list: from where on, and how many."""
        index, model = self._models[number]
        brand = self._deck.brands[index]
        rows = [w for w in brand.wmi if w.fits(model.nombre, year + FIRST_YEAR)] or list(brand.wmi)
        rows = [w for w in rows if w.modelos] or rows
        first = len(self._listed)
        for wmi in rows:
            pattern, plants = next(
                (n, p.plantas) for n, p in self._of_family[brand.familia_vin]
                if p.fits(brand.familia_vin, wmi.codigo, model.nombre, year + FIRST_YEAR)
            )  # fmt: skip
            own = crc32(f"{brand.marca}{model.nombre}".encode())
            plant = wmi.planta or (plants[own % len(plants)] if plants else "0")
            choice = self._choices.setdefault((wmi.codigo, pattern, ord(plant)), len(self._choices))
            forms = self._forms.setdefault(number, [])
            if choice not in forms:
                forms.append(choice)
            self._listed.append((choice, forms.index(choice)))
        return first, len(rows)


#: One catalogue's makers.
makers_of = lru_cache(maxsize=4)(Makers)


@dataclass(frozen=True, slots=True)
class Choices:
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
        """The rows of `choices` (prefix, pattern, plant); `codes` are numbers of the prefixes."""
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
        letters, digits = LETTERS.tobytes().decode(), DIGITS.tobytes().decode()
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
