"""Drawing among weighted options, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


#: The largest number that may be added to a row's without rounding to the next row's.
_ALMOST_ONE = 1 - 2.0**-40
#: Steps from the guide's option onwards before a search by halves is quicker.
_STEPS = 2


class Wheel:
    """Rows of weighted options; a draw takes one option of one row for each number.

    Indexed search (Chen and Asau, AIIE Transactions 6, 1974): a guide names an option at or before the right one, so a
    draw costs the same however many options there are. The same number always gives the same option.
    """

    def __init__(self, weights: NDArray[Any], *, buckets: int | None = None) -> None:
        """`weights` has the shape `(rows, options)`; each row needs some weight. `buckets` a row make up the guide."""
        rows, options = weights.shape
        running: Floats = np.cumsum(weights, axis=1, dtype=np.float64)
        running /= running[:, -1:]
        for row, last in enumerate((weights > 0)[:, ::-1].argmax(axis=1)):
            running[row, options - 1 - int(last) :] = 1.0
        self._options = options
        self._edges: Floats = (running + np.arange(rows)[:, None]).ravel()
        self._buckets = buckets or 4 * options
        marks = np.arange(rows * self._buckets) / self._buckets
        self._guide = np.searchsorted(self._edges, marks, side="right").astype(np.int32)

    @classmethod
    def of(cls, tables: Sequence[Sequence[float]]) -> Wheel:
        """A wheel of rows that may differ in length."""
        width = max(map(len, tables))
        return cls(np.array([[*row, *[0.0] * (width - len(row))] for row in tables]))

    def draw(self, uniform: Floats, row: NDArray[Any] | int = 0) -> Ints:
        """An option of `row` for each number of `uniform` (in [0, 1)); shape `(n,)`."""
        at = np.minimum(uniform, _ALMOST_ONE) + row
        found = self._guide[(at * self._buckets).astype(np.int64)]
        for _ in range(_STEPS):
            found += self._edges[found] <= at
        far = np.flatnonzero(self._edges[found] <= at)  # where many small options share a bucket
        found[far] = np.searchsorted(self._edges, at[far], side="right")
        return found - np.multiply(row, self._options, dtype=np.int32)
