"""How many calls a run may make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """At most `calls` calls; `None` for any number."""

    calls: int | None = None
    used: int = 0

    @property
    def left(self) -> bool:
        """Whether one more may be made."""
        return self.calls is None or self.used < self.calls

    @property
    def spent(self) -> str:
        """What to say when it is."""
        return f"Se ha gastado el presupuesto de {self.calls} llamadas."

    def spend(self) -> None:
        """One is made."""
        self.used += 1
