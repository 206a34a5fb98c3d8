"""Which car of the catalogue is meant by the version that somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.judgement import values
from flotia.synth.facts import Facts

_WORD = re.compile(r"[^\s/(),;|·]+")
_DISPLACEMENT = re.compile(r"^\d[.,]\d[A-Za-z]?$")
#: Words that may stand in a version without changing what the car is.
_NEUTRAL = frozenset(
    """cv hp ps kw puertas puerta p start stop ss sands sandstart stsp startstop gpf dpf bmt bluemotion technology
    edition de con plazas automatica automatico automatic auto aut manual vel velocidades 5vel 6vel 7vel 8vel at mt mhev
    hibrido hybrid phev hev enchufable electrico gasolina diesel berlina familiar compacto suv 48v 4x2 2wd fwd""".split()  # noqa: SIM905
)
#: Shapes of such words: power in kW, Toyota's 125H.
_NEUTRAL_SHAPE = re.compile(r"^\d{2,3}(?:kw|h)$")
_SAYS_POWER = re.compile(r"\d\s?(?:cv|kw)\b", re.IGNORECASE)
_DOORS = re.compile(r"^([2-6])(?:p|d|puertas)$")
#: Words of an engine's name that ads leave out when the power is given: "BlueHDi 130" is the 1.5 BlueHDi of 130 CV.
_SOFT = frozenset(("mhev", "hybrid", "mild", "hev", "phev", "48v", "16v", "8v", "4x2", "2wd", "fwd"))
#: Words (folded, shortest first met) of at least this length may be cut off with a full stop: "Ref." is Reference.
_SHORTEST_CUT = 3
_LONGEST = 80
#: How much each agreement counts. A named engine outweighs any two figures; two figures that fit outweigh a preference.
_WHOLE, _NAME, _PART, _SPOKEN_POWER = 6.0, 7.0, 3.0, 4.0
_POWER, _FUEL, _SIZE, _GEARBOX, _BODY = 3.0, 2.5, 2.5, 1.5, 1.2
#: What the held-back car has over one that fits as well, and what another fuel or price (log of its ratio) costs: the
#: model was told both.
_SAME_BODY, _SAME_ENGINE, _SAME_GEARBOX, _LONGER_NAME = 0.5, 0.4, 0.2, 0.25
_TOLD_FUEL, _TOLD_PRICE = 2.0, 3.0
#: Powers this near (CV) are the same engine: kilowatts are rounded differently. So are displacements this near (cm³).
SAME_POWER, SAME_SIZE = 3, 20
_VERY_SAME_SIZE = 5
#: Only cars that score this near the best, and so many of them, are read word for word.
_NEAR, _READ_WHOLE = 9.0, 16
_AUTOMATIC_WORDS = frozenset(("aut", "auto", "automatic", "automatico", "automatica"))
_SPEEDS = frozenset(("vel", "velocidades", "marchas"))


@dataclass(frozen=True, slots=True)
class Match:
    """The catalogue's car that a proposal means.

    `named` says that its engine is in the written version, `exact` that every word of it is accounted for.
    """

    variant: Variant
    trim: Trim
    named: bool
    exact: bool


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in comparable form. A plus sign counts: a Tekna+ is not a Tekna."""
    return tuple(w for w in (fold(part.replace("+", "plus")) for part in _WORD.findall(text)) if w)


def match(catalogue: Catalogue, facts: Facts, proposed: dict[str, Any]) -> Match:
    """The car of `facts`' brand, model and year that `proposed` describes best; the held-back one if it describes none.

    The version's text weighs most, then power, fuel, displacement and gearbox. What contradicts itself (a "2.0 TDI" with
    `combustible` Gasolina) is read by its text, and the field that disagrees is replaced later.
    """
    own, year = facts.variant, facts.registered.year
    table = catalogue.table(year, own.brand.marca)
    variants = table.of_model(own.model.nombre) if table else [own]
    said = _Said.read(proposed.get("version"), own.brand.marca, own.model.nombre, proposed)
    scored = sorted(
        ((said.score(v) + _preference(v, facts), n) for n, v in enumerate(variants)), key=lambda s: (-s[0], s[1])
    )
    best, best_score = own, float("-inf")
    for score, n in scored[:_READ_WHOLE]:
        if score < scored[0][0] - _NEAR:
            break
        variant = variants[n]
        engine_named = said.naming(variant) > 0
        trim, known = said.trim(variant.trims(year), facts.trim, named_engine=engine_named)
        total = score + _WHOLE * bool(known and engine_named and said.explained_by(variant, trim))
        if total > best_score:
            best, best_score = variant, total
    named = said.naming(best) > 0
    trim, named_trim = said.trim(best.trims(year), facts.trim, named_engine=named)
    return Match(best, trim, named, exact=named and named_trim and said.explained_by(best, trim))


