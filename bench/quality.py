"""`python -m bench.quality`: rows a CPU second through all rules, next to reading the same rows' fields and no more."""

from __future__ import annotations

import time
from datetime import date

from flotia.catalogue.loader import Catalogue
from flotia.generation import generate
from flotia.judgement import rows as reading
from flotia.judgement.rules import Assessor
from flotia.request import Request

_TODAY = date(2026, 11, 22)
_ROWS = 10_000


def main() -> None:
    """Measure both and print the figures."""
    made = [v.as_dict() for v in generate(Request(amount=_ROWS, seed=5, use_ai=False, today=_TODAY))]
    assessor = Assessor(Catalogue.load(), today=_TODAY)
    started = time.process_time()
    for row in made:
        reading.read(row)
    bare = time.process_time() - started
    started = time.process_time()
    faulty = sum(not a.ok for a in assessor.assess_all(made))
    ours = time.process_time() - started
    print(f"reading alone {_ROWS / bare:,.0f} rows/s; all {len(assessor.rules)} rules {_ROWS / ours:,.0f} rows/s")
    print(f"{faulty} of {_ROWS:,} rows with an error")


if __name__ == "__main__":
    main()
