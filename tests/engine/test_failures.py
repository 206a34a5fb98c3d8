"""Every way a free model API is known to fail: how far it reaches, what is done, what the user reads.

Each shape comes over a real socket from the stand-in, through the real client.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from flotia.clients import failures
from flotia.clients.openai_compatible import Endpoint, OpenAICompatibleClient
from flotia.errors import RequestError
from flotia.outcome import Answer, Failure, Kind, Remedy, Scope
from flotia.ports import ChatRequest
from tests.doubles.standin import Account, StandIn, serving
from tests.doubles.standin.shapes import SHAPES

KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"
PROMPT = "Completa estas 1 fichas, una por línea (id; marca; modelo; año; combustible; km; precio):\n\n0; SEAT; Ibiza; 2020; Gasolina; 40000-50000; 11000-13000\n\n"


def ask(base, model="modelo/uno:free", *, key=KEY, deadline=10.0, schema=None):
    async def one():
        async with OpenAICompatibleClient(Endpoint(base, key, deadline=deadline)) as client:
            return await client.complete(ChatRequest(model, "Eres…", PROMPT, 3500, schema))

    return asyncio.run(one())


@pytest.fixture(scope="module")
def base():
    with serving(StandIn({f"{name}:free": name for name in SHAPES})) as address:
        yield address


GOOD = ["ok", "fenced", "prose", "thinking", "bare_list", "lines", "renumbered", "short", "duplicates", "wrong_fields",
        "other_cars", "unreadable"]  # fmt: skip

FAILURES = [
    # limits
    ("minute_limit", Kind.MINUTE_LIMIT, Scope.ACCOUNT, Remedy.WAIT_ACCOUNT, "Límite por minuto de la cuenta."),
    ("minute_limit_old", Kind.MINUTE_LIMIT, Scope.ACCOUNT, Remedy.WAIT_ACCOUNT, "Límite por minuto de la cuenta."),
    ("daily_limit", Kind.DAILY_LIMIT, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "cupo diario de la cuenta; vuelve a haber a las "),
    ("daily_limit_old", Kind.DAILY_LIMIT, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "cupo diario de la cuenta; vuelve a haber"),
    ("daily_limit_high", Kind.DAILY_LIMIT, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "cupo diario de la cuenta"),
    ("upstream_limit", Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, "El modelo está limitado ahora"),
    ("upstream_limit_old", Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, "El modelo está limitado ahora"),
    ("bare_429", Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, "El modelo está limitado ahora"),
    ("string_code", Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, "El modelo está limitado ahora"),
    # refusals
    ("bad_key", Kind.BAD_KEY, Scope.RUN, Remedy.STOP_RUN, "rechaza la clave (401). Compruebe DEEPSEEK_API_KEY"),
    ("no_credit", Kind.NO_CREDIT, Scope.MODEL, Remedy.COOL_MODEL, "El proveedor pide crédito"),
    ("key_cap", Kind.KEY_CAP, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "La clave llegó a su tope de gasto"),
    ("moderated", Kind.MODERATED, Scope.REQUEST, Remedy.NEXT_MODEL, "La petición no pasó la moderación"),
    ("forbidden", Kind.FORBIDDEN, Scope.MODEL, Remedy.SKIP_MODEL, "La cuenta no puede usar este modelo"),
    ("retired", Kind.RETIRED, Scope.MODEL, Remedy.DROP_MODEL, "El modelo ya no se ofrece gratis"),
    ("retired_paid_now", Kind.RETIRED, Scope.MODEL, Remedy.DROP_MODEL, "El modelo ya no se ofrece gratis"),
    ("retired_bad_id", Kind.RETIRED, Scope.MODEL, Remedy.DROP_MODEL, "El modelo ya no se ofrece gratis"),
    ("data_policy", Kind.DATA_POLICY, Scope.ACCOUNT, Remedy.SKIP_MODEL, "https://openrouter.ai/settings/privacy"),
    ("too_long", Kind.TOO_LONG, Scope.REQUEST, Remedy.NEXT_MODEL, "no le cabe al modelo"),
    ("bad_request", Kind.BAD_REQUEST, Scope.REQUEST, Remedy.NEXT_MODEL, "El modelo rechaza la petición"),
    ("no_such_route", Kind.NOT_AN_API, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "Revise DEEPSEEK_API_BASE"),
    # passing
    ("e408", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo pasajero del servidor"),
    ("e500", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo pasajero del servidor"),
    ("e502", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo pasajero del servidor"),
    ("e503", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo pasajero del servidor"),
    ("e524", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "página HTML con estado 524"),
    ("e529", Kind.UPSTREAM_FULL, Scope.MODEL, Remedy.COOL_MODEL, "El proveedor está saturado"),
    ("upstream_full", Kind.UPSTREAM_FULL, Scope.MODEL, Remedy.COOL_MODEL, "El proveedor está saturado"),
    ("html_502", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "página HTML con estado 502"),
    ("http_status_field", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo pasajero del servidor"),
    ("cut", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "se cortó a mitad de la respuesta"),
    # success that is none
    ("error_in_200", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Internal Server Error"),
    ("choice_error", Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Provider disconnected"),
    ("upstream_full_200", Kind.UPSTREAM_FULL, Scope.MODEL, Remedy.COOL_MODEL, "El proveedor está saturado"),
    ("choices_null", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "La respuesta llegó sin ninguna respuesta."),
    ("choices_empty", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "La respuesta llegó sin ninguna respuesta."),
    ("content_null", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "La respuesta llegó vacía."),
    ("content_empty", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "La respuesta llegó vacía."),
    ("reasoning_only", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "gastó el límite en razonar"),
    ("padding", Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, "La respuesta llegó vacía."),
    ("content_filter", Kind.FILTERED, Scope.REQUEST, Remedy.NEXT_MODEL, "filtro de contenido"),
    ("html_200", Kind.NOT_AN_API, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, "Revise DEEPSEEK_API_BASE"),
    ("charged", Kind.CHARGED, Scope.RUN, Remedy.STOP_RUN, "ha cobrado una llamada"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "kind", "scope", "remedy", "reads"), FAILURES, ids=[f[0] for f in FAILURES])
def test_a_failure_has_a_scope_a_remedy_and_a_sentence(base, shape, kind, scope, remedy, reads):
    outcome = ask(base, f"{shape}:free")
    assert isinstance(outcome, Failure), outcome
    assert (outcome.kind, outcome.scope, outcome.remedy) == (kind, scope, remedy)
    assert reads in outcome.message
    assert "\n" not in outcome.message
    assert outcome.latency > 0


@pytest.mark.parametrize("shape", GOOD)
def test_an_answer_is_an_answer_however_it_is_wrapped(base, shape):
    outcome = ask(base, f"{shape}:free")
    assert isinstance(outcome, Answer)
    assert (outcome.model, outcome.truncated) == (f"{shape}:free", False)
    assert outcome.prompt_tokens > 0


def test_every_shape_of_the_stand_in_is_in_one_table():
    covered = {
        *GOOD,
        *(f[0] for f in FAILURES),
        "other_model",
        "truncated",
        "broken_json",
        "unsupported",
        "drip",
        "hang",
    }
    assert covered == set(SHAPES)


def test_the_model_that_answered_is_recorded(base):
    assert ask(base, "other_model:free").model == "otra/casa-7b:free"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "a\nINFO: ✓ mentira", "\x1b[31mrojo", "x" * 500, 7, None])
def test_what_is_no_models_id_is_not_recorded_as_one(name):
    body = {"choices": [{"message": {"content": "[]"}}], "model": name}
    outcome = OpenAICompatibleClient.judge(failures.Raw(200, {}, body, ""), "pedido:free", 0.0)
    assert outcome.model == "pedido:free"


@pytest.mark.parametrize("shape", ["truncated", "broken_json"])
def test_a_text_that_stops_early_is_still_an_answer(base, shape):
    outcome = ask(base, f"{shape}:free")
    assert isinstance(outcome, Answer)
    assert outcome.truncated == (shape == "truncated")


def test_an_unsupported_format_is_asked_for_again_without_it(base):
    outcome = ask(base, "unsupported:free", schema={"type": "object"})
    assert (outcome.kind, outcome.scope, outcome.remedy) == (
        Kind.UNSUPPORTED_PARAMETER,
        Scope.REQUEST,
        Remedy.RETRY_PLAIN,
    )
    assert "se repite sin él" in outcome.message
    assert isinstance(ask(base, "unsupported:free"), Answer)


@pytest.mark.parametrize("shape", ["drip", "hang"])
def test_a_call_has_a_total_deadline_even_while_newlines_drip(base, shape):
    started = time.monotonic()
    outcome = ask(base, f"{shape}:free", deadline=1.0)
    assert (outcome.kind, outcome.scope, outcome.remedy) == (Kind.TIMEOUT, Scope.MODEL, Remedy.COOL_MODEL)
    assert outcome.message == "El modelo no terminó de responder en 1 s."
    assert time.monotonic() - started < 8


def test_a_paid_model_that_the_user_wrote_down_may_cost():
    with serving(StandIn({"casa/de-pago": "charged"})) as address:
        assert isinstance(ask(address, "casa/de-pago"), Answer)


def test_nobody_there_is_said_with_the_address():
    outcome = ask("http://127.0.0.1:9/v1")
    assert (outcome.kind, outcome.scope, outcome.remedy) == (Kind.UNREACHABLE, Scope.ACCOUNT, Remedy.COOL_MODEL)
    assert outcome.message.startswith("No se puede conectar con http://127.0.0.1:9/v1")


def test_a_server_without_tls_is_not_trusted(base):
    outcome = ask(base.replace("http://", "https://"))
    assert outcome.kind is Kind.UNREACHABLE


def test_each_request_is_one_call_and_nothing_is_repeated_behind_the_back():
    standin = StandIn({"*": "daily_limit"})
    with serving(standin) as address:
        ask(address)
    assert len(standin.calls) == 1


def test_the_accounts_windows_are_told_apart():
    with serving(StandIn(account=Account(per_minute=1))) as address:
        assert isinstance(ask(address), Answer)
        limited = ask(address)
        assert limited.kind is Kind.MINUTE_LIMIT
        assert 0 < limited.retry_at - time.time() <= 61
    with serving(StandIn(account=Account(per_day=1))) as address:
        assert isinstance(ask(address), Answer)
        assert ask(address).kind is Kind.DAILY_LIMIT


@pytest.mark.parametrize(
    ("metadata", "headers", "moment"),
    [
        ({"headers": {"X-RateLimit-Reset": "1795392000000"}}, {}, 1795392000.0),
        ({"headers": {"x-ratelimit-reset": 1795392000}}, {}, 1795392000.0),
        ({"headers": {"X-RateLimit-Reset": "30"}}, {}, 1030.0),
        ({"retry_after_seconds": 28}, {"retry-after": "5"}, 1028.0),
        ({}, {"retry-after": "29"}, 1029.0),
        ({}, {"x-ratelimit-reset": "1795392000000"}, 1795392000.0),
        ({"headers": "nonsense"}, {"retry-after": "Wed, 21 Oct"}, None),
        ({"headers": {"X-RateLimit-Reset": "soon"}}, {}, None),
        ({}, {}, None),
    ],
)
def test_the_reset_is_found_wherever_it_stands(metadata, headers, moment):
    assert failures.reset_at(metadata, headers, 1000.0) == moment


def test_a_servers_words_cannot_carry_a_key_to_the_user():
    said = failures.clean(f"Invalid key {KEY} for Bearer abc123def456\n\x1b[31mred and AIzaSyA1234567890abcdef")
    assert KEY not in said
    assert "abc123def456" not in said
    assert "AIzaSy" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("base", ["", "ftp://x/v1", "openrouter.ai/api/v1", "http://", "https://user:pass@host/v1"])
def test_a_base_that_is_no_address_is_refused(base):
    with pytest.raises(RequestError, match="DEEPSEEK_API_BASE"):
        Endpoint(base)


def test_an_endpoint_never_shows_its_key():
    assert KEY not in repr(Endpoint("https://openrouter.ai/api/v1", KEY))
    assert KEY not in repr(OpenAICompatibleClient(Endpoint("https://openrouter.ai/api/v1", KEY)))


def test_openrouters_own_fields_go_to_nobody_else():
    assert Endpoint("https://openrouter.ai/api/v1").is_openrouter
    assert not Endpoint("https://api.groq.com/openai/v1").is_openrouter
    assert not Endpoint("https://notopenrouter.ai/api/v1").is_openrouter


def test_a_missing_ca_bundle_is_said_plainly():
    async def one():
        client = OpenAICompatibleClient(Endpoint("https://127.0.0.1:9/v1", ca_bundle="/no/such.pem"))
        await client.complete(ChatRequest("m", "s", "u", 10))

    with pytest.raises(RequestError, match=r"/no/such\.pem"):
        asyncio.run(one())


# --- servers that count by model --------------------------------------------------------------------------------------

NOW = 1_795_000_000.0
GROQ = "Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_x` service tier `on_demand` on {what}: Limit {limit}, Used {limit}, Requested {asked}. Please try again in {wait}. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"


def groq(what, wait, headers=None, *, limit=30, asked=1):
    message = GROQ.format(what=what, limit=limit, asked=asked, wait=wait)
    body = {"error": {"message": message, "type": "requests", "code": "rate_limit_exceeded"}}
    return failures.from_error(failures.Raw(429, headers or {}, body, ""), now=NOW)


@pytest.mark.parametrize(("what", "wait", "seconds"), [
    ("requests per minute (RPM)", "2s", 2.0), ("requests per minute (RPM)", "120ms", 0.12),
    ("requests per day (RPD)", "2m59.56s", 179.56), ("requests per day (RPD)", "1h2m3s", 3723.0),
    ("tokens per minute (TPM)", "7.66s", 7.66), ("tokens per day (TPD)", "14m24s", 864.0),
])  # fmt: skip
def test_a_models_limit_is_no_limit_of_its_account_whatever_it_counts(what, wait, seconds):
    failure = groq(what, wait)
    assert (failure.kind, failure.scope, failure.remedy) == (Kind.MODEL_LIMIT, Scope.MODEL, Remedy.COOL_MODEL)
    assert failure.retry_at == pytest.approx(NOW + seconds)
    assert failure.message.startswith("El modelo llegó a su límite: Rate limit reached for model")
    assert failure.limit is None


@pytest.mark.parametrize(("headers", "seconds", "limit"), [
    ({"retry-after": "2", "x-ratelimit-limit-requests": "30", "x-ratelimit-reset-requests": "2m59.56s"}, 2.0, 30),
    ({"x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "6s"}, 6.0, 14400),
    ({"x-ratelimit-limit-requests": "many", "x-ratelimit-reset-requests": "120ms"}, 0.12, None),
    ({"x-ratelimit-limit-requests": "0"}, 7.66, None),
])  # fmt: skip
def test_headers_say_when_a_models_window_is_open_again_and_what_it_holds(headers, seconds, limit):
    failure = groq("requests per minute (RPM)", "7.66s", headers)
    assert failure.kind is Kind.MODEL_LIMIT
    assert (failure.retry_at, failure.limit) == (pytest.approx(NOW + seconds), limit)


def test_an_accounts_limit_says_what_it_holds():
    body = {"error": {"message": "Rate limit exceeded: free-models-per-min. ", "code": 429, "metadata": {
        "headers": {"X-RateLimit-Limit": "20", "X-RateLimit-Reset": str(int((NOW + 12) * 1000))}}}}  # fmt: skip
    failure = failures.from_error(failures.Raw(429, {}, body, ""), now=NOW)
    assert (failure.kind, failure.limit, failure.retry_at) == (Kind.MINUTE_LIMIT, 20, NOW + 12)


@pytest.mark.parametrize(("left", "reset", "said"), [
    ("14399", "6s", (14399, 6.0)), ("0", "2m59.56s", (0, 179.56)), ("3", "7.66s", (3, 7.66)), ("3", "120ms", (3, 0.12)),
    ("3", "12", (3, 12.0)), ("3", str(int(NOW) + 9), (3, 9.0)),
    (None, "6s", None), ("3", None, None), ("many", "6s", None), ("-1", "6s", None), ("3", "soon", None), ("nan", "6s", None),
])  # fmt: skip
def test_an_answers_headers_say_what_is_left_or_nothing(left, reset, said):
    named = {"x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": reset}
    found = failures.allowance({k: v for k, v in named.items() if v is not None}, NOW)
    assert (found and (found.remaining, found.resets)) == (said and (said[0], pytest.approx(NOW + said[1])))