@dataclass(frozen=True, slots=True)
class Understanding:
    """The cars that a finished row's version text can mean: the trim with each, and how well the text was understood.

    `named` says that an engine is in the text, `exact` that every word is accounted for. If nothing is named, the cars
    are all of that model and year.
    """

    cars: tuple[tuple[Variant, Trim], ...]
    named: bool
    exact: bool


def understand(text: str, variants: Sequence[Variant], year: int) -> Understanding:
    """What `text` can mean among `variants`, which are those of one model in `year` (at least one)."""
    near = [v for v in variants if v.engine.nombre in text and v.body.nombre in text]
    literal = [(v, t) for v in near for t in v.trims(year) if t.nombre in text and v.version(t) == text]
    if literal:
        return Understanding(tuple(literal), named=True, exact=True)
    first = variants[0]
    said = _Said.read(text, first.brand.marca, first.model.nombre, {})
    naming = {id(v): said.naming(v) for v in variants}
    named = [v for v in variants if naming[id(v)]]
    powered = [v for v in named if said.speaks_of_power(v)] or named
    read = [(v, *said.trim(v.trims(year), None, named_engine=True)) for v in powered]
    exact = [(v, t) for v, t, known in read if known and said.explained_by(v, t)]
    if exact:
        return Understanding(tuple(exact), named=True, exact=True)
    if named:
        return Understanding(tuple((v, t) for v, t, _ in read), named=True, exact=False)
    return Understanding(tuple((v, v.trims(year)[0]) for v in variants), named=False, exact=False)


