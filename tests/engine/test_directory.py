"""What a provider says of itself, and what is believed of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotia.clients.directory import offers, standing
from flotia.outcome import Offer, Standing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
ENTRY = {
    "id": "meta-llama/llama-3.3-70b-instruct:free",
    "canonical_slug": "meta-llama/llama-3.3-70b-instruct",
    "name": "Meta: Llama 3.3 70B Instruct (free)",
    "created": 1733506137,
    "context_length": 65536,
    "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
    "pricing": {"prompt": "0", "completion": "0", "request": "0", "image": "0"},
    "top_provider": {"context_length": 65536, "max_completion_tokens": None, "is_moderated": False},
    "supported_parameters": ["max_tokens", "temperature", "structured_outputs", "response_format"],
    "expiration_date": None,
}
OFFER = Offer(ENTRY["id"], 65536, frozenset(ENTRY["supported_parameters"]), free=True)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def listed(**changes):
    return offers({"data": [{**ENTRY, **changes}]}, NOW)


# --- the account ------------------------------------------------------------------------------------------------------


def key(**daily):
    return {"data": {"label": "sk-or-v1-…", "is_free_tier": True, "usage": 0, "free_model_daily_requests": daily}}


@pytest.mark.parametrize(("body", "said"), [
    (key(used=12, limit=50, remaining=38), Standing(12, 50)),
    (key(used=0, limit=1000, remaining=1000), Standing(0, 1000)),
    (key(used=12, limit=50), Standing(12, 50)),
    (key(limit=50, remaining=38), Standing(12, 50)),
    (key(used=10, limit=50, remaining=30), Standing(20, 50)),
    (key(used=55, limit=50, remaining=0), Standing(55, 50)),
    (key(limit=50, remaining=60), Standing(0, 50)),
])  # fmt: skip
def test_the_days_requests_are_read_and_of_two_counts_the_larger_is_believed(body, said):
    assert standing(body) == said


@pytest.mark.parametrize("body", [
    None, [], "x", {}, {"data": None}, {"data": []}, {"data": {"is_free_tier": True}}, key(), key(limit=50), key(used=3),
    key(used="12", limit="50"), key(used=True, limit=True), key(used=-1, limit=50), key(used=3, limit=-50),
    key(used=3, limit=10**12), key(used=1.5, limit=50), {"data": {"free_model_daily_requests": [1, 2]}},
    {"error": {"code": 401, "message": "No auth credentials found"}},
])  # fmt: skip
def test_what_cannot_be_read_of_an_account_is_not_known_and_never_zero(body):
    assert standing(body) is None


@given(JUNK, JUNK, JUNK)
def test_no_answer_about_an_account_makes_it_raise(limit, used, whole):
    for body in (key(limit=limit, used=used, remaining=whole), {"data": whole}, whole):
        assert standing(body) is None or isinstance(standing(body), Standing)


# --- the models -------------------------------------------------------------------------------------------------------


def test_a_model_is_offered_with_its_context_and_what_it_obeys():
    assert listed() == (OFFER,)


@pytest.mark.parametrize("changes", [
    {"pricing": {"prompt": "0.0000001", "completion": "0"}}, {"pricing": {"prompt": "0", "completion": "0.1"}},
    {"pricing": {"prompt": "0"}}, {"pricing": {"prompt": 0, "completion": 0}}, {"pricing": {"prompt": "", "completion": ""}},
    {"pricing": None}, {"pricing": ["0", "0"]}, {"pricing": {"prompt": "-1", "completion": "-1"}},
    {"pricing": {"prompt": "nan", "completion": "nan"}}, {"id": "meta-llama/llama-3.3-70b-instruct"},
])  # fmt: skip
def test_only_what_is_marked_free_and_costs_nothing_as_a_string_is_free(changes):
    [offer] = listed(**changes)
    assert not offer.free


@pytest.mark.parametrize("price", ["0", "0.0", "0.000000", "0e0"])
def test_zero_is_zero_however_it_is_written(price):
    [offer] = listed(pricing={"prompt": price, "completion": price})
    assert offer.free


@pytest.mark.parametrize("changes", [
    {"id": None}, {"id": 7}, {"id": ""}, {"id": "x" * 200}, {"id": "=cmd|' /C calc'!A0"}, {"id": "a b"}, {"id": "a\nb"},
    {"id": "ñ:free"}, {"architecture": {"output_modalities": ["image"]}}, {"architecture": {"output_modalities": []}},
    {"expiration_date": "2026-11-22"}, {"expiration_date": "2025-01-01T00:00:00Z"}, {"expiration_date": NOW - 1},
    {"expiration_date": "soon"}, {"expiration_date": ["2027-01-01"]}, {"expiration_date": 1e300},
])  # fmt: skip
def test_what_is_no_text_model_of_today_is_not_offered(changes):
    assert listed(**changes) == ()


@pytest.mark.parametrize("changes", [
    {"expiration_date": "2026-11-23"}, {"expiration_date": "2027-01-01T00:00:00+02:00"}, {"expiration_date": NOW + 1},
    {"expiration_date": ""}, {"architecture": None}, {"architecture": {}}, {"architecture": {"output_modalities": "text"}},
    {"architecture": {"output_modalities": ["text", "image"]}}, {"name": 7, "created": None},
])  # fmt: skip
def test_what_is_missing_or_lies_ahead_excludes_no_model(changes):
    assert listed(**changes) == (OFFER,)


@pytest.mark.parametrize(("changes", "context", "parameters"), [
    ({"context_length": None}, 0, OFFER.parameters), ({"context_length": "65536"}, 0, OFFER.parameters),
    ({"context_length": -5}, 0, OFFER.parameters), ({"supported_parameters": None}, 65536, frozenset()),
    ({"supported_parameters": "structured_outputs"}, 65536, frozenset()),
    ({"supported_parameters": ["structured_outputs", 7, None]}, 65536, {"structured_outputs"}),
])  # fmt: skip
def test_fields_of_another_type_are_not_known(changes, context, parameters):
    assert listed(**changes) == (Offer(ENTRY["id"], context, frozenset(parameters), free=True),)


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"data": None}, {"data": {"models": []}}, {"error": {"code": 500}}]
)
def test_what_is_no_list_of_models_is_told_from_an_empty_one(body):
    assert offers(body, NOW) is None
    assert offers({"data": []}, NOW) == ()


def test_entries_that_are_none_are_passed_over_and_a_list_without_end_is_not_followed():
    assert offers({"data": [None, 7, [], "x", {}, ENTRY]}, NOW) == (OFFER,)
    assert len(offers({"data": [ENTRY] * 20_000}, NOW)) == 5000


@given(
    st.lists(
        st.fixed_dictionaries({"id": st.just("a/b:free")}, optional={k: JUNK for k in ENTRY if k != "id"}), max_size=3
    )
)
def test_no_list_makes_it_raise(entries):
    for offer in offers({"data": entries}, NOW):
        assert offer.model == "a/b:free"
        assert offer.context >= 0
