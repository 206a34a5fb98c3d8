"""Between a run at work and everybody else: its sign of life, what it tells, and what is wanted of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from apps.stock.models import Ejecucion
from apps.stock.runs import ownership
from apps.stock.runs.recording import Recorder
from flotia.bridge import BEAT

#: So often a run looks at what is wanted of it, in seconds: who presses a button expects to see something within one.
LOOK_EVERY = 0.5


class Told(Exception):  # noqa: N818 - it is not an error: the user asked for it
    """Somebody wants the run to stop; `order` is an `Ejecucion.Orden`."""

    def __init__(self, order: str) -> None:
        super().__init__(order)
        self.order = order


@dataclass(slots=True)
class Pulse:
    """Beats as often as the run's loop turns, and does something a few times a second."""

    run: Ejecucion
    recorder: Recorder
    _looked: float = field(default_factory=time.monotonic)
    _lived: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """Raises `Told` if somebody wants the run to stop, `LostRunError` if it is another's by now."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY * 0.9:  # what is called every so often comes a little early
            return
        self._looked = now
        if now - self._lived > BEAT:
            self._lived = now
            ownership.beat(self.run)
        order = ownership.order_to(self.run)
        self.recorder.tell()
        if order:
            raise Told(order)
