"""Rows of earlier answers, used again: which slot gets which, what varies, and what a run keeps."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from flotia.bridge import iterate
from flotia.cache import CachedRow, Keeper, MemoryCache, Place, SlotSet, Want
from flotia.cache.filling import CHUNK
from flotia.cache.keeping import row_of
from flotia.cache.retelling import Reteller
from flotia.cache.shelf import Shelf
from flotia.catalogue.loader import Catalogue
from flotia.engine import Engine, Source
from flotia.events import BatchDone, RunDone
from flotia.judgement import text
from flotia.judgement.judge import Judge
from flotia.judgement.likeness import ALIKE
from flotia.judgement.rules import Assessor
from flotia.ports import NoIdentities
from flotia.request import Profile, Request
from flotia.synth.dice import Dice
from flotia.synth.facts import FactsDrawer
from flotia.vehicle import Origin
from tests.conftest import TODAY
from tests.doubles.clock import FakeClock
from tests.doubles.models import playing
from tests.doubles.proposals import proposals

AMOUNT = 300
TELLING = ("version", "kilometros", "precio_venta", "color")


class Counting(MemoryCache):
    """Notes how much was asked for at a time."""

    def __init__(self):
        super().__init__()
        self.asked = []

    async def find(self, catalogue, wanted):
        self.asked.append(len(wanted))
        return await super().find(catalogue, wanted)


class Worn(NoIdentities):
    """Outside, all these are worn."""

    def __init__(self, vehicles):
        self._vins = {v.bastidor for v in vehicles}
        self._plates = {v.matricula for v in vehicles}

    async def any(self):
        return True

    async def taken(self, vins, plates):
        return self._vins & set(vins), self._plates & set(plates)


def run(cache, amount=AMOUNT, *, seed=2, done=(), identities=None, clock=None, ai=True, **more):
    """The vehicles by slot, and the client that was asked."""
    client = playing(lambda r: "ok")
    source = Source(client, ["casa/uno:free", "casa/dos:free"], pause=0)
    engine = Engine(
        Catalogue.load(), source, identities or NoIdentities(), clock=clock or FakeClock(), cache=cache
    )  # fmt: skip
    more = {"use_cache": True, "lanes": 1, **more}
    events = list(iterate(engine.stream(Request(amount=amount, seed=seed, today=TODAY, use_ai=ai, **more), done)))
    assert isinstance(events[-1], RunDone)
    made = {i: v for e in events if isinstance(e, BatchDone) for i, v in e.vehicles.items()}
    assert sorted(made) == sorted(set(range(amount)) - set(done))
    assert len({v.bastidor for v in made.values()}) == len({v.matricula for v in made.values()}) == len(made)
    return made, client


def held(cache):
    return asyncio.run(cache.held(Catalogue.load().fingerprint))


def rows_in(cache):
    fingerprint = Catalogue.load().fingerprint
    wanted = [Want(place, n) for place, count in held(cache).items() for n in range(count)]
    return list(asyncio.run(cache.find(fingerprint, wanted)).values())


def of_rows(rows, fingerprint=None):
    cache = Counting()
    asyncio.run(cache.keep(fingerprint or Catalogue.load().fingerprint, rows))
    return cache


def assert_coherent(vehicles, catalogue):
    assessor = Assessor(catalogue)
    found = [(f.rule.name, f.reason) for v in vehicles for f in assessor.assess(v.as_dict()).errors]
    assert not found


def similarity(one, other):
    words, others = (set(re.findall(r"\w+", t.lower())) for t in (one, other))
    return len(words & others) / len(words | others)


@pytest.fixture(scope="module")
def first():
    """A run without the cache, which fills it: its vehicles and its rows."""
    cache = MemoryCache()
    vehicles, client = run(cache, seed=1, use_cache=False)
    assert client.requests
    assert {v.origen for v in vehicles.values()} == {Origin.AI}
    return list(vehicles.values()), rows_in(cache)


@pytest.fixture
def filled(first):
    return of_rows(first[1])


def test_every_row_of_a_model_that_stood_is_kept_once(first, filled):
    vehicles, rows = first
    assert len(rows) == AMOUNT
    assert Counter(r.place for r in rows) == Counter(Place(v.marca, v.modelo, v.anio_matricula) for v in vehicles)
    asyncio.run(filled.keep(Catalogue.load().fingerprint, rows))
    assert sum(held(filled).values()) == AMOUNT


def test_what_is_kept_stands_when_it_is_judged_again(catalogue):
    request = Request(amount=40, seed=8, today=TODAY)
    for proposal in proposals(catalogue, request, wrong=0, identity=0):
        verdict = Judge(catalogue).judge(proposal.slot, proposal.row)
        row = row_of(verdict, "casa/uno:free")
        again = Judge(catalogue).judge(proposal.slot, dict(row.said))
        assert again.facts == verdict.facts
        assert set(verdict.kept) <= set(again.kept)
        assert (again.equipment, again.description) == (verdict.equipment, verdict.description)


def test_a_second_run_costs_no_call_and_shares_no_car_with_the_first(first, filled, catalogue):
    vehicles, client = run(filled, seed=2)
    made = list(vehicles.values())
    assert not client.requests
    assert {v.origen for v in made} == {Origin.CACHE}
    assert {v.modelo_ia for v in made} <= {"casa/uno:free", "casa/dos:free"}
    assert all(set(v.campos_ia) >= {"version", "equipamiento"} for v in made)
    assert not {"kilometros", "precio_venta", "color"} & {f for v in made for f in v.campos_ia}
    assert_coherent(made, catalogue)
    for name in ("bastidor", "matricula", "descripcion"):
        assert not {getattr(v, name) for v in made} & {getattr(v, name) for v in first[0]}, name
    told = [{tuple(getattr(v, n) for n in TELLING) for v in group} for group in (made, first[0])]
    assert len(told[0]) == AMOUNT
    assert not told[0] & told[1]


def test_texts_are_the_models_own_told_again_and_like_no_other(first, filled):
    vehicles, _ = run(filled, seed=2)
    texts = [v.descripcion for v in vehicles.values()]
    originals = [v.descripcion for v in first[0]]
    assert max(similarity(t, o) for t in texts for o in originals) <= ALIKE
    assert max(similarity(t, texts[j]) for i, t in enumerate(texts) for j in range(i)) <= ALIKE
    sentences = {s for o in originals for s in re.split(r"(?<=\.) ", o)}
    told = [v for v in vehicles.values() if "descripcion" in v.campos_ia]
    assert len(told) > AMOUNT * 0.8
    assert all(any(s in sentences for s in re.split(r"(?<=\.) ", v.descripcion)) for v in told)
    others = [v for v in vehicles.values() if "descripcion" not in v.campos_ia]
    assert not any(s in sentences for v in others for s in re.split(r"(?<=\.) ", v.descripcion))


def test_each_row_is_used_once_while_there_are_enough(filled, first):
    vehicles, _ = run(filled, seed=2)
    rows = Counter((r.place, r.said["version"], tuple(r.said["equipamiento"])) for r in first[1])
    used = Counter(
        (Place(v.marca, v.modelo, v.anio_matricula), v.version, v.equipamiento) for v in vehicles.values()
    )  # fmt: skip
    assert set(used) <= set(rows)
    assert max(used[key] - count for key, count in rows.items()) <= 1  # a brand with too few has some twice
    assert sum(used[key] > count for key, count in rows.items()) < AMOUNT * 0.15


def test_the_mix_of_brands_stays_that_of_a_fresh_run(filled):
    vehicles, _ = run(filled, seed=2)
    fresh, _ = run(None or MemoryCache(), seed=2, ai=False, use_cache=False)
    ours, theirs = (Counter(v.marca for v in group.values()) for group in (vehicles, fresh))
    assert all(abs(ours[b] - theirs[b]) <= 0.25 * theirs[b] + 3 for b in {*ours, *theirs})


def test_the_same_seed_and_cache_give_the_same_vehicles(first):
    one, two = (run(of_rows(first[1]), seed=5)[0] for _ in range(2))
    assert one == two
    assert one != run(of_rows(first[1]), seed=6)[0]


def test_a_run_that_may_not_use_the_cache_asks_models(filled):
    vehicles, client = run(filled, 20, use_cache=False)
    assert client.requests
    assert {v.origen for v in vehicles.values()} == {Origin.AI}


def test_a_small_cache_is_used_up_and_models_make_the_rest(first, catalogue):
    cache = of_rows(first[1][:40])
    vehicles, client = run(cache, 200)
    by = Counter(v.origen for v in vehicles.values())
    assert 40 <= by[Origin.CACHE] <= 80
    assert by == {Origin.CACHE: by[Origin.CACHE], Origin.AI: 200 - by[Origin.CACHE]}
    assert client.requests
    used = Counter((v.version, v.equipamiento) for v in vehicles.values() if v.origen is Origin.CACHE)
    assert max(used.values()) == 2
    assert sum(held(cache).values()) == 40 + by[Origin.AI]
    assert_coherent(vehicles.values(), catalogue)


@pytest.mark.parametrize("profile", Profile)
def test_only_what_the_cache_lacks_is_asked_for(first, profile):
    vehicles, client = run(of_rows(first[1]), AMOUNT * 3, profile=profile)
    by = Counter(v.origen for v in vehicles.values())
    assert by[Origin.CACHE] > AMOUNT
    asked = {int(n) for r in client.requests for n in re.findall(r"^(\d+); [^;]+; [^;]+; \d{4};", r.user, re.MULTILINE)}
    assert asked == {i for i, v in vehicles.items() if v.origen is Origin.AI}


def test_no_more_of_the_cache_is_held_than_a_chunk_and_no_more_is_read_than_used(first):
    cache = of_rows(first[1])
    vehicles, _ = run(cache, AMOUNT * 3, ai=False)
    assert max(cache.asked) <= CHUNK
    assert sum(cache.asked) <= sum(v.origen is Origin.CACHE for v in vehicles.values())


def test_without_ai_the_cache_comes_first_and_local_data_after(first, catalogue):
    vehicles, client = run(of_rows(first[1][:50]), 200, ai=False)
    by = Counter(v.origen for v in vehicles.values())
    assert not client.requests
    assert by[Origin.CACHE] >= 50
    assert by[Origin.LOCAL] == 200 - by[Origin.CACHE]
    assert_coherent(vehicles.values(), catalogue)


def test_a_cache_of_one_brand_does_not_fill_a_mixed_stock_with_it(first):
    cache = MemoryCache()
    run(cache, 150, seed=3, brand="BMW", use_cache=False)
    fresh, _ = run(MemoryCache(), 200, ai=False, use_cache=False)
    planned = sum(v.marca == "BMW" for v in fresh.values())
    vehicles, _ = run(cache, 200, ai=False)
    assert planned <= sum(v.marca == "BMW" for v in vehicles.values()) <= 1.25 * planned + 5
    assert all((v.origen is Origin.CACHE) == (v.marca == "BMW") for v in vehicles.values())


def test_a_run_of_one_brand_takes_no_other(filled, first):
    vehicles, _ = run(filled, 60, brand="BMW")
    assert {v.marca for v in vehicles.values()} == {"BMW"}
    there = sum(r.place.brand == "BMW" for r in first[1])
    assert there <= sum(v.origen is Origin.CACHE for v in vehicles.values()) <= 2 * there


def test_slots_of_an_interrupted_run_are_not_made_again(filled, first):
    done = set(range(0, AMOUNT, 3))
    before, _ = run(of_rows(first[1]), seed=2)
    worn = Worn([before[i] for i in done])
    vehicles, client = run(filled, seed=2, done=done, identities=worn)
    assert not client.requests
    identities = {v.bastidor for v in vehicles.values()} | {before[i].bastidor for i in done}
    assert len(identities) == AMOUNT


def test_identities_worn_in_a_row_by_thousands_are_passed_over():
    cache = MemoryCache()
    run(cache, 60, seed=1, brand="Lancia", use_cache=False)
    worn = []
    for _ in range(3):
        vehicles, _ = run(cache, 100, seed=4, brand="Lancia", ai=False, identities=Worn(worn) if worn else None)
        worn += vehicles.values()
    assert len({v.bastidor for v in worn}) == len({v.matricula for v in worn}) == 300


def test_rows_that_another_catalogue_judged_are_not_used(first):
    vehicles, client = run(of_rows(first[1], "another"), 20)
    assert client.requests
    assert {v.origen for v in vehicles.values()} == {Origin.AI}


HOSTILE = {
    "version": {"version": "9.9 V16 Quimera"}, "no version": {"version": None}, "power": {"potencia": 9999},
    "fuel": {"combustible": ["Uranio"]}, "gearbox": {"transmision": {"a": 1}}, "fields": {"campos_ia": "todos"},
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_row_that_today_would_be_refused_is_not_used(first, change):
    rows = [replace(r, said={**r.said, **change}) for r in first[1]]
    vehicles, _ = run(of_rows(rows), 30, ai=False)
    assert {v.origen for v in vehicles.values()} == {Origin.LOCAL}


def test_a_text_or_a_list_that_was_tampered_with_does_not_come_through(first, catalogue):
    bad = {"descripcion": "Llame al +34 600 123 456 <script>alert(1)</script>. Es un coche de 90.000 km. Llámeme ya mismo.",
           "equipamiento": ["<img src=x>", "=1+1", "Escriba a a@b.es"]}  # fmt: skip
    vehicles, _ = run(of_rows([replace(r, said={**r.said, **bad}) for r in first[1]]), 60, ai=False)
    assert {v.origen for v in vehicles.values()} == {Origin.CACHE}
    assert not any({"descripcion", "equipamiento"} & set(v.campos_ia) for v in vehicles.values())
    assert not any("script" in v.descripcion or "600 123" in v.descripcion for v in vehicles.values())
    assert_coherent(vehicles.values(), catalogue)


def test_a_car_of_another_day_than_todays_catalogue_sells_is_not_used(first):
    early = Request(amount=60, seed=2, today=TODAY.replace(year=2019), use_ai=False, use_cache=True)
    engine = Engine(Catalogue.load(), cache=of_rows(first[1]))
    made = [v for e in iterate(engine.stream(early)) if isinstance(e, BatchDone) for v in e.vehicles.values()]
    assert any(v.origen is Origin.CACHE for v in made)
    assert max(v.anio_matricula for v in made) <= 2019
    assert all(v.fecha_matriculacion <= early.today for v in made)


def test_rows_from_the_cache_are_not_kept_again_nor_those_of_unknown_brands(filled):
    run(filled, seed=2)
    assert sum(held(filled).values()) == AMOUNT
    cache = of_rows([])
    vehicles, _ = run(cache, 10, brand="Lada")
    assert {v.origen for v in vehicles.values()} == {Origin.AI}
    assert not held(cache)


def test_rows_are_written_together_and_at_the_latest_when_the_run_is_closed(catalogue):
    request = Request(amount=3, seed=8, today=TODAY)
    verdicts = {
        p.slot.index: (Judge(catalogue).judge(p.slot, p.row), "m")
        for p in proposals(catalogue, request, wrong=0, identity=0)
    }
    writes, clock = [], FakeClock()

    class Noting(MemoryCache):
        async def keep(self, catalogue, rows):
            writes.append(len(rows))

    async def use():
        keeper = Keeper(Noting(), "x", clock)
        await keeper.add({0: verdicts[0]})
        assert not writes
        clock.moment += 1.0
        await keeper.add({1: verdicts[1]})
        assert writes == [2]
        await keeper.add({2: verdicts[2]})
        await keeper.write()
        await keeper.write()
        assert writes == [2, 1]

    asyncio.run(use())


def test_a_run_that_is_stopped_keeps_what_it_had():
    cache = MemoryCache()
    engine = Engine(
        Catalogue.load(), Source(playing(lambda r: "ok"), ["a:free"], pause=0), clock=FakeClock(), cache=cache
    )
    events = iterate(engine.stream(Request(amount=100, seed=1, today=TODAY, lanes=1)))
    vehicles = next(e for e in events if isinstance(e, BatchDone)).vehicles
    events.close()
    assert sum(held(cache).values()) == len(vehicles) > 0


# --- which row for which slot ----------------------------------------------------------------------------------------


def shelf(amount=100, shares=None, **places):
    there = {Place(*name.split("_")[:2], int(name.split("_")[2])): count for name, count in places.items()}
    brands = {p.brand for p in there}
    return Shelf(there, shares or dict.fromkeys(brands, 1 / len(brands)), amount, amount, seed=7)


def test_a_slot_gets_its_own_model_and_year_then_the_model_then_the_brand_then_one_again():
    there = shelf(amount=8, a_x_2015=1, a_x_2019=1, a_y_2015=1, b_z_2015=1)
    own = Place("a", "x", 2015)
    given = [there.choose(own, n).place for n in range(6)]
    assert given[:3] == [own, Place("a", "x", 2019), Place("a", "y", 2015)]
    assert given[3:5] == [own, Place("a", "x", 2019)]
    assert given[5] == Place("a", "y", 2015)
    assert there.choose(own, 6).place.brand == "b"
    assert there.choose(own, 7) is None
    assert not there.empty  # the row of the other brand can be used once more, by that brand
    assert there.choose(Place("b", "z", 2015), 8) == Want(Place("b", "z", 2015), 0)
    assert there.empty


def test_rows_of_a_place_come_in_a_ring_each_once_before_any_again():
    there = shelf(a_x_2015=5)
    numbers = [there.choose(Place("a", "x", 2015), n).number for n in range(10)]
    assert sorted(numbers[:5]) == list(range(5))
    assert numbers[5:] == numbers[:5]


def test_a_brand_without_rows_gets_those_of_the_brand_with_most_to_spare_within_its_share():
    there = shelf(amount=40, shares={"a": 0.1, "b": 0.1, "c": 0.8}, a_x_2015=30, b_x_2015=20)
    given = Counter(w.place.brand for n in range(40) if (w := there.choose(Place("c", "x", 2015), n)))
    assert given == {"a": 4, "b": 4}


# --- what varies -----------------------------------------------------------------------------------------------------


def test_a_slots_own_car_moved_nowhere_is_the_same(catalogue):
    drawer = FactsDrawer(catalogue, seed=9, today=TODAY)
    own = drawer.columns(np.arange(500))
    years = np.array([f.registered.year for f in drawer.facts(own)])
    moved = drawer.moved(own.slot, own.variant, own.offer, years)
    assert drawer.facts(moved) == drawer.facts(own)


ABOUT = text.TextFacts(
    name="SEAT León 1.5 TSI 150 CV FR", year=2020, kilometres=50_000, power=150, size=1498, doors=5, seats=5,
    fuel="Gasolina", automatic=False, colour="Azul", body="Compacto",
)  # fmt: skip
OWN = (
    "SEAT León disponible en nuestras instalaciones de Burgos. Motor de gasolina de 150 CV. Revisado en nuestro taller antes"
    " de la entrega. Lleva climatizador y navegador. Le esperamos con las llaves en la mano."
)


@pytest.mark.parametrize(
    "gone",
    [
        "Tiene solo 12.000 km en su marcador y mucha vida.", "Una unidad de 2018 para los que saben.",
        "Su color rojo llama la atención por la calle.", "Puede verlo en Valladolid sin ninguna prisa.",
        "Con muy pocos kilómetros y casi sin rodar.", "Se matriculó en marzo y se nota.", "Lleva cambio automático de levas.",
    ],
)  # fmt: skip
def test_a_sentence_that_is_true_of_one_car_only_is_not_told_of_another(gone):
    stays = "El León es un compacto que gusta a todo el que lo conduce."
    told = Reteller().tell(f"{stays} {gone} No deje que se le escape.", OWN, ABOUT, Dice(1))
    assert told is not None
    assert told.startswith(stays)
    assert gone not in told


def test_a_text_without_a_sentence_for_another_car_is_not_told():
    assert Reteller().tell("Tiene 12.000 km y es de 2018. Está en Valladolid con 90 CV.", OWN, ABOUT, Dice(1)) is None


def test_a_set_of_slots_is_one():
    slots = SlotSet(10, [3, 3, 7, 12, -1])
    assert (len(slots), list(slots), 3 in slots, 4 in slots, 12 in slots) == (2, [3, 7], True, False, False)
    slots.add(range(5))
    assert slots.missing(0, 10) == [5, 6, 8, 9]
    assert CachedRow(Place("a", "b", 2000), "m", {}).key("x") != CachedRow(Place("a", "b", 2001), "m", {}).key("x")
