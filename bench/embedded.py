"""`python -m bench.embedded [vehicles]`: the embedded model through a whole run, next to the same requests sent bare."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import date

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.clients.embedded import EmbeddedModel, find_model
from flotia.clients.openai_compatible import OpenAICompatibleClient
from flotia.dialogue.choices import Choices
from flotia.dialogue.prompt import MAX_TOKENS
from flotia.engine import Engine, Source
from flotia.events import CallDone
from flotia.outcome import Answer
from flotia.planner import Planner
from flotia.ports import ChatRequest
from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer

_TODAY = date(2026, 11, 22)


def bare(model: EmbeddedModel, request: Request) -> float:
    """Tokens a second of the run's requests, one after the other, answers thrown away."""
    catalogue = Catalogue.load()
    drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today)
    planner = Planner(request, drawer, Assembler(catalogue, drawer, seed=request.seed, today=request.today))
    dialogue = Choices(catalogue, request.seed)
    asked = [
        ChatRequest(model.name, *dialogue.messages(b.slots), MAX_TOKENS, dialogue.schema(b.slots))
        for b in planner.batches()
    ]

    async def send() -> int:
        async with OpenAICompatibleClient(model.endpoint) as client:
            answers = [await client.complete(r) for r in asked]
        return sum(a.completion_tokens for a in answers if isinstance(a, Answer))

    started = time.perf_counter()
    tokens = asyncio.run(send())
    return tokens / (time.perf_counter() - started)


def ours(model: EmbeddedModel, request: Request) -> float:
    """The same through the engine: planned, judged, completed."""
    source = Source(OpenAICompatibleClient(model.endpoint), [model.name], only_chooses=True, pause=0)
    engine = Engine(Catalogue.load(), source)
    started = time.perf_counter()
    events = list(iterate(engine.stream(request)))
    tokens = sum(e.completion_tokens for e in events if isinstance(e, CallDone))
    return tokens / (time.perf_counter() - started)


def main() -> None:
    """Measure both in turn, twice, and print the ratio."""
    request = Request(int(sys.argv[1]) if len(sys.argv) > 1 else 30, seed=6, today=_TODAY)
    list(iterate(Engine(Catalogue.load()).stream(Request(2000, seed=1, use_ai=False, today=_TODAY))))  # warm tables
    model = EmbeddedModel.start(find_model())
    try:
        rates = [(bare(model, request), ours(model, request)) for _ in range(2)]
    finally:
        model.close()
    for least, own in rates:
        print(f"bare {least:.1f} tokens/s, in a run {own:.1f}: {own / least:.0%}")


if __name__ == "__main__":
    main()
