"""Which car of the catalogue a model means by the version it wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flotia.catalogue.loader import Catalogue, Variant, fold
from flotia.catalogue.schema import Trim
from flotia.judgement import values
from flotia.synth.facts import Facts

_WORD = re.compile(r"[^\s/(),;|·]+")
_DISPLACEMENT = re.compile(r"^\d[.,]\d[A-Za-z]?$")
#: Words that may stand in a version without changing what the car is.
_NEUTRAL = frozenset(
    """cv hp ps kw puertas puerta p 3p 4p 5p 5d start stop ss sands sandstart stsp startstop gpf dpf bmt bluemotion technology
    edition de con plazas automatica automatico automatic auto aut manual vel velocidades 5vel 6vel 7vel 8vel at mt mhev
    hibrido hybrid phev hev enchufable electrico gasolina diesel berlina familiar compacto suv 48v 4x2 2wd fwd""".split()  # noqa: SIM905
)
#: Shapes of such words: power in kW, Toyota's 125H.
_NEUTRAL_SHAPE = re.compile(r"^\d{2,3}(?:kw|h)$")
#: Words of an engine's name that ads leave out when the power is given: "BlueHDi 130" is the 1.5 BlueHDi of 130 CV.
_SOFT = frozenset(("mhev", "hybrid", "mild", "hev", "phev", "48v", "16v", "8v", "4x2", "2wd", "fwd"))
_LONGEST = 80
#: How much each agreement counts. A named engine is enough by itself; without its name, power, fuel and displacement are.
_NAME, _PART, _POWER, _FUEL, _SIZE, _GEARBOX, _BODY = 5.0, 3.0, 4.0, 3.0, 1.0, 1.0, 1.2
_SAME_BODY, _SAME_ENGINE, _LONGER_NAME = 0.5, 0.3, 0.1
_ENOUGH = 5.0
_KW_A_CV = 0.7355
#: Powers this near (CV) are the same engine: models round kW differently.
_SAME_POWER = 3


@dataclass(frozen=True, slots=True)
class Match:
    """The catalogue's car that a proposal means. `exact` says that every word of the written version is accounted for."""

    variant: Variant
    trim: Trim
    exact: bool


@lru_cache(maxsize=20_000)
def words_of(text: str) -> list[str]:
    """The words of a name in comparable form. A plus sign counts: a Tekna+ is not a Tekna."""
    return [w for w in (fold(part.replace("+", "plus")) for part in _WORD.findall(text)) if w]


