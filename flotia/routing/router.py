"""Which route is asked next: by the user's order or by merit, within what health, limits and proven ability allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from flotia.errors import ProviderError
from flotia.events import AccountStopped, AiStopped, CallDone, Event, ModelCooled, ModelRetired
from flotia.limits.book import Later
from flotia.outcome import Failure, Kind, Remedy, Scope
from flotia.ports import Clock
from flotia.routing import merit
from flotia.routing.ability import Ability
from flotia.routing.health import COOL_DOWNS, KNOCK_AFTER, Health, pause
from flotia.routing.record import Record, Route

#: An account whose server cannot be reached this often in a row is given up for the run.
UNREACHABLE_AFTER = 3
#: Once it has answered, so many seconds pass before each of those times: networks have hiccups.
_UNREACHABLE_PAUSES = (2.0, 10.0, 30.0)
#: "No credit" on this many models means the account, not the model.
_NO_CREDIT_MODELS = 2
#: Every so many calls one goes to a route that would not be asked otherwise: it may have recovered, or be better.
_EXPLORE_EVERY = 20
#: Only what has not been asked for so long is worth exploring, in seconds.
_UNSEEN = 60.0
#: Calls at once to a route that has not answered yet, where requests are plenty and where they are few.
_FIRST_CALLS, _FIRST_CALLS_FRUGAL = 2, 1
#: Where every request counts, a slow large answer beats a fast small one: so many seconds a request weighs.
_FRUGAL_COST = 60.0

#: A good model answers a request for so many vehicles, after so many smaller ones to find that out.
_ABLE, _STEPS = 32, 2

_ACCOUNT_WAITS = "límite por minuto de la cuenta"
_ALL_LIMITED = "todos los modelos están limitados"
_ALL_REST = "todos los modelos descansan"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing can be asked for `seconds`. `known` says that the other side named the moment."""

    seconds: float
    reason: str
    known: bool


@dataclass(slots=True)
class _Account:
    models: int
    stopped: str = ""
    resumes: float | None = None
    held_until: float = 0.0
    unreachable: int = 0
    answered: bool = False
    no_credit: set[str] = field(default_factory=set)
    frugal: bool = False
    in_flight: int = 0
    cap: int = 1


@dataclass(slots=True)
class _Way:
    """A route with all that is known of it."""

    route: Route
    place: float
    record: Record
    health: Health
    ability: Ability
    in_flight: int = 0
    cap: int = _FIRST_CALLS


@dataclass(slots=True)
class Manner:
    """How a router chooses: strictly in the user's order, or `by_merit`; `lanes` calls at once; requests of `first`
    vehicles to begin with, of answers up to `max_tokens`, that `grow` with proven ability,
    or `shrink` with what was too much.
    """

    first: int
    max_tokens: int
    lanes: int = 1
    by_merit: bool = False
    grows: bool = False
    shrinks: bool = False