def _preference(variant: Variant, facts: Facts) -> float:
    """What speaks for `variant` before a word is read: that it is like the held-back car, of which the model was told."""
    own = facts.variant
    ratio = variant.list_price(variant.generation.acabados[0]) / own.list_price(own.generation.acabados[0])
    score = _SAME_BODY * (variant.body is own.body) + _SAME_ENGINE * (variant.engine is own.engine)
    score += _TOLD_FUEL * (variant.engine.combustible == own.engine.combustible) - _TOLD_PRICE * abs(log(ratio))
    return score + _SAME_GEARBOX * (variant.automatic == own.automatic)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a proposal says, in comparable form."""

    text: str
    words: frozenset[str]
    spoken: frozenset[str]
    cut: tuple[str, ...]
    joined: str
    litres: frozenset[str]
    powered: bool
    power: float | None
    fuel: str | None
    size: float | None
    gearbox: str | None

    @classmethod
    def read(cls, text: Any, brand: str, model: str, proposed: dict[str, Any]) -> _Said:
        """Read a version's `text` (whatever it is) and the figures beside it."""
        text = " ".join(text.split()) if isinstance(text, str) and len(text) <= _LONGEST else ""
        words = words_of(text)
        names = set(words_of(f"{brand} {model}"))
        return cls(
            text=text,
            words=frozenset([w for w in words if w not in names] or words),
            spoken=frozenset([*words, *(w.rstrip("0123456789") for w in words)]),  # a DSG-7 is a DSG
            cut=tuple(fold(p) for p in _WORD.findall(text) if p.endswith(".") and len(fold(p)) >= _SHORTEST_CUT),
            joined="".join(words),
            litres=_litres(text),
            powered=bool(_SAYS_POWER.search(text)),
            power=values.power(proposed.get("potencia")),
            fuel=values.fuel(proposed.get("combustible")),
            size=values.displacement(proposed.get("cilindrada")),
            gearbox=values.gearbox(proposed.get("transmision")),
        )

    def naming(self, variant: Variant) -> float:
        """How well the text names this variant's engine: 0 if it does not."""
        name = variant.engine.nombre
        if self._names(name):
            return _NAME + _LONGER_NAME * len(name)
        return _PART if self.speaks_of_power(variant) and self._names_in_part(name) else 0.0

    def speaks_of_power(self, variant: Variant) -> bool:
        """Whether the variant's power is in the text, in CV or kW."""
        power = variant.engine.potencia
        if f"{power}" in self.words or f"{power}cv" in self.words:
            return True
        kilowatts = round(power * values.KW_A_CV)
        return any(f"{k}kw" in self.words for k in range(kilowatts - 1, kilowatts + 2))

    def score(self, variant: Variant) -> float:
        """How well `variant` fits text and figures."""
        engine = variant.engine
        score = self.naming(variant) if self.text else 0.0
        named = score >= _NAME
        if score and self.powered:
            score += _SPOKEN_POWER if self.speaks_of_power(variant) else -_SPOKEN_POWER
        elif score:
            score += _SPOKEN_POWER * self.speaks_of_power(variant)
        if self.text and variant.body.nombre:
            score += _BODY + _LONGER_NAME * len(variant.body.nombre) if self._names(variant.body.nombre) else -_BODY
        score += _POWER * (self.power is not None and abs(self.power - engine.potencia) <= SAME_POWER)
        score += _FUEL * (self.fuel == engine.combustible or (self.fuel == "mhev" and engine.microhibrido))
        score += _SIZE * self._size_fits(engine.cilindrada)
        return score + _GEARBOX * self._gearbox_fits(variant, named=named)

    def _gearbox_fits(self, variant: Variant, *, named: bool) -> float:
        """2 if the text names this gearbox, 1 if only the field does, 0 if nothing is said; less than 0 for the other."""
        word = variant.gearbox_word
        if variant.automatic and word and self._names(word):
            return 2.0
        if not self.words.isdisjoint(_AUTOMATIC_WORDS):
            return 2.0 if variant.automatic else -2.0
        if "manual" in self.words:
            return -2.0 if variant.automatic else 2.0
        if self.gearbox is not None:
            return 1.0 if self.gearbox == variant.transmission else -1.0
        return -0.5 if named and variant.automatic and word else 0.0

    def _size_fits(self, size: int) -> bool:
        return bool(self.size and size) and abs((self.size or 0) - size) <= _VERY_SAME_SIZE

    def _names(self, name: str) -> bool:
        """Whether every word of `name` is in the text; words written together or apart are the same."""
        parts = words_of(name)
        if not parts:
            return False
        together = "".join(parts)
        if len(together) > 3 and together in self.joined:
            return True
        return all(w in self.spoken or (len(w) > 3 and w in self.joined) for w in parts)

    def _names_cut(self, name: str) -> bool:
        """Whether every word of `name` is in the text, some of them perhaps cut off ("Ref.")."""
        parts = words_of(name)
        return bool(parts) and all(w in self.spoken or any(w.startswith(c) for c in self.cut) for w in parts)

    def _names_in_part(self, name: str) -> bool:
        """Whether the text has what matters of an engine's name and says no other displacement."""
        if self.litres and not self.litres & _litres(name):
            return False
        hard = [
            w for part in _WORD.findall(name) if not _DISPLACEMENT.match(part) for w in words_of(part) if w not in _SOFT
        ]
        return bool(hard) and all(w in self.spoken for w in hard)

    def trim(self, trims: Iterable[Trim], held_back: Trim | None, *, named_engine: bool) -> tuple[Trim, bool]:
        """The trim that is named (the longest name that fits), and `True`; a nameless one if the engine is named.

        Else, and `False`, the held-back one or that of the nearest level.
        """
        there = list(trims)
        named = [t for t in there if self._names(t.nombre)] or [t for t in there if self._names_cut(t.nombre)]
        if named:
            return max(named, key=lambda t: len(t.nombre)), True
        plain = next((t for t in there if not t.nombre), None)
        if plain is not None and (named_engine or held_back is None):
            return plain, True
        if held_back is None:
            return there[0], False
        return min(there, key=lambda t: (t.nombre != held_back.nombre, abs(t.nivel - held_back.nivel))), False

    def explained_by(self, variant: Variant, trim: Trim) -> bool:
        """Whether the text holds no word that the car's own version, or neutral words, do not account for."""
        own = f"{variant.body.nombre} {variant.engine.nombre} {variant.gearbox_word} {trim.nombre}"
        power, kilowatts = variant.engine.potencia, round(variant.engine.potencia * values.KW_A_CV)
        figures = {str(power), f"{power}cv", *map(str, range(kilowatts - 1, kilowatts + 2))}
        known = {*words_of(own), *words_of(own.replace("-", " ")), *figures, *_litres_of(variant.engine.cilindrada)}
        known |= _NEUTRAL
        speeds = not self.words.isdisjoint(_SPEEDS)
        together = fold(own)
        return not self._denies(variant) and all(
            w in known
            or w.rstrip("0123456789") in known
            or _NEUTRAL_SHAPE.match(w)
            or _DOORS.match(w)
            or (speeds and len(w) == 1 and w.isdigit())
            or (len(w) > 3 and w in together)
            or (w in self.cut and any(o.startswith(w) for o in words_of(own)))
            for w in self.words
        )

    def _denies(self, variant: Variant) -> bool:
        """Whether a word that is neutral by itself says another fuel, gearbox or number of doors than the variant's."""
        own = values.fuel(variant.engine.combustible)
        for word in self.words:
            doors = _DOORS.match(word)
            if doors and int(doors[1]) != variant.body.puertas:
                return True
            if word in ("diesel", "gasolina", "electrico", "enchufable") and values.fuel(word) != own:
                return True
        if "manual" in self.words and variant.automatic:
            return True
        return not variant.automatic and not self.words.isdisjoint(_AUTOMATIC_WORDS)


def _litres(text: str) -> frozenset[str]:
    """The displacements in a text (`1.5`, `1,2T`), as `15`, `12`."""
    return frozenset(fold(w)[:2] for w in _WORD.findall(text) if _DISPLACEMENT.match(w))


def _litres_of(size: int) -> set[str]:
    """An engine's displacement as a version would write it, folded: 1498 cm³ → `15`."""
    return {f"{round(size / 1000, 1):.1f}".replace(".", "")} if size else set()
