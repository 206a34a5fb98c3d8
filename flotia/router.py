"""Which model is asked next: the user's order, cool-downs with a cause, retirement, and the state of the account."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from flotia.errors import ProviderError
from flotia.events import AiStopped, Event, ModelCooled, ModelRetired
from flotia.outcome import Failure, Kind, Remedy
from flotia.ports import Clock

#: Without a hint from the other side a model rests this long, in seconds: first, second, later failure in a row
#: (public experience with shared free pools; `openrouter.md` of the project's design notes).
COOL_DOWNS = (60.0, 300.0, 1800.0)
#: The same after a passing fault of the server rather than a limit.
SHORT_COOL_DOWNS = (10.0, 60.0, 300.0)
#: "Retired" is believed when it was said this often.
RETIRED_AFTER = 2
#: A server that cannot be reached this often in a row is given up for the run.
UNREACHABLE_AFTER = 3
#: "No credit" on this many models means the account, not the model.
_NO_CREDIT_MODELS = 2
#: Answers of a model without a single usable row, in a row, that cost it a cool-down.
_BARREN_AFTER = 2
#: A hint further away than this is taken for nonsense, in seconds: daily limits reset at midnight UTC.
_FARTHEST = 90_000.0

#: A reset this long ago has passed already: the clocks differ a little.
_JUST_PASSED = 120.0

_LIMITS = frozenset({Kind.MINUTE_LIMIT, Kind.UPSTREAM_LIMIT})
_PASSING = frozenset({Kind.TRANSIENT, Kind.UPSTREAM_FULL, Kind.TIMEOUT, Kind.UNREACHABLE})


@dataclass(slots=True)
class _ModelState:
    cool_until: float = 0.0
    cooled_by_limit: bool = False
    failures: int = 0
    barren: int = 0
    said_retired: int = 0
    dropped: bool = False
    plain: bool = False


@dataclass(slots=True)
class Router:
    """Names the next model of a chain and learns from what came back.

    `models` is the chain in its order. The first that is neither dropped nor cooling is asked.
    """

    models: Sequence[str]
    clock: Clock
    _states: dict[str, _ModelState] = field(init=False)
    _account_until: float = 0.0
    _stopped: str = ""
    _unreachable: int = 0
    _no_credit: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.models = tuple(dict.fromkeys(self.models))
        self._states = {m: _ModelState() for m in self.models}

    @property
    def stopped(self) -> str:
        """Why no model will be asked any more; empty while one may be."""
        if not self._stopped and all(s.dropped for s in self._states.values()):
            return "no queda ningún modelo disponible"
        return self._stopped

    def next_model(self, tried: Collection[str]) -> str | None:
        """The first model of the chain that may be asked now and is not in `tried`."""
        if self.stopped or self.account_wait() > 0:
            return None
        now = self.clock.now()
        for model, state in self._states.items():
            if model not in tried and not state.dropped and state.cool_until <= now:
                return model
        return None

    def account_wait(self) -> float:
        """Seconds until the account may ask again."""
        return max(self._account_until - self.clock.now(), 0.0)

    def soonest(self, tried: Collection[str]) -> float | None:
        """Seconds until a model that hit a limit (and is not in `tried`) may be asked again, or `None`."""
        now = self.clock.now()
        waits = [
            s.cool_until - now
            for m, s in self._states.items()
            if m not in tried and not s.dropped and s.cooled_by_limit and s.cool_until > now
        ]
        return min(waits, default=None)

    def wants_plain(self, model: str) -> bool:
        """Whether `model` was found not to take a response format."""
        return self._states[model].plain

    def answered(self, model: str, usable: int) -> list[Event]:
        """Learn from an answer with `usable` good rows."""
        self._unreachable = 0
        state = self._states[model]
        if usable:
            state.failures = state.barren = state.said_retired = 0
            state.cooled_by_limit = False
            return []
        state.barren += 1
        if state.barren < _BARREN_AFTER:
            return []
        state.barren = 0
        return self._cool(model, None, "sus respuestas no sirven", COOL_DOWNS)

    def failed(self, model: str, failure: Failure) -> list[Event]:  # noqa: PLR0911 - one a remedy
        """Learn from a failure. Raises `ProviderError` if it ends the run."""
        if failure.kind is not Kind.UNREACHABLE:
            self._unreachable = 0
        match failure.remedy:
            case Remedy.STOP_RUN:
                raise ProviderError(failure.message)
            case Remedy.STOP_ACCOUNT:
                return self._stop(failure.message)
            case Remedy.WAIT_ACCOUNT:
                self._account_until = self.clock.now() + self._pause(failure.retry_at, COOL_DOWNS[0])
                return []
            case Remedy.DROP_MODEL:
                return self._retired(model, failure)
            case Remedy.SKIP_MODEL:
                return self._drop(model, failure.message)
            case Remedy.RETRY_PLAIN:
                self._states[model].plain = True
                return []
            case Remedy.COOL_MODEL:
                return self._cooled(model, failure)
            case Remedy.NEXT_MODEL:
                return []

    def _cooled(self, model: str, failure: Failure) -> list[Event]:
        if failure.kind is Kind.UNREACHABLE:
            self._unreachable += 1
            if self._unreachable >= min(UNREACHABLE_AFTER, len(self._states)):
                return self._stop(failure.message)
        if failure.kind is Kind.NO_CREDIT:
            self._no_credit.add(model)
            if len(self._no_credit) >= _NO_CREDIT_MODELS:
                return self._stop(failure.message)
        ladder = SHORT_COOL_DOWNS if failure.kind in _PASSING else COOL_DOWNS
        cooled = self._cool(model, failure.retry_at, failure.message, ladder)
        self._states[model].cooled_by_limit = failure.kind in _LIMITS
        return cooled

    def _retired(self, model: str, failure: Failure) -> list[Event]:
        self._states[model].said_retired += 1
        if self._states[model].said_retired >= RETIRED_AFTER:
            return self._drop(model, failure.message)
        return []

    def _drop(self, model: str, reason: str) -> list[Event]:
        self._states[model].dropped = True
        return [ModelRetired(model, reason)]

    def _stop(self, reason: str) -> list[Event]:
        self._stopped = reason
        return [AiStopped(reason)]

    def _cool(self, model: str, retry_at: float | None, reason: str, ladder: Sequence[float]) -> list[Event]:
        state = self._states[model]
        seconds = self._pause(retry_at, ladder[min(state.failures, len(ladder) - 1)])
        state.failures += 1
        state.cool_until = self.clock.now() + seconds
        state.cooled_by_limit = False
        return [ModelCooled(model, seconds, reason)]

    def _pause(self, retry_at: float | None, otherwise: float) -> float:
        hinted = None if retry_at is None else retry_at - self.clock.now()
        if hinted is not None and -_JUST_PASSED <= hinted <= _FARTHEST:
            return max(hinted, 1.0)
        return otherwise
