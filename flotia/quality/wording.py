"""Figures as a Spanish reader writes them, and texts from rows made safe to show."""

from __future__ import annotations

from math import expm1

from flotia.quality.yardstick import Kind

_SHARES = (Kind.SHARES, Kind.SHARES_BY, Kind.SHARE, Kind.SHARES_EACH)
_LOGS = (Kind.RATIO, Kind.RATIOS_BY, Kind.KILOMETRES_BY)
NOTHING = "–"


def whole(value: float) -> str:
    """`12500` as `12.500`."""
    return f"{value:,.0f}".replace(",", ".")


def number(value: float, decimals: int | None = None) -> str:
    """`0.4714` as `0,471`, `0.0495` as `0,0495`, `15060.2` as `15.060`: no decimals from a hundred on."""
    if abs(value) >= 100:
        return whole(value)
    if decimals is None:
        decimals = 3 if abs(value) >= 0.1 else 4
    return f"{value:.{decimals}f}".replace(".", ",").replace("-", "\u2212")


def percent(share: float, decimals: int = 1) -> str:
    """`0.0535` as `5,3 %`."""
    return f"{100 * share:.{decimals}f}".replace(".", ",").replace("-", "\u2212") + "\u00a0%"


def score(value: float | None) -> str:
    """A score out of 100; never rounded up to a hundred."""
    return NOTHING if value is None else f"{int(value * 10) / 10:.1f}".replace(".", ",")


def figure(kind: Kind, value: float | None) -> str:
    """A metric's own value."""
    if value is None:
        return NOTHING
    return percent(value) if kind in _SHARES else number(value)


def distance(kind: Kind, value: float | None) -> str:
    """A distance in words a reader can use: a share of the cars, points, a factor's percentage, or the plain number."""
    if value is None:
        return NOTHING
    if kind in (Kind.SHARE, Kind.SHARES_EACH):
        return f"{100 * value:.1f}".replace(".", ",") + "\u00a0puntos"
    if kind in (Kind.SHARES, Kind.SHARES_BY):
        return percent(value)
    return percent(expm1(value)) if kind in _LOGS else number(value)


def clean(text: str) -> str:
    """Text without control characters, which a terminal would obey, nor direction marks, which would disorder a page."""
    return "".join(c if c.isprintable() else " " for c in text)
