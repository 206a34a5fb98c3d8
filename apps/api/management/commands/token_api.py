"""`manage.py token_api crear|listar|revocar`: who may use the API."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

if TYPE_CHECKING:
    from apps.api.models import Alcance

_HEADERS = ("Nombre", "Alcance", "Creado", "Caduca", "Último uso", "Estado")
_MOST_DAYS = 3650


class Command(BaseCommand):
    """Arguments in, a token or a table out: what a token is stands in `apps.api.tokens`."""

    help = "Crea, lista y revoca los tokens con los que otros programas usan la API."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be done."""
        doing = parser.add_subparsers(dest="accion", required=True, metavar="crear|listar|revocar")
        create = doing.add_parser("crear", help="crea un token y lo muestra, esta única vez")
        create.add_argument("--nombre", required=True, type=_name, help="para reconocerlo y revocarlo")
        create.add_argument(
            "--alcance", type=_scopes, default="read", metavar="read,generate",
            help="lo que permite: read (leer), generate (crear y gobernar ejecuciones); por defecto, read",
        )  # fmt: skip
        create.add_argument("--caduca", type=_days, metavar="DÍAS", help="deja de valer pasados esos días")
        doing.add_parser("listar", help="los tokens que hay, sin su texto, que no se guarda")
        revoke = doing.add_parser("revocar", help="un token deja de valer desde ahora")
        revoke.add_argument("--nombre", required=True, type=_name)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Do it; what goes wrong becomes one sentence and an exit code."""
        from apps.ia import database
        from flotia.errors import FlotiaError

        try:
            database.make_ready()
            with database.explained():
                {"crear": self._create, "listar": self._list, "revocar": self._revoke}[options["accion"]](options)
        except FlotiaError as error:
            raise CommandError(str(error)) from None

    def _create(self, options: dict[str, Any]) -> None:
        from apps.api import tokens

        token, text = tokens.issue(options["nombre"], options["alcance"], options["caduca"])
        until = f", hasta el {token.caduca:%d/%m/%Y}" if token.caduca else ""
        self.stderr.write(f"Token «{token.nombre}» ({token.alcance}){until}. Guárdelo: no se volverá a mostrar.")
        self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:  # noqa: ARG002 - one signature for all
        from rich.console import Console

        from apps.api.models import TokenAPI
        from apps.ia import tables

        rows = [
            (t.nombre, t.alcance, _day(t.creado), _day(t.caduca), _day(t.ultimo_uso), _state(t))
            for t in TokenAPI.objects.order_by("creado")
        ]
        stream: Any = self.stdout._out  # noqa: SLF001 - the stream Django wraps
        tables.show(Console(file=stream), _HEADERS, rows)

    def _revoke(self, options: dict[str, Any]) -> None:
        from apps.api import tokens

        tokens.revoke(options["nombre"])
        self.stderr.write(f"Token «{options['nombre']}» revocado.")


def _state(token: Any) -> str:
    from django.utils import timezone

    if token.revocado:
        return "revocado"
    return "caducado" if token.caduca and token.caduca <= timezone.now() else "vigente"


def _day(moment: Any) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(moment):%d/%m/%Y}" if moment else "–"


def _name(text: str) -> str:
    if not 1 <= len(text) <= 60 or not text.isprintable():
        raise argparse.ArgumentTypeError("un nombre tiene de 1 a 60 caracteres visibles")
    return text


def _scopes(text: str) -> list[Alcance]:
    from apps.api.models import Alcance

    try:
        return [Alcance(part.strip()) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} no vale: use read, generate o read,generate") from None


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"los días van de 1 a {_MOST_DAYS}")
    return int(text)
