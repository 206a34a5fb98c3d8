"""Accounts out of the settings: which there are, and what is said of lines that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.ia import accounts
from apps.ia.errors import AccountsError
from flotia.limits.windows import Limit

ROOT = Path(__file__).resolve().parents[2]
GROQ = (
    "groq | https://api.groq.com/openai/v1 | GROQ_API_KEY | llama-3.3-70b-versatile, gemma2-9b-it | 30/min* 1000/dia*"
)
LOCAL = "casa | http://127.0.0.1:11434/v1 | - | qwen3"
SECRET = "gsk_0123456789abcdefABCDEF"


@pytest.fixture
def lines(settings):
    """Configure lines and the keys they name."""

    def configure(text, **keys):
        settings.FLOTIA_PROVEEDORES, settings.FLOTIA_API_KEYS = text, keys

    return configure


def names():
    return [a.name for a in accounts.configured().accounts]


def test_a_line_is_an_account(lines):
    lines(GROQ, GROQ_API_KEY=SECRET)
    (account,) = accounts.configured().accounts
    assert (account.name, account.endpoint.base) == ("groq", "https://api.groq.com/openai/v1")
    assert account.endpoint.key == SECRET
    assert account.models == ("llama-3.3-70b-versatile", "gemma2-9b-it")
    assert account.limits.each_model == (Limit(30, 60.0), Limit(1000, 86_400.0))
    assert SECRET not in repr(account)


@pytest.mark.parametrize("between", [" ; ", "\n", ";\n  "])
def test_lines_are_parted_by_semicolons_or_line_ends(lines, between):
    lines(between.join([GROQ, "# una nota", LOCAL, ""]), GROQ_API_KEY="k")
    assert names() == ["groq", "casa"]


def test_one_provider_with_two_keys_is_two_accounts(lines):
    base = "https://openrouter.ai/api/v1"
    lines(f"uno | {base} | CLAVE_1 | auto ; dos | {base} | CLAVE_2 | auto", CLAVE_1="a", CLAVE_2="b")
    one, two = accounts.configured().accounts
    assert one.models == two.models == ()
    assert one.fingerprint != two.fingerprint


def test_an_account_without_its_key_is_left_out_and_it_says_so(lines):
    lines(f"{GROQ}; {LOCAL}", GROQ_API_KEY="")
    found = accounts.configured()
    assert [a.name for a in found.accounts] == ["casa"]
    assert found.notices == ("La cuenta groq queda fuera: la variable de su clave no está definida.",)


def test_without_lines_the_one_account_is_that_of_the_specifications_settings(settings):
    assert accounts.configured().accounts == ()
    settings.DEEPSEEK_API_KEY = "sk-or-v1-a"
    (account,) = accounts.configured().accounts
    assert account.name == "openrouter"
    assert len(account.models) == 16
    assert not account.limits


def test_the_specifications_account_comes_first_and_once(lines, settings):
    lines(f"otra | https://openrouter.ai/api/v1/ | CLAVE | auto; {LOCAL}", CLAVE="sk-a")
    settings.DEEPSEEK_API_KEY = "sk-a"
    assert names() == ["otra", "casa"]
    settings.DEEPSEEK_API_KEY = "sk-b"
    assert names() == ["openrouter", "otra", "casa"]


def test_the_specifications_account_gives_way_where_its_name_is_taken(lines, settings):
    lines("openrouter | https://otro.example/v1 | - | x")
    settings.DEEPSEEK_API_KEY = "sk-b"
    assert names() == ["openrouter-1", "openrouter"]


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("http://127.0.0.1:8900/v1", "127-0-0-1"),
        ("http://ollama:11434/v1", "ollama"),
        ("http://[::1]:1/v1", "1"),
    ],
)
def test_an_account_is_named_by_its_host(base, name):
    assert accounts.host_name(base) == name


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("groq | https://a.example/v1", "tiene 2 partes"),
        ("Groq! | https://a.example/v1 | - | x", "nombre de cuenta"),
        (f"{SECRET.lower()} | https://a.example/v1 | - | x", "nombre de cuenta"),
        (f"groq | https://a.example/v1 | {SECRET} | x", "La clave misma no se escribe ahí"),
        ("groq | https://a.example/v1 | A1B2C3D4E5F6A7B8C9D0E1F2 | x", "La clave misma no se escribe ahí"),
        (f"groq | {SECRET} | CLAVE | x", "dirección http"),
        (f"groq | https://u:{SECRET}@a.example/v1 | CLAVE | x", "dirección http"),
        (f"groq | https://a.example/v1?key={SECRET} | CLAVE | x", "dirección http"),
        ("groq | https://[mal/v1 | CLAVE | x", "dirección http"),
        (f"groq | https://a.example/v1 | CLAVE | {SECRET}", "modelos separados por comas"),
        ("groq | https://a.example/v1 | CLAVE | ,", "modelos separados por comas"),
        ("groq | https://a.example/v1 | CLAVE | dos palabras", "modelos separados por comas"),
        (f"groq | https://a.example/v1 | CLAVE | x | {SECRET}", "límites que no se entienden"),
        ("groq | https://a.example/v1 | CLAVE | x | 0/min", "límites que no se entienden"),
        (f"{LOCAL}; {LOCAL}", "dos veces la cuenta casa"),
        (f"{LOCAL}; otra | http://127.0.0.1:11434/v1 | - | y", "son una sola cuenta"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_repeats_no_key(lines, line, said):
    lines(line, CLAVE=SECRET)
    with pytest.raises(AccountsError, match=said) as error:
        accounts.configured()
    assert SECRET.lower()[4:] not in str(error.value).lower()
    assert "A1B2" not in str(error.value)
    assert "FLOTIA_PROVEEDORES" in str(error.value)


def test_a_key_in_the_address_of_the_specifications_base_is_refused(settings):
    settings.DEEPSEEK_API_BASE, settings.DEEPSEEK_BASE_IS_CHOSEN = f"https://a.example/v1?key={SECRET}", True
    with pytest.raises(AccountsError, match="no debe llevar parámetros") as error:
        accounts.configured()
    assert SECRET not in str(error.value)


def test_the_fingerprint_holds_no_part_of_the_key_and_depends_on_the_secret(lines, settings):
    lines(GROQ, GROQ_API_KEY=SECRET)
    (account,) = accounts.configured().accounts
    first = account.fingerprint
    assert len(first) == 16
    assert int(first, 16) >= 0
    settings.SECRET_KEY = "another"
    assert account.fingerprint != first


def test_keys_come_from_the_variables_that_the_lines_name(tmp_path):
    """Through the environment, as users set it."""
    script = "import django; django.setup(); from apps.ia.accounts import configured as c; print([(a.name, a.endpoint.key) for a in c().accounts], c().notices)"
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "FLOTIA_DATOS": str(tmp_path), "GROQ_API_KEY": "k-1",
        "FLOTIA_PROVEEDORES": f"{GROQ}\n{LOCAL}\nsin | https://b.example/v1 | B_API_KEY | auto",
    }  # fmt: skip
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("[('groq', 'k-1'), ('casa', '')]")
    assert "La cuenta sin queda fuera" in told.stdout
