"""Reading single values as models and other people's files write them: `"12.500 km"`, `"1.6"`, `"DSG"`, `"Vizcaya"`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flotia.catalogue.loader import fold

_NUMBER = re.compile(r"^\s*(?:€|eur|aprox\.?|~)?\s*(\d[\d., \u00a0]*)\s*([^\d\s][^\d]*)?$", re.IGNORECASE)
_UNITS = frozenset(
    {"", "km", "kms", "kilometros", "cv", "hp", "ps", "cc", "cm3", "eur", "euro", "euros", "k", "e", "kw"}
)
#: A number longer than this is not one of a car's, and one greater neither.
_LONGEST, _GREATEST = 24, 10**12
#: A horsepower (metric) in kW, and litres above which a displacement is in cm³.
KW_A_CV, _MOST_LITRES = 0.7355, 10
_HORSES = re.compile(r"(?<!\d)(\d{2,4})\s*(?:cv|hp|ps|caballos)\b", re.IGNORECASE)
_KILOWATTS = re.compile(r"(?<!\d)(\d{2,4})\s*kw\b", re.IGNORECASE)
#: No list of equipment is longer, in entries or (as one text) in characters.
_MOST_ENTRIES, _LONGEST_LIST = 200, 10_000
_SPEEDS = re.compile(r"\d\s?(?:vel|velocidades|marchas)\w{0,9}\.?", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[\s/()-]+")
_DAY_FIRST = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:$|[ T])")
_YEAR_FIRST = re.compile(r"^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:$|[ T])")

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
_BODIES = {
    "berlina": "Berlina", "sedan": "Berlina", "saloon": "Berlina", "compacto": "Compacto", "hatchback": "Compacto",
    "utilitario": "Utilitario", "urbano": "Utilitario", "familiar": "Familiar", "ranchera": "Familiar",
    "stationwagon": "Familiar", "suv": "SUV", "todoterreno": "SUV", "4x4": "SUV", "4x4suv": "SUV", "suv4x4": "SUV",
    "crossover": "SUV", "monovolumen": "Monovolumen", "mpv": "Monovolumen", "coupe": "Coupé", "cupe": "Coupé",
    "deportivo": "Coupé", "cabrio": "Cabrio", "cabriolet": "Cabrio", "descapotable": "Cabrio", "convertible": "Cabrio",
    "roadster": "Cabrio", "pickup": "Pickup", "furgoneta": "Furgoneta", "furgon": "Furgoneta",
    "comercial": "Furgoneta", "industrial": "Furgoneta",
}  # fmt: skip
_LABELS = {
    "0": "0", "cero": "0", "0emisiones": "0", "ceroemisiones": "0", "eco": "ECO", "c": "C", "b": "B", "": "", "a": "",
    "sin": "", "no": "", "ninguna": "", "ninguno": "", "sindistintivo": "", "sinetiqueta": "", "nodisponible": "",
}  # fmt: skip
#: Words for colours, masculine, and the catalogue's colour they are met under in ads (`-a` for `-o` is understood too).
_COLOURS = {
    "Blanco": "nieve marfil perla hueso", "Negro": "azabache ebano carbon",
    "Gris": "antracita grafito titanio plomo acero ceniza", "Plata": "plateado",
    "Azul": "marino celeste turquesa anil cobalto", "Rojo": "carmin escarlata coral", "Verde": "oliva esmeralda caqui",
    "Marrón": "chocolate cafe bronce cobre castano", "Beige": "crema arena champan champagne dorado oro",
    "Granate": "burdeos vino cereza bordo", "Amarillo": "limon mostaza", "Naranja": "calabaza",
    "Violeta": "morado lila purpura berenjena malva", "Rosa": "",
}  # fmt: skip
#: The 50 provinces, Ceuta and Melilla as the catalogue writes them, with other spellings in use. Source: INE's list.
_PROVINCES = {
    "A Coruña": "La Coruña|Coruña|Coruña, A", "Álava": "Araba|Araba/Álava|Álava-Araba|Araba-Álava", "Albacete": "",
    "Alicante": "Alacant|Alicante/Alacant|Alacant/Alicante", "Almería": "", "Asturias": "Principado de Asturias|Oviedo",
    "Ávila": "", "Badajoz": "", "Baleares": "Islas Baleares|Illes Balears|Balears, Illes|Balears|Mallorca", "Barcelona": "",
    "Bizkaia": "Vizcaya|Vizcaya/Bizkaia|Bizkaia/Vizcaya", "Burgos": "", "Cáceres": "", "Cádiz": "",
    "Cantabria": "Santander", "Castellón": "Castelló|Castellón/Castelló|Castelló/Castellón|Castellón de la Plana",
    "Ceuta": "", "Ciudad Real": "", "Córdoba": "", "Cuenca": "", "Gipuzkoa": "Guipúzcoa|Guipúzcoa/Gipuzkoa",
    "Girona": "Gerona", "Granada": "", "Guadalajara": "", "Huelva": "", "Huesca": "", "Jaén": "",
    "La Rioja": "Rioja, La|Rioja",
    "Las Palmas": "Palmas, Las|Las Palmas de Gran Canaria|Gran Canaria", "León": "", "Lleida": "Lérida", "Lugo": "",
    "Madrid": "Comunidad de Madrid", "Málaga": "", "Melilla": "", "Murcia": "Región de Murcia",
    "Navarra": "Nafarroa|Navarra/Nafarroa", "Ourense": "Orense", "Palencia": "", "Pontevedra": "", "Salamanca": "",
    "Santa Cruz de Tenerife": "Tenerife|S.C. Tenerife|Sta. Cruz de Tenerife", "Segovia": "", "Sevilla": "", "Soria": "",
    "Tarragona": "", "Teruel": "", "Toledo": "", "Valencia": "València|Valencia/València", "Valladolid": "",
    "Zamora": "", "Zaragoza": "",
}  # fmt: skip


def _spellings(table: Mapping[str, str], separator: str | None) -> dict[str, str]:
    found = {fold(name): name for name in table}
    return found | {fold(other): name for name, others in table.items() for other in others.split(separator) if other}


_COLOUR_OF = _spellings(_COLOURS, None)
_COLOUR_OF |= {word[:-1] + "a": name for word, name in _COLOUR_OF.items() if word.endswith("o")}
_PROVINCE_OF = _spellings(_PROVINCES, "|")


def number(value: Any) -> float | None:  # noqa: PLR0911 - one a form
    """A number out of `value`, or `None`. Understands Spanish separators, units, and thousands of both kinds."""
    if type(value) is int:  # nearly always, and before the tests of types, which cost more
        return float(value) if abs(value) < _GREATEST else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < _GREATEST else None
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() and abs(value) < _GREATEST else None
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


def power(value: Any) -> float | None:
    """CV out of `value`: a number, `"150 CV"`, `"110 kW"` (converted), `"150 CV (110 kW)"`; or `None`."""
    if not isinstance(value, str):
        return number(value)
    if len(value) > _LONGEST:
        return None
    if horses := _HORSES.search(value):
        return float(horses[1])
    if kilowatts := _KILOWATTS.search(value):
        return float(round(int(kilowatts[1]) / KW_A_CV))
    return number(value)


def displacement(value: Any) -> float | None:
    """cm³ out of `value`: `1498`, `"1.498 cm³"`, and litres (`1.5`, `"1.5 L"`) as cm³; or `None`."""
    if isinstance(value, str):
        value = value.replace("³", "3")
        if value.rstrip()[-1:] in ("l", "L"):
            value = value.rstrip()[:-1]
        value = re.sub(r"c[cm]\.?\^?3?\.?\s*$", "", value[: _LONGEST + 1])
    found = number(value)
    return round(found * 1000) if found is not None and 0 < found < _MOST_LITRES else found


def fuel(value: Any) -> str | None:
    """The contract's fuel word for what a model wrote, `mhev` for a mild hybrid, or `None`."""
    return _FUELS.get(fold(value)) if isinstance(value, str) and len(value) <= _LONGEST * 2 else None


