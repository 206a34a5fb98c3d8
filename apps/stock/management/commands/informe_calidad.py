"""`manage.py informe_calidad`: the stock, or a file of vehicles, scored."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from flotia.quality.report import Report
    from flotia.quality.views import TableView

#: Columns of the report where the output is no terminal.
_WIDTH = 160
_PAGES = (".html", ".htm")
_INTERRUPTED = 130
_STYLES = {"fuera": "red", "dentro": "green", "Error": "red"}


class Command(BaseCommand):
    """Arguments in, report out: what is measured is in `flotia.quality`."""

    help = "Mide la calidad del stock, o de un fichero de vehículos: coherencia, unicidad, diversidad y realismo."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        parser.add_argument("--fichero", type=Path, help="mide este .csv, .json, .jsonl o .parquet en lugar del stock")
        parser.add_argument("--salida", type=Path, metavar="PÁGINA.html", help="además, una página que enseñar")
        parser.add_argument("--json", action="store_true", help="un documento JSON en lugar de las tablas")
        parser.add_argument(
            "--hoy",
            type=_day,
            metavar="AAAA-MM-DD",
            help="el día del que se habla (por defecto, el que dicen las propias fechas de cada vehículo)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Measure and show; what goes wrong becomes one sentence and an exit code."""
        from flotia.errors import FlotiaError

        try:
            self._run(options)
        except KeyboardInterrupt:
            print("\nInterrumpido.", file=sys.stderr)
            sys.exit(_INTERRUPTED)
        except BrokenPipeError:  # the reader of our output left: `… | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except FlotiaError as error:
            raise CommandError(str(error)) from None

    def _run(self, options: dict[str, Any]) -> None:
        output: Path | None = options["salida"]
        if output is not None:
            _check_writable(output)
        with Console(stderr=True).status("Midiendo…"):
            report = _measure(options["fichero"], options["hoy"])
        if options["json"]:
            self.stdout.write(_as_json(report))
        else:
            stream: Any = self.stdout._out  # noqa: SLF001 - the stream Django wraps
            _show(report, Console(file=stream, width=None if stream.isatty() else _WIDTH))
        if output is not None:
            _write(output, _page(report))
            self.stderr.write(f"Escrito en {output}", self.style.SUCCESS)


def _measure(file: Path | None, today: date | None) -> Report:
    """Raises `FlotiaError` if there is nothing to measure."""
    from apps.ia import database
    from apps.stock.files import importing
    from flotia.catalogue.loader import Catalogue
    from flotia.errors import FlotiaError
    from flotia.quality.report import measure

    if file is None:
        database.make_ready()
        with database.explained():
            report = measure(_stock(), source="Stock", today=today, catalogue=Catalogue.load())
        empty = "El stock está vacío: genere vehículos con `python manage.py migrate_stock_and_scrape --cantidad 100`."
    else:
        vehicles = importing.read(file)
        report = measure(
            vehicles.rows, source=file.name, today=today, catalogue=Catalogue.load(), missing=vehicles.missing
        )
        empty = f"{file} no tiene ningún vehículo."
    if report is None:
        raise FlotiaError(empty)
    return report


def _stock() -> Iterator[Mapping[str, Any]]:
    from apps.stock.models import Vehiculo
    from flotia.vehicle import FIELDS

    yield from Vehiculo.objects.order_by("pk").values(*FIELDS).iterator(chunk_size=5_000)


def _as_json(report: Report) -> str:
    from flotia.quality.document import as_json

    return json.dumps(as_json(report), ensure_ascii=False, indent=1, allow_nan=False)


def _show(report: Report, console: Console) -> None:
    """Print the report: scores, findings, then the tables of each section that are not folded."""
    from flotia.quality import findings, views, wording

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style), highlight=False)

    say(f"Calidad de {wording.clean(report.source)}: {wording.whole(report.rows)} vehículos", "bold")
    sections = views.sections(report)
    scores = " · ".join(f"{s.title} {s.score}" for s in sections if s.score)
    say(f"Nota {wording.score(report.score)} de 100 · {scores}\n")
    for place, finding in enumerate(findings.findings(report), start=1):
        say(f" {place}. {finding}")
    if report.missing:
        say(f"\nFaltan columnas, y lo que depende de ellas no se mide: {', '.join(report.missing)}.", "yellow")
    for section in sections:
        say(f"\n{section.title}" + (f": {section.score} de 100" if section.score else ""), "bold")
        for sentence in section.says:
            say(sentence, "dim")
        for table in section.tables:
            if not table.folded:
                console.print(_as_rich(table))


def _as_rich(view: TableView) -> Table:
    table = Table(title=Text(view.title), title_justify="left", title_style="italic", box=None, padding=(0, 1))
    for place, header in enumerate(view.headers):
        numeric = place in view.numeric
        table.add_column(Text(header), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in view.rows:
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    return table


def _page(report: Report) -> str:
    """The report as one page that needs nothing else; the template escapes what came from rows."""
    from django.template.loader import render_to_string

    from flotia.quality import views, wording
    from flotia.quality.charts import charts
    from flotia.quality.findings import findings

    return render_to_string(
        "stock/informe_calidad.html",
        {
            "source": wording.clean(report.source),
            "today": report.today,
            "rows": wording.whole(report.rows),
            "score": wording.score(report.score),
            "findings": findings(report),
            "scoring": views.scoring(),
            "missing": report.missing,
            "sections": views.sections(report),
            "charts": list(charts(report)),
            "note": report.yardstick.note,
        },
    )


def _check_writable(path: Path) -> None:
    """Raise `OutputError` unless a page can be written there."""
    from apps.stock.errors import OutputError

    if path.is_dir():
        raise OutputError(f"{path} es una carpeta: indique un fichero.")
    if path.suffix.lower() not in _PAGES:
        raise OutputError(f"No sé escribir {path.name!r}: use una extensión {' o '.join(_PAGES)}.")
    with _beside(path):
        pass


def _write(path: Path, text: str) -> None:
    """Put `text` at `path`; a file of that name is replaced only by a whole one. Raises `OutputError`."""
    with _beside(path) as temporary:
        temporary.write_text(text, "utf-8")
        temporary.chmod(0o644)
        temporary.replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file beside `path`, gone afterwards unless it was renamed. Raises `OutputError`."""
    from apps.stock.errors import OutputError

    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".flotia-", delete=False) as file:
            temporary = Path(file.name)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        why = "la carpeta no existe" if isinstance(error, FileNotFoundError) else error.strerror or error
        raise OutputError(f"No se puede escribir en {path}: {why}.") from error


def _day(text: str) -> date:
    """A date as the flag takes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} no es una fecha: escriba --hoy 2026-11-22") from None
