"""Whether a sales text or an equipment list may stand beside the row's facts.

Three questions: is it a text that a portal would print (`form_fault`), what does it claim (`claims`), and which of its
claims does the row deny (`contradictions`). The judge of proposals and the rules of finished rows ask the same functions.
Every pattern here is bounded or runs over a text whose length is bounded: what a model writes is hostile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from flotia.catalogue.loader import fold
from flotia.judgement import values

#: Lengths of a text that a portal would print, and how many entries of equipment an ad carries.
SHORTEST, LONGEST = 40, 900
_ITEM_SHORTEST, _ITEM_LONGEST = 3, 60
FEWEST_ITEMS, MOST_ITEMS = 3, 20
#: Kilometres up to which a text may call a car new.
_HARDLY_USED = 1000
#: A text may round the kilometres by this share.
_ROUND_KM = 0.02
#: A name's litres are the cm³ rounded.
_ROUND_CM3 = 75

_UNSAFE = re.compile(
    r"https?:|www\.|\.(?:com|es|net|org|info|eu)\b|\bpunto com\b|[@<>{}\[\]`\\|]|\*\*|__|whats?app|telegram|javascript:"
    r"|data:|\bhtml\b|\btel(?:[eé]fono|f)?\.?:?\s?\+?\d"
)
#: Where none of these is in a text, `_UNSAFE` need not be asked.
_UNSAFE_HINTS = (
    "http", "www", ".com", ".es", ".net", ".org", ".info", ".eu", "punto com", "@", "<", ">", "{", "}", "[", "]", "`", "\\",
    "|", "**", "__", "app", "telegram", "script", "data:", "html", "tel",
)  # fmt: skip
_FORMULA = frozenset("=+@-")
_TELEPHONE = re.compile(r"[6-9]\d(?:[ .-]?\d){7}(?!\d)")
_ASSISTANT = re.compile(
    r"\b(?:como (?:modelo|ia|asistente)|lo siento|as an ai|i cannot|json|lorem|ejemplo de"
    r"|descripci[oó]n del? veh[ií]culo aqu[ií])\b"
)
_ASSISTANT_HINTS = ("como ", "siento", "an ai", "cannot", "json", "lorem", "ejemplo", "descripci")
_SPANISH = frozenset(
    """el la los las un una de del con y en para por su muy se es este esta que al sin como más a o coche vehículo además
    lleva equipado incluye buen estado lo le les nos sus desde hasta sobre ni si ya todo toda son está hay puede entre tiene
    nuestro nuestra nuestras listo lista usted también solo cada cuando donde pero mi ha sea""".split()  # noqa: SIM905
)
#: Common words of the languages that models slip into; none is a word of Spanish ads.
_FOREIGN = frozenset(
    """the with and for this that is are car very vehicle of in has from seats heated leather rear wheels wheel alloy steering
    conditioning mirrors sunroof headlights windows tinted climate navigation sensors blind warning roof com muito não carro
    em uma são você avec très voiture pour et les des molto della il per auto è amb molt cotxe és els und mit der das ist
    fahrzeug""".split()  # noqa: SIM905
) - {"auto"}

_WORD = re.compile(r"\w+")
#: The marks between the words of an ordinary text.
_MARKS = ".,:;-()¡!¿?/%"
_YEAR = re.compile(
    r"(?<![\d.,])(19[5-9]\d|20[0-4]\d)(?![\d]|[.,]\d|\s?(?:km|kil[oó]m|€|eur|cv\b|cc\b|cm))", re.IGNORECASE
)
_KM = re.compile(
    r"(?<![/\d.])(\d{1,3}(?:[. ]\d{3}){1,3}|\d{1,9})\s?(mil )?(?:km|kil[oó]metros)\b(?!\s?/?\s?h)", re.IGNORECASE
)
_RANGE_BEFORE = re.compile(
    r"(?:autonom[ií]a|el[eé]ctric\w{0,4}|recorrer|cada|garant[ií]a|consumo|l/)[^.]{0,40}$", re.IGNORECASE
)
_LOOK_BACK = 60
_POWER = re.compile(r"(?<!\d)(\d{2,4})\s?(cv|caballos|kw)\b(?!h)", re.IGNORECASE)
_LITRES = re.compile(
    r"\bmotor (?:de )?(\d[.,]\d)(?!\d)|(?<![\d.,])(\d[.,]\d) ?(?:TDI|TSI|TFSI|HDi|BlueHDi|dCi|CRDi|CDTI|TCe|PureTech|EcoBoost"
    r"|EcoBlue|TDCi|MultiJet|T-GDi|VTi|VVT-i|DIG-T)\b",
    re.IGNORECASE,
)
_DOORS = re.compile(r"(?<!\d)(\d{1,2}|dos|tres|cuatro|cinco)\s?(?:puertas\b|p\.)", re.IGNORECASE)
_SEATS = re.compile(r"(?<!\d)(\d{1,2}|dos|cuatro|cinco|seis|siete|ocho|nueve)\s?(?:plazas|asientos)\b", re.IGNORECASE)
_MONEY = re.compile(
    r"\d\s?(?:€|euros?\b|eur\b)|€\s?\d|\bprecio[^.\d]{0,25}\d|\d\s?(?:/|al )mes\b|\b(?:mil|cien) euros\b", re.IGNORECASE
)
_OWNERS = re.compile(
    r"\b(?:[uú]nic[oa]|un solo|una sola|primer|primera|segund[oa]|tercer|dos|tres|anterior)"
    r" (?:due[nñ][oa]s?|propietari[oa]s?|manos?)\b|\bde (?:primera|segunda) mano\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:[Pp]regunt\w{1,4}|[Ll]lam\w{1,5}|[Cc]ontact\w{1,4}|[Hh]abl\w{1,4}|[Aa]tendid\w|[Ee]scrib\w{1,3})"
    r" (?:por|a|con|al) (?:(?:el|la|nuestr[oa]) )?(?:(?:[Ss]ra?|[Dd]on|[Dd]oña|[Cc]omercial)\.? )?[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2,}"
    r"|\b(?:[Ss]oy|[Mm]i nombre es|[Mm]e llamo|Don|Doña|Sra?\.) [A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2,}"
)
_PERSON_HINTS = (
    "regunt", "llam", "Llam", "ontact", "habl", "Habl", "tendid", "scrib", "oy ", "nombre es ", "Don ", "Doña ", "Sr",
)  # fmt: skip
_WORDS = {"dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9}
#: Words for a gearbox (a fuel): which, what a text in small letters must hold, and the pattern.
_GEARBOXES = (
    ("Automática", ("autom", "levas", "doble embrague", "dsg", "tronic", "eat", "cvt"), re.compile(
        r"\b(?:cambio|transmisi[oó]n|caja)(?: de cambios?)? (?:secuencial )?autom[aá]tic|\bDSG\b|\bS.?tronic\b|\bEAT[68]\b"
        r"|\blevas\b|\bdoble embrague\b|\be?-?CVT\b|\bautom[aá]tico de \d",
        re.IGNORECASE,
    )),
    ("Manual", ("manual", "pedal"), re.compile(
        r"\b(?:cambio|transmisi[oó]n|caja)(?: de cambios?)? manual\b|\bmanual de (?:5|6|cinco|seis) (?:vel|marchas)"
        r"|\bpedal de embrague\b",
        re.IGNORECASE,
    )),
)  # fmt: skip
_FUEL_WORDS = (
    ("Gasolina", ("gasolina",), re.compile(
        r"\b(?:motor|mec[aá]nica|versi[oó]n)(?: de)? gasolina\b|\bde gasolina\b", re.IGNORECASE
    )),
    ("Diésel", ("diesel", "diésel", "gas", "tdi", "hdi", "dci", "crdi", "adblue"), re.compile(
        r"\bdi[eé]sel\b|\bgas[oó](?:il|leo)\b|\bTDI\b|\bHDi\b|\bBlueHDi\b|\bdCi\b|\bCRDi\b|\bTDCi\b|\bAdBlue\b", re.IGNORECASE
    )),
    ("Eléctrico", ("ctric", "emisiones"), re.compile(
        r"\b(?:100 ?% |totalmente |puramente )el[eé]ctric|\b(?:coche|veh[ií]culo|motor|suv|modelo) el[eé]ctrico\b"
        r"|\bcero emisiones\b",
        re.IGNORECASE,
    )),
    ("Híbrido enchufable", ("enchufable", "phev", "plug"), re.compile(
        r"\benchufable\b|\bPHEV\b|\bplug-?in\b", re.IGNORECASE
    )),
    ("Híbrido", ("híbrid", "hibrid"), re.compile(
        r"(?<!micro)(?<!micro-)(?<!micro )(?<!semi)(?<!no es )(?<!no )\bh[ií]brid[oa]\b"
        r"(?! enchufable| ligero|-ligero| suave|,? que se enchufa)",
        re.IGNORECASE,
    )),
    ("GLP", ("glp", "autog"), re.compile(r"\bGLP\b|\bautog[aá]s\b", re.IGNORECASE)),
    ("GNC", ("gnc", "gas natural"), re.compile(r"\bGNC\b|\bgas natural\b", re.IGNORECASE)),
)  # fmt: skip
#: How the few hybrids that burn diesel are called.
_DIESEL_NAME = re.compile(r"HDi|TDI|CDI|BlueTEC|SDV6|\bD[56]\b|\b\d{3} ?(?:d|de)\b|di[eé]sel", re.IGNORECASE)
_FUEL_FAMILIES = (
    {"Gasolina", "GLP"}, {"Gasolina", "GNC"}, {"Híbrido", "Híbrido enchufable"},
)  # fmt: skip
_NEW = re.compile(
    r"\b(?:a estrenar|km ?0|kil[oó]metro cero|totalmente nuevo|coche nuevo|veh[ií]culo nuevo)\b", re.IGNORECASE
)
_COLOUR = re.compile(
    r"\b(?:color|pintura|carrocer[ií]a|pintad[oa]|tono)(?: exterior)?(?: en| de)?(?: color)? ([a-záéíóúñ]{3,15})",
    re.IGNORECASE,
)
_INSIDE_BEFORE = re.compile(
    r"(?:tapicer|interior|asiento|cuero|alc[aá]ntara|techo|llanta|retrovisor|pinza|costura)[^.]{0,25}$", re.IGNORECASE
)
_LABEL = re.compile(
    r"\b(?:etiqueta|distintivo)(?: medioambiental| ambiental)?(?: (?:de la )?DGT)?:? (ECO|CERO|0|C|B)\b", re.IGNORECASE
)
_ALL_WHEELS = re.compile(r"\btracci[oó]n (?:total|integral|a las cuatro ruedas)\b|(?<!\w)4x4\b", re.IGNORECASE)
_CAPITALS = re.compile(r"\b[A-ZÁÉÍÓÚÑ][\w-]{1,20}(?: [A-ZÁÉÍÓÚÑ][\w-]{1,20})?")
#: What cannot be on every car: words, and of which cars they can be true (`None`: nothing is known, so it may be).
_PLUGGED = ("Eléctrico", "Híbrido enchufable")
_BURNING = ("Gasolina", "Diésel", "GLP", "GNC", "Híbrido", "Híbrido enchufable")


class Claim(NamedTuple):
    """Something that a text says of the car: of which `kind`, the value, and the words it is said in."""

    kind: str
    value: Any
    words: str


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The facts a text must not contradict; `None` (or an empty string) is not known, and then nothing denies a claim.

    `name` is brand, model and version, whose numbers (a Peugeot 2008) are no years; `others` are the folded names of brands
    and models, of which those within `name` are the car's own. `year` is the registration's, `size` cm³, `power` CV,
    `all_wheels` whether all four are driven.
    """

    name: str
    year: int | None = None
    kilometres: int | None = None
    power: int | None = None
    size: int | None = None
    doors: int | None = None
    seats: int | None = None
    fuel: str | None = None
    automatic: bool | None = None
    mild_hybrid: bool | None = None
    colour: str | None = None
    body: str | None = None
    label: str | None = None
    all_wheels: bool | None = None
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Limit:
    """Equipment that only some cars can have. Figures: when each was first sold in a series car."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    fuels: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    never_bodies: tuple[str, ...] = ()
    least_seats: int = 0
    since: int = 0

    def excludes(self, facts: TextFacts) -> bool:
        if self.fuels and facts.fuel is not None and facts.fuel not in self.fuels:
            return True
        if facts.body and ((self.bodies and facts.body not in self.bodies) or facts.body in self.never_bodies):
            return True
        if self.least_seats and facts.seats is not None and facts.seats < self.least_seats:
            return True
        return bool(self.since) and facts.year is not None and facts.year < self.since


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_LIMITS = (
    _Limit(
        ("carga", "cargador", "wallbox", "ccs", "eléctrico"),
        _words(
            r"\bcable (?:de )?(?:re)?carga\b(?! (?:usb|del? m[oó]vil))|\bcargador (?:de a bordo|embarcado|tipo 2)"
            r"|\btoma de (?:re)?carga\b|\bwallbox\b|\bcarga r[aá]pida (?:CCS|CHAdeMO)|\bCCS\b|\bmodo 100 ?% el[eé]ctrico"
        ),
        fuels=_PLUGGED,
    ),
    _Limit(
        ("stop", "filtro", "escape"),
        _words(r"\bstart ?[/&-]? ?stop\b|\bfiltro de part[ií]culas\b|\btubo de escape\b|\bescape deportivo\b"),
        fuels=_BURNING,
    ),
    _Limit(
        ("techo", "tejadillo"),
        _words(r"\b(?:techo|tejadillo) (?:solar|panor[aá]mico)\b|\btecho de cristal\b"),
        never_bodies=("Cabrio",),
    ),
    _Limit(("capota",), _words(r"\bcapota\b"), bodies=("Cabrio", "SUV", "Utilitario")),
    _Limit(
        ("separador", "mampara", "estanter"),
        _words(r"\b(?:separador|mampara) de carga\b|\bestanter[ií]as de carga\b"),
        bodies=("Furgoneta", "Pickup", "Monovolumen"),
    ),
    _Limit(("tercera fila",), _words(r"\btercera fila\b"), least_seats=6),
    _Limit(("play", "android"), _words(r"\bapple car ?play\b|\bandroid auto\b"), since=2014),
    _Limit(("inal",), _words(r"\bcar ?play inal[aá]mbrico\b|\bandroid auto inal[aá]mbrico\b"), since=2016),
    _Limit(("inal",), _words(r"\b(?:carga|cargador) inal[aá]mbric[oa]\b"), since=2012),
    _Limit(
        ("matrix", "digital", "cockpit"),
        _words(
            r"\bmatrix led\b|\bled matrix\b|\bfaros matri|\bcuadro (?:de instrumentos )?digital\b|\bvirtual cockpit\b"
        ),
        since=2013,
    ),
    _Limit(("faros",), _words(r"\bfaros (?:delanteros )?(?:full )?led\b"), since=2008),
)


def form_fault(value: Any) -> str | None:
    """What is wrong with a text before anything is known of the car: the name of the rule it breaks, or `None`."""
    if not isinstance(value, str):
        return "texto_largo"
    text = " ".join(value[: 2 * LONGEST].split())
    if not SHORTEST <= len(text) <= LONGEST:
        return "texto_largo"
    if unsafe(text):
        return "texto_limpio"
    low = text.lower()
    if _holds(low, _ASSISTANT_HINTS) and _ASSISTANT.search(low):
        return "texto_de_anuncio"
    words = words_in(text)
    if not _is_spanish(words):
        return "texto_en_espanol"
    return "texto_sin_repeticiones" if _babbles(words) else None


def unsafe(text: str) -> bool:
    """Whether a text (of bounded length) holds markup, an address, a telephone, a formula or a control character."""
    low = text.lower()
    if not text.isprintable() or low.lstrip()[:1] in _FORMULA:
        return bool(text)
    return (_holds(low, _UNSAFE_HINTS) and bool(_UNSAFE.search(low))) or _has_telephone(text)


def _holds(text: str, hints: tuple[str, ...]) -> bool:
    """Whether one of `hints` is in a text: a plain loop, which costs half of what `any` does."""
    for hint in hints:  # noqa: SIM110
        if hint in text:
            return True
    return False


def _has_telephone(text: str) -> bool:
    return any(not text[max(m.start() - 1, 0) : m.start()].isdigit() for m in _TELEPHONE.finditer(text))


@lru_cache(maxsize=64)
def words_in(text: str) -> tuple[str, ...]:
    """The words of a text in small letters; remembered because form and likeness both ask for them."""
    low = plain = text.lower()
    for mark in _MARKS:
        plain = plain.replace(mark, " ")
    words = plain.split()
    # letters and digits alone are left of most texts, and then this is what the pattern finds, in a fifth of the time
    return tuple(words if "".join(words).isalnum() else _WORD.findall(low))


def _is_spanish(words: tuple[str, ...]) -> bool:
    """Whether enough of the words are Spanish's most common ones, and hardly any another language's."""
    common = sum(map(_SPANISH.__contains__, words))
    if common < max(2, len(words) * 0.12):
        return False
    return _FOREIGN.isdisjoint(words) or sum(map(_FOREIGN.__contains__, words)) <= 2


def _babbles(words: tuple[str, ...]) -> bool:
    triples = set(zip(words, words[1:], words[2:], strict=False))
    return len(words) > 10 and len(triples) < 0.75 * (len(words) - 2)


def claims(text: str) -> list[Claim]:
    """Everything that a text (of at most `LONGEST` characters) says of the car that a row could deny."""
    text = text[:LONGEST]
    said = [claim for sentence in text.split(". ") for claim in _claims_of(sentence)]
    if match := _person(text):
        said.append(Claim("texto_sin_personas", None, match[0]))
    return said


def _person(text: str) -> re.Match[str] | None:
    return _PERSON.search(text) if _holds(text, _PERSON_HINTS) else None


@lru_cache(maxsize=16_384)
def _claims_of(sentence: str) -> tuple[Claim, ...]:
    """The claims of one sentence (ads, and those made by code most of all, share sentences)."""
    low = sentence.lower()
    wanted = {position for hint, positions in _HINTS if hint in low for position in positions}
    found: list[Claim] = []
    for position in sorted(wanted):
        kind, _, extract = _EXTRACT[position]
        found.extend(Claim(kind, value, words) for value, words in extract(sentence))
    return tuple(found)


def contradictions(text: str, facts: TextFacts) -> list[Claim]:
    """The claims of a text that the facts deny, or that no text may make (money, owners, persons)."""
    denied = [claim for claim in claims(text) if _DENIED[claim.kind](claim.value, facts)]
    for sentence in text[:LONGEST].split(". "):
        denied.extend(_other_cars(sentence, facts))
    return denied


def _other_cars(sentence: str, facts: TextFacts) -> list[Claim]:
    """The brands and models in a sentence that are not within the car's own name."""
    named = _names_in(sentence, facts.others)
    if not named:
        return []
    own = fold(facts.name)
    return [Claim("texto_otro_coche", name, words) for name, words in named if name not in own]


