"""`manage.py migrate_stock_and_scrape`: fill the stock. The name is the specification's."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

#: Exit codes beside 0 and 1 (an error): the user's interruption, as shells count it.
_INTERRUPTED = 130
_DEFAULT_AMOUNT = 100


class Command(BaseCommand):
    """Arguments in, use case, view out: what happens is in `apps.stock.generation`."""

    help = "Genera vehículos de ocasión y los publica en el stock."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        parser.add_argument("--usar-ia", action="store_true", help="pide los datos a modelos de lenguaje")
        parser.add_argument(
            "--cantidad", type=_whole("--cantidad"), help=f"vehículos que generar (por defecto {_DEFAULT_AMOUNT})"
        )
        parser.add_argument("--marca", help='solo esta marca, p. ej. "BMW"')
        parser.add_argument("--semilla", type=_whole("--semilla"), help="repite el mismo sorteo")
        parser.add_argument(
            "--perfil", choices=["especificacion"], default="especificacion", help="cómo se reparten las llamadas"
        )
        parser.add_argument("--sin-red", action="store_true", help="datos locales, sin preguntar a ningún modelo")
        parser.add_argument(
            "--reemplazar", action="store_true", help="pasa el stock actual al histórico y deja solo el nuevo"
        )
        parser.add_argument(
            "--reanudar", nargs="?", type=_whole("--reanudar"), const=-1, metavar="ID",
            help="continúa una ejecución interrumpida (la última, o la de ese ID)",
        )  # fmt: skip
        parser.add_argument(
            "--salida", type=Path, metavar="FICHERO", help="además, a un .csv, .json, .jsonl, .parquet o .xlsx"
        )
        parser.add_argument("--debug", action="store_true", help="muestra cada detalle en líneas de log")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run, and turn what ends it into a sentence and an exit code."""
        from apps.stock import generation
        from flotia.errors import FlotiaError

        try:
            with _sigterm_as_interruption():
                self._run(options)
        except generation.Interrupted as stop:
            print(
                f"\nInterrumpido: {stop.made} de {stop.amount} vehículos guardados. Para continuar:\n"
                f"  python manage.py migrate_stock_and_scrape --reanudar {stop.run_id}",
                file=sys.stderr,
            )
            sys.exit(_INTERRUPTED)
        except KeyboardInterrupt:
            print("\nInterrumpido. Si ya había vehículos hechos, continúe con --reanudar.", file=sys.stderr)
            sys.exit(_INTERRUPTED)
        except FlotiaError as error:
            raise CommandError(str(error)) from (error if options["debug"] else None)

    def _run(self, options: dict[str, Any]) -> None:
        from rich.console import Console

        from apps.stock import database, generation
        from apps.stock.console import LiveView, show_summary
        from apps.stock.narration import logger, narrate
        from flotia.errors import RequestError

        resuming = options["reanudar"] is not None
        if resuming and any(options[n] is not None for n in ("cantidad", "marca", "semilla")):
            raise RequestError(
                "--reanudar sigue la ejecución tal como se pidió: no admite --cantidad, --marca ni --semilla."
            )
        request = None if resuming else _request(options)
        if options["debug"]:
            logger.setLevel(logging.DEBUG)
        order = generation.Order(options["reemplazar"], options["sin_red"], options["salida"])
        database.make_ready()
        console = Console(file=self.stdout._out)  # type: ignore[arg-type]  # noqa: SLF001 - the stream Django wraps
        live = console.is_terminal and not options["debug"] and options["verbosity"] > 0

        def carry_out(hear: Any, notice: Any) -> Any:
            if request is None:
                run_id = None if options["reanudar"] == -1 else options["reanudar"]
                return generation.resume(run_id, order, hear, notice)
            return generation.start(request, order, hear, notice)

        if live:
            with LiveView(console) as view:
                summary = carry_out(view.hear, lambda line: console.print(line, highlight=False))
        else:
            summary = carry_out(narrate, lambda line: logger.info("%s", line))
        show_summary(summary, console)
        if order.output is not None:
            console.print(f"Escritos en {order.output}", highlight=False)


def _request(options: dict[str, Any]) -> Any:
    from flotia.request import Profile, Request

    given = {} if options["semilla"] is None else {"seed": options["semilla"]}
    amount = _DEFAULT_AMOUNT if options["cantidad"] is None else options["cantidad"]
    return Request(
        amount=amount,
        brand=options["marca"],
        use_ai=options["usar_ia"],
        profile=Profile(options["perfil"]),
        **given,
    )


def _whole(flag: str) -> Any:
    """A reader of whole numbers whose complaint names the flag and what to write instead."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} no es un número entero: escriba {flag} 1000") from None

    return read


@contextmanager
def _sigterm_as_interruption() -> Iterator[None]:
    """Let a polite kill end the run as Ctrl-C does. Only the main thread may say so; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signum: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
