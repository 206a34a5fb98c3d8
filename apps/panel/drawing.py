"""A drawn vehicle: an SVG of its body in its paint, light and dark by the page's own style sheet.

No gradient and no `id` (many of them stand on one page), no `style` (the content security policy allows none): depth is
translucent white and black over the paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.panel.silhouettes import GROUND, SILHOUETTES, USUAL, Point, Silhouette

PAINTS = {
    "Blanco": "#f1f2ee", "Gris": "#7f878f", "Negro": "#2a2e34", "Azul": "#31629f", "Rojo": "#b5323a", "Plata": "#c2c8cd",
    "Naranja": "#d8763a", "Marrón": "#73513c", "Verde": "#47735a", "Beige": "#d6c7a9", "Amarillo": "#e4b945",
    "Granate": "#742637", "Violeta": "#64528c", "Dorado": "#b89d62", "Turquesa": "#3f8f95", "Rosa": "#d69aa5",
}  # fmt: skip
_OTHER_PAINT = "#8b95a0"


def draw(body: str, colour: str) -> SafeString:
    """The picture of a body (a value of `tipo_vehiculo`) in a colour; what it does not know it draws as the usual one."""
    shape = SILHOUETTES.get(body, SILHOUETTES[USUAL])
    parts = [
        _shadow(shape),
        _inside(shape),
        _body(shape),
        _glass(shape),
        _details(shape),
        *map(_wheel_of(shape), shape.wheels),
    ]
    return format_html(
        '<svg class="car" viewBox="0 0 400 180" role="img" color="{}"><title>{}</title>{}</svg>',
        PAINTS.get(colour, _OTHER_PAINT),
        _("Dibujo de un vehículo: %(body)s, color %(colour)s") % {"body": body, "colour": colour.lower()},
        mark_safe("".join(parts)),  # noqa: S308 - numbers of ours only
    )


def swatch(colour: str) -> SafeString:
    """A dot of a paint."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="7" fill="{}"/></svg>',
        PAINTS.get(colour, _OTHER_PAINT),
    )


def _shadow(s: Silhouette) -> str:
    middle, width = (s.nose[0] + s.tail[0]) / 2, (s.tail[0] - s.nose[0]) / 2
    return f'<ellipse class="car-shadow" cx="{middle:g}" cy="{GROUND}" rx="{width:g}" ry="7"/>'


def _top(s: Silhouette) -> str:
    """The line from the foot of the windscreen over the roof to the tail."""
    (cx, cy), (fx, fy), (rx, ry), (dx, dy), (tx, ty) = s.cowl, s.roof_front, s.roof_rear, s.deck, s.tail
    if s.open_top:
        return f"L{cx + 12:g} {cy - 2:g} L{dx - 46:g} {cy - 2:g} Q{dx - 20:g} {dy - 9:g} {dx + 10:g} {dy - 3:g} Q{tx - 20:g} {dy:g} {tx:g} {ty:g}"
    lead = (fx - cx) * 0.28
    screen = f"L{fx - lead:g} {fy + (cy - fy) * 0.24:g} Q{fx - lead / 2:g} {fy + 1:g} {fx + 8:g} {fy - 1:g}"
    length = rx - fx - 8
    roof = f"C{fx + 8 + length * 0.35:g} {fy - s.bulge:g} {rx - length * 0.35:g} {ry - s.bulge:g} {rx:g} {ry:g}"
    if s.bed:
        return f"{screen} {roof} Q{rx + 9:g} {ry + 2:g} {rx + 12:g} {ry + 10:g} L{dx:g} {dy:g} L{tx - 3:g} {ty:g} Q{tx:g} {ty:g} {tx:g} {ty + 4:g}"
    rear = f"Q{rx + (dx - rx) * 0.5:g} {ry + (dy - ry) * 0.22:g} {dx:g} {dy:g}"
    return f"{screen} {roof} {rear} Q{tx - 1:g} {dy + 1:g} {tx:g} {ty:g}"


