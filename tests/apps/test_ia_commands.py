"""`modelos_ia` and `cuotas_ia`."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from apps.ia import tables
from apps.ia.models import Cuenta, ModeloIA
from flotia.limits.book import AccountBook
from tests.doubles.standin import Account, Listed, StandIn

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)
MODELS = ["a:free", "b:free", "c:free"]


@pytest.fixture
def three(settings):
    settings.DEEPSEEK_MODEL, settings.DEEPSEEK_FALLBACK_MODELS = MODELS[0], MODELS[1:]


def told(command, *flags):
    out = io.StringIO()
    call_command(command, *flags, stdout=out)
    return out.getvalue()


def document(command, *flags):
    return json.loads(told(command, *flags, "--json"))


def known(model, **record):
    """Let something be known of a model."""
    if not Cuenta.objects.exists():
        told("modelos_ia")
    ModeloIA.objects.update_or_create(cuenta=Cuenta.objects.get(), modelo=model, defaults={"registro": record})


def states():
    return {m["modelo"]: m["estado"] for m in document("modelos_ia")["modelos"]}


# --- modelos_ia ------------------------------------------------------------------------------------------------------


def test_it_lists_every_model_in_its_order_with_what_is_known(speaking, three):
    speaking(StandIn())
    now = time.time()
    known("a:free", good=3.0, bad=1.0, asked=60.0, got=54.0, latency=4.25, last_asked=now)
    known("b:free", bad=2.0, failures=2, cool_until=now + 90, last_error="El modelo está limitado.", last_asked=now)
    known("c:free", retired=True, said_retired=2, last_asked=now)
    first, second, third = document("modelos_ia")["modelos"]
    assert (first["orden"], first["modelo"], first["estado"]) == (1, "a:free", "vivo")
    assert (first["exito_pct"], first["vehiculos_por_peticion"], first["segundos"]) == (75.0, 13.5, 4.25)
    assert second["estado"] == "enfriando"
    assert datetime.fromisoformat(second["hasta"]).timestamp() == pytest.approx(now + 90, abs=1)
    assert datetime.fromisoformat(second["hasta"]).utcoffset() is not None
    assert (second["ultimo_error"], third["estado"]) == ("El modelo está limitado.", "retirado")
    lines = told("modelos_ia").splitlines()
    assert lines[0].split()[:4] == ["Nº", "Cuenta", "Modelo", "Estado"]
    assert "75 %" in lines[1]
    assert f"enfriando hasta {tables.clock(now + 90, seconds=True)}" in lines[2]


def test_a_model_that_only_fails_is_not_called_alive_nor_one_nobody_asked(speaking, three):
    speaking(StandIn())
    known("a:free", bad=1.0, failures=1, last_asked=1.0, cool_until=2.0)
    assert states() == {"a:free": "falla", "b:free": "sin_probar", "c:free": "sin_probar"}


def test_models_that_are_not_listed_come_last_and_the_line_says_what_replaces_them(speaking, three):
    speaking(StandIn(listed=[Listed("b:free"), Listed("new:free")]), lists=True)
    found = document("modelos_ia")
    assert [(m["orden"], m["modelo"], m["estado"]) for m in found["modelos"]] == [
        (1, "b:free", "sin_probar"), (2, "new:free", "sin_probar"), (None, "a:free", "no_listado"), (None, "c:free", "no_listado"),
    ]  # fmt: skip
    assert found["avisos"] == ["2 de sus 3 modelos ya no se ofrecen; se prueban en su lugar: new:free."]


def test_the_lists_are_asked_for_again_only_on_request(speaking, three):
    standin = speaking(StandIn(listed=[Listed("x:free")]), lists=True)
    told("modelos_ia")
    standin._listed = {"y:free": Listed("y:free")}
    assert "x:free" in told("modelos_ia")
    assert "y:free" in told("modelos_ia", "--actualizar")


def test_looking_asks_no_model(speaking, three):
    standin = speaking(StandIn())
    told("modelos_ia", "--actualizar")
    assert standin.calls == []


def test_trying_out_asks_each_model_once_for_two_vehicles_and_keeps_what_came_of_it(speaking, three):
    standin = speaking(StandIn({"a:free": "ok", "b:free": "upstream_limit", "c:free": "retired"}))
    found = document("modelos_ia", "--probar")
    assert sorted((c.model, c.slots) for c in standin.calls) == [(m, 2) for m in MODELS]
    results = {p["modelo"]: p for p in found["pruebas"]}
    assert (results["a:free"]["resultado"], results["a:free"]["vehiculos"]) == ("bien", 2)
    assert results["b:free"]["resultado"] == "limite_del_proveedor"
    assert results["c:free"]["resultado"] == "retirado"
    assert "No endpoints found" in results["c:free"]["mensaje"]
    assert states()["a:free"] == "vivo"
    assert states()["b:free"] == "enfriando"
    assert Cuenta.objects.get().libro["used"] == 3


def test_each_result_is_a_line_of_its_own(speaking, three):
    speaking(StandIn({"a:free": "ok", "b:free": "e500", "c:free": "content_null"}))
    lines = told("modelos_ia", "--probar").splitlines()
    assert [line[:1] for line in lines[:3]] == ["✓", "✗", "✗"]
    assert lines[0].startswith("✓ 127-0-0-1 a:free: 2 vehículos en ")


def test_what_is_known_dead_is_not_tried(speaking, three):
    standin = speaking(StandIn())
    known("a:free", retired=True, last_asked=time.time())
    told("modelos_ia", "--probar")
    assert sorted(c.model for c in standin.calls) == MODELS[1:]


def test_trying_out_keeps_to_the_days_requests(speaking, three):
    standin = speaking(StandIn(account=Account(per_day=2)))
    found = document("modelos_ia", "--probar")
    assert [p["resultado"] for p in found["pruebas"]] == ["bien", "bien", "sin_cupo"]
    assert len(standin.calls) == 2


def test_a_refused_key_is_said_of_the_model(speaking, three):
    standin = speaking(StandIn(account=Account(key="sk-right")), key="sk-wrong-0123456789")
    out = told("modelos_ia", "--probar")
    assert "401" in out
    assert "0123456789" not in out
    assert standin.calls == []


# --- cuotas_ia -------------------------------------------------------------------------------------------------------


def test_quotas_are_the_providers_figures_and_the_limits_that_hold(speaking, three):
    standin = speaking(StandIn(account=Account(per_minute=20, per_day=50)))
    document("modelos_ia", "--probar")
    (account,) = document("cuotas_ia")["cuentas"]
    assert (account["limites"], account["usadas_hoy"], account["quedan"]) == (["20/min", "50/día"], 3, 47)
    assert account["consultado_al_proveedor"]
    resets = datetime.fromisoformat(account["se_repone"])
    assert resets.astimezone(UTC).strftime("%H:%M") == "00:00"
    assert len(standin.calls) == 3
    assert "20/min 50/día" in told("cuotas_ia")


def test_without_the_network_quotas_are_what_is_noted_here(speaking, settings):
    settings.FLOTIA_PROVEEDORES = "casa | http://127.0.0.1:9/v1 | - | x | 5/min 100/dia"
    (account,) = document("cuotas_ia", "--sin-red")["cuentas"]
    assert account["limites"] == ["5/min", "100/día"]
    assert (account["usadas_hoy"], account["quedan"], account["consultado_al_proveedor"]) == (0, 100, False)


@pytest.mark.parametrize(
    ("moment", "says", "field"),
    [("spent_until", "agotada hasta", "agotada_hasta"), ("closed_until", "cerrada hasta", "cerrada_hasta")],
)
def test_a_stopped_account_says_until_when(settings, moment, says, field):
    settings.FLOTIA_PROVEEDORES = "casa | http://127.0.0.1:9/v1 | - | x"
    told("cuotas_ia", "--sin-red")
    until = time.time() + 600
    Cuenta.objects.update(libro=AccountBook(**{moment: until}).as_dict())
    assert f"{says} {tables.clock(until)}" in told("cuotas_ia", "--sin-red")
    assert document("cuotas_ia", "--sin-red")["cuentas"][0][field] == tables.iso(until)


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["modelos_ia", "cuotas_ia"])
def test_without_accounts_it_says_what_to_define(command):
    assert "No hay ninguna cuenta configurada" in told(command)
    assert "FLOTIA_PROVEEDORES" in document(command)["avisos"][0]


@pytest.mark.parametrize("command", ["modelos_ia", "cuotas_ia"])
def test_bad_settings_are_one_sentence(settings, command):
    settings.FLOTIA_PROVEEDORES = "groq"
    with pytest.raises(CommandError, match="La línea 1 de FLOTIA_PROVEEDORES"):
        told(command)


@pytest.mark.parametrize("command", ["modelos_ia", "cuotas_ia"])
def test_an_embedded_database_that_is_not_there_yet_is_made(tmp_path, command):
    env = {
        **os.environ, "FLOTIA_DATOS": str(tmp_path / "new"), "DATABASE_URL": "", "DEEPSEEK_API_KEY": "", "DEEPSEEK_API_BASE": "",
        "FLOTIA_PROVEEDORES": "casa | http://127.0.0.1:9/v1 | - | x, y | 5/min*",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", command, "--json"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "casa" in json.dumps(json.loads(done.stdout))


def test_a_table_is_aligned_text_in_a_pipe_and_is_not_cut():
    out = io.StringIO()
    tables.show(
        Console(file=out, width=10), ("Modelo", "N"), [("un/modelo-largo:free", "7"), ("b", "12")], numeric=(1,)
    )
    assert out.getvalue() == "Modelo                 N\nun/modelo-largo:free   7\nb                     12\n"


def test_a_table_on_a_terminal_takes_text_literally():
    out = io.StringIO()
    tables.show(Console(file=out, width=80, force_terminal=True), ("Modelo",), [("[red]x[/red]",)])
    assert "[red]x[/red]" in out.getvalue()
