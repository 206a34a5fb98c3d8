"""Which rules the rows of a stock break, how often, with a few examples."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flotia.judgement.rules import Assessment, Rule, Severity

_EXAMPLES = 3
#: An example's text is cut here: it may carry what a model wrote.
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Example:
    """A row that breaks a rule: its VIN (or place in the stock, from 1) and how."""

    vehicle: str
    detail: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule and the rows that break it."""

    rule: Rule
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Coherence:
    """The rules against all rows: `clean` without any finding, `right` without an error, `known` in the catalogue.

    `rules` holds every rule: errors before warnings, the most broken first. `wrong` (shape `(rows,)`) says which rows have
    an error.
    """

    rows: int
    clean: int
    right: int
    known: int
    rules: tuple[Broken, ...]
    wrong: NDArray[np.bool_]

    @property
    def score(self) -> float:
        """0 to 100: the share of rows without an error; warnings do not count."""
        return 100 * self.right / self.rows


@dataclass(slots=True)
class Tally:
    """Counts assessments one by one."""

    rules: Sequence[Rule]
    _broken: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, list[Example]] = field(default_factory=dict)
    _wrong: array[int] = field(default_factory=lambda: array("b"))
    _clean: int = 0
    _known: int = 0

    def add(self, vin: str, assessment: Assessment) -> None:
        """Count one row's findings; a rule that it breaks twice counts once."""
        names = {f.rule.name for f in assessment.findings}
        for name in names:
            self._broken[name] = self._broken.get(name, 0) + 1
        for finding in assessment.findings:
            own = self._examples.setdefault(finding.rule.name, [])
            if len(own) < _EXAMPLES:
                own.append(Example(vin or f"fila {len(self._wrong) + 1}", finding.detail[:_LONGEST]))
        self._wrong.append(any(f.rule.severity is Severity.ERROR for f in assessment.findings))
        self._clean += not names
        self._known += assessment.known

    def result(self) -> Coherence:
        """What all rows came to."""
        broken = [
            Broken(rule, self._broken.get(rule.name, 0), tuple(self._examples.get(rule.name, ())))
            for rule in self.rules
        ]
        broken.sort(key=lambda b: (b.rule.severity is not Severity.ERROR, -b.rows, b.rule.name))
        wrong = np.frombuffer(self._wrong, dtype=np.bool_)
        return Coherence(
            rows=len(wrong), clean=self._clean, right=int((~wrong).sum()), known=self._known,
            rules=tuple(broken), wrong=wrong,
        )  # fmt: skip