_Found = Iterator[tuple[Any, str]]


def _found(pattern: re.Pattern[str], value: Any) -> Callable[[str], _Found]:
    """An extractor of one claim at most: that what `pattern` matches is said."""

    def extract(text: str) -> _Found:
        if match := pattern.search(text):
            yield value, match[0]

    return extract


def _years(text: str) -> _Found:
    for match in _YEAR.finditer(text):
        yield int(match[1]), match[0]


def _kilometres(text: str) -> _Found:
    for match in _KM.finditer(text):
        if not _RANGE_BEFORE.search(text[max(match.start() - _LOOK_BACK, 0) : match.start()]):
            yield int(re.sub(r"\D", "", match[1])) * (1000 if match[2] else 1), match[0]


def _powers(text: str) -> _Found:
    for match in _POWER.finditer(text):
        yield (int(match[1]), match[2].lower() == "kw"), match[0]


def _litres(text: str) -> _Found:
    for match in _LITRES.finditer(text):
        yield float((match[1] or match[2]).replace(",", ".")), match[0]


def _counts(pattern: re.Pattern[str]) -> Callable[[str], _Found]:
    def extract(text: str) -> _Found:
        for match in pattern.finditer(text):
            yield match[1].lower(), match[0]

    return extract


def _colours(text: str) -> _Found:
    for match in _COLOUR.finditer(text):
        colour = values.colour(match[1])
        if colour and not _INSIDE_BEFORE.search(text[max(match.start() - _LOOK_BACK, 0) : match.start()]):
            yield colour, match[0]


