"""Whether a sales text or an equipment list, written by a model, may stand beside the row's facts."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flotia.catalogue.loader import fold
from flotia.judgement import values

#: Lengths of a text that a portal would print, and how many entries of equipment an ad carries.
SHORTEST, LONGEST = 40, 900
_ITEM_SHORTEST, _ITEM_LONGEST = 3, 60
_FEWEST_ITEMS, _MOST_ITEMS = 3, 20
#: Texts more alike than this (Jaccard similarity of their words) are the same text.
ALIKE = 0.8
_REMEMBERED = 400
#: Kilometres up to which a text may call a car new.
_HARDLY_USED = 1000
#: A text may round the kilometres by this share.
_ROUND_KM = 0.02

_UNSAFE = re.compile(
    r"https?:|www\.|\.(?:com|es|net|org)\b|@|[<>{}\[\]`\\|]|\b(?:\+34[ .-]?)?[6789]\d{2}[ .-]?\d{2,3}[ .-]?\d{2,3}\b"
    r"|whats?app|javascript:|data:|\bhtml\b|^\s*[=+@-]",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"\b(como (?:modelo|ia|asistente)|lo siento|as an ai|i cannot|json|lorem|ejemplo de"
    r"|descripci[oó]n del? veh[ií]culo aqu[ií])\b",
    re.IGNORECASE,
)
_SPANISH = frozenset(
    (
        "el",
        "la",
        "los",
        "las",
        "un",
        "una",
        "de",
        "del",
        "con",
        "y",
        "en",
        "para",
        "por",
        "su",
        "muy",
        "se",
        "es",
        "este",
        "esta",
        "que",
        "al",
        "sin",
        "como",
        "más",
        "a",
        "o",
        "coche",
        "vehículo",
        "además",
        "lleva",
        "equipado",
        "incluye",
        "buen",
        "estado",
    )
)
_ENGLISH = frozenset(
    ["the", "with", "and", "for", "this", "that", "is", "are", "car", "very", "vehicle", "of", "in", "has", "from"]
)
_YEAR = re.compile(r"\b(19[5-9]\d|20[0-4]\d)\b")
_KM = re.compile(
    r"(?<![/\d])\b(\d{1,3}(?:[. ]\d{3})+|\d+)\s*(mil\s+)?(?:km|kil[oó]metros)\b(?!\s*/?\s*h)", re.IGNORECASE
)
_RANGE_BEFORE = re.compile(r"(?:autonom[ií]a|el[eé]ctric\w*|recorrer|cada|garant[ií]a)[^.]{0,40}$", re.IGNORECASE)
_POWER = re.compile(r"\b(\d{2,4})\s*(?:cv|caballos)\b", re.IGNORECASE)
_DOORS = re.compile(r"\b(\d|dos|tres|cuatro|cinco)\s+puertas\b", re.IGNORECASE)
_SEATS = re.compile(r"\b(\d|dos|cuatro|cinco|siete|nueve)\s+(?:plazas|asientos)\b", re.IGNORECASE)
_PRICE = re.compile(r"\b\d[\d. ]*\s*(?:€|euros?)", re.IGNORECASE)
_OWNERS = re.compile(r"\b([uú]nico|un solo|primer|segundo|dos)\s+(?:due[nñ]os?|propietarios?)\b", re.IGNORECASE)
_WORDS = {"dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "siete": 7, "nueve": 9}
_AUTOMATIC = re.compile(
    r"\b(?:cambio|transmisi[oó]n|caja)(?: de cambios)?\s+autom[aá]tic|\bDSG\b|\bS tronic\b|\bEAT[68]\b|\blevas\b",
    re.IGNORECASE,
)
_MANUAL = re.compile(r"\b(?:cambio|transmisi[oó]n|caja)(?: de cambios)?\s+manual\b", re.IGNORECASE)
_FUEL_WORDS = {
    "Gasolina": re.compile(r"\b(?:motor|mec[aá]nica|versi[oó]n)(?: de)? gasolina\b|\bde gasolina\b", re.IGNORECASE),
    "Diésel": re.compile(r"\bdi[eé]sel\b|\bgasoil\b|\bTDI\b|\bHDi\b|\bdCi\b|\bCRDi\b", re.IGNORECASE),
    "Eléctrico": re.compile(r"\b(?:100 ?% el[eé]ctric|(?:coche|veh[ií]culo|motor|suv) el[eé]ctrico)", re.IGNORECASE),
    "Híbrido enchufable": re.compile(r"\benchufable\b|\bPHEV\b", re.IGNORECASE),
    "Híbrido": re.compile(
        r"(?<!micro)(?<!micro-)(?<!semi)\bh[ií]brid[oa]\b(?! enchufable| ligero|-ligero| suave)", re.IGNORECASE
    ),
    "GLP": re.compile(r"\bGLP\b|\bautogas\b", re.IGNORECASE),
    "GNC": re.compile(r"\bGNC\b|\bgas natural\b", re.IGNORECASE),
}
_FUEL_FAMILIES = (
    {"Gasolina", "GLP"}, {"Gasolina", "GNC"}, {"Gasolina", "Híbrido"}, {"Gasolina", "Híbrido enchufable"},
    {"Diésel", "Híbrido"}, {"Diésel", "Híbrido enchufable"}, {"Híbrido", "Híbrido enchufable"},
)  # fmt: skip
_NEW = re.compile(
    r"\b(?:a estrenar|km ?0|kil[oó]metro cero|totalmente nuevo|coche nuevo|veh[ií]culo nuevo)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The facts a text must not contradict.

    `name` is model and version, whose numbers (a Peugeot 2008) are no years; `others` are the folded names of the
    catalogue's other brands.
    """

    name: str
    year: int
    kilometres: int
    power: int
    doors: int
    seats: int
    fuel: str
    automatic: bool
    mild_hybrid: bool
    colour: str
    colours: frozenset[str]
    others: frozenset[str]


