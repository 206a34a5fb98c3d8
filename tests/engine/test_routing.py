"""Which model is asked next, for how many vehicles, and what a failure costs it."""

from __future__ import annotations

import pytest

from flotia.errors import ProviderError
from flotia.events import AccountStopped, AiStopped, CallDone, ModelCooled, ModelRetired
from flotia.limits.book import Later
from flotia.outcome import Kind, Remedy
from flotia.routing import Record, Route, merit
from flotia.routing.ability import Ability
from flotia.routing.health import COOL_DOWNS, SHORT_COOL_DOWNS
from tests.doubles.clock import START
from tests.doubles.traffic import BROKEN, RETIRED, Rig


def cooled(model, seconds):
    return [ModelCooled(model, seconds, "dicho así", "c")]


# --- order and health -------------------------------------------------------------------------------------------------


def test_by_the_letter_models_are_asked_strictly_in_the_users_order_and_named_once():
    rig = Rig("abac", by_merit=False)
    for _ in range(20):
        rig.call("c", latency=0.1)
        rig.call("a", got=1, latency=60)
    assert [rig.next(), rig.next("a"), rig.next("a", "b"), rig.next("a", "b", "c")] == ["a", "b", "c", None]


def test_a_limited_model_rests_as_long_as_it_was_told():
    rig = Rig("ab", by_merit=False)
    assert rig.fail("a", retry_at=START + 28) == cooled("a", 28)
    rig.clock.moment += 27
    assert rig.next() == "b"
    rig.clock.moment += 1
    assert rig.next() == "a"


@pytest.mark.parametrize(("kind", "ladder"), [(Kind.UPSTREAM_LIMIT, COOL_DOWNS), (Kind.TRANSIENT, SHORT_COOL_DOWNS)])
def test_without_a_hint_rests_grow_and_a_success_begins_anew(kind, ladder):
    rig = Rig("a", by_merit=False)
    for seconds in (*ladder, ladder[-1]):
        assert rig.fail("a", kind) == cooled("a", seconds)
    rig.call("a")
    assert rig.fail("a", kind) == cooled("a", ladder[0])


@pytest.mark.parametrize(("hint", "seconds"), [(10**7, COOL_DOWNS[0]), (-3600, COOL_DOWNS[0]), (-3, 1.0), (0.1, 1.0)])
def test_a_hint_that_makes_no_sense_is_not_believed(hint, seconds):
    assert Rig("a").fail("a", retry_at=START + hint) == cooled("a", seconds)


def test_calls_under_way_when_a_model_died_are_one_incident():
    rig = Rig("a")
    route = Route("c", "a")
    tickets = [rig.router.asked(route) for _ in range(5)]
    events = [rig.router.failed(route, t, BROKEN) for t in tickets]
    assert [len(e) for e in events] == [1, 0, 0, 0, 0]
    assert rig.router.records()[route].failures == 1


def test_an_old_call_that_ends_well_does_not_wake_a_model_that_has_failed_since():
    rig = Rig("ab")
    route = Route("c", "a")
    old, new = rig.router.asked(route), rig.router.asked(route)
    rig.router.failed(route, new, BROKEN)
    rig.router.answered(route, old, CallDone(0, "a", "a", 10, kept=10, latency=5.0))
    assert rig.next() == "b"


def test_a_full_window_is_no_fault_of_its_model():
    rig = Rig("a")
    for _ in range(5):
        assert rig.fail("a", Kind.MODEL_LIMIT, retry_at=rig.clock.moment + 10) == cooled("a", 10)
        rig.clock.moment += 10
    record = rig.router.records()[Route("c", "a")]
    assert (record.failures, record.bad) == (0, 0)


def test_answers_without_a_good_row_cost_a_rest():
    rig = Rig("a")
    assert rig.call("a", got=0) == []
    [event] = rig.call("a", got=0)
    assert event.reason == "sus respuestas no sirven"


def test_a_model_is_retired_when_it_said_so_twice_and_never_asked_again():
    rig = Rig("ab")
    assert rig.fail("a", Kind.RETIRED, Remedy.DROP_MODEL) == []
    assert rig.next() == "b"
    rig.clock.moment += 30
    assert rig.fail("a", Kind.RETIRED, Remedy.DROP_MODEL) == [ModelRetired("a", "dicho así", "c")]
    traffic = rig.traffic(lambda m, t: RETIRED)
    traffic.run(4000)
    assert {c.model for c in traffic.calls} == {"b"}
    assert len(traffic.calls) <= 8 + 1
    assert rig.router.stopped == "no queda ningún modelo disponible"


