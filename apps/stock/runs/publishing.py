"""The moment a run becomes the stock: one short transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from apps.stock import bulk
from apps.stock.models import Ejecucion, Vehiculo, VehiculoGenerado, VehiculoHistorico
from apps.stock.runs import ownership
from flotia.errors import FlotiaError
from flotia.vehicle import FIELDS, VehicleTable

#: From here on the database is told that it has something to take note of.
_MANY = 10_000


def publish(run: Ejecucion) -> None:
    """Put the vehicles of a complete `run` into the stock, and let go of it.

    Where the run replaces, the present stock goes to the history first, in the same transaction: whoever reads sees the
    old stock or the new one. Raises `FlotiaError`, with nothing changed, if the run is not complete.
    """
    with transaction.atomic():
        made = run.vehiculos.count()
        if made != run.cantidad:
            raise FlotiaError(f"La ejecución {run.pk} tiene {made} de {run.cantidad} vehículos: no se publica.")
        now = timezone.now()
        if run.reemplaza:
            _move_to_history(run, now)
        with bulk.stock_indexed_at_the_end(run.cantidad):
            _copy(VehiculoGenerado, Vehiculo, where=run.pk)
        _let_go(run, now)


@contextmanager
def in_one_go(run: Ejecucion) -> Iterator[Callable[[VehicleTable], None]]:
    """Fill the stock with a run that needs no saving on the way, all or nothing.

    For vehicles that no model took part in: the same request draws the same ones again at any time, so a crash loses
    nothing but the time. The context is handed a function that takes them; leaving it without an error publishes the run.
    Meanwhile the connection serves nobody else. Raises `FlotiaError`, with nothing changed, if they are not as many as were
    asked for, or the run is another process's by now.
    """
    with transaction.atomic():
        ownership.hold(run)
        now = timezone.now()
        if run.reemplaza:
            _move_to_history(run, now)
        taken = 0
        with bulk.stock_indexed_at_the_end(run.cantidad), bulk.inserting(Vehiculo) as insert:

            def take(vehicles: VehicleTable) -> None:
                nonlocal taken
                insert(vehicles)
                taken += len(vehicles)

            yield take
        if taken != run.cantidad:
            raise FlotiaError(f"La ejecución {run.pk} tiene {taken} de {run.cantidad} vehículos: no se publica.")
        _let_go(run, now)


def tidy(run: Ejecucion) -> None:
    """Forget the run's own copies of vehicles that are in the stock now, and have it ready to be searched. Safe to repeat."""
    if run.estado == Ejecucion.Estado.PUBLICADA:
        run.vehiculos.all()._raw_delete(using=connection.alias)  # noqa: SLF001 - no row to collect
        if run.cantidad >= _MANY:
            bulk.settle(Vehiculo)


def _move_to_history(run: Ejecucion, now: datetime) -> None:
    snapshot = connection.ops.adapt_datetimefield_value(now)
    _copy(Vehiculo, VehiculoHistorico, extra={"fecha_snapshot": snapshot, "ejecucion_id": run.pk})
    Vehiculo.objects.all().delete()


def _let_go(run: Ejecucion, now: datetime) -> None:
    run.activa, run.estado, run.publicada = None, Ejecucion.Estado.PUBLICADA, now
    run.save(update_fields=["activa", "estado", "publicada"])


def _copy(
    source: type[Model], target: type[Model], *, where: int | None = None, extra: dict[str, Any] | None = None
) -> None:
    """Copy the vehicle columns of `source` (of one run, if `where`) to `target` inside the database.

    Every name in the statement is a column or table of ours; values travel as parameters.
    """
    extra = extra or {}
    quote = connection.ops.quote_name
    columns = ", ".join(quote(c) for c in FIELDS)
    into = ", ".join([columns, *(quote(c) for c in extra)])
    values = ", ".join([columns, *("%s" for _ in extra)])
    condition = f" WHERE {quote('ejecucion_id')} = %s ORDER BY {quote('indice')}" if where is not None else ""
    statement = (
        f"INSERT INTO {quote(target._meta.db_table)} ({into}) "  # noqa: S608, SLF001 - names of ours only, see above
        f"SELECT {values} FROM {quote(source._meta.db_table)}{condition}"  # noqa: SLF001
    )
    parameters = [*extra.values(), *([where] if where is not None else [])]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
