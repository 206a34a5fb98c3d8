"""`manage.py estadisticas_ia`: what calls to models came to."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

_INTERRUPTED = 130


class Command(BaseCommand):
    """Arguments in, figures out: what is counted is in `apps.stock.statistics`."""

    help = "Cuenta las llamadas a los modelos de IA: qué dieron, por qué fallaron, cuánto tardaron y qué costaron."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        parser.add_argument(
            "--por", choices=["modelo", "ejecucion", "dia", "cuenta"], default="modelo",
            help="una línea por modelo pedido (por defecto), ejecución, día o cuenta",
        )  # fmt: skip
        parser.add_argument("--desde", type=_day, metavar="AAAA-MM-DD", help="solo las llamadas desde ese día")
        parser.add_argument("--ejecucion", type=_run_id, metavar="ID", help="solo las llamadas de esa ejecución")
        parser.add_argument("--json", action="store_true", help="un documento JSON en lugar de las tablas")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Count and show; what goes wrong becomes one sentence and an exit code."""
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
        from rich.console import Console

        from apps.ia import database
        from apps.stock import statistics, tables
        from apps.stock.models import Ejecucion
        from flotia.errors import FlotiaError

        run = options["ejecucion"]
        database.make_ready()
        with database.explained():
            if run is not None and not Ejecucion.objects.filter(pk=run).exists():
                raise FlotiaError(f"No hay ninguna ejecución {run}: mire sus números con --por ejecucion.")
            found = statistics.gather(statistics.By(options["por"]), since=options["desde"], run=run)
        if options["json"]:
            lines = [line.as_dict() for line in found.lines]
            document = {"por": str(found.by), "lineas": lines, "total": found.total.as_dict()}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
        elif not found.lines:
            self.stdout.write("No hay llamadas registradas: las hace migrate_stock_and_scrape con --usar-ia.")
        else:
            stream: Any = self.stdout._out  # noqa: SLF001 - the stream Django wraps
            tables.show_statistics(found, Console(file=stream))


def _day(text: str) -> date:
    """A date as the flag takes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} no es una fecha: escriba --desde 2026-11-22") from None


def _run_id(text: str) -> int:
    """A run's number, within what the column holds."""
    if text.isascii() and text.isdigit() and int(text) < 2**63:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} no es el número de una ejecución: escriba --ejecucion 3")
