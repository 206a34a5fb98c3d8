"""Many vehicles into a table, as fast as the database takes them: COPY on PostgreSQL, prepared batches elsewhere.

Django's `bulk_create` makes an object of each row first and is five to eight times slower.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from apps.stock.models import Vehiculo, VehiculoGenerado
from flotia.vehicle import FIELDS, VehicleTable

_SPECIAL = re.compile(r"[\\\t\n\r]")
#: Fewer rows are in their places sooner than an index is built.
_WORTH_BUILDING = 5_000
#: Rows of each index that SQLite looks at to learn how values are spread.
_LOOKED_AT = 1_000
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


@contextmanager
def inserting(table: type[Model]) -> Iterator[Callable[[VehicleTable], None]]:
    """A function that adds vehicles to `table`, which has a column for each of `FIELDS` and no other without a default.

    On PostgreSQL all of them are one COPY, sent by a thread of its own while the next ones are drawn: until the context is
    left nothing else can be asked of the connection.
    """
    names = _names(table, FIELDS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from psycopg.copy import QueuedLibpqWriter

            writer = QueuedLibpqWriter(cursor.cursor)
            with cursor.copy(f"COPY {names} FROM STDIN", writer=writer) as copy:
                yield lambda vehicles: copy.write(copy_text(vehicles))
        else:
            yield lambda vehicles: _insert(cursor, names, vehicles.stored())


def keep(run: int, vehicles: VehicleTable) -> None:
    """Add `vehicles` to what the run of that number has made. They are few at a time, and many times."""
    names = _names(VehiculoGenerado, (*FIELDS, "ejecucion_id", "indice"))
    numbers = [run] * len(vehicles), list(vehicles)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {names} FROM STDIN") as copy:
                copy.write(copy_text(vehicles, *numbers))
        else:
            _insert(cursor, names, [*vehicles.stored(), *numbers])


@contextmanager
def stock_indexed_at_the_end(coming: int) -> Iterator[None]:
    """While `coming` vehicles are put into stock, inside a transaction, it does without the indexes for searching, which are
    then built whole: that is several times quicker than to put each row in its place in each of them.

    Only where more rows come than there are, and on SQLite alone, whose readers go on with the old state until the end.
    PostgreSQL would lock them out.
    """
    if connection.vendor != "sqlite" or coming < _WORTH_BUILDING or Vehiculo.objects.count() > coming:
        yield
        return
    own = [index.name for index in Vehiculo._meta.indexes]  # noqa: SLF001 - Django's documented Meta API
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(own))
        cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name IN ({marks})", own)  # noqa: S608
        made = cursor.fetchall()
        for name, _ in made:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        yield
        for _, statement in made:
            cursor.execute(statement)


def settle(table: type[Model]) -> None:
    """Let the database take note of what has come into `table`, outside any transaction: how its values are spread, and on
    PostgreSQL which rows everybody sees, without which an index has to look at each. It would do so by itself a minute or
    two later. What keeps it from doing it now (another process at the same, missing rights) is no fault of the rows.
    """
    if connection.in_atomic_block:
        return
    name = connection.ops.quote_name(table._meta.db_table)  # noqa: SLF001 - Django's documented Meta API
    with suppress(DatabaseError), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"VACUUM (ANALYZE, SKIP_LOCKED) {name}")
        elif connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA analysis_limit = {_LOOKED_AT}")
            cursor.execute(f"ANALYZE {name}")


def _names(table: type[Model], columns: tuple[str, ...]) -> str:
    """A table and its columns, as statements name them."""
    return _quoted(connection.vendor, table._meta.db_table, columns)  # noqa: SLF001 - Django's documented Meta API


@cache
def _quoted(_vendor: str, table: str, columns: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(table)} ({', '.join(map(quote, columns))})"


def _insert(cursor: CursorWrapper, names: str, columns: Sequence[Sequence[Any]]) -> None:
    direct = connection.vendor == "sqlite"  # Django's wrapper would hold every row at once
    marks = ", ".join(["?" if direct else "%s"] * len(columns))
    statement = f"INSERT INTO {names} VALUES ({marks})"  # noqa: S608 - names of ours only
    if direct:
        with connection.wrap_database_errors:
            connection.connection.executemany(statement, zip(*columns, strict=True))
    else:
        cursor.executemany(statement, list(zip(*columns, strict=True)))


def copy_text(vehicles: VehicleTable, *numbers: Sequence[int]) -> bytes:
    """`vehicles` in the text format of PostgreSQL's COPY, a line each; columns of `numbers` come last."""
    columns = [_copied(name, values) for name, values in zip(FIELDS, vehicles.stored(), strict=True)]
    columns += [list(map(str, values)) for values in numbers]
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


def _copied(name: str, values: list[Any]) -> list[str]:
    if name not in _TEXTS:
        return list(map(_WRITTEN.get(name, str), values))
    if _SPECIAL.search("".join(values)):
        return [_SPECIAL.sub(lambda found: _ESCAPES[found[0]], value) for value in values]
    return values


#: Columns that hold texts already; only they can hold something that COPY would take for a sign of its own.
_TEXTS = frozenset(
    (
        "bastidor", "matricula", "marca", "modelo", "version", "fecha_matriculacion", "combustible", "transmision",
        "tipo_vehiculo", "color", "etiqueta_dgt", "provincia", "concesionario", "fecha_recepcion", "descripcion",
        "equipamiento", "origen", "modelo_ia", "campos_ia",
    )
)  # fmt: skip
_WRITTEN: dict[str, Callable[[Any], str]] = {
    "cilindrada": lambda size: "\\N" if size is None else str(size),
    "verificado": lambda known: "t" if known else "f",
}
