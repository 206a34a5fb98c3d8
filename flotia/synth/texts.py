"""Spanish sales texts put together from a row's own facts, so that they cannot contradict it; whole columns at a time.

A text is one sentence each of an opening, the mechanics, the condition, the equipment and a closing, in varying order. Which
sentences may stand is a matter of conditions that hold of the car (`textos.toml`); braces in them are its facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.loader import Catalogue
from flotia.catalogue.market import Sentences
from flotia.catalogue.variant import Variant
from flotia.synth.dice import Purpose, below, column
from flotia.synth.equipment import EquipmentColumns
from flotia.synth.prices import ZERO_KM

Texts = NDArray[np.object_]
_Values = dict[str, Callable[[NDArray[Any]], Texts]]

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_FUEL_KEYS = {
    "Eléctrico": "electrico", "Híbrido enchufable": "enchufable", "Híbrido": "hibrido", "Diésel": "diesel",
    "Gasolina": "gasolina", "GLP": "gas", "GNC": "gas",
}  # fmt: skip
_BODY_KEYS = {"Pickup": "pickup", "SUV": "suv", "Berlina": "berlina", "Cabrio": "cabrio", "Coupé": "deportivo"}
_SEGMENT_KEYS = {"micro": "urbano", "utilitario": "urbano", "compacto": "compacto", "deportivo": "deportivo"}
#: A car that has rolled this much less (more) than usual, and at least so far, is called so.
_LITTLE, _MUCH, _MUCH_AT_LEAST = 0.6, 1.5, 60_000
_RECENT, _VETERAN = 3.0, 12.0
_POWERFUL, _TOP_LEVEL, _MANY_SEATS = 200, 4, 7
#: What changes from car to car of one kind: kilometres (4 ways), age (3), trim (2).
_USES = (("km0",), ("usado",), ("usado", "poco_km"), ("usado", "mucho_km"))
_AGES = ((), ("reciente",), ("veterano",))
_TRIMS = ((), ("equipado",))
_PARTS = ("apertura", "mecanica", "estado", "equipo", "cierre")
_STRUCTURES = (
    (0, 1, 2, 3, 4), (0, 2, 3, 1, 4), (0, 3, 2, 1, 4), (0, 3, 1, 2, 4), (0, 1, 3, 2, 4), (0, 2, 1, 3, 4), (0, 2, 3, 4),
    (0, 3, 2, 4),
)  # fmt: skip
#: So small a share of a part's sentences may be put together one by one.
_FEW = 0.2
_BRACES = re.compile(r"\{(\w+)\}")
_THOUSANDS = np.array([f".{n:03d}" for n in range(1000)], dtype=object)


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What texts speak of, by car; shapes `(n,)`.

    `level` is the trim's, `month` 0 … 11, `usual_kilometres` what a car of that age and kind has. Texts of a car's own:
    `version`, `colour`, `province`.
    """

    slot: NDArray[Any]
    variant: NDArray[Any]
    level: NDArray[Any]
    year: NDArray[Any]
    month: NDArray[Any]
    age: NDArray[Any]
    kilometres: NDArray[Any]
    usual_kilometres: NDArray[Any]
    version: Texts
    colour: Texts
    province: Texts

    def of(self, rows: NDArray[Any]) -> TextFacts:
        """Those of some rows, in that order."""
        return TextFacts(*(getattr(self, f.name)[rows] for f in fields(self)))


