"""`python -m bench.engine`: what the engine itself costs, next to the least that could be done.

Local data: vehicles a second. With a model: CPU a call of ten vehicles, reading and judging included, against reading the
same answers with `json.loads` alone; once with answers that the process has met before and once with new ones, of which
every sentence and version is read for the first time. The time that the scripted model takes is not counted.
"""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import CallDone
from flotia.generation import generate
from flotia.outcome import Answer, Failure
from flotia.ports import ChatRequest
from flotia.request import Request
from tests.doubles.models import playing

_TODAY = date(2026, 11, 22)
_LOCAL, _ASKED = 10_000, 1000
#: Of so many runs the quickest counts: on a machine with other work the rest is theirs.
_RUNS = 5


class _Model:
    """A scripted model that remembers its answers and how long it took to make them."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Failure] = {}
        self.seconds = 0.0
        self.client = playing(lambda _: "ok")
        self._make: Any = self.client.otherwise
        self.client.otherwise = self._answer

    def _answer(self, request: ChatRequest) -> Answer | Failure:
        started = time.process_time()
        if request.user not in self.answers:
            self.answers[request.user] = self._make(request)
        self.seconds += time.process_time() - started
        return self.answers[request.user]


def main() -> None:
    """Measure and print the figures."""
    catalogue = Catalogue.load()
    generate(Request(amount=1000, seed=1, use_ai=False, today=_TODAY))  # what was on sale each year is worked out once
    started = time.process_time()
    generate(Request(amount=_LOCAL, seed=2, use_ai=False, today=_TODAY))
    print(f"local data: {_LOCAL / (time.process_time() - started):,.0f} complete vehicles a CPU second")

    model = _Model()
    engine = Engine(catalogue, Source(model.client, ["a:free"], pause=0))
    _milliseconds(engine, model, seed=3)
    known = min(_milliseconds(engine, model, seed=3) for _ in range(_RUNS))
    bare = _bare(model)
    new = min(_milliseconds(engine, model, seed=4 + n) for n in range(_RUNS))
    print(
        f"with a model: {known:.2f} ms CPU a call of ten vehicles, {new:.2f} ms of answers never met;"
        f" json.loads alone {bare:.2f} ms"
    )


def _milliseconds(engine: Engine, model: _Model, seed: int) -> float:
    """CPU a call, the model's own left out."""
    request = Request(amount=_ASKED, seed=seed, today=_TODAY)
    started, before = time.process_time(), model.seconds
    calls = sum(isinstance(e, CallDone) for e in iterate(engine.stream(request)))
    return (time.process_time() - started - (model.seconds - before)) / calls * 1000


def _bare(model: _Model) -> float:
    """CPU of reading a known answer with the standard library alone."""
    texts = [answer.text for answer in model.answers.values() if isinstance(answer, Answer)]
    started = time.process_time()
    for text in texts:
        json.loads(text)
    return (time.process_time() - started) / len(texts) * 1000


if __name__ == "__main__":
    main()