def _labels(text: str) -> _Found:
    for match in _LABEL.finditer(text):
        yield values.label(match[1]), match[0]


@lru_cache(maxsize=16_384)
def _names_in(text: str, names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Which of `names` (folded) a text holds with a capital letter, and how they are written."""
    said = [part for match in _CAPITALS.finditer(text) for part in (match[0], *match[0].split())]
    return tuple((name, part) for part in dict.fromkeys(said) if (name := fold(part)) in names)


#: Each claim: its kind, what a text (in small letters) must hold for it to be there at all, and how it is found.
_EXTRACT: tuple[tuple[str, tuple[str, ...], Callable[[str], _Found]], ...] = (
    ("texto_sin_dinero", ("€", "eur", "mes", "precio"), _found(_MONEY, None)),
    ("texto_sin_duenos", ("due", "propietari", "mano"), _found(_OWNERS, None)),
    ("texto_anio", ("19", "20"), _years),
    ("texto_kilometros", ("km", "kilómetros", "kilometros"), _kilometres),
    ("texto_potencia", ("cv", "caballos", "kw"), _powers),
    ("texto_cilindrada", tuple(f"{i}{mark}" for i in range(10) for mark in ".,"), _litres),
    ("texto_puertas", ("puertas", "p."), _counts(_DOORS)),
    ("texto_plazas", ("plazas", "asientos"), _counts(_SEATS)),
    *(("texto_cambio", hints, _found(pattern, box)) for box, hints, pattern in _GEARBOXES),
    *(("texto_combustible", hints, _found(pattern, fuel)) for fuel, hints, pattern in _FUEL_WORDS),
    ("texto_usado", ("estrenar", "km 0", "km0", "cero", "nuevo"), _found(_NEW, None)),
    ("texto_color", ("color", "pint", "carrocer", "tono"), _colours),
    ("texto_etiqueta", ("etiqueta", "distintivo"), _labels),
    ("texto_traccion", ("tracci", "4x4"), _found(_ALL_WHEELS, None)),
    *(("texto_equipamiento", limit.hints, _found(limit.pattern, limit)) for limit in _LIMITS),
)
_HINTS = tuple(
    (hint, tuple(i for i, (_, hints, _) in enumerate(_EXTRACT) if hint in hints))
    for hint in dict.fromkeys(hint for _, hints, _ in _EXTRACT for hint in hints)
)


def _other_year(said: int, facts: TextFacts) -> bool:
    return facts.year is not None and said != facts.year and str(said) not in _numbers(facts.name)


def _other_kilometres(said: int, facts: TextFacts) -> bool:
    kilometres = facts.kilometres
    if kilometres is None or (said == 0 and kilometres <= _HARDLY_USED):
        return False
    return abs(said - kilometres) > max(_ROUND_KM * kilometres, 1 if kilometres < 1000 else 500)


def _other_power(said: tuple[int, bool], facts: TextFacts) -> bool:
    figure, kilowatts = said
    if facts.power is None:
        return False
    return abs(figure - facts.power * values.KW_A_CV) > 1 if kilowatts else figure != facts.power


def _other_size(said: float, facts: TextFacts) -> bool:
    if facts.size is None or f"{said:.1f}" in facts.name:
        return False
    return abs(said * 1000 - facts.size) > _ROUND_CM3


def _other_count(said: str, count: int | None, what: str, name: str) -> bool:
    """Whether it counts otherwise. What the car's own name counts (an AMG GT 4 Puertas) is a name."""
    if count is None or f"{said} {what}" in name.lower():
        return False
    return (int(said) if said.isdigit() else _WORDS[said]) != count


def _other_fuel(said: str, facts: TextFacts) -> bool:
    own = facts.fuel
    if own is None or said == own:
        return False
    if own in ("Híbrido", "Híbrido enchufable") and said in ("Gasolina", "Diésel"):
        return (said == "Diésel") != bool(_DIESEL_NAME.search(facts.name))
    if said == "Híbrido" and (facts.mild_hybrid or (facts.mild_hybrid is None and own in ("Gasolina", "Diésel"))):
        return False
    return {said, own} not in _FUEL_FAMILIES or own in ("Gasolina", "Diésel") or said == "Híbrido enchufable"


def _other_colour(said: str, facts: TextFacts) -> bool:
    return facts.colour is not None and said not in (facts.colour, values.colour(facts.colour))


_DENIED: dict[str, Callable[[Any, TextFacts], bool]] = {
    "texto_sin_dinero": lambda _, __: True,
    "texto_sin_duenos": lambda _, __: True,
    "texto_sin_personas": lambda _, __: True,
    "texto_anio": _other_year,
    "texto_kilometros": _other_kilometres,
    "texto_potencia": _other_power,
    "texto_cilindrada": _other_size,
    "texto_puertas": lambda said, facts: _other_count(said, facts.doors, "puertas", facts.name),
    "texto_plazas": lambda said, facts: _other_count(said, facts.seats, "plazas", facts.name),
    "texto_cambio": lambda said, facts: facts.automatic is not None and (said == "Automática") != facts.automatic,
    "texto_combustible": _other_fuel,
    "texto_usado": lambda _, facts: facts.kilometres is not None and facts.kilometres > _HARDLY_USED,
    "texto_color": _other_colour,
    "texto_etiqueta": lambda said, facts: facts.label is not None and said != facts.label,
    "texto_traccion": lambda _, facts: facts.all_wheels is False,
    "texto_equipamiento": lambda said, facts: said.excludes(facts),
}
#: The names of the rules about a text: its form, and each kind of claim.
FORM_RULES = ("texto_largo", "texto_limpio", "texto_de_anuncio", "texto_en_espanol", "texto_sin_repeticiones")
CLAIM_RULES = (*_DENIED, "texto_otro_coche")
#: Why the judge does not take a text, by the rule it breaks.
REASONS = {
    "texto_largo": "largo fuera de lo normal",
    "texto_limpio": "contiene algo que no es de un anuncio",
    "texto_de_anuncio": "contiene algo que no es de un anuncio",
    "texto_en_espanol": "no está en español",
    "texto_sin_repeticiones": "se repite",
    "texto_sin_dinero": "habla de dinero",
    "texto_sin_duenos": "habla de dueños, que nadie conoce",
    "texto_sin_personas": "nombra a una persona",
    "texto_anio": "habla de otro año",
    "texto_kilometros": "habla de otros kilómetros",
    "texto_potencia": "habla de otra potencia",
    "texto_cilindrada": "habla de otro motor",
    "texto_puertas": "habla de otras puertas o plazas",
    "texto_plazas": "habla de otras puertas o plazas",
    "texto_cambio": "habla de otro cambio",
    "texto_combustible": "habla de otro combustible",
    "texto_usado": "lo llama nuevo",
    "texto_color": "habla de otro color",
    "texto_etiqueta": "habla de otra etiqueta",
    "texto_traccion": "habla de otra tracción",
    "texto_otro_coche": "habla de otra marca o modelo",
    "texto_equipamiento": "habla de algo que este coche no puede llevar",
}


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)


