"""Which models are asked today: the user's, without those that are gone, and others that are free in their place."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.ia import accounts, discovery
from apps.ia.composition import choose_sources, clients_of
from apps.ia.discovery import chain
from apps.ia.memory import remembering
from apps.ia.models import ListaModelos, ModeloIA
from flotia.outcome import Offer
from flotia.request import Profile
from flotia.routing import Record
from tests.doubles.standin import Listed, StandIn

database = pytest.mark.django_db(transaction=True)
JSON, SCHEMA, REASONING = "response_format", "structured_outputs", "reasoning"


def offer(model, *parameters, context=32_768, free=True):
    return Offer(model, context, frozenset(parameters), free)


def listed(*offers):
    return {o.model: o for o in offers}


USERS = [f"u/{n}:free" for n in range(6)]


def test_free_models_that_are_gone_give_their_places_to_free_ones_of_today():
    today = listed(
        offer("u/1:free"), offer("n/a:free"), offer("n/b:free"), offer("u/4:free"), offer("n/paid", free=False)
    )
    made = chain(USERS, today, {})
    assert made.models == ("u/1:free", "u/4:free", "n/a:free", "n/b:free")
    assert made.dead == ("u/0:free", "u/2:free", "u/3:free", "u/5:free")
    assert made.found == ("n/a:free", "n/b:free")


def test_they_take_no_more_places_than_the_user_had():
    today = listed(*[offer(m) for m in USERS[1:]], *[offer(f"n/{n}:free") for n in range(20)])
    assert chain(USERS, today, {}).models == (*USERS[1:], "n/0:free")


def test_a_short_chain_that_has_lost_one_is_filled_up_to_four():
    today = listed(*[offer(f"n/{n}:free") for n in range(20)])
    assert len(chain(["u/0:free"], today, {}).models) == 4


def test_a_chain_of_which_nothing_is_gone_stays_as_it_is():
    today = listed(offer("u/0:free"), *[offer(f"n/{n}:free") for n in range(20)])
    made = chain(["u/0:free"], today, {})
    assert made.models == ("u/0:free",)
    assert made.dead == made.found == ()


def test_what_the_user_wrote_without_free_is_neither_dropped_nor_added_to():
    today = listed(*[offer(f"n/{n}:free") for n in range(20)])
    assert chain(["paid/one", "paid/two"], today, {}).models == ("paid/one", "paid/two")


@pytest.mark.parametrize("today", [listed(), listed(offer("llama-3.3-70b", free=False), offer("u/9", free=False))])
def test_a_list_that_is_empty_or_says_no_prices_changes_nothing(today):
    assert chain(USERS, today, {}).models == tuple(USERS)


def test_nothing_that_may_cost_is_ever_put_in_a_place():
    today = listed(offer("n/free:free"), offer("n/paid", free=False), offer("n/dear:free", free=False))
    assert chain(USERS, today, {}).models == ("n/free:free",)


def test_discovered_models_need_room_for_a_large_answer():
    today = listed(
        offer("n/small:free", context=8_191), offer("n/unknown:free", context=0), offer("n/ok:free", context=8_192)
    )
    assert chain(USERS, today, {}).found == ("n/ok:free",)


def test_the_best_come_first():
    ranked = [
        offer("schema:free", SCHEMA, JSON, context=8_192),
        offer("schema-talks:free", SCHEMA, "include_reasoning", context=100_000),
        offer("json-large:free", JSON, REASONING, "include_reasoning", context=32_768),
        offer("json-good:free", JSON, context=16_384),
        offer("json-untried:free", JSON, context=16_384),
        offer("json-bad:free", JSON, context=16_384),
        offer("neither:free", context=1_000_000),
    ]
    records = {
        "json-good:free": Record(good=9.0, asked=90.0, got=90.0, latency=2.0, size=20),
        "json-bad:free": Record(bad=9.0),
    }
    made = chain([], listed(*reversed(ranked)), records)
    assert made.models == tuple(o.model for o in ranked)


def test_a_model_known_to_be_retired_is_not_put_in_a_place():
    today = listed(offer("n/a:free"), offer("n/b:free"))
    assert chain(USERS, today, {"n/a:free": Record(retired=True)}).found == ("n/b:free",)


def test_what_the_list_says_of_a_model_goes_into_its_source():
    today = listed(
        offer("u/0:free", SCHEMA, context=9_000), offer("n/b:free", JSON, context=10_000), offer("x:free", SCHEMA)
    )
    made = chain(["u/0:free", "paid", "n/b:free"], today, {})
    assert made.contexts == {"u/0:free": 9_000, "n/b:free": 10_000}
    assert made.structured == {"u/0:free"}


# --- over the wire ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sixteen(settings):
    settings.DEEPSEEK_MODEL, settings.DEEPSEEK_FALLBACK_MODELS = USERS[0], USERS[1:]


def chosen_models(profile=Profile.ADAPTIVE):
    with choose_sources(use_ai=True, profile=profile) as chosen:
        return [list(s.models) for s in chosen.sources], list(chosen.notices)


@database
def test_a_run_asks_what_is_listed_today_and_says_so_in_one_line(speaking, sixteen):
    speaking(StandIn(listed=[Listed(USERS[2]), Listed("n/a:free"), Listed("n/paid", paid=True)]), lists=True)
    (models,), notices = chosen_models()
    assert models == [USERS[2], "n/a:free"]
    assert notices[1:] == ["5 de sus 6 modelos ya no se ofrecen; se prueban en su lugar: n/a:free."]
    assert "con 2 modelos" in notices[0]


@database
def test_the_specifications_profile_asks_the_users_chain_untouched(speaking, sixteen):
    speaking(StandIn(listed=[Listed("n/a:free")]), lists=True)
    (models,), notices = chosen_models(Profile.SPECIFICATION)
    assert models == USERS
    assert len(notices) == 1


@database
def test_a_list_is_asked_for_once_in_six_hours(speaking, sixteen):
    standin = speaking(StandIn(listed=[Listed("n/a:free")]), lists=True)
    chosen_models()
    standin._listed = {"n/b:free": Listed("n/b:free")}
    assert chosen_models()[0] == [["n/a:free"]]
    ListaModelos.objects.update(obtenida=timezone.now() - timedelta(hours=6, seconds=1))
    assert chosen_models()[0] == [["n/b:free"]]


@database
@pytest.mark.parametrize("broken", ["empty", "gone"])
def test_the_last_good_copy_serves_while_the_list_cannot_be_had(speaking, sixteen, settings, broken):
    standin = speaking(StandIn(listed=[Listed("n/a:free")]), lists=True)
    chosen_models()
    ListaModelos.objects.update(obtenida=timezone.now() - timedelta(days=3))
    if broken == "empty":
        standin._listed = {}
    else:
        standin.__class__ = type("Gone", (StandIn,), {"_answer": _gone})
    assert chosen_models()[0] == [["n/a:free"]]
    assert ListaModelos.objects.get().obtenida < timezone.now() - timedelta(days=2)


async def _gone(self, scope, body):
    from tests.doubles.standin.shapes import Reply

    return Reply(503, "down")


@database
def test_a_list_can_be_asked_for_anew(speaking, sixteen):
    standin = speaking(StandIn(listed=[Listed("n/a:free")]), lists=True)
    chosen_models()
    standin._listed = {"n/b:free": Listed("n/b:free")}
    there = accounts.configured().accounts
    with remembering(there) as memory:
        made = asyncio.run(discovery.chains(there, clients_of(there), memory, anew=True))
    assert made["127-0-0-1"].models == ("n/b:free",)


def test_without_a_database_the_list_is_asked_for_each_time(speaking, sixteen):
    standin = speaking(StandIn(listed=[Listed("n/a:free")]), lists=True)
    assert chosen_models()[0] == [["n/a:free"]]
    standin._listed = {"n/b:free": Listed("n/b:free")}
    assert chosen_models()[0] == [["n/b:free"]]


@database
def test_own_experience_decides_between_equals(speaking, sixteen):
    speaking(StandIn(listed=[Listed("n/a:free"), Listed("n/b:free")]), lists=True)
    chosen_models()
    good = {"good": 9.0, "asked": 90.0, "got": 90.0, "latency": 1.0, "size": 30}
    ModeloIA.objects.create(cuenta=ListaModelos.objects.get().cuenta, modelo="n/b:free", registro=good)
    assert chosen_models()[0] == [["n/b:free", "n/a:free"]]


@database
def test_auto_is_the_free_models_of_the_list_best_first(speaking, settings):
    standin = StandIn(listed=[Listed("n/a:free", parameters=()), Listed("n/b:free"), Listed("n/paid", paid=True)])
    speaking(standin, lists=True)
    settings.FLOTIA_PROVEEDORES = f"sola | {settings.DEEPSEEK_API_BASE} | - | auto"
    for profile in Profile:
        assert chosen_models(profile)[0] == [["n/b:free", "n/a:free"]]


@database
@pytest.mark.parametrize(
    ("there", "why"), [([Listed("n/x", paid=True)], "no dice qué modelos"), ([], "no ha dado su lista")]
)
def test_auto_at_a_provider_that_says_no_prices_leaves_the_account_out(speaking, settings, there, why):
    speaking(StandIn(listed=there), lists=True)
    settings.FLOTIA_PROVEEDORES = f"sola | {settings.DEEPSEEK_API_BASE} | - | auto"
    settings.FLOTIA_MODELO_LOCAL = "/no/such.gguf"
    models, notices = chosen_models()
    assert models == []
    assert "Datos locales, sin IA" in notices[0]
    assert f"La cuenta sola queda fuera: su proveedor {why}" in notices[1]


def test_a_server_that_hangs_holds_nobody_up(speaking, sixteen, monkeypatch):
    async def hangs(self, scope, body):
        await asyncio.sleep(30)

    standin = speaking(StandIn())
    monkeypatch.setattr(discovery, "_PATIENCE", 0.3)
    standin.__class__ = type("Hangs", (StandIn,), {"_answer": hangs})
    assert chosen_models()[0] == [USERS]
