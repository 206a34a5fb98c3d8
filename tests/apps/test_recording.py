"""What a run leaves in the database while it works, and figures that add up whatever happened to it."""

from __future__ import annotations

import pytest

from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo
from apps.stock.runs import lifecycle
from apps.stock.runs.generation import Interrupted, Order, resume, start
from apps.stock.runs.recording import Recorder
from apps.stock.runs.summary import summarise
from flotia.errors import ProviderError
from flotia.events import BatchDone, CallDone, ModelAsked
from flotia.outcome import Failure, Kind, Remedy, Scope
from flotia.request import Profile, Request
from flotia.vehicle import FIELDS
from tests.conftest import TODAY
from tests.doubles.standin import StandIn

database = pytest.mark.django_db(transaction=True)
MODEL = "casa/uno:free"


def quiet(_):
    pass


def asked(amount, **more):
    return Request(amount=amount, seed=3, today=TODAY, **more)


def interrupting(kind, times=1):
    left = [times]

    def hear(event):
        left[0] -= isinstance(event, kind)
        if left[0] == 0:
            raise KeyboardInterrupt

    return hear


@pytest.fixture
def recorder():
    return Recorder(lifecycle.begin(asked(50), replaces=False).run)


def answer(batch=0, **more):
    return CallDone(batch, MODEL, MODEL, 10, account="casa", **more)


def failure(batch=0):
    return answer(batch, failure=Failure(Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, "Fallo."))


@database
@pytest.mark.parametrize("profile", list(Profile))
def test_rows_are_saved_as_the_engine_made_them(speaking, profile):
    speaking(StandIn({"*": ["ok", "wrong_fields"]}))
    made = {}

    def hear(event):
        if isinstance(event, BatchDone):
            made.update({i: v.as_dict() for i, v in event.vehicles.items()})
            run = Ejecucion.objects.get()
            kept = {r.pop("indice"): r for r in run.vehiculos.values(*FIELDS, "indice")}
            assert kept == made, "a batch is there as soon as it is told"

    start(asked(60, profile=profile), Order(), hear, quiet)
    assert len(made) == 60
    assert sum(b.vehiculos for b in Lote.objects.all()) == 60
    assert sum(b.de_ia for b in Lote.objects.all()) == Vehiculo.objects.filter(origen="ia").count()


@database
@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("moment", [CallDone, BatchDone, ModelAsked])
def test_untouched_and_repaired_are_the_rows_of_ai_even_after_repeated_asks(speaking, profile, moment):
    """Interrupted between an answer and its batch, what the answer gave is lost, and is asked for again."""
    script = {"*": ["ok", "wrong_fields", "short", "e500", "truncated"]}
    speaking(StandIn(script))
    with pytest.raises(Interrupted):
        start(asked(60, profile=profile), Order(), interrupting(moment, 3), quiet)
    speaking(StandIn(script))
    summary = resume(None, Order(), quiet, quiet)
    of_ai = Vehiculo.objects.filter(origen="ia").count()
    assert summary.untouched + summary.repaired == summary.from_ai == of_ai > 0
    assert (summary.dropped, summary.from_ai + summary.cached + summary.local) == (0, 60)
    assert sum(m.vehicles for m in summary.models) == summary.from_ai
    assert summary.calls.calls == Llamada.objects.count() == sum(a.calls for a in summary.accounts)


@database
def test_rows_dropped_for_an_identity_are_told_apart(speaking):
    speaking(StandIn())
    with pytest.raises(Interrupted):
        start(asked(30), Order(), interrupting(BatchDone), quiet)
    run = Ejecucion.objects.get()
    Vehiculo.objects.create(**run.vehiculos.order_by("indice").values(*FIELDS)[0])
    summary = resume(None, Order(), quiet, quiet)
    assert summary.delivered == summary.from_ai == 30
    assert (summary.dropped, summary.untouched + summary.repaired) == (1, 31)


@database
def test_an_answer_whose_batch_was_never_saved_is_a_call_without_vehicles(recorder):
    recorder.hear(ModelAsked(0, MODEL, 10, "casa"))
    recorder.hear(answer(kept=7, repaired=2, prompt_tokens=500, latency=1.5))
    recorder.hear(ModelAsked(1, MODEL, 8, "casa"))
    recorder.flush()
    lost, given_up = Llamada.objects.order_by("lote")
    assert (lost.resultado, lost.conservados, lost.reparados, lost.tokens_entrada) == ("interrumpida", 0, 0, 500)
    assert (given_up.resultado, given_up.pedidos, given_up.cuenta) == ("interrumpida", 8, "casa")
    recorder.flush()
    assert Llamada.objects.count() == 2, "nothing is written twice"


@database
def test_failures_are_written_though_no_batch_comes_of_them(recorder, monkeypatch):
    monkeypatch.setattr("apps.stock.runs.recording._FRUITLESS_WAIT", 0.0)
    for batch in range(3):
        recorder.hear(ModelAsked(batch, MODEL, 10, "casa"))
        recorder.hear(failure(batch))
    assert list(Llamada.objects.values_list("resultado", "cuenta")) == [("fallo_pasajero", "casa")] * 3


@database
def test_a_call_keeps_its_account_and_its_cost(recorder):
    recorder.hear(answer(cost=0.25, refused=3, failure=None))
    recorder.flush()
    call = Llamada.objects.get()
    assert (call.cuenta, call.coste, call.rechazados, call.resultado) == ("casa", 0.25, 3, "bien")


@database
def test_a_refused_key_in_the_middle_of_a_batch_loses_no_count(speaking):
    speaking(StandIn({"*": ["short", "bad_key"]}))
    with pytest.raises(ProviderError):
        start(asked(20, profile=Profile.SPECIFICATION), Order(), quiet, quiet)
    run = Ejecucion.objects.get()
    summary = summarise(run)
    assert summary.untouched + summary.repaired == summary.from_ai == run.vehiculos.count()
