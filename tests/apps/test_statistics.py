"""What calls came to: every figure adds up to the rows of `Llamada`."""

from __future__ import annotations

import io
import json
import os
import statistics as reference
import subprocess
import sys
from datetime import date, timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.stock.models import Ejecucion, Llamada
from apps.stock.statistics import By, gather
from tests.conftest import TODAY
from tests.doubles.standin import StandIn, serving

pytestmark = pytest.mark.django_db(transaction=True)
OUTCOMES = ("bien", "cortada", "limite_diario", "fallo_pasajero", "interrumpida")


@pytest.fixture
def calls():
    """Calls of two runs, three models and two accounts, over three days."""
    runs = [
        Ejecucion.objects.create(
            cantidad=5, semilla=1, usa_ia=True, perfil="adaptativo", fecha=TODAY, catalogo="x", estado="publicada"
        )
        for _ in range(2)
    ]
    made = []
    for n in range(60):
        well = OUTCOMES[n % 5] in ("bien", "cortada")
        made.append(
            Llamada(
                ejecucion=runs[n % 2], lote=n, cuenta=f"cuenta-{n % 2}", modelo_pedido=f"casa/m{n % 3}:free",
                modelo="otro", resultado=OUTCOMES[n % 5], pedidos=10, conservados=n % 7 if well else 0,
                reparados=n % 4 if well else 0, rechazados=n % 2, latencia=0.5 + n / 10, tokens_entrada=n,
                tokens_salida=2 * n, coste=n / 64,
            )
        )  # fmt: skip
    Llamada.objects.bulk_create(made)
    for n, call in enumerate(Llamada.objects.all()):
        Llamada.objects.filter(pk=call.pk).update(hecha=timezone.now() - timedelta(days=n % 3))
    return Llamada.objects.all()


@pytest.mark.parametrize("by", list(By))
def test_lines_and_total_add_up_to_the_calls(calls, by):
    found = gather(by)
    columns = {
        "asked": "pedidos", "kept": "conservados", "repaired": "reparados", "refused": "rechazados",
        "prompt_tokens": "tokens_entrada", "completion_tokens": "tokens_salida", "cost": "coste",
    }  # fmt: skip
    sums = calls.aggregate(**{name: Sum(column) for name, column in columns.items()})
    for name, value in sums.items():
        assert sum(getattr(line, name) for line in found.lines) == getattr(found.total, name) == value
    assert sum(x.calls for x in found.lines) == found.total.calls == 60
    for line in (*found.lines, found.total):
        assert sum(line.outcomes.values()) == line.calls
        assert line.vehicles == line.kept + line.repaired
        assert line.per_call == line.vehicles / line.calls
    assert found.total.outcomes == dict.fromkeys(OUTCOMES, 12)
    assert found.total.failures == dict.fromkeys(("fallo_pasajero", "interrumpida", "limite_diario"), 12)
    assert found.total.fruitless == calls.filter(conservados=0, reparados=0).count()


def test_each_group_is_its_own(calls):
    by_model = gather(By.MODEL)
    assert {line.key for line in by_model.lines} == {f"casa/m{n}:free" for n in range(3)}
    for line in by_model.lines:
        own = calls.filter(modelo_pedido=line.key)
        assert line.calls == own.count()
        assert line.kept == own.aggregate(n=Sum("conservados"))["n"]
    assert [x.key for x in gather(By.RUN).lines] == [str(r.pk) for r in Ejecucion.objects.order_by("id")]
    assert {x.key for x in gather(By.ACCOUNT).lines} == {"cuenta-0", "cuenta-1"}
    today = timezone.localdate()
    assert [x.key for x in gather(By.DAY).lines] == [f"{today - timedelta(days=n)}" for n in (2, 1, 0)]


def test_a_day_and_a_run_narrow_it(calls):
    today = timezone.localdate()
    assert gather(By.MODEL, since=today).total.calls == 20
    assert gather(By.MODEL, since=today - timedelta(days=1)).total.calls == 40
    run = Ejecucion.objects.earliest("id")
    assert gather(By.MODEL, run=run.pk).total.calls == 30
    assert gather(By.MODEL, since=date(2100, 1, 1)).lines == ()


