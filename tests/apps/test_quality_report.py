"""The report of a stock or a file, as its user meets it."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.stock.files import export, importing
from apps.stock.models import Vehiculo
from flotia.generation import generate
from flotia.request import Request
from tests.conftest import TODAY

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>{{ score }}{% now "Y" %}"\'&\x1b[2J\u202e'


@pytest.fixture(scope="module")
def rows():
    return [v.as_dict() for v in generate(Request(amount=300, seed=6, use_ai=False, today=TODAY))]


@pytest.fixture
def file(tmp_path, rows):
    path = tmp_path / "stock.csv"
    export.write(path, rows)
    return path


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("informe_calidad", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


class Page(HTMLParser):
    """The tags, their attributes and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self._inside = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


# Reading


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
def test_what_we_export_is_read_back_as_it_was(tmp_path, rows, kind):
    path = tmp_path / f"x.{kind}"
    hostile = rows[0] | {"descripcion": "=1+1", "equipamiento": ["@x", "Bluetooth"], "cilindrada": None}
    export.write(path, [hostile, *rows[1:5]])
    vehicles = importing.read(path)
    assert vehicles.missing == ()
    assert list(vehicles.rows) == [hostile, *rows[1:5]]


def test_a_spreadsheets_csv_is_read(tmp_path):
    path = tmp_path / "x.CSV"
    path.write_bytes(
        "\ufeffMarca;Modelo ;fecha_matriculacion;precio_venta;kilometros;otra\r\nSEAT;León;3/4/2020;12990,50;12.000;x\r\n\r\n".encode()
    )
    vehicles = importing.read(path)
    assert list(vehicles.rows) == [
        {
            "marca": "SEAT",
            "modelo": "León",
            "fecha_matriculacion": date(2020, 4, 3),
            "precio_venta": "12990,50",
            "kilometros": "12.000",
        }
    ]
    assert "bastidor" in vehicles.missing
    assert "marca" not in vehicles.missing


def test_json_may_stand_under_vehiculos(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"vehiculos": [{"marca": "SEAT", "precio_venta": "9990.00"}]}))
    assert list(importing.read(path).rows) == [{"marca": "SEAT", "precio_venta": Decimal("9990.00")}]


def test_lines_are_read_as_they_are_asked_for(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"marca": "SEAT"}\n\n' * 500 + "{roto\n")
    vehicles = importing.read(path)
    assert next(vehicles.rows) == {"marca": "SEAT"}
    with pytest.raises(importing.ImportFileError, match="no es JSON correcto en la línea 1001"):
        list(vehicles.rows)