def _body(s: Silhouette) -> str:
    (nx, ny), (cx, cy), (tx, ty) = s.nose, s.cowl, s.tail
    front, rear = s.wheels
    arch, bonnet = s.radius + 5, cx - nx - 12
    outline = (
        f"M{nx + 4:g} {s.sill:g} Q{nx - 5:g} {s.sill - 2:g} {nx - 3:g} {ny + 12:g} Q{nx - 1:g} {ny + 1:g} {nx + 12:g} {ny - 4:g} "
        f"C{nx + 12 + bonnet * 0.25:g} {ny - 12:g} {cx - bonnet * 0.4:g} {cy + 1:g} {cx:g} {cy:g} {_top(s)} "
        f"Q{tx + 5:g} {s.sill - 18:g} {tx - 1:g} {s.sill - 3:g} L{tx - 8:g} {s.sill:g}"
    )
    arches = "".join(
        f" L{x + arch:g} {s.sill:g} A{arch:g} {arch:g} 0 0 0 {x - arch:g} {s.sill:g}" for x in (rear, front)
    )
    paint = f'<path class="car-edge" fill="currentColor" d="{outline}{arches} Z"/>'
    waist = (ny + s.sill) / 2 + 2
    shade = (
        f'<path fill="#000" fill-opacity=".16" d="M{nx - 3:g} {waist + 4:g} L{tx:g} {waist:g} L{tx - 1:g} {s.sill - 3:g} '
        f'L{tx - 8:g} {s.sill:g}{arches} L{nx + 4:g} {s.sill:g} Q{nx - 4:g} {s.sill - 2:g} {nx - 3:g} {waist + 4:g} Z"/>'
    )
    shine = (
        f'<path fill="none" stroke="#fff" stroke-opacity=".34" stroke-width="2.4" stroke-linecap="round" '
        f'd="M{nx + 22:g} {ny + 3:g} C{nx + 70:g} {ny - 8:g} {cx + 40:g} {cy + 11:g} {tx - 22:g} {max(s.belt, ny - 16) + 12:g}"/>'
    )
    return paint + shade + shine


def _inside(s: Silhouette) -> str:
    """What is seen of an open car: seats, steering wheel and the frame of the windscreen."""
    if not s.open_top:
        return ""
    (cx, cy), (fx, fy) = s.cowl, s.roof_front
    seats = "".join(
        f'<path class="car-seat" d="M{x:g} {cy + 4:g} L{x - 5:g} {cy - 22:g} Q{x - 4:g} {cy - 30:g} {x + 5:g} {cy - 29:g} '
        f'Q{x + 12:g} {cy - 28:g} {x + 12:g} {cy - 20:g} L{x + 16:g} {cy + 4:g} Z"/>'
        for x in (224, 262)
    )
    frame = (
        f'<path class="car-glass" fill-opacity=".55" d="M{cx:g} {cy:g} L{fx:g} {fy:g} L{fx + 6:g} {fy:g} L{fx + 8:g} {cy:g} Z"/>'
        f'<path fill="none" stroke="currentColor" stroke-width="4.5" stroke-linecap="round" d="M{cx + 2:g} {cy:g} L{fx:g} {fy:g}"/>'
    )
    return frame + seats


def _glass(s: Silhouette) -> str:
    if s.open_top:
        return ""
    (cx, cy), (fx, fy), (rx, ry), (dx, dy) = s.cowl, s.roof_front, s.roof_rear, s.deck
    belt, top = s.belt + 1, max(fy, ry) + 6 - s.bulge * 0.6
    end = s.windows_end
    front_foot, rear_foot = (cx + 15, belt), (end or dx - (dx - rx) * 0.2, belt)
    front_top, rear_top = (fx + 2, top), ((end - 1) if end else rx - 2, top)
    line = (front_foot, front_top, rear_top, rear_foot)
    ends = [front_foot[0], *s.pillars, rear_foot[0]]
    panes = [_pane(line, left + 3 * bool(i), right - 3) for i, (left, right) in enumerate(pairwise(ends))]
    glint = f"M{fx + 22:g} {top:g} l9 0 l{-(belt - top) * 0.8:g} {belt - top:g} l-9 0 Z"
    path = " ".join(map(_rounded, panes))
    return f'<path class="car-glass" d="{path}"/><path fill="#fff" fill-opacity=".13" d="{glint}"/>'


def _pane(line: Sequence[Point], left: float, right: float) -> list[Point]:
    """The corners of the pane from `left` to `right` under `line`, which runs from belt to belt over the roof."""
    belt = line[0][1]

    def height_at(x: float) -> float:
        for (x1, y1), (x2, y2) in pairwise(line):
            if x1 <= x <= x2:
                return y1 + (y2 - y1) * (x - x1) / max(x2 - x1, 0.1)
        return belt

    between = [(x, y) for x, y in line if left < x < right]
    corners = [(left, belt), (left, height_at(left)), *between, (right, height_at(right)), (right, belt)]
    return [corner for place, corner in enumerate(corners) if corner != corners[place - 1]]


