"""The DGT's environmental label (distintivo ambiental), derived from what a car is.

Rule: Orden PCI/810/2018 (BOE-A-2018-10856), Anexo II.E of the Reglamento General de Vehículos. The Euro level of the
single car decides; here it follows from fuel and registration date. Diesels of 2014 to August 2015 are mixed: newer
designs came as Euro 6 first.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flotia.catalogue.schema import Engine
from flotia.catalogue.variant import Variant

#: From this electric range (km) a plug-in hybrid is "0".
ZERO_RANGE_KM = 40
#: The labels; no label is an empty string.
LABELS = ("", "B", "C", "ECO", "0")
_EURO6_ALL_DIESELS = date(2015, 9, 1)
_EURO6_NEW_DIESELS = date(2014, 9, 1)
_NEW_DESIGN = 2013
_EURO4 = date(2006, 1, 1)
_EURO3 = date(2000, 1, 1)
_ANY = date(1, 1, 1)


def dgt_label(engine: Engine, registered: date, generation_from: int) -> str:
    """`0`, `ECO`, `C`, `B`, or an empty string where there is none."""
    steps = _steps(engine, generation_from)
    return next((label for since, label in reversed(steps) if registered >= since), "")


class LabelColumns:
    """The labels of many cars at once."""

    def __init__(self, variants: tuple[Variant, ...]) -> None:
        steps = [_steps(v.engine, v.generation.desde) for v in variants]
        padded = [((_ANY, ""), *s)[-2:] for s in steps]
        self._since = [np.array([p[n][0].toordinal() for p in padded]) for n in range(2)]
        self._label = [np.array([LABELS.index(p[n][1]) for p in padded], dtype=np.int8) for n in range(2)]

    def column(self, variants: NDArray[Any], registered: NDArray[Any]) -> NDArray[np.int8]:
        """Places in `LABELS` for the variants of those numbers, registered on those days (ordinals); shapes `(n,)`."""
        label = np.where(registered >= self._since[0][variants], self._label[0][variants], np.int8(0))
        return np.where(registered >= self._since[1][variants], self._label[1][variants], label)


def _steps(engine: Engine, generation_from: int) -> tuple[tuple[date, str], ...]:
    """At most two days, each with the label that holds from it on; before the first there is none."""
    fuel = engine.combustible
    if fuel == "Eléctrico":
        return ((_ANY, "0"),)
    if fuel == "Híbrido enchufable":
        return ((_ANY, "0" if (engine.autonomia or 0) >= ZERO_RANGE_KM else "ECO"),)
    clean = "ECO" if engine.microhibrido or fuel in ("Híbrido", "GLP", "GNC") else "C"
    if fuel == "Diésel":
        since = _EURO6_NEW_DIESELS if generation_from >= _NEW_DESIGN else _EURO6_ALL_DIESELS
        return ((_EURO4, "B"), (since, clean))
    return ((_EURO3, "B"), (_EURO4, clean))
