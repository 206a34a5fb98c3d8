"""Figures for a terminal: the summary of a run, the statistics of calls, and tables as plain text for files and pipes."""

from __future__ import annotations

from rich.console import Console

from apps.ia.tables import show
from apps.stock.models import CUT, WELL
from apps.stock.runs.summary import Summary
from apps.stock.statistics import By, Line, Statistics
from apps.stock.wording import clean, outcome

_NOTHING = "–"
_NAMES = {By.MODEL: "Modelo", By.RUN: "Ejecución", By.DAY: "Día", By.ACCOUNT: "Cuenta"}
_FIGURES = (
    "Llamadas", "Bien", "Cortadas", "Fallidas", "Vehículos", "Reparados", "Rechazados", "Por llamada", "Tokens ent.",
    "Tokens sal.", "p50 s", "p95 s", "Coste",
)  # fmt: skip


def show_summary(summary: Summary, console: Console) -> None:
    """Print the end of a run: totals, then a line a model, and a line an account if there are several."""
    console.print(f"[bold]Ejecución {summary.run_id} publicada en el stock")
    for name, value in _facts(summary).items():
        console.print(f"  {name + ':':<18} {value}", highlight=False)
    headers = ("Llamadas", "Sin fruto", "Vehículos", "Por llamada", "Tokens")
    for name, lines in (("Modelo", summary.models), ("Cuenta", summary.accounts)):
        if lines and (name == "Modelo" or len(lines) > 1):
            show(console, (name, *headers), [_brief(x) for x in lines], range(1, len(headers) + 1))


def _facts(summary: Summary) -> dict[str, str]:
    calls = summary.calls
    minutes, seconds = divmod(round(summary.seconds), 60)
    facts = {
        "Entregados": f"{summary.delivered}",
        "De IA sin tocar": f"{summary.untouched}",
        "De IA reparados": f"{summary.repaired}",
    }
    if summary.dropped:
        facts["De IA descartados"] = f"{summary.dropped} (su identidad entró antes en el stock)"
    facts |= {
        "De caché": f"{summary.cached}",
        "Locales": f"{summary.local}",
        "Llamadas": f"{calls.calls}",
        "Llamadas fallidas": f"{sum(calls.failures.values())}",
        "Por llamada": f"{_decimal(calls.per_call)} vehículos" if calls.calls else _NOTHING,
        "Filas rechazadas": f"{calls.refused}",
        "Tokens": f"{calls.tokens}",
    }
    if calls.cost:
        facts["Coste"] = _cost(calls.cost)
    if summary.accounts:
        facts["Cuentas"] = ", ".join(f"{clean(a.key) or _NOTHING} ({a.calls})" for a in summary.accounts)
    facts["Tiempo"] = f"{minutes} min {seconds} s" if minutes else f"{summary.seconds:.1f} s"
    return facts | {"Semilla": f"{summary.seed}"}


def _brief(line: Line) -> tuple[str, ...]:
    return (
        clean(line.key) or _NOTHING, f"{line.calls}", f"{line.fruitless}", f"{line.vehicles}", _decimal(line.per_call),
        f"{line.tokens}",
    )  # fmt: skip


def show_statistics(statistics: Statistics, console: Console) -> None:
    """Print a line a group and their total, then why calls failed."""
    name = _NAMES[statistics.by]
    rows = [_row(line) for line in statistics.lines]
    show(console, (name, *_FIGURES), [*rows, ("Total", *_row(statistics.total)[1:])], range(1, len(_FIGURES) + 1))
    failed = [
        (clean(line.key) or _NOTHING, outcome(code), f"{times}")
        for line in statistics.lines
        for code, times in line.failures.items()
    ]
    if failed:
        console.print()
        show(console, (name, "Por qué fallaron", "Llamadas"), failed, (2,))


def _row(line: Line) -> tuple[str, ...]:
    return (
        clean(line.key) or _NOTHING, f"{line.calls}", f"{line.outcomes.get(WELL, 0)}", f"{line.outcomes.get(CUT, 0)}",
        f"{sum(line.failures.values())}", f"{line.vehicles}", f"{line.repaired}", f"{line.refused}",
        _decimal(line.per_call), f"{line.prompt_tokens}", f"{line.completion_tokens}", _seconds(line.p50),
        _seconds(line.p95), _cost(line.cost),
    )  # fmt: skip


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _seconds(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f}".replace(".", ",")


def _cost(value: float) -> str:
    return f"{value:.4f}".replace(".", ",") if value else "0"
