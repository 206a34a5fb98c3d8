"""What is asked of a run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from flotia.errors import RequestError

#: More than this in one run is taken for a slip of the finger.
MAX_AMOUNT = 10_000_000
#: More calls at once than this help nobody.
MAX_LANES = 256
#: Seeds fit a signed 64-bit column of any database.
MAX_SEED = 2**63 - 1


class Profile(StrEnum):
    """How a run spends its requests: by what each model proves able to do, or to the letter of the specification."""

    ADAPTIVE = "adaptativo"
    SPECIFICATION = "especificacion"


class WhenExhausted(StrEnum):
    """What becomes of the rest of a run whose budget or quota has ended: it waits to be taken up again, or is local."""

    PAUSE = "pausar"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Request:
    """A run's order.

    `amount` vehicles, of `brand` only if one is given (its name in the catalogue). `seed` decides every draw: the same
    seed, date and catalogue give the same slots and the same local data. `today` is the date the stock is of.
    `use_ai` false means that no model is asked at all.

    `budget` is the most calls it may make (`None`: any number), `lanes` how many at once (`None`: by the accounts' limits);
    `use_cache` takes vehicles out of earlier answers before any model is asked. `batch` fixes the vehicles of every request
    (`None`: by the contract's rule, and then by what each model proves able to do).

    Raises `RequestError` for an amount outside 1 … `MAX_AMOUNT`, a seed outside 0 … `MAX_SEED`, a budget below 0, a
    batch below 1 or lanes outside 1 … `MAX_LANES`.
    """

    amount: int
    brand: str | None = None
    seed: int = field(default_factory=lambda: secrets.randbits(48))
    use_ai: bool = True
    profile: Profile = Profile.ADAPTIVE
    today: date = field(default_factory=date.today)
    budget: int | None = None
    lanes: int | None = None
    when_exhausted: WhenExhausted = WhenExhausted.LOCAL
    use_cache: bool = False
    batch: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise RequestError(f"La cantidad debe ser un número entero, no {self.amount!r}.", about="amount")
        if not 1 <= self.amount <= MAX_AMOUNT:
            raise RequestError(
                f"No se pueden generar {self.amount} vehículos: pida una cantidad entre 1 y {MAX_AMOUNT}.",
                about="amount",
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise RequestError(
                f"La semilla debe ser un número entero entre 0 y {MAX_SEED}, no {self.seed!r}.", about="seed"
            )
        if self.budget is not None and self.budget < 0:
            raise RequestError(f"El presupuesto es un número de llamadas: no puede ser {self.budget}.", about="budget")
        if self.batch is not None and self.batch < 1:
            raise RequestError(f"Un lote tiene al menos un vehículo, no {self.batch}.", about="batch")
        if self.lanes is not None and not 1 <= self.lanes <= MAX_LANES:
            raise RequestError(f"Las llamadas en paralelo van de 1 a {MAX_LANES}, no {self.lanes}.", about="lanes")