class Router:
    """Names the next route and learns from what came back."""

    def __init__(
        self, chain: Sequence[Route], clock: Clock, manner: Manner, contexts: Mapping[Route, int] | None = None
    ) -> None:
        """`chain` is in the user's order; `contexts` are the models' limits of question and answer, in tokens."""
        self._clock, self._manner = clock, manner
        routes = tuple(dict.fromkeys(chain))
        self._accounts = {
            a: _Account(sum(r.account == a for r in routes)) for a in dict.fromkeys(r.account for r in routes)
        }
        self._ways: dict[Route, _Way] = {}
        for n, route in enumerate(routes):
            record = Record()
            ability = Ability(
                record, manner.first, manner.max_tokens, (contexts or {}).get(route, 0), manner.grows, manner.shrinks
            )
            self._ways[route] = _Way(route, n / max(len(routes) - 1, 1), record, Health(record), ability)
        self._stopped = ""
        self._ticket = self._explored = 0
        self._exploring: _Way | None = None

    # --- what holds for the run --------------------------------------------------------------------------------------

    @property
    def stopped(self) -> str:
        """Why no route will be asked any more; empty while one may be."""
        if not self._stopped and all(self._is_out(w) for w in self._ways.values()):
            return "no queda ningún modelo disponible"
        return self._stopped

    @property
    def resumes_at(self) -> float | None:
        """When a stopped account is open again (epoch seconds), if that is known."""
        return min((a.resumes for a in self._accounts.values() if a.resumes is not None), default=None)

    @property
    def hopeless(self) -> bool:
        """Nothing has ever come of any route, and each that could be asked has failed twice."""
        tried = [w for w in self._ways.values() if not self._is_out(w)]
        return not any(a.answered for a in self._accounts.values()) and all(w.health.failed_now >= 2 for w in tried)

    def recall(self, records: Mapping[Route, Record]) -> None:
        """Go on from what earlier runs have learned."""
        for route, way in self._ways.items():
            if known := records.get(route):
                way.record = way.health.record = way.ability.record = known
                way.health.cooled_at = known.last_asked

    def records(self) -> dict[Route, Record]:
        """What is known now of every route."""
        return {route: way.record for route, way in self._ways.items()}

    def save_requests(self, account: str) -> None:
        """The account's requests are counted: it starts with one call at a time, and value is counted by the request."""
        if not self._accounts[account].frugal:
            self._accounts[account].frugal = True
            for way in self._of(account):
                way.cap = _FIRST_CALLS_FRUGAL

    def spread(self, lanes: int) -> None:
        """So many calls may be under way at once."""
        self._manner.lanes = lanes

    def requests_for(self, vehicles: int) -> int:
        """About how many requests so many vehicles take: by the best proven ability, or what a good model can do."""
        proven = max((w.record.size for w in self._ways.values() if not self._is_out(w)), default=0)
        if not self._manner.grows:
            return ceil(vehicles / self._manner.first)
        if proven > self._manner.first:
            return ceil(vehicles / proven)
        return ceil(vehicles / _ABLE) + _STEPS

    # --- choosing ----------------------------------------------------------------------------------------------------

    def choose(self, excluded: Collection[Route] = ()) -> Route | None:
        """The route to ask now, or `None` if none may be asked at this moment."""
        if self.stopped:
            return None
        now = self._clock.now()
        there = [w for w in self._ways.values() if w.route not in excluded and self._has_room(w)]
        ready = [w for w in there if self._ready_at(w) <= now]
        if not self._manner.by_merit:
            return ready[0].route if ready else None
        self._exploring = self._to_explore(there, ready, now)
        if self._exploring is not None:
            return self._exploring.route
        return max(ready, key=self._worth).route if ready else None

    def size(self, route: Route, *, pending: int, lanes_free: int) -> int:
        """Vehicles to ask `route` for, of `pending` ones: where requests are plenty, free lanes share the rest."""
        size = self._ways[route].ability.size
        if self._manner.grows and not self._accounts[route.account].frugal:
            size = min(size, max(-(-pending // max(lanes_free, 1)), self._manner.first))
        return size

    def wait(self, excluded: Collection[Route] = ()) -> Pause | None:
        """What has to be waited for before anything can be asked, if waiting can help."""
        now = self._clock.now()
        moments: list[tuple[float, str, bool]] = []
        for way in self._ways.values():
            if way.route in excluded or self._is_out(way) or not self._has_room(way):
                continue
            held = self._accounts[way.route.account].held_until
            health = way.health
            if not (health.limited or health.held_until > now or held > now) and not self._manner.by_merit:
                continue
            if held > now and held >= health.ready_at():
                moments.append((held, _ACCOUNT_WAITS, True))
                continue
            moment = max(health.knock_at() if self._manner.by_merit else health.ready_at(), held)
            moments.append((moment, _ALL_LIMITED if health.limited else _ALL_REST, health.hinted or health.limited))
        if not moments:
            return None
        moment, reason, known = min(moments)
        return Pause(moment - now, reason, known) if moment > now else None

    def _to_explore(self, there: list[_Way], ready: list[_Way], now: float) -> _Way | None:
        """A route that is resting or that nobody has asked for long: once in a while, or if there is nothing else."""
        resting = [w for w in there if w not in ready and self._knock_at(w) <= now]
        if not ready:
            return min(resting, key=lambda w: w.record.last_asked, default=None)
        if self._ticket - self._explored < _EXPLORE_EVERY:
            return None
        unseen = [w for w in (*ready, *resting) if w.in_flight == 0 and w.record.last_asked < now - _unseen(w)]
        return min(unseen, key=lambda w: (not _has_fallen(w), w.record.last_asked, w.place), default=None)

    def _worth(self, way: _Way) -> tuple[float, float]:
        frugal = self._accounts[way.route.account].frugal
        value = merit.worth(
            way.record, place=way.place, size=way.ability.size, request_cost=_FRUGAL_COST if frugal else 0.0
        )
        return value, -way.place

    def _is_out(self, way: _Way) -> bool:
        return way.health.gone or bool(self._accounts[way.route.account].stopped)

    def _has_room(self, way: _Way) -> bool:
        if self._is_out(way) or not self._manner.by_merit:
            return not self._is_out(way)
        account = self._accounts[way.route.account]
        return way.in_flight < way.cap and (not account.frugal or account.in_flight < account.cap)

    def _ready_at(self, way: _Way) -> float:
        return max(way.health.ready_at(), self._accounts[way.route.account].held_until)

    def _knock_at(self, way: _Way) -> float:
        return max(way.health.knock_at(), self._accounts[way.route.account].held_until)

    def _of(self, account: str) -> Iterable[_Way]:
        return (w for w in self._ways.values() if w.route.account == account)

    # --- learning ----------------------------------------------------------------------------------------------------

    def wants_plain(self, route: Route) -> bool:
        """Whether `route` was found not to take a response format."""
        return self._ways[route].record.plain

    def asked(self, route: Route) -> int:
        """A call goes out. Returns its ticket."""
        way, account = self._ways[route], self._accounts[route.account]
        way.in_flight += 1
        account.in_flight += 1
        way.record.last_asked = self._clock.now()
        self._ticket += 1
        if way is self._exploring:
            self._explored = self._ticket
        return self._ticket

    def hold(self, route: Route, later: Later) -> list[Event]:
        """The ledger grants `route` nothing before a moment."""
        account = self._accounts[route.account]
        if later.daily:
            return self._stop(route.account, "Se ha agotado el cupo diario de la cuenta.", later.moment)
        if later.whole_account:
            account.held_until = max(account.held_until, later.moment)
        else:
            self._ways[route].health.held_until = later.moment
        return []

    def answered(self, route: Route, ticket: int, call: CallDone) -> list[Event]:
        """Learn from an answer."""
        way, account = self._landed(route, grows=call.usable > 0)
        account.unreachable = 0
        now = self._clock.now()
        merit.learn(way.record, now, asked=call.slots, got=call.usable, latency=call.latency)
        way.ability.answered(asked=call.slots, got=call.usable, tokens=call.completion_tokens, truncated=call.truncated)
        if call.usable:
            account.answered = True
            way.health.well(ticket)
            return []
        seconds = way.health.useless(now, ticket, self._ticket)
        return [ModelCooled(route.model, seconds, "sus respuestas no sirven", route.account)] if seconds else []

    def failed(self, route: Route, ticket: int, failure: Failure, *, asked: int = 0) -> list[Event]:
        """Learn from a failure of a request for `asked` vehicles. Raises `ProviderError` if it ends the run."""
        way, account = self._landed(route, grows=False)
        self._count(way, failure, asked)
        if failure.kind is not Kind.UNREACHABLE:
            account.unreachable = 0
        match failure.remedy:
            case Remedy.STOP_RUN if failure.kind is Kind.BAD_KEY and self._others(route.account):
                return self._stop(route.account, failure.message, None)
            case Remedy.STOP_RUN:
                raise ProviderError(failure.message)
            case Remedy.STOP_ACCOUNT:
                return self._stop(route.account, failure.message, failure.retry_at)
            case Remedy.WAIT_ACCOUNT:
                now = self._clock.now()
                account.held_until = now + pause(failure.retry_at, COOL_DOWNS[0], now)[0]
            case Remedy.DROP_MODEL:
                now = self._clock.now()
                if way.health.said_retired(now, ticket, self._ticket, rests=self._manner.by_merit):
                    return [ModelRetired(route.model, failure.message, route.account)]
            case Remedy.SKIP_MODEL:
                way.health.skipped = True
                return [ModelRetired(route.model, failure.message, route.account)]
            case Remedy.RETRY_PLAIN:
                way.record.plain = True
            case Remedy.COOL_MODEL:
                return self._cooled(way, account, ticket, failure)
            case Remedy.NEXT_MODEL:
                pass
        return []

    def _count(self, way: _Way, failure: Failure, asked: int) -> None:
        way.record.last_error = failure.message
        if failure.kind is Kind.TIMEOUT:
            way.ability.timed_out(asked=asked)
        if failure.scope is Scope.MODEL and failure.kind is not Kind.MODEL_LIMIT:
            merit.learn(way.record, self._clock.now(), asked=0, got=0, latency=failure.latency)

    def abandoned(self, route: Route) -> None:
        """A call was given up before it came back."""
        self._ways[route].in_flight -= 1
        self._accounts[route.account].in_flight -= 1

    def _landed(self, route: Route, *, grows: bool) -> tuple[_Way, _Account]:
        """A call came back: what comes back well may be asked more often at once, what fails less."""
        way, account = self._ways[route], self._accounts[route.account]
        self.abandoned(route)
        most = self._manner.lanes
        way.cap = min(2 * way.cap, most) if grows else max(way.cap // 2, 1)
        account.cap = min(2 * account.cap, most) if grows else max(account.cap // 2, 1)
        return way, account

    def _cooled(self, way: _Way, account: _Account, ticket: int, failure: Failure) -> list[Event]:
        route, now = way.route, self._clock.now()
        if failure.kind is Kind.UNREACHABLE and not self._still_reachable(account, now):
            return self._stop(route.account, failure.message, None)
        if failure.kind is Kind.NO_CREDIT:
            account.no_credit.add(route.model)
            if len(account.no_credit) >= _NO_CREDIT_MODELS:
                return self._stop(route.account, failure.message, None)
        seconds = way.health.failed(failure, now, ticket, self._ticket)
        return [ModelCooled(route.model, seconds, failure.message, route.account)] if seconds else []

    @staticmethod
    def _still_reachable(account: _Account, now: float) -> bool:
        """Count one more time that the server was not there; calls that were under way together count as one."""
        if account.answered:
            if now < account.held_until:
                return True
            account.held_until = now + _UNREACHABLE_PAUSES[min(account.unreachable, len(_UNREACHABLE_PAUSES) - 1)]
        account.unreachable += 1
        return account.unreachable < min(UNREACHABLE_AFTER, account.models) or (
            account.answered and account.unreachable <= UNREACHABLE_AFTER
        )

    def _others(self, account: str) -> bool:
        return any(not a.stopped for name, a in self._accounts.items() if name != account)

    def _stop(self, name: str, reason: str, resumes: float | None) -> list[Event]:
        account = self._accounts[name]
        if account.stopped:
            return []
        account.stopped, account.resumes = reason, resumes
        if self._others(name):
            return [AccountStopped(name, reason)]
        self._stopped = reason
        return [AiStopped(reason)]


def _has_fallen(way: _Way) -> bool:
    """Whether it has been well and is not: what most deserves another look."""
    return way.record.failures > 0 and way.record.got > 0


def _unseen(way: _Way) -> float:
    return KNOCK_AFTER if _has_fallen(way) else _UNSEEN
