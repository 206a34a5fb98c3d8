"""What a run tells while it works: the one truth behind the console, the log, the page and the API."""

from __future__ import annotations

from dataclasses import dataclass, field

from flotia.outcome import Failure
from flotia.vehicle import VehicleTable


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run begins (or goes on): `already` of `amount` vehicles are there."""

    amount: int
    already: int
    batch_size: int
    use_ai: bool


@dataclass(frozen=True, slots=True)
class ModelAsked:
    """A call goes out to `model` for `slots` vehicles of batch `batch`."""

    batch: int
    model: str
    slots: int
    account: str = ""


@dataclass(frozen=True, slots=True)
class CallDone:
    """A call came back. `asked` is the model that was asked, `model` the one that answered.

    `account` is the one it went through, `cost` what the server says it charged. Of `slots` vehicles asked for, `kept` rows
    stand untouched, `repaired` had at least one field replaced, `refused` were thrown out whole; `causes` counts why
    (`precio_venta: no cuadra con el catálogo`, `habla de otro modelo`). `failure` is set where
    nothing could be used. `latency` in seconds.
    """

    batch: int
    asked: str
    model: str
    slots: int
    kept: int = 0
    repaired: int = 0
    refused: int = 0
    truncated: bool = False
    latency: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failure: Failure | None = None
    causes: dict[str, int] = field(default_factory=dict)
    account: str = ""
    cost: float = 0.0

    @property
    def usable(self) -> int:
        """Vehicles this call gave."""
        return self.kept + self.repaired


@dataclass(frozen=True, slots=True)
class ModelCooled:
    """A model is left alone for `seconds`."""

    model: str
    seconds: float
    reason: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class ModelRetired:
    """A model is not asked again in this run."""

    model: str
    reason: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class AccountStopped:
    """An account is not asked again in this run; others go on."""

    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """What the accounts have left today before the first call: the run needs about `needed` requests and has `left`.

    `resets` is when the day's requests are whole again (epoch seconds).
    """

    needed: int
    left: int
    resets: float

    @property
    def short(self) -> bool:
        """Whether it will not do."""
        return self.needed > self.left


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing can be asked before `seconds` have passed."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class UnlistedBrand:
    """The catalogue does not know the brand asked for: models are asked freely, and nobody can check their cars."""

    brand: str


@dataclass(frozen=True, slots=True)
class AiStopped:
    """No model will be asked any more in this run; what is missing becomes local data, or waits if the user said so."""

    reason: str


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run ends here with `made` of `amount` vehicles, to be taken up again: after `resumes` (epoch seconds), if known."""

    reason: str
    made: int
    amount: int
    resumes: float | None = None


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch is whole. `vehicles` are by slot index; `total` of `amount` are there now."""

    batch: int
    vehicles: VehicleTable
    total: int
    amount: int


@dataclass(frozen=True, slots=True)
class RunDone:
    """Everything asked for is there."""

    amount: int
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)


Event = (
    RunStarted
    | UnlistedBrand
    | ModelAsked
    | CallDone
    | ModelCooled
    | ModelRetired
    | AccountStopped
    | QuotaSeen
    | Waiting
    | AiStopped
    | RunPaused
    | BatchDone
    | RunDone
)
