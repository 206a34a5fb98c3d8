"""The stand-in itself: as faithful as the proving ground has to be."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass

import pytest

from flotia.judgement.likeness import RecentTexts
from tests.doubles.standin import Account, Listed, StandIn, Window, lognormal, presets, serving_apart
from tests.doubles.standin.shapes import CHARS_PER_TOKEN, SHAPES, Context

DAY = 86_400.0
SLOTS = "fichas (id; marca; modelo; año; combustible; km; precio):\n\n7; SEAT; Ibiza; 2020; Gasolina; 40000-50000; 11000-13000\n\n"
TEN = "\n".join(f"{n}; SEAT; Ibiza; 2020; Gasolina; 40000-50000; 11000-13000" for n in range(10))
LISTS = '\n\nDevuelve {"v":[[id,"versión","M" o "A",cm³,CV,km,precio,"color",["equipo",…],"texto"],…]}'


class Now:
    """A clock in the test's hand."""

    moment = 20_000 * DAY + 10

    def __call__(self):
        return self.moment


@dataclass
class Got:
    """A decoded answer."""

    status: int
    headers: dict
    body: dict

    @property
    def text(self):
        return self.body["choices"][0]["message"]["content"]

    @property
    def source(self):
        return self.body["error"]["metadata"]["limit_source"]


async def acall(standin, method, path, body=None, key=""):
    """One request straight into the application."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(body or {}).encode(), "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    await standin({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    raw = b"".join(m.get("body", b"") for m in sent[1:])
    told = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Got(sent[0]["status"], told, json.loads(raw) if raw[:1] in (b"{", b"[") else {})


def call(*args, **more):
    return asyncio.run(acall(*args, **more))


def asking(model="a:free", prompt=SLOTS, **body):
    return {"model": model, "messages": [{"content": "s"}, {"content": prompt}], "max_tokens": 3500, **body}


def chat(standin, model="a:free", key="", **body):
    return call(standin, "POST", "/api/v1/chat/completions", asking(model, **body), key)


def statuses(standin, times, model="a:free"):
    return [chat(standin, model).status for _ in range(times)]


def said(shape, prompt, **body):
    """The text of a shape, asked directly."""
    reply = SHAPES[shape](Context({"model": "a", "messages": [{"content": prompt}], **body}, 0.0, random.Random(2)))
    return reply.body["choices"][0]["message"]["content"]


# What is answered


def test_a_good_answer_completes_the_slots_of_the_prompt():
    got = chat(StandIn())
    [row] = json.loads(got.text)["vehiculos"]
    assert got.status == 200
    assert (row["id"], row["marca"], row["modelo"], row["anio_matricula"]) == (7, "SEAT", "Ibiza", 2020)
    assert 40_000 <= row["kilometros"] <= 50_000
    assert 11_000 <= row["precio_venta"] <= 13_000
    assert 5 <= len(row["equipamiento"]) <= 8


def test_a_prompt_that_asks_for_lists_gets_lists_in_its_order():
    rows = json.loads(said("ok", TEN + LISTS))["v"]
    assert [r[0] for r in rows] == list(range(10))
    for _, version, gearbox, size, power, km, price, colour, extras, text in rows:
        assert f"{power} CV" in version
        assert gearbox in {"M", "A"}
        assert 900 <= size <= 2100
        assert 40_000 <= km <= 50_000
        assert 11_000 <= price <= 13_000
        assert colour
        assert len(set(extras)) in {3, 4}
        assert 15 <= len(text.split()) <= 25


@pytest.mark.parametrize(("shape", "rows"), [
    ("ok", lambda t: json.loads(t)["v"]),
    ("fenced", lambda t: json.loads(t.removeprefix("```json\n").removesuffix("\n```"))["v"]),
    ("prose", lambda t: json.loads(t.split("\n\n")[1])["v"]),
    ("thinking", lambda t: json.loads(t.split("</think>")[1])["v"]),
    ("bare_list", json.loads),
    ("lines", lambda t: [json.loads(line) for line in t.split("\n")]),
    ("other_model", lambda t: json.loads(t)["v"]),
    ("renumbered", lambda t: [[0, *r[1:]] for r in json.loads(t)["v"]]),
    ("duplicates", lambda t: json.loads(t)["v"]),
    ("wrong_fields", lambda t: json.loads(t)["v"]),
    ("other_cars", lambda t: json.loads(t)["v"]),
])  # fmt: skip
def test_every_shape_speaks_in_lists_where_lists_are_asked_for(shape, rows):
    assert [len(r) for r in rows(said(shape, TEN + LISTS))] == [10] * 10


def test_faulty_lists_have_the_faults_of_faulty_objects():
    assert len(json.loads(said("short", TEN + LISTS))["v"]) == 8
    assert {r[0] for r in json.loads(said("duplicates", TEN + LISTS))["v"]} == {0}
    assert "9.9 V16 Turbo Galaxia" in said("wrong_fields", TEN + LISTS)
    assert {r[1] for r in json.loads(said("other_cars", TEN + LISTS))["v"]} == {"Koral 55 GVL"}
    for shape in ("truncated", "broken_json"):
        text = said(shape, TEN + LISTS)
        assert text.startswith('{"v":[[0,')
        with pytest.raises(ValueError, match=r"."):
            json.loads(text)


def test_a_brand_that_only_models_know_is_answered_in_objects():
    prompt = "Completa estas 2 fichas de coches de ocasión de la marca Lada, una por línea (id; año; km):\n\n3; 2015; 90000-100000\n4; 2016; 1-99 (km 0)\n"
    assert [r["marca"] for r in json.loads(said("ok", prompt))["vehiculos"]] == ["Lada", "Lada"]


@pytest.mark.parametrize("wording", ["", LISTS])
def test_hardly_any_text_of_a_run_is_like_another(wording):
    """The engine refuses texts that are too like another of its last 1000: of one model's, less than one in a hundred."""
    lines = "".join(f"{n}; SEAT; Ibiza; 2020; Gasolina; 40000-50000; 11000-13000\n" for n in range(1000))
    body = {"messages": [{"content": lines + wording}]}
    recent = RecentTexts()
    repeated = sum(recent.met_before(row["descripcion"]) for row in Context(body, 0.0, random.Random(4)).rows)
    assert repeated < 10


