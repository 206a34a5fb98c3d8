"""Where the rows come from: origin, model, and how much of what a model may supply it did supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flotia.quality.columns import Named, Table
from flotia.vehicle import MODEL_FIELDS


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one origin or model: how many have an error, and the share of rows in which each field is the model's."""

    name: str
    rows: int
    wrong: int
    kept: dict[str, float]

    @property
    def fields(self) -> float:
        """Mean number of the fields of `MODEL_FIELDS` that are the model's."""
        return sum(self.kept.values())


@dataclass(frozen=True, slots=True)
class Provenance:
    """Rows by origin and by model, most frequent first."""

    origins: tuple[Source, ...]
    models: tuple[Source, ...]


def measure(table: Table, wrong: NDArray[np.bool_]) -> Provenance:
    """Count rows by where they come from; `wrong` (shape `(rows,)`) says which have an error."""
    return Provenance(_sources(table, table.origin, wrong), _sources(table, table.ai_model, wrong))


def _sources(table: Table, column: Named, wrong: NDArray[np.bool_]) -> tuple[Source, ...]:
    found = []
    for name, rows in column.counts().items():
        where = column.is_(name)
        kept = {field: float((table.kept[where] >> i & 1).mean()) for i, field in enumerate(MODEL_FIELDS)}
        found.append(Source(name, rows, int(wrong[where].sum()), kept))
    return tuple(found)
