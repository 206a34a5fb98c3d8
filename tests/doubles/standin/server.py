"""The stand-in behind a real socket on loopback: in a thread, or as a process of its own."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from tests.doubles.standin.app import StandIn

_ROOT = Path(__file__).resolve().parents[3]
_START_SECONDS = 20.0
#: What the process prints before its address.
SAYS = "DEEPSEEK_API_BASE="


@contextmanager
def serving(standin: StandIn, port: int = 0) -> Iterator[str]:
    """Serve `standin` in a thread; give the API's base address, `http://127.0.0.1:PORT/api/v1`."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        standin, host="127.0.0.1", port=port, log_config=None, access_log=False, timeout_graceful_shutdown=0
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > give_up or not thread.is_alive():
            raise RuntimeError("the stand-in did not start")
        time.sleep(0.01)
    host, bound = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{bound}/api/v1"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)


@dataclass(frozen=True)
class Apart:
    """A stand-in in a process of its own: the API's base address, its process id, and what it saw."""

    base: str
    pid: int

    def seen(self) -> dict[str, Any]:
        """What happened so far, as `Record.report` tells it."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.base.removesuffix("/api/v1") + "/_seen", timeout=_START_SECONDS) as answer:
            return json.load(answer)


@contextmanager
def serving_apart(preset_or_flags: str | Sequence[str]) -> Iterator[Apart]:
    """Serve a preset (by its name), or what flags of `python -m tests.doubles.standin` say, without costing the client CPU.

    The process ends with the block, and by itself if this one dies.
    """
    flags = ["--preset", preset_or_flags] if isinstance(preset_or_flags, str) else [*preset_or_flags]
    command = [sys.executable, "-m", "tests.doubles.standin", "--port", "0", "--until-stdin-ends", *flags]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        if not said.startswith(SAYS):
            raise RuntimeError(f"the stand-in did not start: {' '.join(command)}")
        try:
            yield Apart(said.removeprefix(SAYS).strip(), process.pid)
        finally:
            process.kill()