def description_fault(value: Any, facts: TextFacts) -> str | None:
    """Why a text may not stand (a short Spanish reason), or `None` if it may."""
    if not isinstance(value, str):
        return "no es texto"
    text = value.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        return "largo fuera de lo normal"
    if unsafe(text) or _ASSISTANT.search(text):
        return "contiene algo que no es de un anuncio"
    words = re.findall(r"[a-záéíóúñü]+", text.lower())
    if not _is_spanish(words):
        return "no está en español"
    return "se repite" if _babbles(words) else _contradiction(text, facts)


def unsafe(text: str) -> bool:
    """Whether a text holds markup, an address, a telephone, a formula or a control character."""
    return bool(_UNSAFE.search(text)) or any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") for c in text)


def _is_spanish(words: list[str]) -> bool:
    """Whether enough of the words are Spanish's most common ones, and hardly any English's."""
    return sum(w in _SPANISH for w in words) >= max(2, len(words) * 0.12) and sum(w in _ENGLISH for w in words) <= 2


def _babbles(words: list[str]) -> bool:
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return len(triples) > 8 and len(set(triples)) < 0.75 * len(triples)


def _contradiction(text: str, facts: TextFacts) -> str | None:
    return next((reason for says_so, reason in _CONTRADICTIONS if says_so(text, facts)), None)


def _other_year(text: str, facts: TextFacts) -> bool:
    own = {str(facts.year), *re.findall(r"\d+", facts.name)}
    return any(y not in own for y in _YEAR.findall(_PRICE.sub(" ", _KM.sub(" ", text))))


def _other_power(text: str, facts: TextFacts) -> bool:
    return any(int(p) != facts.power for p in _POWER.findall(text))


def _other_room(text: str, facts: TextFacts) -> bool:
    return _counts_differ(_DOORS, text, facts.doors, facts.name) or _counts_differ(
        _SEATS, text, facts.seats, facts.name
    )


def _other_gearbox(text: str, facts: TextFacts) -> bool:
    return bool((_MANUAL if facts.automatic else _AUTOMATIC).search(text))


def _called_new(text: str, facts: TextFacts) -> bool:
    return facts.kilometres > _HARDLY_USED and bool(_NEW.search(text))


def _other_brand(text: str, facts: TextFacts) -> bool:
    return not facts.others.isdisjoint(fold(w) for w in re.findall(r"[\w-]+", text))


