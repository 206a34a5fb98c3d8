"""Which model is asked next."""

import pytest

from flotia.errors import ProviderError
from flotia.events import AiStopped, ModelCooled, ModelRetired
from flotia.outcome import Failure, Kind, Remedy, Scope
from flotia.router import COOL_DOWNS, SHORT_COOL_DOWNS, Router
from tests.doubles.clock import FakeClock


def failure(kind, remedy, retry_at=None, scope=Scope.MODEL):
    return Failure(kind, scope, remedy, "dicho así", retry_at=retry_at)


LIMIT = (Kind.UPSTREAM_LIMIT, Remedy.COOL_MODEL)


@pytest.fixture
def clock():
    return FakeClock()


def test_models_are_asked_in_the_users_order_and_named_once(clock):
    router = Router(["a", "b", "a", "c"], clock)
    tried = []
    while (model := router.next_model(tried)) is not None:
        tried.append(model)
    assert tried == ["a", "b", "c"]


def test_a_limited_model_rests_as_long_as_it_was_told(clock):
    router = Router(["a", "b"], clock)
    assert router.failed("a", failure(*LIMIT, retry_at=clock.now() + 28)) == [ModelCooled("a", 28, "dicho así")]
    assert router.next_model([]) == "b"
    clock.moment += 27
    assert router.next_model([]) == "b"
    clock.moment += 1
    assert router.next_model([]) == "a"


def test_without_a_hint_cool_downs_grow_and_a_success_resets_them(clock):
    router = Router(["a"], clock)
    for seconds in (*COOL_DOWNS, COOL_DOWNS[-1]):
        assert router.failed("a", failure(*LIMIT)) == [ModelCooled("a", seconds, "dicho así")]
    router.answered("a", 10)
    assert router.failed("a", failure(*LIMIT)) == [ModelCooled("a", COOL_DOWNS[0], "dicho así")]


def test_a_passing_fault_costs_less_than_a_limit(clock):
    router = Router(["a"], clock)
    assert router.failed("a", failure(Kind.TRANSIENT, Remedy.COOL_MODEL)) == [
        ModelCooled("a", SHORT_COOL_DOWNS[0], "dicho así")
    ]


@pytest.mark.parametrize(("hint", "seconds"), [(10**7, COOL_DOWNS[0]), (-3600, COOL_DOWNS[0]), (-3, 1.0), (0.1, 1.0)])
def test_a_hint_that_makes_no_sense_is_not_believed(clock, hint, seconds):
    router = Router(["a"], clock)
    [cooled] = router.failed("a", failure(*LIMIT, retry_at=clock.now() + hint))
    assert cooled.seconds == seconds


def test_a_model_is_dropped_when_it_said_twice_that_it_is_gone(clock):
    router = Router(["a", "b"], clock)
    retired = failure(Kind.RETIRED, Remedy.DROP_MODEL)
    assert router.failed("a", retired) == []
    assert router.next_model([]) == "a"
    assert router.failed("a", retired) == [ModelRetired("a", "dicho así")]
    assert router.next_model([]) == "b"


def test_when_all_are_gone_the_run_goes_on_without_models(clock):
    router = Router(["a"], clock)
    for _ in range(2):
        router.failed("a", failure(Kind.RETIRED, Remedy.DROP_MODEL))
    assert router.stopped == "no queda ningún modelo disponible"
    assert router.next_model([]) is None


def test_a_minute_limit_makes_the_whole_account_wait_and_then_the_same_model(clock):
    router = Router(["a", "b"], clock)
    router.failed("a", failure(Kind.MINUTE_LIMIT, Remedy.WAIT_ACCOUNT, clock.now() + 12, Scope.ACCOUNT))
    assert router.account_wait() == 12
    assert router.next_model([]) is None
    clock.moment += 12
    assert router.next_model([]) == "a"


def test_a_daily_limit_stops_the_account(clock):
    router = Router(["a", "b"], clock)
    assert router.failed("a", failure(Kind.DAILY_LIMIT, Remedy.STOP_ACCOUNT)) == [AiStopped("dicho así")]
    assert router.next_model([]) is None


def test_a_bad_key_ends_the_run_at_once(clock):
    with pytest.raises(ProviderError, match="dicho así"):
        Router(["a", "b"], clock).failed("a", failure(Kind.BAD_KEY, Remedy.STOP_RUN))


def test_no_credit_is_one_models_fault_first_and_the_accounts_on_a_second(clock):
    router = Router(["a", "b", "c"], clock)
    no_credit = failure(Kind.NO_CREDIT, Remedy.COOL_MODEL)
    assert isinstance(router.failed("a", no_credit)[0], ModelCooled)
    assert router.failed("b", no_credit) == [AiStopped("dicho así")]


def test_a_server_out_of_reach_three_times_in_a_row_is_given_up(clock):
    router = Router(["a", "b", "c", "d"], clock)
    away = failure(Kind.UNREACHABLE, Remedy.COOL_MODEL)
    assert isinstance(router.failed("a", away)[0], ModelCooled)
    assert isinstance(router.failed("b", away)[0], ModelCooled)
    router.answered("c", 5)
    assert isinstance(router.failed("a", away)[0], ModelCooled)
    assert isinstance(router.failed("b", away)[0], ModelCooled)
    assert router.failed("c", away) == [AiStopped("dicho así")]


def test_answers_without_a_good_row_cost_a_cool_down(clock):
    router = Router(["a"], clock)
    assert router.answered("a", 0) == []
    [cooled] = router.answered("a", 0)
    assert cooled.reason == "sus respuestas no sirven"


def test_only_limits_are_worth_waiting_for(clock):
    router = Router(["a", "b"], clock)
    router.failed("a", failure(Kind.TRANSIENT, Remedy.COOL_MODEL))
    assert router.soonest([]) is None
    router.failed("b", failure(*LIMIT, retry_at=clock.now() + 30))
    assert router.soonest([]) == 30
    assert router.soonest(["b"]) is None
