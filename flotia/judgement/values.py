"""Reading single values as models write them: `"12.500 km"`, `"1.6"`, `"diesel"`, `"DSG"`."""

from __future__ import annotations

import re
from typing import Any

from flotia.catalogue.loader import fold

_NUMBER = re.compile(r"^\s*(?:€|eur|aprox\.?|~)?\s*(\d[\d., \u00a0]*)\s*([^\d\s][^\d]*)?$", re.IGNORECASE)
_UNITS = frozenset(
    {"", "km", "kms", "kilometros", "cv", "hp", "ps", "cc", "cm3", "eur", "euro", "euros", "k", "e", "kw"}
)
#: A number longer than this is not one of a car's.
_LONGEST = 24

_FUELS = {
    "gasolina": "Gasolina", "petrol": "Gasolina", "gasoline": "Gasolina", "nafta": "Gasolina", "bencina": "Gasolina",
    "diesel": "Diésel", "gasoil": "Diésel", "gasoleo": "Diésel",
    "hibrido": "Híbrido", "hybrid": "Híbrido", "hev": "Híbrido", "hibridogasolina": "Híbrido",
    "hibridonoenchufable": "Híbrido", "hibridoautorrecargable": "Híbrido", "fullhybrid": "Híbrido",
    "hibridoenchufable": "Híbrido enchufable", "phev": "Híbrido enchufable", "pluginhybrid": "Híbrido enchufable",
    "enchufable": "Híbrido enchufable", "hibridoenchufablegasolina": "Híbrido enchufable",
    "electrico": "Eléctrico", "electric": "Eléctrico", "ev": "Eléctrico", "bev": "Eléctrico",
    "electricidad": "Eléctrico",
    "glp": "GLP", "lpg": "GLP", "autogas": "GLP", "gaslicuado": "GLP", "gnc": "GNC", "cng": "GNC",
    "gasnatural": "GNC",
    "mhev": "mhev", "microhibrido": "mhev", "mildhybrid": "mhev", "hibridoligero": "mhev", "semihibrido": "mhev",
    "gasolinamhev": "mhev", "dieselmhev": "mhev",
}  # fmt: skip
_MANUAL = ("manual", "mt")
_AUTOMATIC = (
    "automatica", "automatico", "automatic", "auto", "dsg", "tiptronic", "stronic", "cvt", "ecvt", "edc", "eat6", "eat8",
    "dct", "at", "pdk", "steptronic", "automaticadsg", "secuencial", "automaticasecuencial", "7gdct", "9gtronic",
    "reductor", "directa", "transmisiondirecta",
)  # fmt: skip


def number(value: Any) -> float | None:  # noqa: PLR0911 - one a form
    """A number out of `value`, or `None`. Understands Spanish separators, units, and thousands of both kinds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e12 else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    match = _NUMBER.match(value)
    if match is None:
        return None
    unit = fold(match[2] or "")
    if unit not in _UNITS:
        return None
    digits = _plain_digits(re.sub(r"[ \u00a0]", "", match[1]).rstrip(".,"))
    try:
        found = float(digits)
    except ValueError:
        return None
    return found * 1000 if unit == "k" else found


def _plain_digits(text: str) -> str:
    """`12.500,50` and `12,500.50` to `12500.50`; `12.500` is twelve thousand five hundred, `1.6` is 1.6."""
    if "." in text and "," in text:
        decimal = max(text.rfind("."), text.rfind(","))
        return re.sub(r"[.,]", "", text[:decimal]) + "." + text[decimal + 1 :]
    parts = re.split(r"[.,]", text)
    if len(parts) > 1 and all(len(p) == 3 for p in parts[1:]) and parts[0] != "0":
        return "".join(parts)
    return ".".join([*parts[:1], "".join(parts[1:])]) if len(parts) > 1 else text


def fuel(value: Any) -> str | None:
    """The contract's fuel word for what a model wrote, `mhev` for a mild hybrid, or `None`."""
    return _FUELS.get(fold(value)) if isinstance(value, str) else None


def gearbox(value: Any) -> str | None:
    """`Manual`, `Automática` or `None`."""
    if not isinstance(value, str):
        return None
    word = fold(re.sub(r"\d+\s*(vel|velocidades|marchas)\w*\.?", "", value, flags=re.IGNORECASE))
    if word in _MANUAL or word.startswith("manual"):
        return "Manual"
    if word in _AUTOMATIC or word.startswith("automatic"):
        return "Automática"
    return None
