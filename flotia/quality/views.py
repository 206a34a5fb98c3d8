"""The report as sections of plain tables in Spanish, the same for terminal and page."""

from __future__ import annotations

from dataclasses import dataclass

from flotia.quality import wording
from flotia.quality.coherence import Broken
from flotia.quality.diversity import Spread
from flotia.quality.findings import of
from flotia.quality.provenance import Source
from flotia.quality.report import WEIGHTS, Report
from flotia.quality.uniqueness import ALIKE
from flotia.quality.wording import NOTHING, clean, percent, whole
from flotia.quality.yardstick import LEAST_ROWS, Metric, Verdict
from flotia.vehicle import MODEL_FIELDS

_WITHIN = (
    "«Dentro»: no más lejos del mercado que otro portal real. A las cuotas se les suma lo que el azar aparta a una muestra "
    "de ese tamaño (columna Azar)."
)
_DISTANCES = (
    "Distancias. Repartos: la parte de los coches que tendría que cambiar. Precios, kilómetros, potencias y "
    "concentraciones: la diferencia media en tanto por ciento. Cuotas: puntos. Lo demás: la diferencia."
)
_SEVERITY = {"error": "Error", "aviso": "Aviso"}
_ORIGIN = {
    "ia": "IA", "cache": "Caché de respuestas de IA", "aleatorio": "Datos locales, sin IA", "importado": "Importado",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of texts. `numeric` are the columns of figures; a `folded` one is shown on the page only, closed."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report; `score` out of 100 as text, empty where there is none."""

    name: str
    title: str
    score: str
    says: tuple[str, ...]
    tables: tuple[TableView, ...]


def sections(report: Report) -> tuple[Section, ...]:
    """The report's sections after the summary."""
    scores = {name: wording.score(score) for name, score in report.scores.items()}
    return (
        Section("coherencia", "Coherencia", scores["coherencia"], *_coherence(report)),
        Section("unicidad", "Unicidad", scores["unicidad"], *_uniqueness(report)),
        Section("diversidad", "Diversidad", scores["diversidad"], *_diversity(report)),
        Section("realismo", "Realismo", scores["realismo"], *_realism(report)),
        Section("procedencia", "Procedencia", "", *_provenance(report)),
    )


def scoring() -> str:
    """How the scores are made, in a sentence."""
    parts = ", ".join(f"{name} {weight} %" for name, weight in WEIGHTS.items())
    return (
        f"La nota total pondera {parts}. Coherencia: vehículos sin errores. Unicidad: vehículos que no repiten otro, por "
        "textos que no se parecen a otro. Diversidad: concentración de marcas y modelos frente a la del mercado. Realismo: "
        "cada figura dentro vale 1 y cada figura fuera, la distancia admitida entre la suya."
    )


def _coherence(report: Report) -> tuple[tuple[str, ...], tuple[TableView, ...]]:
    own = report.coherence
    says = (
        f"Sin ningún error: {of(own.right, own.rows)}.",
        f"Sin errores ni avisos: {of(own.clean, own.rows)}.",
        f"Con marca, modelo y versión del catálogo: {of(own.known, own.rows)}.",
    )
    faulty = [_rule_row(b, own.rows) for b in own.rules if b.rows]
    kept = [(b.rule.name, clean(b.rule.sentence), _SEVERITY[b.rule.severity]) for b in own.rules if not b.rows]
    tables: list[TableView] = []
    if faulty:
        headers = ("Regla", "Qué debe cumplirse", "Gravedad", "Vehículos", "Parte", "Ejemplos")
        tables.append(TableView("Reglas incumplidas", headers, tuple(faulty), frozenset({3, 4})))
    if kept:
        title = f"Reglas que cumplen todos ({len(kept)})"
        tables.append(TableView(title, ("Regla", "Qué se cumple", "Gravedad"), tuple(kept), folded=True))
    return says, tuple(tables)


def _rule_row(broken: Broken, rows: int) -> tuple[str, ...]:
    examples = "\n".join(f"{clean(e.vehicle)}: {clean(e.detail)}" for e in broken.examples)
    return (
        broken.rule.name, clean(broken.rule.sentence), _SEVERITY[broken.rule.severity], whole(broken.rows),
        percent(broken.rows / rows, 2), examples,
    )  # fmt: skip


def _uniqueness(report: Report) -> tuple[tuple[str, ...], tuple[TableView, ...]]:
    own = report.uniqueness
    counted = (
        ("Bastidor", own.vin),
        ("Matrícula", own.plate),
        ("Versión, año, kilómetros, color y precio a la vez", own.offer),
    )
    rows = [
        (what, NOTHING if count is None else whole(count), NOTHING if count is None else percent(count / own.rows, 2))
        for what, count in counted
    ]
    texts = own.texts
    says: tuple[str, ...] = ()
    if texts.total:
        rows.append(
            (f"Descripciones muy parecidas (más del {percent(ALIKE, 0)} de palabras comunes)",
             whole(texts.alike), percent(texts.share, 2))
        )  # fmt: skip
        if texts.compared < texts.total:
            says = (
                f"Descripciones comparadas, todas con todas: una muestra de {whole(texts.compared)} de {whole(texts.total)}.",
            )
    return says, (TableView("Repeticiones", ("Qué se repite", "Vehículos", "Parte"), tuple(rows), frozenset({1, 2})),)


def _diversity(report: Report) -> tuple[tuple[str, ...], tuple[TableView, ...]]:
    own = report.diversity
    named = (("Marcas", own.brands), ("Modelos", own.models), ("Versiones", own.versions))
    rows = [_spread_row(name, spread) for name, spread in named if spread is not None]
    headers = ("", "Distintas", "Número efectivo", "Entropía (nats)", "HHI", "HHI del mercado", "Las más frecuentes")
    says = ("El número efectivo es cuántas habría, todas igual de frecuentes, con la misma variedad.",)
    return says, (TableView("Variedad", headers, tuple(rows), frozenset(range(1, 6))),) if rows else ()


def _spread_row(name: str, spread: Spread) -> tuple[str, ...]:
    top = ", ".join(f"{clean(n)} {percent(share)}" for n, share in spread.top)
    market = NOTHING if spread.reference_hhi is None else wording.number(spread.reference_hhi, 4)
    return (
        name, whole(spread.names), wording.number(spread.effective, 1), wording.number(spread.entropy, 2),
        wording.number(spread.hhi, 4), market, top,
    )  # fmt: skip


def _realism(report: Report) -> tuple[tuple[str, ...], tuple[TableView, ...]]:
    within, outside = len(report.verdicts(Verdict.WITHIN)), len(report.verdicts(Verdict.OUTSIDE))
    unknown = len(report.realism) - within - outside
    says = (
        f"{within} figuras dentro, {outside} fuera y {unknown} sin referencia. Mercado: {report.yardstick.sets['ac2024']}.",
        _WITHIN,
        f"Sin veredicto: menos de {LEAST_ROWS} vehículos, o ningún otro portal con que comparar.",
        _DISTANCES,
        "El mercado es el de su fecha: edades con edades, y años de matriculación con los mismos años.",
    )
    headers = ("Figura", "Aquí", "Mercado", "Distancia", "Otro portal", "Azar", "Veredicto", "Vehículos")
    families = dict.fromkeys(m.spec.family for m in report.realism)
    tables = [
        TableView(
            family, headers, tuple(_metric_row(m) for m in report.realism if m.spec.family == family),
            frozenset({1, 2, 3, 4, 5, 7}),
        )
        for family in families
    ]  # fmt: skip
    tables += [detail(m) for m in report.realism if m.lines]
    return says, tuple(tables)


def detail(metric: Metric) -> TableView:
    """The table behind a metric: each name here and in the market."""
    shown = metric.spec.kind
    rows = tuple(
        (clean(line.name), wording.figure(shown, line.here), wording.figure(shown, line.reference))
        for line in metric.lines
    )
    return TableView(metric.spec.name, ("", "Aquí", "Mercado"), rows, frozenset({1, 2}), folded=True)


def _metric_row(metric: Metric) -> tuple[str, ...]:
    kind = metric.spec.kind
    tabular = "tabla" if metric.lines else NOTHING
    here = wording.figure(kind, metric.here) if metric.here is not None else tabular
    reference = wording.figure(kind, metric.reference) if metric.reference is not None else tabular
    return (
        metric.spec.name, here, reference, wording.distance(kind, metric.distance),
        wording.distance(kind, metric.peer_distance), wording.distance(kind, metric.noise) if metric.noise else NOTHING,
        metric.verdict.value, whole(metric.n) if metric.n else NOTHING,
    )  # fmt: skip


def _provenance(report: Report) -> tuple[tuple[str, ...], tuple[TableView, ...]]:
    own = report.provenance
    says = (
        f"Campos: de los {len(MODEL_FIELDS)} que un modelo puede dar, cuántos de cada vehículo son suyos y se sostienen.",
    )
    tables = []
    headers = ("Vehículos", "Con error", "Campos")
    for title, first, sources in (("Por origen", "Origen", own.origins), ("Por modelo de IA", "Modelo", own.models)):
        if sources:
            lines = tuple(_source_row(s) for s in sources)
            tables.append(TableView(title, (first, *headers), lines, frozenset({1, 2, 3})))
    supplied = [s for s in (*own.origins, *own.models) if s.fields]
    if supplied:
        rows = tuple((_source_name(s), *(percent(s.kept[f], 0) for f in MODEL_FIELDS)) for s in supplied)
        numeric = frozenset(range(1, len(MODEL_FIELDS) + 1))
        tables.append(TableView("Campos que son del modelo", ("", *MODEL_FIELDS), rows, numeric, folded=True))
    return says if tables else ("No se dice de dónde viene ningún vehículo.",), tuple(tables)


def _source_name(source: Source) -> str:
    return _ORIGIN.get(source.name, clean(source.name))


def _source_row(source: Source) -> tuple[str, ...]:
    return (
        _source_name(source), whole(source.rows), whole(source.wrong),
        f"{wording.number(source.fields, 1)} de {len(MODEL_FIELDS)}",
    )  # fmt: skip
