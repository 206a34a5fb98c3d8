"""The stand-in itself: as faithful as the proving ground has to be."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.doubles.standin import Account, StandIn
from tests.doubles.standin.shapes import SHAPES

DAY = 86_400.0
PROMPT = "fichas (id; marca; modelo; año; combustible; km; precio):\n\n7; SEAT; Ibiza; 2020; Gasolina; 40000-50000; 11000-13000\n\n"


class Now:
    """A clock in the test's hand."""

    moment = 20_000 * DAY + 10

    def __call__(self):
        return self.moment


def call(standin, method, path, body=None, key=""):
    """One request straight into the application; status and decoded body."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(body or {}).encode(), "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    asyncio.run(standin({"type": "http", "method": method, "path": path, "headers": headers}, receive, send))
    return sent[0]["status"], json.loads(b"".join(m.get("body", b"") for m in sent[1:]))


def chat(standin, model="a:free", key=""):
    messages = [{"content": "s"}, {"content": PROMPT}]
    return call(
        standin, "POST", "/api/v1/chat/completions", {"model": model, "messages": messages, "max_tokens": 9}, key
    )


def test_a_good_answer_completes_the_slots_of_the_prompt():
    status, body = chat(StandIn())
    [row] = json.loads(body["choices"][0]["message"]["content"])["vehiculos"]
    assert status == 200
    assert (row["id"], row["marca"], row["modelo"], row["anio_matricula"]) == (7, "SEAT", "Ibiza", 2020)
    assert 40_000 <= row["kilometros"] <= 50_000
    assert 11_000 <= row["precio_venta"] <= 13_000


def test_the_minute_window_slides_and_names_its_reset():
    now = Now()
    standin = StandIn(account=Account(per_minute=2), now=now)
    assert [chat(standin)[0] for _ in range(3)] == [200, 200, 429]
    metadata = chat(standin)[1]["error"]["metadata"]
    assert metadata["limit_source"] == "openrouter_free_tier_per_minute"
    assert int(metadata["headers"]["X-RateLimit-Reset"]) == (now.moment + 60) * 1000
    now.moment += 61
    assert chat(standin)[0] == 200


def test_the_day_ends_at_midnight_utc_and_all_models_share_it():
    now = Now()
    standin = StandIn(account=Account(per_day=2), now=now)
    assert [chat(standin, m)[0] for m in ("a:free", "b:free", "c:free")] == [200, 200, 429]
    metadata = chat(standin)[1]["error"]["metadata"]
    assert int(metadata["headers"]["X-RateLimit-Reset"]) == 20_001 * DAY * 1000
    now.moment = 20_001 * DAY + 1
    assert chat(standin)[0] == 200


def test_the_key_route_tells_the_quota_only_where_there_is_one():
    standin = StandIn(account=Account(per_day=50), now=Now())
    chat(standin)
    quota = call(standin, "GET", "/api/v1/key")[1]["data"]["free_model_daily_requests"]
    assert quota == {"used": 1, "limit": 50, "remaining": 49}
    assert "free_model_daily_requests" not in call(StandIn(), "GET", "/api/v1/key")[1]["data"]


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/models/user"])
def test_the_model_lists_tell_free_from_paid(path):
    models = call(StandIn({"a:free": "ok", "b": "ok", "*": "ok"}), "GET", path)[1]["data"]
    assert {m["id"]: m["pricing"]["prompt"] for m in models} == {"a:free": "0", "b": "0.1"}


def test_a_wrong_key_is_refused_on_every_route():
    standin = StandIn(account=Account(key="right"))
    assert chat(standin, key="wrong")[0] == 401
    assert call(standin, "GET", "/api/v1/key")[0] == 401
    assert chat(standin, key="right")[0] == 200


def test_a_model_plays_its_script_over_and_over_and_calls_are_counted():
    standin = StandIn({"a:free": ["ok", "e500"], "*": "retired"})
    assert [chat(standin)[0] for _ in range(4)] == [200, 500, 200, 500]
    assert chat(standin, "z:free")[0] == 404
    assert standin.by_model == {"a:free": 4, "z:free": 1}
    assert [c.shape for c in standin.calls] == ["ok", "e500", "ok", "e500", "retired"]


def test_a_model_that_is_not_there_and_a_route_that_is_not():
    assert chat(StandIn({"a:free": "ok"}), "b:free")[0] == 400
    standin = StandIn()
    sent = []

    async def go():
        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await standin({"type": "http", "method": "GET", "path": "/nowhere", "headers": []}, receive, send)

    asyncio.run(go())
    assert sent[0]["status"] == 404
    assert len(SHAPES) >= 30