class TextColumns:
    """Writes texts; `equipment` are the entries that they may name."""

    def __init__(self, catalogue: Catalogue, equipment: EquipmentColumns) -> None:
        self._kinds, self._kind = _kinds(catalogue.deck.variants)
        self._uses = len(_USES) * len(_AGES) * len(_TRIMS)
        self._parts = [_Part(catalogue.sentences, part, len(self._kinds) * self._uses) for part in _PARTS]
        self._own = {
            name: np.array([read(v) for v in catalogue.deck.variants], dtype=object)
            for name, read in _OF_VARIANT.items()
        }
        short = [i.corto for i in equipment.items]
        self._first, self._next = (
            np.array([*short, ""], dtype=object),
            np.array([*(f", {s}" for s in short), ""], dtype=object),
        )
        self._last = np.array([*(_and(s) for s in short), ""], dtype=object)
        self._years = np.array([str(y) for y in range(2100)], dtype=object)
        self._months = np.array(_MONTHS, dtype=object)

    def mentioned(self, items: NDArray[np.int64]) -> list[Texts]:
        """What the equipment sentence says of those items (numbers, -1 for none): three pieces a row."""
        first, second, third = items.T
        alone = third < 0
        middle = self._next[np.where(alone, -1, second)]
        return [self._first[first], middle, self._last[np.where(alone, second, third)]]

    def texts(self, seed: int, cars: TextFacts, mentioned: Sequence[Texts]) -> list[str]:
        """A text for each car. `mentioned` are the pieces of the list of equipment."""
        structure = below(column(seed, Purpose.STRUCTURE, cars.slot), np.full(len(cars.slot), len(_STRUCTURES)))
        order = np.argsort(structure, kind="stable")  # cars of one structure stand together, so that slices will do
        cars, mentioned = cars.of(order), [piece[order] for piece in mentioned]
        states, values = self._states(cars), self._values(cars)
        pieces: list[list[Texts]] = []
        for number, part in enumerate(self._parts):
            uniform = column(seed, Purpose.TEXT + number, cars.slot)
            chosen = part.choose(states, uniform, self._true_of)
            pieces.append(part.pieces(chosen, values, mentioned))
        ends = np.searchsorted(structure[order], np.arange(len(_STRUCTURES)), side="right").tolist()
        joined: list[str] = []
        for parts, start, end in zip(_STRUCTURES, [0, *ends], ends, strict=False):
            columns = [piece[start:end].tolist() for part in parts for piece in pieces[part]]
            joined.extend(map("".join, zip(*columns, strict=True)))
        made = np.empty(len(order), dtype=object)
        made[order] = joined
        return made.tolist()

    def _states(self, cars: TextFacts) -> NDArray[np.int64]:
        """One number for all that decides which sentences are true."""
        low = cars.kilometres < cars.usual_kilometres * _LITTLE
        high = cars.kilometres > np.maximum(cars.usual_kilometres * _MUCH, _MUCH_AT_LEAST)
        use = np.where(cars.kilometres <= ZERO_KM, 0, np.where(low, 2, np.where(high, 3, 1)))
        age = np.where(cars.age < _RECENT, 1, np.where(cars.age > _VETERAN, 2, 0))
        state = (self._kind[cars.variant] * len(_USES) + use) * len(_AGES) + age
        result: NDArray[np.int64] = state * len(_TRIMS) + (cars.level >= _TOP_LEVEL)
        return result

    def _true_of(self, state: int) -> set[str]:
        rest, trim = divmod(state, len(_TRIMS))
        rest, age = divmod(rest, len(_AGES))
        kind, use = divmod(rest, len(_USES))
        return {"siempre", *self._kinds[kind], *_USES[use], *_AGES[age], *_TRIMS[trim]}

    def _values(self, cars: TextFacts) -> _Values:
        """How to find each fact's text for some rows."""
        of_variant = {n: lambda rows, t=table: t[cars.variant[rows]] for n, table in self._own.items()}
        return of_variant | {
            "version": lambda rows: cars.version[rows],
            "color": lambda rows: cars.colour[rows],
            "provincia": lambda rows: cars.province[rows],
            "anio": lambda rows: self._years[cars.year[rows]],
            "mes": lambda rows: self._months[cars.month[rows]],
            "km": lambda rows: _written(cars.kilometres[rows]),
        }


