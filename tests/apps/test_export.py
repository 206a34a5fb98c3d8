"""Vehicles to files."""

import csv
import json
import re
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from pyarrow import parquet
from xlsxwriter.utility import xl_col_to_name

from apps.stock.errors import OutputError
from apps.stock.files import export
from flotia.generation import generate
from flotia.request import Request
from flotia.vehicle import FIELDS

KINDS = ["csv", "json", "jsonl", "parquet", "xlsx"]
ROOT = Path(__file__).parents[2]

HOSTILE = [
    '=HYPERLINK("http://x","y")', "+1", "-1", "@x", "\tx", "\rx", "|x", "%0A", "{=1+1}",
    'dicho "así", y; además', "dos\nlíneas", "dos\r\nlíneas", " bordes ", "http://ejemplo.es", "0001", "1e5", "TRUE",
    "control \x01\x08\x0b\x1f fin", "\u2028 y \x85", "\ufffe\uffff", "_x0041_", "coche 🚗 ñ", "<r>&<b>]]></r>", "<r></r>", "'", "\\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return [v.as_dict() for v in generate(Request(amount=20, seed=2, use_ai=False))]


@pytest.fixture(scope="module")
def hostile(rows):
    """One row for each hostile text, in a plain column and in both lists; every second one lacks what may be lacking."""
    return [
        {
            **rows[n % len(rows)],
            "descripcion": text,
            "modelo_ia": "" if n % 2 else "proveedor/modelo:free",
            "equipamiento": [] if n % 2 else [text, "Airbag"],
            "campos_ia": [text] if n % 2 else [],
            "cilindrada": None if n % 2 else 1_998,
            "precio_venta": Decimal("12345678.90") if n % 2 else Decimal("0.01"),
        }
        for n, text in enumerate(HOSTILE)
    ]


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_json(path):
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.split("\n")[:-1]]


NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Sheet:
    """A workbook's only sheet as a spreadsheet takes it: values by row and column, and which of them are what."""

    def __init__(self, path):
        with ZipFile(path) as book:
            assert book.testzip() is None
            self.xml = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
            self._styles = ET.fromstring(book.read("xl/styles.xml"))
        self.rows = [self._row(row) for row in self.xml.iterfind(".//m:row", NS)]

    def find(self, tag):
        return self.xml.find(f".//m:{tag}", NS)

    def number_format(self, cell):
        style = self._styles.find("m:cellXfs", NS)[int(cell.get("s"))]
        found = self._styles.find(f".//m:numFmt[@numFmtId='{style.get('numFmtId')}']", NS)
        return found.get("formatCode") if found is not None else style.get("numFmtId")

    def _row(self, row):
        cells = list(row)
        assert all(cell.find("m:f", NS) is None for cell in cells), "a formula"
        return {self._column(cell.get("r")): cell for cell in cells}

    def _column(self, reference):
        number = 0
        for letter in reference.rstrip("0123456789"):
            number = number * 26 + ord(letter) - ord("A") + 1
        return number - 1

    def value(self, row, name):
        """Text, a number as `Decimal`, or `None` if the cell is empty."""
        cell = self.rows[row].get(FIELDS.index(name))
        if cell is None:
            return None
        if cell.get("t") == "inlineStr":
            text = "".join(t.text or "" for t in cell.iterfind(".//m:t", NS))
            return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)
        assert cell.get("t", "n") == "n"
        return Decimal(cell.find("m:v", NS).text)


def test_csv_gives_back_every_text_and_none_is_a_formula(tmp_path, hostile):
    path = tmp_path / "x.csv"
    export.write(path, hostile)
    read = read_csv(path)
    assert tuple(read[0]) == FIELDS
    assert len(read) == len(hostile)
    for before, after in zip(hostile, read, strict=True):
        assert not after["descripcion"].startswith(tuple("=+-@\t\r\n|%"))
        assert after["descripcion"].removeprefix("'") == before["descripcion"].removeprefix("'")
        assert after["equipamiento"].removeprefix("'") == "; ".join(before["equipamiento"]).removeprefix("'")
        assert after["precio_venta"] == str(before["precio_venta"])
        assert after["cilindrada"] == ("" if before["cilindrada"] is None else "1998")
        assert after["fecha_recepcion"] == before["fecha_recepcion"].isoformat()


