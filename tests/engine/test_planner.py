"""Slots and batches."""

import pytest

from flotia.planner import LOCAL_BATCH, Planner, batch_size
from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from tests.conftest import TODAY


def planner(catalogue, amount, **more):
    request = Request(amount=amount, seed=9, today=TODAY, **more)
    drawer = FactsDrawer(catalogue, seed=request.seed, today=TODAY, brand=request.brand)
    return Planner(request, drawer, Assembler(catalogue, drawer, seed=request.seed, today=TODAY))


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
        assert (slot.plate, slot.serial) == (whole[index].plate, whole[index].serial)
        assert slot.facts == whole[index].facts


def test_the_first_slots_do_not_depend_on_how_many_were_asked_for(catalogue):
    few = [s.facts for b in planner(catalogue, 20).batches() for s in b.slots]
    many = [s.facts for b in planner(catalogue, 1200).batches() for s in b.slots]
    assert many[:20] == few


def test_without_ai_slots_come_in_blocks_of_columns(catalogue):
    blocks = list(planner(catalogue, LOCAL_BATCH + 200, use_ai=False).blocks())
    assert [(b.number, len(b.cars)) for b in blocks] == [(0, LOCAL_BATCH), (1, 200)]
    assert [i for b in blocks for i in b.cars.slot.tolist()] == list(range(LOCAL_BATCH + 200))


def test_blocks_and_batches_plan_the_same_cars(catalogue):
    slots = [s for b in planner(catalogue, 60).batches() for s in b.slots]
    (block,) = planner(catalogue, 60, use_ai=False).blocks()
    assert block.identities.plate.tolist() == [s.plate for s in slots]
    assert block.identities.serial.tolist() == [s.serial for s in slots]
    assert (block.cars.price / 100).tolist() == [float(s.facts.price) for s in slots]


def test_a_resumed_plan_of_blocks_lacks_what_is_done(catalogue):
    (whole,) = planner(catalogue, 60, use_ai=False).blocks()
    (rest,) = planner(catalogue, 60, use_ai=False).blocks({0, 1, 59})
    assert rest.cars.slot.tolist() == list(range(2, 59))
    assert rest.identities.plate.tolist() == whole.identities.plate.tolist()[2:59]


def test_only_the_brand_asked_for_is_drawn(catalogue):
    slots = [s for b in planner(catalogue, 200, brand="BMW").batches() for s in b.slots]
    assert {s.facts.variant.brand.marca for s in slots} == {"BMW"}
    assert len({s.facts.variant.model.nombre for s in slots}) > 10
