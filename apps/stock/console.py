"""The live view of a run on a terminal."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from apps.stock.wording import at, clean, clock
from flotia.events import (
    AccountStopped,
    AiStopped,
    BatchDone,
    CallDone,
    Event,
    ModelAsked,
    ModelCooled,
    ModelRetired,
    QuotaSeen,
    RunPaused,
    RunStarted,
    UnlistedBrand,
    Waiting,
)
from flotia.vehicle import Origin

#: Lines of recent trouble, of cool-downs, and models under way that are kept in view.
_TROUBLES, _COOLING, _MODELS = 4, 5, 4


class LiveView:
    """Shows a run while it works: progress, the models being asked, who rests until when, where vehicles came from, what is
    left of quota and budget, the last troubles.

    `calls` is how many calls the run may make, `None` for any number. The picture is made anew several times a second, by a
    thread of rich's: hence the lock.
    """

    def __init__(self, console: Console, calls: int | None = None) -> None:
        self._progress = Progress(
            TextColumn("[bold]Vehículos"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("quedan"), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None)
        self._lock = Lock()
        self._budget = calls
        self._quota: int | None = None
        self._started, self._waiting = False, ""
        self._asking: Counter[str] = Counter()
        self._cooling: dict[str, float] = {}
        self._counts: Counter[str] = Counter()
        self._lines: list[Text] = []
        self._live = Live(get_renderable=self.picture, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, event: Event) -> None:
        """Take in one event."""
        with self._lock:
            match event:
                case ModelAsked() | CallDone():
                    self._take_call(event)
                case BatchDone():
                    self._counts.update(event.vehicles.column("origen"))
                    self._progress.update(self._task, completed=event.total)
                case RunStarted():
                    self._started = True
                    self._progress.reset(self._task, total=event.amount, completed=event.already)
                case QuotaSeen():
                    self._quota = event.left
                    if event.short:
                        self._trouble(
                            f"El cupo de hoy no alcanza: hacen falta unas {event.needed} peticiones y quedan {event.left}; se"
                            f" renueva {at(event.resets)}"
                        )
                case _:
                    self._take_trouble(event)

    def _take_call(self, event: ModelAsked | CallDone) -> None:
        self._waiting = ""
        if isinstance(event, ModelAsked):
            self._asking[event.model] += 1
            self._counts["calls"] += 1
            self._cooling.pop(event.model, None)
            return
        self._asking[event.asked] -= 1
        self._asking += Counter()  # forgets whom nobody asks
        self._counts["repaired"] += event.repaired
        if event.failure is not None:
            self._counts["failed"] += 1
            self._trouble(f"{event.asked}: {event.failure.message}")

    def _take_trouble(self, event: Event) -> None:
        match event:
            case ModelCooled():
                self._cooling[event.model] = time.time() + event.seconds
            case ModelRetired():
                self._trouble(f"{event.model} descartado: {event.reason}")
            case Waiting():
                self._waiting = f"Esperando hasta las {clock(time.time() + event.seconds)}: {event.reason}"
            case UnlistedBrand():
                self._trouble(f"{event.brand} no está en el catálogo: sus vehículos quedan sin verificar")
            case AccountStopped():
                self._trouble(f"Sin más llamadas a la cuenta {event.account}: {event.reason}")
            case AiStopped():
                self._trouble(f"Sin más IA en esta ejecución: {event.reason}")
            case RunPaused():
                self._trouble(f"En pausa: {event.reason}")

    def _trouble(self, line: str) -> None:
        told = Text(f"{clock(time.time())} {clean(line)}", style="yellow")
        self._lines = [*self._lines, told][-_TROUBLES:]

    # --- the picture -------------------------------------------------------------------------------------------------

    def picture(self) -> Group:
        """The view at this moment."""
        with self._lock:
            return Group(
                self._progress, Text(self._now()), Text(self._origins()), Text(self._calls()), *self._resting(),
                *self._lines,
            )  # fmt: skip

    def _now(self) -> str:
        if self._asking:
            asked = [clean(m) + (f" ×{n}" if n > 1 else "") for m, n in self._asking.most_common(_MODELS)]
            more = len(self._asking) - len(asked)
            return f"Ahora: preguntando a {', '.join(asked)}" + (f" y {more} más" if more else "")
        return self._waiting or ("Trabajando…" if self._started else "Preparando…")

    def _origins(self) -> str:
        c = self._counts
        return (
            f"De IA {c[Origin.AI]} (reparados {c['repaired']}) · de caché {c[Origin.CACHE]} · locales {c[Origin.LOCAL]}"
        )

    def _calls(self) -> str:
        made = self._counts["calls"]
        parts = [f"Llamadas {made} ({self._counts['failed']} fallidas)"]
        if self._budget is not None:
            parts.append(f"presupuesto: quedan {max(self._budget - made, 0)}")
        if self._quota is not None:
            parts.append(f"cupo de hoy: quedan unas {max(self._quota - made, 0)}")
        return " · ".join(parts)

    def _resting(self) -> list[Text]:
        now = time.time()
        self._cooling = {m: until for m, until in self._cooling.items() if until > now}
        soonest = sorted(self._cooling.items(), key=lambda item: item[1])
        lines = [
            Text(f"{clean(m)} descansa hasta las {clock(until)} (faltan {until - now:.0f} s)", style="dim")
            for m, until in soonest[:_COOLING]
        ]
        if len(soonest) > _COOLING:
            lines.append(Text(f"y {len(soonest) - _COOLING} modelos más descansan", style="dim"))
        return lines