def test_calls_under_way_together_confirm_a_retirement_only_once():
    rig = Rig("ab")
    route = Route("c", "a")
    tickets = [rig.router.asked(route) for _ in range(2)]
    assert [rig.router.failed(route, t, RETIRED) for t in tickets] == [[], []]
    assert not rig.router.records()[route].retired


def test_a_success_takes_back_that_a_model_was_called_retired():
    rig = Rig("a")
    rig.fail("a", Kind.RETIRED, Remedy.DROP_MODEL)
    rig.call("a")
    rig.clock.moment += 30
    assert rig.fail("a", Kind.RETIRED, Remedy.DROP_MODEL) == []


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_a_minute_limit_makes_the_whole_account_wait_and_then_the_same_model():
    rig = Rig("ab")
    rig.fail("a", Kind.MINUTE_LIMIT, Remedy.WAIT_ACCOUNT, START + 12)
    assert rig.next() is None
    pause = rig.router.wait()
    assert (pause.seconds, pause.known, pause.reason) == (12, True, "límite por minuto de la cuenta")
    rig.clock.moment += 12
    assert rig.next() == "a"


def test_what_the_ledger_refuses_is_not_asked_before_its_moment():
    rig = Rig("ab")
    assert rig.router.hold(Route("c", "a"), Later(START + 5, whole_account=False)) == []
    assert rig.next() == "b"
    assert rig.router.hold(Route("c", "b"), Later(START + 9, whole_account=True)) == []
    assert rig.next() is None
    rig.clock.moment += 9
    assert rig.next() == "a"
    [stopped] = rig.router.hold(Route("c", "a"), Later(START + 999, whole_account=True, daily=True))
    assert isinstance(stopped, AiStopped)
    assert rig.router.resumes_at == START + 999


def test_a_daily_limit_stops_one_account_of_two_and_then_the_run():
    rig = Rig(["c/a", "d/a"])
    daily = Kind.DAILY_LIMIT, Remedy.STOP_ACCOUNT, START + 100
    assert rig.fail("a", *daily) == [AccountStopped("c", "dicho así")]
    assert rig.router.choose() == Route("d", "a")
    assert rig.fail("a", *daily, account="d") == [AiStopped("dicho así")]
    assert rig.router.choose() is None


def test_a_bad_key_ends_the_run_unless_another_account_goes_on():
    with pytest.raises(ProviderError, match="dicho así"):
        Rig("ab").fail("a", Kind.BAD_KEY, Remedy.STOP_RUN)
    assert Rig(["c/a", "d/a"]).fail("a", Kind.BAD_KEY, Remedy.STOP_RUN) == [AccountStopped("c", "dicho así")]


def test_no_credit_is_one_models_fault_first_and_the_accounts_on_a_second():
    rig = Rig("abc")
    assert isinstance(rig.fail("a", Kind.NO_CREDIT)[0], ModelCooled)
    assert isinstance(rig.fail("a", Kind.NO_CREDIT)[0], ModelCooled)
    assert rig.fail("b", Kind.NO_CREDIT) == [AiStopped("dicho así")]


def test_a_server_that_was_never_there_is_given_up_at_the_third_time():
    rig = Rig("abcd")
    assert isinstance(rig.fail("a", Kind.UNREACHABLE)[0], ModelCooled)
    assert isinstance(rig.fail("b", Kind.UNREACHABLE)[0], ModelCooled)
    assert rig.fail("c", Kind.UNREACHABLE) == [AiStopped("dicho así")]


def test_a_server_that_has_answered_is_given_time_to_come_back():
    rig = Rig("abcd")
    rig.call("a")
    waited = 0.0
    for model in "abc":
        assert not any(isinstance(e, AiStopped) for e in rig.fail(model, Kind.UNREACHABLE))
        rig.fail("d", Kind.UNREACHABLE)
        waited += rig.router.wait().seconds
        rig.clock.moment += rig.router.wait().seconds
    assert waited >= 40
    assert rig.fail("d", Kind.UNREACHABLE) == [AiStopped("dicho así")]


# --- merit ------------------------------------------------------------------------------------------------------------


def test_before_anything_is_measured_the_users_order_holds():
    rig = Rig("abc")
    assert [rig.next(), rig.next("a"), rig.next("a", "b")] == ["a", "b", "c"]


