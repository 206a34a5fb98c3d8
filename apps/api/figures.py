"""Runs as the API shows them: what was asked, and what came of it, counted from rows."""

from __future__ import annotations

from apps.api.schemas import Ejecucion, EjecucionConCifras, LlamadasPorModelo
from apps.stock import models, statistics
from apps.stock.runs.summary import made
from apps.stock.statistics import By, Line


def shown(run: models.Ejecucion) -> Ejecucion:
    """What was asked and how it stands."""
    return Ejecucion.model_validate({
        "id": run.pk, "estado": str(run.estado), "cantidad": run.cantidad, "marca": run.marca, "semilla": run.semilla,
        "usar_ia": run.usa_ia, "usar_cache": run.usa_cache, "perfil": run.perfil, "presupuesto": run.presupuesto,
        "paralelo": run.paralelo, "al_agotar": run.al_agotar, "reemplazar": run.reemplaza, "fecha": run.fecha,
        "creada": run.creada, "publicada": run.publicada, "segundos": round(run.segundos, 3), "motivo": run.motivo,
        "sigue_desde": run.sigue_desde,
    })  # fmt: skip


def with_figures(run: models.Ejecucion) -> EjecucionConCifras:
    """The same with its vehicles by origin and its calls by model."""
    there, calls = made(run), statistics.gather(By.MODEL, run=run.pk)
    return EjecucionConCifras(
        **shown(run).model_dump(), hechos=sum(there.values()), por_origen=there, llamadas=calls.total.calls,
        coste=calls.total.cost, modelos=[_line(line) for line in calls.lines],
    )  # fmt: skip


def _line(line: Line) -> LlamadasPorModelo:
    return LlamadasPorModelo(
        modelo=line.key, llamadas=line.calls, sin_fruto=line.fruitless, vehiculos=line.vehicles, reparados=line.repaired,
        rechazados=line.refused, por_llamada=round(line.per_call, 3), tokens=line.tokens, latencia_p50=line.p50,
        latencia_p95=line.p95, resultados=dict(line.outcomes),
    )  # fmt: skip
