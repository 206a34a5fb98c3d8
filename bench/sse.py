"""`python -m bench.sse [vehicles] [clients]`: a run that 200 clients watch over SSE, next to one that nobody watches.

Everything as users have it, each a process of its own: the stand-in, uvicorn, the worker, and the clients. Runs are watched
and not watched in turn, several times; the ratio is that of the medians of the worker's own time for the run (`segundos`).
A run waits until all its clients are there. They are one process at the lowest priority, for in real life they are other
machines. Every client must get every event of the journal, once and in order.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.doubles.standin import serving_apart

_ROOT = Path(__file__).resolve().parents[1]
_VEHICLES, _CLIENTS, _ROUNDS = 3000, 200, 4
_SET_UP = """
import django; django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
user = User.objects.create_user("bench")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)
"""
_PREPARE = """
import django; django.setup()
import sys
from django.db import transaction
from apps.stock.runs import jobs
from apps.stock.runs.generation import Order
from flotia.request import Request
with transaction.atomic():
    run = jobs.pause(jobs.enqueue(Request(amount=int(sys.argv[1]), lanes=4, seed=int(sys.argv[2])), Order()))
print(run.pk)
"""
_GO = """
import django; django.setup()
import sys
from apps.stock.runs import jobs
from apps.stock.models import Ejecucion
jobs.resume(Ejecucion.objects.get(pk=sys.argv[1]))
"""
_RESULT = """
import django; django.setup()
import json, sys, time
from apps.stock.models import Ejecucion, Evento
while True:
    run = Ejecucion.objects.get(pk=sys.argv[1])
    if run.estado in ("publicada", "interrumpida", "cancelada"):
        break
    time.sleep(0.2)
events = Evento.objects.filter(ejecucion=run).order_by("pk")
print(json.dumps([run.estado, run.segundos, list(events.values_list("pk", flat=True))]))
"""


def main() -> None:
    """Measure, and end with 1 if a client missed an event or the run was slowed by more than a tenth."""
    if len(sys.argv) > 1 and sys.argv[1] == "watch":
        print(json.dumps(asyncio.run(_watch(*sys.argv[2:]))))
        return
    vehicles, clients = (int(x) for x in (*sys.argv[1:3], *(_VEHICLES, _CLIENTS)[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder, serving_apart(["--latency", "0.3"]) as apart:
        _measure(folder, apart.base, vehicles, clients)


def _measure(folder: str, base: str, vehicles: int, clients: int) -> None:
    environment = {
        **os.environ, "FLOTIA_DATOS": folder, "DATABASE_URL": "", "DEEPSEEK_API_BASE": base, "DEEPSEEK_API_KEY": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    port = _free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "manage.py", "panel", "--puerto", str(port)]
    panel = subprocess.Popen(command, cwd=_ROOT, env=environment, **quiet)
    try:
        _await(f"http://127.0.0.1:{port}/entrar/")
        session = _python(_SET_UP, environment).strip()
        alone: list[float] = []
        watched: list[float] = []
        _run(environment, vehicles, 0, None)  # what is learned of models is learned before anything is timed
        for number in range(_ROUNDS):
            alone.append(_run(environment, vehicles, 2 * number + 1, None)[0])
            seconds, lags = _run(environment, vehicles, 2 * number + 2, (port, session, clients))
            watched.append(seconds)
            print(f"round {number + 1}: alone {alone[-1]:6.2f} s   watched {seconds:6.2f} s   {lags}", flush=True)
    finally:
        panel.terminate()
        panel.wait(40)
    ratio = statistics.median(watched) / statistics.median(alone)
    told = f"alone {statistics.median(alone):.2f} s, watched by {clients} {statistics.median(watched):.2f} s"
    print(f"{vehicles} vehicles: {told}: {ratio - 1:+.1%}; every client got every event once, in order")
    sys.exit(ratio > 1.1)


def _run(
    environment: dict[str, str], vehicles: int, seed: int, watch: tuple[int, str, int] | None
) -> tuple[float, str]:  # fmt: skip
    """One run: its seconds, and how the watchers fared."""
    run = _python(_PREPARE, environment, str(vehicles), str(seed)).strip()
    watchers = None
    if watch is not None:
        given = [str(x) for x in (watch[0], watch[1], run, watch[2])]
        command = ["nice", "-n", "19", sys.executable, "-m", "bench.sse", "watch", *given]
        watchers = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        watchers.stdout.readline()  # all are there
    _python(_GO, environment, run)
    state, seconds, events = json.loads(_python(_RESULT, environment, run))
    if state != "publicada":
        raise SystemExit(f"the run ended as {state}")
    if watchers is None:
        return seconds, ""
    found = json.loads(watchers.communicate(timeout=60)[0])
    wrong = [n for n, client in enumerate(found) if client["ids"] != events]
    if wrong:
        raise SystemExit(f"{len(wrong)} of {len(found)} clients did not get every event once, in order")
    lags = sorted(lag for client in found for lag in client["lags"])
    told = f"half of them within {lags[len(lags) // 2]:.2f} s, the last after {lags[-1]:.2f} s"
    return seconds, f"{len(found)} clients × {len(events)} events, {told}"


async def _watch(port: str, session: str, run: str, clients: str) -> list[dict]:
    there = asyncio.Barrier(int(clients))
    return await asyncio.gather(*(_client(int(port), session, run, there) for _ in range(int(clients))))


async def _client(port: int, session: str, run: str, there: asyncio.Barrier) -> dict:
    """The number of every event as it comes, and how long after it happened the end was here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /generacion/{run}/eventos/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: sessionid={session}\r\n\r\n".encode()
    )
    ids: list[int] = []
    lags: list[float] = []
    name = b""
    async for line in reader:
        if line.startswith(b"id: "):
            ids.append(int(line[4:]))
            if len(ids) == 1 and await there.wait() == 0:
                print("all are there", flush=True)
        elif line.startswith(b"event: "):
            name = line[7:].strip()
            if name == b"fin":
                break
        elif line.startswith(b"data: ") and name == b"publicada":
            lags.append(time.time() - _epoch(json.loads(line[6:])["momento"]))
    writer.close()
    return {"ids": ids, "lags": lags}


def _epoch(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()


def _python(code: str, environment: dict[str, str], *given: str) -> str:
    command = [sys.executable, "-c", code, *given]
    return subprocess.run(command, cwd=_ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _await(address: str) -> None:
    late = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > late:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
