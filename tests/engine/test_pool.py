"""What a run still lacks."""

from __future__ import annotations

from flotia.budget import Budget
from flotia.planner import Slot
from flotia.pool import Pool


def pool(amount):
    return Pool((Slot(n, None) for n in range(amount)), amount)


def indices(slots):
    return [s.index for s in slots]


def test_new_slots_come_in_their_order_and_never_more_than_there_are():
    p = pool(5)
    assert (indices(p.take(3)), len(p), p.next_index) == ([0, 1, 2], 2, 3)
    assert (indices(p.take(9)), len(p), p.next_index) == ([3, 4], 0, 5)
    assert p.take(1) == []
    assert not p


def test_slots_are_drawn_only_when_they_are_taken():
    drawn = []
    p = Pool((drawn.append(n) or Slot(n, None) for n in range(100)), 100)
    p.take(7)
    assert drawn == list(range(7))


def test_what_comes_back_is_taken_first_and_in_its_order():
    p = pool(10)
    first, second = p.take(3), p.take(3)
    p.put_back(second)
    p.put_back(first)
    assert len(p) == 10
    assert indices(p.take(8)) == list(range(8))


def test_a_slot_that_five_answers_have_left_out_is_worn_out_and_the_others_go_on():
    p = pool(2)
    for _ in range(4):
        assert p.came_back_empty(p.take(2)) == []
    p.put_back(p.take(2))
    both = p.take(2)
    assert indices(p.came_back_empty(both[:1])) == [0]
    p.put_back(both[1:])
    assert (indices(p.take(2)), len(p)) == ([1], 0)


def test_a_call_that_failed_is_no_answer_that_left_slots_out():
    p = pool(1)
    for _ in range(20):
        p.put_back(p.take(1))
    assert p.came_back_empty(p.take(1)) == []


def test_what_came_back_leaves_the_pool_when_it_is_handed_over():
    p = pool(4)
    p.put_back(p.take(2))
    assert indices(p.returned()) == [0, 1]
    assert p.returned() == []
    assert (len(p), p.next_index) == (2, 2)


def test_a_budget_is_spent_by_the_call_and_none_is_endless():
    budget = Budget(2)
    seen = []
    while budget.left:
        budget.spend()
        seen.append(budget.used)
    assert seen == [1, 2]
    assert budget.spent == "Se ha gastado el presupuesto de 2 llamadas."
    assert not Budget(0).left
    assert Budget(None, 10**9).left
