"""What a run came to, counted from its rows and calls."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from apps.stock import statistics
from apps.stock.models import Ejecucion
from apps.stock.statistics import By, Line
from flotia.vehicle import Origin


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in figures.

    Of `delivered` vehicles `from_ai` have at least one field of a model, `cached` one of an earlier answer, `local` none:
    counted from the run's rows. Its calls gave `untouched` ones with no field replaced, and `repaired` ones; together they
    are `from_ai` and those `dropped`, whose identity came into the stock before they did, and which were made again.
    """

    run_id: int
    seed: int
    delivered: int
    from_ai: int
    cached: int
    local: int
    seconds: float
    calls: Line
    models: tuple[Line, ...]
    accounts: tuple[Line, ...]

    @property
    def untouched(self) -> int:
        """Rows of models in which nothing was replaced."""
        return self.calls.kept

    @property
    def repaired(self) -> int:
        """Rows of models in which something was."""
        return self.calls.repaired

    @property
    def dropped(self) -> int:
        """Rows of models that are not in the stock."""
        return self.untouched + self.repaired - self.from_ai


def made(run: Ejecucion) -> dict[str, int]:
    """The vehicles of a run by origin: as written with its batches, or counted where nothing was yet."""
    if run.recuento or run.is_over:
        return dict(run.recuento)
    return counted(run)


def counted(run: Ejecucion) -> dict[str, int]:
    """The same from its rows, which are tidied away once they are in the stock."""
    return dict(run.vehiculos.order_by().values_list("origen").annotate(n=Count("id")))


def summarise(run: Ejecucion, *, in_one_go: bool = False) -> Summary:
    """Count `run`'s vehicles (before they are tidied away; all local if it was published `in_one_go`) and calls."""
    run.refresh_from_db(fields=["segundos"])
    found = {str(Origin.LOCAL): run.cantidad} if in_one_go else counted(run)
    models = statistics.gather(By.MODEL, run=run.pk)
    return Summary(
        run_id=run.pk,
        seed=run.semilla,
        delivered=sum(found.values()),
        from_ai=found.get(Origin.AI, 0),
        cached=found.get(Origin.CACHE, 0),
        local=found.get(Origin.LOCAL, 0),
        seconds=run.segundos,
        calls=models.total,
        models=models.lines,
        accounts=statistics.gather(By.ACCOUNT, run=run.pk).lines,
    )
