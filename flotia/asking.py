"""One call: slots are put into words, a model is asked, its answer is read and each of its rows weighed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flotia.dialogue import Dialogue
from flotia.events import CallDone
from flotia.judgement import values
from flotia.judgement.judge import RowJudge, Verdict
from flotia.limits.ledger import Lease, Ledger
from flotia.outcome import Answer, Failure, Kind, Remedy, Scope
from flotia.planner import Slot
from flotia.ports import ChatClient, ChatRequest
from flotia.routing import Route
from flotia.vehicle import MODEL_FIELDS

#: Tokens of a call before anything of its model is known: the wording, a slot's line, a vehicle of the answer.
_WORDING_TOKENS, _ROW_TOKENS = 500, 150
#: A model of whose fields fewer than this share stand has not understood the wording.
_UNDERSTOOD = 0.35


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call came to: what to tell of it, the verdicts on the rows that stand (with the model that gave them) by slot
    index, and the failure, if there was one before anything could be read.
    """

    done: CallDone
    verdicts: dict[int, tuple[Verdict, str]] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Flight:
    """A call under way: for the `slots` of batch `batch`, with the router's `ticket`; `plain` without a response format."""

    batch: int
    route: Route
    ticket: int
    slots: list[Slot]
    plain: bool


@dataclass(slots=True)
class Asker:
    """Asks models through the `clients` of their accounts.

    `plainer` is another wording for models that cannot follow `dialogue`; `structured` the routes that obey a JSON schema.
    """

    clients: Mapping[str, ChatClient]
    ledger: Ledger
    dialogue: Dialogue
    judge: RowJudge
    max_tokens: int
    plainer: Dialogue | None = None
    structured: frozenset[Route] = frozenset()
    _in_plainer_words: set[Route] = field(default_factory=set)

    def tokens(self, slots: int) -> int:
        """About what a call for `slots` vehicles takes of a limit on tokens."""
        return min(_WORDING_TOKENS + slots * _ROW_TOKENS, _WORDING_TOKENS + self.max_tokens)

    async def ask(self, lease: Lease, batch: int, slots: Sequence[Slot], *, plain: bool = False) -> Asked:
        """Send one request for `slots`, which `lease` has granted; `plain` sends no response format."""
        route = Route(lease.account, lease.model)
        dialogue = self.plainer if self.plainer and route in self._in_plainer_words else self.dialogue
        system, user = dialogue.messages(slots)
        schema = dialogue.schema(slots) if route in self.structured and not plain else None
        request = ChatRequest(route.model, system, user, self.max_tokens, schema)
        outcome = await self.clients[route.account].complete(request)
        await self.ledger.settle(lease, outcome)
        if isinstance(outcome, Failure):
            return Asked(_failed(outcome, route, batch, slots), failure=outcome)
        asked = self._read(dialogue, outcome, route, batch, slots)
        stands = sum(len(verdict.kept) for verdict, _ in asked.verdicts.values())
        if stands < _UNDERSTOOD * len(MODEL_FIELDS) * len(asked.verdicts or slots) and not outcome.truncated:
            self._in_plainer_words.add(route)
        return asked

    def _read(self, dialogue: Dialogue, answer: Answer, route: Route, batch: int, slots: Sequence[Slot]) -> Asked:
        rows = dialogue.read(answer.text).rows
        verdicts: dict[int, tuple[Verdict, str]] = {}
        kept = refused = 0
        causes: Counter[str] = Counter()
        for slot, row in assign(rows, slots):
            if slot is None or slot.index in verdicts:
                refused += 1
                causes["nadie pidió esa fila, o llegó dos veces"] += 1
                continue
            verdict = self.judge.judge(slot, row)
            causes.update(f"{name}: {why}" for name, why in verdict.repaired.items())
            if verdict.refused:
                refused += 1
                causes[verdict.refused] += 1
                continue
            verdicts[slot.index] = (verdict, answer.model)
            self.judge.remember([verdict.description] if verdict.description else [])
            kept += not verdict.repaired
        done = CallDone(
            batch, route.model, answer.model, len(slots), kept, len(verdicts) - kept, refused, answer.truncated,
            answer.latency, answer.prompt_tokens, answer.completion_tokens, None if rows else _unreadable(answer),
            dict(causes), route.account, answer.cost,
        )  # fmt: skip
        return Asked(done, verdicts)


def assign(rows: Iterable[dict[str, Any]], slots: Sequence[Slot]) -> list[tuple[Slot | None, dict[str, Any]]]:
    """Which slot each row answers: by its `id`; by its place if no row has an id that was asked for."""
    there = list(rows)
    by_id = {s.index: s for s in slots}
    ids = [_whole(r.get("id")) for r in there]
    if not any(i in by_id for i in ids if i is not None):
        return [(slots[n] if n < len(slots) else None, row) for n, row in enumerate(there)]
    return [(by_id.get(i) if i is not None else None, row) for i, row in zip(ids, there, strict=True)]


def _whole(value: Any) -> int | None:
    number = values.number(value)
    return int(number) if number is not None and number == int(number) else None


def _failed(failure: Failure, route: Route, batch: int, slots: Sequence[Slot]) -> CallDone:
    return CallDone(
        batch, route.model, route.model, len(slots), latency=failure.latency, failure=failure, account=route.account
    )


def _unreadable(answer: Answer) -> Failure:
    what = "se cortó antes del primer vehículo" if answer.truncated else "no contiene ningún vehículo legible"
    return Failure(
        Kind.UNREADABLE, Scope.REQUEST, Remedy.NEXT_MODEL, f"La respuesta {what}.", latency=answer.latency
    )  # fmt: skip
