"""`python -m bench.judgement`: model answers of which a third of all fields are wrong in known ways, and what stood.

A wrong field is caught (replaced), harmless (what stands agrees with the rest of the finished row, which breaks no rule, and
holds nothing of what was planted), or gone through. A right one is kept or replaced; those of rows whose brand, model or year
was wrong are refused with the row and counted apart. Also how fast the rules are.
"""

from __future__ import annotations

import sys
import time
from datetime import date

from flotia.catalogue.loader import Catalogue
from flotia.generation import generate
from flotia.judgement.rules import Assessor
from flotia.request import Request
from flotia.vehicle import MODEL_FIELDS
from tests.doubles.proposals import IDENTITY, Tally, trial

_TODAY = date(2026, 11, 22)
_AMOUNT, _SEED = 1000, 11
_ROWS = 3000


def main() -> None:
    """Run the trial and print its table; then the speed of the rules."""
    amount = int(sys.argv[1]) if len(sys.argv) > 1 else _AMOUNT
    tally = trial(amount, seed=int(sys.argv[2]) if len(sys.argv) > 2 else _SEED, today=_TODAY)
    _by_kind(tally)
    _totals(tally, amount)
    _speed()


def _by_kind(tally: Tally) -> None:
    print(f"{'field':14} {'fault':24} {'caught':>7} {'harmless':>9} {'through':>8}")
    keys = tally.caught.keys() | tally.harmless.keys() | tally.through.keys()
    for name in (*IDENTITY, *MODEL_FIELDS):
        for key in sorted(k for k in keys if k[0] == name):
            print(f"{key[0]:14} {key[1]:24} {tally.caught[key]:7} {tally.harmless[key]:9} {tally.through[key]:8}")
    print(f"\n{'right fields':14} {'kept':>7} {'replaced':>9} {'refused with the row':>21}")
    for name in MODEL_FIELDS:
        print(f"{name:14} {tally.right_kept[name]:7} {tally.right_replaced[name]:9} {tally.right_refused[name]:21}")


def _totals(tally: Tally, amount: int) -> None:
    right = tally.right_kept.total() + tally.right_replaced.total() + tally.right_refused.total()
    print(
        f"\n{amount} answers, {tally.wrong} wrong fields and {right} right ones; {tally.rows_refused} rows refused whole"
    )
    print(
        f"wrong fields: {tally.caught.total()} caught, {tally.harmless.total()} harmless, {tally.through.total()} through;"
        f" finished rows that break a rule: {tally.rows_wrong}"
    )
    print(
        f"right fields: {tally.right_replaced.total()} replaced ({tally.share_replaced:.2%} of those of rows not refused);"
        f" {tally.trimmed} texts kept without a sentence"
    )
    for what, examples in sorted(tally.examples.items()):
        if not what.startswith(("bueno", "texto")):
            print(f"  {what}: {examples[0]}")


def _speed() -> None:
    rows = [v.as_dict() for v in generate(Request(amount=_ROWS, seed=_SEED, use_ai=False, today=_TODAY))]
    assessor = Assessor(Catalogue.load(), today=_TODAY)
    started = time.process_time()
    broken = sum(not a.ok for a in assessor.assess_all(rows))
    first = time.process_time() - started
    print(f"rules: {_ROWS / first:,.0f} local rows a CPU second; {broken} of {_ROWS} break one")


if __name__ == "__main__":
    main()
