"""`manage.py trabajador`: carries out the runs that the page and the API leave in the queue."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """The background worker as a process. `manage.py panel` starts one by itself."""

    help = (
        "Hace en segundo plano las generaciones que se piden desde la página o la API, una tras otra. Se detiene con Ctrl-C:"
        " la que esté en marcha se guarda y sigue cuando vuelva a arrancar."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Work until told to stop."""
        from apps.ia import database
        from apps.stock.runs import worker
        from flotia.errors import FlotiaError

        stopping = threading.Event()

        def stop(_signum: int, _frame: object) -> None:
            if stopping.is_set():
                return  # it is stopping already, and what it does last must be done whole
            stopping.set()
            raise KeyboardInterrupt

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        try:
            database.make_ready()
            self.stdout.write("Trabajador en marcha: espera generaciones.")
            worker.work(stopping)
        except KeyboardInterrupt:
            pass
        except FlotiaError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Trabajador detenido.")
