"""`manage.py panel`: the page and the background worker, together, with one order."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

#: A child that is told to end gets so long, in seconds: the worker saves what it has made.
_PATIENCE = 25.0
#: A worker that ends by itself is started again, after so many seconds: what it worked on goes on.
_AGAIN = 3.0
_LOOK = 0.3


class Command(BaseCommand):
    """Starts both as processes of their own, and ends both when it ends."""

    help = (
        "Sirve la página y la API (uvicorn) y el proceso de fondo que hace las generaciones. Se detiene con Ctrl-C; lo que"
        " esté en marcha se guarda y sigue al volver a arrancar."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        parser.add_argument("--puerto", type=int, default=8000, help="por defecto, 8000")
        parser.add_argument(
            "--direccion",
            default="127.0.0.1",
            help="dónde escucha: 127.0.0.1 (por defecto, solo este equipo) o 0.0.0.0",
        )
        parser.add_argument(
            "--sin-worker", action="store_true", help="solo la página: el proceso de fondo corre aparte"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Serve until told to stop, or until the page ends by itself."""
        from apps.ia import database
        from flotia.errors import FlotiaError

        host, port = options["direccion"], options["puerto"]
        try:
            _check_free(host, port)
            database.make_ready()
        except FlotiaError as error:
            raise CommandError(str(error)) from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupt)
        self._greet(host, port)
        children = _Children(_page(host, port), None if options["sin_worker"] else _worker())
        try:
            children.watch()
        except KeyboardInterrupt:
            pass
        finally:
            children.end()
        if children.page_failed:
            raise CommandError("La página ha dejado de funcionar: lo que ha dicho uvicorn está más arriba.")

    def _greet(self, host: str, port: int) -> None:
        from django.contrib.auth import get_user_model

        here = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not listened on
        self.stdout.write(f"FlotIA en http://{here}:{port}/ (Ctrl-C para detenerla)")
        if not get_user_model().objects.filter(is_active=True).exists():
            self.stdout.write(
                "Para generar hace falta un usuario, y todavía no hay ninguno: créelo con `python manage.py createsuperuser`."
            )


class _Children:
    """The two processes."""

    def __init__(self, page: Sequence[str], worker: Sequence[str] | None) -> None:
        self._page = _started(page)
        self._what, self._worker = worker, None if worker is None else _started(worker)
        self.page_failed = False

    def watch(self) -> None:
        """Return when the page has ended; start the worker again whenever it has."""
        since = time.monotonic()
        while self._page.poll() is None:
            time.sleep(_LOOK)
            if self._worker is None or self._worker.poll() is None:
                since = time.monotonic()
            elif self._what is not None and time.monotonic() - since > _AGAIN:
                self._worker = _started(self._what)
        self.page_failed = True

    def end(self) -> None:
        """End both, politely at first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # once is enough
        there = [child for child in (self._worker, self._page) if child is not None]
        for child in there:
            child.terminate()
        late = time.monotonic() + _PATIENCE
        for child in there:
            try:
                child.wait(max(late - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _page(host: str, port: int) -> list[str]:
    # Watchers of a run never end by themselves: at the end they are not waited for.
    return [
        sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port),
        "--log-level", "warning", "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip


def _worker() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "trabajador"]


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C is for this process, which passes it on once.
    return subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True)  # noqa: S603 - ours


def _check_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            raise CommandError(
                f"No se puede escuchar en {host}:{port}: ya lo usa otro programa, o no se permite. Pruebe con --puerto"
                f" {8001 if port == 8000 else 8000}."
            ) from None


def _interrupt(_signum: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
