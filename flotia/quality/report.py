"""The whole report of a stock: one pass over its rows, five sections, a score for each, three findings."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from flotia.catalogue.loader import Catalogue
from flotia.judgement.rules import Assessor
from flotia.quality import diversity, mix, provenance, uniqueness, worth, yardstick
from flotia.quality.coherence import Coherence, Tally
from flotia.quality.columns import Columns, Table, as_name
from flotia.quality.diversity import Diversity
from flotia.quality.metrics import SPECS
from flotia.quality.provenance import Provenance
from flotia.quality.statistics import Floats
from flotia.quality.uniqueness import Uniqueness
from flotia.quality.yardstick import Metric, Verdict, Yardstick

#: What each section weighs in the whole; a section without a score leaves its weight to the others.
WEIGHTS = {"coherencia": 40, "unicidad": 20, "diversidad": 10, "realismo": 30}
#: Edges of the price histogram's bins, euro: cheaper and dearer cars fall in the first and the last.
PRICE_EDGES: tuple[int, ...] = tuple(range(0, 80_001, 2_500))


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn: five quantiles of price and kilometres by age, and the share of cars by price bin."""

    price_by_age: Mapping[str, Mapping[str, float]]
    km_by_age: Mapping[str, Mapping[str, float]]
    price_shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The quality of `rows` vehicles from `source`; `missing` are contract columns that the source lacks."""

    source: str
    today: date
    rows: int
    missing: tuple[str, ...]
    coherence: Coherence
    uniqueness: Uniqueness
    diversity: Diversity
    realism: tuple[Metric, ...]
    provenance: Provenance
    curves: Curves
    yardstick: Yardstick

    @property
    def scores(self) -> dict[str, float | None]:
        """0 to 100 by section; `None` where the stock allows none.

        Coherence: share of rows without an error. Uniqueness: share of rows that repeat no other, times that of texts
        that do not. Diversity: the market's concentration over this one's, brands and models. Realism: mean credit of
        the metrics with a verdict (1 within, else allowed distance over distance).
        """
        credits_ = [c for m in self.realism if (c := m.credit) is not None]
        return {
            "coherencia": self.coherence.score,
            "unicidad": self.uniqueness.score,
            "diversidad": self.diversity.score,
            "realismo": 100 * sum(credits_) / len(credits_) if credits_ else None,
        }

    @property
    def score(self) -> float:
        """0 to 100: the sections' mean by `WEIGHTS`."""
        given = {name: score for name, score in self.scores.items() if score is not None}
        return sum(WEIGHTS[name] * score for name, score in given.items()) / sum(WEIGHTS[name] for name in given)

    def verdicts(self, verdict: Verdict) -> list[Metric]:
        """The metrics with that verdict."""
        return [m for m in self.realism if m.verdict is verdict]


def measure(
    rows: Iterable[Mapping[str, Any]],
    *,
    source: str,
    today: date | None = None,
    catalogue: Catalogue,
    missing: tuple[str, ...] = (),
) -> Report | None:
    """Score `rows` (the contract's field names) in one pass, or `None` if there are none.

    `source` is how the report calls them. Without `today` each row is of the day its own dates say (reception plus days in
    stock), and one that says none of the clock's. Memory: about 400 bytes a row.
    """
    reference = today or date.today()  # noqa: DTZ011 - the user's day
    columns, vins = Columns(reference), deque[str]()
    assessor = Assessor(catalogue, today=today)
    tally = Tally(assessor.rules)

    def passing() -> Iterator[Mapping[str, Any]]:
        for row in rows:
            columns.add(row)
            vins.append(as_name(row.get("bastidor")) or "")
            yield row

    for assessment in assessor.assess_all(passing()):
        tally.add(vins.popleft(), assessment)
    if not columns.rows:
        return None
    table, coherence, market = columns.table(catalogue), tally.result(), yardstick.load()
    figures = dict(mix.measure(table, market)) | dict(worth.measure(table, catalogue))
    return Report(
        source=source, today=reference, rows=table.rows, missing=missing, coherence=coherence,
        uniqueness=uniqueness.measure(table), diversity=diversity.measure(table, market),
        realism=tuple(yardstick.compare(spec, figures.get((spec.key, spec.part)), market) for spec in SPECS),
        provenance=provenance.measure(table, coherence.wrong), curves=_curves(table), yardstick=market,
    )  # fmt: skip


def _curves(table: Table) -> Curves:
    price: Floats = np.where(table.price > 0, table.price, np.nan)
    known = price[~np.isnan(price)]
    counts, _ = np.histogram(np.clip(known, PRICE_EDGES[0], PRICE_EDGES[-1] - 1), PRICE_EDGES)
    return Curves(
        price_by_age=worth.bands_by_age(table, price)[0], km_by_age=worth.bands_by_age(table, table.km)[0],
        price_shares=tuple((counts / max(len(known), 1)).tolist()),
    )  # fmt: skip
