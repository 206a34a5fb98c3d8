"""Accounts' books in the database: several runs keep one account's limits together."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from django.db import connection

from apps.ia.accounts import Account
from apps.ia.books import DatabaseBooks, read, row_of
from apps.ia.database_thread import DatabaseThread
from apps.ia.memory import remembering
from apps.ia.models import Cuenta
from flotia.clients.openai_compatible import Endpoint
from flotia.limits.ledger import Later, Lease, Ledger
from flotia.limits.windows import parse
from flotia.outcome import Allowance, Answer, Failure, Kind, Remedy, Scope
from flotia.ports import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)


def account(limits="", name="cuenta", key="sk-a"):
    return Account(name, Endpoint("http://127.0.0.1:9/v1", key), ("m",), parse(limits))


class Run:
    """A run's books and ledger, in this process."""

    def __init__(self, there):
        self.name = there.name
        self.context = remembering([there])
        self.books = self.context.__enter__().books
        self.ledger = Ledger(self.books, SystemClock())
        asyncio.run(self.ledger.open(there.name, there.limits, None))

    def lease(self):
        return asyncio.run(self.ledger.lease(self.name, "m"))

    def settle(self, lease, outcome):
        asyncio.run(self.ledger.settle(lease, outcome))

    def close(self):
        self.context.__exit__(None, None, None)


@pytest.fixture
def runs():
    """Runs that are ended with the test."""
    opened = []

    def begin(there):
        opened.append(Run(there))
        return opened[-1]

    yield begin
    for run in opened:
        run.close()


def stored(there):
    return read(Cuenta.objects.get(huella=there.fingerprint).libro)


def test_what_one_run_has_sent_counts_for_the_next(runs):
    there = account("3/min")
    first = runs(there)
    assert all(isinstance(first.lease(), Lease) for _ in range(3))
    first.close = lambda: None
    second = runs(there)
    later = second.lease()
    assert isinstance(later, Later)
    assert later.whole_account


def test_a_daily_limit_met_by_one_run_stops_the_other_before_it_asks(runs):
    there = account("100/dia")
    first, second = runs(there), runs(there)
    until = time.time() + 3600
    refused = Failure(Kind.DAILY_LIMIT, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "", 429, until)
    first.settle(first.lease(), refused)
    later = second.lease()
    assert isinstance(later, Later)
    assert later.daily
    assert later.moment == pytest.approx(until)


def test_without_limits_a_thousand_requests_are_a_few_transactions(runs):
    run = runs(account())
    writes = []
    original = DatabaseBooks._change_stored

    def counted(self, page, work):
        writes.append(work)
        return original(self, page, work)

    DatabaseBooks._change_stored = counted
    try:
        started = time.monotonic()
        for _ in range(500):
            run.settle(run.lease(), Answer("", "m"))
        seconds = time.monotonic() - started
    finally:
        DatabaseBooks._change_stored = original
    assert len(writes) <= 2 + seconds
    run.close()
    assert stored(account()).used == 500


def test_a_limit_that_is_learned_holds_at_once_for_the_other_run(runs):
    there = account()
    first, second = runs(there), runs(there)
    refused = Failure(Kind.MINUTE_LIMIT, Scope.ACCOUNT, Remedy.WAIT_ACCOUNT, "", 429, time.time() + 50, 0.0, 7)
    first.settle(first.lease(), refused)
    assert [x.amount for x in stored(there).limits.account] == [7]
    second.lease()
    time.sleep(1.05)  # the second that the other counts by itself
    assert isinstance(second.lease(), Later)


def test_what_an_answer_says_is_left_is_kept_for_the_other_run(runs):
    there = account()
    first, second = runs(there), runs(there)
    told = Answer("", "m", allowance=Allowance(0, time.time() + 40))
    first.settle(first.lease(), told)
    assert isinstance(second.lease(), Later)


def test_the_one_call_that_finds_out_whether_a_spent_model_is_open_again_is_one_and_counted_once(runs):
    there = account()
    run = runs(there)
    run.settle(run.lease(), Answer("", "m", allowance=Allowance(0, time.time() + 0.5)))
    time.sleep(0.6)
    assert isinstance(run.lease(), Lease)
    assert isinstance(run.lease(), Later)
    assert stored(there).used == 2


def test_two_runs_that_count_by_themselves_add_up(runs):
    there = account()
    first, second = runs(there), runs(there)
    for _ in range(30):
        first.settle(first.lease(), Answer("", "m"))
        second.settle(second.lease(), Answer("", "m"))
    first.close()
    second.close()
    first.close = second.close = lambda: None
    book = stored(there)
    assert book.used == 60
    assert len({e.number for e in book.entries}) == 60


def test_an_answer_of_a_limited_account_frees_its_place_in_time_not_at_once(runs):
    run = runs(account("2/2s"))
    leases = [run.lease(), run.lease()]
    for lease in leases:
        run.settle(lease, Answer("", "m"))
    assert isinstance(run.lease(), Later)
    time.sleep(2.1)
    assert isinstance(run.lease(), Lease)


def test_a_limit_that_is_declared_no_more_does_not_hold_any_more(runs):
    runs(account("1/min")).lease()
    assert isinstance(runs(account("1/min")).lease(), Later)
    again = runs(account())
    assert isinstance(again.lease(), Lease)
    assert isinstance(again.lease(), Lease)


def test_one_key_is_one_book_by_whatever_name():
    row = row_of(account(name="uno"))
    assert row_of(account(name="dos")).pk == row.pk
    assert row_of(account(name="dos", key="sk-b")).pk != row.pk
    assert sorted(Cuenta.objects.values_list("nombre", flat=True)) == ["dos", "dos"]


def test_no_part_of_a_key_is_in_the_row():
    row = row_of(account(key="sk-or-v1-0123456789abcdef"))
    told = json.dumps([row.nombre, row.huella, row.base, row.libro])
    assert "sk-" not in told
    assert not any(part in told for part in ("0123", "4567", "89ab", "cdef"))


def test_a_book_that_cannot_be_read_is_begun_anew(runs):
    Cuenta.objects.filter(pk=row_of(account()).pk).update(libro={"entries": 5})
    assert isinstance(runs(account()).lease(), Lease)


def test_without_the_tables_everything_is_kept_in_memory():
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE modelo_ia RENAME TO escondida")
    try:
        with remembering([account()]) as memory:
            assert memory.thread is None
            ledger = Ledger(memory.books, SystemClock())
            assert isinstance(asyncio.run(ledger.lease("cuenta", "m")), Lease)
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE escondida RENAME TO modelo_ia")


def test_looking_for_the_tables_makes_no_file(tmp_path, settings, monkeypatch):
    missing = tmp_path / "no.sqlite3"
    with DatabaseThread() as thread:
        original = thread.run(lambda: connection.settings_dict["NAME"])
        thread.run(lambda: connection.settings_dict.__setitem__("NAME", str(missing)))
        try:
            assert not thread.has_tables()
        finally:
            thread.run(lambda: connection.settings_dict.__setitem__("NAME", original))
    assert not missing.exists()


def test_a_locked_database_is_one_sentence(runs, settings):
    from apps.ia.errors import DatabaseProblemError

    run = runs(account("9/min"))
    run.books._thread.run(lambda: connection.cursor().execute("PRAGMA busy_timeout = 100"))
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(DatabaseProblemError, match="bloqueada por otro proceso"):
                run.lease()
        finally:
            cursor.execute("ROLLBACK")
