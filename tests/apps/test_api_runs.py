"""Runs over HTTP: asked for once however often, looked at, watched, paused, resumed, cancelled."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from apps.api import limits
from apps.api.models import Alcance, ClaveIdempotencia, TokenAPI
from apps.stock.models import Ejecucion, Evento
from apps.stock.runs.generation import Order, start
from flotia.request import Request
from tests.apps.api_client import ApiClient, having, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = {
    "cantidad": 30, "marca": "SEAT", "semilla": 7, "usar_ia": False, "usar_cache": True, "perfil": "especificacion",
    "presupuesto": 4, "paralelo": 1, "al_agotar": "pausar", "reemplazar": True,
}  # fmt: skip


@pytest.fixture
def client(settings):
    settings.FLOTIA_API_CREACIONES = 1_000
    return having(Alcance.READ, Alcance.GENERATE)


def published(amount=12):
    start(Request(amount=amount, seed=3, use_ai=False), Order(), lambda _: None, lambda _: None)
    return Ejecucion.objects.latest("pk")


def test_an_order_becomes_a_run_in_the_queue_with_all_that_was_asked(client):
    answer = client.send("/ejecuciones", ORDER)
    told = answer.json()
    assert answer.status_code == 201
    assert {name: told[name] for name in ORDER} == ORDER
    assert told["estado"] == "en_cola"
    run = Ejecucion.objects.get()
    assert (run.cantidad, run.marca, run.semilla, run.usa_ia, run.reemplaza) == (30, "SEAT", 7, False, True)
    assert answer["Location"] == f"/api/v1/ejecuciones/{run.pk}"
    assert client.get(answer["Location"]).json()["id"] == run.pk


def test_what_is_not_said_is_as_the_command_has_it(client):
    told = client.send("/ejecuciones", {"cantidad": 5}).json()
    expected = {"usar_ia": True, "usar_cache": False, "perfil": "adaptativo", "al_agotar": "local", "reemplazar": False}
    assert {name: told[name] for name in expected} == expected
    assert told["presupuesto"] is told["paralelo"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cantidad": 0}, "cantidad"), ({"cantidad": 10_000_001}, "cantidad"), ({"cantidad": "5"}, "cantidad"),
        ({"cantidad": True}, "cantidad"), ({"cantidad": 10**30}, "cantidad"), ({"semilla": -1}, "semilla"),
        ({"semilla": 2**63}, "semilla"), ({"perfil": "rápido"}, "perfil"), ({"paralelo": 257}, "paralelo"),
        ({"presupuesto": 2**31}, "presupuesto"), ({"al_agotar": "seguir"}, "al_agotar"), ({"marca": "a\x00"}, "marca"),
        ({"marca": "\ud800"}, "marca"), ({"salida": "/etc/passwd"}, "salida"), ({"usar_ia": 1}, "usar_ia"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_field_by_field(client, change, field):
    answer = client.send("/ejecuciones", {"cantidad": 5, **change})
    assert is_problem(answer, 422, "no-valido")
    assert field in {fault["campo"] for fault in answer.json()["errores"]}
    assert not Ejecucion.objects.exists()


def test_the_engines_own_refusals_are_told_in_its_words(client):
    answer = client.send("/ejecuciones", {"cantidad": 5, "marca": "Citroenn", "usar_ia": False})
    assert is_problem(answer, 422, "no-valido")
    assert "Citroën" in answer.json()["detail"]
    assert answer.json()["errores"] == [{"campo": "marca", "detalle": answer.json()["detail"]}]


def test_the_same_key_and_body_give_the_first_answer_and_no_second_run(client):
    first, again = (client.send("/ejecuciones", ORDER, Idempotency_Key="pedido-1") for _ in range(2))
    Ejecucion.objects.update(estado=Ejecucion.Estado.CANCELADA)
    later = client.send("/ejecuciones", dict(reversed(ORDER.items())), Idempotency_Key="pedido-1")
    assert first.status_code == again.status_code == later.status_code == 201
    assert first.json() == again.json() == later.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Ejecucion.objects.count() == 1


def test_a_key_used_with_another_body_is_refused(client):
    client.send("/ejecuciones", ORDER, Idempotency_Key="pedido-1")
    answer = client.send("/ejecuciones", ORDER | {"cantidad": 31}, Idempotency_Key="pedido-1")
    assert is_problem(answer, 422, "clave-reutilizada")
    assert Ejecucion.objects.count() == 1


def test_a_key_is_its_tokens_own_and_lasts_a_day(client):
    ids = [client.send("/ejecuciones", ORDER, Idempotency_Key="k").json()["id"]]
    ids.append(having(Alcance.GENERATE, name="otro").send("/ejecuciones", ORDER, Idempotency_Key="k").json()["id"])
    ClaveIdempotencia.objects.update(creada=timezone.now() - timedelta(hours=24, seconds=1))
    ids.append(client.send("/ejecuciones", ORDER, Idempotency_Key="k").json()["id"])
    assert len(set(ids)) == 3
    assert ClaveIdempotencia.objects.count() == 1


def test_a_refused_order_does_not_use_its_key_up(client):
    client.send("/ejecuciones", {"cantidad": 5, "marca": "Citroenn", "usar_ia": False}, Idempotency_Key="k")
    assert client.send("/ejecuciones", ORDER, Idempotency_Key="k").status_code == 201


def test_duplicates_at_the_same_moment_make_one_run(client):
    together = Barrier(6)

    def ask(_):
        own = ApiClient(client.token)
        together.wait()
        try:
            return own.send("/ejecuciones", ORDER, Idempotency_Key="a-la-vez")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert {a.status_code for a in answers} == {201}, [a.content for a in answers]
    assert len({a.json()["id"] for a in answers}) == Ejecucion.objects.count() == 1


def test_a_token_that_asks_too_often_is_told_when_to_come_back(client, settings):
    settings.FLOTIA_API_CREACIONES = 2
    for number in range(2):
        assert client.send("/ejecuciones", ORDER, Idempotency_Key=f"k{number}").status_code == 201
    late = client.send("/ejecuciones", ORDER)
    assert is_problem(late, 429, "demasiadas")
    assert 1 <= int(late["Retry-After"]) <= limits.WINDOW.total_seconds()
    assert client.send("/ejecuciones", ORDER, Idempotency_Key="k1").status_code == 201  # a repetition is no new one
    assert having(Alcance.GENERATE, name="otro").send("/ejecuciones", ORDER).status_code == 201
    TokenAPI.objects.update(ventana=timezone.now() - limits.WINDOW)
    assert client.send("/ejecuciones", ORDER).status_code == 201


def test_runs_are_listed_from_the_last_page_by_page(client):
    made = [client.send("/ejecuciones", {"cantidad": n, "usar_ia": False}).json()["id"] for n in range(1, 6)]
    first = client.ask("/ejecuciones", {"limite": 3}).json()
    second = client.get(first["next"]).json()
    assert [r["id"] for r in first["ejecuciones"] + second["ejecuciones"]] == made[::-1]
    assert second["next"] is None
    assert client.ask("/ejecuciones", {"estado": "publicada"}).json()["ejecuciones"] == []


def test_a_run_tells_what_it_has_made_by_origin(client):
    run = published()
    told = client.ask(f"/ejecuciones/{run.pk}").json()
    assert (told["estado"], told["hechos"], told["por_origen"]) == ("publicada", 12, {"aleatorio": 12})
    assert (told["llamadas"], told["modelos"]) == (0, [])


def test_a_run_tells_what_each_model_gave(client):
    run = published()
    for result, kept in (("ok", 8), ("error_servidor", 0)):
        run.llamadas.create(
            lote=1, modelo_pedido="m", modelo="m", resultado=result, pedidos=10, conservados=kept, latencia=1.5,
            tokens_entrada=10, tokens_salida=20,
        )  # fmt: skip
    told = client.ask(f"/ejecuciones/{run.pk}").json()
    assert told["llamadas"] == 2
    line = told["modelos"][0]
    assert (line["modelo"], line["llamadas"], line["vehiculos"], line["sin_fruto"]) == ("m", 2, 8, 1)
    assert line["resultados"] == {"ok": 1, "error_servidor": 1}


def test_a_run_is_paused_resumed_and_cancelled(client):
    path = f"/ejecuciones/{client.send('/ejecuciones', ORDER | {'usar_ia': True}).json()['id']}"
    assert client.send(f"{path}/pausar").json()["estado"] == "interrumpida"
    resumed = client.send(f"{path}/reanudar", {"presupuesto": 9, "al_agotar": "local"}).json()
    assert (resumed["estado"], resumed["presupuesto"], resumed["al_agotar"]) == ("en_cola", 9, "local")
    client.send(f"{path}/pausar")
    assert client.send(f"{path}/reanudar").json()["estado"] == "en_cola"
    assert client.send(f"{path}/cancelar").json()["estado"] == "cancelada"
    assert is_problem(client.send(f"{path}/reanudar"), 409, "conflicto")


@pytest.mark.parametrize("what", ["pausar", "reanudar", "cancelar"])
def test_what_is_in_the_stock_can_neither_be_stopped_nor_go_on(client, what):
    assert is_problem(client.send(f"/ejecuciones/{published().pk}/{what}"), 409, "conflicto")
    assert is_problem(client.send(f"/ejecuciones/{2**63 - 1}/{what}"), 404, "no-encontrado")


def test_events_come_in_order_once_and_after_the_last_that_was_seen(client):
    run = published()
    answer = client.ask(f"/ejecuciones/{run.pk}/eventos")
    assert answer["Content-Type"] == "text/event-stream"
    ids, kinds = _told(answer)
    assert ids == list(Evento.objects.filter(ejecucion=run).order_by("pk").values_list("pk", flat=True))
    assert kinds[-2:] == ["publicada", "fin"]
    rest = _told(client.ask(f"/ejecuciones/{run.pk}/eventos", Last_Event_ID=str(ids[-2])))
    assert rest == ([ids[-1]], ["publicada", "fin"])


def test_events_of_an_interrupted_run_may_end_there(client):
    path = f"/ejecuciones/{client.send('/ejecuciones', ORDER).json()['id']}"
    client.send(f"{path}/pausar")
    assert _told(client.ask(f"{path}/eventos", {"hasta_pausa": "true"}))[1][-2:] == ["pausa", "fin"]


def _told(answer):
    """Numbers and kinds of the events in a stream, read to its end."""

    async def read():
        return b"".join([piece async for piece in answer.streaming_content])

    lines = asyncio.run(read()).decode().splitlines()
    for line in lines:
        if line.startswith("data: "):
            json.loads(line.removeprefix("data: "))
    ids = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    return ids, [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
