"""Killed at any moment, interrupted, resumed: exactly N, nothing twice, no finished batch paid again."""

from __future__ import annotations

import os
import pty
import random
import re
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.acceptance.conftest import COMMAND, ROOT
from tests.doubles.standin import StandIn, serving

KILLS = 20
AMOUNT = 60
BATCH = 8


def question(user, uri, query):
    if not uri:
        return user.rows(query)
    with psycopg.connect(uri) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_kill_nine_at_random_moments_loses_nothing_and_pays_nothing_twice(user, database, request):
    """`kill -9` twenty times, at random moments of starting, asking, saving and publishing, `--reanudar` after each."""
    uri = request.getfixturevalue("empty_postgres") if database == "postgres" else ""
    user.env["DATABASE_URL"] = uri
    assert user.run("manage.py", "migrate", "-v0").returncode == 0
    rng = random.Random(2026)
    kills = runs = before = 0
    standin = StandIn(latency=0.05)
    with serving(standin) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        while kills < KILLS:
            runs += 1
            replaces = runs % 2 == 0
            flags = ["--usar-ia", "--perfil", "especificacion", "--cantidad", AMOUNT]
            flags += ["--reemplazar"] if replaces else []
            calls = len(standin.calls)
            deaths = 0
            while True:
                process = user.start("manage.py", COMMAND, *flags, start_new_session=True)
                try:
                    process.communicate(timeout=rng.uniform(1.5, 7.0) if kills < KILLS else 60)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.communicate()
                    kills += 1
                    deaths += 1
                    assert_old_or_new(user, uri, before, replaces)
                    interrupted = question(user, uri, "select count(*) from ejecucion where estado <> 'publicada'")
                    if interrupted == [(1,)]:
                        flags = ["--reanudar"]
                    elif question(user, uri, "select count(*) from ejecucion") == [(runs,)]:
                        break  # killed after publication
                    continue
                assert process.returncode == 0, process.stderr
                break
            before = AMOUNT if replaces else before + AMOUNT
            [(rows, plates)] = question(user, uri, "select count(*), count(distinct matricula) from stock")
            assert (rows, plates) == (before, before)
            batches = -(-AMOUNT // BATCH)
            # a batch in flight at a death may be asked again, and only it
            assert batches <= len(standin.calls) - calls <= batches + deaths
    [(published,)] = question(user, uri, "select count(*) from ejecucion where estado = 'publicada'")
    assert published == runs
    assert kills >= KILLS


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_run_without_ai_is_all_or_nothing_however_often_it_is_killed(user, database, request):
    """It is drawn straight into the stock: a `kill -9` leaves none of it there, and `--reanudar` draws all of it."""
    uri = request.getfixturevalue("empty_postgres") if database == "postgres" else ""
    user.env["DATABASE_URL"] = uri
    assert user.run("manage.py", "migrate", "-v0").returncode == 0
    [(before,)] = question(user, uri, "select count(*) from stock")
    flags = ["--cantidad", 60_000, "--semilla", 5]
    for seconds in (2.5, 3.5, 4.5, 5.5):
        process = user.start("manage.py", COMMAND, *flags, start_new_session=True)
        try:
            process.communicate(timeout=seconds)
            break  # done before it could be killed
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        [(now,)] = question(user, uri, "select count(*) from stock")
        assert now in (before, before + 60_000)
        if question(user, uri, "select count(*) from ejecucion where estado <> 'publicada'") == [(0,)]:
            continue  # not begun, or published already
        flags = ["--reanudar"]
    if question(user, uri, "select count(*) from ejecucion where estado <> 'publicada'") != [(0,)]:
        assert user.command("--reanudar").returncode == 0
    [(rows, plates)] = question(user, uri, "select count(*), count(distinct matricula) from stock")
    assert (rows - before) % 60_000 == 0
    assert rows - before >= 60_000
    assert plates == rows


def assert_old_or_new(user, uri, before, replaces):
    """The stock is what it was, or what it will be; the history takes exactly what was replaced."""
    [(now,)] = question(user, uri, "select count(*) from stock")
    assert now in ({before, AMOUNT} if replaces else {before, before + AMOUNT})


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_a_run_that_can_be_resumed_and_says_how(user, sent):
    with serving(StandIn(latency=0.2)) as base:
        user.env["DEEPSEEK_API_BASE"] = base
        process = user.start("manage.py", COMMAND, "--usar-ia", "--perfil", "especificacion", "--cantidad", "50")
        for line in process.stderr:
            if "total: 10/50" in line:
                break
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in err
        assert "de 50 vehículos guardados. Para continuar:" in err
        how = err.strip().splitlines()[-1].split()
        assert how[:2] == ["python", "manage.py"]
        assert user.rows("select count(*) from stock") == [(0,)]
        assert user.run(*how[1:]).returncode == 0
    assert user.rows("select count(*) from stock") == [(50,)]


def test_on_a_terminal_there_is_a_live_view(user):
    with serving(StandIn({"*": ["ok", "upstream_limit"]}, latency=0.6)) as base:  # longer than two looks of the view
        user.env |= {"DEEPSEEK_API_BASE": base, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "manage.py", COMMAND, "--usar-ia", "--cantidad", "30"], cwd=ROOT, env=user.environment(),
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        seen = b""
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode("utf-8", "replace"))
    for part in (
        "Vehículos",
        "preguntando a",
        "reparados",
        "30/30",
        "descansa",
        "Ejecución 1 publicada en el stock",
        "De IA",
    ):
        assert part in text, part
    assert "INFO:" not in text
