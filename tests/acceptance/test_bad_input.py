"""Bad input: one clear sentence, an exit code, nothing lost, never a traceback."""

from __future__ import annotations

import sqlite3
import subprocess
from itertools import cycle

import pytest

from tests.acceptance.conftest import ROOT
from tests.doubles.standin import Account, StandIn, serving
from tests.doubles.standin.shapes import SHAPES


def refused(done, *words, code=1):
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert all(w in last for w in words), done.stderr
    return last


@pytest.mark.parametrize("amount", ["0", "-5", "1000000000"])
def test_an_impossible_amount(user, amount):
    refused(user.command("--cantidad", amount), f"No se pueden generar {amount} vehículos", "entre 1 y 10000000")


def test_an_amount_that_is_no_number(user):
    refused(user.command("--cantidad", "abc"), "'abc' no es un número entero: escriba --cantidad 1000", code=2)


def test_a_brand_that_is_not_in_the_catalogue(user):
    refused(
        user.command("--cantidad", "5", "--marca", "Mercedez"), "'Mercedez' no está en el catálogo", "Mercedes-Benz"
    )


def test_a_seed_out_of_range(user):
    refused(user.command("--cantidad", "5", "--semilla", "-1"), "La semilla debe ser")


def test_a_wrong_key_stops_at_the_first_401(user):
    standin = StandIn({"*": "bad_key"})
    with serving(standin) as base:
        user.env |= {"DEEPSEEK_API_BASE": base, "DEEPSEEK_API_KEY": "sk-or-v1-equivocada"}
        done = user.command("--usar-ia", "--perfil", "especificacion", "--cantidad", "100")
    refused(done, "rechaza la clave (401)", "DEEPSEEK_API_KEY", "--reanudar")
    assert len(standin.calls) == 1
    assert user.rows("select count(*) from stock") == [(0,)]


def test_a_base_out_of_reach_falls_to_local_data_and_says_so(user):
    user.env["DEEPSEEK_API_BASE"] = "http://127.0.0.1:9/v1"
    done = user.command("--usar-ia", "--cantidad", "20")
    assert done.returncode == 0
    assert "Se deja de usar IA: No se puede conectar con http://127.0.0.1:9/v1" in done.stderr
    assert "El resto serán datos locales." in done.stderr
    assert user.rows("select count(*) from stock where origen = 'aleatorio'") == [(20,)]


def test_a_base_that_is_no_address(user):
    user.env["DEEPSEEK_API_BASE"] = "openrouter"
    refused(user.command("--usar-ia", "--cantidad", "5"), "DEEPSEEK_API_BASE no es una dirección http(s)")


def test_a_database_that_is_not_there(user):
    user.env["DATABASE_URL"] = "postgresql://quien:clave-secreta@127.0.0.1:9/nada"
    last = refused(user.command("--cantidad", "5"), "No se puede trabajar con la base de datos", "DATABASE_URL")
    assert "clave-secreta" not in last


def test_a_database_without_tables_names_the_command(user, tmp_path):
    user.env["DATABASE_URL"] = f"sqlite:///{tmp_path}/otra.sqlite3"
    refused(user.command("--cantidad", "5"), "python manage.py migrate")
    assert user.run("manage.py", "migrate", "-v0").returncode == 0
    assert user.command("--cantidad", "5").returncode == 0


def test_a_database_that_cannot_be_opened(user):
    user.env["DATABASE_URL"] = "sqlite:////no/existe/x.sqlite3"
    refused(user.command("--cantidad", "5"), "No se puede abrir ni escribir la base de datos /no/existe/x.sqlite3")


