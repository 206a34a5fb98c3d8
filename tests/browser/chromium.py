"""Debian's Chromium, driven by its own debugging protocol over a pipe.

Playwright downloads a browser of its own and Selenium needs a driver of exactly the browser's version; the pipe
(`--remote-debugging-pipe`) needs neither a package nor a port.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--force-device-scale-factor=1", "--lang=es", "--remote-debugging-pipe",
)  # fmt: skip
_PATIENCE = 30.0


class Chromium:
    """A browser process; `page()` opens a tab of its own in a fresh profile context."""

    def __init__(self, profile: Path) -> None:
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()
        self._process = subprocess.Popen(
            [EXECUTABLE, *_FLAGS, f"--user-data-dir={profile}"],
            preexec_fn=lambda: _as_three_and_four(to_child, from_child),  # noqa: PLW1509 - four plain calls of the system
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._last = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        pending = b""
        while piece := os.read(self._read, 1 << 20):
            *messages, pending = (pending + piece).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)
                else:
                    self._events.setdefault(message.get("sessionId", ""), []).append(message)

    def send(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """One command and its result. Raises `AssertionError` with the browser's own words."""
        self._last += 1
        answer = self._answers[self._last] = queue.Queue()
        message = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        found = answer.get(timeout=_PATIENCE)
        assert "error" not in found, f"{method}: {found['error']}"
        return found["result"]

    def events(self, session: str) -> list[dict[str, Any]]:
        """What a tab has told so far."""
        return self._events.setdefault(session, [])

    def page(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> Page:
        """A new tab that shares nothing with others."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session, width, height, dark=dark)

    def close(self) -> None:
        """End the process."""
        self.send("Browser.close")
        self._process.wait(timeout=_PATIENCE)


def _as_three_and_four(reading: int, writing: int) -> None:
    """In the child: the descriptors by which Chromium listens and speaks."""
    reading, writing = (os.dup(os.dup(os.dup(fd))) for fd in (reading, writing))
    os.dup2(reading, 3)
    os.dup2(writing, 4)


class Page:
    """A tab."""

    def __init__(self, browser: Chromium, session: str, width: int, height: int, *, dark: bool) -> None:
        self._browser, self._session = browser, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": "es"})
        self.resize(width, height)
        self.scheme("dark" if dark else "light")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """A command to this tab."""
        return self._browser.send(method, self._session, **params)

    def resize(self, width: int, height: int) -> None:
        """Another size of window; narrow ones are phones."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def scheme(self, name: str) -> None:
        """What the system prefers: `light` or `dark`."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def open(self, url: str) -> None:
        """Go there and wait until it is loaded."""
        self.js("window.__old = true")
        self.send("Page.navigate", url=url)
        self.until("!window.__old && document.readyState === 'complete'")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        late = time.monotonic() + _PATIENCE
        while time.monotonic() < late:
            try:
                if self.js(f"Boolean({condition})"):
                    return
            except AssertionError as error:  # the page is just being replaced
                if "context" not in str(error):
                    raise
            time.sleep(0.03)
        raise AssertionError(f"never came true: {condition}")

    def press(self, key: str) -> None:
        """A key, as a keyboard sends it."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        text = {"Enter": "\r", " ": " "}.get(key, "")
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": codes[key]}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """Errors of the console, of scripts and of the content security policy."""
        found = []
        for event in self._browser.events(self._session):
            params = event.get("params", {})
            match event["method"]:
                case "Runtime.exceptionThrown":
                    found.append(str(params["exceptionDetails"]))
                case "Log.entryAdded" if params["entry"]["level"] in {"error", "warning"}:
                    found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
                case "Runtime.consoleAPICalled" if params["type"] in {"error", "assert"}:
                    found.append(str(params["args"]))
        return found
