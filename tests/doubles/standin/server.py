"""The stand-in behind a real socket on loopback."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.doubles.standin.app import StandIn

_START_SECONDS = 20.0


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