def test_latencies_are_those_of_answers(calls):
    for line in gather(By.MODEL).lines:
        answered = calls.filter(modelo_pedido=line.key, resultado__in=("bien", "cortada"))
        seconds = sorted(answered.values_list("latencia", flat=True))
        cuts = reference.quantiles(seconds, n=20, method="inclusive")
        assert line.p50 == pytest.approx(reference.median(seconds))
        assert line.p95 == pytest.approx(cuts[18])
    every = sorted(calls.filter(resultado__in=("bien", "cortada")).values_list("latencia", flat=True))
    assert gather(By.DAY).total.p50 == pytest.approx(reference.median(every))
    Llamada.objects.update(resultado="fallo_pasajero")
    assert (gather(By.MODEL).total.p50, gather(By.MODEL).lines[0].p95) == (None, None)


@pytest.mark.parametrize("by", list(By))
def test_the_number_of_queries_does_not_grow(calls, by):
    with CaptureQueriesContext(
        connection,
    ) as few:
        gather(by)
    rows = list(Llamada.objects.all())
    for n, row in enumerate(rows):
        row.pk, row.modelo_pedido = None, f"casa/nuevo-{n}"
    Llamada.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as many:
        gather(by)
    assert len(many) == len(few) <= 4


# --- the command -----------------------------------------------------------------------------------------------------


def shown(*flags):
    out = io.StringIO()
    call_command("estadisticas_ia", *flags, stdout=out)
    return out.getvalue()


def test_the_command_prints_aligned_lines_a_total_and_why_calls_failed(calls):
    lines = shown("--por", "modelo").splitlines()
    assert lines[0].split()[:3] == ["Modelo", "Llamadas", "Bien"]
    table = lines[: lines.index("")]
    assert len({len(line) for line in table}) == 1, "the columns are aligned"
    total = table[-1].split()
    assert total[:5] == ["Total", "60", "12", "12", "36"]
    assert any("límite diario" in line for line in lines[len(table) :])


def test_the_document_holds_the_same_figures(calls):
    run = Ejecucion.objects.latest("id")
    document = json.loads(shown("--json", "--por", "dia", "--ejecucion", str(run.pk)))
    assert document["por"] == "dia"
    assert sum(x["calls"] for x in document["lineas"]) == document["total"]["calls"] == 30
    assert document["total"]["vehicles"] == document["total"]["kept"] + document["total"]["repaired"]


def test_nothing_to_count_is_said_and_is_no_error():
    assert "No hay llamadas registradas" in shown()
    assert json.loads(shown("--json"))["total"]["calls"] == 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--ejecucion", "99"], "No hay ninguna ejecución 99"),
        (["--ejecucion", "tres"], "'tres' no es el número de una ejecución"),
        (["--ejecucion", "9" * 30], "no es el número de una ejecución"),
        (["--desde", "ayer"], "'ayer' no es una fecha: escriba --desde 2026-11-22"),
    ],
)
def test_bad_input_is_a_sentence(flags, words):
    with pytest.raises(CommandError) as refusal:
        shown(*flags)
    assert words in str(refusal.value)


def test_a_name_from_outside_does_not_reach_the_terminal_as_it_is(calls):
    Llamada.objects.update(modelo_pedido="casa/\x1b[31mrojo")
    assert "\x1b" not in shown()


def test_postgresql_counts_the_same(tmp_path, postgres):
    """A run there, its batches through COPY, and its figures next to what plain SQL says."""
    with serving(StandIn({"*": ["ok", "wrong_fields", "e500"]}, latency=0.02)) as base:
        environment = {
            **os.environ, "DATABASE_URL": postgres, "DEEPSEEK_API_BASE": base, "FLOTIA_DATOS": str(tmp_path),
            "DEEPSEEK_API_KEY": "", "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip

        def manage(*args):
            done = subprocess.run(
                [sys.executable, "manage.py", *args],
                check=False,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        manage("migrate", "-v0")
        manage("migrate_stock_and_scrape", "--usar-ia", "--cantidad", "40", "--perfil", "especificacion")
        document = json.loads(manage("estadisticas_ia", "--json"))
    with psycopg.connect(postgres) as there:
        [(calls, kept, repaired, p50, p95)] = there.execute(
            "select count(*), sum(conservados), sum(reparados), percentile_cont(0.5) within group (order by latencia)"
            " filter (where resultado = 'bien'), percentile_cont(0.95) within group (order by latencia)"
            " filter (where resultado = 'bien') from llamada"
        ).fetchall()
        [(rows, of_ai)] = there.execute("select count(*), count(*) filter (where origen = 'ia') from stock").fetchall()
    total = document["total"]
    assert (total["calls"], total["kept"], total["repaired"]) == (calls, kept, repaired)
    assert (total["p50"], total["p95"]) == pytest.approx((p50, p95))
    assert (rows, of_ai) == (40, kept + repaired)
    assert sum(x["calls"] for x in document["lineas"]) == calls
