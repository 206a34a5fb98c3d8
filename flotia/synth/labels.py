"""The DGT's environmental label (distintivo ambiental), derived from what a car is.

Rule: Orden PCI/810/2018 (BOE-A-2018-10856), Anexo II.E of the Reglamento General de Vehículos. The Euro level of the
single car decides; here it follows from fuel and registration date. Diesels of 2014 to August 2015 are mixed: newer
designs came as Euro 6 first.
"""

from __future__ import annotations

from datetime import date

from flotia.catalogue.schema import Engine

#: From this electric range (km) a plug-in hybrid is "0".
ZERO_RANGE_KM = 40
_EURO6_ALL_DIESELS = date(2015, 9, 1)
_EURO6_NEW_DIESELS = date(2014, 9, 1)


def dgt_label(engine: Engine, registered: date, generation_from: int) -> str:
    """`0`, `ECO`, `C`, `B`, or an empty string where there is none."""
    fuel = engine.combustible
    if fuel == "Eléctrico":
        return "0"
    if fuel == "Híbrido enchufable":
        return "0" if (engine.autonomia or 0) >= ZERO_RANGE_KM else "ECO"
    clean = _clean_level(fuel, registered, generation_from)
    if clean == "C" and (engine.microhibrido or fuel in ("Híbrido", "GLP", "GNC")):
        return "ECO"
    return clean


def _clean_level(fuel: str, registered: date, generation_from: int) -> str:
    if fuel == "Diésel":
        new_design = generation_from >= 2013 and registered >= _EURO6_NEW_DIESELS
        if registered >= _EURO6_ALL_DIESELS or new_design:
            return "C"
        return "B" if registered.year >= 2006 else ""
    if registered.year >= 2006:
        return "C"
    return "B" if registered.year >= 2000 else ""
