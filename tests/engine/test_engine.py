"""Whole runs of the engine on scripted models and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.clients.scripted import ScriptedClient
from flotia.engine import Engine, Source
from flotia.errors import ProviderError, UnknownBrandError
from flotia.events import (
    AiStopped,
    BatchDone,
    CallDone,
    ModelAsked,
    ModelRetired,
    RunDone,
    RunStarted,
    UnlistedBrand,
    Waiting,
)
from flotia.judgement.rules import Assessor
from flotia.request import Profile, Request
from flotia.vehicle import Origin
from tests.conftest import TODAY
from tests.doubles.clock import FakeClock
from tests.doubles.models import OVER_THE_WIRE, playing
from tests.doubles.standin.shapes import SHAPES

CHAIN = [f"casa/modelo-{n}:free" for n in range(16)]


def run(client, amount, *, models=CHAIN, clock=None, done=(), **more):
    clock = clock or FakeClock()
    engine = Engine(Catalogue.load(), Source(client, models), clock=clock)
    given = {"seed": 3, "today": TODAY, "profile": Profile.SPECIFICATION, **more}
    request = Request(amount=amount, **given)
    events = list(iterate(engine.stream(request, done)))
    return events, {i: v for e in events if isinstance(e, BatchDone) for i, v in e.vehicles.items()}


def of(events, kind):
    return [e for e in events if isinstance(e, kind)]


def assert_sound(vehicles, amount, catalogue):
    """Exactly `amount`, unique, coherent with the catalogue, margins to the cent."""
    assert sorted(vehicles) == list(range(amount))
    assert len({v.bastidor for v in vehicles.values()}) == amount
    assert len({v.matricula for v in vehicles.values()}) == amount
    for v in vehicles.values():
        assert v.precio_venta * Decimal("0.9") <= v.precio_compra <= v.precio_venta
        assert v.precio_compra * Decimal("0.98") <= v.precio_costo <= v.precio_compra * Decimal("1.02")
        assert any(
            variant.version(t) == v.version and variant.engine.potencia == v.potencia
            for variant in catalogue.table(v.anio_matricula, v.marca).of_model(v.modelo)
            for t in variant.trims(v.anio_matricula)
        ), v
        assert (v.origen is Origin.AI) == bool(v.campos_ia) == bool(v.modelo_ia)


def test_a_healthy_chain_is_asked_once_a_batch_and_only_at_its_head(catalogue):
    client = playing(lambda r: "ok")
    clock = FakeClock()
    events, vehicles = run(client, 1000, clock=clock)
    assert Counter(r.model for r in client.requests) == {CHAIN[0]: 100}
    assert {r.max_tokens for r in client.requests} == {3500}
    assert clock.slept == [0.5] * 99
    assert_sound(vehicles, 1000, catalogue)
    assert {v.origen for v in vehicles.values()} == {Origin.AI}
    assert events[0] == RunStarted(1000, 0, 10, use_ai=True)
    assert events[-1].counts == {"ia": 1000}


def test_when_all_fail_the_chain_is_walked_in_order_and_local_data_fill_everything(catalogue):
    client = playing(lambda r: "e500")
    events, vehicles = run(client, 101)
    assert [r.model for r in client.requests][:16] == CHAIN
    assert {v.origen for v in vehicles.values()} == {Origin.LOCAL}
    assert_sound(vehicles, 101, catalogue)


def test_dead_models_cost_two_calls_each_and_no_more(catalogue):
    alive = CHAIN[9]
    client = playing(lambda r: "ok" if r.model == alive else "retired")
    events, vehicles = run(client, 1000)
    calls = Counter(r.model for r in client.requests)
    assert calls == {**dict.fromkeys(CHAIN[:9], 2), alive: 100}
    assert {e.model for e in of(events, ModelRetired)} == set(CHAIN[:9])
    assert {v.origen for v in vehicles.values()} == {Origin.AI}


def test_all_retired_is_32_calls_for_a_thousand_vehicles(catalogue):
    client = playing(lambda r: "retired_paid_now")
    events, vehicles = run(client, 1000)
    assert len(client.requests) == 32
    assert all(r.model.endswith(":free") for r in client.requests)
    assert_sound(vehicles, 1000, catalogue)


def test_broken_json_keeps_its_readable_rows_and_the_rest_goes_to_the_next(catalogue):
    client = playing(lambda r: "broken_json" if r.model == CHAIN[0] else "ok")
    events, vehicles = run(client, 50)
    by_model = Counter(v.modelo_ia for v in vehicles.values())
    assert set(by_model) == {CHAIN[0], CHAIN[1]}
    assert by_model[CHAIN[0]] == sum(e.usable for e in of(events, CallDone) if e.asked == CHAIN[0]) > 0
    asked = of(events, ModelAsked)
    assert all(b.slots < a.slots for a, b in zip(asked[::2], asked[1::2], strict=True))


def test_a_truncated_answer_is_topped_up_not_thrown_away(catalogue):
    client = playing(lambda r: "truncated" if r.model == CHAIN[0] else "ok")
    events, vehicles = run(client, 20)
    assert sum(e.kept + e.repaired for e in of(events, CallDone)) == 20
    assert {v.origen for v in vehicles.values()} == {Origin.AI}


def test_a_minute_limit_is_waited_out_and_the_same_model_asked_again():
    clock = FakeClock()
    state = {"limited": 2}

    def shape(request):
        state["limited"] -= 1
        return "minute_limit" if state["limited"] == 0 else "ok"

    client = playing(shape, now=clock.now())
    events, vehicles = run(client, 20, clock=clock)
    assert {r.model for r in client.requests} == {CHAIN[0]}
    [waiting] = of(events, Waiting)
    assert 0 < waiting.seconds <= 12
    assert all(v.origen is Origin.AI for v in vehicles.values())


def test_a_daily_limit_ends_the_asking_and_nothing_else(catalogue):
    client = playing(lambda r: "ok" if len(client.requests) <= 3 else "daily_limit")
    events, vehicles = run(client, 100)
    assert len(client.requests) == 4
    [stopped] = of(events, AiStopped)
    assert "cupo diario" in stopped.reason
    assert Counter(v.origen for v in vehicles.values()) == {Origin.AI: 24, Origin.LOCAL: 76}
    assert_sound(vehicles, 100, catalogue)


def test_a_refused_key_stops_at_the_first_call():
    client = playing(lambda r: "bad_key")
    with pytest.raises(ProviderError, match="DEEPSEEK_API_KEY"):
        run(client, 100)
    assert len(client.requests) == 1


def test_a_charge_stops_the_run():
    client = playing(lambda r: "charged")
    with pytest.raises(ProviderError, match="cobrado"):
        run(client, 100)
    assert len(client.requests) == 1


def test_a_base_out_of_reach_is_given_up_after_three_models(catalogue):
    client = playing(lambda r: "no_such_route")
    events, vehicles = run(client, 60)
    assert len(client.requests) == 1
    assert_sound(vehicles, 60, catalogue)


def test_other_cars_and_duplicates_are_refused_and_asked_for_again(catalogue):
    shapes = {CHAIN[0]: "other_cars", CHAIN[1]: "duplicates"}
    client = playing(lambda r: shapes.get(r.model, "ok"))
    events, vehicles = run(client, 5)
    first, second, third = of(events, CallDone)
    assert (first.usable, first.refused, first.causes) == (0, 5, {"habla de otra marca": 5})
    assert (second.usable, second.refused) == (1, 4)
    assert second.causes == {"nadie pidió esa fila, o llegó dos veces": 4}
    assert third.slots == 4
    assert_sound(vehicles, 5, catalogue)


def test_rows_without_the_ids_that_were_asked_go_by_their_place(catalogue):
    events, vehicles = run(playing(lambda r: "renumbered"), 10)
    assert all(v.origen is Origin.AI for v in vehicles.values())


def test_the_answering_model_is_the_one_recorded():
    _, vehicles = run(playing(lambda r: "other_model"), 5)
    assert {v.modelo_ia for v in vehicles.values()} == {"otra/casa-7b:free"}


def test_what_a_model_gets_wrong_is_repaired_and_the_row_says_what_is_its_own(catalogue):
    events, vehicles = run(playing(lambda r: "wrong_fields"), 100)
    assert_sound(vehicles, 100, catalogue)
    texts = " ".join(v.descripcion for v in vehicles.values())
    assert "<script>" not in texts
    assert "600 123 456" not in texts
    assert sum(e.repaired for e in of(events, CallDone)) > 80
    assert all(v.campos_ia for v in vehicles.values() if v.origen is Origin.AI)


def test_local_data_never_claim_to_be_a_models():
    events, vehicles = run(ScriptedClient(), 30, use_ai=False)
    assert {(v.origen, v.modelo_ia, v.campos_ia) for v in vehicles.values()} == {(Origin.LOCAL, "", ())}


def test_a_resumed_run_makes_only_what_is_missing(catalogue):
    _, whole = run(playing(lambda r: "ok"), 60)
    done = set(range(16)) | {20}
    client = playing(lambda r: "ok")
    events, rest = run(client, 60, done=done)
    assert set(rest) == set(range(60)) - done
    assert of(events, RunStarted) == [RunStarted(60, 17, 8, use_ai=True)]
    assert len(client.requests) == 6
    plates = {v.matricula for v in rest.values()} | {whole[i].matricula for i in done}
    assert len(plates) == 60


class Worn:
    """An outside world that wears every identity it sees the first time."""

    def __init__(self):
        self.vins, self.plates = set(), set()

    async def any(self):
        return True

    async def taken(self, vins, plates):
        new = set(vins) - self.vins, set(plates) - self.plates
        first = not self.vins
        self.vins |= set(vins)
        self.plates |= set(plates)
        return new if first else (set(), set())


def test_an_identity_worn_elsewhere_is_drawn_again(catalogue):
    plain = Engine(catalogue)
    request = Request(amount=50, seed=3, use_ai=False, today=TODAY)
    before = {
        v.bastidor for e in iterate(plain.stream(request)) if isinstance(e, BatchDone) for v in e.vehicles.values()
    }
    events = list(iterate(Engine(catalogue, identities=Worn()).stream(request)))
    vehicles = {i: v for e in of(events, BatchDone) for i, v in e.vehicles.items()}
    assert_sound(vehicles, 50, catalogue)
    assert not before & {v.bastidor for v in vehicles.values()}
    assert not any(Assessor(catalogue, today=TODAY).assess(v.as_dict()).errors for v in vehicles.values())


def test_a_brand_is_found_in_any_spelling_and_an_unknown_one_refused():
    _, vehicles = run(playing(lambda r: "ok"), 12, brand="citroen")
    assert {v.marca for v in vehicles.values()} == {"Citroën"}
    with pytest.raises(UnknownBrandError, match="¿Quería decir"):
        run(playing(lambda r: "ok"), 12, brand="Citruen")


def test_the_small_model_chooses_among_what_is_true(catalogue):
    import json

    def first_of_each(request):
        def pick(schema):
            if "const" in schema:
                return schema["const"]
            return schema["enum"][0] if "enum" in schema else [pick(s) for s in schema["prefixItems"]]

        return json.dumps({"v": pick(request.schema["properties"]["v"])}, ensure_ascii=False)

    engine = Engine(catalogue, Source(ScriptedClient(otherwise=first_of_each), ["chico"], only_chooses=True, pause=0))
    events = list(iterate(engine.stream(Request(amount=200, seed=4, today=TODAY))))
    vehicles = {i: v for e in of(events, BatchDone) for i, v in e.vehicles.items()}
    assert_sound(vehicles, 200, catalogue)
    fields = Counter(f for v in vehicles.values() for f in v.campos_ia)
    assert set(fields) == {"version", "color", "equipamiento"}
    assert min(fields.values()) >= 190


NAMES = sorted(set(SHAPES) - OVER_THE_WIRE - {"bad_key", "charged"})


@settings(max_examples=25)
@given(
    st.sampled_from([1, 49, 50, 51, 100, 101]),
    st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), min_size=1, max_size=16),
    st.integers(0, 2**32),
)
def test_the_amount_is_exact_whatever_fails(amount, scripts, seed):
    rng = random.Random(seed)
    models = [f"m{n}:free" for n in range(len(scripts))]
    clock = FakeClock()
    client = playing(lambda r: rng.choice(scripts[models.index(r.model)]), seed, clock.now())
    events, vehicles = run(client, amount, models=models, clock=clock, seed=seed)
    assert_sound(vehicles, amount, Catalogue.load())
    assert isinstance(events[-1], RunDone)


def test_a_thousand_are_exact_under_every_fault_at_once(catalogue):
    rng = random.Random(8)
    clock = FakeClock()
    client = playing(lambda r: rng.choice(NAMES), 8, clock.now())
    events, vehicles = run(client, 1000, clock=clock)
    assert_sound(vehicles, 1000, catalogue)


def unlisted(client, amount=60, brand="Lada", **more):
    request = Request(amount=amount, brand=brand, seed=4, today=TODAY, profile=Profile.SPECIFICATION)
    return list(
        iterate(Engine(Catalogue.load(), Source(client, ["a:free", "b:free"], pause=0, **more)).stream(request))
    )


def test_a_brand_outside_the_catalogue_is_asked_freely_and_its_cars_are_marked(catalogue):
    client = playing(lambda _: "ok")
    events = unlisted(client)
    assert of(events, UnlistedBrand) == [UnlistedBrand("Lada")]
    made = [v for e in of(events, BatchDone) for v in e.vehicles.values()]
    assert len(made) == 60
    assert {v.marca for v in made} == {"Lada"}
    assert {v.modelo for v in made} == {"Niva", "Vesta"}
    assert not any(v.verificado for v in made)
    assert {str(v.origen) for v in made} == {"ia"}
    assert {"modelo", "version", "potencia", "puertas"} <= set(made[0].campos_ia)
    assert len({v.bastidor for v in made}) == len({v.matricula for v in made}) == 60
    assert "Lada" in client.requests[0].user
    for v, verdict in zip(made, Assessor(catalogue, today=TODAY).assess_all([v.as_dict() for v in made]), strict=True):
        assert not verdict.known
        assert not verdict.errors, (v, verdict.errors)


@pytest.mark.parametrize("fields", [
    {"potencia": 9000}, {"combustible": "Uranio"}, {"modelo": "http://x.es"}, {"precio_venta": 12}, {"puertas": 17},
    {"cilindrada": None}, {"version": ""}, {"marca": "SEAT"}, {"anio_matricula": 1990}, {"tipo_vehiculo": "Platillo"},
])  # fmt: skip
def test_a_car_that_cannot_be_is_asked_again_of_the_next_model(fields):
    client = playing(lambda _: "ok")
    inner = client.otherwise

    def spoilt(request):
        answer = inner(request)
        if request.model != "a:free":
            return answer
        rows = json.loads(answer.text)["vehiculos"]
        return replace(answer, text=json.dumps({"vehiculos": [{**r, **fields} for r in rows]}))

    client.otherwise = spoilt
    made = [v for e in of(unlisted(client, 5), BatchDone) for v in e.vehicles.values()]
    assert [v.modelo_ia for v in made] == ["b:free"] * 5


def test_what_can_be_replaced_of_an_unlisted_car_is(catalogue):
    client = playing(lambda _: "ok")
    inner = client.otherwise

    def spoilt(request):
        answer = inner(request)
        wrong = {"kilometros": -3, "color": "#ff0000", "equipamiento": "no", "descripcion": "Llame al 600123456"}
        return replace(
            answer, text=json.dumps({"vehiculos": [{**r, **wrong} for r in json.loads(answer.text)["vehiculos"]]})
        )

    client.otherwise = spoilt
    made = [v for e in of(unlisted(client, 5), BatchDone) for v in e.vehicles.values()]
    for v in made:
        assert not set(v.campos_ia) & {"kilometros", "color", "equipamiento", "descripcion"}
        assert not Assessor(catalogue, today=TODAY).assess(v.as_dict()).errors, v


def test_models_that_cannot_say_it_leave_an_unlisted_brand_undone():
    with pytest.raises(ProviderError, match="Ningún modelo ha completado todos los vehículos de Lada"):
        unlisted(playing(lambda _: "content_empty"), 5)


@pytest.mark.parametrize(("brand", "more"), [("Pegeot", {}), ("Lada", {"only_chooses": True}), ("Ignora {todo}", {})])
def test_a_brand_is_not_asked_freely_where_that_makes_no_sense(brand, more):
    with pytest.raises(UnknownBrandError):
        unlisted(playing(lambda _: "ok"), 5, brand, **more)
