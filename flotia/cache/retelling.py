"""A model's sales text told again about another car: its sentences that are true of any, among code's about this one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from flotia.judgement import text, values
from flotia.judgement.likeness import RecentTexts
from flotia.synth.dice import Dice

#: Not after a question: what follows answers it.
_SENTENCE = re.compile(r"(?<=[.!]) (?=[¡¿A-ZÁÉÍÓÚÑ\d])")
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"[A-ZÁÉÍÓÚÑ][\w-]*(?: [A-ZÁÉÍÓÚÑ][\w-]*)*")
#: What holds of one car only: figures, how far and since when it has run.
_OF_ONE_CAR = re.compile(
    r"\d|\bkm\b|kil[oó]metr|kilometraj|\brodad|a estrenar|nuev[oa]\b|\b(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    r"|septiembre|octubre|noviembre|diciembre|primavera|verano|otoño|invierno)\b",
    re.IGNORECASE,
)
#: So many ways of putting the sentences together are tried.
_TRIES = 4
#: What is told again shares less of its words with the original (Jaccard similarity): well below `likeness.ALIKE`.
_MOST_SHARED = 0.65


@dataclass(slots=True)
class Reteller:
    """Tells texts again; remembers them, so that none comes twice."""

    _told: RecentTexts = field(default_factory=RecentTexts)

    def tell(self, original: str, own: str, about: text.TextFacts, dice: Dice) -> str | None:
        """`original` told about the car of `about`, of which `own` is code's text; `None` if it cannot be."""
        whole = " ".join(original[: 2 * text.LONGEST].split())
        if text.unsafe(whole):
            return None
        sentences = _SENTENCE.split(whole)
        theirs = {n: s for n, s in enumerate(sentences) if _is_of_any_car(s, about)}
        theirs = {n: s for n, s in theirs.items() if not text.contradictions(s, about)}
        ours = _SENTENCE.split(own)
        for _ in range(_TRIES if theirs else 0):  # code's sentences are made of the facts: they need no second look
            told = _spliced(theirs, len(sentences) - 1, ours, dice)
            fits = text.form_fault(told) is None and _shared(told, whole) <= _MOST_SHARED
            if fits and not self._told.met_before(told):
                return told
        return None


def _spliced(theirs: dict[int, str], last: int, ours: list[str], dice: Dice) -> str:
    """The model's opening and closing if they may stand, else code's; between them sentences of both, in any order."""
    opening = theirs.get(0, ours[0])
    closing = theirs[last] if last > 0 and last in theirs else ours[-1]
    between = [s for n, s in theirs.items() if 0 < n < last]
    both_theirs = opening is not ours[0] and closing is not ours[-1]
    between += dice.sample(ours[1:-1], 2 if both_theirs else 1 + dice.below(2))
    return " ".join([opening, *dice.shuffled(between), closing])


def _is_of_any_car(sentence: str, about: text.TextFacts) -> bool:
    """Whether a sentence says nothing that kilometres, age, colour or place would make untrue of another car."""
    own = frozenset(about.name.split())
    rest = " ".join(word for word in sentence.split() if word.strip(",.:;!¡") not in own)
    if _OF_ONE_CAR.search(rest) or any(map(_is_colour, _WORD.findall(rest))):
        return False
    places = (name for found in _NAME.finditer(rest) for name in (found[0], *found[0].split()))
    return not any(map(values.province, places))


@lru_cache(maxsize=16_384)
def _is_colour(word: str) -> bool:
    return values.colour(word) is not None


def _shared(one: str, other: str) -> float:
    """How much two texts have of each other's words (Jaccard similarity); a word and the comma after it are one."""
    words, others = (frozenset(t.lower().split()) for t in (one, other))
    return len(words & others) / max(len(words | others), 1)