def _rounded(corners: list[Point], radius: float = 4) -> str:
    """A closed path through `corners`, with their points taken off."""
    path = []
    for place, (x, y) in enumerate(corners):
        before, after = corners[place - 1], corners[(place + 1) % len(corners)]
        ends = []
        for ox, oy in (before, after):
            length = max(((ox - x) ** 2 + (oy - y) ** 2) ** 0.5, 0.1)
            share = min(radius / length, 0.5)
            ends.append((x + (ox - x) * share, y + (oy - y) * share))
        (ax, ay), (bx, by) = ends
        path.append(f"{'L' if place else 'M'}{ax:.1f} {ay:.1f} Q{x:.1f} {y:.1f} {bx:.1f} {by:.1f}")
    return " ".join(path) + " Z"


def _details(s: Silhouette) -> str:
    (nx, ny), (tx, ty), belt = s.nose, s.tail, s.belt + 4
    handle = belt + 9
    gaps = "".join(f"M{x:g} {belt:g} L{x + 1.5:g} {s.sill - 6:g} " for x in s.doors)
    handles = "".join(f"M{x - 17:g} {handle:g} h10 " for x in s.doors[1:])
    parts = [
        f'<path class="car-line" d="{gaps}"/><path class="car-line" stroke-width="2.6" d="{handles}"/>',
        f'<path class="car-lamp" d="M{nx:g} {ny + 3:g} Q{nx + 16:g} {ny - 5:g} {nx + 30:g} {ny - 4:g} L{nx + 20:g} {ny + 8:g} L{nx - 1:g} {ny + 11:g} Z"/>',
        f'<path class="car-tail" d="M{tx:g} {ty + 3:g} L{tx - 14:g} {ty + 4:g} Q{tx - 15:g} {ty + 14:g} {tx - 8:g} {ty + 16:g} L{tx + 1:g} {ty + 17:g} Z"/>',
        f'<path class="car-trim" d="M{nx - 3:g} {s.sill - 12:g} h17 l-3 6 h-13 Z"/>',
    ]
    mirror_x, mirror_y = s.cowl[0] + 20, s.belt + 2
    parts.append(f'<path class="car-edge" fill="currentColor" d="M{mirror_x:g} {mirror_y:g} q1 -9 11 -8 q6 1 5 8 Z"/>')
    if s.rails:
        (fx, fy), (rx, ry) = s.roof_front, s.roof_rear
        parts.append(
            f'<path class="car-rail" d="M{fx + 18:g} {fy - 3:g} q6 -6 16 -6 L{rx - 22:g} {ry - 9:g} q10 0 14 7"/>'
        )
    if s.cladding:
        front, rear = s.wheels
        arch = s.radius + 5
        lower = f"M{front + arch:g} {s.sill:g} L{rear - arch:g} {s.sill:g}"
        rims = "".join(f" M{x - arch:g} {s.sill:g} A{arch:g} {arch:g} 0 0 1 {x + arch:g} {s.sill:g}" for x in s.wheels)
        parts.append(f'<path class="car-cladding" d="{lower}{rims}"/>')
    return "".join(parts)


def _wheel_of(s: Silhouette) -> _Wheel:
    return _Wheel(s.radius)


class _Wheel:
    """Draws wheels of one radius."""

    def __init__(self, radius: float) -> None:
        self._radius = radius

    def __call__(self, x: float) -> str:
        """A wheel at `x`: tyre, rim and five spokes."""
        r = self._radius
        y = GROUND - r
        spokes = "".join(
            f'<path class="car-spoke" transform="rotate({turn} {x:g} {y:g})" d="M{x:g} {y - 3:g} V{y - r * 0.62:g}"/>'
            for turn in range(0, 360, 72)
        )
        return (
            f'<circle class="car-tyre" cx="{x:g}" cy="{y:g}" r="{r:g}"/><circle class="car-rim" cx="{x:g}" cy="{y:g}" r="{r * 0.68:g}"/>'
            f'{spokes}<circle class="car-hub" cx="{x:g}" cy="{y:g}" r="{r * 0.16:g}"/>'
        )