# Tokens


def test_an_answer_longer_than_the_limit_is_cut_there_and_says_so():
    whole = chat(StandIn(), prompt=TEN)
    cut = chat(StandIn(), prompt=TEN, max_tokens=500)
    assert (cut.body["choices"][0]["finish_reason"], cut.body["usage"]["completion_tokens"]) == ("length", 500)
    assert len(cut.text) == 500 * CHARS_PER_TOKEN
    assert whole.text.startswith(cut.text)
    assert whole.body["choices"][0]["finish_reason"] == "stop"
    assert 500 < whole.body["usage"]["completion_tokens"] < 3500


def test_without_a_limit_nothing_is_cut():
    assert len(json.loads(said("ok", TEN))["vehiculos"]) == 10


def test_an_answer_that_was_all_reasoning_has_used_the_limit_up():
    got = chat(StandIn({"*": "reasoning_only"}))
    assert (got.text, got.body["usage"]["completion_tokens"]) == (None, 3500)


def test_a_request_that_does_not_fit_into_the_model_is_refused():
    standin = StandIn(context={"small:free": 3000, "*": 32_768})
    refused = chat(standin, "small:free")
    assert (refused.status, standin.calls[-1].shape) == (400, "too_long")
    assert "maximum context length is 3000 tokens" in refused.body["error"]["message"]
    assert chat(standin, "small:free", max_tokens=2000).status == 200
    assert chat(standin, "large:free").status == 200


# The account


def test_the_minute_window_slides_and_names_its_reset():
    now = Now()
    standin = StandIn(account=Account(per_minute=2), now=now)
    assert statuses(standin, 3) == [200, 200, 429]
    metadata = chat(standin).body["error"]["metadata"]
    assert metadata["limit_source"] == "openrouter_free_tier_per_minute"
    assert int(metadata["headers"]["X-RateLimit-Reset"]) == (now.moment + 60) * 1000
    now.moment += 61
    assert chat(standin).status == 200