def test_a_locked_database(user):
    assert user.command("--cantidad", "3").returncode == 0
    user.env["FLOTIA_ESPERA_BD"] = "0.3"
    blocker = sqlite3.connect(user.home / "datos" / "flotia.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        refused(user.command("--cantidad", "5"), "bloqueada por otro proceso")
    finally:
        blocker.rollback()
        blocker.close()
    assert user.rows("select count(*) from stock") == [(3,)]


@pytest.mark.parametrize(
    ("name", "words"), [("no/hay/x.csv", "No se puede escribir en"), ("x.doc", "use una extensión .csv, .json, .jsonl")]
)
def test_an_output_file_that_cannot_be_written(user, tmp_path, name, words):
    refused(user.command("--cantidad", "5", "--salida", tmp_path / name), words)


def test_a_second_run_on_the_same_stock(user):
    wait = [5.0]  # a call, while the other run begins, however slow the machine
    with serving(StandIn(latency=lambda _: wait[0])) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        flags = "--usar-ia", "--perfil", "especificacion", "--cantidad", "40"
        first = user.start("manage.py", "migrate_stock_and_scrape", *flags)
        for line in first.stderr:
            if "Lote completado" in line:
                break
        refused(user.command("--cantidad", "5"), "Ya hay una generación en marcha sobre este stock", "40 vehículos")
        wait[0] = 0.0
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert user.rows("select count(*) from stock") == [(40,)]


def test_nothing_to_resume_and_what_resuming_does_not_take(user):
    refused(user.command("--reanudar"), "No hay ninguna ejecución interrumpida")
    refused(user.command("--reanudar", "--cantidad", "5"), "no admite --cantidad")


KEY = "sk-or-v1-7f3a9c2e5b8d1046aa77e1c93d5f2b608c4e9a1d"


def test_no_key_is_ever_in_a_log_a_row_an_error_or_an_export(user, tmp_path):
    """Every failure is provoked with a key configured; then everything that was left behind is searched for it."""
    good = ("ok", "fenced", "prose", "thinking", "bare_list", "lines", "other_model", "renumbered", "unsupported")
    ends = (
        "bad_key",
        "charged",
        "daily_limit",
        "daily_limit_old",
        "daily_limit_high",
        "key_cap",
        "html_200",
        "no_such_route",
    )
    waits = ("minute_limit", "minute_limit_old")
    partly = ("other_cars", "duplicates", "truncated", "broken_json", "short", "wrong_fields")
    others = [s for s in SHAPES if s not in {*good, *partly, *ends, *waits}]
    provoked: set[str] = set()
    said = ""

    def provoke(chain, file, amount, key=KEY):
        standin = StandIn({f"{m}:free": [m, "ok"] if m in waits else m for m in chain}, account=Account(key=KEY))
        with serving(standin) as base:
            user.env |= {
                "DEEPSEEK_API_BASE": base, "DEEPSEEK_API_KEY": key, "FLOTIA_PLAZO_LLAMADA": "2",
                "DEEPSEEK_MODEL": f"{chain[0]}:free", "DEEPSEEK_FALLBACK_MODELS": ",".join(f"{m}:free" for m in chain),
            }  # fmt: skip
            done = user.command(
                "--usar-ia", "--perfil", "especificacion", "--cantidad", str(amount), "--debug", "--salida",
                tmp_path / file,
            )  # fmt: skip
        provoked.update(c.shape for c in standin.calls)
        return done.stdout + done.stderr

    files = cycle(("x.csv", "x.json", "x.jsonl"))
    said += provoke([*others, *partly, *good], next(files), 5)
    for shape in (*ends, *waits):
        said += provoke([shape], next(files), 3)
    said += provoke(["ok"], next(files), 3, key=KEY[:-1])
    assert set(SHAPES) - provoked <= {*good, *partly}, "once the slots are full nobody else is asked"

    left = said.encode() + b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    pieces = {KEY[i : i + 10].encode() for i in range(len("sk-or-v1-"), len(KEY) - 9)}
    assert not [p for p in pieces if p in left]
    assert b"Generando" in left


def test_no_key_has_a_default_in_the_tree():
    tracked = subprocess.run(
        ["git", "grep", "-nIE", "sk-or-v1-[0-9a-f]{16}|gsk_[A-Za-z0-9]{20}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {line.split(":")[0] for line in tracked.stdout.splitlines()} <= {
        "tests/acceptance/test_bad_input.py", "tests/apps/test_ia_accounts.py", "tests/apps/test_ia_books.py",
        "tests/apps/test_panel_models.py", "tests/engine/test_failures.py",
    }  # fmt: skip
