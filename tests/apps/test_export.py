"""Vehicles to files."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from apps.stock import export
from apps.stock.errors import OutputError
from flotia.generation import generate
from flotia.request import Request
from flotia.vehicle import FIELDS


@pytest.fixture(scope="module")
def rows():
    return [v.as_dict() for v in generate(Request(amount=20, seed=2, use_ai=False))]


def test_csv_has_every_column_and_row(tmp_path, rows):
    path = tmp_path / "x.csv"
    export.write(path, rows)
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [r["bastidor"] for r in read] == [r["bastidor"] for r in rows]
    assert tuple(read[0]) == FIELDS
    assert read[0]["precio_venta"] == str(rows[0]["precio_venta"])
    assert read[0]["equipamiento"] == "; ".join(rows[0]["equipamiento"])


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_json_comes_back_as_it_was(tmp_path, rows, kind):
    path = tmp_path / f"x.{kind}"
    export.write(path, rows)
    text = path.read_text("utf-8")
    read = json.loads(text) if kind == "json" else [json.loads(line) for line in text.splitlines()]
    assert len(read) == 20
    assert date.fromisoformat(read[3]["fecha_matriculacion"]) == rows[3]["fecha_matriculacion"]
    assert Decimal(read[3]["precio_compra"]) == rows[3]["precio_compra"]
    assert read[3]["equipamiento"] == rows[3]["equipamiento"]


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "|x", "%0A"])
def test_no_cell_is_a_formula(cell):
    assert export.safe_cell(cell) == "'" + cell
    assert export.safe_cell([cell, "b"]) == f"'{cell}; b"


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path, rows):
    path = tmp_path / "x.csv"
    path.write_text("viejo")

    def breaking():
        yield rows[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        export.write(path, breaking())
    assert path.read_text() == "viejo"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(OutputError, match="es una carpeta"):
        export.check_writable(tmp_path / "x.csv")
