"""The market's figures, and how far a stock may be from them: no farther than another real portal is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import isfinite, log, sqrt
from pathlib import Path
from typing import Any

from flotia.quality import statistics

#: What a figure is: a number, numbers by name, or numbers by name by name.
Payload = float | Mapping[str, float] | Mapping[str, Mapping[str, float]]

#: The set of real ads that everything is compared with, and the other portals.
REFERENCE = "ac2024"
ALL, PROFESSIONALS, RECENT = ("dm2020pro", "as2026"), ("dm2020pro",), ("as2026",)
#: Fewer rows than this give no verdict.
LEAST_ROWS = 200
#: Kilometres are compared as logarithms of km + this, so that 1 km and 10 km are the same car.
_KM_SOFTENER = 1000
#: A single share may be this many standard errors farther: 95 % of fair draws are nearer.
_ERRORS = 2.0


class Kind(StrEnum):
    """How two figures are compared; the text says what the distance is."""

    SHARES = "distancia de variación total"
    SHARES_BY = "distancia de variación total, media"
    NUMBER = "diferencia"
    SHARE = "diferencia de cuotas"
    RATIO = "diferencia de logaritmos"
    NUMBERS_BY = "diferencia media"
    SHARES_EACH = "diferencia media de cuotas"
    RATIOS_BY = "diferencia media de logaritmos"
    KILOMETRES_BY = "diferencia media de logaritmos de (km + 1.000)"


class Verdict(StrEnum):
    """Whether a figure is as near the reference as another real portal's."""

    WITHIN = "dentro"
    OUTSIDE = "fuera"
    UNKNOWN = "sin referencia"


@dataclass(frozen=True, slots=True)
class Spec:
    """A metric: the yardstick's `key` (and `part` of it), its Spanish name, how it is compared and with whom.

    `peers` are the other portals that can be compared; `least` the rows below which nothing is said.
    """

    key: str
    family: str
    name: str
    kind: Kind
    peers: tuple[str, ...] = ALL
    part: str = ""
    least: int = LEAST_ROWS
    against: str = REFERENCE


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of the stock: `n` rows stand behind it, `ns` behind each of its names where they differ."""

    value: Payload
    n: int
    ns: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table behind a metric."""

    name: str
    here: float | None
    reference: float | None


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of the stock beside the market's.

    `distance` is from the reference, `peer_distance` that of `peer`, the farther of the other portals; `noise` is what
    the draw alone may add to a share. `here` and `reference` are single numbers, `None` for tables (see `lines`).
    """

    spec: Spec
    n: int
    here: float | None
    reference: float | None
    distance: float | None
    peer: str
    peer_distance: float | None
    noise: float
    verdict: Verdict
    lines: tuple[Line, ...]

    @property
    def allowed(self) -> float | None:
        """The distance up to which the verdict is "dentro"."""
        return None if self.peer_distance is None else self.peer_distance + self.noise

    @property
    def credit(self) -> float | None:
        """1 within, else the allowed distance over the actual one; `None` without a verdict."""
        if self.verdict is Verdict.UNKNOWN or self.distance is None or self.allowed is None:
            return None
        return 1.0 if self.verdict is Verdict.WITHIN else self.allowed / self.distance


@dataclass(frozen=True)
class Yardstick:
    """The file `yardstick_es.json`."""

    note: str
    sets: Mapping[str, str]
    province_aliases: Mapping[str, str]
    figures: Mapping[str, Mapping[str, Any]]

    def of(self, spec: Spec, name: str) -> Payload | None:
        """What set `name` has for `spec`, or `None`."""
        whole = self.figures[spec.key].get(name)
        return whole[spec.part] if whole is not None and spec.part else whole


@lru_cache(maxsize=1)
def load() -> Yardstick:
    """Read the figures once a process."""
    data = json.loads((Path(__file__).parent / "yardstick_es.json").read_text("utf-8"))
    return Yardstick(
        note=data.pop("_nota"),
        sets={name: about["nombre"] for name, about in data.pop("conjuntos").items()},
        province_aliases=data.pop("alias_provincias"),
        figures=data,
    )


def compare(spec: Spec, measured: Measured | None, yardstick: Yardstick) -> Metric:
    """Set a figure beside the market's. `measured` is `None` where the stock lacks the columns."""
    reference = yardstick.of(spec, spec.against)
    single = isinstance(reference, int | float)
    nothing = Metric(spec, 0, None, _number(reference), None, "", None, 0.0, Verdict.UNKNOWN, ())
    if measured is None or reference is None or not _names_in_common(spec.kind, measured.value, reference):
        return nothing
    distance = _distance(spec.kind, measured.value, reference, reference)
    if not isfinite(distance):
        return nothing
    peers = {
        yardstick.sets[name]: _distance(spec.kind, other, reference, measured.value)
        for name in spec.peers
        if (other := yardstick.of(spec, name)) is not None and _names_in_common(spec.kind, other, reference)
    }
    peer, far = max(peers.items(), key=lambda pair: pair[1], default=("", None))
    noise = _noise(spec.kind, measured, reference)
    verdict = Verdict.UNKNOWN
    if far is not None and measured.n >= spec.least:
        verdict = Verdict.WITHIN if distance <= far + noise else Verdict.OUTSIDE
    lines = () if single else tuple(_lines(measured.value, reference))
    return Metric(
        spec, measured.n, _number(measured.value), _number(reference), distance, peer, far, noise, verdict, lines
    )


