"""`python -m bench.engine`: what the engine itself costs, next to the least that could be done.

Local data: vehicles a second. With a model: CPU a call of ten vehicles, reading and judging included, against reading the
same answers with `json.loads` alone.
"""

from __future__ import annotations

import json
import time
from datetime import date

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import CallDone
from flotia.generation import generate
from flotia.request import Request
from tests.doubles.models import playing

_TODAY = date(2026, 11, 22)
_LOCAL, _ASKED = 10_000, 1000


def main() -> None:
    """Measure both and print the figures."""
    catalogue = Catalogue.load()
    generate(Request(amount=1000, seed=1, use_ai=False, today=_TODAY))  # what was on sale each year is worked out once
    started = time.process_time()
    generate(Request(amount=_LOCAL, seed=2, use_ai=False, today=_TODAY))
    print(f"local data: {_LOCAL / (time.process_time() - started):,.0f} complete vehicles a CPU second")

    answers = {}
    client = playing(lambda _: "ok")
    inner = client.otherwise

    def remembering(request):
        if request.user not in answers:
            answers[request.user] = inner(request)
        return answers[request.user]

    client.otherwise = remembering
    engine = Engine(catalogue, Source(client, ["a:free"], pause=0))
    request = Request(amount=_ASKED, seed=3, today=_TODAY)
    list(iterate(engine.stream(request)))
    started = time.process_time()
    calls = sum(isinstance(e, CallDone) for e in iterate(engine.stream(request)))
    ours = (time.process_time() - started) / calls
    started = time.process_time()
    for answer in answers.values():
        json.loads(answer.text)
    bare = (time.process_time() - started) / len(answers)
    print(f"with a model: {ours * 1000:.2f} ms CPU a call of ten vehicles; json.loads alone {bare * 1000:.2f} ms")


if __name__ == "__main__":
    main()
