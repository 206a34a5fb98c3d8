"""Whether the database can be worked with, said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError, InterfaceError, OperationalError

from apps.ia.errors import DatabaseProblemError


def make_ready() -> None:
    """Leave the database ready to work with: the embedded one is created and migrated, another one only looked at.

    Raises `DatabaseProblemError` that names the command to run.
    """
    with explained():
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not plan:
            return
        if not settings.EMBEDDED_DATABASE:
            raise DatabaseProblemError(
                "A la base de datos le faltan tablas o migraciones: ejecute `python manage.py migrate` y repita."
            )
        call_command("migrate", database=DEFAULT_DB_ALIAS, interactive=False, verbosity=0)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a database says when it fails into a `DatabaseProblemError` that a user can act on."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise DatabaseProblemError(_explain(str(error))) from error
    except DatabaseError as error:
        raise DatabaseProblemError(
            f"La base de datos ha rechazado una operación ({_first_line(str(error))}). "
            "Lo guardado se conserva: repita con --reanudar."
        ) from error


def _explain(message: str) -> str:
    if "locked" in message:
        return (
            "La base de datos está bloqueada por otro proceso. Cierre lo que la esté usando y repita con --reanudar; "
            "lo guardado se conserva."
        )
    if "no such table" in message or "no such column" in message:
        return "A la base de datos le faltan tablas: ejecute `python manage.py migrate` y repita."
    if "unable to open" in message or "readonly" in message:
        name = settings.DATABASES["default"]["NAME"]
        return f"No se puede abrir ni escribir la base de datos {name}: compruebe la carpeta y sus permisos."
    return (
        f"No se puede trabajar con la base de datos ({_first_line(message)}). Compruebe que está en marcha y que "
        "DATABASE_URL es correcta; lo guardado se conserva."
    )


def _first_line(message: str) -> str:
    line = " ".join(message.split())
    password = str(settings.DATABASES["default"].get("PASSWORD") or "")
    if password:
        line = line.replace(password, "***")
    return line[:160]
