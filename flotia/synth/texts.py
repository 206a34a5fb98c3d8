"""Equipment lists and Spanish sales texts made from a row's own facts, so that they cannot contradict it."""

from __future__ import annotations

from datetime import date

from flotia.catalogue.loader import Catalogue, Variant
from flotia.catalogue.schema import Trim
from flotia.synth.dice import Dice

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_FUEL_KEYS = {
    "Eléctrico": "electrico", "Híbrido enchufable": "enchufable", "Híbrido": "hibrido", "Diésel": "diesel",
    "Gasolina": "gasolina", "GLP": "gas", "GNC": "gas",
}  # fmt: skip
#: Equipment that excludes another: a list carries the first of each group it meets, best first.
_ONE_OF = (
    ("Climatizador bizona", "Climatizador automático", "Aire acondicionado"),
    ("Tapicería de cuero", "Tapicería mixta de cuero y tela", "Tapicería de tela"),
    ("Control de crucero adaptativo", "Control de crucero", "Limitador de velocidad"),
    ("Sensores de aparcamiento delanteros y traseros", "Sensores de aparcamiento traseros"),
    ("Cámara 360 grados", "Cámara de visión trasera"),
    ("Faros led", "Faros de xenón", "Faros halógenos"),
    ("Apple CarPlay inalámbrico", "Apple CarPlay y Android Auto"),
    ("Pantalla táctil", "Radio CD con MP3"),
    (
        "Llantas de aleación de 19 pulgadas", "Llantas de aleación de 18 pulgadas", "Llantas de aleación de 17 pulgadas",
        "Llantas de aleación de 16 pulgadas", "Llantas de acero con tapacubos",
    ),
    ("Rueda de repuesto", "Kit antipinchazos"),
)  # fmt: skip
#: A car that has rolled this much less (more) than usual is called so.
_LITTLE, _MUCH = 0.6, 1.5
_FAMILY_BODIES = ("Familiar", "Monovolumen")


def equipment(catalogue: Catalogue, variant: Variant, trim: Trim, year: int, dice: Dice) -> tuple[str, ...]:
    """What such a car carries: everything usual to its trim's level that the dice let the dealer mention."""
    fitting = available_equipment(catalogue, variant, trim, year)
    wanted = 5 + 2 * trim.nivel + dice.below(4)
    best = {name: (i, rank) for i, group in enumerate(_ONE_OF) for rank, name in enumerate(group)}
    kept: dict[int, str] = {}
    free: list[str] = []
    for name in fitting:
        if name not in best:
            free.append(name)
            continue
        group, rank = best[name]
        if group not in kept or rank < best[kept[group]][1]:
            kept[group] = name
    return tuple(dice.sample([*kept.values(), *free], wanted))


def available_equipment(catalogue: Catalogue, variant: Variant, trim: Trim, year: int) -> list[str]:
    """Every entry that can be on such a car."""
    return [
        e.nombre for e in catalogue.equipment
        if e.nivel <= trim.nivel and e.desde <= year
        and (not e.combustible or variant.engine.combustible in e.combustible)
        and (not e.cambio or e.cambio == variant.transmission)
        and (not e.tipos or variant.body.tipo in e.tipos)
    ]  # fmt: skip


def description(
    catalogue: Catalogue, variant: Variant, trim: Trim, *, registered: date, kilometres: int, usual_kilometres: float,
    colour: str, province: str, equipment: tuple[str, ...], dice: Dice,
) -> str:  # fmt: skip
    """A sales text of three to five sentences. Every number and word in it stands in the row.

    `usual_kilometres` is what a car of that age and fuel has: it decides whether the text says "little used".
    """
    true = _conditions(variant, kilometres, usual_kilometres)
    facts = {
        "marca": variant.brand.marca, "modelo": variant.model.nombre, "version": variant.version(trim),
        "anio": registered.year, "mes": _MONTHS[registered.month - 1], "km": thousands(kilometres),
        "potencia": variant.engine.potencia, "color": colour.lower(), "provincia": province,
        "tipo": variant.body.tipo, "puertas": variant.body.puertas, "plazas": variant.body.plazas,
        "puntos": dice.pick((80, 100, 110, 120, 150)),
        "equipo": _listed([_lower_first(e) for e in dice.shuffled(equipment)[: 2 + dice.below(3)]]),
    }  # fmt: skip
    texts = catalogue.sentences
    middle = [_true_one(texts.estado, true, dice), _true_one(texts.equipo, true, dice)]
    closing = [_true_one(texts.cierre, true, dice)]
    if dice.uniform() < 0.45:
        closing.append(_true_one(texts.cierre, {"siempre"}, dice))
    parts = [_true_one(texts.apertura, true, dice), *dice.shuffled(middle), *closing]
    return " ".join(dict.fromkeys(p.format_map(facts) for p in parts if p))


def _conditions(variant: Variant, kilometres: int, usual: float) -> set[str]:
    true = {"siempre", _FUEL_KEYS[variant.engine.combustible]}
    true.add("automatica" if variant.automatic else "manual")
    if kilometres <= 100:
        true.add("km0")
    elif kilometres < usual * _LITTLE:
        true |= {"poco_km", "normal"}
    elif kilometres > max(usual * _MUCH, 60_000):
        true |= {"mucho_km", "normal"}
    else:
        true.add("normal")
    if variant.is_van:
        true.add("furgoneta")
    elif variant.body.plazas >= 7:
        true |= {"siete", "familia"}
    elif variant.body.tipo in _FAMILY_BODIES:
        true.add("familia")
    if variant.engine.combustible in ("Eléctrico", "Híbrido", "Híbrido enchufable") and "manual" in true:
        true.discard("manual")
    return true


def _true_one(group: dict[str, tuple[str, ...]], true: set[str], dice: Dice) -> str:
    """One sentence whose condition holds; the more special ones as likely as the general ones."""
    if "km0" in true and "km0" in group:
        return dice.pick(group["km0"])
    keys = [k for k in group if k in true]
    return dice.pick(group[dice.pick(keys)]) if keys else ""


def thousands(number: int) -> str:
    """A whole number as Spanish texts write it: 12.500."""
    return f"{number:,}".replace(",", ".")


def _lower_first(text: str) -> str:
    proper = text[:2].isupper() or text.startswith(("Apple", "Start", "Bluetooth", "Isofix"))
    return text if proper else text[:1].lower() + text[1:]


def _listed(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    joint = " e " if items[-1].lower().startswith(("i", "hi")) else " y "
    return ", ".join(items[:-1]) + joint + items[-1]
