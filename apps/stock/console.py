"""The live view of a run on a terminal, and the summary at its end."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from apps.stock.summary import Summary
from flotia.events import (
    AiStopped,
    BatchDone,
    CallDone,
    Event,
    ModelAsked,
    ModelCooled,
    ModelRetired,
    RunStarted,
    UnlistedBrand,
    Waiting,
)
from flotia.vehicle import Origin

#: Lines of recent trouble kept in view.
_LINES = 4


class LiveView:
    """Shows a run while it works: progress, the model being asked, where vehicles came from, the last troubles."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("[bold]Vehículos"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("quedan"), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None)
        self._now = Text("Preparando…")
        self._counts: Counter[str] = Counter()
        self._lines: list[Text] = []
        self._live = Live(self._picture(), console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, event: Event) -> None:
        """Show one event."""
        match event:
            case RunStarted():
                self._progress.reset(self._task, total=event.amount, completed=event.already)
            case ModelAsked():
                self._now = Text(f"Lote {event.batch + 1}: preguntando a {event.model} ({event.slots} vehículos)")
            case CallDone():
                self._counts["calls"] += 1
                self._counts["untouched"] += event.kept
                self._counts["repaired"] += event.repaired
                if event.failure is not None:
                    self._trouble(f"{event.asked}: {event.failure.message}")
            case ModelCooled():
                self._trouble(f"{event.model} descansa {event.seconds:.0f} s")
            case ModelRetired():
                self._trouble(f"{event.model} descartado: {event.reason}")
            case Waiting():
                until = time.strftime("%H:%M:%S", time.localtime(time.time() + event.seconds))
                self._now = Text(f"Esperando hasta las {until}: {event.reason}")
            case UnlistedBrand():
                self._trouble(f"{event.brand} no está en el catálogo: sus vehículos quedan sin verificar")
            case AiStopped():
                self._trouble(f"Sin más IA en esta ejecución: {event.reason}")
            case BatchDone():
                self._counts["local"] += event.vehicles.count(Origin.LOCAL)
                self._progress.update(self._task, completed=event.total)
        self._live.update(self._picture())

    def _trouble(self, line: str) -> None:
        self._lines = [*self._lines, Text(f"{time.strftime('%H:%M:%S')} {line}", style="yellow")][-_LINES:]

    def _picture(self) -> Group:
        c = self._counts
        counts = Text(
            f"De IA {c['untouched']} · reparados {c['repaired']} · locales {c['local']} · llamadas {c['calls']}"
        )
        return Group(self._progress, self._now, counts, *self._lines)


def show_summary(summary: Summary, console: Console) -> None:
    """Print the end of a run: totals, then a line a model."""
    minutes, seconds = divmod(round(summary.seconds), 60)
    facts = {
        "Entregados": summary.delivered,
        "De IA sin tocar": summary.untouched,
        "De IA reparados": summary.repaired,
        "Locales": summary.local,
        "Llamadas": summary.calls,
        "Filas rechazadas": summary.refused,
        "Tokens": summary.tokens,
        "Tiempo": f"{minutes} min {seconds} s" if minutes else f"{summary.seconds:.1f} s",
        "Semilla": summary.seed,
    }
    console.print(f"[bold]Ejecución {summary.run_id} publicada en el stock")
    for name, value in facts.items():
        console.print(f"  {name + ':':<18} {value}", highlight=False)
    if summary.models:
        table = Table("Modelo", "Llamadas", "Sin fruto", "Vehículos", "Tokens", box=None, padding=(0, 2))
        for line in summary.models:
            table.add_row(escape(line.model), str(line.calls), str(line.failed), str(line.vehicles), str(line.tokens))
        console.print(table)
