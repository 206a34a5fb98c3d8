"""Whether a sales text sounds like one that was met before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from math import ceil
from operator import or_

import numpy as np
from numpy.typing import NDArray

from flotia.judgement.text import words_in

#: Texts more alike than this (Jaccard similarity of their words) are the same text.
ALIKE = 0.8
_REMEMBERED = 1000
_BITS = [1 << n for n in range(128)]


@dataclass(slots=True)
class RecentTexts:
    """Remembers the last texts of a run, so that no two of them sound alike.

    Each is kept with a signature of 128 bits, one a word. A word that only one of two texts has makes at most one bit
    differ, so texts whose signatures differ in more bits than a Jaccard similarity of `ALIKE` allows need no closer look.
    """

    _words: list[frozenset[str]] = field(default_factory=list)
    _bits: NDArray[np.uint64] = field(default_factory=lambda: np.zeros((2, _REMEMBERED), dtype=np.uint64))
    _next: int = 0

    def seen_like(self, text: str) -> bool:
        """Whether a text very like `text` was remembered."""
        words, bits = _signed(text)
        held = len(self._words)
        first, second = np.bitwise_count(self._bits[:, :held] ^ bits)
        # one like it has at most len(words) / ALIKE words, and so the two differ in fewer than this many
        near = first + second < ceil(len(words) * (1 / ALIKE - 1))
        return any(_jaccard(words, self._words[i]) > ALIKE for i in near.nonzero()[0].tolist())

    def remember(self, texts: Iterable[str]) -> None:
        """Add texts that now belong to the run."""
        for text in texts:
            words, bits = _signed(text)
            at = self._next % _REMEMBERED
            self._words[at : at + 1] = [words]
            self._bits[:, at] = bits[:, 0]
            self._next += 1

    def met_before(self, text: str) -> bool:
        """Whether a text very like `text` was remembered; remembers it."""
        seen = self.seen_like(text)
        self.remember([text])
        return seen


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


@lru_cache(maxsize=64)
def _signed(text: str) -> tuple[frozenset[str], NDArray[np.uint64]]:
    """A text's words and their signature, shape `(2, 1)`; remembered because a text is looked for, then added."""
    words = frozenset(words_in(text))
    bits = reduce(or_, [_BITS[hash(word) & 127] for word in words], 0)
    return words, np.frombuffer(bits.to_bytes(16, "little"), dtype=np.uint64)[:, None]