def test_csv_is_what_the_library_writes(tmp_path, rows):
    export.write(tmp_path / "x.csv", rows)
    with (tmp_path / "y.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(["; ".join(v) if isinstance(v, list) else v for v in row.values()] for row in rows)
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_json_comes_back_as_it_was(tmp_path, hostile, kind):
    path = tmp_path / f"x.{kind}"
    export.write(path, hostile)
    read = read_json(path)
    assert "coche 🚗 ñ" in path.read_text("utf-8")
    for row in read:
        assert tuple(row) == FIELDS
        row.update({name: Decimal(row[name]) for name in ("precio_venta", "precio_compra", "precio_costo")})
        row.update({name: date.fromisoformat(row[name]) for name in ("fecha_matriculacion", "fecha_recepcion")})
    assert read == hostile


def test_parquet_comes_back_as_it_was_and_typed(tmp_path, hostile):
    path = tmp_path / "x.parquet"
    export.write(path, hostile)
    table = parquet.read_table(path)
    assert table.to_pylist() == hostile
    types = {field.name: str(field.type) for field in table.schema}
    assert types["precio_venta"] == types["precio_compra"] == types["precio_costo"] == "decimal128(10, 2)"
    assert types["fecha_matriculacion"] == types["fecha_recepcion"] == "date32[day]"
    assert types["kilometros"] == types["cilindrada"] == types["anio_matricula"] == "int32"
    assert types["equipamiento"] == types["campos_ia"] == "list<element: string>"
    assert types["bastidor"] == "string"
    assert parquet.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_parquet_comes_in_row_groups(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(export, "_ROW_GROUP", 2 * export._CHUNK)
    path = tmp_path / "x.parquet"
    export.write(path, rows * 200)
    read = parquet.ParquetFile(path)
    assert [read.metadata.row_group(n).num_rows for n in range(read.num_row_groups)] == [2_000, 2_000]


def test_a_sheet_gives_back_every_text_number_and_date(tmp_path, hostile):
    path = tmp_path / "x.xlsx"
    export.write(path, hostile)
    sheet = Sheet(path)
    assert [sheet.value(0, name) for name in FIELDS] == list(FIELDS)
    assert len(sheet.rows) == len(hostile) + 1
    for n, row in enumerate(hostile, 1):
        for name in ("descripcion", "modelo_ia", "bastidor"):
            assert sheet.value(n, name) == (row[name] or None)
        for name in ("equipamiento", "campos_ia"):
            assert sheet.value(n, name) == ("; ".join(row[name]) or None)
        for name in ("precio_venta", "precio_compra", "kilometros", "cilindrada"):
            assert sheet.value(n, name) == row[name]
        days = sheet.value(n, "fecha_matriculacion")
        assert date(1899, 12, 30) + timedelta(days=int(days)) == row["fecha_matriculacion"]


def test_a_sheet_in_the_making_takes_no_room_but_beside_its_target(tmp_path, rows, monkeypatch):
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    with export.open_writer(here / "x.xlsx") as writer:
        writer.write(rows * 100)
        assert list(elsewhere.iterdir()) == []
        assert sum(p.stat().st_size for p in here.rglob("*") if p.is_file()) > 1_000_000


def test_a_sheet_is_ready_to_use(tmp_path, rows):
    path = tmp_path / "x.xlsx"
    export.write(path, rows)
    sheet = Sheet(path)
    assert sheet.find("pane").get("state") == "frozen"
    assert sheet.find("pane").get("ySplit") == "1"
    assert sheet.find("autoFilter").get("ref") == f"A1:{xl_col_to_name(len(FIELDS) - 1)}21"
    widths = {int(c.get("min")): float(c.get("width")) for c in sheet.find("cols")}
    assert widths[FIELDS.index("equipamiento") + 1] > widths[FIELDS.index("bastidor") + 1] > 17
    assert sheet.number_format(sheet.rows[1][FIELDS.index("fecha_recepcion")]) == "dd/mm/yyyy"
    assert sheet.number_format(sheet.rows[1][FIELDS.index("precio_venta")]) == "#,##0.00"


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "|x", "%0A"])
def test_no_cell_is_a_formula(cell):
    assert export.safe_cell(cell) == "'" + cell
    assert export.safe_cell([cell, "b"]) == f"'{cell}; b"


