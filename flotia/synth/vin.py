"""VINs as the makers fill them for Europe: real prefix, legal characters, year and plant only where a maker uses them.

Sources: ISO 3779 and 3780 (no I, O, Q); Regulation (EU) 19/2011 asks neither for a check digit nor for a year. What each
family does is described at its function. Serial numbers come from the slot's number, so that no two vehicles of a run
share one (up to a million slots; beyond, only vehicles of another prefix may).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flotia.catalogue.loader import Variant
from flotia.catalogue.schema import Wmi
from flotia.synth.dice import Dice, mix

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_DIGITS = "0123456789"
#: Model-year letter of position 10, from 2005 (ISO 3779: no I, O, Q, U, Z, 0).
_YEAR_CODES = "56789ABCDEFGHJKLMNPRSTV"
_SERIALS = 1_000_000
#: Coprime to the number of serials, so that index → serial is one to one.
_STRIDE = 387_421
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_LETTER_VALUES = (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10))
_VALUES = {c: int(c) for c in _DIGITS} | dict(zip(_LETTERS, _LETTER_VALUES, strict=True))


def vin(variant: Variant, registered: date, index: int, dice: Dice, seed: int) -> str:
    """The VIN of slot `index`: 17 characters."""
    wmi = _prefix(variant, registered.year, dice)
    serial = (index * _STRIDE + mix(seed, 7) % _SERIALS) % _SERIALS
    return wmi.codigo + _FAMILIES[variant.brand.familia_vin](variant, wmi, registered, serial, dice)


def model_year_letter(year: int) -> str:
    """The code of a model year, 2005 … 2027."""
    return _YEAR_CODES[min(max(year - 2005, 0), len(_YEAR_CODES) - 1)]


def check_digit(text: str) -> str:
    """Position 9 by the North American rule (49 CFR 565.15) for a VIN whose position 9 may hold anything."""
    rest = sum(_VALUES[c] * w for c, w in zip(text, _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def _prefix(variant: Variant, year: int, dice: Dice) -> Wmi:
    rows = [w for w in variant.brand.wmi if w.fits(variant.model.nombre, year)]
    own = [w for w in rows if w.modelos]
    return dice.pick(own or rows)


def _model_year(registered: date, dice: Dice) -> str:
    """The model year: often one ahead for a car registered late in the year."""
    ahead = registered.month >= 8 and dice.uniform() < (registered.month - 7) / 6
    return model_year_letter(registered.year + ahead)


def _some(dice: Dice, pattern: str) -> str:
    """Characters by pattern: `A` a letter, `9` a digit, anything else itself."""
    return "".join(dice.pick(_LETTERS) if c == "A" else dice.pick(_DIGITS) if c == "9" else c for c in pattern)


def _stable(variant: Variant, pattern: str) -> str:
    """Like `_some`, but always the same for one generation and engine: a type code."""
    engine = variant.engine
    text = f"{variant.brand.marca}{variant.model.nombre}{variant.generation.desde}{engine.nombre}{engine.potencia}"
    return _some(Dice(*text.encode()), pattern)


def _vw(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """VW Group: `ZZZ`, two-character type, `Z`, model year, plant, six digits."""
    code = v.generation.codigo.upper()
    kind = code if len(code) == 2 and set(code) <= set(_LETTERS + _DIGITS) else _stable(v, "9A")
    return f"ZZZ{kind}Z{_model_year(registered, dice)}{wmi.planta or dice.pick('WPMVR')}{serial:06d}"


def _bmw(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """BMW: type key, `0` where America has a year, plant, a letter and six digits' worth of serial."""
    return f"{_stable(v, '9A99')}{dice.pick('01')}{dice.pick('05')}0{wmi.planta or dice.pick('AFGKNPV')}{serial:06d}"


