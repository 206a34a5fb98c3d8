"""How rows are written down: as objects with the fields' names, or as lists in a fixed order, as the prompt asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
#: A prompt that holds this asks for lists.
LISTS_MARK = '{"v":['
_GEARBOXES = {"Manual": "M", "Automática": "A"}


@dataclass(frozen=True)
class Wording:
    """One of the two forms. `opening` is what an answer begins with, `started` how a row begins that never ends, `draft` a
    row that is thought of and dropped.
    """

    lists: bool
    opening: str
    started: str
    draft: str

    def items(self, rows: list[Row]) -> list[Any]:
        """`rows` as they stand inside an answer."""
        return [_as_list(r) for r in rows] if self.lists else rows

    def lines(self, rows: list[Row]) -> list[str]:
        """`rows` as JSON, one by one."""
        return [self._dumped(item) for item in self.items(rows)]

    def bare(self, rows: list[Row]) -> str:
        """`rows` as a JSON list without anything around it."""
        return self._dumped(self.items(rows))

    def text(self, rows: list[Row]) -> str:
        """`rows` as the answer that was asked for."""
        return self.opening + self.bare(rows)[1:] + "}"

    def others(self, rows: list[Row]) -> list[Row]:
        """`rows` about another car: its brand and model where they are said, else a version of it."""
        if self.lists:
            return [{**r, "version": "Koral 55 GVL", "cilindrada": 1116, "potencia": 55} for r in rows]
        return [{**r, "marca": "Zastava", "modelo": "Yugo"} for r in rows]

    def _dumped(self, value: Any) -> str:
        # Models copy the form of the request's example: lists are asked for without blanks.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":") if self.lists else None)


OBJECTS = Wording(lists=False, opening='{"vehiculos": [', started='{"id": ', draft='{"id": 1}')
LISTS = Wording(lists=True, opening=LISTS_MARK, started="[1", draft='[1,"Base"]')


def wording_of(prompt: str) -> Wording:
    """The form that `prompt` asks for."""
    return LISTS if LISTS_MARK in prompt else OBJECTS


def _as_list(row: Row) -> list[Any]:
    return [
        row["id"], row["version"], _GEARBOXES.get(row["transmision"], row["transmision"]), row["cilindrada"], row["potencia"],
        row["kilometros"], row["precio_venta"], row["color"], row["equipamiento"], row["descripcion"],
    ]  # fmt: skip
