"""Free text over the stock: each word is what it can be by index, and only then a part of a version's name.

A substring of five columns would read every row on both databases, and PostgreSQL's trigrams are an extension that many
servers (and the wheel of our tests) do not have. So a word is taken, in this order, as a number plate or the beginning of
one, a VIN or the beginning of one, a brand or model of the stock (without accents, by beginning of word), and what is left
must appear in the version. All but the last is answered by an index; for the last only those models are looked at that have
such a version, unless they are many, when matches are everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db.models import Q

from apps.stock.search.facets import Facets, Pair

_PLATE = re.compile(r"\d{4}[A-Z]{1,3}")
_YEAR_OR_PLATE = re.compile(r"\d{4}")
#: No version's word is so long and of such letters; eight characters are a VIN's maker and most of its model.
_VIN = re.compile(r"(?=.*\d)(?=.*[A-Z])[A-HJ-NPR-Z0-9]{8,17}")
#: Of more models the rows are not told apart beforehand.
_MOST_PAIRS = 60


def text_condition(words: Sequence[str], known: Facets, versions: Callable[[], Mapping[Pair, str]]) -> Q:
    """Vehicles of which every one of `words` says something. `versions` is asked only for words that name a version."""
    condition, pairs, rest = Q(), list(known.models), []
    # A brand first: "sport seat" is about SEATs, not about those called Range Rover Sport.
    for word in sorted(words, key=lambda w: not any(_says(w, brand) for brand, _ in known.models)):
        upper = word.upper().replace("-", "")
        if _PLATE.fullmatch(upper):
            condition &= Q(matricula__startswith=upper)
        elif _VIN.fullmatch(upper):
            condition &= Q(bastidor__startswith=upper)
        elif narrowed := _narrow(pairs, word):
            pairs = narrowed
        elif _YEAR_OR_PLATE.fullmatch(upper):
            condition &= Q(matricula__startswith=upper)
        else:
            rest.append(word)
    if rest and len(named := _with_versions(pairs, rest, versions())) <= _MOST_PAIRS:
        pairs = named
    if len(pairs) < len(known.models):
        condition &= _of_these(pairs, known)
    for word in rest:
        condition &= Q(version__icontains=word)
    return condition


def _with_versions(pairs: Iterable[Pair], words: Iterable[str], versions: Mapping[Pair, str]) -> list[Pair]:
    """Those of `pairs` of which some version has all the words."""
    low = [word.lower() for word in words]
    return [
        pair for pair in pairs if any(all(word in line for word in low) for line in versions.get(pair, "").split("\n"))
    ]


def _narrow(pairs: Iterable[Pair], word: str) -> list[Pair]:
    """Those of `pairs` that `word` names: whole words if there are any, else beginnings."""
    pairs = list(pairs)
    whole = [pair for pair in pairs if _says(word, " ".join(pair), whole=True)]
    return whole or [pair for pair in pairs if _says(word, " ".join(pair))]


def _says(word: str, name: str, *, whole: bool = False) -> bool:
    parts, names = _parts(word), _parts(name)
    if whole:
        return bool(parts) and all(part in names for part in parts)
    return bool(parts) and all(any(n.startswith(part) for n in names) for part in parts)


def _parts(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)


def _of_these(pairs: Sequence[Pair], known: Facets) -> Q:
    """Just these pairs: brands of which every model is meant by brand alone, the others by both names."""
    named = set(pairs)
    entire = {brand for brand, _ in pairs} - {brand for brand, model in known.models if (brand, model) not in named}
    condition = Q(marca__in=sorted(entire)) if entire else Q(pk__in=[])
    for brand in sorted({brand for brand, _ in pairs} - entire):
        condition |= Q(marca=brand, modelo__in=[model for b, model in pairs if b == brand])
    return condition
