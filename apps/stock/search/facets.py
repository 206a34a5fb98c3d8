"""What the stock can be narrowed by, and how much there is: read from the data and kept a short while."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache

from apps.stock.models import Ejecucion, Vehiculo
from apps.stock.search.filters import NO_LABEL
from flotia.vehicle import Origin

#: Seconds that counts and values are kept. A run that publishes makes both new at once; an edit in the admin waits.
COUNTS_KEPT, VALUES_KEPT = 300, 3600
#: Columns of which only the data know the values.
_OPEN = ("combustible", "tipo_vehiculo", "provincia", "color")


@dataclass(frozen=True, slots=True)
class Facets:
    """The values there are of each narrowing field. `models` are the pairs of brand and model."""

    models: tuple[tuple[str, str], ...]
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
    """The values of the stock as it is, at most `VALUES_KEPT` seconds old."""
    name = f"stock:values:{edition()}"
    if (found := cache.get(name)) is None:
        found = _read()
        cache.set(name, found, VALUES_KEPT)
    return found  # type: ignore[no-any-return]  # the cache keeps any kind


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


def _read() -> Facets:
    pairs = Vehiculo.objects.order_by("marca", "modelo").values_list("marca", "modelo").distinct()
    combined = Vehiculo.objects.values_list(*_OPEN).distinct()  # the index is read through once, not once a column
    columns = zip(_OPEN, zip(*combined, strict=True), strict=False)
    values = {name: tuple(sorted({value for value in column if value})) for name, column in columns}
    return Facets(models=tuple(pairs), **{name: values.get(name, ()) for name in _OPEN})
