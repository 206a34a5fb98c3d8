"""`python -m bench.identity [N]`: the fingerprint of N local vehicles (100,000) of one seed and date.

It is the same on every machine and Python: run it under two interpreters and compare.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from datetime import date

import numpy as np

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine
from flotia.events import BatchDone
from flotia.request import Request

_ROWS = 100_000


def main() -> None:
    """Print versions and the SHA-256 of all rows as a database takes them."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else _ROWS
    request = Request(amount=rows, seed=20261122, use_ai=False, today=date(2026, 11, 22))
    digest = hashlib.sha256()
    for event in iterate(Engine(Catalogue.load()).stream(request)):
        if isinstance(event, BatchDone):
            for record in event.vehicles.records():
                digest.update(repr(record).encode())
    print(f"Python {platform.python_version()}, NumPy {np.__version__}: {digest.hexdigest()}")


if __name__ == "__main__":
    main()
