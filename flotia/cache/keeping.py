"""What of a run goes into the cache: rows of models that stood, written together now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flotia.cache.answers import AnswerCache, CachedRow, Place
from flotia.judgement.judge import Verdict
from flotia.ports import Clock

#: Rows are written at most this often, in seconds; a crash loses what came since.
_WRITE_EVERY = 1.0
#: A row of which none of these is the model's has nothing to give to another car.
_WORTH_KEEPING = frozenset(("version", "equipamiento", "descripcion"))


@dataclass(slots=True)
class Keeper:
    """Collects a run's rows for the cache."""

    cache: AnswerCache
    catalogue: str
    clock: Clock
    _rows: list[CachedRow] = field(default_factory=list)
    _written: float = field(init=False)

    def __post_init__(self) -> None:
        self._written = self.clock.now()

    async def add(self, verdicts: Mapping[int, tuple[Verdict, str]]) -> None:
        """Keep what stands of those verdicts, each with the model that gave it; writes if it has not for a while."""
        self._rows += [row for verdict, model in verdicts.values() if (row := row_of(verdict, model))]
        if self.clock.now() - self._written >= _WRITE_EVERY:
            await self.write()

    async def write(self) -> None:
        """Write what has been collected."""
        rows, self._rows = self._rows, []
        self._written = self.clock.now()
        if rows:
            await self.cache.keep(self.catalogue, rows)


def row_of(verdict: Verdict, model: str) -> CachedRow | None:
    """What another run can use of a verdict. Nothing of one on a car that no catalogue knows, or where little stands."""
    if verdict.refused or verdict.own or _WORTH_KEEPING.isdisjoint(verdict.kept):
        return None
    facts, engine = verdict.facts, verdict.facts.variant.engine
    said: dict[str, Any] = {
        "version": facts.version, "combustible": engine.combustible, "transmision": facts.variant.transmission,
        "cilindrada": engine.cilindrada or None, "potencia": engine.potencia, "kilometros": facts.kilometres,
        "precio_venta": str(facts.price), "color": facts.colour, "campos_ia": list(verdict.kept),
    }  # fmt: skip
    if verdict.equipment is not None:
        said["equipamiento"] = list(verdict.equipment)
    if verdict.description is not None:
        said["descripcion"] = verdict.description
    place = Place(facts.variant.brand.marca, facts.variant.model.nombre, facts.registered.year)
    return CachedRow(place, model, said)
