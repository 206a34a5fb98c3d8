"""Two processes that ask as fast as they can keep one account's limits together."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HAMMER = """
import asyncio, json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.conf import settings
from apps.ia.accounts import Account
from apps.ia.memory import remembering
from flotia.clients.openai_compatible import Endpoint
from flotia.limits.ledger import Lease, Ledger
from flotia.limits.windows import parse
from flotia.outcome import Answer
from flotia.ports import SystemClock

there = Account("cuenta", Endpoint("http://127.0.0.1:9/v1", "sk-a"), ("m",), parse(sys.argv[1]))
seconds = float(sys.argv[2])

async def hammer(ledger):
    moments = []
    until = time.time() + seconds
    async def lane():
        while time.time() < until:
            lease = await ledger.lease("cuenta", "m")
            if isinstance(lease, Lease):
                moments.append(time.time())
                await ledger.settle(lease, Answer("", "m"))
            else:
                await asyncio.sleep(0.002)
    await ledger.open("cuenta", there.limits, None)
    await asyncio.gather(*(lane() for _ in range(8)))
    return moments

with remembering([there]) as memory:
    print("ready", type(memory.books).__name__, flush=True)
    sys.stdin.readline()
    print(json.dumps(asyncio.run(hammer(Ledger(memory.books, SystemClock())))))
"""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A folder with a migrated SQLite database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate(folder, "")
    return folder


@pytest.fixture
def database(request, tmp_path):
    """What processes need to work on one database: `database("sqlite")`, `database("postgres")`."""

    def environment(kind):
        if kind == "sqlite":
            shutil.copytree(request.getfixturevalue("migrated"), tmp_path, dirs_exist_ok=True)
            return settings_for(tmp_path, "")
        import psycopg

        there = request.getfixturevalue("postgres")
        with psycopg.connect(there, autocommit=True) as connected:
            connected.execute("CREATE DATABASE libros")
        return migrate(tmp_path, there.replace("/postgres?", "/libros?"))

    return environment


def settings_for(folder, url):
    return {**os.environ, "FLOTIA_DATOS": str(folder), "DATABASE_URL": url, "DJANGO_SECRET_KEY": "x"}


def migrate(folder, url):
    env = settings_for(folder, url)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    return env


def hammered(env, limits, seconds):
    """The moments at which two processes were granted requests, when both ask as fast as they can."""
    both = [
        subprocess.Popen([sys.executable, "-c", HAMMER, limits, str(seconds)], cwd=ROOT, env=env, text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdout.readline().split() == ["ready", "DatabaseBooks"]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=60)[0].splitlines()[-1]) for process in both]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_processes_together_never_overrun_a_window(database, kind):
    one, two = hammered(database(kind), "20/2s", 5)
    granted = sorted(one + two)
    most = max(sum(start <= t < start + 2 for t in granted) for start in granted)
    assert most <= 20
    assert len(granted) >= 40
    assert one
    assert two


def test_two_processes_on_an_account_without_limits_lose_no_request(database, tmp_path):
    one, two = hammered(database("sqlite"), "", 2.5)
    with sqlite3.connect(tmp_path / "flotia.sqlite3") as there:
        (kept,) = there.execute("select libro from cuenta_ia").fetchone()
    assert json.loads(kept)["used"] == len(one) + len(two)
    assert len(one) + len(two) > 500
