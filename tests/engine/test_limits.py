"""What accounts and models allow: windows that are never overrun and never wasted, and what answers teach of them."""

from __future__ import annotations

import asyncio
import heapq
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flotia.errors import RequestError
from flotia.limits.book import AccountBook, Entry, Later, Refusal
from flotia.limits.ledger import Lease, Ledger, LocalBooks
from flotia.limits.windows import DAY, Limit, Limits, Unit, parse
from flotia.outcome import Allowance, Answer, Failure, Kind, Remedy, Scope, Standing
from tests.doubles.clock import START, FakeClock

MIDNIGHT = (START // DAY + 1) * DAY


# --- what a user writes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "account", "each"), [
    ("", (), ()),
    ("20/min 50/dia", (Limit(20, 60.0), Limit(50, DAY)), ()),
    ("20/min,50/día", (Limit(20, 60.0), Limit(50, DAY)), ()),
    ("50/DÍA", (Limit(50, DAY),), ()),
    (" 30 / min * ", (), (Limit(30, 60.0),)),
    ("6000tok/min*", (), (Limit(6000, 60.0, Unit.TOKENS),)),
    ("4/10s*", (), (Limit(4, 10.0),)),
    ("2/5seg 100/h 9/2m", (Limit(2, 5.0), Limit(100, 3600.0), Limit(9, 120.0)), ()),
    ("120/min 20/min", (Limit(120, 60.0), Limit(20, 60.0)), ()),
])  # fmt: skip
def test_limits_are_read_as_a_user_writes_them(text, account, each):
    assert parse(text) == Limits(account, each)


@pytest.mark.parametrize("text", [
    "mucho", "20", "20/", "/min", "20/mes", "0/min", "20/0s", "-5/min", "20/min o más", "2.5/min", "20/min**",
    "9" * 5000 + "/min", "1/" + "9" * 5000 + "s",
])  # fmt: skip
def test_what_is_no_limit_is_refused_with_an_example(text):
    with pytest.raises(RequestError, match="20/min 50/dia"):
        parse(text)


@given(st.integers(1, 10**6), st.sampled_from([1.0, 5.0, 10.0, 60.0, 120.0, 3600.0, DAY]), st.sampled_from(Unit))
def test_a_limit_is_written_as_it_is_read(amount, seconds, unit):
    limit = Limit(amount, seconds, unit)
    assert parse(str(limit)) == Limits((limit,))


# --- windows ----------------------------------------------------------------------------------------------------------


