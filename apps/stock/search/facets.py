"""What the stock can be narrowed by, and how much there is: read from the data and kept a while.

Values are read from the whole stock, which takes seconds where that is large: then they are read in the background, and those
of before serve meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.cache import cache
from django.db import DatabaseError, connections

from apps.stock.models import Ejecucion, Vehiculo
from apps.stock.search.filters import NO_LABEL
from flotia.vehicle import Origin

#: Seconds that counts and values are kept. A run that publishes makes both new, and an edit in the admin the values.
COUNTS_KEPT, VALUES_KEPT = 300, 3600
#: Values that took longer to read, in seconds, are not waited for a second time.
_SLOW = 0.3
#: Columns of which only the data know the values.
_OPEN = ("combustible", "tipo_vehiculo", "provincia", "color")
Pair = tuple[str, str]
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facets:
    """The values there are of each narrowing field. `models` are the pairs of brand and model."""

    models: tuple[Pair, ...]
    combustible: tuple[str, ...]
    tipo_vehiculo: tuple[str, ...]
    provincia: tuple[str, ...]
    color: tuple[str, ...]
    transmision: tuple[str, ...] = ("Manual", "Automática")
    etiqueta: tuple[str, ...] = ("0", "ECO", "C", "B", NO_LABEL)
    origen: tuple[str, ...] = tuple(str(origin) for origin in Origin)

    @property
    def brands(self) -> tuple[str, ...]:
        """Every brand once."""
        return tuple(dict.fromkeys(brand for brand, _ in self.models))

    def models_of(self, brands: tuple[str, ...]) -> tuple[str, ...]:
        """The models of `brands`."""
        return tuple(dict.fromkeys(model for brand, model in self.models if brand in brands))


def facets() -> Facets:
    """The values of the stock."""
    return _FACETS.get()


def versions() -> Mapping[Pair, str]:
    """What the versions of each brand and model in stock are called, in lower case, a line each."""
    return _VERSIONS.get()


def forget() -> None:
    """Somebody has changed a vehicle by hand: what was read from the stock may not hold any more."""
    for kept in (_FACETS, _VERSIONS):
        kept.forget()


def read_ahead() -> None:
    """Begin to read what is not known yet, aside: where the stock is large, its first visitor would wait seconds for it."""
    for kept in (_FACETS, _VERSIONS):
        kept.read_ahead()


def known_count(query: str) -> int | None:
    """How many matched `query`, if that was counted lately."""
    number: int | None = cache.get(_name(query))
    return number


def keep_count(query: str, number: int) -> None:
    """Keep a count for `known_count`."""
    cache.set(_name(query), number, COUNTS_KEPT)


def _name(query: str) -> str:
    return f"stock:count:{edition()}:{hashlib.sha256(query.encode()).hexdigest()}"


def edition() -> int:
    """A number that changes whenever a run changes the stock: the id of the last one published."""
    last = (
        Ejecucion.objects.filter(estado=Ejecucion.Estado.PUBLICADA).order_by("-publicada").values_list("id", flat=True)
    )
    return last.first() or 0


@dataclass(frozen=True, slots=True)
class _Held(Generic[_T]):
    """Values, of which state of the stock they are, when they were read (epoch seconds) and for how many seconds."""

    found: _T
    edition: int
    moment: float
    seconds: float


class _Kept(Generic[_T]):
    """What `read` finds in the stock."""

    def __init__(self, name: str, read: Callable[[], _T]) -> None:
        self._name, self._read = f"stock:{name}", read
        self._reading = threading.Lock()

    def get(self) -> _T:
        """The values as they are, or as they were a moment ago where reading them takes long."""
        held = self._held()
        if held is None:
            with self._reading:  # who comes meanwhile waits for the same reading
                held = self._held()
                return self._renewed() if held is None else held.found
        if held.edition == edition() and time.time() - held.moment < VALUES_KEPT:
            return held.found
        if held.seconds <= _SLOW:
            return self._renewed()
        self._renew_aside()
        return held.found

    def read_ahead(self) -> None:
        """Begin to read them, if they are not known."""
        if self._held() is None:
            self._renew_aside()

    def forget(self) -> None:
        """Have them read anew."""
        cache.delete(self._name)

    def _held(self) -> _Held[_T] | None:
        held: _Held[_T] | None = cache.get(self._name)
        return held

    def _renewed(self) -> _T:
        of, begin = edition(), time.monotonic()
        found = self._read()
        cache.set(self._name, _Held(found, of, time.time(), time.monotonic() - begin), None)
        return found

    def _renew_aside(self) -> None:
        if self._reading.acquire(blocking=False):
            threading.Thread(target=self._renew_and_release, name=self._name, daemon=True).start()

    def _renew_and_release(self) -> None:
        try:
            self._renewed()
        except DatabaseError as error:  # told to whoever asks for them next, if it lasts; there may be no table yet
            _log.debug("%s: %s", self._name, error)
        except Exception:  # noqa: BLE001 - those of before go on serving, and the next who asks tries again
            _log.exception("No se han podido leer los valores del stock (%s)", self._name)
        finally:
            self._reading.release()
            connections.close_all()


def _read_facets() -> Facets:
    pairs = Vehiculo.objects.order_by("marca", "modelo").values_list("marca", "modelo").distinct()
    combined = Vehiculo.objects.values_list(*_OPEN).distinct()  # the index is read through once, not once a column
    columns = zip(_OPEN, zip(*combined, strict=True), strict=False)
    values = {name: tuple(sorted({value for value in column if value})) for name, column in columns}
    return Facets(models=tuple(pairs), **{name: values.get(name, ()) for name in _OPEN})


def _read_versions() -> Mapping[Pair, str]:
    found: defaultdict[Pair, list[str]] = defaultdict(list)
    for brand, model, version in Vehiculo.objects.order_by().values_list("marca", "modelo", "version").distinct():
        found[brand, model].append(version.lower())
    return {pair: "\n".join(lines) for pair, lines in found.items()}


_FACETS = _Kept("values", _read_facets)
_VERSIONS = _Kept("versions", _read_versions)
