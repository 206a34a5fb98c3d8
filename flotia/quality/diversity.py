"""How varied a stock is: how many brands, models and versions, and how unevenly they share it."""

from __future__ import annotations

from dataclasses import dataclass

from flotia.quality import statistics
from flotia.quality.columns import Named, Table
from flotia.quality.yardstick import REFERENCE, Yardstick

#: Names shown as the most frequent ones.
_TOP = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """How the rows spread over names: `hhi` is free of the bias of small sets, `entropy` in nats.

    `reference_hhi` is the market's, `None` where it has none. `top` are the most frequent names with their shares.
    """

    names: int
    rows: int
    hhi: float
    entropy: float
    effective: float
    top: tuple[tuple[str, float], ...]
    reference_hhi: float | None

    @property
    def score(self) -> float | None:
        """100 when no more concentrated than the market, else the market's HHI over this one."""
        if self.reference_hhi is None:
            return None
        return 100.0 if self.hhi <= self.reference_hhi else 100 * self.reference_hhi / self.hhi


@dataclass(frozen=True, slots=True)
class Diversity:
    """Brands, models and versions; `None` where the stock has no such column."""

    brands: Spread | None
    models: Spread | None
    versions: Spread | None

    @property
    def score(self) -> float | None:
        """The mean of brands' and models' scores."""
        each = [s.score for s in (self.brands, self.models) if s is not None and s.score is not None]
        return sum(each) / len(each) if each else None


def measure(table: Table, yardstick: Yardstick) -> Diversity:
    """Count the names of a stock."""
    hhi = {key: yardstick.figures[f"concentracion_{key}"][REFERENCE]["hhi"] for key in ("marcas", "modelos")}
    return Diversity(
        _spread(table.brand, hhi["marcas"]), _spread(table.model, hhi["modelos"]), _spread(table.version, None)
    )


def _spread(column: Named, reference_hhi: float | None) -> Spread | None:
    counts = column.counts()
    if not counts:
        return None
    each, n = list(counts.values()), sum(counts.values())
    return Spread(
        names=len(each), rows=n, hhi=statistics.herfindahl(each), entropy=statistics.entropy(each),
        effective=statistics.effective_number(each),
        top=tuple((name, count / n) for name, count in list(counts.items())[:_TOP]), reference_hhi=reference_hhi,
    )  # fmt: skip
