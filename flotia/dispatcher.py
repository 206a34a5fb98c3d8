"""Takes one batch through the chain of models until every slot is answered or nobody is left to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from flotia.dialogue import Dialogue
from flotia.events import CallDone, Event, ModelAsked, Waiting
from flotia.judgement import values
from flotia.judgement.judge import RowJudge, Verdict
from flotia.outcome import Answer, Failure, Kind, Remedy, Scope
from flotia.planner import Batch, Slot
from flotia.ports import ChatClient, ChatRequest, Clock
from flotia.router import Router

#: A batch waits at most this long, in seconds, for a model that is only limited; then it goes on without it.
PATIENCE = 75.0


@dataclass(slots=True)
class Filling:
    """What a batch has so far: by slot index, the verdict and the model it came from."""

    verdicts: dict[int, tuple[Verdict, str]] = field(default_factory=dict)
    calls: int = 0


@dataclass(slots=True)
class Dispatcher:
    """One lane: asks for the slots of a batch, model after model."""

    client: ChatClient
    router: Router
    dialogue: Dialogue
    judge: RowJudge
    clock: Clock
    max_tokens: int

    async def fill(self, batch: Batch, filling: Filling) -> AsyncIterator[Event]:
        """Ask until `filling` has a verdict for each slot, or no model is left that may be asked.

        Raises `ProviderError` if a failure ends the run.
        """
        tried: set[str] = set()
        patience = PATIENCE
        while missing := [s for s in batch.slots if s.index not in filling.verdicts]:
            wait = self._wait(tried)
            if wait is not None:
                if wait.seconds > patience:
                    return
                patience -= wait.seconds
                yield wait
                await self.clock.sleep(wait.seconds)
                continue
            model = self.router.next_model(tried)
            if model is None:
                return
            tried.add(model)
            yield ModelAsked(batch.number, model, len(missing))
            filling.calls += 1
            request = self._request(model, missing)
            outcome = await self.client.complete(request)
            if isinstance(outcome, Answer):
                done = self._take(outcome, model, batch, missing, filling)
                learned = self.router.answered(model, done.usable)
            else:
                done = _failed(outcome, model, batch, missing)
                learned = []
            yield done
            if isinstance(outcome, Failure):
                learned = self.router.failed(model, outcome)
                plainer = outcome.remedy is Remedy.RETRY_PLAIN and request.schema is not None
                if plainer or outcome.remedy is Remedy.WAIT_ACCOUNT:
                    tried.discard(model)
            for event in learned:
                yield event

    def _wait(self, tried: set[str]) -> Waiting | None:
        """What has to be waited for before the next call, if waiting helps."""
        if self.router.stopped:
            return None
        if (seconds := self.router.account_wait()) > 0:
            return Waiting(seconds, "límite por minuto de la cuenta")
        if self.router.next_model(tried) is None and (soonest := self.router.soonest(tried)) is not None:
            return Waiting(soonest, "todos los modelos están limitados")
        return None

    def _request(self, model: str, slots: list[Slot]) -> ChatRequest:
        system, user = self.dialogue.messages(slots)
        schema = None if self.router.wants_plain(model) else self.dialogue.schema(slots)
        return ChatRequest(model, system, user, self.max_tokens, schema)

    def _take(self, answer: Answer, asked: str, batch: Batch, slots: list[Slot], filling: Filling) -> CallDone:
        rows = self.dialogue.read(answer.text).rows
        kept = repaired = refused = 0
        causes: Counter[str] = Counter()
        for slot, row in assign(rows, slots):
            if slot is None or slot.index in filling.verdicts:
                refused += 1
                causes["nadie pidió esa fila, o llegó dos veces"] += 1
                continue
            verdict = self.judge.judge(slot, row)
            causes.update(f"{name}: {why}" for name, why in verdict.repaired.items())
            if verdict.refused:
                refused += 1
                causes[verdict.refused] += 1
                continue
            filling.verdicts[slot.index] = (verdict, answer.model)
            self.judge.remember([verdict.description] if verdict.description else [])
            if verdict.repaired:
                repaired += 1
            else:
                kept += 1
        failure = None if rows else _unreadable(answer)
        return CallDone(
            batch.number, asked, answer.model, len(slots), kept, repaired, refused, answer.truncated, answer.latency,
            answer.prompt_tokens, answer.completion_tokens, failure, dict(causes),
        )  # fmt: skip


def assign(rows: Iterable[dict[str, Any]], slots: list[Slot]) -> list[tuple[Slot | None, dict[str, Any]]]:
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


def _failed(failure: Failure, model: str, batch: Batch, slots: list[Slot]) -> CallDone:
    return CallDone(batch.number, model, model, len(slots), latency=failure.latency, failure=failure)


def _unreadable(answer: Answer) -> Failure:
    what = "se cortó antes del primer vehículo" if answer.truncated else "no contiene ningún vehículo legible"
    return Failure(
        Kind.UNREADABLE, Scope.REQUEST, Remedy.NEXT_MODEL, f"La respuesta {what}.", latency=answer.latency
    )  # fmt: skip
