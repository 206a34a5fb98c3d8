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


def summarise(run: Ejecucion, *, in_one_go: bool = False) -> Summary:
    """Count `run`'s vehicles (before they are tidied away; all local if it was published `in_one_go`) and calls."""
    run.refresh_from_db(fields=["segundos"])
    made: dict[str, int] = {str(Origin.LOCAL): run.cantidad}
    if not in_one_go:
        made = dict(run.vehiculos.order_by().values_list("origen").annotate(n=Count("id")))
    models = statistics.gather(By.MODEL, run=run.pk)
    return Summary(
        run_id=run.pk,
        seed=run.semilla,
        delivered=sum(made.values()),
        from_ai=made.get(Origin.AI, 0),
        cached=made.get(Origin.CACHE, 0),
        local=made.get(Origin.LOCAL, 0),
        seconds=run.segundos,
        calls=models.total,
        models=models.lines,
        accounts=statistics.gather(By.ACCOUNT, run=run.pk).lines,
    )
