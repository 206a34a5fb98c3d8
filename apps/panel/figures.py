"""A chart as data: drawn by `charts.js`, and read as a table by whoever cannot or will not look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

Text = str | Promise
#: Where there is no value.
NOTHING = "–"


class Kind(StrEnum):
    """How a chart is drawn."""

    BARS = "bars"
    STACKED = "stacked"
    ACROSS = "across"
    LINES = "lines"


class Colour(StrEnum):
    """A colour, by the custom property that holds it for light and dark."""

    FIRST = "--chart-1"
    SECOND = "--chart-2"
    THIRD = "--chart-3"
    FOURTH = "--chart-4"
    FIFTH = "--chart-5"
    BAND = "--chart-band"


@dataclass(frozen=True, slots=True)
class Series:
    """Values under a name, one for each label of its chart; `band` fills up to the next series."""

    name: Text
    values: Sequence[float | None]
    colour: Colour
    dashed: bool = False
    band: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart. `says` is its text alternative: what is to be seen, in a sentence. `head` names the labels."""

    key: str
    title: Text
    says: Text
    head: Text
    kind: Kind
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    decimals: int = 0

    @property
    def data(self) -> dict[str, Any]:
        """What the script draws."""
        return {
            "kind": self.kind,
            "labels": [_short(label) for label in self.labels],
            "unit": self.unit,
            "decimals": self.decimals,
            "series": [
                {"name": str(s.name), "values": list(s.values), "colour": s.colour, "dashed": s.dashed, "band": s.band}
                for s in self.series
            ],
        }

    @property
    def headers(self) -> list[Text]:
        """The first row of the table."""
        unit = f" ({self.unit})" if self.unit else ""
        return [self.head, *(f"{s.name}{unit}" for s in self.series)]

    @property
    def rows(self) -> list[list[str]]:
        """The rest of the table."""
        return [
            [label, *(figure(s.values[place], self.decimals) for s in self.series)]
            for place, label in enumerate(self.labels)
        ]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for s in self.series for value in s.values)


_LONGEST = 34


def _short(label: str) -> str:
    """A label that leaves room for its bar: names of models are told apart by their end."""
    return label if len(label) <= _LONGEST else "…" + label[-_LONGEST + 1 :]


def figure(value: float | None, decimals: int = 0) -> str:
    """A figure as Spaniards write it; a dash for none."""
    if value is None:
        return NOTHING
    return f"{value:,.{decimals}f}".translate({ord(","): ".", ord("."): ","})


def percent(value: float | None) -> str:
    """A figure in percent."""
    return NOTHING if value is None else f"{figure(value)}\u00a0%"
