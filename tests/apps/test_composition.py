"""Which sources of AI are used."""

import pytest

from apps.ia import composition
from apps.ia.models import Cuenta, ModeloIA
from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.clients import embedded
from flotia.engine import Engine
from flotia.errors import EmbeddedModelError
from flotia.events import CallDone
from flotia.request import Profile, Request
from tests.conftest import TODAY
from tests.doubles.standin import StandIn

SPECIFIED = [
    "meta-llama/llama-3.2-3b-instruct:free",
    "qwen/qwen-2-7b-instruct:free",
    "mistralai/mistral-7b-instruct:free",
    "google/gemini-2.0-flash-exp:free",
    "nousresearch/hermes-3-llama-3.1-405b:free",
    "microsoft/phi-3-mini-128k-instruct:free",
    "openchat/openchat-7b:free",
    "gryphe/mythomist-7b:free",
    "undi95/toppy-m-7b:free",
    "google/gemma-7b-it:free",
    "cognitivecomputations/dolphin-mixtral-8x7b:free",
    "huggingfaceh4/zephyr-7b-beta:free",
    "meta-llama/llama-3.1-8b-instruct:free",
    "meta-llama/llama-3-8b-instruct:free",
    "mistralai/mistral-7b-instruct-v0.1:free",
    "mistralai/mistral-7b-instruct-v0.2:free",
]


def test_a_key_means_the_configured_base_and_the_specifications_chain(settings):
    settings.DEEPSEEK_API_KEY = "sk-or-v1-secret"
    with composition.choose_sources(use_ai=True, profile=Profile.SPECIFICATION) as chosen:
        (source,) = chosen.sources
        assert list(source.models) == SPECIFIED
        assert (source.name, source.pause, source.only_chooses) == ("openrouter", 0.5, False)
        assert chosen.notices == ("IA en https://openrouter.ai/api/v1 con 16 modelos.",)
        assert "secret" not in repr(chosen)
    assert composition.has_capable_models()


def test_a_base_of_the_users_own_needs_no_key(settings):
    settings.DEEPSEEK_API_BASE, settings.DEEPSEEK_BASE_IS_CHOSEN = "http://127.0.0.1:9/v1", True
    settings.DEEPSEEK_FALLBACK_MODELS = []
    with composition.choose_sources(use_ai=True) as chosen:
        assert [list(s.models) for s in chosen.sources] == [SPECIFIED[:1]]
        assert chosen.notices == ("IA en http://127.0.0.1:9/v1 con 1 modelo.",)


def test_several_accounts_are_several_sources_with_their_limits(settings):
    settings.FLOTIA_PROVEEDORES = "a | http://127.0.0.1:9/v1 | - | x, y | 30/min*; b | http://127.0.0.1:10/v1 | - | z"
    with composition.choose_sources(use_ai=True) as chosen:
        assert [(s.name, list(s.models)) for s in chosen.sources] == [("a", ["x", "y"]), ("b", ["z"])]
        assert str(chosen.sources[0].limits.each_model[0]) == "30/min"
        assert chosen.notices == ("IA en 2 cuentas: a (2 modelos), b (1 modelo).",)


@pytest.mark.parametrize(("use_ai", "offline"), [(False, False), (True, True), (False, True)])
def test_without_ai_or_network_data_are_local_and_it_says_so(settings, use_ai, offline):
    settings.DEEPSEEK_API_KEY = "sk-or-v1-secret"
    with composition.choose_sources(use_ai=use_ai, offline=offline) as chosen:
        assert chosen.sources == ()
        assert chosen.notices[0].startswith("Datos locales, sin IA")


def test_no_embedded_model_means_local_data_in_one_clear_line(settings):
    settings.FLOTIA_MODELO_LOCAL = "/no/such.gguf"
    with composition.choose_sources(use_ai=True) as chosen:
        assert chosen.sources == ()
        (notice,) = chosen.notices
        assert "no hay clave configurada" in notice
        assert "/no/such.gguf" in notice
    assert not composition.has_capable_models()


def test_accounts_without_their_keys_leave_the_embedded_model_or_local_data(settings):
    settings.FLOTIA_PROVEEDORES, settings.FLOTIA_API_KEYS = "a | https://a.example/v1 | A_KEY | x", {"A_KEY": ""}
    settings.FLOTIA_MODELO_LOCAL = "/no/such.gguf"
    with composition.choose_sources(use_ai=True) as chosen:
        assert chosen.sources == ()
        assert chosen.notices[0].startswith("Datos locales, sin IA")
        assert chosen.notices[1].startswith("La cuenta a queda fuera")
    assert not composition.has_capable_models()


def test_a_file_that_is_no_model_is_said_plainly(settings, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF nonsense")
    settings.FLOTIA_MODELO_LOCAL = str(broken)
    with composition.choose_sources(use_ai=True) as chosen:
        assert chosen.sources == ()
        assert "broken.gguf" in chosen.notices[0]


def test_without_the_package_there_is_no_embedded_model(monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedModelError, match="xllamacpp"):
        embedded.find_model()


@pytest.mark.embedded
def test_the_embedded_model_answers_on_loopback_to_its_own_token_only():
    import httpx2

    with composition.choose_sources(use_ai=True) as chosen:
        (source,) = chosen.sources
        assert source.only_chooses
        assert "SmolLM2" in chosen.notices[0]
        endpoint = source.client._endpoint
        assert endpoint.base.startswith("http://127.0.0.1:")
        refused = httpx2.post(f"{endpoint.base}/chat/completions", json={"messages": []}, trust_env=False)
        assert refused.status_code == 401


def run(amount, profile=Profile.ADAPTIVE):
    """Vehicles made with what is chosen, and where they come from."""
    with composition.choose_sources(use_ai=True, profile=profile) as chosen:
        engine = Engine(Catalogue.load(), chosen.sources, books=chosen.books, experience=chosen.experience)
        request = Request(amount=amount, seed=5, today=TODAY, profile=profile)
        return [e for e in iterate(engine.stream(request)) if isinstance(e, CallDone)]


@pytest.mark.django_db(transaction=True)
def test_a_run_leaves_what_it_learned_to_the_next_one(speaking, settings):
    settings.DEEPSEEK_MODEL, settings.DEEPSEEK_FALLBACK_MODELS = "gone:free", ["well:free"]
    standin = speaking(StandIn({"gone:free": "retired", "well:free": "ok"}))
    run(60)
    assert Cuenta.objects.get().libro["used"] == len(standin.calls)
    gone = ModeloIA.objects.get(modelo="gone:free")
    assert gone.registro["said_retired"]
    assert {c.asked for c in run(60)} == {"well:free"}
    gone.registro |= {"retired": True, "cool_until": 0.0}
    gone.save()
    assert {c.asked for c in run(60)} == {"well:free"}


@pytest.mark.django_db(transaction=True)
def test_the_specifications_profile_begins_without_memory_of_models(speaking, settings):
    settings.DEEPSEEK_MODEL, settings.DEEPSEEK_FALLBACK_MODELS = "gone:free", ["well:free"]
    standin = speaking(StandIn({"gone:free": "retired", "well:free": "ok"}))
    run(60)
    before = standin.by_model["gone:free"]
    run(10, Profile.SPECIFICATION)
    assert standin.by_model["gone:free"] == before + 2