def _mercedes(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Mercedes-Benz: six-digit Baumuster (chassis, body, engine), steering side 1 = left, plant, six digits."""
    digits = "".join(c for c in v.generation.codigo if c.isdigit())[:3]
    chassis = digits if len(digits) == 3 else _stable(v, "299")
    return f"{chassis}{_stable(v, '999')}1{wmi.planta or dice.pick('AFJNRV')}{serial:06d}"


def _ford(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Ford of Europe: body, `XX`, model and plant, year of make in position 11, month in 12, five digits."""
    high, low = divmod(serial, 100_000)
    months = "RPBCDEFGHJKL"
    plant = wmi.planta or dice.pick("CGPKT")
    made = model_year_letter(registered.year) + months[registered.month - 1]
    return f"{_stable(v, 'A')}XX{_stable(v, 'AA')}{_LETTERS[high]}{plant}{made}{low:05d}"


def _volvo(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Volvo: body and engine type, check position, model year, plant digit, six digits."""
    plant = wmi.planta or dice.pick("12")
    return f"{_stable(v, 'AA999')}{dice.pick(_DIGITS)}{_model_year(registered, dice)}{plant}{serial:06d}"


def _psa(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Peugeot, Citroën, DS, Opel since 2018: five letters of type, a filler letter, plant and version, six digits."""
    plant = wmi.planta or dice.pick(_LETTERS)
    return f"{_stable(v, 'AAAAA')}{dice.pick('ABCSTPU')}{plant}{dice.pick(_LETTERS + _DIGITS)}{serial:06d}"


def _renault(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Renault, Dacia: type letters, three filler digits, eight digits of serial."""
    return f"{_stable(v, 'AAA')}00{dice.pick(_DIGITS)}{dice.pick('56')}{dice.pick(_DIGITS)}{serial:06d}"


def _opel(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Opel under General Motors: `0`, type, model year, plant, six digits."""
    if wmi.codigo not in ("W0L", "W0V", "VSX"):
        return _psa(v, wmi, registered, serial, dice)
    return f"0{_stable(v, 'AAA99')}{_model_year(registered, dice)}{wmi.planta or dice.pick('1468G')}{serial:06d}"


def _fiat(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Fiat group: three-digit type, filler zeros, plant, six digits."""
    digits = "".join(c for c in v.generation.codigo if c.isdigit())[:3]
    kind = digits if len(digits) == 3 else _stable(v, "399")
    return f"{kind}0000{wmi.planta or dice.pick('0JPD5')}{serial:06d}"


def _jlr(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Jaguar Land Rover: type letters, engine, check position, model year, plant, six digits."""
    plant = wmi.planta or dice.pick("AHL")
    return f"{_stable(v, 'AA9AA')}{dice.pick(_DIGITS)}{_model_year(registered, dice)}{plant}{serial:06d}"


def _asia(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Japanese, Korean and Chinese makers: type, filler, model year, plant, six digits."""
    plant = wmi.planta or dice.pick("0ALUJT")
    return f"{_stable(v, 'AA99A')}{dice.pick(_DIGITS)}{_model_year(registered, dice)}{plant}{serial:06d}"


def _us(v: Variant, wmi: Wmi, registered: date, serial: int, dice: Dice) -> str:
    """Makers that fill the North American way everywhere: with a valid check digit, model year and plant."""
    tail = f"{_stable(v, '9A9A9')}0{_model_year(registered, dice)}{wmi.planta or dice.pick('BCF')}{serial:06d}"
    return tail[:5] + check_digit(wmi.codigo + tail) + tail[6:]


_Family = Callable[[Variant, Wmi, date, int, Dice], str]
_FAMILIES: dict[str, _Family] = {
    "vw": _vw, "bmw": _bmw, "mercedes": _mercedes, "ford": _ford, "volvo": _volvo, "psa": _psa, "renault": _renault,
    "opel": _opel, "fiat": _fiat, "jlr": _jlr, "asia": _asia, "us": _us,
}  # fmt: skip
