"""Bulk writing: every value arrives in its column, whatever it holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from apps.stock import bulk
from flotia.bridge import iterate
from flotia.engine import Engine
from flotia.events import BatchDone
from flotia.request import Request
from flotia.vehicle import FIELDS, VehicleTable
from tests.conftest import TODAY

_TYPES = {
    "anio_matricula": "int", "fecha_matriculacion": "date", "kilometros": "int", "cilindrada": "int", "potencia": "int",
    "puertas": "int", "plazas": "int", "precio_venta": "numeric(10,2)", "precio_compra": "numeric(10,2)",
    "precio_costo": "numeric(10,2)", "fecha_recepcion": "date", "dias_stock": "int", "equipamiento": "jsonb",
    "campos_ia": "jsonb", "verificado": "boolean",
}  # fmt: skip


@pytest.fixture(scope="module")
def table(catalogue):
    (made,) = [
        e.vehicles
        for e in iterate(Engine(catalogue).stream(Request(amount=400, seed=6, use_ai=False, today=TODAY)))
        if isinstance(e, BatchDone)
    ]
    return made


def through_postgres(address, vehicles):
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        columns = ", ".join(f"{n} {_TYPES.get(n, 'text')}" for n in FIELDS)
        cursor.execute(f"CREATE TEMP TABLE t ({columns})")
        with cursor.copy("COPY t FROM STDIN") as copy:
            copy.write(bulk.copy_text(vehicles))
        return cursor.execute("SELECT * FROM t").fetchall()


def test_postgresql_reads_what_the_vehicles_are(postgres, table):
    rows = through_postgres(postgres, table)
    assert [dict(zip(FIELDS, row, strict=True)) for row in rows] == [v.as_dict() for v in table.values()]


@pytest.mark.parametrize(
    "text", ["tab\tline\nback\\slash\rend", "plano", "\\N", "\\.", "ñ → 漢", "'; DROP TABLE t; --", ""]
)
def test_a_text_stays_one_column_whatever_it_holds(postgres, table, text):
    amended = VehicleTable(list(table), table._columns, {1: {"descripcion": text, "version": text}})
    rows = through_postgres(postgres, amended)
    assert len(rows) == len(table)
    assert (rows[1][FIELDS.index("descripcion")], rows[1][FIELDS.index("version")]) == (text, text)


def test_amended_fields_are_stored_as_the_others_are(table):
    fields = {
        "equipamiento": ("Faros led", 'Con "comillas"'), "precio_venta": Decimal("12345.67"), "fecha_recepcion": date(2026, 1, 2)
    }  # fmt: skip
    amended = VehicleTable(list(table), table._columns, {0: fields})
    row = dict(zip(FIELDS, next(iter(amended.records())), strict=True))
    assert row["equipamiento"] == '["Faros led", "Con \\"comillas\\""]'
    assert str(row["precio_venta"]) == "12345.67"
    assert row["fecha_recepcion"] == "2026-01-02"
    assert amended[next(iter(amended))].equipamiento == fields["equipamiento"]