_SENTENCE = re.compile(r"(?<=[.!?]) (?=[¡¿A-ZÁÉÍÓÚÑ\d])")


def description(value: Any, facts: TextFacts) -> tuple[str | None, str]:
    """What of a text may stand, or `None`, and why not all of it (a short Spanish reason, empty if all does).

    A sentence that the facts deny goes; the rest stays if it is still a text. A text that is unsafe, no Spanish or no
    text at all goes whole.
    """
    if not isinstance(value, str):
        return None, "no es texto"
    if form := form_fault(value):
        return None, REASONS[form]
    whole = " ".join(value.split())
    denied = contradictions(whole, facts)
    if not denied:
        return whole, ""
    fault = REASONS[denied[0].kind]
    rest = " ".join(s for s in _SENTENCE.split(whole) if not contradictions(s, facts))
    return None if description_fault(rest, facts) else rest, fault


def description_fault(value: Any, facts: TextFacts) -> str | None:
    """Why a text may not stand as it is (a short Spanish reason), or `None` if it may."""
    if not isinstance(value, str):
        return "no es texto"
    if fault := form_fault(value):
        return REASONS[fault]
    denied = contradictions(" ".join(value.split()), facts)
    return REASONS[denied[0].kind] if denied else None


def item_fault(item: Any, facts: TextFacts) -> str | None:
    """What is wrong with one entry of equipment: the rule it breaks, or `None`."""
    if not isinstance(item, str) or len(item) > _ITEM_LONGEST or not _well_formed(item):
        return "equipamiento_limpio"
    return "equipamiento_posible" if _impossible(item, facts) else None


