"""The compact wording: one JSON list a vehicle, so that one request brings three times as many.

A free account's scarce thing is the request, and an answer's length is limited: a vehicle takes 275 tokens as an object with
two or three sentences, 124 as a list with one or two (counted with SmolLM2's tokenizer, which is on the high side in Spanish,
by `python -m bench.tokens`). Keys are half of an object's figures, and what the slot has said already need not come back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flotia.dialogue import prompt, reading
from flotia.dialogue.reading import Reading
from flotia.planner import Slot

#: What a list holds, in its order.
COLUMNS = (
    "id", "version", "transmision", "cilindrada", "potencia", "kilometros", "precio_venta", "color", "equipamiento",
    "descripcion",
)  # fmt: skip
#: With fewer values a list is no vehicle.
_FEWEST = 6
_GEARBOXES = {"M": "Manual", "A": "Automática"}
_ROW_START = re.compile(r"\[\s*\"?\d{1,9}\"?\s*,")
_MOST_ROWS, _MOST_TRIES = 500, 1000
_TEXT, _NUMBER = {"type": "string"}, {"type": "number"}
_VALUE = {"anyOf": [_TEXT, _NUMBER, {"type": "null"}, {"type": "array", "items": _TEXT}]}
_SCHEMA = {
    "type": "object",
    "properties": {"v": {"type": "array", "items": {"type": "array", "items": _VALUE}}},
    "required": ["v"],
    "additionalProperties": False,
}
_TASK = """Completa estas {n} fichas, una por línea (id; marca; modelo; año; combustible; km; precio):

{lines}

Devuelve {{"v":[…]}} con exactamente {n} listas, una por ficha y sin claves, en una sola línea cada una y en este orden:
[id,"versión","cambio",cilindrada,potencia,kilometros,precio,"color",["equipamiento"],"descripción"]
id: el de la ficha
versión: motor y acabado reales de ese modelo y año, como en un anuncio ("{example}"), sin repetir marca ni modelo
cambio: "M" (manual) o "A" (automático)
cilindrada: cm³ exactos (null si es eléctrico); potencia: CV
kilometros y precio: enteros dentro de los intervalos de la ficha, acordes entre sí y con la versión
color: en español
equipamiento: 3 o 4 elementos reales de ese acabado
descripción: una o dos frases de venta en español, de 15 a 25 palabras; distintas en cada ficha; sin teléfonos, webs, \
precios ni dueños

Ningún dato de una ficha puede contradecir a otro de la misma."""


class ListDialogue:
    """Asks for lists; reads objects too, for models that cannot be talked out of them."""

    def messages(self, slots: Sequence[Slot]) -> tuple[str, str]:
        """The system and the user message."""
        lines = "\n".join(map(prompt.line, slots))
        return prompt.SYSTEM, _TASK.format(n=len(slots), lines=lines, example=slots[0].facts.version)

    def schema(self, slots: Sequence[Slot]) -> dict[str, Any] | None:  # noqa: ARG002 - one for all
        """Lists of texts, numbers and lists of texts: which is which is the wording's to say."""
        return _SCHEMA

    def read(self, text: str) -> Reading:
        """The rows of an answer; an empty reading if there is none."""
        strict = reading.decode(text)
        lists = _lists_in(strict)
        if not lists:
            as_objects = reading.read(text)
            if as_objects.rows:
                return as_objects
            lists = _salvaged(reading.without_thoughts(text))
        return Reading(tuple(map(_row, lists)), clean=strict is not None)


def _lists_in(value: Any) -> list[list[Any]]:
    """The lists that are vehicles in a decoded value: its items, or those of the first of its values that has some."""
    if isinstance(value, dict):
        return next(filter(None, map(_lists_in, list(value.values())[:10])), [])
    if not isinstance(value, list):
        return []
    return [v for v in value[:_MOST_ROWS] if _is_row(v)]


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= _FEWEST and isinstance(value[0], int | str)


def _salvaged(text: str) -> list[list[Any]]:
    """The whole lists in a text that is no JSON from end to end; half a list is lost, never guessed at."""
    found: list[list[Any]] = []
    at = tries = 0
    while len(found) < _MOST_ROWS and tries < _MOST_TRIES and (start := _ROW_START.search(text, at)):
        tries += 1
        value, end = reading.decode_at(text, start.start())
        if _is_row(value):
            found.append(value)
        at = end if end > start.start() else start.start() + 1
    return found


def _row(values: list[Any]) -> dict[str, Any]:
    row = dict(zip(COLUMNS, values, strict=False))
    row["transmision"] = _GEARBOXES.get(str(row["transmision"]).strip().upper(), row["transmision"])
    return row
