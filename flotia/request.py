"""What is asked of a run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from flotia.errors import RequestError

#: More than this in one run is taken for a slip of the finger.
MAX_AMOUNT = 10_000_000
#: Seeds fit a signed 64-bit column of any database.
MAX_SEED = 2**63 - 1


class Profile(StrEnum):
    """How a run spends its requests."""

    SPECIFICATION = "especificacion"


@dataclass(frozen=True, slots=True)
class Request:
    """A run's order.

    `amount` vehicles, of `brand` only if one is given (its name in the catalogue). `seed` decides every draw: the same
    seed, date and catalogue give the same slots and the same local data. `today` is the date the stock is of.
    `use_ai` false means that no model is asked at all.

    Raises `RequestError` for an amount outside 1 … `MAX_AMOUNT` or a seed outside 0 … `MAX_SEED`.
    """

    amount: int
    brand: str | None = None
    seed: int = field(default_factory=lambda: secrets.randbits(48))
    use_ai: bool = True
    profile: Profile = Profile.SPECIFICATION
    today: date = field(default_factory=date.today)

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise RequestError(f"La cantidad debe ser un número entero, no {self.amount!r}.")
        if not 1 <= self.amount <= MAX_AMOUNT:
            raise RequestError(
                f"No se pueden generar {self.amount} vehículos: pida una cantidad entre 1 y {MAX_AMOUNT}."
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise RequestError(f"La semilla debe ser un número entero entre 0 y {MAX_SEED}, no {self.seed!r}.")