def _impossible(item: str, facts: TextFacts) -> bool:
    """Whether the facts deny what an entry claims, or it is another car's."""
    said = _claims_of(item)
    return (bool(said) and any(_DENIED[c.kind](c.value, facts) for c in said)) or bool(_other_cars(item, facts))


@lru_cache(maxsize=8192)
def _well_formed(item: str) -> bool:
    if len(item) < _ITEM_SHORTEST or unsafe(item):
        return False
    words = re.findall(r"[^\W\d_]+", item.lower())
    return _FOREIGN.isdisjoint(words) and any(len(w) > 1 for w in words) and not _person(item)


#: Kinds of equipment of which a car has one: two entries of the same kind and different value contradict each other.
_ONE_OF = (
    (_words(r"\baire acondicionado(?! autom)|\bA/A\b|\bclimatizador manual\b"), "clima", "manual"),
    (_words(r"\bclimatizador\b(?! manual)|\bclimatronic\b"), "clima", "automático"),
    (_words(r"\bllantas[^.]{0,30}\b(1[3-9]|2[0-3])(?!\d)"), "llantas", ""),
    (_words(r"\bllantas de acero\b|\btapacubos\b"), "material de las llantas", "acero"),
    (_words(r"\bllantas de (?:aleaci[oó]n|aluminio)\b"), "material de las llantas", "aleación"),
    (_words(r"\bfaros (?:delanteros )?hal[oó]genos\b"), "faros", "halógenos"),
    (_words(r"\bfaros (?:delanteros )?(?:de |bi-?)?x[eé]n[oó]n\b"), "faros", "xenón"),
    (_words(r"\bfaros (?:delanteros )?(?:full |bi-?|matrix |matriciales )?led\b"), "faros", "led"),
    (_words(r"\btapicer[ií]a (?:completa )?(?:de |en )?(?:cuero|piel)\b(?! y )"), "tapicería", "cuero"),
    (_words(r"\btapicer[ií]a (?:de |en )?(?:tela|tejido)\b(?! y )"), "tapicería", "tela"),
    (_words(r"\btapicer[ií]a (?:mixta|(?:de |en )?(?:cuero|piel|tela) y )"), "tapicería", "mixta"),
)


