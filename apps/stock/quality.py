"""The quality of the stock, measured on no more vehicles than a page can wait for."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from apps.stock.models import Vehiculo
from flotia.catalogue.loader import Catalogue
from flotia.quality.metrics import REPETITION_SAMPLE
from flotia.quality.report import Report
from flotia.quality.report import measure as measure_rows
from flotia.vehicle import FIELDS

#: As many vehicles as the market's own sample has: every figure gets its verdict, in about ten seconds.
SAMPLE = REPETITION_SAMPLE
_KEYS_AT_A_TIME, _ROWS_AT_A_TIME = 10_000, 500
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Measured:
    """A report, of how many vehicles in stock it is a sample, and the seconds it took."""

    report: Report
    stock: int
    seconds: float

    @property
    def is_sample(self) -> bool:
        """Whether there are vehicles that were not looked at."""
        return self.stock > self.report.rows


def measure(most: int = SAMPLE) -> Measured | None:
    """Measure the stock, or `most` vehicles drawn from it; `None` if it is empty. The same stock gives the same sample."""
    begin = time.monotonic()
    keys, stock = _drawn(most)
    report = measure_rows(_rows(keys), source="Stock", catalogue=Catalogue.load())
    return None if report is None else Measured(report, stock, time.monotonic() - begin)


def _drawn(most: int) -> tuple[list[str], int]:
    """So many keys, each as likely as any other, in one pass over the index; and how many there are."""
    dice = random.Random(_SEED)
    every = Vehiculo.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=_KEYS_AT_A_TIME)
    keys = list(islice(every, most))
    stock = len(keys)
    for key in every:
        stock += 1
        if (place := dice.randrange(stock)) < most:
            keys[place] = key
    return sorted(keys), stock


def _rows(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    for begin in range(0, len(keys), _ROWS_AT_A_TIME):
        some = keys[begin : begin + _ROWS_AT_A_TIME]
        yield from Vehiculo.objects.filter(pk__in=some).order_by("pk").values(*FIELDS)
