"""Vehicles to a file: .csv, .json or .jsonl. Whatever a model wrote is data there too, never a formula."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from apps.stock.errors import OutputError
from flotia.vehicle import FIELDS

Row = dict[str, Any]
#: A cell that begins like this would be run by a spreadsheet (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def check_writable(path: Path) -> None:
    """Raise `OutputError` unless `path` names a kind we write, in a folder we may write to."""
    if path.suffix.lower() not in _WRITERS:
        raise OutputError(f"No sé escribir {path.name!r}: use una extensión {', '.join(_WRITERS)}.")
    if path.is_dir():
        raise OutputError(f"{path} es una carpeta: indique un fichero.")
    with _beside(path):
        pass


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write `rows` (columns `FIELDS`) to `path`; a file of that name is replaced only once the new one is whole.

    Raises `OutputError` if the disk refuses.
    """
    with _beside(path) as file:
        _WRITERS[path.suffix.lower()](file, rows)
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[TextIO]:
    """A temporary file in `path`'s folder, gone afterwards unless it was renamed."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                temporary.chmod(0o644)
                yield file  # type: ignore[misc]  # the wrapper of a text file is one
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"No se puede escribir en {path}: {error.strerror or error}.") from error


def _write_csv(file: TextIO, rows: Iterable[Row]) -> None:
    writer = csv.writer(file)
    writer.writerow(FIELDS)
    for row in rows:
        writer.writerow([safe_cell(row[name]) for name in FIELDS])


def safe_cell(value: Any) -> Any:
    """A value as a CSV cell: lists joined by `; `; text that a spreadsheet would run gets an apostrophe in front."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def _write_json(file: TextIO, rows: Iterable[Row]) -> None:
    file.write("[")
    file.writelines((",\n" if n else "\n") + _json(row) for n, row in enumerate(rows))
    file.write("\n]\n")


def _write_jsonl(file: TextIO, rows: Iterable[Row]) -> None:
    file.writelines(_json(row) + "\n" for row in rows)


def _json(row: Row) -> str:
    return json.dumps({name: _plain(row[name]) for name in FIELDS}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


_WRITERS: dict[str, Callable[[TextIO, Iterable[Row]], None]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".jsonl": _write_jsonl,
}