def test_the_day_ends_at_midnight_utc_and_all_models_share_it():
    now = Now()
    standin = StandIn(account=Account(per_day=2), now=now)
    assert [chat(standin, m).status for m in ("a:free", "b:free", "c:free")] == [200, 200, 429]
    metadata = chat(standin).body["error"]["metadata"]
    assert int(metadata["headers"]["X-RateLimit-Reset"]) == 20_001 * DAY * 1000
    now.moment = 20_001 * DAY + 1
    assert chat(standin).status == 200


@pytest.mark.parametrize(("counts", "after_a_minute"), [(False, 200), (True, 429)])
def test_refused_calls_count_only_where_they_are_said_to(counts, after_a_minute):
    now = Now()
    standin = StandIn(account=Account(per_minute=1, counts_refused=counts), now=now)
    assert statuses(standin, 1) == [200]
    now.moment += 30
    assert statuses(standin, 1) == [429]
    now.moment += 31
    assert statuses(standin, 1) == [after_a_minute]


def test_calls_after_the_days_end_was_told_are_counted():
    standin = StandIn(account=Account(per_day=2), now=Now())
    statuses(standin, 3)
    assert (len(standin.said_stop), standin.calls_after_stop) == (1, 0)
    statuses(standin, 2)
    assert (len(standin.said_stop), standin.calls_after_stop) == (3, 2)
    scripted = StandIn({"*": ["ok", "daily_limit_old", "minute_limit", "ok"]})
    statuses(scripted, 4)
    assert (len(scripted.said_stop), scripted.calls_after_stop) == (1, 2)


def test_the_peak_is_the_busiest_minute_of_accepted_calls():
    now = Now()
    standin = StandIn(account=Account(per_minute=3), now=now)
    assert standin.peak_in_minute == 0
    for wait in (0, 50, 9, 0, 0, 2, 100):
        now.moment += wait
        chat(standin)
    assert [c.shape for c in standin.calls] == ["ok", "ok", "ok", "account", "account", "ok", "ok"]
    assert standin.peak_in_minute == 3


def test_the_key_route_tells_the_quota_only_where_there_is_one():
    standin = StandIn(account=Account(per_day=50), now=Now())
    chat(standin)
    quota = call(standin, "GET", "/api/v1/key").body["data"]["free_model_daily_requests"]
    assert quota == {"used": 1, "limit": 50, "remaining": 49}
    assert "free_model_daily_requests" not in call(StandIn(), "GET", "/api/v1/key").body["data"]


def test_the_key_routes_figures_lag_as_a_cache_makes_them():
    now = Now()
    standin = StandIn(account=Account(per_day=50, key_lag=60), now=now)

    def used():
        return call(standin, "GET", "/api/v1/key").body["data"]["free_model_daily_requests"]["used"]

    statuses(standin, 2)
    assert used() == 0
    now.moment += 61
    assert used() == 2


def test_a_wrong_key_is_refused_where_a_key_is_wanted():
    standin = StandIn({"a:free": "ok"}, account=Account(key="right"))
    assert chat(standin, key="wrong").status == 401
    assert call(standin, "GET", "/api/v1/key").status == 401
    assert call(standin, "GET", "/api/v1/models/user", key="wrong").status == 401
    assert call(standin, "GET", "/api/v1/models").status == 200
    assert call(standin, "GET", "/api/v1/models/user", key="right").status == 200
    assert chat(standin, key="right").status == 200
    assert len(standin.calls) == 1


# Models


def test_a_model_plays_its_script_over_and_over_and_calls_are_counted():
    standin = StandIn({"a:free": ["ok", "e500"], "*": "retired"})
    assert statuses(standin, 4) == [200, 500, 200, 500]
    assert chat(standin, "z:free").status == 404
    assert standin.by_model == {"a:free": 4, "z:free": 1}
    assert [c.shape for c in standin.calls] == ["ok", "e500", "ok", "e500", "retired"]
    assert [c.status for c in standin.calls] == [200, 500, 200, 500, 404]


def test_a_model_that_is_not_there_and_a_route_that_is_not():
    assert chat(StandIn({"a:free": "ok"}), "b:free").status == 400
    assert call(StandIn(), "GET", "/nowhere").status == 404
    assert len(SHAPES) >= 30


