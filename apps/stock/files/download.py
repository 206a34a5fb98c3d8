"""A set of vehicles as a file to download.

It is written by `apps.stock.files.export` into a folder whose name is ours, and sent from there piece by piece: no part of an
address ever becomes part of a path, and memory does not grow with the file.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from apps.stock.files.export import write
from apps.stock.models import Vehiculo
from flotia.vehicle import FIELDS

#: What can be asked for, and as what it is sent.
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_CONFIDENTIAL = ("precio_compra", "precio_costo")
_PIECE = 256 * 1024
_ROWS = 2_000


def answer(request: HttpRequest, kind: str, found: QuerySet[Vehiculo], *, confidential: bool) -> StreamingHttpResponse:
    """`found` as a file of `kind` (one of `KINDS`). Unless `confidential`, what the dealer paid is left out."""
    with tempfile.TemporaryDirectory(prefix="flotia-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"stock.{kind}"
        write(path, _rows(found, confidential=confidential))
        file, size = path.open("rb"), path.stat().st_size
    # A plain iterator would be read into memory as a whole under ASGI, an asynchronous one under WSGI.
    pieces = _PiecesAsync(file) if isinstance(request, ASGIRequest) else _Pieces(file)
    name = f"stock-{timezone.localdate():%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingHttpResponse(pieces, content_type=KINDS[kind], headers=headers)


def _rows(found: QuerySet[Vehiculo], *, confidential: bool) -> Iterator[dict[str, Any]]:
    for row in found.values(*FIELDS).iterator(chunk_size=_ROWS):
        yield row if confidential else {**row, **dict.fromkeys(_CONFIDENTIAL)}


class _Opened:
    """A file that is closed when all of it was sent, and at the latest with the answer, whether or not anything was."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def close(self) -> None:
        """Django's call at the end of an answer."""
        self._file.close()


class _Pieces(_Opened):
    def __iter__(self) -> Iterator[bytes]:
        with self._file:
            while piece := self._file.read(_PIECE):
                yield piece


class _PiecesAsync(_Opened):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._file:
            while piece := await asyncio.to_thread(self._file.read, _PIECE):
                yield piece
