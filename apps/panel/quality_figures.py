"""The charts of the quality page: the stock beside the market."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from django.utils.translation import gettext as _

from apps.panel.figures import Colour, Figure, Kind, Series, figure
from flotia.quality.report import PRICE_EDGES, Report
from flotia.quality.yardstick import REFERENCE, Metric

_MOST = 16
_Quantiles = Mapping[str, Mapping[str, float]]


def figures(report: Report) -> Iterator[Figure]:
    """The charts that the stock's columns allow."""
    market, curves = report.yardstick.figures, report.curves
    if curves.price_by_age:
        yield _by_age(
            "precio-edad", _("Precio por edad"), "€", curves.price_by_age, market["precio_por_edad"][REFERENCE]
        )
    if curves.km_by_age:
        there = {age: q["p50"] for age, q in market["km_por_edad"][REFERENCE].items()}
        yield _by_age("km-edad", _("Kilómetros por edad"), "km", curves.km_by_age, there)
    if any(curves.price_shares):
        yield _prices(report)
    for key, title, head in (("marcas", _("Marcas"), _("Marca")), ("colores", _("Colores"), _("Color"))):
        metric = next(m for m in report.realism if m.spec.key == key)
        if metric.lines:
            yield _shares(key, title, head, metric)


def _by_age(key: str, title: str, unit: str, here: _Quantiles, market: Mapping[str, float]) -> Figure:
    ages = list(here)
    says = _("Mediana de %(first)s %(unit)s con %(young)s años y de %(last)s %(unit)s con %(old)s.") % {
        "first": figure(here[ages[0]]["p50"]), "unit": unit, "young": ages[0], "last": figure(here[ages[-1]]["p50"]),
        "old": ages[-1],
    }  # fmt: skip
    series = [
        Series(_("Aquí: percentil 25"), [here[age]["p25"] for age in ages], Colour.BAND, band=True),
        Series(_("Aquí: percentil 75"), [here[age]["p75"] for age in ages], Colour.BAND),
        Series(_("Aquí: mediana"), [here[age]["p50"] for age in ages], Colour.FIRST),
        Series(_("Mercado: mediana"), [market.get(age) for age in ages], Colour.THIRD, dashed=True),
    ]
    return Figure(key, title, says, _("Edad (años)"), Kind.LINES, ages, series, unit)


def _prices(report: Report) -> Figure:
    shares = report.curves.price_shares
    labels = [f"{low / 1000:g}–{high / 1000:g}" for low, high in pairwise(PRICE_EDGES)]
    top = max(range(len(shares)), key=shares.__getitem__)
    says = _("El tramo más frecuente es el de %(bin)s miles de euros: %(share)s %%. Mediana del mercado: %(market)s €.") % {
        "bin": labels[top], "share": figure(100 * shares[top], 1),
        "market": figure(report.yardstick.figures["precio"][REFERENCE]["p50"]),
    }  # fmt: skip
    series = [Series(_("Aquí"), [round(100 * share, 2) for share in shares], Colour.FIRST)]
    return Figure("precios", _("Precios"), says, _("Miles de euros"), Kind.BARS, labels, series, "%", 1)


def _shares(key: str, title: str, head: str, metric: Metric) -> Figure:
    lines = metric.lines[:_MOST]
    first = lines[0]
    says = _("%(name)s: %(here)s %% aquí, %(market)s %% en el mercado.") % {
        "name": first.name, "here": figure(100 * (first.here or 0), 1), "market": figure(100 * (first.reference or 0), 1),
    }  # fmt: skip
    series = [
        Series(_("Aquí"), [round(100 * (line.here or 0), 2) for line in lines], Colour.FIRST),
        Series(_("Mercado"), [round(100 * (line.reference or 0), 2) for line in lines], Colour.THIRD),
    ]
    return Figure(key, title, says, head, Kind.BARS, [line.name for line in lines], series, "%", 1)
