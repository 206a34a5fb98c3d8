"""Vehicles to a file: .csv, .json, .jsonl, .parquet or .xlsx. Whatever a model wrote is data there too, never a formula."""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from enum import Enum
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from apps.stock.errors import OutputError
from flotia.vehicle import FIELDS

Row = dict[str, Any]

#: Vehicles that fit in a sheet: Excel's 1,048,576 rows less the header ("Excel specifications and limits", Microsoft).
XLSX_ROWS = 1_048_575

#: Rows handed to a format at a time, whatever the caller's batches are.
_CHUNK = 1_000
#: Rows of a Parquet row group: about 40 MB of columns in memory. A multiple of `_CHUNK`.
_ROW_GROUP = 50_000
#: A cell that begins like this would be run by a spreadsheet (OWASP, CSV injection).
_FORMULA_STARTS = frozenset("=+-@\t\r\n|%")
_NEEDS_QUOTES = re.compile(r'[",\r\n]').search
_TEXTUAL = (str, list)
_VALUES = itemgetter(*FIELDS)
#: Day 0 of a spreadsheet's calendar, good for every date from March 1900 on.
_SHEET_EPOCH = date(1899, 12, 30).toordinal()
#: What a user reads instead of the system's words.
_FAULTS = {
    errno.ENOSPC: "el disco está lleno; libere espacio o elija otra carpeta",
    errno.EDQUOT: "se ha agotado su cuota de disco; libere espacio o elija otra carpeta",
    errno.EFBIG: "el fichero pasa del tamaño permitido ahí; pida menos vehículos o elija otra carpeta",
    errno.EROFS: "el disco es de solo lectura; elija otra carpeta",
    errno.EACCES: "no tiene permiso; elija otra carpeta",
    errno.EPERM: "no tiene permiso; elija otra carpeta",
    errno.ENOENT: "la carpeta no existe; créela o elija otra",
    errno.ENOTDIR: "la carpeta no existe; créela o elija otra",
}


class Kind(Enum):
    """What a column holds, for the formats that keep types."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"
    DATE = "date"
    TEXTS = "texts"
    FLAG = "flag"


_KINDS = {
    "bastidor": Kind.TEXT,
    "matricula": Kind.TEXT,
    "marca": Kind.TEXT,
    "modelo": Kind.TEXT,
    "version": Kind.TEXT,
    "anio_matricula": Kind.INTEGER,
    "fecha_matriculacion": Kind.DATE,
    "kilometros": Kind.INTEGER,
    "combustible": Kind.TEXT,
    "transmision": Kind.TEXT,
    "tipo_vehiculo": Kind.TEXT,
    "cilindrada": Kind.INTEGER,
    "potencia": Kind.INTEGER,
    "puertas": Kind.INTEGER,
    "plazas": Kind.INTEGER,
    "color": Kind.TEXT,
    "etiqueta_dgt": Kind.TEXT,
    "precio_venta": Kind.MONEY,
    "precio_compra": Kind.MONEY,
    "precio_costo": Kind.MONEY,
    "provincia": Kind.TEXT,
    "concesionario": Kind.TEXT,
    "fecha_recepcion": Kind.DATE,
    "dias_stock": Kind.INTEGER,
    "descripcion": Kind.TEXT,
    "equipamiento": Kind.TEXTS,
    "origen": Kind.TEXT,
    "modelo_ia": Kind.TEXT,
    "campos_ia": Kind.TEXTS,
    "verificado": Kind.FLAG,
}


def typed(fields: Iterable[str]) -> dict[str, Kind]:
    """The kind of each of `fields`, in their order. Raises `TypeError` for a field that has none."""
    names = tuple(fields)
    if missing := [name for name in names if name not in _KINDS]:
        raise TypeError(f"no column type for {', '.join(missing)}: add it to _KINDS")
    return {name: _KINDS[name] for name in names}


#: Every column and its kind; importing this module fails if a vehicle has gained a field nobody gave a kind.
COLUMNS = typed(FIELDS)


def check_writable(path: Path, rows: int = 0) -> None:
    """Raise `OutputError` unless `path` names a kind we write, in a folder we may write to, that can hold `rows`."""
    kind = path.suffix.lower()
    if kind not in _FORMATS:
        raise OutputError(f"No sé escribir {path.name!r}: use una extensión {', '.join(_FORMATS)}.")
    if path.is_dir():
        raise OutputError(f"{path} es una carpeta: indique un fichero.")
    if kind == ".xlsx":
        _check_sheet(rows)
    with _room(path):
        pass


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write `rows` (columns `FIELDS`) to `path`; a file of that name is replaced only once the new one is whole.

    Raises `OutputError` if the disk refuses or a sheet cannot hold so many; what `rows` itself raises comes through.
    """
    with open_writer(path) as writer:
        writer.write(rows)
        writer.commit()


