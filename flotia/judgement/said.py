"""What a version's text says, in comparable form, and whether it means a car of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flotia.catalogue.loader import fold
from flotia.catalogue.schema import Trim
from flotia.judgement import values
from flotia.judgement.traits import LONG, WORD, CarTraits, EngineTraits, Name, comparable, litres, words_of

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
#: Words (folded, shortest first met) of at least this length may be cut off with a full stop: "Ref." is Reference.
_SHORTEST_CUT = 3
_LONGEST = 80
#: What it counts that an engine is named (more if the name is longer), or named in part.
NAMED, LONGER_NAME, _NAMED_IN_PART = 7.0, 0.25, 3.0
_AUTOMATIC_WORDS = frozenset(("aut", "auto", "automatic", "automatico", "automatica"))
_FUEL_WORDS = frozenset(("diesel", "gasolina", "electrico", "enchufable"))
_SPEEDS = frozenset(("vel", "velocidades", "marchas"))
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True, eq=False)
class VersionText:
    """A version's text. `unaccounted` are the words that a car has to account for: all but the neutral ones.

    `powered` says that it names a power; `doors` and `fuels` are what neutral words say of them, `automatic` and `manual`
    whether one says so. The names of brand and model are left out of `words` if there are others.
    """

    text: str
    words: frozenset[str]
    unaccounted: frozenset[str]
    spoken: frozenset[str]
    cut: tuple[str, ...]
    joined: str
    litres: frozenset[str]
    powered: bool
    doors: frozenset[int]
    fuels: frozenset[str | None]
    automatic: bool
    manual: bool
    _naming: dict[EngineTraits, float] = field(default_factory=dict)

    def naming(self, engine: EngineTraits) -> float:
        """How well the text names an engine: 0 if it does not."""
        found = self._naming.get(engine)
        if found is None:
            if self.names(engine.name):
                found = NAMED + LONGER_NAME * len(engine.name.text)
            else:
                found = _NAMED_IN_PART if self.speaks_of_power(engine) and self._names_in_part(engine) else 0.0
            self._naming[engine] = found
        return found

    def speaks_of_power(self, engine: EngineTraits) -> bool:
        """Whether the engine's power is in the text, in CV or kW."""
        return not self.words.isdisjoint(engine.powers)

    def names(self, name: Name) -> bool:
        """Whether every word of `name` is in the text; words written together or apart are the same."""
        if not name.words:
            return False
        if name.distinct <= self.spoken or (name.together and name.together in self.joined):
            return True
        return all(w in self.spoken or (len(w) > LONG and w in self.joined) for w in name.words)

    def _names_cut(self, name: Name) -> bool:
        """Whether every word of `name` is in the text, some of them perhaps cut off ("Ref.")."""
        return bool(name.words) and all(w in self.spoken or w.startswith(self.cut) for w in name.words)

    def _names_in_part(self, engine: EngineTraits) -> bool:
        """Whether the text has what matters of an engine's name and says no other displacement."""
        if self.litres and self.litres.isdisjoint(engine.litres):
            return False
        return bool(engine.hard) and engine.hard <= self.spoken

    def trim(
        self, trims: Sequence[tuple[Trim, Name]], held_back: Trim | None, *, named_engine: bool
    ) -> tuple[Trim, Name, bool]:
        """The trim that is named (the longest name that fits), and `True`; a nameless one if the engine is named.

        Else, and `False`, the held-back one or that of the nearest level.
        """
        named = [t for t in trims if self.names(t[1])]
        if not named and self.cut:
            named = [t for t in trims if self._names_cut(t[1])]
        if named:
            return *max(named, key=lambda t: len(t[0].nombre)), True
        plain = next((t for t in trims if not t[0].nombre), None)
        if plain is not None and (named_engine or held_back is None):
            return *plain, True
        if held_back is None:
            return *trims[0], False
        nearest = min(trims, key=lambda t: (t[0].nombre != held_back.nombre, abs(t[0].nivel - held_back.nivel)))
        return *nearest, False

    def explained_by(self, car: CarTraits, trim: Name) -> bool:
        """Whether the text holds no word that the car's own version, or neutral words, do not account for."""
        if self._denies(car):
            return False
        rest = self.unaccounted - car.engine.known - trim.known - car.body.known - car.gearbox.known
        return not rest or self._nearly_known(rest, car, trim)

    def _nearly_known(self, words: frozenset[str], car: CarTraits, trim: Name) -> bool:
        """Whether each of `words` is one of the version's in another form: with a figure, written together, cut off."""
        names = (car.body, car.engine.name, car.gearbox, trim)
        known = _NEUTRAL.union(car.engine.known, *(n.known for n in names))
        own = [w for n in names for w in n.words]
        together = fold(" ".join([n.text for n in names]))
        speeds = not self.words.isdisjoint(_SPEEDS)
        return all(
            w.rstrip(_DIGITS) in known
            or _DOORS.match(w)
            or (speeds and len(w) == 1 and w.isdigit())
            or (len(w) > LONG and w in together)
            or (w in self.cut and any(o.startswith(w) for o in own))
            for w in words
        )

    def _denies(self, car: CarTraits) -> bool:
        """Whether a word that is neutral by itself says another fuel, gearbox or number of doors than the car's."""
        if self.doors and self.doors != {car.variant.body.puertas}:
            return True
        if self.fuels and self.fuels != {values.fuel(car.engine.fuel)}:
            return True
        return self.manual if car.variant.automatic else self.automatic


def said_in(text: Any, brand: str, model: str) -> VersionText:
    """What a version's text (whatever it is) says, brand and model apart."""
    return _read(text if isinstance(text, str) and len(text) <= _LONGEST else "", brand, model)


@lru_cache(maxsize=4096)
def _read(text: str, brand: str, model: str) -> VersionText:
    text = " ".join(text.split())
    parts = WORD.findall(text)
    every = comparable(parts)
    names = words_of(f"{brand} {model}")
    words = frozenset([w for w in every if w not in names] or every)
    return VersionText(
        text=text,
        words=words,
        unaccounted=frozenset([w for w in words - _NEUTRAL if not _NEUTRAL_SHAPE.match(w)]),
        spoken=frozenset([*every, *[w.rstrip(_DIGITS) for w in every]]),  # a DSG-7 is a DSG
        cut=tuple([w for p in parts if p.endswith(".") and len(w := fold(p)) >= _SHORTEST_CUT]),
        joined="".join(every),
        litres=litres(parts),
        powered=_SAYS_POWER.search(text) is not None,
        doors=frozenset([int(w[0]) for w in words if _DOORS.match(w)]),
        fuels=frozenset(map(values.fuel, words & _FUEL_WORDS)),
        automatic=not words.isdisjoint(_AUTOMATIC_WORDS),
        manual="manual" in words,
    )