def _number(value: Payload | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _names_in_common(kind: Kind, one: Payload, other: Payload) -> bool:
    if isinstance(one, int | float) or isinstance(other, int | float):
        return True
    return kind is Kind.SHARES or bool(one.keys() & other.keys())


def _distance(kind: Kind, one: Any, reference: Any, wanted: Any) -> float:
    """How far `one` is from `reference`, over the names that all three have; all the reference's for shares."""
    match kind:
        case Kind.SHARES:
            return statistics.variation(one, reference, list(reference))
        case Kind.NUMBER | Kind.SHARE:
            return float(abs(one - reference))
        case Kind.RATIO:
            return abs(_log(one) - _log(reference))
    names = [n for n in reference if n in one and n in wanted] or [n for n in reference if n in one]
    match kind:
        case Kind.SHARES_BY:
            each = [statistics.variation(one[n], reference[n], list(reference[n])) for n in names]
        case Kind.RATIOS_BY | Kind.KILOMETRES_BY:
            more = _KM_SOFTENER if kind is Kind.KILOMETRES_BY else 0
            a, b = ({k: v for n in names for k, v in _flat(n, side[n])} for side in (one, reference))
            each = [abs(_log(a[k] + more) - _log(b[k] + more)) for k in b if k in a]
        case _:
            each = [abs(one[n] - reference[n]) for n in names]
    return sum(each) / len(each)


def _log(value: float) -> float:
    return log(max(value, 1e-9))


def _flat(name: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, Mapping):
        return [(f"{name} · {key}", each) for key, each in value.items()]
    return [(name, value)]


def _noise(kind: Kind, measured: Measured, reference: Any) -> float:
    """What an honest draw of as many rows would be away from the reference on average (single shares: two errors)."""
    ns = measured.ns or {}
    match kind:
        case Kind.SHARES:
            return statistics.variation_noise(reference, measured.n)
        case Kind.SHARE:
            return _ERRORS * sqrt(max(reference * (1 - reference), 0.0) / max(measured.n, 1))
        case Kind.SHARES_BY:
            each = [statistics.variation_noise(reference[n], ns[n]) for n in reference if n in ns]
        case Kind.SHARES_EACH:
            here: Any = measured.value
            each = [statistics.share_noise(reference[n], ns.get(n, measured.n)) for n in reference if n in here]
        case _:
            return 0.0
    return sum(each) / len(each) if each else 0.0


def _lines(here: Any, reference: Any) -> list[Line]:
    """The table behind a metric, by the reference's names and in their order."""
    a = {k: v for n in here for k, v in _flat(n, here[n])}
    b = {k: v for n in reference for k, v in _flat(n, reference[n])}
    return [Line(k, a.get(k), v) for k, v in b.items()]
