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

#: Exit codes beside 0 and 1 (an error): the user's interruption, as shells count it, and a run that waits for calls or
#: quota, so that a script can repeat it later (sysexits.h: EX_TEMPFAIL).
_INTERRUPTED, _PAUSED = 130, 75
#: What `--reanudar` takes from the run as it was begun.
_FIXED = ("usar_ia", "cantidad", "marca", "semilla", "perfil", "usar_cache", "reemplazar")
#: What is about calls.
_ABOUT_CALLS = ("presupuesto", "paralelo", "al_agotar")
_DEFAULT_AMOUNT = 100


class Command(BaseCommand):
    """Arguments in, use case, view out: what happens is in `apps.stock.runs.generation`."""

    help = (
        "Genera vehículos de ocasión y los publica en el stock. Termina con código 0 si se publican, 1 si hay un error, 75 si"
        " queda en pausa por presupuesto o cupo y 130 si se interrumpe; con 75 y 130 se continúa con --reanudar."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        parser.add_argument("--usar-ia", action="store_true", help="pide los datos a modelos de lenguaje")
        parser.add_argument(
            "--cantidad", type=_whole("--cantidad"), help=f"vehículos que generar (por defecto {_DEFAULT_AMOUNT})"
        )
        parser.add_argument("--marca", help='solo esta marca, p. ej. "BMW"')
        parser.add_argument("--semilla", type=_whole("--semilla"), help="repite el mismo sorteo")
        _add_flags_about_calls(parser)
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
        from apps.stock.runs import generation
        from flotia.errors import FlotiaError

        try:
            with _sigterm_as_interruption():
                self._run(options)
        except generation.Paused as stop:
            print(_how_to_go_on(stop), file=sys.stderr)
            sys.exit(_PAUSED)
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

        from apps.ia import database
        from apps.stock.console import LiveView
        from apps.stock.runs import generation
        from apps.stock.runs.narration import Narrator, logger
        from apps.stock.tables import show_summary

        _check(options)
        order = generation.Order(options["reemplazar"], options["sin_red"], options["salida"])
        resuming = options["reanudar"] is not None
        request = None if resuming else _request(options)
        if options["debug"]:
            logger.setLevel(logging.DEBUG)
        database.make_ready()
        if request is None:
            run_id = None if options["reanudar"] == -1 else options["reanudar"]
            claim = generation.take_up(run_id, order, _changes(options))
        else:
            claim = generation.begin(request, order)
        console = Console(file=self.stdout._out)  # type: ignore[arg-type]  # noqa: SLF001 - the stream Django wraps
        if console.is_terminal and not options["debug"] and options["verbosity"] > 0:
            with LiveView(console, claim.calls) as view:
                summary = generation.carry_out(
                    claim, order, view.hear, lambda line: console.print(line, highlight=False, markup=False)
                )
        else:
            narrator = Narrator(pauses=claim.pauses)
            summary = generation.carry_out(claim, order, narrator.hear, lambda line: logger.info("%s", line))
        show_summary(summary, console)
        if order.output is not None:
            console.print(f"Escritos en {order.output}", highlight=False, markup=False)


def _add_flags_about_calls(parser: CommandParser) -> None:
    calls = parser.add_argument_group("llamadas a los modelos (con --usar-ia)")
    calls.add_argument(
        "--perfil", choices=["adaptativo", "especificacion"],
        help="adaptativo (por defecto): varias llamadas a la vez, a los modelos que mejor responden y tan grandes como"
        " sepan contestar; especificacion: una a una, en el orden de la lista y de tamaño fijo",
    )  # fmt: skip
    calls.add_argument(
        "--paralelo", type=_whole("--paralelo", 4), metavar="N",
        help="llamadas a la vez en el perfil adaptativo (por defecto, las que permiten los límites de las cuentas)",
    )  # fmt: skip
    calls.add_argument(
        "--presupuesto", type=_whole("--presupuesto", 50), metavar="N",
        help="hace como mucho N llamadas (por defecto, sin tope)",
    )  # fmt: skip
    calls.add_argument(
        "--al-agotar", choices=["pausar", "local"],
        help="qué hacer si se acaba el presupuesto o el cupo: local (por defecto) completa con datos locales; pausar guarda"
        " lo hecho y termina con código 75, para seguir con --reanudar",
    )  # fmt: skip
    calls.add_argument(
        "--usar-cache", action="store_true",
        help="antes de preguntar, aprovecha respuestas de otras ejecuciones; sin --usar-ia, lo que falte son datos locales",
    )  # fmt: skip


def _check(options: dict[str, Any]) -> None:
    """Raise `RequestError` for flags that make no sense together."""
    from flotia.errors import RequestError

    if options["reanudar"] is not None:
        if given := _given(options, _FIXED):
            raise RequestError(
                f"--reanudar sigue la ejecución tal como se pidió: no admite {' ni '.join(given)}. Sí puede cambiar"
                " --presupuesto, --paralelo y --al-agotar."
            )
        return
    if (given := _given(options, _ABOUT_CALLS)) and not options["usar_ia"]:
        raise RequestError(f"Sin --usar-ia no se llama a ningún modelo: añádalo, o quite {' y '.join(given)}.")
    if options["paralelo"] is not None and options["perfil"] == "especificacion":
        raise RequestError(
            "El perfil especificacion hace las llamadas de una en una: quite --paralelo o use --perfil adaptativo."
        )


def _given(options: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """The flags among `names` that the user wrote."""
    return ["--" + n.replace("_", "-") for n in names if options[n] is not None and options[n] is not False]


def _request(options: dict[str, Any]) -> Any:
    from flotia.request import Profile, Request, WhenExhausted

    given = {} if options["semilla"] is None else {"seed": options["semilla"]}
    return Request(
        amount=_DEFAULT_AMOUNT if options["cantidad"] is None else options["cantidad"],
        brand=options["marca"],
        use_ai=options["usar_ia"],
        profile=Profile(options["perfil"] or Profile.ADAPTIVE),
        budget=options["presupuesto"],
        lanes=options["paralelo"],
        when_exhausted=WhenExhausted(options["al_agotar"] or WhenExhausted.LOCAL),
        use_cache=options["usar_cache"],
        **given,
    )


def _changes(options: dict[str, Any]) -> Any:
    from apps.stock.runs.lifecycle import Changes
    from flotia.request import WhenExhausted

    then = options["al_agotar"]
    return Changes(options["presupuesto"], options["paralelo"], None if then is None else WhenExhausted(then))


def _how_to_go_on(stop: Any) -> str:
    from apps.stock.wording import at, clean, sentence

    when = "" if stop.resumes is None else f" Vuelve a haber cupo {at(stop.resumes)}."
    return (
        f"\nEn pausa: {stop.made} de {stop.amount} vehículos guardados. {sentence(clean(stop.reason))}{when} Para"
        f" continuar:\n  python manage.py migrate_stock_and_scrape --reanudar {stop.run_id}"
    )


def _whole(flag: str, example: int = 1000) -> Any:
    """A reader of whole numbers whose complaint names the flag and what to write instead."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} no es un número entero: escriba {flag} {example}") from None

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
