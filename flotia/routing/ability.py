"""How many vehicles a model can be asked for at once: grown after clean answers, halved when one falls short."""

from __future__ import annotations

from dataclasses import dataclass

from flotia.routing.record import Record

#: Of the token limit so much is planned with: vehicles are not all of one length.
_PLANNED = 0.92
#: A new figure of tokens a vehicle counts this much against the earlier ones.
_NEW_TOKENS = 0.4
#: An answer with less than this share of what was asked for is short.
_ENOUGH = 0.8
#: After so many clean answers at a size below one that failed, a larger one is tried again.
_TRY_AGAIN = 6
_LARGER = 1.3
#: Tokens of the wording and of a slot's line in it, for models with a small context (counted by `bench.tokens`).
_WORDING, _LINE = 510, 48


@dataclass(slots=True)
class Ability:
    """The size of a route's requests. `first` is the contract's batch size, `grows` false where it
    is never more, `shrinks` false where it is never less.

    `max_tokens` is the limit of an answer, `context` that of question and answer together (0: not known).
    """

    record: Record
    first: int
    max_tokens: int
    context: int = 0
    grows: bool = True
    shrinks: bool = True
    _failed_at: int = 0
    _clean: int = 0

    @property
    def size(self) -> int:
        """Vehicles to ask for in the next request."""
        if not self.grows:
            return min(self.record.size or self.first, self.first) if self.shrinks else self.first
        return max(min(self.record.size or self.first, self._ceiling()), 1)

    def timed_out(self, *, asked: int) -> None:
        """A request for `asked` vehicles was not answered in time: a smaller one may be."""
        if 2 * asked > self.size:
            self._failed_at, self._clean = asked, 0
            self.record.size = max(asked // 2, 1)

    def answered(self, *, asked: int, got: int, tokens: int, truncated: bool) -> None:
        """Learn from an answer of `tokens` tokens that brought `got` of `asked` vehicles."""
        record = self.record
        if got and tokens:
            each = tokens / got
            record.row_tokens += (each - record.row_tokens) * (_NEW_TOKENS if record.row_tokens else 1.0)
        if truncated or got < _ENOUGH * asked:
            if truncated or 2 * asked > self.size:  # the small rest of a run says little
                self._failed_at, self._clean = asked, 0
                record.size = max(asked // 2, 1)
        elif asked >= self.size:
            self._grow(asked)

    def _grow(self, asked: int) -> None:
        self._clean += 1
        larger = max(2 * asked, self.first)
        if self._failed_at and larger >= self._failed_at:
            if self._clean < _TRY_AGAIN:
                larger = max(self._failed_at - 1, asked)
            else:
                larger, self._clean = max(int(asked * _LARGER), asked + 1), 0
        self.record.size = min(larger, self._ceiling())

    def _ceiling(self) -> int:
        """The most that fits into limit and context, by the tokens that were really spent."""
        each = self.record.row_tokens
        if not each:
            return 2 * self.first
        most = int(_PLANNED * self.max_tokens / each)
        if self.context:
            most = min(most, int(_PLANNED * (self.context - _WORDING) / (each + _LINE)))
        return max(most, 1)