def test_a_models_own_window_slides_and_names_its_reset():
    now = Now()
    standin = StandIn(windows={"*": Window(2, 10)}, now=now)
    statuses(standin, 1)
    now.moment += 2.5
    assert statuses(standin, 1) == [200]
    refused = chat(standin)
    assert (refused.status, refused.source) == (429, "model_requests")
    assert refused.body["error"]["message"].startswith("Rate limit reached for model `a:free`")
    assert refused.headers["Retry-After"] == "8"
    assert {k: v for k, v in refused.headers.items() if k.startswith("x-")} == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "7.5s",
    }
    assert statuses(standin, 1, "b:free") == [200]
    now.moment += 7.5
    assert statuses(standin, 2) == [200, 429]


def test_a_window_may_leave_its_reset_to_one_header():
    standin = StandIn(windows={"a:free": Window(1, 10, named=False)}, now=Now())
    statuses(standin, 1)
    assert {h for h in chat(standin).headers if h.startswith(("x-", "Retry"))} == {"Retry-After"}
    assert statuses(standin, 2, "b:free") == [200, 200]


def test_good_answers_tell_the_window_where_it_is_said_to():
    now = Now()
    standin = StandIn(windows={"*": Window(4, 90, headers_on_success=True)}, now=now)
    statuses(standin, 1)
    now.moment += 10
    headers = chat(standin).headers
    assert headers["x-ratelimit-remaining-requests"] == "2"
    assert headers["x-ratelimit-reset-requests"] == "1m20s"
    assert not [h for h in chat(StandIn(windows={"*": Window(4, 90)})).headers if h.startswith("x-")]


def test_a_model_fails_and_recovers_on_schedule():
    now = Now()
    standin = StandIn(
        {"a:free": ["ok", "short"]}, schedule={"a:free": [(5, 10, "upstream_limit"), (20, 30, "retired")]}, now=now
    )
    now.moment += 100  # seconds count from the first call
    shapes = []
    for wait in (0, 5, 2, 3, 10, 10):
        now.moment += wait
        got = chat(standin)
        shapes.append(standin.calls[-1].shape)
        if wait == 2:
            assert got.headers["Retry-After"] == "3"
    assert shapes == ["ok", "upstream_limit", "upstream_limit", "short", "retired", "ok"]


def test_answers_take_their_time_and_failures_none():
    slow = {"a:free": 0.1, "*": 60.0}
    windows = {"a:free": Window(1, 60)}
    standin = StandIn({"a:free": "ok", "b:free": "e500", "c:free": "error_in_200"}, latency=slow, windows=windows)
    for model in ("a:free", "a:free", "b:free", "c:free"):
        chat(standin, model)
    answered, *refused = [c.ended - c.started for c in standin.calls]
    assert answered >= 0.1
    assert max(refused) < 0.05


