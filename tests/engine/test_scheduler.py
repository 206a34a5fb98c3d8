"""Whole runs in the adaptive way, against providers on virtual time."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from types import SimpleNamespace

import pytest

from flotia.asking import Asked
from flotia.budget import Budget
from flotia.catalogue.loader import Catalogue
from flotia.clients.scripted import ScriptedClient
from flotia.engine import Engine, Source
from flotia.errors import ProviderError
from flotia.events import (
    AccountStopped,
    AiStopped,
    BatchDone,
    CallDone,
    ModelAsked,
    ModelRetired,
    QuotaSeen,
    RunDone,
    RunPaused,
    UnlistedBrand,
)  # fmt: skip
from flotia.judgement.rules import Assessor
from flotia.limits.ledger import Ledger, LocalBooks
from flotia.planner import Slot
from flotia.pool import Pool
from flotia.request import Request, WhenExhausted
from flotia.routing import Manner, Route, Router
from flotia.scheduler import Filled, Scheduler
from flotia.vehicle import Origin
from tests.conftest import TODAY
from tests.doubles.clock import START, VirtualTime
from tests.doubles.models import OVER_THE_WIRE
from tests.doubles.provider import Provider, lognormal
from tests.doubles.runs import CHAIN, Run, play
from tests.doubles.standin.limits import Account, Window
from tests.doubles.standin.shapes import SHAPES

#: An error that the judge still lets through: see the test of it.
NOT_YET = {"kilometros_posibles"}
MIDNIGHT = (START // 86_400 + 1) * 86_400


def check(run, amount, *, lanes=256):
    """Exactly `amount`, coherent and unique, no call to a model known dead, no call left, connections let go."""
    vehicles = run.vehicles
    assert sorted(vehicles) == list(range(amount))
    assert sum(len(e.vehicles) for e in run.of(BatchDone)) == amount
    for found in Assessor(Catalogue.load(), today=TODAY).assess_all([v.as_dict() for v in vehicles.values()]):
        assert not [e for e in found.errors if e.rule.name not in NOT_YET], found
    assert all((v.origen is Origin.AI) == bool(v.campos_ia) == bool(v.modelo_ia) for v in vehicles.values())
    dead = set()
    for event in run.events:
        assert not (isinstance(event, ModelAsked) and event.model in dead)
        dead |= {event.model} if isinstance(event, ModelRetired) else set()
    assert run.provider.most_in_flight <= lanes
    assert (run.provider.in_flight, run.provider.closed) == (0, 1)


# --- a free account ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thousand():
    return play(1000, account=Account(20, 50))


def test_a_thousand_vehicles_take_a_free_account_at_most_forty_requests_at_the_pace_of_its_minute(thousand):
    run = thousand
    check(run, 1000)
    assert len(run.provider.calls) <= 40
    assert not run.provider.refused
    assert run.share >= 0.95
    assert run.seconds <= 1.1 * ((len(run.provider.calls) - 1) // 20 * 60 + 1)
    [seen] = run.of(QuotaSeen)
    assert (seen.left, seen.short) == (50, False)
    assert abs(seen.needed - len(run.provider.calls)) <= 6


@pytest.mark.parametrize("tells", [True, False])
def test_no_request_is_sent_after_the_account_said_stop(tells):
    run = play(1000, account=Account(20, 9), tells=tells)
    check(run, 1000)
    assert len(run.provider.calls) - len(run.provider.refused) == 9
    if tells:
        assert not run.provider.refused
    stop = next((c.arrived for c in run.provider.refused), float("inf"))
    assert all(c.arrived <= stop + 0.09 for c in run.provider.calls)
    assert len(run.provider.refused) <= 8
    assert len(run.of(AiStopped)) == 1
    assert isinstance(run.events[-1], RunDone)


def test_a_quota_that_will_not_do_is_said_before_the_first_call():
    run = play(1000, account=Account(20, 12))
    first = next(n for n, e in enumerate(run.events) if isinstance(e, ModelAsked))
    [seen] = [e for e in run.events[:first] if isinstance(e, QuotaSeen)]
    assert seen.short
    assert (seen.left, seen.resets) == (12, MIDNIGHT)


def test_nothing_is_said_of_a_quota_that_nobody_knows():
    assert not play(30).of(QuotaSeen)


@pytest.mark.xfail(
    strict=True, reason="Judge lets kilometres within the asked band stand that no car of that age can have"
)
def test_what_a_good_model_says_within_the_asked_bands_is_never_an_error(thousand):
    rows = [v.as_dict() for v in thousand.vehicles.values()]
    assert not [f for f in Assessor(Catalogue.load(), today=TODAY).assess_all(rows) if f.errors]


# --- windows of each model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("declared", "window", "wasted"), [
    ("4/10s*", Window(4, 10, named=False), 0.0),
    ("", Window(4, 10, headers_on_success=True), 0.05),
    ("", Window(4, 10), 0.05),
], ids=["declared", "announced", "unknown"])  # fmt: skip
def test_windows_of_each_model_cost_neither_batches_nor_time_and_hardly_a_call(declared, window, wasted):
    run = play(1000, declared=declared, windows={"*": window}, request={"lanes": 32})
    check(run, 1000, lanes=32)
    assert run.share == 1.0
    answered = len(run.provider.calls) - len(run.provider.refused)
    assert run.seconds <= 1.1 * ((answered - 1) // (4 * 16) * 10 + 1)
    assert len(run.provider.refused) <= wasted * len(run.provider.calls)


def test_a_window_that_names_nothing_costs_calls_but_no_batch():
    run = play(600, windows={"*": Window(4, 10, named=False)}, request={"lanes": 32})
    check(run, 600, lanes=32)
    assert run.share == 1.0
    assert run.seconds <= 12
    assert len(run.provider.refused) <= 0.6 * len(run.provider.calls)


# --- everything that goes wrong ---------------------------------------------------------------------------------------

ENDING = {"bad_key", "charged"}
STOPPING = {"daily_limit", "daily_limit_old", "daily_limit_high", "key_cap", "no_such_route", "html_200"}
OF_AN_ACCOUNT = {"no_credit", "minute_limit", "minute_limit_old"}
LASTING = {"retired", "retired_paid_now", "retired_bad_id", "forbidden", "data_policy"}
ALL = sorted(set(SHAPES) - OVER_THE_WIRE - ENDING)
BAD = sorted(set(ALL) - STOPPING - OF_AN_ACCOUNT)
PASSING = sorted(set(BAD) - LASTING)


def four_answer_half_the_time(model, second, rng):
    if CHAIN.index(model) % 4:
        return rng.choice(BAD)
    return "ok" if rng.random() < 0.5 else rng.choice(PASSING)


@pytest.mark.parametrize(("amount", "seed"), [*((100, n) for n in range(20)), (2000, 20)])
def test_as_long_as_four_models_answer_half_the_time_nine_tenths_are_of_a_model(amount, seed):
    run = play(amount, script=four_answer_half_the_time, latency=lognormal(2), seed=seed)
    check(run, amount, lanes=8)
    assert run.share >= 0.9
    assert isinstance(run.events[-1], RunDone)


@pytest.mark.parametrize("seed", range(12))
def test_the_amount_is_exact_whatever_fails(seed):
    run = play(100, script=lambda m, s, rng: rng.choice(ALL), latency=lognormal(2), seed=seed)
    check(run, 100, lanes=8)
    assert isinstance(run.events[-1], RunDone)


@pytest.mark.parametrize("shape", ["e500", "retired", "upstream_limit", "content_empty", "unreadable"])
def test_models_of_which_nothing_ever_comes_are_given_up_soon(shape):
    run = play(100, script=shape)
    check(run, 100)
    assert run.share == 0.0
    assert run.seconds <= 301
    assert len(run.provider.calls) <= 16 * 6


def test_a_model_that_dies_in_mid_run_costs_no_vehicle():
    run = play(600, script=lambda m, s, rng: "retired" if m == CHAIN[0] and s >= 1 else "ok", request={"lanes": 2})
    check(run, 600, lanes=2)
    assert run.share == 1.0
    assert [e.model for e in run.of(ModelRetired)] in ([], [CHAIN[0]])
    assert sum(c.shape == "retired" for c in run.provider.calls) <= 3


# --- budget, pauses, ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [0, 1, 7])
def test_a_budget_is_the_number_of_calls_and_the_rest_is_local_data(budget):
    run = play(300, request={"budget": budget, "lanes": 8})
    check(run, 300)
    assert len(run.provider.calls) == budget
    assert sum(v.origen is Origin.AI for v in run.vehicles.values()) == sum(e.usable for e in run.of(CallDone))
    assert isinstance(run.events[-1], RunDone)


@pytest.mark.parametrize("given", [{"request": {"budget": 7}}, {"account": Account(20, 7)}], ids=["budget", "quota"])
def test_a_run_that_shall_pause_ends_without_local_data_and_says_when_to_go_on(given):
    given = {**given, "request": {**given.get("request", {}), "when_exhausted": WhenExhausted.PAUSE}}
    run = play(500, **given)
    paused = run.events[-1]
    assert isinstance(paused, RunPaused)
    assert len(run.provider.calls) == 7
    assert run.share == 1.0
    assert (paused.made, paused.amount) == (len(run.vehicles), 500)
    assert 0 < paused.made < 500
    assert paused.resumes == (MIDNIGHT if "account" in given else None)


def test_a_resumed_run_asks_only_for_what_is_missing():
    done = {*range(30), 77, 140}
    run = play(150, done=done)
    assert set(run.vehicles) == set(range(150)) - done
    assert sum(c.slots for c in run.provider.calls) == 150 - len(done)
    whole = play(150).vehicles
    plates = {v.matricula for v in run.vehicles.values()} | {whole[i].matricula for i in done}
    assert len(plates) == 150


@pytest.mark.xfail(
    strict=True,
    reason="Engine.stream and _Run do not close the generators inside them: calls go on until they are collected",
)
def test_closing_the_stream_in_mid_run_leaves_no_call_behind():
    time = VirtualTime()
    provider = Provider(time, latency=lognormal(5))
    stream = Engine(Catalogue.load(), Source(provider, CHAIN), clock=time).stream(Request(amount=500, today=TODAY))

    async def some():
        async for event in stream:
            if isinstance(event, BatchDone):
                break
        yield provider.in_flight
        await stream.aclose()
        yield provider.in_flight
        yield len(asyncio.all_tasks())

    before, after, tasks = time.collect(some())
    assert before > 1
    assert (after, tasks, provider.closed) == (0, 1, 1)


def test_a_refused_key_ends_the_run_at_once_and_leaves_no_call_behind():
    time = VirtualTime()
    script = lambda model, second, rng: "bad_key" if model == CHAIN[0] else "ok"  # noqa: E731
    provider = Provider(time, script=script, latency=lambda rng: 60.0)
    engine = Engine(Catalogue.load(), Source(provider, CHAIN), clock=time)
    with pytest.raises(ProviderError, match="DEEPSEEK_API_KEY"):
        time.collect(engine.stream(Request(amount=500, today=TODAY)))
    assert len(provider.calls) <= 8
    assert (provider.in_flight, provider.closed) == (0, 1)
    assert time.elapsed < 1


# --- several accounts -------------------------------------------------------------------------------------------------


def pooled(amount, **accounts):
    time = VirtualTime()
    providers = {name: Provider(time, **given) for name, given in accounts.items()}
    sources = [Source(p, CHAIN[:4], name=name) for name, p in providers.items()]
    engine = Engine(Catalogue.load(), sources, clock=time)
    events = time.collect(engine.stream(Request(amount=amount, seed=3, today=TODAY)))
    return [Run(events, time.elapsed, p) for p in providers.values()]


def test_of_two_accounts_one_with_a_refused_key_is_left_out():
    bad, good = pooled(200, uno={"script": "bad_key"}, dos={})
    check(good, 200)
    assert [e.account for e in good.of(AccountStopped)] == ["uno"]
    assert good.share == 1.0
    assert len(bad.provider.calls) <= 8


def test_two_accounts_are_one_pool_of_what_each_has_left():
    tired = Account(20, 50)
    tired._counted.extend([START - 3600.0] * 44)
    first, second = pooled(900, uno={"account": tired}, dos={"account": Account(20, 50)})
    check(second, 900)
    [seen] = second.of(QuotaSeen)
    assert seen.left == 56
    assert second.share == 1.0
    assert 1 <= len(first.provider.calls) <= 6
    assert not [*first.provider.refused, *second.provider.refused]


# --- lanes, wordings, memory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", [1, 3, 32])
def test_so_many_calls_are_under_way_at_once_and_no_more(lanes):
    run = play(600, request={"lanes": lanes}, latency=lognormal(3))
    check(run, 600)
    assert run.provider.most_in_flight == lanes


def test_what_a_run_has_learned_saves_the_next_one_calls():
    kept = {}

    class Memory:
        async def recall(self, routes):
            return {r: kept[r] for r in routes if r in kept}

        async def keep(self, records):
            kept.update(records)

    first, second = (play(300, request={"lanes": 1}, experience=Memory()) for _ in range(2))
    assert len(second.provider.calls) < len(first.provider.calls)
    assert max(c.slots for c in second.provider.calls[:1]) > 20


def test_a_brand_outside_the_catalogue_is_asked_freely():
    run = play(60, request={"brand": "Lada"})
    assert run.of(UnlistedBrand) == [UnlistedBrand("Lada")]
    assert sorted(run.vehicles) == list(range(60))
    assert {(v.marca, v.verificado, v.origen) for v in run.vehicles.values()} == {("Lada", False, Origin.AI)}
    with pytest.raises(ProviderError, match="Ningún modelo ha completado todos los vehículos de Lada"):
        play(5, request={"brand": "Lada"}, script="content_empty")


def test_the_small_model_that_only_chooses_has_one_lane_and_requests_of_one_size():
    sizes = []

    def first_of_each(request):
        def pick(schema):
            if "const" in schema:
                return schema["const"]
            return schema["enum"][0] if "enum" in schema else [pick(s) for s in schema["prefixItems"]]

        rows = pick(request.schema["properties"]["v"])
        sizes.append(len(rows))
        return json.dumps({"v": rows}, ensure_ascii=False)

    time = VirtualTime()
    source = Source(ScriptedClient(otherwise=first_of_each), ["chico"], only_chooses=True, pause=0)
    events = time.collect(Engine(Catalogue.load(), source, clock=time).stream(Request(amount=205, seed=4, today=TODAY)))
    assert sizes == [10] * 20 + [5]
    assert sum(len(e.vehicles) for e in events if isinstance(e, BatchDone)) == 205
    under_way = 0
    for event in events:
        under_way += isinstance(event, ModelAsked) - isinstance(event, CallDone)
        assert under_way <= 1


def test_memory_does_not_grow_with_the_run():
    time, amount = VirtualTime(), 20_000
    ledger = Ledger(LocalBooks(), time)

    async def ask(lease, batch, slots, *, plain=False):
        await time.sleep(0.3)
        await ledger.settle(lease, SimpleNamespace(prompt_tokens=0, completion_tokens=0, allowance=None))
        done = CallDone(
            batch, lease.model, lease.model, len(slots), kept=len(slots), latency=0.3, completion_tokens=2000
        )
        return Asked(done, {s.index: (None, lease.model) for s in slots})

    router = Router([Route("c", m) for m in CHAIN], time, Manner(10, 3500, 8, by_merit=True, grows=True))
    asker = SimpleNamespace(ledger=ledger, ask=ask, tokens=lambda n: 100 * n)
    pool = Pool((Slot(n, None) for n in range(amount)), amount)
    sizes, filled = {}, 0

    async def measured():
        nonlocal filled
        async for item in Scheduler(asker, router, time, Budget(), pool, 8).run():
            if isinstance(item, Filled):
                before, filled = filled, filled + len(item.slots)
                for mark in (10_000, 18_000):
                    if before < mark <= filled:
                        sizes[mark] = tracemalloc.get_traced_memory()[0]
            yield None

    tracemalloc.start()
    try:
        for _ in time.collect(_nothing_kept(measured())):
            pass
    finally:
        tracemalloc.stop()
    assert filled == amount
    assert sizes[18_000] - sizes[10_000] < 50_000


async def _nothing_kept(stream):
    async for _ in stream:
        pass
    yield None
