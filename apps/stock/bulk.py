"""Many vehicles into a table, as fast as the database takes them: COPY on PostgreSQL, prepared batches elsewhere.

Django's `bulk_create` makes an object of each row first and is five to eight times slower.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model

from flotia.vehicle import FIELDS, VehicleTable

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


@contextmanager
def inserting(table: type[Model]) -> Iterator[Callable[[VehicleTable], None]]:
    """A function that adds vehicles to `table`, which has a column for each of `FIELDS` and no other without a default.

    On PostgreSQL all of them are one COPY, sent by a thread of its own while the next ones are drawn: until the context is
    left nothing else can be asked of the connection.
    """
    name = connection.ops.quote_name(table._meta.db_table)  # noqa: SLF001 - Django's documented Meta API
    columns = ", ".join(map(connection.ops.quote_name, FIELDS))
    insertion = f"INSERT INTO {name} ({columns}) VALUES "  # noqa: S608 - names of ours only
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from psycopg.copy import QueuedLibpqWriter

            writer = QueuedLibpqWriter(cursor.cursor)
            with cursor.copy(f"COPY {name} ({columns}) FROM STDIN", writer=writer) as copy:
                yield lambda vehicles: copy.write(copy_text(vehicles))
        elif connection.vendor == "sqlite":  # straight to the driver: Django's wrapper would hold every row at once
            statement = f"{insertion}({_marks('?')})"
            yield lambda vehicles: connection.connection.executemany(statement, vehicles.records())
        else:
            statement = f"{insertion}({_marks('%s')})"
            yield lambda vehicles: cursor.executemany(statement, list(vehicles.records()))


def _marks(mark: str) -> str:
    return ", ".join([mark] * len(FIELDS))


def copy_text(vehicles: VehicleTable) -> bytes:
    """`vehicles` in the text format of PostgreSQL's COPY, a line each."""
    columns = [_copied(name, values) for name, values in zip(FIELDS, vehicles.stored(), strict=True)]
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
