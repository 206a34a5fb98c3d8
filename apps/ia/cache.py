"""Rows of earlier answers, in the database: table `cache_ia`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count

from apps.ia.database_thread import DatabaseThread
from apps.ia.errors import DatabaseProblemError
from apps.ia.models import FilaCache
from flotia.cache import CachedRow, Place, Want

_ROWS_A_STATEMENT = 500
#: SQLite takes no more than 500 SELECTs in one statement; PostgreSQL plans each of them.
_PIECES_A_STATEMENT = 200
_LONGEST_ID = 120
_log = logging.getLogger(__name__)


class _Piece(NamedTuple):
    """Rows of one place that were kept one after the other."""

    place: Place
    first: int
    length: int


class DatabaseCache:
    """`flotia.cache.AnswerCache` on `FilaCache`, on the given thread.

    A place's rows are counted in the order of their ids, which the index on catalogue, brand, model and year gives; a
    search reads the ids of the rows that are wanted, then those rows, and nothing else. Reading raises
    `DatabaseProblemError` where the database fails; what cannot be written is only said in the log. Where there is no
    database, or none with these tables, nothing is kept or found; that is looked up at first use.
    """

    def __init__(self, thread: DatabaseThread) -> None:
        self._thread = thread
        self._has_tables: bool | None = None

    def _there(self) -> bool:
        if self._has_tables is None:
            self._has_tables = self._thread.has_tables()
        return self._has_tables

    async def keep(self, catalogue: str, rows: Sequence[CachedRow]) -> None:
        """Add rows; those that are there already are passed over."""
        if not self._there():
            return
        try:
            await self._thread.ask(partial(self._write, catalogue, rows))
        except DatabaseProblemError as problem:
            _log.warning("No se han podido guardar %d filas en la caché de respuestas: %s", len(rows), problem)

    async def held(self, catalogue: str) -> Mapping[Place, int]:
        """How many rows each place holds."""
        return await self._thread.ask(partial(self._count, catalogue)) if self._there() else {}

    async def find(self, catalogue: str, wanted: Sequence[Want]) -> Mapping[Want, CachedRow]:
        """The rows that are wanted, as far as they are there."""
        return await self._thread.ask(partial(self._read, catalogue, wanted)) if self._there() else {}

    @staticmethod
    def _write(catalogue: str, rows: Sequence[CachedRow]) -> None:
        made = [
            FilaCache(
                huella=row.key(catalogue), catalogo=catalogue, marca=row.place.brand, modelo=row.place.model,
                anio=row.place.year, modelo_ia=row.model_id[:_LONGEST_ID], fila=dict(row.said),
            )
            for row in rows
        ]  # fmt: skip
        FilaCache.objects.bulk_create(made, batch_size=_ROWS_A_STATEMENT, ignore_conflicts=True)

    @staticmethod
    def _count(catalogue: str) -> Mapping[Place, int]:
        rows = FilaCache.objects.filter(catalogo=catalogue).values_list("marca", "modelo", "anio")
        return {Place(*place): count for *place, count in rows.annotate(Count("id")).order_by()}

    @staticmethod
    def _read(catalogue: str, wanted: Sequence[Want]) -> Mapping[Want, CachedRow]:
        ids: dict[int, Want] = {}
        pieces = list(_pieces(wanted))
        for start in range(0, len(pieces), _PIECES_A_STATEMENT):
            ids |= _ids(catalogue, pieces[start : start + _PIECES_A_STATEMENT])
        found = FilaCache.objects.filter(pk__in=list(ids)).values_list("pk", "modelo_ia", "fila")
        return {
            ids[pk]: CachedRow(ids[pk].place, model, said) for pk, model, said in found if isinstance(said, dict)
        }  # fmt: skip


def _pieces(wanted: Sequence[Want]) -> Iterator[_Piece]:
    """What is wanted, in as few pieces as will do."""
    for _, run in groupby(enumerate(sorted(set(wanted))), lambda item: (item[1].place, item[1].number - item[0])):
        wants = [want for _, want in run]
        yield _Piece(wants[0].place, wants[0].number, len(wants))


def _ids(catalogue: str, pieces: Sequence[_Piece]) -> dict[int, Want]:
    """The ids of the rows of those pieces. One statement: Django's `union` cannot limit its parts on SQLite."""
    table = connection.ops.quote_name(FilaCache._meta.db_table)  # noqa: SLF001 - Django's documented Meta API
    part = (
        f"SELECT * FROM (SELECT %s AS piece, id FROM {table} WHERE catalogo = %s AND marca = %s AND modelo = %s"  # noqa: S608
        " AND anio = %s ORDER BY id LIMIT %s OFFSET %s) AS part"
    )
    values: list[Any] = []
    for number, piece in enumerate(pieces):
        values += [number, catalogue, *piece.place, piece.length, piece.first]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([part] * len(pieces)), values)
        rows = sorted((int(number), int(pk)) for number, pk in cursor.fetchall())
    found: dict[int, Want] = {}
    for number, ranked in groupby(rows, itemgetter(0)):
        piece = pieces[number]
        found |= {pk: Want(piece.place, piece.first + n) for n, (_, pk) in enumerate(ranked)}
    return found
