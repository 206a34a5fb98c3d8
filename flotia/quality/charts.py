"""The report's plots as inline SVG, drawn by matplotlib, coloured by the page so that they follow light and dark."""

from __future__ import annotations

import html
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flotia.quality import wording
from flotia.quality.report import PRICE_EDGES, Report
from flotia.quality.views import TableView, detail
from flotia.quality.wording import NOTHING, percent, whole
from flotia.quality.yardstick import REFERENCE, Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that stand in for the page's variables while matplotlib draws.
_INK, _FAINT, _HERE, _BAND, _MARKET = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {_INK: "--tinta", _FAINT: "--linea", _HERE: "--aqui", _BAND: "--banda", _MARKET: "--mercado"}
_WIDTH, _HEIGHT = 5.6, 3.5
_BARS = 16
_QUANTILES = ("p05", "p25", "p50", "p75", "p95")


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: `svg` is safe to put into a page as it is; `says` is its text alternative, `table` its figures."""

    title: str
    says: str
    svg: str
    table: TableView


def charts(report: Report) -> Iterator[Chart]:
    """The plots that the stock's columns allow."""
    figures = report.yardstick.figures
    market_price = figures["precio_por_edad"][REFERENCE]
    market_km = {age: q["p50"] for age, q in figures["km_por_edad"][REFERENCE].items()}
    if report.curves.price_by_age:
        yield _by_age("Precio por edad", "euros", report.curves.price_by_age, market_price)
    if report.curves.km_by_age:
        yield _by_age("Kilómetros por edad", "km", report.curves.km_by_age, market_km)
    for key, title in (("marcas", "Marcas"), ("colores", "Colores")):
        metric = next(m for m in report.realism if m.spec.key == key)
        if metric.lines:
            yield _shares(title, metric)
    if any(report.curves.price_shares):
        yield _prices(report.curves.price_shares, figures["precio"][REFERENCE])


def _by_age(title: str, unit: str, here: Mapping[str, Mapping[str, float]], market: Mapping[str, float]) -> Chart:
    ages = [int(a) for a in here]
    there = [a for a in ages if str(a) in market]

    def draw(axes: Axes) -> None:
        low, below, middle, above, high = ([here[str(a)][q] for a in ages] for q in _QUANTILES)
        axes.fill_between(ages, low, high, color=_BAND, alpha=0.35, linewidth=0, label="Aquí: del 5 al 95 %")
        axes.fill_between(ages, below, above, color=_BAND, linewidth=0, label="Aquí: del 25 al 75 %")
        axes.plot(ages, middle, color=_HERE, linewidth=2, label="Aquí: mediana")
        axes.plot(
            there, [market[str(a)] for a in there], color=_MARKET, linewidth=2, linestyle="--", marker="o", markersize=3,
            label="Mercado: mediana",
        )  # fmt: skip
        axes.set_xlabel("Años desde la matriculación")
        axes.set_ylabel(unit)
        axes.yaxis.set_major_formatter(lambda value, _: whole(value))
        axes.set_xticks(ages)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, labelcolor=_INK, fontsize=9)

    first, last = str(ages[0]), str(ages[-1])
    says = (
        f"Bandas de cuantiles y mediana por edad. Mediana de {whole(here[first]['p50'])} {unit} con {first} años y de "
        f"{whole(here[last]['p50'])} {unit} con {last}."
    )
    rows = tuple(
        (age, *(whole(q[name]) for name in _QUANTILES), whole(market[age]) if age in market else NOTHING)
        for age, q in here.items()
    )
    headers = ("Edad", "5 %", "25 %", "Mediana", "75 %", "95 %", "Mediana del mercado")
    return Chart(
        title, says, _svg(title, says, draw), TableView(title, headers, rows, frozenset(range(7)), folded=True)
    )


