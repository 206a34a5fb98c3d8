"""Vehicles from a file: .csv, .json, .jsonl or .parquet, our own or made elsewhere with the contract's column names."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from apps.stock.files.export import COLUMNS, Kind
from flotia.errors import FlotiaError

Row = dict[str, Any]

_DELIMITERS = ",;\t"
#: A cell may be this long, in characters: ten times a long description.
_LONGEST_CELL = 1_000_000
#: An apostrophe before one of these is our own export's, against spreadsheets that would run the cell.
_GUARDED = re.compile(r"^'[=+\-@\t\r\n|%]")
_SPANISH_DATE = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$")
#: Rows looked at to say which columns a file of objects has.
_LOOKED_AT = 100
_ROWS_AT_ONCE = 10_000
_TRUE, _FALSE = ("true", "1", "sí", "si"), ("false", "0", "no")


class ImportFileError(FlotiaError):
    """A file of vehicles is missing, unreadable, empty, or no table of vehicles."""


@dataclass(frozen=True, slots=True)
class Vehicles:
    """The vehicles of a file: `rows` come once and as they are read; `missing` are contract columns it lacks.

    Reading on may raise `ImportFileError`. Values are typed where they can be and left as they are where they cannot.
    """

    rows: Iterator[Row]
    missing: tuple[str, ...]


def read(path: Path) -> Vehicles:
    """Open `path` and look at its columns. Raises `ImportFileError`, whose message says what is wrong and what to do."""
    if path.is_dir():
        raise ImportFileError(f"{path} es una carpeta: indique un fichero.")
    with _explained(path):
        there = path.exists()
    if not there:
        raise ImportFileError(f"No existe el fichero {path}.")
    if not path.is_file():
        raise ImportFileError(f"{path} no es un fichero corriente.")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ImportFileError(f"No sé leer {path.name!r}: use una extensión {', '.join(_READERS)}.")
    with _explained(path):
        if path.stat().st_size == 0:
            raise ImportFileError(f"{path} está vacío.")
        names, rows = reader(path)
    known = [_column(name) for name in names]
    missing = tuple(name for name in COLUMNS if name not in known)
    if len(missing) == len(COLUMNS):
        raise ImportFileError(
            f"{path} no tiene ninguna columna conocida. Faltan: {', '.join(missing)}. Ponga esos nombres a sus columnas; "
            "con algunas basta."
        )
    return Vehicles(_guarded(path, rows), missing)


def _guarded(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    with _explained(path):
        yield from rows


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what can go wrong while reading into one sentence about `path`."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ImportFileError(
            f"{path} no está en UTF-8: guárdelo con esa codificación (en Excel, «CSV UTF-8»)."
        ) from error
    except OSError as error:
        raise ImportFileError(f"No se puede leer {path}: {error.strerror or error}.") from error


@lru_cache(maxsize=1000)
def _column(name: str) -> str:
    """A column's name as the contract writes it, if it is one of its columns."""
    return name.strip().casefold()


def _csv(path: Path) -> tuple[Sequence[str], Iterator[Row]]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline(_LONGEST_CELL)
    delimiter = max(_DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=delimiter, strict=False), [])
    return names, _csv_rows(path, delimiter)


def _csv_rows(path: Path, delimiter: str) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.reader(file, delimiter=delimiter)
        try:
            names = [_column(name) for name in next(table)]
            for cells in table:
                if any(cells):
                    yield _typed({n: _unguarded(cell) for n, cell in zip(names, cells, strict=False)})
        except csv.Error as error:
            raise ImportFileError(f"{path} no es un CSV correcto: falla en la línea {table.line_num}.") from error


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def _json(path: Path) -> tuple[Sequence[str], Iterator[Row]]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ImportFileError(f"{path} no es JSON correcto: falla en la línea {error.lineno}.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise ImportFileError(f"{path} no es JSON que se pueda leer.") from error
    rows = content.get("vehiculos") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise ImportFileError(f'{path} debe ser una lista de objetos, o {{"vehiculos": [ … ]}}.')
    return _objects(path, enumerate(rows, start=1), "el elemento")


def _jsonl(path: Path) -> tuple[Sequence[str], Iterator[Row]]:
    return _objects(path, _jsonl_lines(path), "la línea")


def _jsonl_lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (UnicodeDecodeError, OSError):
                    raise
                except (ValueError, RecursionError) as error:
                    raise ImportFileError(f"{path} no es JSON correcto en la línea {number}.") from error


def _objects(path: Path, numbered: Iterable[tuple[int, Any]], place: str) -> tuple[Sequence[str], Iterator[Row]]:
    """The columns of the first objects, and all objects as rows. Raises `ImportFileError` at what is no object."""

    def rows() -> Iterator[Row]:
        for number, row in numbered:
            if not isinstance(row, dict):
                raise ImportFileError(f"{path} no es una tabla: {place} {number} no es un objeto.")
            yield _typed({_column(name): value for name, value in row.items()})

    stream = rows()
    first = list(islice(stream, _LOOKED_AT))
    if not first:
        raise ImportFileError(f"{path} no tiene ningún vehículo.")
    return list(dict.fromkeys(name for row in first for name in row)), chain(first, stream)


def _parquet(path: Path) -> tuple[Sequence[str], Iterator[Row]]:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ImportFileError("Para leer .parquet falta pyarrow: instálelo o use .csv, .json o .jsonl.") from error
    try:
        file = ParquetFile(path)
    except pa.ArrowException as error:
        raise ImportFileError(f"{path} no es un fichero Parquet correcto.") from error

    def rows() -> Iterator[Row]:
        try:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield from (_typed({_column(n): v for n, v in row.items()}) for row in batch.to_pylist())
        except pa.ArrowException as error:
            raise ImportFileError(f"{path} no es un fichero Parquet correcto.") from error

    return file.schema_arrow.names, rows()


def _typed(row: Mapping[str, Any]) -> Row:
    """The contract's columns of a row; text that writes a number, a date or a list becomes one."""
    return {
        name: _VALUES[kind](row[name]) if isinstance(row[name], str) else row[name]
        for name, kind in COLUMNS.items()
        if name in row
    }


def _integer(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else text or None


def _money(text: str) -> Any:
    try:
        found = Decimal(text) if len(text) < _LONGEST_NUMBER else None
    except InvalidOperation:
        found = None
    return found if found is not None and found.is_finite() else text or None


def _date(text: str) -> Any:
    spanish = _SPANISH_DATE.match(text)
    try:
        return date(int(spanish[3]), int(spanish[2]), int(spanish[1])) if spanish else date.fromisoformat(text)
    except ValueError:
        return text or None


def _texts(text: str) -> list[str]:
    return [part for part in text.split("; ") if part]


def _flag(text: str) -> Any:
    word = text.casefold()
    return True if word in _TRUE else False if word in _FALSE else text or None


_LONGEST_NUMBER = 16
_VALUES: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.INTEGER: _integer,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.TEXTS: _texts,
    Kind.FLAG: _flag,
}
_READERS: dict[str, Callable[[Path], tuple[Sequence[str], Iterator[Row]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
