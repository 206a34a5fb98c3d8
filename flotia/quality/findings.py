"""What matters most in a report, in three plain Spanish sentences."""

from __future__ import annotations

from collections.abc import Iterator

from flotia.judgement.rules import Severity
from flotia.quality import wording
from flotia.quality.report import WEIGHTS, Report
from flotia.quality.wording import clean, percent, whole
from flotia.quality.yardstick import Metric, Verdict

_FINDINGS = 3
#: A warning weighs this part of an error among the findings.
_WARNING = 0.1
#: Rules about what uniqueness counts too: said once, as its finding.
_SAID_BY_UNIQUENESS = ("vehiculo_unico", "texto_unico")


def findings(report: Report) -> tuple[str, ...]:
    """The three things that matter most, worst first; where little is wrong, what is right."""
    weighed = sorted(_faults(report), key=lambda pair: -pair[0])
    return tuple(text for _, text in [*weighed, *((0.0, text) for text in _praise(report))][:_FINDINGS])


def _faults(report: Report) -> Iterator[tuple[float, str]]:
    """Each fault with the points of the total that it costs."""
    for broken in report.coherence.rules:
        if broken.rows and broken.rule.name not in _SAID_BY_UNIQUENESS:
            share = broken.rows / report.rows
            weight = WEIGHTS["coherencia"] * share * (1 if broken.rule.severity is Severity.ERROR else _WARNING)
            yield weight, f"{of(broken.rows, report.rows)} incumplen una regla: {clean(broken.rule.sentence)}"
    unique = report.uniqueness
    if unique.offer:  # a VIN or a plate that repeats breaks a rule and is said there
        text = f"{of(unique.offer, report.rows)} repiten versión, año, kilómetros, color y precio de otro."
        yield WEIGHTS["unicidad"] * unique.offer / report.rows, text
    if unique.texts.alike:
        share = unique.texts.share
        yield WEIGHTS["unicidad"] * share, f"El {percent(share)} de las descripciones se parece demasiado a otra."
    for spread, what in ((report.diversity.brands, "pocas marcas"), (report.diversity.models, "pocos modelos")):
        if spread is not None and spread.score is not None and spread.score < 100:
            text = (
                f"El stock se concentra en {what} más que el mercado: HHI {wording.number(spread.hhi, 4)}, y en el mercado "
                f"{wording.number(spread.reference_hhi or 0, 4)}."
            )
            yield WEIGHTS["diversidad"] / 2 * (1 - spread.score / 100), text
    yield from _far(report)


def _far(report: Report) -> Iterator[tuple[float, str]]:
    """The worst metric of each family that is outside."""
    judged = sum(m.credit is not None for m in report.realism)
    worst: dict[str, Metric] = {}
    for metric in report.verdicts(Verdict.OUTSIDE):
        family = metric.spec.family
        if family not in worst or (metric.credit or 0) < (worst[family].credit or 0):
            worst[family] = metric
    for metric in worst.values():
        kind = metric.spec.kind
        values = ""
        if metric.here is not None:
            values = (
                f" ({wording.figure(kind, metric.here)} aquí, {wording.figure(kind, metric.reference)} en el mercado)"
            )
        text = (
            f"«{metric.spec.name}» se aparta del mercado{values}: {wording.distance(kind, metric.distance)}, cuando otro "
            f"portal real ({metric.peer}) está a {wording.distance(kind, metric.peer_distance)}."
        )
        yield WEIGHTS["realismo"] * (1 - (metric.credit or 0)) / judged, text


def _praise(report: Report) -> Iterator[str]:
    rules, outside = report.coherence.rules, report.verdicts(Verdict.OUTSIDE)
    if rules and not any(b.rows for b in rules):
        yield f"Ningún vehículo incumple ninguna de las {len(rules)} reglas de coherencia."
    if not report.uniqueness.any:
        yield "Ningún vehículo repite el bastidor, la matrícula ni la oferta de otro."
    if within := report.verdicts(Verdict.WITHIN):
        yield f"{len(within)} de {len(within) + len(outside)} figuras están tan cerca del mercado como otro portal real."
    if not report.uniqueness.texts.alike and report.uniqueness.texts.compared:
        yield "Ninguna descripción se parece demasiado a otra."
    yield f"Se han medido {whole(report.rows)} vehículos."


def of(count: int, rows: int) -> str:
    """So many of so many vehicles, with the share."""
    return f"{whole(count)} de {whole(rows)} vehículos ({percent(count / rows)})"
