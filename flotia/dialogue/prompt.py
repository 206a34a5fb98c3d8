"""The wording of a call for a capable model: slots as lines, one JSON object a vehicle as the answer."""

from __future__ import annotations

from collections.abc import Sequence

from flotia.catalogue.deck import BODIES
from flotia.planner import Slot
from flotia.synth.prices import ZERO_KM

#: The contract's limit for an answer.
MAX_TOKENS = 3500

SYSTEM = (
    "Eres el responsable de stock de un concesionario de vehículos de ocasión en España. "
    "Conoces las versiones que de verdad se vendieron en España en cada año. "
    "Respondes solo con JSON válido, sin explicaciones ni marcas de código."
)
_TASK = """Completa estas {n} fichas, una por línea (id; marca; modelo; año; combustible; km; precio):

{lines}

Devuelve {{"vehiculos":[…]}} con exactamente {n} objetos, uno por id, en una sola línea cada uno y con estas claves:
"id": el de la ficha
"marca", "modelo", "anio_matricula": los de la ficha, sin cambiar nada
"version": motor y acabado reales de ese modelo y año, como en un anuncio ({example})
"combustible": Gasolina, Diésel, Híbrido, Híbrido enchufable, Eléctrico, GLP o GNC
"transmision": Manual o Automática
"cilindrada": cm³ exactos ({null} si es eléctrico)
"potencia": CV
"kilometros": un entero dentro del intervalo de la ficha
"precio_venta": euros, entero, dentro del intervalo de la ficha y acorde a versión y kilómetros
"color": en español
"equipamiento": lista de 5 a 8 elementos reales de ese acabado
"descripcion": dos o tres frases de venta en español; distintas en cada ficha; sin teléfonos, webs, precios ni dueños

Ningún dato de una ficha puede contradecir a otro de la misma."""

_UNLISTED_TASK = """Completa estas {n} fichas de coches de ocasión de la marca {brand}, una por línea (id; año; km):

{lines}

Devuelve {{"vehiculos":[…]}} con exactamente {n} objetos, uno por id, en una sola línea cada uno y con estas claves:
"id", "marca", "anio_matricula": los de la ficha, sin cambiar nada
"modelo": un modelo real de {brand} que se vendiera ese año; distintos entre fichas
"version": motor y acabado reales de ese modelo y año, como en un anuncio
"combustible": Gasolina, Diésel, Híbrido, Híbrido enchufable, Eléctrico, GLP o GNC
"transmision": Manual o Automática
"cilindrada": cm³ exactos (null si es eléctrico)
"potencia": CV
"tipo_vehiculo": {bodies}
"puertas", "plazas": enteros
"kilometros": un entero dentro del intervalo de la ficha
"precio_venta": euros, entero, lo que pediría un concesionario español por ese coche usado
"color": en español
"equipamiento": lista de 5 a 8 elementos reales de ese acabado
"descripcion": dos o tres frases de venta en español; distintas en cada ficha; sin teléfonos, webs, precios ni dueños

Ningún dato de una ficha puede contradecir a otro de la misma."""


def messages(slots: Sequence[Slot]) -> tuple[str, str]:
    """The system and the user message that ask for `slots`."""
    lines = "\n".join(line(s) for s in slots)
    example = slots[0].facts.version
    return SYSTEM, _TASK.format(n=len(slots), lines=lines, example=f'por ejemplo, "{example}"', null="null")


def unlisted_messages(brand: str, slots: Sequence[Slot]) -> tuple[str, str]:
    """The same for a brand that the catalogue does not know: the model says which car it is."""
    lines = "\n".join(f"{s.index}; {s.facts.registered.year}; {_kilometres(s.facts.kilometres)}" for s in slots)
    task = _UNLISTED_TASK.format(
        n=len(slots), brand=brand, lines=lines, bodies=", ".join(BODIES[:-1]) + f" o {BODIES[-1]}"
    )
    return SYSTEM, task


def line(slot: Slot) -> str:
    """A slot as a line of the prompt; every wording has the same."""
    facts = slot.facts
    variant = facts.variant
    return (
        f"{slot.index}; {variant.brand.marca}; {variant.model.nombre}; {facts.registered.year}; "
        f"{variant.engine.combustible}; {_kilometres(facts.kilometres)}; {_price(float(facts.price))}"
    )


def _kilometres(kilometres: int) -> str:
    if kilometres <= ZERO_KM:
        return f"1-{ZERO_KM} (km 0)"
    step = 1000 if kilometres < 20_000 else 5000
    low = max(int(kilometres * 0.88) // step * step, ZERO_KM + 1)
    return f"{low}-{(int(kilometres * 1.12) // step + 1) * step}"


def _price(price: float) -> str:
    return f"{int(price * 0.93) // 500 * 500}-{(int(price * 1.07) // 500 + 1) * 500}"