def gearbox(value: Any) -> str | None:
    """`Manual`, `Automática` or `None`."""
    if not isinstance(value, str) or len(value) > _LONGEST * 2:
        return None
    return _gearbox_of(value)


@lru_cache(maxsize=1024)
def _gearbox_of(text: str) -> str | None:
    word = fold(_SPEEDS.sub("", text))
    if word in _MANUAL or word.startswith("manual"):
        return "Manual"
    if word in _AUTOMATIC or word.startswith("automatic"):
        return "Automática"
    return None


def body(value: Any) -> str | None:
    """The contract's body, or `None`."""
    return _BODIES.get(fold(value)) if isinstance(value, str) and len(value) <= _LONGEST else None


def label(value: Any) -> str | None:
    """The DGT's label: `0`, `ECO`, `C`, `B`, an empty string for none; `None` if it is no label at all."""
    if value is None:
        return ""
    if type(value) is int:
        return "0" if value == 0 else None
    return _LABELS.get(fold(value)) if isinstance(value, str) and len(value) <= _LONGEST else None


def colour(value: Any) -> str | None:
    """The colour that a name is met under in ads (`Blanco perla` is Blanco, `burdeos` Granate), or `None`."""
    if not isinstance(value, str) or len(value) > _LONGEST * 2:
        return None
    return _colour_of(value)


@lru_cache(maxsize=1024)
def _colour_of(text: str) -> str | None:
    words = (fold(w) for w in _BETWEEN_WORDS.split(text))
    return next((_COLOUR_OF[w] for w in words if w in _COLOUR_OF), None)


def province(value: Any) -> str | None:
    """The Spanish province of that name, however it is spelled, or `None`."""
    return _PROVINCE_OF.get(fold(value)) if isinstance(value, str) and len(value) <= _LONGEST * 2 else None


def day(value: Any) -> date | None:
    """A date: itself, `2020-05-01` (with or without a time) or `01/05/2020`; or `None`."""
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if not isinstance(value, str) or len(value) > _LONGEST * 2:
        return None
    text = value.strip()
    try:
        if found := _YEAR_FIRST.match(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.match(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:  # the 31st of February
        return None
    return None


def entries(value: Any) -> list[Any] | None:
    """The entries of a list that is a list, a JSON text, or words between commas; `None` if it is none of them."""
    if type(value) is list:
        return value[:_MOST_ENTRIES]
    if isinstance(value, str):
        text = value.strip()[:_LONGEST_LIST]
        if not text.startswith("["):
            return [part.strip() for part in re.split(r"[,;|\n]", text) if part.strip()]
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Collection) or isinstance(value, Mapping | bytes | bytearray | str):
        return None
    return list(value)[:_MOST_ENTRIES]