def test_a_new_column_needs_a_kind_and_a_flag_has_one(tmp_path, rows, monkeypatch):
    with pytest.raises(TypeError, match="no column type for cambio: add it"):
        export.typed((*FIELDS, "cambio"))
    fields = tuple(dict.fromkeys((*FIELDS, "verificado")))
    monkeypatch.setattr(export, "COLUMNS", export.typed(fields))
    flagged = [{**row, "verificado": bool(n % 2)} for n, row in enumerate(rows)]
    export.write(tmp_path / "x.parquet", flagged)
    assert parquet.read_table(tmp_path / "x.parquet").column("verificado").to_pylist() == [False, True] * 10
    export.write(tmp_path / "x.xlsx", flagged)
    cell = Sheet(tmp_path / "x.xlsx").rows[2][fields.index("verificado")]
    assert (cell.get("t"), cell[0].text) == ("b", "1")


def count(path):
    """Vehicles in a file of any kind."""
    match path.suffix:
        case ".csv":
            return len(read_csv(path))
        case ".parquet":
            return parquet.read_metadata(path).num_rows
        case ".xlsx":
            return len(Sheet(path).rows) - 1
        case _:
            return len(read_json(path))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("amount", [0, 1, 1_000, 1_001])
def test_any_number_of_vehicles_is_a_whole_file(tmp_path, rows, kind, amount):
    path = tmp_path / f"x.{kind}"
    export.write(path, (rows[n % 20] for n in range(amount)))
    assert count(path) == amount
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_written_bit_by_bit_is_the_same_as_at_once(tmp_path, rows, kind):
    path = tmp_path / f"x.{kind.upper()}"
    path.write_text("viejo")
    with export.open_writer(path) as writer:
        for start in range(0, 20, 7):
            writer.write(iter(rows[start : start + 7]))
        writer.commit()
        assert path.read_text() == "viejo", "until the context is left"
    path.rename(path.with_suffix(f".{kind}"))
    export.write(tmp_path / f"y.{kind}", rows)
    if kind == "xlsx":  # carries the time it was made at
        assert [r.keys() for r in Sheet(tmp_path / "x.xlsx").rows] == [
            r.keys() for r in Sheet(tmp_path / "y.xlsx").rows
        ]
        assert Sheet(tmp_path / "x.xlsx").value(20, "bastidor") == rows[19]["bastidor"]
    else:
        assert (tmp_path / f"x.{kind}").read_bytes() == (tmp_path / f"y.{kind}").read_bytes()


def _fill_and_fail(writer, rows, error):
    writer.write(rows * 100)
    writer.commit()
    raise error


