"""A real server (uvicorn) with a stock of its own, and a real browser. Where there is no Chromium, these tests are left out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.chromium import EXECUTABLE, Chromium

ROOT = Path(__file__).resolve().parents[2]
#: With FLOTIA_CAPTURAS=docs the pictures of the README are taken anew.
PICTURES = os.environ.get("FLOTIA_CAPTURAS")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents and EXECUTABLE is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium: apt-get install chromium"))


@contextmanager
def serving(folder, script="", given=None):
    """The address of a server over 300 vehicles in `folder`, with what `script` does beforehand and the settings `given`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "DATABASE_URL": "", "FLOTIA_DATOS": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_DEBUG": "false", **(given or {}),
    }  # fmt: skip
    make = ["manage.py", "migrate_stock_and_scrape", "--cantidad", "300", "--semilla", "5"]
    for words in (make, ["manage.py", "shell", "-v0", "-c", script]):
        subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True, capture_output=True)
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "config.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/entrar/", timeout=5).close()
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    yield address
    server.terminate()
    server.wait(timeout=30)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a server over 300 vehicles."""
    with serving(tmp_path_factory.mktemp("datos")) as address:
        yield address


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def picture():
    """Save what a page shows, if pictures are wanted."""

    def take(page, name):
        if PICTURES:
            page.until("document.getAnimations().every(a => a.effect.getComputedTiming().iterations === Infinity)")
            page.screenshot(ROOT / PICTURES / f"{name}.png")

    return take
