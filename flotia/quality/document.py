"""The report as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flotia.quality.diversity import Spread
from flotia.quality.findings import findings
from flotia.quality.provenance import Source
from flotia.quality.report import Report
from flotia.quality.yardstick import Metric


def as_json(report: Report) -> dict[str, Any]:
    """The report as one document of plain values, keys in Spanish."""
    return {
        "fuente": report.source,
        "fecha": report.today.isoformat(),
        "vehiculos": report.rows,
        "columnas_que_faltan": list(report.missing),
        "nota": report.score,
        "notas": report.scores,
        "hallazgos": list(findings(report)),
        "coherencia": {
            "sin_errores": report.coherence.right,
            "sin_errores_ni_avisos": report.coherence.clean,
            "en_catalogo": report.coherence.known,
            "reglas": [
                {
                    "regla": b.rule.name, "frase": b.rule.sentence, "gravedad": b.rule.severity.value, "vehiculos": b.rows,
                    "ejemplos": [{"bastidor": e.vehicle, "detalle": e.detail} for e in b.examples],
                }
                for b in report.coherence.rules
            ],
        },
        "unicidad": {
            "bastidor": report.uniqueness.vin,
            "matricula": report.uniqueness.plate,
            "oferta": report.uniqueness.offer,
            "descripciones": {
                "total": report.uniqueness.texts.total,
                "comparadas": report.uniqueness.texts.compared,
                "parecidas": report.uniqueness.texts.alike,
            },
        },
        "diversidad": {
            name: _spread_json(spread)
            for name, spread in (
                ("marcas", report.diversity.brands), ("modelos", report.diversity.models),
                ("versiones", report.diversity.versions),
            )
        },
        "realismo": [_metric_json(m) for m in report.realism],
        "procedencia": {
            "origenes": _sources_json(report.provenance.origins), "modelos": _sources_json(report.provenance.models),
        },
        "curvas": asdict(report.curves),
    }  # fmt: skip


def _spread_json(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "distintas": spread.names, "numero_efectivo": spread.effective, "entropia": spread.entropy, "hhi": spread.hhi,
        "hhi_mercado": spread.reference_hhi, "primeras": [{"nombre": n, "cuota": s} for n, s in spread.top],
    }  # fmt: skip


def _metric_json(metric: Metric) -> dict[str, Any]:
    return {
        "clave": ".".join(filter(None, (metric.spec.key, metric.spec.part))), "nombre": metric.spec.name,
        "familia": metric.spec.family, "medida": metric.spec.kind.value, "vehiculos": metric.n,
        "aqui": metric.here, "mercado": metric.reference, "distancia": metric.distance, "otro_portal": metric.peer,
        "distancia_otro_portal": metric.peer_distance, "azar": metric.noise, "veredicto": metric.verdict.value,
        "tabla": [{"nombre": line.name, "aqui": line.here, "mercado": line.reference} for line in metric.lines],
    }  # fmt: skip


def _sources_json(sources: Sequence[Source]) -> list[dict[str, Any]]:
    return [
        {"nombre": s.name, "vehiculos": s.rows, "con_error": s.wrong, "campos": s.fields, "por_campo": s.kept}
        for s in sources
    ]
