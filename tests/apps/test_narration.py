"""A run in log lines and in the live view: every kind of event, several lanes, several accounts."""

from __future__ import annotations

import io
import logging
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from rich.console import Console

from apps.stock.console import LiveView
from apps.stock.runs.narration import Narrator
from apps.stock.wording import at
from flotia.events import (
    AccountStopped,
    AiStopped,
    CallDone,
    ModelAsked,
    ModelCooled,
    ModelRetired,
    QuotaSeen,
    RunPaused,
    RunStarted,
    Waiting,
)
from flotia.outcome import Failure, Kind, Remedy, Scope

FAILURE = Failure(Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, "El modelo está limitado.")


@pytest.fixture
def told(caplog):
    """What a narrator says of events."""
    logger = logging.getLogger("apps.stock")
    logger.addHandler(caplog.handler)

    def tell(*events, **how):
        narrator = Narrator(**how)
        caplog.clear()
        for event in events:
            narrator.hear(event)
        return [f"{r.levelname}: {r.getMessage()}" for r in caplog.records]

    yield tell
    logger.removeHandler(caplog.handler)


def test_a_quota_is_one_line_and_a_warning_if_it_is_short(told):
    tonight = time.time() + 60
    assert told(QuotaSeen(34, 50, tonight)) == ["INFO: Hacen falta unas 34 peticiones; quedan 50 hoy"]
    line, warning = told(QuotaSeen(34, 12, tonight))
    assert line == "INFO: Hacen falta unas 34 peticiones; quedan 12 hoy"
    assert warning.startswith("WARNING: El cupo de hoy no alcanza: hacen falta unas 34 peticiones y quedan 12.")
    assert f"Vuelve a estar entero {at(tonight)}." in warning
    assert "el resto serán datos locales" in warning
    _, warning = told(QuotaSeen(34, 12, tonight), pauses=True)
    assert "quedará en pausa" in warning
    assert "datos locales" not in warning


def test_what_becomes_of_the_rest_is_what_will_become_of_it(told):
    assert told(AiStopped("se acabó")) == [
        "WARNING: Se deja de usar IA: se acabó. El resto serán datos locales."
    ]  # fmt: skip
    assert told(AiStopped("se acabó"), pauses=True) == [
        "WARNING: Se deja de usar IA: se acabó. El resto queda pendiente."
    ]


def test_a_pause_says_how_many_are_there_why_and_until_when(told):
    resumes = time.time() + 3 * 86_400
    (line,) = told(RunPaused("Se acabó el cupo.", 120, 1000, resumes))
    day = timezone.localtime(timezone.now() + timedelta(days=3))
    assert line.startswith(
        "WARNING: Ejecución en pausa con 120 de 1000 vehículos: Se acabó el cupo. Vuelve a haber cupo"
    )
    assert f" del {day:%d/%m}." in line
    assert told(RunPaused("Se acabó el cupo.", 1, 2)) == [
        "WARNING: Ejecución en pausa con 1 de 2 vehículos: Se acabó el cupo."
    ]


def test_each_line_names_its_model_and_its_account_once_there_are_two(told):
    lines = told(
        ModelAsked(0, "m/a", 10, "uno"), ModelCooled("m/a", 5, "descansa", "uno"), ModelAsked(1, "m/a", 20, "dos"),
        CallDone(0, "m/a", "m/a", 10, failure=FAILURE, account="uno"), ModelRetired("m/a", "ya no existe", "dos"),
        AccountStopped("dos", "cupo agotado"), Waiting(9, "todos descansan"),
    )  # fmt: skip
    assert lines == [
        "INFO: Generando vehículos con modelo: m/a",
        "INFO: Modelo m/a en pausa 5 s: descansa",
        "INFO: Generando vehículos con modelo: m/a",
        "WARNING: Error con modelo m/a: El modelo está limitado.",
        "WARNING: Modelo m/a (cuenta dos) descartado en esta ejecución: ya no existe",
        "WARNING: Se deja de preguntar a la cuenta dos: cupo agotado. Las demás siguen.",
        "INFO: Esperando 9 s: todos descansan",
    ]


def test_names_from_outside_cannot_write_lines_of_their_own(told):
    lines = told(ModelAsked(0, "m\n✓ Lote completado\x1b[2J", 5), CallDone(0, "m\nx", "m\nx", 5, kept=5))
    assert not any(c in line for line in lines for c in "\n\x1b")


# --- the live view ---------------------------------------------------------------------------------------------------


def seen(view):
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    console.print(view.picture())
    return console.file.getvalue()


@pytest.fixture
def view():
    return LiveView(Console(file=io.StringIO()), calls=10)


def test_the_view_shows_who_is_asked_in_which_lanes(view):
    view.hear(RunStarted(100, 20, 10, use_ai=True))
    for batch, model in enumerate(["m/a", "m/a", "m/b"]):
        view.hear(ModelAsked(batch, model, 10))
    assert "Ahora: preguntando a m/a ×2, m/b" in seen(view)
    view.hear(CallDone(0, "m/a", "m/a", 10, kept=10))
    view.hear(CallDone(2, "m/b", "m/b", 10, failure=FAILURE))
    text = seen(view)
    assert "Ahora: preguntando a m/a\n" in text.replace(" \n", "\n")
    assert "m/b: El modelo está limitado." in text
    assert "Llamadas 3 (1 fallidas) · presupuesto: quedan 7" in text


def test_the_view_counts_a_cool_down_down_and_forgets_it_when_it_is_over(view, monkeypatch):
    now = time.time()
    monkeypatch.setattr("apps.stock.console.time.time", lambda: now)
    view.hear(ModelCooled("m/a", 30, "límite"))
    assert "m/a descansa hasta las " in seen(view)
    assert "(faltan 30 s)" in seen(view)
    now += 12
    assert "(faltan 18 s)" in seen(view)
    now += 20
    assert "descansa" not in seen(view)


def test_the_view_counts_the_quota_down_where_it_is_known(view):
    assert "cupo" not in seen(view)
    view.hear(QuotaSeen(5, 50, time.time() + 60))
    view.hear(ModelAsked(0, "m/a", 10))
    assert "cupo de hoy: quedan unas 49" in seen(view)
    view.hear(QuotaSeen(90, 50, time.time() + 60))
    assert "El cupo de hoy no alcanza" in seen(view)