def _other_kilometres(text: str, facts: TextFacts) -> bool:
    kilometres = facts.kilometres
    for found in _KM.finditer(text):
        if _RANGE_BEFORE.search(text[: found.start()]):
            continue
        said = values.number(found[1].replace(" ", "."))
        if said is None:
            return True
        said = said * 1000 if found[2] else said
        if abs(said - kilometres) > max(_ROUND_KM * kilometres, 1 if kilometres < 1000 else 500):
            return True
    return False


def _counts_differ(pattern: re.Pattern[str], text: str, count: int, name: str) -> bool:
    """Whether `text` counts otherwise. What the car's own name counts (an AMG GT 4 Puertas) is a name."""
    own = set(pattern.findall(name))
    return any(_count(c) != count for c in pattern.findall(text) if c not in own)


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _WORDS.get(word.lower(), 0)


def _other_fuel(text: str, facts: TextFacts) -> bool:
    for fuel, pattern in _FUEL_WORDS.items():
        if fuel == facts.fuel or not pattern.search(text):
            continue
        if fuel == "Híbrido" and facts.mild_hybrid:
            continue
        burns = ("Gasolina", "Diésel")
        if {fuel, facts.fuel} not in _FUEL_FAMILIES or (fuel not in burns and facts.fuel in burns):
            return True
        if fuel == "Híbrido enchufable":
            return True
    return False


def _other_colour(text: str, facts: TextFacts) -> bool:
    said = re.findall(
        r"\b(?:color|pintura|carrocer[ií]a)\s+(?:en\s+|de\s+color\s+)?([a-záéíóúñ]+)", text, re.IGNORECASE
    )
    stems = {fold(word) for word in said}
    return bool(stems) and any(
        colour != facts.colour and not stems.isdisjoint({fold(colour), fold(colour)[:-1] + "a"})
        for colour in facts.colours
    )


_CONTRADICTIONS: tuple[tuple[Callable[[str, TextFacts], bool], str], ...] = (
    (_other_year, "habla de otro año"),
    (_other_kilometres, "habla de otros kilómetros"),
    (_other_power, "habla de otra potencia"),
    (_other_room, "habla de otras puertas o plazas"),
    (lambda text, _: bool(_PRICE.search(text)), "habla de dinero"),
    (lambda text, _: bool(_OWNERS.search(text)), "habla de dueños, que nadie conoce"),
    (_other_gearbox, "habla de otro cambio"),
    (_other_fuel, "habla de otro combustible"),
    (_called_new, "lo llama nuevo"),
    (_other_colour, "habla de otro color"),
    (_other_brand, "habla de otra marca"),
)


def equipment(value: Any, facts: TextFacts) -> tuple[str, ...] | None:
    """The entries of a model's equipment list that may stand, or `None` if too few do."""
    if isinstance(value, str):
        value = re.split(r"[,;\n]", value)
    if not isinstance(value, list):
        return None
    kept: dict[str, str] = {}
    for item in value[: 3 * _MOST_ITEMS]:
        clean = " ".join(item.split()).strip(".- ") if isinstance(item, str) else ""
        if _item_stands(clean, facts):
            kept.setdefault(fold(clean), clean[:1].upper() + clean[1:])
    return tuple(kept.values())[:_MOST_ITEMS] if len(kept) >= _FEWEST_ITEMS else None


def _item_stands(item: str, facts: TextFacts) -> bool:
    if not _ITEM_SHORTEST <= len(item) <= _ITEM_LONGEST or unsafe(item):
        return False
    if not _ENGLISH.isdisjoint(re.findall(r"[a-z]+", item.lower())):
        return False
    return _contradiction(item, facts) is None


@dataclass(slots=True)
class RecentTexts:
    """Remembers the last texts of a run, so that no two of them sound alike."""

    _words: deque[frozenset[str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def seen_like(self, text: str) -> bool:
        """Whether a text very like `text` was remembered."""
        words = _word_set(text)
        fewest, most = len(words) * ALIKE, len(words) / ALIKE
        return any(fewest < len(other) < most and _jaccard(words, other) > ALIKE for other in self._words)

    def remember(self, texts: Iterable[str]) -> None:
        """Add texts that now belong to the run."""
        self._words.extend(_word_set(t) for t in texts)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _word_set(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
