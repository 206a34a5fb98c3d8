"""`python -m bench.dispatch [faults|quota|dirty|free-account]`: the dispatcher against a server that misbehaves.

The server is the tests' stand-in, in a process of its own, with answers after some 300 ms (log-normal). Both sides of each
ratio run here, one after the other: FlotIA, and a minimal client that was written for the workload and knows its faults.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import date

from bench import minimal
from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.clients.openai_compatible import Endpoint, OpenAICompatibleClient
from flotia.dialogue.lists import ListDialogue
from flotia.engine import Engine, Source
from flotia.events import BatchDone, CallDone, Event
from flotia.limits.windows import Limits, parse
from flotia.planner import Planner
from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from tests.doubles.standin import presets, serving_apart

_TODAY = date(2026, 11, 22)
_AMOUNT, _BATCH, _LANES = 1000, 10, 32
#: The models that are well in the workload `faults`: the first four are not.
_WELL = presets.MODELS[4:]


def prompts(request: Request) -> list[tuple[str, str]]:
    """The messages of every batch, made beforehand."""
    catalogue = Catalogue.load()
    drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today)
    planner = Planner(request, drawer, Assembler(catalogue, drawer, seed=request.seed, today=request.today))
    return [ListDialogue().messages(batch.slots) for batch in planner.batches()]


def ours(base: str, request: Request, limits: Limits | None = None) -> tuple[float, float, list[Event]]:
    """Wall and CPU seconds of a run, and what it told."""
    source = Source(
        OpenAICompatibleClient(Endpoint(base)), presets.MODELS, limits=Limits() if limits is None else limits
    )
    engine = Engine(Catalogue.load(), source)
    wall, cpu = time.perf_counter(), time.process_time()
    events = list(iterate(engine.stream(request)))
    return time.perf_counter() - wall, time.process_time() - cpu, events


def show(name: str, wall: float, cpu: float, events: list[Event]) -> None:
    """One line of a run of FlotIA."""
    calls = [e for e in events if isinstance(e, CallDone)]
    origins: Counter[str] = Counter()
    for event in events:
        if isinstance(event, BatchDone):
            origins.update(event.vehicles.column_as_stored("origen"))
    wasted = sum(not c.usable for c in calls)
    print(
        f"{name:<34} {wall:7.2f} s  {len(calls):4d} calls ({wasted} without fruit)  {cpu / len(calls) * 1000:5.2f} ms CPU a"
        f" call  {dict(origins)}"
    )


def faults() -> None:
    """Two models with 5-second windows of 429, one always 404, one with a fifth of its JSON broken; 32 lanes, tens."""
    request = Request(_AMOUNT, seed=5, today=_TODAY, lanes=_LANES, batch=_BATCH)
    with serving_apart("faults") as server:
        least = minimal.run(server.base, prompts(request), _WELL, _LANES)
    print(
        f"{'minimal client, told the faults':<34} {least.wall:7.2f} s  {least.calls:4d} calls"
        f"{'':20}{least.cpu / least.calls * 1000:5.2f} ms CPU a call  {least.rows} rows, not judged"
    )
    with serving_apart("faults") as server:
        wall, cpu, events = ours(server.base, request)
    show("FlotIA", wall, cpu, events)
    print(f"wall: {wall / least.wall:.2f} × the minimal client's")


def quota() -> None:
    """Every model takes 4 requests in 10 s: with that declared, and found out on the way."""
    request = Request(_AMOUNT, seed=5, today=_TODAY, lanes=_LANES, batch=_BATCH)
    for name, limits in (("limits declared", parse("4/10s*")), ("limits found out", None)):
        with serving_apart("quota") as server:
            show(f"FlotIA, {name}", *ours(server.base, request, limits))
    least = -(-_AMOUNT // _BATCH) // (4 * len(presets.MODELS)) * 10
    print(f"the limits allow {_AMOUNT // _BATCH} calls in {least} s and one answer's time")


def dirty() -> None:
    """Every model a little bad."""
    request = Request(_AMOUNT, seed=5, today=_TODAY, lanes=_LANES, batch=_BATCH)
    with serving_apart("dirty") as server:
        show("FlotIA", *ours(server.base, request))


def free_account() -> None:
    """20 a minute and 50 a day over all models."""
    with serving_apart("free-account") as server:
        show("FlotIA", *ours(server.base, Request(_AMOUNT, seed=5, today=_TODAY)))
        print(json.dumps({k: v for k, v in server.seen().items() if isinstance(v, int)}))


def main() -> None:
    """Measure the named workloads, or all."""
    measures = {"faults": faults, "quota": quota, "dirty": dirty, "free-account": free_account}
    Catalogue.load()
    list(iterate(Engine(Catalogue.load()).stream(Request(2000, seed=1, use_ai=False, today=_TODAY))))  # warm tables
    for name in sys.argv[1:] or measures:
        print(f"--- {name}: {measures[name].__doc__}")
        measures[name]()


if __name__ == "__main__":
    main()