def test_log_normal_latencies_have_the_mean_they_are_given():
    draw, dice = lognormal(0.3), random.Random(1)
    drawn = [draw(dice) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(0.3, rel=0.03)
    assert max(drawn) > 1


def test_calls_in_flight_are_counted_at_their_most():
    standin = StandIn(latency=0.05)

    async def together():
        await asyncio.gather(*(acall(standin, "POST", "/v1/chat/completions", asking()) for _ in range(5)))

    asyncio.run(together())
    assert standin.most_in_flight == 5


# The lists


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/models/user"])
def test_the_model_lists_tell_free_from_paid(path):
    models = call(StandIn({"a:free": "ok", "b": "ok", "*": "ok"}, context=8192), "GET", path).body["data"]
    assert {m["id"]: m["pricing"]["prompt"] for m in models} == {"a:free": "0", "b": "0.1"}
    assert models[0] == {
        "id": "a:free", "context_length": 8192, "expiration_date": None, "pricing": {"prompt": "0", "completion": "0"},
        "architecture": {"output_modalities": ["text"]},
        "supported_parameters": ["max_tokens", "temperature", "structured_outputs"],
    }  # fmt: skip


def test_a_list_may_be_written_by_hand_and_its_contexts_hold():
    written = [
        Listed("a:free", context=1000),
        Listed("b:free", expires="2026-01-01", output=("image",)),
        Listed("c", paid=True),
    ]
    standin = StandIn(listed=written)
    models = {m["id"]: m for m in call(standin, "GET", "/api/v1/models").body["data"]}
    assert (models["b:free"]["expiration_date"], models["b:free"]["architecture"]) == (
        "2026-01-01",
        {"output_modalities": ["image"]},
    )
    assert models["c"]["pricing"]["completion"] != "0"
    assert chat(standin).status == 400
    assert chat(standin, "b:free").status == 200


def test_a_response_format_is_dropped_silently_unless_the_model_lists_it():
    listed = [Listed("obeys:free", parameters=("response_format",)), Listed("not:free")]
    standin = StandIn({"obeys:free": "fenced", "not:free": "fenced", "refuses:free": "unsupported"}, listed=listed)
    assert json.loads(chat(standin, "obeys:free", response_format={}).text)
    assert chat(standin, "obeys:free").text.startswith("```")
    assert chat(standin, "not:free", response_format={}).text.startswith("```")
    assert chat(standin, "refuses:free", response_format={}).status == 404
    assert chat(standin, "refuses:free").status == 200


# Workloads


def test_faults_come_from_the_first_four_of_sixteen_models():
    now = Now()
    standin = presets.faults(latency=0.0, now=now)
    shapes = {m: Counter() for m in presets.MODELS}
    for _ in range(20):
        for model in presets.MODELS:
            chat(standin, model)
            shapes[model][standin.calls[-1].shape] += 1
        now.moment += 1
    first, second, dead, breaking, *well = shapes.values()
    assert first == second == {"ok": 10, "upstream_limit": 10}
    assert dead == {"retired": 20}
    assert breaking == {"ok": 16, "broken_json": 2, "truncated": 2}
    assert len(well) == 12
    assert all(s == {"ok": 20} for s in well)


def test_the_other_workloads_are_what_they_say():
    quota = presets.quota(latency=0.0, now=Now())
    assert statuses(quota, 5, presets.MODELS[0]) == [200] * 4 + [429]
    assert statuses(quota, 1, presets.MODELS[1]) == [200]
    account = presets.free_account(latency=0.0, now=Now())
    assert statuses(account, 21, presets.MODELS[0])[-2:] == [200, 429]
    one, other = presets.dirty(5, latency=0.0), presets.dirty(5, latency=0.0)
    for standin in (one, other):
        statuses(standin, 40, presets.MODELS[3])
    assert one.by_shape == other.by_shape
    assert 10 < one.by_shape["ok"] < 35


def test_what_was_seen_can_be_fetched():
    standin = StandIn({"a:free": ["ok", "e500"]}, now=Now())
    statuses(standin, 3)
    seen = call(standin, "GET", "/_seen").body
    assert (seen["total"], seen["by_model"], seen["by_shape"]) == (3, {"a:free": 3}, {"ok": 2, "e500": 1})
    assert (seen["most_in_flight"], seen["peak_in_minute"], seen["calls_after_stop"]) == (1, 3, 0)
    first = seen["calls"][0]
    assert (first["model"], first["slots"], first["at"], first["max_tokens"]) == ("a:free", 1, 0.0, 3500)
    assert [c["at"] for c in seen["calls"]] == sorted(c["at"] for c in seen["calls"])


def test_what_was_seen_is_told_on_loopback_only():
    async def from_afar():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/_seen", "headers": [], "client": ("192.0.2.7", 1)}
        await StandIn()(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(from_afar()) == 404


def test_a_process_of_its_own_serves_a_workload_and_tells_what_it_saw():
    import urllib.request

    with serving_apart(["--preset", "quota", "--latency", "0", "--models", "a:free,b:free", "--seed", "4"]) as apart:
        request = urllib.request.Request(
            apart.base + "/chat/completions", json.dumps(asking()).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            assert json.load(answer)["choices"]
        assert apart.seen()["by_model"] == {"a:free": 1}


def test_flags_that_make_no_sense_do_not_start_it():
    with pytest.raises(RuntimeError, match="did not start"), serving_apart(["--models", "a:free"]):
        pass
