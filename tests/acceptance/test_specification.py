"""The specification's figures and words, through the fixed names, with its real pauses."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.apps.test_composition import SPECIFIED
from tests.doubles.standin import StandIn, serving


def asked(user, standin, *flags, **more):
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        return user.command("--usar-ia", "--perfil", "especificacion", *flags, **more)


@pytest.mark.parametrize(("amount", "calls", "size"), [(1000, 100, 10), (500, 50, 10), (100, 13, 8), (50, 10, 5)])
def test_a_healthy_main_model_gets_exactly_the_contracts_calls(user, amount, calls, size):
    standin = StandIn()
    done = asked(user, standin, "--cantidad", amount)
    assert done.returncode == 0, done.stderr
    assert standin.by_model == {SPECIFIED[0]: calls}
    assert standin.most_in_flight == 1
    assert {c.max_tokens for c in standin.calls} == {3500}
    assert Counter(c.slots for c in standin.calls[:-1]) == {size: calls - 1}
    gaps = [b.started - a.ended for a, b in zip(standin.calls, standin.calls[1:], strict=False)]
    assert min(gaps) >= 0.5
    assert user.rows("select count(*), count(distinct matricula), min(origen), max(origen) from stock") == [
        (amount, amount, "ia", "ia")
    ]
    assert f"INFO: Generando {amount} vehículos con IA en lotes de {size}\n" in done.stderr
    assert f"INFO: ✓ Generados {size} vehículos con {SPECIFIED[0]}\n" in done.stderr
    assert f"INFO: ✓ Lote completado: {size} vehículos (total: {size}/{amount})\n" in done.stderr
    assert f"(total: {amount}/{amount})\n" in done.stderr
    assert f"Entregados:        {amount}\n" in done.stdout


def test_all_sixteen_failing_leaves_a_thousand_coherent_local_vehicles(user):
    standin = StandIn({"*": "e500"})
    done = asked(user, standin, "--cantidad", "1000")
    assert done.returncode == 0, done.stderr
    assert [c.model for c in standin.calls][:16] == SPECIFIED
    assert user.rows("select count(*), count(distinct bastidor), min(origen), max(origen) from stock") == [
        (1000, 1000, "aleatorio", "aleatorio")
    ]
    outside = """
        select count(*) from stock where precio_compra > precio_venta or precio_compra < precio_venta * 0.8999
        or precio_costo > precio_compra * 1.0201 or precio_costo < precio_compra * 0.9799
        or cast(strftime('%Y', fecha_matriculacion) as int) <> anio_matricula or fecha_recepcion < fecha_matriculacion
    """
    assert user.rows(outside) == [(0,)]
    assert "Locales:           1000\n" in done.stdout


def test_without_usar_ia_no_model_is_asked(user):
    standin = StandIn()
    with serving(standin) as base:
        user.env |= {"DEEPSEEK_API_BASE": base, "DEEPSEEK_API_KEY": "sk-or-v1-secret"}
        done = user.command("--cantidad", "120")
    assert done.returncode == 0, done.stderr
    assert standin.calls == []
    assert user.rows("select count(*) from stock where origen = 'aleatorio'") == [(120,)]


def test_three_runs_make_three_thousand_as_the_specification_recommends(user):
    for _ in range(3):
        assert user.command("--cantidad", "1000").returncode == 0
    assert user.rows("select count(*), count(distinct matricula) from stock") == [(3000, 3000)]


def test_a_brand_a_seed_and_a_file(user, tmp_path):
    path = tmp_path / "bmw.csv"
    done = user.command("--cantidad", "30", "--marca", "bmw", "--semilla", "7", "--salida", path)
    assert done.returncode == 0, done.stderr
    assert user.rows("select distinct marca from stock") == [("BMW",)]
    assert len(path.read_text("utf-8").splitlines()) == 31
    again = user.command("--cantidad", "30", "--marca", "BMW", "--semilla", "7", "--salida", tmp_path / "b.jsonl")
    assert again.returncode == 0
    assert user.rows("select count(*) from stock") == [(60,)]


def test_replacing_leaves_only_the_new_and_keeps_the_old_in_the_history(user):
    assert user.command("--cantidad", "60").returncode == 0
    assert user.command("--cantidad", "25", "--reemplazar").returncode == 0
    assert user.rows("select count(*) from stock") == [(25,)]
    assert user.rows("select count(*) from stock_historico") == [(60,)]


@pytest.mark.embedded
def test_with_no_key_and_no_network_the_embedded_model_fills_the_stock(user):
    done = user.command("--usar-ia", "--cantidad", "20")
    assert done.returncode == 0, done.stderr
    assert "IA embebida: SmolLM2" in done.stderr
    [(rows, of_ai, models)] = user.rows(
        "select count(*), sum(origen = 'ia'), count(distinct modelo_ia) from stock where campos_ia <> '[]'"
    )
    assert rows == of_ai > 0
    assert models == 1
    assert user.rows("select count(*) from stock") == [(20,)]


def test_the_script_goes_straight_to_an_amount(user):
    standin = StandIn()
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        done = user.run("test_generacion_masiva.py", "12")
    assert done.returncode == 0, done.stderr
    assert user.rows("select count(*) from stock") == [(12,)]


def test_the_scripts_menu_has_the_specifications_options(user):
    standin = StandIn()
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        done = user.run("test_generacion_masiva.py", stdin="9\n5\nmuchos\n5\n7\n")
    assert done.returncode == 0, done.stderr
    for line in (
        "1. 50 vehículos (prueba rápida)", "2. 100 vehículos (prueba normal)", "3. 500 vehículos (generación grande)",
        "4. 1000 vehículos (generación masiva)", "5. Cantidad personalizada", "0. Salir",
    ):  # fmt: skip
        assert line in done.stdout
    assert "La opción '9' no está en el menú" in done.stdout
    assert "'muchos' no es un número entero" in done.stdout
    assert user.rows("select count(*) from stock") == [(7,)]


@pytest.mark.parametrize("stdin", ["0\n", ""])
def test_one_can_leave_the_menu(user, stdin):
    done = user.run("test_generacion_masiva.py", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("amount", ["0", "-3", "abc"])
def test_the_script_refuses_nonsense_in_one_line(user, amount):
    done = user.run("test_generacion_masiva.py", amount)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
