"""Slots and batches."""

import pytest

from flotia.planner import LOCAL_BATCH, Planner, batch_size
from flotia.request import Request
from flotia.synth.identity import IdentityMaker
from tests.conftest import TODAY


def planner(catalogue, amount, **more):
    request = Request(amount=amount, seed=9, today=TODAY, **more)
    return Planner(catalogue, request, IdentityMaker(catalogue.plates, request.seed))


@pytest.mark.parametrize(
    ("amount", "size"), [(1, 5), (50, 5), (51, 8), (100, 8), (101, 10), (1000, 10), (1_000_000, 10)]
)
def test_the_batch_size_follows_the_contract(amount, size):
    assert batch_size(amount) == size


@pytest.mark.parametrize(("amount", "batches"), [(50, 10), (100, 13), (500, 50), (1000, 100), (1, 1), (101, 11)])
def test_an_amount_is_cut_into_the_batches_the_contract_counts(catalogue, amount, batches):
    made = list(planner(catalogue, amount).batches())
    assert len(made) == batches
    assert [s.index for b in made for s in b.slots] == list(range(amount))


def test_a_resumed_plan_is_the_same_without_what_is_done(catalogue):
    whole = {s.index: s for b in planner(catalogue, 60).batches() for s in b.slots}
    done = {0, 1, 2, 8, 15, 59}
    rest = {s.index: (b.number, s) for b in planner(catalogue, 60).batches(done) for s in b.slots}
    assert set(rest) == set(range(60)) - done
    for index, (number, slot) in rest.items():
        assert number == index // 8
        assert slot.plate == whole[index].plate
        assert slot.facts == whole[index].facts


def test_the_first_slots_do_not_depend_on_how_many_were_asked_for(catalogue):
    few = [s.facts for b in planner(catalogue, 20).batches() for s in b.slots]
    many = [s.facts for b in planner(catalogue, 1200).batches() for s in b.slots]
    assert many[:20] == few


def test_without_ai_batches_are_large(catalogue):
    assert [len(b.slots) for b in planner(catalogue, 1200, use_ai=False).batches()] == [LOCAL_BATCH, LOCAL_BATCH, 200]


def test_only_the_brand_asked_for_is_drawn(catalogue):
    slots = [s for b in planner(catalogue, 200, brand="BMW").batches() for s in b.slots]
    assert {s.facts.variant.brand.marca for s in slots} == {"BMW"}
    assert len({s.facts.variant.model.nombre for s in slots}) > 10
