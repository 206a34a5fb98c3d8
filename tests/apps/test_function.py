"""The specification's Python function."""

import asyncio
import logging

import pytest
from django.db import connection

from apps.ia.models import Cuenta
from apps.stock.ai_vehicle_generator import generar_vehiculos_con_ia
from apps.stock.models import Ejecucion, Llamada, Vehiculo, VehiculoGenerado
from flotia.errors import ProviderError, RequestError, UnknownBrandError
from flotia.vehicle import FIELDS
from tests.doubles.standin import Account, StandIn


@pytest.fixture
def no_database(monkeypatch):
    def refuse(*args, **more):
        raise AssertionError("the function touched the database")

    monkeypatch.setattr(connection, "connect", refuse)


@pytest.mark.parametrize("amount", [1, 49, 51])
def test_it_returns_exactly_so_many_dicts_and_touches_no_table(speaking, no_database, amount):
    speaking(StandIn())
    vehicles = generar_vehiculos_con_ia(num_vehiculos=amount)
    assert len(vehicles) == amount
    assert all(type(v) is dict and tuple(v) == FIELDS for v in vehicles)
    assert {v["origen"] for v in vehicles} == {"ia"}
    assert type(vehicles[0]["equipamiento"]) is list


def test_a_brand_limits_it(speaking, no_database):
    speaking(StandIn())
    assert {v["marca"] for v in generar_vehiculos_con_ia(num_vehiculos=12, marca="BMW")} == {"BMW"}


def test_bad_input_is_an_exception_with_a_sentence(speaking):
    speaking(StandIn())
    with pytest.raises(RequestError, match="entre 1 y"):
        generar_vehiculos_con_ia(0)
    with pytest.raises(UnknownBrandError, match="no está en el catálogo"):
        generar_vehiculos_con_ia(5, "Pegeot")


def test_a_brand_outside_the_catalogue_is_asked_of_the_model_and_the_log_says_so(speaking, caplog):
    standin = speaking(StandIn(), key="sk-x")
    with caplog.at_level(logging.INFO, logger="apps.stock"):
        made = generar_vehiculos_con_ia(12, "Lada")
    assert len(made) == 12
    assert {(v["marca"], v["verificado"], v["origen"]) for v in made} == {("Lada", False, "ia")}
    assert standin.calls
    assert "La marca Lada no está en el catálogo" in caplog.text
    assert "sin verificar" in caplog.text


def test_a_brand_outside_the_catalogue_without_a_key_is_refused(settings):
    settings.DEEPSEEK_API_KEY, settings.DEEPSEEK_BASE_IS_CHOSEN, settings.FLOTIA_MODELO_LOCAL = "", False, "no/hay.gguf"
    with pytest.raises(UnknownBrandError, match="La marca 'Lada' no está en el catálogo"):
        generar_vehiculos_con_ia(5, "Lada")


def test_a_wrong_key_is_one_call(speaking):
    standin = speaking(StandIn(account=Account(key="sk-right")), key="sk-wrong")
    with pytest.raises(ProviderError, match="DEEPSEEK_API_KEY"):
        generar_vehiculos_con_ia(100)
    assert len(standin.calls) == 0


def test_it_logs_in_the_specifications_words(speaking, caplog):
    speaking(StandIn({"meta-llama/llama-3.2-3b-instruct:free": ["ok", "upstream_limit"], "*": "ok"}))
    logging.getLogger("apps.stock").addHandler(caplog.handler)
    generar_vehiculos_con_ia(10)
    logging.getLogger("apps.stock").removeHandler(caplog.handler)
    main, second = "meta-llama/llama-3.2-3b-instruct:free", "qwen/qwen-2-7b-instruct:free"
    lines = [f"{r.levelname}: {r.getMessage()}" for r in caplog.records]
    for line in (
        "INFO: Generando 10 vehículos con IA en lotes de 5",
        f"INFO: Generando vehículos con modelo: {main}",
        f"INFO: ✓ Generados 5 vehículos con {main}",
        "INFO: ✓ Lote completado: 5 vehículos (total: 5/10)",
        f"INFO: Generando vehículos con modelo: {second}",
        f"INFO: ✓ Generados 5 vehículos con {second}",
        "INFO: ✓ Lote completado: 5 vehículos (total: 10/10)",
    ):
        assert line in lines
    assert any(line.startswith(f"WARNING: Error con modelo {main}: El modelo está limitado") for line in lines)


@pytest.mark.django_db(transaction=True)
def test_it_shares_the_accounts_books_and_writes_nothing_to_the_stock(speaking):
    """Its calls count against the limits that runs on this database keep."""
    speaking(StandIn(account=Account(per_day=50, key="sk-x")), key="sk-x")
    assert len(generar_vehiculos_con_ia(30)) == 30
    assert Cuenta.objects.get().libro["used"] > 0
    assert [t.objects.count() for t in (Vehiculo, VehiculoGenerado, Ejecucion, Llamada)] == [0, 0, 0, 0]


def test_it_works_inside_a_running_event_loop(speaking, no_database):
    """A notebook has one."""
    speaking(StandIn())

    async def cell():
        return generar_vehiculos_con_ia(7)

    assert len(asyncio.run(cell())) == 7