def saturated(book, *, lanes, latency, until, rng, cost=1, models=("a",), think=0.0):
    """Lanes that ask for leave again as soon as they may. Returns when and for how much the server counted each request:
    at any moment between sending and answer, but at most a second after sending.
    """
    counted = []
    due = [(START, lane, None) for lane in range(lanes)]
    while due:
        now, lane, flight = heapq.heappop(due)
        if flight is not None:
            number, spent = flight
            book.settle(number, now, spent)
            heapq.heappush(due, (now + think * rng.random(), lane, None))
            continue
        if now >= START + until:
            continue
        model = rng.choice(models)
        granted = book.lease(model, now, cost)
        if isinstance(granted, Later):
            assert granted.moment > now
            heapq.heappush(due, (granted.moment, lane, None))
            continue
        took = latency * rng.uniform(0.2, 1.8)
        spent = rng.randint(max(cost // 2, 1), cost)
        counted.append((now + rng.random() * min(took, 1.0), model, spent))
        heapq.heappush(due, (now + took, lane, (granted.number, spent)))
    return sorted(counted)


def fullest(counted, seconds):
    """The most that any window of so many seconds held."""
    most = held = oldest = 0
    for moment, amount in counted:
        held += amount
        while counted[oldest][0] <= moment - seconds + 1e-6:
            held -= counted[oldest][1]
            oldest += 1
        most = max(most, held)
    return most


WINDOWS = st.sampled_from([1.0, 5.0, 10.0, 60.0])


@settings(max_examples=60)
@given(st.integers(1, 40), WINDOWS, st.integers(1, 64), st.floats(0.01, 30), st.floats(0, 5), st.integers(0, 2**32))
def test_no_window_of_an_account_is_ever_overrun(amount, seconds, lanes, latency, think, seed):
    book = AccountBook(Limits((Limit(amount, seconds),)))
    sent = saturated(book, lanes=lanes, latency=latency, until=4 * seconds, rng=random.Random(seed), think=think)
    assert fullest([(moment, 1) for moment, _, _ in sent], seconds) <= amount


@settings(max_examples=30)
@given(st.integers(1, 12), WINDOWS, st.integers(1, 64), st.floats(0.01, 30), st.integers(0, 2**32))
def test_no_window_of_a_model_is_ever_overrun_though_siblings_have_room(amount, seconds, lanes, latency, seed):
    book = AccountBook(Limits((Limit(3 * amount, seconds),), (Limit(amount, seconds),)))
    sent = saturated(book, lanes=lanes, latency=latency, until=4 * seconds, rng=random.Random(seed), models="abcde")
    for model in "abcde":
        assert fullest([(moment, 1) for moment, m, _ in sent if m == model], seconds) <= amount
    assert fullest([(moment, 1) for moment, _, _ in sent], seconds) <= 3 * amount


@settings(max_examples=30)
@given(st.integers(1, 500), WINDOWS, st.integers(1, 64), st.floats(0.01, 30), st.integers(0, 2**32))
def test_no_window_of_tokens_is_ever_overrun_by_requests_that_cost_what_was_announced(
    cost, seconds, lanes, latency, seed
):
    book = AccountBook(Limits((Limit(2000, seconds, Unit.TOKENS),)))
    sent = saturated(book, lanes=lanes, latency=latency, until=4 * seconds, rng=random.Random(seed), cost=cost)
    assert fullest([(moment, spent) for moment, _, spent in sent], seconds) <= 2000


@settings(max_examples=20)
@given(st.integers(1, 40), st.sampled_from([10.0, 60.0]), st.floats(0.05, 5), st.integers(0, 2**32))
def test_a_saturated_sender_gets_nine_tenths_of_what_a_window_allows(amount, seconds, latency, seed):
    book = AccountBook(Limits((Limit(amount, seconds),)))
    sent = saturated(book, lanes=64, latency=latency, until=20 * seconds, rng=random.Random(seed))
    assert len(sent) >= 0.9 * 20 * amount


def test_an_answer_that_came_at_once_frees_its_place_that_much_earlier():
    book = AccountBook(Limits((Limit(1, 10.0),)))
    book.settle(book.lease("a", START, 0).number, START + 0.1, 0)
    assert book.lease("a", START + 1, 0).moment == pytest.approx(START + 10.1)
    assert isinstance(book.lease("a", START + 10.1, 0), Entry)


def test_a_request_larger_than_the_whole_window_of_tokens_is_sent_alone():
    book = AccountBook(Limits((Limit(1000, 60.0, Unit.TOKENS),)))
    assert isinstance(book.lease("a", START, 5000), Entry)
    assert isinstance(book.lease("a", START + 30, 5000), Later)
    assert isinstance(book.lease("a", START + 61.1, 5000), Entry)


def test_each_models_day_is_its_own_and_ends_at_midnight():
    book = AccountBook(parse("30/min* 3/dia*"))
    assert [isinstance(book.lease("a", MIDNIGHT - 500 + 60 * n, 0), Entry) for n in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert book.lease("a", MIDNIGHT - 1, 0) == Later(MIDNIGHT, whole_account=False)
    assert isinstance(book.lease("b", MIDNIGHT - 1, 0), Entry)
    assert isinstance(book.lease("a", MIDNIGHT, 0), Entry)


def refuse(book, model, now, *, limit=None, seconds=10.0):
    """Send four requests and a fifth that is refused until the first is `seconds` old."""
    for n in range(4):
        entry = book.lease(model, now + n, 0)
        book.settle(entry.number, now + n, 0)
    fifth = book.lease(model, now + 4, 0)
    if isinstance(fifth, Entry):
        book.forget(fifth.number)
        book.close_model(Refusal(model, fifth.number, now + seconds, limit), now + 4)


def test_a_window_nobody_states_is_believed_of_two_models_and_not_of_one():
    book = AccountBook()
    refuse(book, "a", START)
    assert book.limits == Limits()
    refuse(book, "b", START)
    assert book.limits == parse("4/10s*")
    assert [isinstance(book.lease("c", START + 5, 0), Entry) for _ in range(5)] == [True] * 4 + [False]


def test_a_guess_that_was_too_large_is_lowered_and_forgotten_at_midnight():
    book = AccountBook()
    refuse(book, "a", START)
    refuse(book, "b", START)
    granted = book.lease("c", START + 5, 0)
    book.close_model(Refusal("c", granted.number, START + 12, None), START + 5)
    assert book.limits == parse("3/10s*")
    before_the_guess = Refusal("a", 1, START + 12, None)
    book.close_model(before_the_guess, START + 6)
    assert book.limits == parse("3/10s*")
    book.lease("c", MIDNIGHT, 0)
    assert book.limits == Limits()


# --- days -------------------------------------------------------------------------------------------------------------


def test_a_days_requests_are_counted_by_the_utc_day_and_the_page_turns_at_midnight():
    book = AccountBook(Limits((Limit(3, DAY),)))
    assert all(isinstance(book.lease("a", MIDNIGHT - 5 + n, 0), Entry) for n in range(3))
    assert book.lease("b", MIDNIGHT - 1, 0) == Later(MIDNIGHT, whole_account=True, daily=True)
    assert (book.left_today(MIDNIGHT - 1), book.resets_at(MIDNIGHT - 1)) == (0, MIDNIGHT)
    assert book.left_today(MIDNIGHT) == 3
    assert isinstance(book.lease("a", MIDNIGHT, 0), Entry)
    assert book.left_today(MIDNIGHT) == 2


def test_of_two_counts_of_the_day_the_larger_is_believed():
    book = AccountBook(Limits((Limit(20, 60.0),)))
    assert book.left_today(START) is None
    for _ in range(5):
        book.lease("a", START, 0)
    book.reconcile(Standing(used=2, limit=50), START)
    assert book.left_today(START) == 45
    book.reconcile(Standing(used=30, limit=50), START)
    assert book.left_today(START) == 20
    assert book.limits == Limits((Limit(20, 60.0), Limit(50, DAY)))


def test_yesterdays_count_says_nothing_of_today():
    book = AccountBook()
    book.reconcile(Standing(50, 50), MIDNIGHT - 10)
    assert book.left_today(MIDNIGHT - 10) == 0
    book.reconcile(Standing(1, 1000), MIDNIGHT + 10)
    assert book.left_today(MIDNIGHT + 10) == 999


# --- what answers teach -----------------------------------------------------------------------------------------------


class Bench:
    """A ledger, its clock, and hands to send and answer with."""

    def __init__(self, limits=Limits()):  # noqa: B008
        self.clock = FakeClock()
        self.books = LocalBooks({"c": AccountBook(limits)})
        self.ledger = Ledger(self.books, self.clock)

    @property
    def book(self):
        return self.books.books["c"]

    def ask(self, model="a", tokens=0):
        return asyncio.run(self.ledger.lease("c", model, tokens))

    def get(self, lease, outcome=None):
        asyncio.run(self.ledger.settle(lease, outcome or Answer("", lease.model)))

    def granted(self, model="a", tokens=0):
        lease = self.ask(model, tokens)
        assert isinstance(lease, Lease), lease
        return lease

    def refuse(self, lease, kind, retry_at=None, limit=None):
        scope = Scope.MODEL if kind is Kind.MODEL_LIMIT else Scope.ACCOUNT
        self.get(lease, Failure(kind, scope, Remedy.COOL_MODEL, "", 429, retry_at, limit=limit))


def test_headers_count_together_with_the_calls_that_are_still_under_way():
    bench = Bench()
    now = bench.clock.now()
    first, _, _ = (bench.granted() for _ in range(3))
    bench.get(first, Answer("", "a", allowance=Allowance(3, now + 10)))
    bench.granted()
    assert bench.ask() == Later(now + 10, whole_account=False)
    assert isinstance(bench.ask("b"), Lease)


def test_when_an_exhausted_models_reset_has_passed_one_call_finds_out_what_there_is():
    bench = Bench()
    now = bench.clock.now()
    bench.get(bench.granted(), Answer("", "a", allowance=Allowance(0, now + 10)))
    bench.clock.moment += 10
    scout = bench.granted()
    assert bench.ask() == Later(now + 11, whole_account=False)
    bench.get(scout, Answer("", "a", allowance=Allowance(2, now + 20)))
    assert [isinstance(bench.ask(), Lease) for _ in range(3)] == [True, True, False]


def test_a_scout_that_brings_no_headers_opens_the_model_and_one_that_never_returns_is_given_up():
    bench = Bench()
    bench.refuse(bench.granted(), Kind.MODEL_LIMIT, bench.clock.now() + 10)
    bench.clock.moment += 10
    scout = bench.granted()
    assert isinstance(bench.ask(), Later)
    bench.get(scout)
    assert all(isinstance(bench.ask(), Lease) for _ in range(5))
    bench.refuse(bench.granted(), Kind.MODEL_LIMIT, bench.clock.now() + 10)
    bench.clock.moment += 10
    bench.granted()
    bench.clock.moment += 29
    assert isinstance(bench.ask(), Later)
    bench.clock.moment += 1
    bench.granted()


def test_a_refusal_by_the_minute_closes_the_account_until_its_reset_and_teaches_the_limit():
    bench = Bench()
    now = bench.clock.now()
    bench.refuse(bench.granted(), Kind.MINUTE_LIMIT, now + 12, 2)
    assert bench.ask("b") == Later(now + 12, whole_account=True)
    assert bench.book.limits == Limits((Limit(2, 60.0),))
    bench.clock.moment += 12
    assert [isinstance(bench.ask(m), Lease) for m in "abc"] == [True, True, False]


def test_a_minute_limit_that_the_user_has_declared_is_not_overwritten():
    bench = Bench(parse("20/min"))
    bench.refuse(bench.granted(), Kind.MINUTE_LIMIT, bench.clock.now() + 12, 5)
    assert bench.book.limits == parse("20/min")


def test_without_a_hint_a_minute_is_waited_out_and_a_day_ends_at_midnight_utc():
    bench = Bench()
    bench.refuse(bench.granted(), Kind.MINUTE_LIMIT)
    assert bench.ask() == Later(START + 60, whole_account=True)
    bench.clock.moment += 60
    bench.refuse(bench.granted(), Kind.DAILY_LIMIT)
    assert bench.ask("b") == Later(MIDNIGHT, whole_account=True, daily=True)
    assert asyncio.run(bench.ledger.left_today("c")) == (0, MIDNIGHT)


def test_a_refused_request_stands_in_no_window_but_counts_for_the_day():
    bench = Bench(parse("2/10s 50/dia"))
    bench.refuse(bench.granted(), Kind.UPSTREAM_LIMIT)
    assert [isinstance(bench.ask(), Lease) for _ in range(3)] == [True, True, False]
    assert asyncio.run(bench.ledger.left_today("c")) == (47, MIDNIGHT)


@pytest.mark.parametrize(("amount", "seconds"), [(4, 10.0), (1, 5.0), (30, 60.0)])
def test_a_models_refusal_that_states_its_limit_teaches_all_its_siblings(amount, seconds):
    bench = Bench()
    for _ in range(amount):
        bench.get(bench.granted())
        bench.clock.moment += 0.05
    bench.refuse(bench.granted(), Kind.MODEL_LIMIT, START + seconds, amount)
    assert bench.book.limits == Limits((), (Limit(amount, seconds),))
    assert [isinstance(bench.ask("b"), Lease) for _ in range(amount + 1)] == [True] * amount + [False]
    assert bench.ask("a") == Later(START + seconds, whole_account=False)


@pytest.mark.parametrize("under_way", [0, 3, 8])
def test_calls_before_the_window_or_still_under_way_do_not_mislead_about_its_length(under_way):
    bench = Bench()
    bench.get(bench.granted())
    bench.clock.moment += 20
    for _ in range(4):
        bench.get(bench.granted())
    bench.clock.moment += 5
    refused = [bench.granted() for _ in range(under_way + 1)]
    bench.refuse(refused[0], Kind.MODEL_LIMIT, START + 30, 4)
    assert bench.book.limits == Limits((), (Limit(4, 10.0),))


def test_a_refusal_that_fits_no_usual_window_closes_only_its_model():
    bench = Bench()
    for _ in range(4):
        bench.get(bench.granted())
    bench.refuse(bench.granted(), Kind.MODEL_LIMIT, START + 10_000, 4)
    assert bench.book.limits == Limits()
    assert isinstance(bench.ask("b"), Lease)


def test_what_is_declared_and_what_the_provider_says_are_both_kept_when_an_account_joins():
    bench = Bench()
    asyncio.run(bench.ledger.open("c", parse("20/min"), Standing(10, 50)))
    assert bench.book.limits == parse("20/min 50/dia")
    assert asyncio.run(bench.ledger.left_today("c")) == (40, MIDNIGHT)


def guessing():
    """A book that has guessed a window of two in ten seconds from two models."""
    book = AccountBook(parse("20/min"))
    for model in "ab":
        sent = [book.lease(model, START, 0) for _ in range(3)]
        book.forget(sent[-1].number)
        book.close_model(Refusal(model, sent[-1].number, START + 1 + 10, None), START + 1)
    assert book.limits == parse("20/min 2/10s*")
    return book


def test_an_account_that_joins_again_keeps_what_was_learned_of_each_model():
    book = guessing()
    book.declare(parse("20/min"))
    assert book.limits == parse("20/min 2/10s*")
    last = book.lease("c", START + 1, 0)
    book.close_model(Refusal("c", last.number, START + 11, None), START + 2)
    assert book.limits == parse("20/min 1/10s*"), "a guess can still be lowered"


def test_windows_of_each_model_that_are_declared_take_the_place_of_a_guess_for_good():
    book = guessing()
    book.declare(parse("20/min 4/10s*"))
    last = book.lease("c", START + 1, 0)
    book.close_model(Refusal("c", last.number, START + 11, None), START + 2)
    book._turn_the_page(MIDNIGHT + 1)
    assert book.limits == parse("20/min 4/10s*")


def test_limits_that_are_declared_no_more_leave_nothing_behind():
    book = guessing()
    book.declare(parse(""), anew=True)
    assert book.limits == Limits()
    last = book.lease("c", START + 20, 0)
    book.close_model(Refusal("c", last.number, START + 30, None), START + 20)
    assert book.limits == Limits()


# --- keeping ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_a_book_kept_as_json_goes_on_as_if_it_had_never_been_put_away(seed):
    rng = random.Random(seed)
    book, kept = (AccountBook(parse("30/min 500/dia 4/10s* 9000tok/min* 20/dia*")) for _ in range(2))
    now = START
    for _ in range(60):
        now += rng.random() * 4
        step = happening(rng, now)
        assert step(book) == step(kept)
        kept = AccountBook.from_dict(json.loads(json.dumps(kept.as_dict())))
        assert kept == book


def happening(rng, now):
    """Something that may happen to a book at a moment."""
    model, tokens, number = rng.choice("abc"), rng.randint(1, 3000), rng.randint(1, 60)
    until = now + rng.choice([1, 10, 60])
    return rng.choice([
        *3 * [lambda book: book.lease(model, now, tokens)],
        lambda book: book.settle(number, now, tokens),
        lambda book: book.allow(model, Allowance(number % 3, until), 1),
        lambda book: book.close_model(Refusal(model, number, until, rng.choice([None, number])), now),
        lambda book: book.forget(number),
    ])  # fmt: skip


def test_an_empty_dict_is_a_new_book_and_one_of_an_earlier_version_still_opens():
    assert AccountBook.from_dict({}) == AccountBook()
    earlier = AccountBook().as_dict()
    del earlier["scouts"]
    assert AccountBook.from_dict(earlier) == AccountBook()


@pytest.mark.parametrize("limits", ["", "20/min", "50000/dia", "4/10s*", "20/s 100000tok/10s"])
def test_a_book_does_not_grow_with_the_requests_it_has_seen(limits):
    book = AccountBook(parse(limits))
    now = START
    for n in range(3000):
        now += 3.0
        granted = book.lease(f"m{n % 16}", now, 100)
        if isinstance(granted, Entry):
            book.settle(granted.number, now + 0.3, 90)
    assert len(book.entries) <= 129
    assert len(json.dumps(book.as_dict())) < 12_000