@pytest.mark.parametrize(("poor", "good"), [
    ({"got": 0}, {}), ({"got": 3}, {}), ({"latency": 9.0}, {"latency": 1.0}),
])  # fmt: skip
def test_what_is_measured_takes_over_success_vehicles_a_request_and_speed(poor, good):
    rig = Rig("ab")
    for _ in range(6):
        rig.call("a", **poor)
        rig.call("b", **good)
        rig.clock.moment += 2000
    assert rig.next() == "b"


@pytest.mark.parametrize("worse", [{"good": 5, "bad": 5}, {"got": 60}, {"latency": 4.0}])
def test_success_share_and_speed_each_make_a_model_worth_more(worse):
    measured = {"good": 10, "bad": 0, "asked": 100, "got": 100, "latency": 2.0}
    values = [merit.worth(Record(**m), place=0, size=10, request_cost=0) for m in (measured, {**measured, **worse})]
    assert values[1] < 0.75 * values[0]


def test_where_requests_are_counted_a_slow_large_answer_beats_a_fast_small_one():
    small = Record(good=9, asked=90, got=90, latency=1.0, size=6, row_tokens=90, updated=START)
    large = Record(good=9, asked=300, got=300, latency=15.0, size=30, row_tokens=90, updated=START)
    records = {Route("c", "a"): small, Route("c", "b"): large}
    assert Rig("ab", records=records).next() == "a"
    assert Rig("ab", records=records, frugal=True).next() == "b"


def test_what_earlier_runs_have_learned_is_gone_on_from():
    records = {
        Route("c", "a"): Record(retired=True),
        Route("c", "b"): Record(cool_until=START + 60, failures=1, last_asked=START - 1),
        Route("c", "d"): Record(good=5, asked=50, got=50, latency=0.5, updated=START, size=24, row_tokens=90),
        Route("elsewhere", "x"): Record(),
    }
    rig = Rig("abcd", records=records)
    assert rig.next() == "d"
    assert rig.router.size(Route("c", "d"), pending=1000, lanes_free=1) == 24
    traffic = rig.traffic(lambda m, t: None)
    traffic.run(40)
    assert not {c.model for c in traffic.calls} & {"a", "b"}
    assert set(rig.router.records()) == {Route("c", m) for m in "abcd"}


# --- how many at once -------------------------------------------------------------------------------------------------


def room(rig, model):
    """How many calls a route takes at once; they are then given up."""
    route, others = Route("c", model), [r for r in rig.router.records() if r.model != model]
    sent = 0
    while rig.router.choose(others) == route:
        rig.router.asked(route)
        sent += 1
    for _ in range(sent):
        rig.router.abandoned(route)
    return sent


def test_calls_at_once_double_with_success_up_to_the_lanes_and_halve_with_failure():
    rig = Rig("ab", lanes=16)
    seen = [room(rig, "a")]
    for _ in range(4):
        rig.call("a")
        seen.append(room(rig, "a"))
    for _ in range(2):
        rig.fail("a", Kind.MODEL_LIMIT, retry_at=rig.clock.moment + 1)
        rig.clock.moment += 1
        seen.append(room(rig, "a"))
    assert seen == [2, 4, 8, 16, 16, 8, 4]


def test_a_frugal_account_starts_with_a_single_call_over_all_its_models():
    rig = Rig("ab", frugal=True)
    rig.router.asked(Route("c", "a"))
    assert rig.next() is None
    rig.router.abandoned(Route("c", "a"))
    rig.call("a")
    assert room(rig, "a") == 2


def test_where_requests_are_plenty_free_lanes_share_what_is_left():
    records = {Route("c", "a"): Record(size=30, row_tokens=90)}
    plenty, few = Rig("a", records=records), Rig("a", records=records, frugal=True)
    shares = [plenty.router.size(Route("c", "a"), pending=96, lanes_free=n) for n in (1, 4, 8, 32)]
    assert shares == [30, 24, 12, 10]
    assert few.router.size(Route("c", "a"), pending=96, lanes_free=32) == 30


# --- death and recovery -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("failure", [BROKEN, RETIRED])
def test_a_model_that_dies_in_mid_run_loses_its_traffic_within_three_failures(lanes, failure):
    rig = Rig("abcd", lanes=lanes)
    traffic = rig.traffic(lambda m, t: failure if m == "a" and t >= 60 else None, lanes=lanes)
    traffic.run(60)
    assert traffic.between(0, 60)["a"] >= 20
    traffic.run(60)
    dead = [c for c in traffic.calls if c.sent >= 60 and c.model == "a"]
    at_once = sum(c.sent < 60 + 0.2 for c in dead)
    assert len(dead) - max(at_once - 1, 0) <= 3
    assert sum(traffic.between(60, 120).values()) >= 0.9 * sum(traffic.between(0, 60).values())


