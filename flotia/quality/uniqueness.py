"""Whether vehicles repeat each other: identities, the whole offer, the wording of their texts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from flotia.quality import statistics
from flotia.quality.columns import Table

#: Two texts are alike when they share more than this part of their words (Jaccard): the judge's limit too.
ALIKE = 0.8
#: Comparisons of two texts before the rest is left unread; a stock of very like texts stops here, others never.
_MOST_COMPARISONS = 30_000_000
#: Words that are compared as bits, a multiple of 64.
_BITS = 2048


@dataclass(frozen=True, slots=True)
class Texts:
    """How like each other the descriptions are: of `compared` out of `total`, `alike` have a near-duplicate."""

    total: int
    compared: int
    alike: int

    @property
    def share(self) -> float:
        """Share of the compared texts that have a near-duplicate among them."""
        return self.alike / self.compared if self.compared else 0.0


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """Rows that repeat an earlier one by VIN, by plate, by the whole offer, by any; `None` without the columns."""

    vin: int | None
    plate: int | None
    offer: int | None
    any: int
    rows: int
    texts: Texts

    @property
    def score(self) -> float:
        """0 to 100: the share of rows that repeat nothing, times the share of texts that do not."""
        return 100 * (1 - self.any / self.rows) * (1 - self.texts.share)


def measure(table: Table) -> Uniqueness:
    """Count the repetitions of a stock with at least one row."""
    vin, plate, offer = _names_again(table.vin), _names_again(table.plate), _offers_again(table)
    repeats = np.zeros(table.rows, dtype=bool)
    for found in (vin, plate, offer):
        if found is not None:
            repeats |= found
    return Uniqueness(
        vin=_count(vin), plate=_count(plate), offer=_count(offer), any=int(repeats.sum()), rows=table.rows,
        texts=near_duplicates(table.texts, table.texts_seen),
    )  # fmt: skip


def _count(found: statistics.Bools | None) -> int | None:
    return None if found is None else int(found.sum())


def _names_again(names: Sequence[str]) -> statistics.Bools | None:
    """Which rows bear a name that came before; a row without one repeats nothing."""
    seen: set[str] = set()
    again = np.zeros(len(names), dtype=bool)
    for i, name in enumerate(names):
        if name in seen:
            again[i] = True
        elif name:
            seen.add(name)
    return again if seen else None


def _offers_again(table: Table) -> statistics.Bools | None:
    """Which rows repeat version, year, kilometres, colour and price of an earlier one; all five have to be there."""
    numbers = (table.year, table.km, table.price)
    whole = table.version.known & table.colour.known & ~np.isnan(numbers).any(axis=0)
    if not whole.any():
        return None
    columns = (table.model.codes, table.version.codes, table.colour.codes, *numbers)
    again = np.zeros(table.rows, dtype=bool)
    again[whole] = statistics.repeated(*(c[whole] for c in columns))
    return again


def near_duplicates(texts: Sequence[str], total: int | None = None) -> Texts:
    """Count the texts that have another with more than `ALIKE` of their words in common.

    Exact for the texts compared, without comparing all with all: of two sets that alike, the rarest words of the one
    hold at least one of the rarest of the other (prefix filter of Bayardo, Ma and Srikant, 2007). What is left is
    counted by bits for the most frequent words, and word by word where those do not decide.
    """
    copies = Counter(s for text in texts if (s := frozenset(re.findall(r"\w+", text.lower()))))
    order = sorted(copies, key=len)
    place = {word: i for i, (word, _) in enumerate(Counter(w for s in copies for w in s).most_common())}
    bits, sizes = _bits(order, place), np.array([len(s) for s in order])
    others = sizes - np.bitwise_count(bits).sum(axis=1)
    alike: set[int] = set()
    index: dict[str, list[int]] = defaultdict(list)
    comparisons = read = 0
    for number, words in enumerate(order):
        if comparisons > _MOST_COMPARISONS:
            break
        read += copies[words]
        if copies[words] > 1:
            alike.add(number)
        size = len(words)
        prefix = sorted(words, key=place.__getitem__, reverse=True)[: size - ceil(ALIKE * size) + 1]
        near = np.fromiter(set().union(*(index[word] for word in prefix)), dtype=np.int64)
        near = near[sizes[near] > ALIKE * size]
        comparisons += len(near)
        most = np.bitwise_count(bits[near] & bits[number]).sum(axis=1) + np.minimum(others[near], others[number])
        for other in near[most > ALIKE * (size + sizes[near] - most)].tolist():
            if _jaccard(words, order[other]) > ALIKE:
                alike |= {number, other}
        for word in prefix:
            index[word].append(number)
    return Texts(len(texts) if total is None else total, read, sum(copies[order[i]] for i in alike))


def _bits(sets: Sequence[frozenset[str]], place: dict[str, int]) -> NDArray[np.uint64]:
    """The `_BITS` most frequent words of each set as bits (shape `(n, _BITS / 64)`); `place` ranks them from 0."""
    found = np.zeros((len(sets), _BITS // 64), dtype=np.uint64)
    for i, words in enumerate(sets):
        for word in words:
            if (at := place[word]) < _BITS:
                found[i, at // 64] |= np.uint64(1 << at % 64)
    return found


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