def _shares(title: str, metric: Metric) -> Chart:
    lines = metric.lines[:_BARS]

    def draw(axes: Axes) -> None:
        places = range(len(lines))
        axes.bar([p - 0.2 for p in places], [100 * (line.here or 0) for line in lines], 0.4, color=_HERE, label="Aquí")
        axes.bar(
            [p + 0.2 for p in places],
            [100 * (line.reference or 0) for line in lines],
            0.4,
            color=_MARKET,
            label="Mercado",
        )
        axes.set_xticks(list(places), [line.name for line in lines], rotation=45, ha="right", rotation_mode="anchor")
        axes.set_ylabel("% de los vehículos")
        axes.legend(frameon=False, labelcolor=_INK, fontsize=9)

    first = lines[0]
    says = (
        f"Cuotas aquí y en el mercado, de mayor a menor en el mercado. {first.name}: "
        f"{percent(first.here or 0)} aquí, {percent(first.reference or 0)} en el mercado."
    )
    return Chart(title, says, _svg(title, says, draw), detail(metric))


def _prices(shares: Sequence[float], market: Mapping[str, float]) -> Chart:
    title = "Distribución de precios"
    step = PRICE_EDGES[1] - PRICE_EDGES[0]

    def draw(axes: Axes) -> None:
        axes.bar(PRICE_EDGES[:-1], [100 * s for s in shares], step * 0.9, align="edge", color=_HERE, label="Aquí")
        for name, style in (("p25", ":"), ("p50", "--"), ("p75", ":")):
            label = "Mercado: mediana y cuartiles" if name == "p50" else None
            axes.axvline(market[name], color=_MARKET, linestyle=style, linewidth=2, label=label)
        axes.set_xlabel("euros (el último tramo, y más)")
        axes.set_ylabel("% de los vehículos")
        axes.xaxis.set_major_formatter(lambda value, _: whole(value))
        axes.legend(frameon=False, labelcolor=_INK, fontsize=9)

    top = max(range(len(shares)), key=shares.__getitem__)
    says = (
        f"Histograma por tramos de {whole(step)} euros. El más frecuente empieza en {whole(PRICE_EDGES[top])} euros: "
        f"{percent(shares[top])}. Mediana del mercado: {whole(market['p50'])} euros."
    )
    rows = tuple(
        (f"{whole(low)} – {whole(high)}", wording.percent(share))
        for low, high, share in zip(PRICE_EDGES, PRICE_EDGES[1:], shares, strict=False)
    )
    return Chart(
        title, says, _svg(title, says, draw), TableView(title, ("Euros", "Aquí"), rows, frozenset({0, 1}), folded=True)
    )


def _svg(title: str, says: str, draw: Callable[[Axes], None]) -> str:
    """What `draw` puts on a pair of axes, as an SVG element that names itself to a screen reader."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its font cache is nothing the user has to know of
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.StringIO()
    with rc_context(
        {
            "svg.fonttype": "none", "svg.hashsalt": title, "font.family": "sans-serif", "font.size": 10,
            "axes.edgecolor": _FAINT, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
            "text.color": _INK, "text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False,
        }
    ):  # fmt: skip
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        axes.grid(visible=True, axis="y", color=_FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        draw(axes)
        bare = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=bare)
    return _for_page(file.getvalue(), title, says)


def _for_page(svg: str, title: str, says: str) -> str:
    """Matplotlib's file as a part of a page: the page's colours and font, no size and no ids that nothing refers to."""
    drawn = re.sub(r"<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        drawn = drawn.replace(colour, f"var({variable})")
    drawn = re.sub(r"font-family: [^;\"]+", "font-family: system-ui, sans-serif", drawn)
    meant = set(re.findall(r"#(\w+)", drawn))
    drawn = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in meant else "", drawn)
    start = drawn.index(">")
    opening = re.sub(r' (?:width|height)="[^"]*"', "", drawn[:start]) + ' role="img">'
    return f"{opening}<title>{html.escape(title)}</title><desc>{html.escape(says)}</desc>{drawn[start + 1 :]}"
