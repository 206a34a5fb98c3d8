"""Work that takes seconds, done in a thread of this process while the page that asked for it is answered and asks again.

For what nobody misses when the process ends: runs have a worker of their own. What a job finds it keeps itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections
from django.utils.translation import activate, get_language
from django.utils.translation import gettext as _

from flotia.errors import FlotiaError

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One thing at a time. `told` is what is going on, `fault` why the latest work came to nothing."""

    name: str
    told: str = ""
    fault: str = ""
    since: float = 0.0
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def seconds(self) -> int:
        """For how long it has been at work."""
        return int(time.monotonic() - self.since)

    def start(self, work: Callable[[], None], told: str = "") -> bool:
        """Begin `work`, unless something is being done already; whether it began."""
        with self._lock:
            if self.is_running:
                return False
            self.told, self.fault, self.since = told, "", time.monotonic()
            told_in = get_language() or settings.LANGUAGE_CODE
            self._thread = threading.Thread(target=self._do, args=(work, told_in), name=self.name, daemon=True)
            self._thread.start()
        return True

    def wait(self) -> None:
        """Until it is done."""
        if (thread := self._thread) is not None:
            thread.join()

    def _do(self, work: Callable[[], None], language: str) -> None:
        """What it tells is in the language of the page that asked."""
        activate(language)
        try:
            work()
        except FlotiaError as error:
            self.fault = str(error)
        except Exception:  # noqa: BLE001 - whoever asked sees that it failed, the log says why
            _log.exception("%s failed", self.name)
            self.fault = _("Ha fallado por un error inesperado: está en el registro del servidor.")
        finally:
            connections.close_all()