def match(catalogue: Catalogue, facts: Facts, proposed: dict[str, Any]) -> Match | None:
    """The car of `facts`' brand, model and year that `proposed` describes, or `None` if it describes no such car.

    The version's text weighs most, then power, fuel and displacement. What contradicts itself (a "2.0 TDI" with
    `combustible` Gasolina) is read by its text and the field that disagrees is replaced later.
    """
    text = proposed.get("version")
    if not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST:
        return None
    own = facts.variant
    table = catalogue.table(facts.registered.year, own.brand.marca)
    if table is None:
        return None
    said = _Said.read(text, own, proposed)
    best: tuple[float, Variant] | None = None
    for variant in table.of_model(own.model.nombre):
        score = said.score(variant, prefer=own)
        if score is not None and (best is None or score > best[0]):
            best = (score, variant)
    if best is None or best[0] < _ENOUGH:
        return None
    variant = best[1]
    trim, named = said.trim(variant.trims(facts.registered.year), facts.trim)
    return Match(variant, trim, exact=named and said.explained_by(variant, trim))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a proposal says, in comparable form."""

    words: frozenset[str]
    spoken: frozenset[str]
    joined: str
    litres: frozenset[str]
    power: float | None
    fuel: str | None
    size: float | None
    gearbox: str | None

    @classmethod
    def read(cls, text: str, own: Variant, proposed: dict[str, Any]) -> _Said:
        words = words_of(text)
        names = set(words_of(f"{own.brand.marca} {own.model.nombre}"))
        kept = [w for w in words if w not in names] or words
        unnumbered = [w.rstrip("0123456789") for w in words]  # a DSG-7 is a DSG
        return cls(
            words=frozenset(kept),
            spoken=frozenset([*words, *unnumbered]),
            joined="".join(words),
            litres=_litres(text),
            power=values.number(proposed.get("potencia")),
            fuel=values.fuel(proposed.get("combustible")),
            size=values.number(proposed.get("cilindrada")),
            gearbox=values.gearbox(proposed.get("transmision")),
        )

    def score(self, variant: Variant, *, prefer: Variant) -> float | None:
        """How well `variant` fits, or `None` if its engine is not the one that is named."""
        engine = variant.engine
        power = str(engine.potencia)
        close = self.power is not None and abs(self.power - engine.potencia) <= _SAME_POWER
        powered = close or power in self.words or f"{power}cv" in self.words
        named = self._names(engine.nombre)
        partly = not named and powered and self._names_in_part(engine.nombre)
        by_figures = close and self.fuel == engine.combustible and self._size_fits(engine.cilindrada)
        if not (named or partly or by_figures):
            return None
        score = (_NAME + _LONGER_NAME * len(engine.nombre)) * named + _PART * partly
        score += _POWER * powered
        score += _FUEL * (self.fuel == engine.combustible or (self.fuel == "mhev" and engine.microhibrido))
        score += _SIZE * self._size_fits(engine.cilindrada)
        score += _GEARBOX * self._gearbox_fits(variant)
        if variant.body.nombre:
            score += _BODY if self._names(variant.body.nombre) else -_BODY
        return score + _SAME_BODY * (variant.body is prefer.body) + _SAME_ENGINE * (engine is prefer.engine)

    def _gearbox_fits(self, variant: Variant) -> float:
        """1 if the text (or else the field) names this gearbox, 0 if nothing is said, -1 if it names the other."""
        word = variant.gearbox_word
        if variant.automatic and word and self._names(word):
            return 1.0
        if self.gearbox is not None:
            return 1.0 if self.gearbox == variant.transmission else -1.0
        return -0.5 if variant.automatic and word else 0.0

    def _size_fits(self, size: int) -> bool:
        if self.size is None or size == 0:
            return size == 0 and not self.size
        said = self.size * 1000 if self.size < 10 else self.size
        return abs(said - size) <= 60

    def _names(self, name: str) -> bool:
        """Whether every word of `name` is in the text; words written together or apart are the same."""
        parts = words_of(name)
        if not parts:
            return False
        together = "".join(parts)
        if len(together) > 3 and together in self.joined:
            return True
        return all(w in self.spoken or (len(w) > 3 and w in self.joined) for w in parts)

    def _names_in_part(self, name: str) -> bool:
        """Whether the text has what matters of an engine's name and says no other displacement."""
        if self.litres and not self.litres & _litres(name):
            return False
        hard = [
            w for part in _WORD.findall(name) if not _DISPLACEMENT.match(part) for w in words_of(part) if w not in _SOFT
        ]
        return bool(hard) and all(w in self.spoken for w in hard)

    def trim(self, trims: Iterable[Trim], held_back: Trim) -> tuple[Trim, bool]:
        """The trim that is named (the longest name that fits); else the held-back one, or the first, and `False`."""
        there = list(trims)
        named = [t for t in there if self._names(t.nombre)]
        if named:
            return max(named, key=lambda t: len(t.nombre)), True
        plain = next((t for t in there if not t.nombre), None)
        if plain is not None:
            return plain, True
        return next((t for t in there if t.nombre == held_back.nombre), there[0]), False

    def explained_by(self, variant: Variant, trim: Trim) -> bool:
        """Whether the text holds no word that the car's own version, or neutral words, do not account for."""
        own = f"{variant.body.nombre} {variant.engine.nombre} {variant.gearbox_word} {trim.nombre}"
        power, kilowatts = variant.engine.potencia, round(variant.engine.potencia * _KW_A_CV)
        figures = {str(power), f"{power}cv", *map(str, range(kilowatts - 1, kilowatts + 2))}
        known = {*words_of(own), *figures, *_litres_of(variant.engine.cilindrada)} | _NEUTRAL
        together = fold(own)
        return all(
            w in known or w.rstrip("0123456789") in known or _NEUTRAL_SHAPE.match(w) or (len(w) > 3 and w in together)
            for w in self.words
        )


def _litres(text: str) -> frozenset[str]:
    """The displacements in a text (`1.5`, `1,2T`), as `15`, `12`."""
    return frozenset(fold(w)[:2] for w in _WORD.findall(text) if _DISPLACEMENT.match(w))


def _litres_of(size: int) -> set[str]:
    """An engine's displacement as a version would write it, folded: 1498 cm³ → `15`."""
    return {f"{round(size / 1000, 1):.1f}".replace(".", "")} if size else set()