BAD = {
    "vacio.csv": (b"", "está vacío"),
    "cabecera.csv": (b"marca,modelo\r\n", "no tiene ningún vehículo"),
    "otras.csv": (
        b"brand,model\r\nSEAT,Leon\r\n",
        "no tiene ninguna columna conocida. Faltan: bastidor, matricula, marca",
    ),
    "binario.csv": (bytes(range(128, 256)) * 9, "no está en UTF-8"),
    "latino.csv": ("marca,modelo\nSEAT,León\n".encode("latin-1"), "no está en UTF-8"),
    "enorme.csv": (b'marca,modelo\nSEAT,"' + b"x" * 1_100_000 + b'"\n', "no es un CSV correcto: falla en la línea"),
    "roto.json": (b'[{"marca": "SEAT"},\n{]', "no es JSON correcto: falla en la línea 2"),
    "numero.json": (b"7", "debe ser una lista de objetos"),
    "objeto.json": (b'{"coches": []}', "debe ser una lista de objetos"),
    "lista.json": (b"[]", "no tiene ningún vehículo"),
    "mezcla.json": (b'[{"marca": "SEAT"}, 5]', "no es una tabla: el elemento 2 no es un objeto"),
    "hondo.json": (b"[" * 200_000, "no es JSON que se pueda leer"),
    "roto.jsonl": (b'{"marca": "SEAT"}\n{', "no es JSON correcto en la línea 2"),
    "roto.parquet": (b"PAR1 no lo es", "no es un fichero Parquet correcto"),
    "hoja.ods": (b"x", "No sé leer 'hoja.ods': use una extensión .csv, .json, .jsonl, .parquet"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_table_of_vehicles_is_refused_in_a_sentence(tmp_path, name):
    content, sentence = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run("--fichero", tmp_path / name)


def test_a_file_that_cannot_be_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="No existe el fichero"):
        run("--fichero", tmp_path / "nada.csv")
    with pytest.raises(CommandError, match="es una carpeta"):
        run("--fichero", tmp_path)
    os.mkfifo(tmp_path / "tubo.csv")
    with pytest.raises(CommandError, match="no es un fichero corriente"):
        run("--fichero", tmp_path / "tubo.csv")


# The command


def test_bad_flags_are_refused_before_anything_is_measured(tmp_path, file):
    for output, sentence in (
        (tmp_path / "no" / "x.html", "la carpeta no existe"),
        (tmp_path, "es una carpeta"),
        (tmp_path / "x.pdf", "use una extensión .html o .htm"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run("--fichero", file, "--salida", output)
    with pytest.raises(CommandError, match="'ayer' no es una fecha"):
        run("--fichero", file, "--hoy", "ayer")
    assert [p.name for p in tmp_path.iterdir()] == ["stock.csv"]


@pytest.mark.django_db
def test_an_empty_stock_is_a_sentence():
    with pytest.raises(CommandError, match="El stock está vacío: genere vehículos con"):
        run()


@pytest.mark.django_db
def test_the_stock_and_its_file_have_the_same_report(rows, file):
    Vehiculo.objects.bulk_create(Vehiculo(**row) for row in rows)
    stock, from_file = (json.loads(run("--json", *flags)[0]) for flags in ((), ("--fichero", file)))
    assert (stock.pop("fuente"), from_file.pop("fuente")) == ("Stock", "stock.csv")
    for each in (stock, from_file):  # the examples follow the order of the rows, and so does the last bit of a mean
        each["coherencia"].pop("reglas")
    assert stock["vehiculos"] == from_file["vehiculos"] == 300
    assert stock["notas"] == pytest.approx(from_file["notas"])
    assert stock["coherencia"] == from_file["coherencia"]
    assert stock["unicidad"] == from_file["unicidad"]


def test_json_is_one_document_and_nothing_else(file, tmp_path):
    out, err = run("--fichero", file, "--json", "--salida", tmp_path / "x.html")
    document = json.loads(out)
    assert document["vehiculos"] == 300
    assert set(document["notas"]) == {"coherencia", "unicidad", "diversidad", "realismo"}
    assert len(document["hallazgos"]) == 3
    assert {m["veredicto"] for m in document["realismo"]} == {"dentro", "fuera", "sin referencia"}
    assert document["procedencia"]["origenes"] == [
        {
            "nombre": "aleatorio",
            "vehiculos": 300,
            "campos": 0,
            "por_campo": dict.fromkeys(document["procedencia"]["origenes"][0]["por_campo"], 0),
        }
        | {"con_error": document["procedencia"]["origenes"][0]["con_error"]}
    ]
    assert "Escrito en" in err


def test_plain_text_where_there_is_no_terminal(file):
    out, _ = run("--fichero", file)
    assert "\x1b" not in out
    for title in ("Coherencia", "Unicidad", "Diversidad", "Realismo", "Procedencia"):
        assert re.search(rf"^{title}(: [\d,]+ de 100)?$", out, re.MULTILINE)
    assert re.search(r"Reparto de marcas +tabla +tabla +[\d,]+\s%", out)
    assert "Faltan columnas" not in out


def test_the_day_of_the_report_is_used_where_rows_name_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("marca,modelo,anio_matricula\n" + "SEAT,León,2020\n" * 40)
    document = json.loads(run("--fichero", path, "--json", "--hoy", "2023-05-01")[0])
    ages = next(m for m in document["realismo"] if m["clave"] == "edades")
    assert {line["nombre"] for line in ages["tabla"] if line["aqui"]} == {"3"}
    assert "precio_venta" in document["columnas_que_faltan"]


# The page


def page(tmp_path, file):
    output = tmp_path / "informe.html"
    run("--fichero", file, "--salida", output)
    return output.read_text("utf-8")


def test_the_page_needs_nothing_from_elsewhere(tmp_path, file):
    text = page(tmp_path, file)
    found = Page(text)
    assert {"script", "link", "img", "iframe", "object", "embed", "base"}.isdisjoint(found.tags)
    assert not re.search(r"@import|url\((?!#)", text)
    links = {value for name, value in found.attributes if name in ("href", "src", "xlink:href")}
    assert all(link.startswith("#") for link in links)


def test_the_page_can_be_read_without_seeing_it(tmp_path, file):
    text = page(tmp_path, file)
    found = Page(text)
    assert ("lang", "es") in found.attributes
    assert (
        found.tags.count("svg") == found.tags.count("figure") == text.count('role="img"') == text.count("<desc>") == 5
    )
    assert found.tags.count("table") == found.tags.count("caption") > 20
    assert text.count("prefers-color-scheme: dark") == text.count("@media print") == 1
    for title in ("Resumen", "Coherencia", "Unicidad", "Diversidad", "Realismo", "Procedencia"):
        assert title in found.text
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_what_a_row_says_is_text_in_the_page_and_harmless_on_a_terminal(tmp_path, rows):
    spoilt = [
        row | dict.fromkeys(("bastidor", "marca", "modelo", "version", "color", "combustible", "provincia", "origen", "modelo_ia", "descripcion", "etiqueta_dgt"), HOSTILE)
        | {"campos_ia": ["color"]}
        for row in rows[:60]
    ]  # fmt: skip
    path = tmp_path / f"{HOSTILE.replace('/', '')[:40]}.jsonl"
    export.write(path, spoilt)
    out, _ = run("--fichero", path)
    assert "\x1b" not in out
    assert "\u202e" not in out
    text = page(tmp_path, path)
    assert {"script", "img"}.isdisjoint(Page(text).tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ score }}{% now" in Page(text).text
    assert "\x1b" not in text


def test_a_page_is_replaced_only_by_a_whole_one(tmp_path, file, monkeypatch):
    output = tmp_path / "informe.html"
    output.write_text("vieja")
    monkeypatch.setattr(
        Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(CommandError, match="No se puede escribir"):
        run("--fichero", file, "--salida", output)
    assert output.read_text() == "vieja"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["informe.html", "stock.csv"]


def test_as_a_process_a_reader_that_leaves_and_a_fault_make_no_traceback(tmp_path, file):
    def command(arguments):
        environment = {**os.environ, "FLOTIA_DATOS": str(tmp_path / "datos")}
        line = f"{sys.executable} manage.py informe_calidad {arguments}"
        return subprocess.run(
            ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    left = command(f"--fichero {file} --json | head -c 1")
    assert (left.stdout, left.stderr) == ("{", "")
    refused = command(f"--fichero {tmp_path}")
    assert refused.returncode == 1
    assert refused.stderr.strip() == f"CommandError: {tmp_path} es una carpeta: indique un fichero."
