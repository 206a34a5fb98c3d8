"""What a run came to, counted from its rows and calls."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from apps.stock.models import Ejecucion
from flotia.vehicle import Origin


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model's part in a run."""

    model: str
    calls: int
    failed: int
    vehicles: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in figures: `untouched` are AI rows with no field replaced, `repaired` those with some, `local` the rest."""

    run_id: int
    seed: int
    delivered: int
    untouched: int
    repaired: int
    local: int
    refused: int
    calls: int
    tokens: int
    seconds: float
    models: tuple[ModelLine, ...]

    @property
    def from_ai(self) -> int:
        """Vehicles with at least one field of a model."""
        return self.untouched + self.repaired


def summarise(run: Ejecucion, *, in_one_go: bool = False) -> Summary:
    """Count `run`'s vehicles (before they are tidied away; all local if it was published `in_one_go`) and calls."""
    run.refresh_from_db(fields=["segundos"])
    made = {"all": run.cantidad, "local": run.cantidad}
    if not in_one_go:
        made = run.vehiculos.aggregate(all=Count("id"), local=Count("id", filter=Q(origen=Origin.LOCAL)))
    calls = run.llamadas.aggregate(
        n=Count("id"),
        kept=Coalesce(Sum("conservados"), 0),
        repaired=Coalesce(Sum("reparados"), 0),
        refused=Coalesce(Sum("rechazados"), 0),
        tokens=Coalesce(Sum("tokens_entrada") + Sum("tokens_salida"), 0),
    )
    by_model = run.llamadas.values("modelo_pedido").annotate(
        n=Count("id"),
        failed=Count("id", filter=Q(conservados=0, reparados=0)),
        vehicles=Coalesce(Sum("conservados") + Sum("reparados"), 0),
        tokens=Coalesce(Sum("tokens_entrada") + Sum("tokens_salida"), 0),
    )
    from_ai = made["all"] - made["local"]
    repaired = min(calls["repaired"], from_ai)
    return Summary(
        run_id=run.pk,
        seed=run.semilla,
        delivered=made["all"],
        untouched=from_ai - repaired,
        repaired=repaired,
        local=made["local"],
        refused=calls["refused"],
        calls=calls["n"],
        tokens=calls["tokens"],
        seconds=run.segundos,
        models=tuple(
            ModelLine(m["modelo_pedido"], m["n"], m["failed"], m["vehicles"], m["tokens"])
            for m in by_model.order_by("-vehicles", "-n", "modelo_pedido")
        ),
    )
