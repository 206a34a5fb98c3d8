"""What the commands that only look have in common."""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from rich.console import Console

    from apps.ia.accounts import Configured
    from apps.ia.memory import Memory

_INTERRUPTED = 130


class InspectingCommand(BaseCommand):
    """Makes the database ready, opens what is kept of the accounts, and turns what goes wrong into a sentence."""

    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    @abstractmethod
    def inspect(self, found: Configured, memory: Memory, options: dict[str, Any]) -> None:
        """Look and show."""

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Look and show; what goes wrong becomes one sentence and an exit code."""
        from apps.ia import accounts, database
        from apps.ia.memory import remembering
        from flotia.errors import FlotiaError

        try:
            found = accounts.configured()
            database.make_ready()
            with database.explained(), remembering(found.accounts) as memory:
                self.inspect(found, memory, options)
        except KeyboardInterrupt:
            self.stderr.write("\nInterrumpido.")
            sys.exit(_INTERRUPTED)
        except BrokenPipeError:  # the reader of our output left: `… | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except FlotiaError as error:
            raise CommandError(str(error)) from None

    def console(self) -> Console:
        """Where tables go."""
        from rich.console import Console

        stream: Any = self.stdout._out  # noqa: SLF001 - the stream Django wraps
        return Console(file=stream)

    @staticmethod
    def notices(found: Configured) -> list[str]:
        """Which accounts were left out, and that there is none at all."""
        if found.accounts:
            return list(found.notices)
        none = (
            "No hay ninguna cuenta configurada: las ejecuciones usan el modelo embebido. Defina DEEPSEEK_API_KEY o "
            "FLOTIA_PROVEEDORES para preguntar a otros."
        )
        return [*found.notices, none]