class Writer:
    """A file on its way, made in a folder of its own; see `open_writer`."""

    def __init__(self, target: Path, making: Path) -> None:
        self._target = target
        self._making = making
        self._pending: list[Row] = []
        self.committed = False
        with _explained(target):
            self._format = _FORMATS[target.suffix.lower()](making)

    def write(self, rows: Iterable[Row]) -> None:
        """Add `rows` (columns `FIELDS`), which are not to be changed any more.

        Raises `OutputError` as `write` does, `ValueError` after `commit`.
        """
        if self.committed:
            raise ValueError("the file is whole already")
        for row in rows:
            self._pending.append(row)
            if len(self._pending) == _CHUNK:
                self._flush()

    def commit(self) -> None:
        """Complete the file and bring it to the disk: after this only its renaming is left, on leaving the context.

        So a caller with a database commits this first, inside its transaction: a full disk then undoes both.
        Raises `OutputError`.
        """
        self._flush()
        with _explained(self._target):
            self._format.finish()
            with self._making.open("r+b") as file:
                os.fsync(file.fileno())
        self.committed = True

    def _flush(self) -> None:
        rows, self._pending = self._pending, []
        if rows:
            with _explained(self._target):
                self._format.write(rows)

    def release(self) -> None:
        """Close what is open. Never raises: a file that is not whole is thrown away."""
        with suppress(OSError):
            self._format.release()


@contextmanager
def open_writer(path: Path) -> Iterator[Writer]:
    """A `Writer` for `path`, whose file is put there when the context is left without an error and after `commit`.

    In every other case nothing remains of it and a file of that name stays as it was. `path` has passed
    `check_writable`. Raises `OutputError` if the disk refuses; what the caller's own code raises comes through.
    """
    with _room(path) as room:
        making = room / f"nuevo{path.suffix.lower()}"
        writer = Writer(path, making)
        try:
            yield writer
        finally:
            writer.release()
        if writer.committed:
            with _explained(path):
                making.replace(path)


