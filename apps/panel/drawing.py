"""A drawn vehicle: an SVG of its body in its paint, light and dark by the page's own style sheet.

No gradient and no `id` (many of them stand on one page), no `style` (the content security policy allows none): depth is
translucent white and black over the paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
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
    return format_html(
        '<svg class="car" viewBox="0 0 400 180" role="img" color="{}"><title>{}</title>{}</svg>',
        PAINTS.get(colour, _OTHER_PAINT),
        _("Dibujo de un vehículo: %(body)s, color %(colour)s") % {"body": body, "colour": colour.lower()},
        _drawn(body if body in SILHOUETTES else USUAL),
    )


@cache
def _drawn(body: str) -> SafeString:
    """The lines of one of the silhouettes, whose paint is the SVG's own colour."""
    shape = SILHOUETTES[body]
    wheels = [_wheel(x, shape.radius) for x in shape.wheels]
    parts = [_shadow(shape), _inside(shape), _body(shape), _glass(shape), _details(shape), *wheels]
    return mark_safe("".join(parts))  # noqa: S308 - numbers of ours only


def swatch(colour: str) -> SafeString:
    """A dot of a paint."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="7" fill="{}"/></svg>',
        PAINTS.get(colour, _OTHER_PAINT),
    )


def _d(*parts: str | float) -> str:
    """A path out of its letters and numbers."""
    return " ".join(part if isinstance(part, str) else f"{part:g}" for part in parts)


def _shadow(s: Silhouette) -> str:
    middle, width = (s.nose[0] + s.tail[0]) / 2, (s.tail[0] - s.nose[0]) / 2
    return f'<ellipse class="car-shadow" cx="{middle:g}" cy="{GROUND}" rx="{width:g}" ry="7"/>'


def _top(s: Silhouette) -> str:
    """The line from the foot of the windscreen over the roof to the tail."""
    (cx, cy), (fx, fy), (rx, ry), (dx, dy), (tx, ty) = s.cowl, s.roof_front, s.roof_rear, s.deck, s.tail
    if s.open_top:
        cockpit = _d("L", cx + 12, cy - 2, "L", dx - 46, cy - 2)
        return cockpit + _d(" Q", dx - 20, dy - 9, dx + 10, dy - 3, "Q", tx - 20, dy, tx, ty)
    lead, length = (fx - cx) * 0.28, rx - fx - 8
    screen = _d("L", fx - lead, fy + (cy - fy) * 0.24, "Q", fx - lead / 2, fy + 1, fx + 8, fy - 1)
    roof = _d(" C", fx + 8 + length * 0.35, fy - s.bulge, rx - length * 0.35, ry - s.bulge, rx, ry)
    if s.bed:
        cabin_back = _d(" Q", rx + 9, ry + 2, rx + 12, ry + 10, "L", dx, dy)
        return screen + roof + cabin_back + _d(" L", tx - 3, ty, "Q", tx, ty, tx, ty + 4)
    return screen + roof + _d(" Q", rx + (dx - rx) * 0.5, ry + (dy - ry) * 0.22, dx, dy, "Q", tx - 1, dy + 1, tx, ty)


def _body(s: Silhouette) -> str:
    (nx, ny), (cx, cy), tx, sill = s.nose, s.cowl, s.tail[0], s.sill
    arch, bonnet = s.radius + 5, cx - nx - 12
    arches = " ".join(_d("L", x + arch, sill, "A", arch, arch, 0, 0, 0, x - arch, sill) for x in reversed(s.wheels))
    grille = _d("M", nx + 4, sill, "Q", nx - 5, sill - 2, nx - 3, ny + 12, "Q", nx - 1, ny + 1, nx + 12, ny - 4)
    hood = _d(" C", nx + 12 + bonnet * 0.25, ny - 12, cx - bonnet * 0.4, cy + 1, cx, cy, "")
    back = _d(" Q", tx + 5, sill - 18, tx - 1, sill - 3, "L", tx - 8, sill, "")
    paint = f'<path class="car-edge" fill="currentColor" d="{grille}{hood}{_top(s)}{back}{arches} Z"/>'
    waist = (ny + sill) / 2 + 2
    low = _d("M", nx - 3, waist + 4, "L", tx, waist, "L", tx - 1, sill - 3, "L", tx - 8, sill, "")
    low_front = _d(" L", nx + 4, sill, "Q", nx - 4, sill - 2, nx - 3, waist + 4, "Z")
    shade = f'<path fill="#000" fill-opacity=".16" d="{low}{arches}{low_front}"/>'
    fold = _d("M", nx + 22, ny + 3, "C", nx + 70, ny - 8, cx + 40, cy + 11, tx - 22, max(s.belt, ny - 16) + 12)
    return paint + shade + f'<path class="car-shine" d="{fold}"/>'


def _inside(s: Silhouette) -> str:
    """What is seen of an open car: seats, steering wheel and the frame of the windscreen."""
    if not s.open_top:
        return ""
    (cx, cy), (fx, fy) = s.cowl, s.roof_front
    seats = "".join(
        _d(
            '<path class="car-seat" d="M', x, cy + 4, "L", x - 5, cy - 22, "Q", x - 4, cy - 30, x + 5, cy - 29,
            "Q", x + 12, cy - 28, x + 12, cy - 20, "L", x + 16, cy + 4, 'Z"/>',
        )
        for x in (224, 262)
    )  # fmt: skip
    pane = _d("M", cx, cy, "L", fx, fy, "L", fx + 6, fy, "L", fx + 8, cy, "Z")
    frame = _d("M", cx + 2, cy, "L", fx, fy)
    return f'<path class="car-glass" fill-opacity=".55" d="{pane}"/><path class="car-frame" d="{frame}"/>{seats}'


def _glass(s: Silhouette) -> str:
    if s.open_top:
        return ""
    cx, (fx, fy), (rx, ry), dx = s.cowl[0], s.roof_front, s.roof_rear, s.deck[0]
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
    gaps = " ".join(_d("M", x, belt, "L", x + 1.5, s.sill - 6) for x in s.doors)
    handles = " ".join(_d("M", x - 17, belt + 9, "h 10") for x in s.doors[1:])
    lamp = _d("M", nx, ny + 3, "Q", nx + 16, ny - 5, nx + 30, ny - 4, "L", nx + 20, ny + 8, "L", nx - 1, ny + 11, "Z")
    tail = _d("M", tx, ty + 3, "L", tx - 14, ty + 4, "Q", tx - 15, ty + 14, tx - 8, ty + 16, "L", tx + 1, ty + 17, "Z")
    intake = _d("M", nx - 3, s.sill - 12, "h 17 l -3 6 h -13 Z")
    mirror = _d("M", s.cowl[0] + 20, s.belt + 2, "q 1 -9 11 -8 q 6 1 5 8 Z")
    drawn = [
        ("car-line", gaps), ("car-line car-handle", handles), ("car-lamp", lamp), ("car-tail", tail), ("car-trim", intake),
        ("car-edge car-painted", mirror), ("car-rail", _rails(s)), ("car-cladding", _cladding(s)),
    ]  # fmt: skip
    return "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in drawn if path)


def _rails(s: Silhouette) -> str:
    if not s.rails:
        return ""
    (fx, fy), (rx, ry) = s.roof_front, s.roof_rear
    return _d("M", fx + 18, fy - 3, "q 6 -6 16 -6 L", rx - 22, ry - 9, "q 10 0 14 7")


def _cladding(s: Silhouette) -> str:
    """The dark plastic of sills and arches."""
    if not s.cladding:
        return ""
    (front, rear), arch = s.wheels, s.radius + 5
    arches = [_d("M", x - arch, s.sill, "A", arch, arch, 0, 0, 1, x + arch, s.sill) for x in s.wheels]
    return " ".join([_d("M", front + arch, s.sill, "L", rear - arch, s.sill), *arches])


def _wheel(x: float, r: float) -> str:
    """A wheel of radius `r` at `x`: tyre, rim and five spokes."""
    y = GROUND - r
    spoke = _d("M", x, y - 3, "V", y - r * 0.62)
    spokes = (
        f'<path class="car-spoke" transform="rotate({_d(turn, x, y)})" d="{spoke}"/>' for turn in range(0, 360, 72)
    )
    tyre, rim, hub = (
        f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{size:g}"/>'
        for kind, size in (("car-tyre", r), ("car-rim", r * 0.68), ("car-hub", r * 0.16))
    )
    return tyre + rim + "".join(spokes) + hub