class _Part:
    """The sentences of one part of a text, taken apart at their braces."""

    def __init__(self, sentences: Sentences, name: str, states: int) -> None:
        self._groups: dict[str, tuple[str, ...]] = getattr(sentences, name)
        self._places: dict[str, list[int]] = {key: [] for key in self._groups}
        before = " " if name != _PARTS[0] else ""
        rows: list[list[str]] = []
        for key, group in self._groups.items():
            for sentence in group:
                self._places[key].append(len(rows))
                rows.append(_BRACES.split(before + sentence.replace("{marca} {modelo}", "{nombre}")))
        longest = max(map(len, rows))
        self._literals = [
            np.array([*(r[n] if n < len(r) else "" for r in rows), ""], dtype=object) for n in range(0, longest, 2)
        ]
        self._names = sorted({r[n] for r in rows for n in range(1, len(r), 2)})
        self._slots = [
            np.array([*(self._names.index(r[n]) if n < len(r) else -1 for r in rows), -1]) for n in range(1, longest, 2)
        ]
        facts = [len(r) // 2 for r in rows]
        # the facts that most sentences have are columns of their own; sentences with more are put together by themselves
        self._width = next(w for w in range(longest) if sum(n > w for n in facts) <= _FEW * len(facts))
        self._alone = np.array([n > self._width for n in facts])
        self._range = np.full((states, 2), -1, dtype=np.int64)
        self._ranges: dict[tuple[str, ...], tuple[int, int]] = {}
        self._learning = Lock()
        self._fitting = np.zeros(0, dtype=np.int64)

    def choose(
        self, states: NDArray[Any], uniform: NDArray[Any], true_of: Callable[[int], set[str]]
    ) -> NDArray[np.int64]:
        """A sentence for each state."""
        if (self._range[states, 0] < 0).any():
            self._learn(states, true_of)
        start, count = self._range[states].T
        chosen: NDArray[np.int64] = self._fitting[start + below(uniform, count)]
        return chosen

    def _learn(self, states: NDArray[Any], true_of: Callable[[int], set[str]]) -> None:
        """Look up which sentences fit states not met before. Other threads read meanwhile: what is known is said last."""
        with self._learning:
            new = np.unique(states[self._range[states, 0] < 0]).tolist()
            added: list[int] = []
            found = [self._range_of(true_of(state), added) for state in new]
            self._fitting = np.concatenate([self._fitting, np.array(added, dtype=np.int64)])
            self._range[new] = np.array(found, dtype=np.int64).reshape(-1, 2)

    def _range_of(self, true: set[str], added: list[int]) -> tuple[int, int]:
        """Where the sentences that fit begin in `_fitting`, once `added` has joined it, and how many they are."""
        keys = ("km0",) if "km0" in true and "km0" in self._groups else tuple(k for k in self._groups if k in true)
        if keys not in self._ranges:
            places = [place for key in keys for place in self._places[key]]
            self._ranges[keys] = len(self._fitting) + len(added), len(places)
            added.extend(places)
        return self._ranges[keys]

    def pieces(self, chosen: NDArray[Any], values: _Values, mentioned: Sequence[Texts]) -> list[Texts]:
        """The texts that, put together, are the chosen sentences."""
        alone = self._alone[chosen].nonzero()[0]
        made = self._pieces(np.where(self._alone[chosen], -1, chosen), None, values, mentioned, self._width)
        if len(alone):
            parts = [p.tolist() for p in self._pieces(chosen[alone], alone, values, mentioned, len(self._slots))]
            made[0][alone] = list(map("".join, zip(*parts, strict=True)))
        return made

    def _pieces(
        self, chosen: NDArray[Any], rows: NDArray[Any] | None, values: _Values, mentioned: Sequence[Texts], width: int
    ) -> list[Texts]:
        """The first `width` facts of the chosen sentences (-1 for none) of those rows (all) and the words around them."""
        made: list[Texts] = [self._literals[0][chosen]]
        for literal, slots in zip(self._literals[1 : width + 1], self._slots[:width], strict=True):
            if self._names == ["equipo"]:
                made.extend(mentioned)
            else:
                which = slots[chosen]
                filled = np.full(len(chosen), "", dtype=object)
                for number, name in enumerate(self._names):
                    here = (which == number).nonzero()[0]
                    if len(here):
                        filled[here] = values[name](here if rows is None else rows[here])
                made.append(filled)
            made.append(literal[chosen])
        return made


def _name(variant: Variant) -> str:
    brand, model = variant.brand.marca, variant.model.nombre
    return model if model.casefold().startswith(brand.casefold()) else f"{brand} {model}"


_OF_VARIANT: dict[str, Callable[[Variant], str]] = {
    "nombre": _name,
    "marca": lambda v: v.brand.marca,
    "modelo": lambda v: v.model.nombre,
    "potencia": lambda v: str(v.engine.potencia),
    "tipo": lambda v: v.body.tipo.lower(),
    "puertas": lambda v: str(v.body.puertas),
    "plazas": lambda v: str(v.body.plazas),
}


def _kinds(variants: tuple[Variant, ...]) -> tuple[list[frozenset[str]], NDArray[np.int64]]:
    """The different sets of conditions that hold of variants, and each variant's."""
    numbers: dict[frozenset[str], int] = {}
    kind = [numbers.setdefault(_conditions(v), len(numbers)) for v in variants]
    return list(numbers), np.array(kind)


def _conditions(variant: Variant) -> frozenset[str]:
    fuel = _FUEL_KEYS[variant.engine.combustible]
    true = {fuel}
    if variant.automatic:
        true.add("automatica")
    elif fuel in ("gasolina", "diesel", "gas"):
        true.add("manual")
    if variant.engine.potencia >= _POWERFUL:
        true.add("potente")
    if variant.is_van:
        return frozenset(true | {"furgoneta"})
    body, segment = variant.body.tipo, variant.model.segmento
    true |= {key for key in (_BODY_KEYS.get(body), _SEGMENT_KEYS.get(segment)) if key}
    if variant.body.plazas >= _MANY_SEATS:
        true |= {"siete", "familia"}
    elif body in ("Familiar", "Monovolumen"):
        true.add("familia")
    return frozenset(true)


def _and(text: str) -> str:
    return f" e {text}" if text.lower().startswith(("i", "hi")) and not text.lower().startswith("hie") else f" y {text}"


def _written(kilometres: NDArray[Any]) -> Texts:
    """Whole numbers as Spanish texts write them: 12.500."""
    whole = kilometres // 1000
    tail = _THOUSANDS[kilometres - whole * 1000]
    return np.where(
        whole > 0, np.array([str(n) for n in whole.tolist()], dtype=object) + tail,
        np.array([str(n) for n in kilometres.tolist()], dtype=object),
    )  # fmt: skip


def lower_first(text: str) -> str:
    """An entry of equipment as it stands inside a sentence."""
    proper = text[:2].isupper() or text.startswith(("Apple", "Android", "Start", "Bluetooth", "Isofix"))
    return text if proper else text[:1].lower() + text[1:]


def listed(items: Sequence[str]) -> list[str]:
    """The three pieces of a list of up to three items, as `TextColumns.mentioned` gives them."""
    there = [lower_first(i) for i in items[:3]]
    if len(there) < 2:
        return [*there, *[""] * (3 - len(there))]
    return [there[0], f", {there[1]}" if len(there) > 2 else "", _and(there[-1])]
