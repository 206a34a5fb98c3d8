"""The wording of a call for the small embedded model: it chooses among what it is given, and nothing else.

A 135-million-parameter model writes poor Spanish and repeats itself when it samples, so it is asked for little: for
each slot a version, a colour and three entries of equipment, each out of a short list of what is possible for that
slot. A JSON schema with those lists keeps it to them. The sales text is code's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flotia.catalogue.loader import Catalogue
from flotia.dialogue import reading
from flotia.dialogue.reading import Reading
from flotia.planner import Slot
from flotia.synth.dice import Dice, Purpose
from flotia.synth.equipment import EquipmentColumns

_VERSIONS, _COLOURS, _OFFERED, _PICKED = 4, 4, 5, 3
_SYSTEM = "Eliges datos de coches de ocasión. Respondes en JSON."


class Choices:
    """Makes the lists for the slots of one run; the same slot always gets the same lists."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._seed = catalogue, seed
        self._carried = EquipmentColumns(catalogue)

    def messages(self, slots: Sequence[Slot]) -> tuple[str, str]:
        """The system and the user message that ask for `slots`."""
        lines = "; ".join(
            f"{s.index}: {s.facts.variant.brand.marca} {s.facts.variant.model.nombre} de {s.facts.registered.year}"
            for s in slots
        )
        return _SYSTEM, f"Elige versión, color y equipamiento de cada coche. {lines}"

    def schema(self, slots: Sequence[Slot]) -> dict[str, Any]:
        """The JSON schema that holds every list: one array a slot, in the slots' order.

        Arrays and not objects, because each token of a key or an indentation costs as much as one of the answer.
        """
        rows = _tuple([self._row(s) for s in slots])
        return {"type": "object", "properties": {"v": rows}, "required": ["v"], "additionalProperties": False}

    def read(self, text: str) -> Reading:
        """The rows of an answer in the shape that the judge expects."""
        found = reading.decode(text)
        lists = found.get("v") if isinstance(found, dict) else None
        rows = [
            {"id": r[0], "version": r[1], "color": r[2], "equipamiento": r[3:]}
            for r in (lists if isinstance(lists, list) else [])
            if isinstance(r, list) and len(r) >= 3
        ]
        return Reading(tuple(rows), clean=bool(rows))

    def _row(self, slot: Slot) -> dict[str, Any]:
        dice = Dice(self._seed, Purpose.CHOICES, slot.index)
        parts: list[dict[str, Any]] = [{"const": slot.index}, {"enum": self._versions(slot, dice)}]
        parts.append({"enum": self._colours(slot, dice)})
        parts.extend({"enum": column} for column in self._equipment(slot, dice))
        return _tuple(parts)

    def _versions(self, slot: Slot, dice: Dice) -> list[str]:
        """The held-back version and some others of that model and year with the same fuel, in any order."""
        facts, own = slot.facts, slot.facts.variant
        table = self._catalogue.table(facts.registered.year, own.brand.marca)
        near = [
            v.version(t)
            for v in (table.of_model(own.model.nombre) if table else ())
            if v.engine.combustible == own.engine.combustible
            and abs(v.engine.potencia - own.engine.potencia) <= 30 and v.body is own.body
            for t in v.trims(facts.registered.year)
            if abs(v.list_price(t) / own.list_price(facts.trim) - 1) < 0.15
        ]  # fmt: skip
        others = [v for v in dict.fromkeys(near) if v != facts.version]
        return dice.shuffled([facts.version, *dice.sample(others, _VERSIONS - 1)])

    def _colours(self, slot: Slot, dice: Dice) -> list[str]:
        shares = self._catalogue.market.colours(slot.facts.registered.year, slot.facts.variant.model.segmento)
        names, weights = list(shares), list(shares.values())
        drawn = [dice.weighted(names, weights) for _ in range(_COLOURS - 1)]
        return dice.shuffled(list(dict.fromkeys([slot.facts.colour, *drawn])))

    def _equipment(self, slot: Slot, dice: Dice) -> list[list[str]]:
        facts = slot.facts
        there = self._carried.possible(facts.variant, facts.trim, facts.registered.year)
        offered = dice.shuffled(dice.sample(there, _OFFERED * _PICKED))
        return [offered[i::_PICKED] for i in range(_PICKED)]


def _tuple(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