@pytest.mark.parametrize("others", ["well", "half of them well", "ill"])
@pytest.mark.parametrize("models", [2, 4, 16])
@pytest.mark.parametrize(("lanes", "latency"), [(1, 3.0), (8, 2.0)], ids=["20 a minute", "8 lanes"])
@pytest.mark.parametrize("down", [95, 400])
def test_a_model_that_is_well_again_is_found_within_two_minutes(lanes, latency, models, others, down):
    names = [f"m{n}" for n in range(models)]
    ill = {"well": set(), "half of them well": set(names[1::2]), "ill": set(names[1:])}[others]
    rig = Rig(names, lanes=lanes, frugal=lanes == 1)
    back = 100 + down

    def behaviour(model, second):
        return BROKEN if model in ill or (model == names[0] and 100 <= second < back) else None

    calls = rig.traffic(behaviour, lanes=lanes, latency=latency).run(back + 125)
    assert any(c.model == names[0] and not c.well for c in calls)
    found = next(c.sent for c in calls if c.model == names[0] and c.sent >= back)
    assert found - back <= 120


def test_a_rest_that_the_other_side_prescribed_is_not_broken_off():
    rig = Rig("ab")
    rig.fail("a", retry_at=START + 600)
    calls = rig.traffic(lambda m, t: None).run(590)
    assert "a" not in {c.model for c in calls}


# --- how many vehicles ------------------------------------------------------------------------------------------------


def ability(**more):
    return Ability(Record(), 10, 3500, **more)


def clean(a, times=1, tokens=90):
    for _ in range(times):
        a.answered(asked=a.size, got=a.size, tokens=tokens * a.size, truncated=False)
    return a.size


def test_requests_grow_after_clean_answers_as_far_as_the_tokens_really_spent_allow():
    a = ability()
    assert [a.size, clean(a), clean(a), clean(a)] == [10, 20, 35, 35]
    assert clean(ability(), 5, tokens=230) == 14
    assert clean(ability(), 5, tokens=4000) == 1


def test_a_small_context_keeps_question_and_answer_together_within_it():
    a = ability(context=2048)
    size = clean(a, 6)
    assert size == 10
    assert 450 + size * (90 + 45) <= 2048


def test_without_a_word_on_tokens_a_request_at_most_doubles():
    assert clean(ability(), 5, tokens=0) == 20


@pytest.mark.parametrize(("got", "truncated"), [(12, True), (15, False)])
def test_a_truncated_or_short_answer_halves_the_next(got, truncated):
    a = ability()
    clean(a)
    a.answered(asked=20, got=got, tokens=90 * got, truncated=truncated)
    assert a.size == 10


def test_after_a_failure_the_size_stays_below_it_until_a_larger_one_is_tried_again():
    a = ability()
    clean(a, 2)
    a.answered(asked=35, got=20, tokens=90 * 20, truncated=False)
    sizes = [clean(a) for _ in range(8)]
    assert sizes[0] == 34
    assert max(sizes[:5]) < 35
    assert max(sizes) == 35


def test_the_small_rest_of_a_run_teaches_nothing():
    a = ability()
    clean(a, 2)
    a.answered(asked=4, got=1, tokens=90, truncated=False)
    a.answered(asked=3, got=3, tokens=270, truncated=False)
    assert a.size == 35


def test_a_size_that_is_fixed_stays():
    a = ability(grows=False, shrinks=False)
    clean(a, 3)
    a.answered(asked=10, got=0, tokens=0, truncated=True)
    assert a.size == 10


def test_a_request_that_was_not_answered_in_time_is_made_smaller():
    known = ability()
    known.answered(asked=10, got=10, tokens=900, truncated=False)
    assert known.size == 20
    known.timed_out(asked=20)
    assert known.size == 10
    known.timed_out(asked=2)  # a small rest says little
    assert known.size == 10


def test_a_model_that_only_chooses_is_asked_for_less_after_a_timeout_and_never_for_more_than_the_rule():
    small = ability(grows=False)
    small.timed_out(asked=10)
    assert small.size == 5
    sizes = [clean(small) for _ in range(12)]
    assert max(sizes) == sizes[-1] == 10
    fixed = ability(grows=False, shrinks=False)
    fixed.timed_out(asked=10)
    assert fixed.size == 10
