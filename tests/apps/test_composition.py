"""Which source of AI is used."""

import pytest

from apps.stock import composition
from flotia.clients import embedded
from flotia.errors import EmbeddedModelError

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
    with composition.choose_source(use_ai=True) as chosen:
        assert list(chosen.source.models) == SPECIFIED
        assert chosen.source.pause == 0.5
        assert not chosen.source.only_chooses
        assert "https://openrouter.ai/api/v1" in chosen.notice
        assert "secret" not in chosen.notice + repr(chosen)


def test_a_base_of_the_users_own_needs_no_key(settings):
    settings.DEEPSEEK_API_BASE, settings.DEEPSEEK_BASE_IS_CHOSEN = "http://127.0.0.1:11434/v1", True
    with composition.choose_source(use_ai=True) as chosen:
        assert chosen.source is not None
        assert "http://127.0.0.1:11434/v1" in chosen.notice


@pytest.mark.parametrize(("use_ai", "offline"), [(False, False), (True, True), (False, True)])
def test_without_ai_or_network_data_are_local_and_it_says_so(settings, use_ai, offline):
    settings.DEEPSEEK_API_KEY = "sk-or-v1-secret"
    with composition.choose_source(use_ai=use_ai, offline=offline) as chosen:
        assert chosen.source is None
        assert chosen.notice.startswith("Datos locales, sin IA")


def test_no_embedded_model_means_local_data_in_one_clear_line(settings):
    settings.FLOTIA_MODELO_LOCAL = "/no/such.gguf"
    with composition.choose_source(use_ai=True) as chosen:
        assert chosen.source is None
        assert "no hay clave configurada" in chosen.notice
        assert "/no/such.gguf" in chosen.notice


def test_a_file_that_is_no_model_is_said_plainly(settings, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF nonsense")
    settings.FLOTIA_MODELO_LOCAL = str(broken)
    with composition.choose_source(use_ai=True) as chosen:
        assert chosen.source is None
        assert "broken.gguf" in chosen.notice


def test_without_the_package_there_is_no_embedded_model(monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedModelError, match="xllamacpp"):
        embedded.find_model()


@pytest.mark.embedded
def test_the_embedded_model_answers_on_loopback_to_its_own_token_only():
    import httpx2

    with composition.choose_source(use_ai=True) as chosen:
        assert chosen.source.only_chooses
        assert "SmolLM2" in chosen.notice
        endpoint = chosen.source.client._endpoint
        assert endpoint.base.startswith("http://127.0.0.1:")
        refused = httpx2.post(f"{endpoint.base}/chat/completions", json={"messages": []}, trust_env=False)
        assert refused.status_code == 401