@contextmanager
def _room(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path`, on the same disk, gone afterwards with all that is in it."""
    with _explained(path):
        room = tempfile.TemporaryDirectory(dir=path.parent, prefix=".flotia-", ignore_cleanup_errors=True)
    with room as name:
        yield Path(name)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the system refuses into one sentence about `path`."""
    try:
        yield
    except OSError as error:
        fault = _FAULTS.get(error.errno or 0) or error.strerror or error
        raise OutputError(f"No se puede escribir en {path}: {fault}.") from error


class _Format(Protocol):
    """How rows become a file of one kind. Each method may raise `OSError`."""

    def __init__(self, path: Path) -> None: ...

    def write(self, rows: Sequence[Row]) -> None:
        """Add `rows`, at most `_CHUNK` of them."""

    def finish(self) -> None:
        """Complete and close the file."""

    def release(self) -> None:
        """Close what is open, whole or not."""


class _Text:
    """A text file in UTF-8, whose lines end as they are written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")

    def finish(self) -> None:
        self._file.close()

    def release(self) -> None:
        self._file.close()


class _Csv(_Text):
    """RFC 4180; lists joined by `; `, `None` empty, no cell a formula."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file.write(",".join(FIELDS) + "\r\n")

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write("".join([_csv_line(values) for values in map(_VALUES, rows)]))


def _csv_line(values: Sequence[Any]) -> str:
    """A row of values as its line, ended. Quicker than `csv.writer`, which looks at every character for itself."""
    cells = [safe_cell(v) if isinstance(v, _TEXTUAL) else "" if v is None else str(v) for v in values]
    return ",".join(['"' + c.replace('"', '""') + '"' if _NEEDS_QUOTES(c) else c for c in cells]) + "\r\n"


def safe_cell(value: str | list[str]) -> str:
    """Text as a CSV cell: lists joined by `; `; what a spreadsheet would run gets an apostrophe in front."""
    if isinstance(value, list):
        value = "; ".join(value)
    return "'" + value if value[:1] in _FORMULA_STARTS else value


def _plain(value: Any) -> str:
    """What JSON has no type for: money and dates as text."""
    return str(value) if isinstance(value, Decimal) else value.isoformat()


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=_plain).encode


def _objects(rows: Sequence[Row]) -> list[str]:
    """Each row as a JSON object with the columns in their order."""
    return [_encode(dict(zip(FIELDS, values, strict=True))) for values in map(_VALUES, rows)]


class _Jsonl(_Text):
    """One object a line."""

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write("\n".join(_objects(rows)) + "\n")


class _Json(_Text):
    """One array, an object a line."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._before = "[\n"

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write(self._before + ",\n".join(_objects(rows)))
        self._before = ",\n"

    def finish(self) -> None:
        self._file.write("\n]\n" if self._before == ",\n" else "[]\n")
        super().finish()


class _Parquet:
    """Typed columns, zstd, row groups of `_ROW_GROUP`: only one of them is in memory."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        types = {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int32(),
            Kind.MONEY: pa.decimal128(10, 2),
            Kind.DATE: pa.date32(),
            Kind.TEXTS: pa.list_(pa.string()),
            Kind.FLAG: pa.bool_(),
        }
        self._arrow = pa
        self._schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
        self._file = path.open("wb")
        self._writer = ParquetWriter(self._file, self._schema, compression="zstd")
        self._group: list[Any] = []

    def write(self, rows: Sequence[Row]) -> None:
        columns = [self._arrow.array([row[field.name] for row in rows], field.type) for field in self._schema]
        self._group.append(self._arrow.record_batch(columns, schema=self._schema))
        if len(self._group) == _ROW_GROUP // _CHUNK:
            self._end_group()

    def finish(self) -> None:
        self._end_group()
        self._writer.close()
        self._file.close()

    def release(self) -> None:
        try:
            self._writer.close()
        finally:
            self._file.close()

    def _end_group(self) -> None:
        if self._group:
            self._writer.write_table(self._arrow.Table.from_batches(self._group))
            self._group = []


class _Xlsx:
    """One sheet with real numbers and dates; its rows wait on the disk beside, so memory does not grow.

    Text over 32,767 characters is cut there: no cell of Excel holds more.
    """

    def __init__(self, path: Path) -> None:
        from xlsxwriter import Workbook

        self._book = Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "use_zip64": True,  # a million rows come near the 2 GiB of a plain entry
            },
        )
        self._sheet = self._book.add_worksheet("Vehículos")
        self._plain = self._book.add_format()
        self._columns = self._begin()
        self._used = 0

    def _begin(self) -> list[tuple[int, str, Callable[[int, int, Any], None]]]:
        """Head and widths; gives position, name and way of writing of each column."""
        money = self._book.add_format({"num_format": "#,##0.00"})
        day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        ways: dict[Kind, tuple[int, Callable[[int, int, Any], None]]] = {
            Kind.TEXT: (20, self._text),
            Kind.INTEGER: (8, self._sheet.write_number),
            Kind.MONEY: (12, lambda row, column, value: self._sheet.write_number(row, column, float(value), money)),
            Kind.DATE: (
                12,
                lambda row, column, value: self._sheet.write_number(row, column, value.toordinal() - _SHEET_EPOCH, day),
            ),
            Kind.TEXTS: (40, lambda row, column, value: self._text(row, column, "; ".join(value))),
            Kind.FLAG: (8, self._sheet.write_boolean),
        }
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        columns = []
        for column, (name, kind) in enumerate(COLUMNS.items()):
            width, put = ways[kind]
            self._sheet.set_column(column, column, max(width, len(name) + 4))  # 4: the filter's arrow
            self._sheet.write_string(0, column, name, bold)
            columns.append((column, name, put))
        return columns

    def _text(self, row: int, column: int, value: str) -> None:
        if value.startswith("<r>") and value.endswith("</r>"):  # the library would take it for markup of its own
            self._sheet.write_rich_string(row, column, "<", self._plain, value[1:])
        elif value:
            self._sheet.write_string(row, column, value)

    def write(self, rows: Sequence[Row]) -> None:
        _check_sheet(self._used + len(rows))
        for line, row in enumerate(rows, self._used + 1):
            for column, name, put in self._columns:
                if (value := row[name]) is not None:
                    put(line, column, value)
        self._used += len(rows)

    def finish(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        self._sheet.autofilter(0, 0, self._used, len(self._columns) - 1)
        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from None

    def release(self) -> None:
        for file in (self._sheet.row_data_fh, self._sheet.fh):  # the same one until the book is put together
            with suppress(OSError):
                file.close()


def _check_sheet(rows: int) -> None:
    """Raise `OutputError` if a sheet cannot hold `rows` vehicles."""
    if rows > XLSX_ROWS:
        most = f"{XLSX_ROWS:,}".replace(",", ".")
        raise OutputError(f"Una hoja de Excel no admite más de {most} vehículos: use un fichero .parquet o .csv.")


_FORMATS: dict[str, type[_Format]] = {
    ".csv": _Csv,
    ".json": _Json,
    ".jsonl": _Jsonl,
    ".parquet": _Parquet,
    ".xlsx": _Xlsx,
}