@lru_cache(maxsize=8192)
def _exclusive(item: str) -> tuple[tuple[str, str], ...]:
    found = ((pattern.search(item), kind, value) for pattern, kind, value in _ONE_OF)
    return tuple((kind, value or match[1]) for match, kind, value in found if match)


def clashes(items: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of entries (an earlier and a later one) that cannot be on one car."""
    first: dict[str, tuple[str, str]] = {}
    for item in items:
        for kind, value in _exclusive(item[:_ITEM_LONGEST]):
            earlier, other = first.setdefault(kind, (value, item))
            if earlier != value:
                yield other, item


@lru_cache(maxsize=8192)
def _tidy(item: str) -> tuple[str, str]:
    """An entry as a list prints it, and folded; both empty if no list should (ads share most of their entries)."""
    clean = " ".join(item.split()).strip(".- ")
    clean = clean[:1].upper() + clean[1:]
    return (clean, fold(clean)) if len(clean) <= _ITEM_LONGEST and _well_formed(clean) else ("", "")


def equipment(value: Any, facts: TextFacts) -> tuple[str, ...] | None:
    """The entries of a model's equipment list that may stand, or `None` if too few do."""
    kept: dict[str, str] = {}
    for item in (values.entries(value) or [])[: 3 * MOST_ITEMS]:
        clean, name = _tidy(item[: 2 * _ITEM_LONGEST]) if isinstance(item, str) else ("", "")
        if not clean or _impossible(clean, facts):
            continue
        if not _exclusive(clean) or not any(clashes([*kept.values(), clean])):
            kept.setdefault(name, clean)
    return tuple(kept.values())[:MOST_ITEMS] if len(kept) >= FEWEST_ITEMS else None