@pytest.mark.parametrize("kind", KINDS)
def test_without_commit_or_after_an_error_the_old_file_stays(tmp_path, rows, kind):
    path = tmp_path / f"x.{kind}"
    path.write_text("viejo")
    with export.open_writer(path) as writer:
        writer.write(rows * 100)
    assert path.read_text() == "viejo"
    for stop in (KeyboardInterrupt(), ConnectionResetError("de la base de datos")):
        with pytest.raises(type(stop)), export.open_writer(path) as writer:
            _fill_and_fail(writer, rows, stop)
        assert path.read_text() == "viejo"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_break_off_leave_the_old_file_and_their_own_error(tmp_path, rows, kind):
    path = tmp_path / f"x.{kind}"
    path.write_text("viejo")

    def breaking():
        yield from rows * 100
        raise ConnectionResetError("de la base de datos")

    with pytest.raises(ConnectionResetError):
        export.write(path, breaking())
    assert path.read_text() == "viejo"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_added_after_commit(tmp_path, rows):
    with export.open_writer(tmp_path / "x.csv") as writer:
        writer.write(rows)
        writer.commit()
        with pytest.raises(ValueError, match="whole already"):
            writer.write(rows)
    assert count(tmp_path / "x.csv") == 20


_ON_A_SMALL_DISK = """
import json, resource, sys
from datetime import date
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from apps.stock.files import export
row = json.loads(sys.argv[2])
row |= {n: Decimal(row[n]) for n in row if n.startswith("precio")}
row |= {n: date.fromisoformat(row[n]) for n in row if n.startswith("fecha")}
size, amount = int(sys.argv[3]), int(sys.argv[4])
export._ROW_GROUP = export._CHUNK
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
def different():
    for n in range(amount):
        yield {**row, "descripcion": str(pow(3, n + 4_000, 10**400))}
try:
    export.write(Path(sys.argv[1]), different())
except export.OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "amount"), [(1_000, 1), (2_000_000, 100_000)], ids=["at the end", "half-way"])
def test_a_disk_that_refuses_is_one_sentence_and_the_old_file_stays(tmp_path, rows, kind, size, amount):
    path = tmp_path / f"x.{kind}"
    path.write_text("viejo")
    row = json.dumps(rows[0], default=str)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", _ON_A_SMALL_DISK, str(path), row, str(size), str(amount)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.stdout == (
        f"No se puede escribir en {path}: el fichero pasa del tamaño permitido ahí; "
        "pida menos vehículos o elija otra carpeta.\n"
    )
    assert done.stderr == ""
    assert path.read_text() == "viejo"
    assert list(tmp_path.iterdir()) == [path]


def test_more_than_a_sheet_holds_is_refused_before_and_while_writing(tmp_path, rows, monkeypatch):
    path = tmp_path / "x.xlsx"
    path.write_text("viejo")
    export.check_writable(path, 1_048_575)
    with pytest.raises(OutputError, match=r"no admite más de 1\.048\.575 vehículos: use un fichero \.parquet o \.csv"):
        export.check_writable(path, 1_048_576)
    export.check_writable(tmp_path / "x.parquet", 1_048_576)
    monkeypatch.setattr(export, "XLSX_ROWS", 1_500)
    with pytest.raises(OutputError, match=r"no admite más de 1\.500 vehículos"):
        export.write(path, rows * 100)
    assert path.read_text() == "viejo"
    export.write(path, rows * 75)
    assert count(path) == 1_500


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(OutputError, match="es una carpeta"):
        export.check_writable(tmp_path / "x.csv")


def test_an_unknown_kind_or_place_says_what_to_do(tmp_path):
    with pytest.raises(OutputError, match=r"use una extensión \.csv, \.json, \.jsonl, \.parquet, \.xlsx"):
        export.check_writable(tmp_path / "x.ods")
    with pytest.raises(OutputError, match="la carpeta no existe; créela o elija otra"):
        export.check_writable(tmp_path / "no" / "x.csv")
    export.check_writable(tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_csv_does_not_pay_for_the_other_libraries(tmp_path):
    script = (
        "import sys; from pathlib import Path; from apps.stock.files import export; export.write(Path(sys.argv[1]), []);"
        "print([n for n in ('pyarrow', 'xlsxwriter') if n in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "x.csv")]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
