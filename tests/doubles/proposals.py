"""Answers as good models write them, damaged in known ways, and what becomes of every field in a real run.

A proposal is first written right: a real version of the slot's model and year, its own figures, every value in one of the
spellings that models use. Then a third of its fields are made wrong, each by a named kind of fault. `trial` has the engine
ask a scripted model for them, and counts. Nothing here asks the code under test what is right: equipment and texts are
written from tables of this module.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flotia.bridge import iterate
from flotia.catalogue.loader import Catalogue
from flotia.catalogue.schema import Trim
from flotia.catalogue.variant import Variant
from flotia.clients.scripted import ScriptedClient
from flotia.engine import Engine, Source
from flotia.events import BatchDone
from flotia.judgement.rules import Assessor
from flotia.planner import Planner, Slot
from flotia.request import Profile, Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from flotia.vehicle import MODEL_FIELDS, Vehicle

IDENTITY = ("marca", "modelo", "anio_matricula")
#: Share of the model's fields that are made wrong, and of rows whose brand, model or year is.
WRONG, WRONG_IDENTITY = 1 / 3, 0.08


@dataclass(slots=True)
class Fault:
    """A field made wrong: how, the value, and what of it must not be found in a finished row.

    `unless` names a field and values of the finished row with which what was planted is no longer wrong: the other gearbox,
    say, where the row's own was made wrong too.
    """

    kind: str
    value: Any
    planted: str = ""
    unless: tuple[str, tuple[Any, ...]] | None = None


@dataclass(slots=True)
class Proposal:
    """A model's row for a slot: `right` as it was written first, `faults` what was done to it."""

    slot: Slot
    right: dict[str, Any]
    faults: dict[str, Fault]

    @property
    def row(self) -> dict[str, Any]:
        """The row as it is answered."""
        return self.right | {name: fault.value for name, fault in self.faults.items()}


# --- right proposals -------------------------------------------------------------------------------------------------

#: Equipment that any car of these years and kinds can carry: name, from which year, gearbox or fuel if only on one.
_EQUIPMENT = (
    ("Climatizador bizona", 2006, ""), ("Elevalunas eléctricos", 0, ""), ("Cierre centralizado", 0, ""), ("ABS", 0, ""),
    ("Control de estabilidad ESP", 2005, ""), ("Airbag de conductor y pasajero", 0, ""), ("Isofix", 2007, ""),
    ("Ordenador de a bordo", 0, ""), ("Bluetooth", 2008, ""), ("Puerto USB", 2010, ""), ("Volante multifunción", 2006, ""),
    ("Volante de cuero", 0, ""), ("Control de crucero", 2006, ""), ("Sensores de aparcamiento traseros", 2007, ""),
    ("Cámara de visión trasera", 2014, ""), ("Sistema de navegación", 2008, ""), ("Pantalla táctil de 8 pulgadas", 2014, ""),
    ("Apple CarPlay y Android Auto", 2018, ""), ("Asistente de mantenimiento de carril (Lane Assist)", 2018, ""),
    ("Luces diurnas LED", 2012, ""), ('Llantas de aleación de 17"', 2010, ""), ("Sensor de lluvia", 2007, ""),
    ("Sensor de luz", 2007, ""), ("Retrovisores eléctricos calefactables", 0, ""), ("Lunas tintadas", 0, ""),
    ("Asientos delanteros calefactables", 2008, ""), ("Reposabrazos central", 0, ""), ("Alarma", 0, ""),
    ("Faros antiniebla delanteros", 0, ""), ("Ayuda al arranque en pendiente", 2010, ""), ("Dirección asistida", 0, ""),
    ("Control de presión de neumáticos", 2014, ""), ("Frenada de emergencia en ciudad", 2018, ""),
    ("Arranque por botón", 2012, ""), ("Levas en el volante", 2010, "Automática"), ("Cable de carga", 2012, "enchufable"),
    ("Preclimatización del habitáculo", 2014, "enchufable"), ("Modos de conducción", 2014, ""),
    ("Freno de mano eléctrico", 2014, ""), ("Cargador inalámbrico para el móvil", 2018, ""),
)  # fmt: skip
_OPENINGS = (
    "Presentamos este {modelo} en {color} del año {anio}, una unidad que convence a primera vista.",
    "{marca} {modelo} con motor de {potencia} CV y un interior que parece de estreno por lo cuidado que está.",
    "Si busca un {modelo} de verdad cuidado, aquí tiene uno matriculado en {anio}.",
    "Magnífica unidad nacional con {km} km certificados y el libro de revisiones sellado.",
    "Este {modelo} combina confort y eficiencia gracias a su mecánica {fuel}.",
    "Unidad impecable por dentro y por fuera, con {puertas} puertas y sitio para {plazas} plazas.",
    "Llega a nuestra exposición un {marca} {modelo} que sorprende por su tacto de conducción.",
    "Color {color}, {potencia} CV y un equipamiento pensado para quien pasa horas al volante.",
    "Muy recomendable para el día a día: el {modelo} se mueve con soltura en ciudad y en carretera.",
    "Con apenas {km} kilómetros, este {modelo} de {anio} está en un estado excelente.",
    "Ficha clara y sin sorpresas: {modelo} de {anio}, con cambio {cambio} y mecánica {fuel}.",
    "De las unidades más completas que hemos tenido de este modelo, y se nota en cada detalle.",
)
_MIDDLES = (
    "Su cambio {cambio} funciona con suavidad y el consumo es contenido en todo tipo de trayectos.",
    "El habitáculo es amplio, silencioso y está rematado con materiales agradables.",
    "Ha pasado la revisión de nuestro taller y se le han cambiado aceite, filtros y pastillas.",
    "Destaca por su maletero, por la calidad de los acabados y por lo bien que aísla del ruido.",
    "Neumáticos en buen uso, frenos revisados y la carrocería sin golpes ni arañazos a la vista.",
    "Motor {fuel} con buena respuesta desde abajo, ideal para viajes largos.",
    "Incorpora ayudas a la conducción que hacen más seguros los desplazamientos diarios.",
    "La pintura {color} se conserva como el primer día y las llantas no tienen roces.",
    "Tiene {km} km reales, comprobables en el informe que entregamos con la documentación.",
    "El puesto de conducción se ajusta a cualquier estatura y la visibilidad es muy buena.",
    "Climatización, conectividad y seguridad al nivel que se espera de un coche de {anio}.",
    "Los asientos sujetan bien el cuerpo y la tapicería no presenta desgaste alguno.",
)
_CLOSINGS = (
    "Pida cita y pruébelo con calma antes de decidir.",
    "Se entrega con garantía y recién salido de la limpieza integral.",
    "Tramitamos la transferencia y admitimos su vehículo actual como parte del pago.",
    "Disponible para entrega inmediata en nuestras instalaciones.",
    "Una compra segura para quien valora la tranquilidad.",
    "No dude en venir a conocerlo, le atenderemos encantados.",
    "Existe la posibilidad de financiarlo a su medida.",
    "Preparado para estrenar nueva etapa en las mejores condiciones.",
    "Ideal tanto para una familia como para quien viaja por trabajo.",
    "Una oportunidad difícil de repetir en el mercado actual.",
    "Lo entregamos con la inspección técnica al día y dos juegos de llaves.",
    "Consulte disponibilidad y se lo reservamos sin compromiso.",
)
_FUELS = {
    "Gasolina": ("Gasolina", "gasolina"), "Diésel": ("Diésel", "Diesel", "diésel"), "Híbrido": ("Híbrido", "hibrido", "HEV"),
    "Híbrido enchufable": ("Híbrido enchufable", "híbrido enchufable", "PHEV"), "Eléctrico": ("Eléctrico", "electrico"),
    "GLP": ("GLP",), "GNC": ("GNC",),
}  # fmt: skip
_PLUGGED = ("Eléctrico", "Híbrido enchufable")
_FUEL_IN_TEXT = {
    "Gasolina": "de gasolina", "Diésel": "diésel", "Híbrido": "híbrida", "Híbrido enchufable": "híbrida enchufable",
    "Eléctrico": "eléctrica", "GLP": "bifuel", "GNC": "bifuel",
}  # fmt: skip
_COLOURS = {
    "Blanco": ("Blanco perla", "Blanco nieve"), "Negro": ("Negro metalizado",), "Gris": ("Gris antracita", "Gris grafito"),
    "Plata": ("Plateado", "Plata metalizado"), "Azul": ("Azul marino",), "Rojo": ("Rojo carmín",), "Verde": ("Verde oliva",),
    "Marrón": ("Marrón chocolate",), "Beige": ("Beige arena",), "Granate": ("Burdeos",), "Violeta": ("Morado",),
}  # fmt: skip


def slots_of(catalogue: Catalogue, request: Request) -> list[Slot]:
    """The slots that a run of `request` asks a model for."""
    drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today, brand=request.brand)
    assembler = Assembler(catalogue, drawer, seed=request.seed, today=request.today)
    return [slot for batch in Planner(request, drawer, assembler).batches() for slot in batch.slots]


def proposals(
    catalogue: Catalogue, request: Request, *, wrong: float = WRONG, identity: float = WRONG_IDENTITY
) -> list[Proposal]:
    """One proposal a slot of `request`, the same for the same seed."""
    slots = slots_of(catalogue, request)
    rng = random.Random(request.seed)
    writer = _Damage(catalogue, rng)
    made: list[Proposal] = []
    written: list[set[str]] = []
    for slot in slots:
        car = _another_version(catalogue, slot, rng)
        right = _right(slot, *car, rng, written)
        names = rng.sample(MODEL_FIELDS, _rounded(len(MODEL_FIELDS) * wrong, rng))
        faults = {name: writer.fault(name, slot, *car, right) for name in names}
        if rng.random() < identity:
            name = rng.choice(IDENTITY)
            faults[name] = writer.fault(name, slot, *car, right)
        made.append(Proposal(slot, right, faults))
    return made


def _rounded(value: float, rng: random.Random) -> int:
    return int(value) + (rng.random() < value % 1)


def _another_version(catalogue: Catalogue, slot: Slot, rng: random.Random) -> tuple[Variant, Trim]:
    """A version of the slot's model, year and fuel that cost about as much when new: a model was told the price."""
    facts, own = slot.facts, slot.facts.variant
    year, price = facts.registered.year, own.list_price(facts.trim)
    table = catalogue.table(year, own.brand.marca)
    near = [
        (v, t)
        for v in (table.of_model(own.model.nombre) if table else ())
        if v.engine.combustible == own.engine.combustible
        for t in v.trims(year)
        if abs(v.list_price(t) / price - 1) < 0.12
    ]
    return rng.choice(near or [(own, facts.trim)])


def _right(slot: Slot, variant: Variant, trim: Trim, rng: random.Random, written: list[set[str]]) -> dict[str, Any]:
    facts, engine = slot.facts, variant.engine
    kilometres = facts.kilometres
    if kilometres > 100:  # inside the band that was asked for
        kilometres = max(int(round(kilometres * rng.uniform(0.95, 1.05), -2)), 101)
    price = round(float(facts.price) * rng.uniform(0.96, 1.04), -1)
    colour = rng.choice(list(_COLOURS))
    km_texts = (kilometres, f"{_dotted(kilometres)} km", str(kilometres), f"{_dotted(kilometres)}")
    size = engine.cilindrada
    boxes = (
        ("Manual", "manual", "Manual 6 velocidades")
        if not variant.automatic
        else ("Automática", "Automático", "automática")
    )
    powers = (engine.potencia, f"{engine.potencia} CV", str(engine.potencia), f"{engine.potencia}cv")
    return {
        "id": slot.index,
        "marca": variant.brand.marca,
        "modelo": variant.model.nombre,
        "anio_matricula": facts.registered.year,
        "version": _version(variant, trim, rng),
        "combustible": rng.choice(_FUELS[engine.combustible]),
        "transmision": rng.choice(boxes),
        "cilindrada": rng.choice((size, f"{size} cc", f"{_dotted(size)} cm³")) if size else rng.choice((None, 0)),
        "potencia": rng.choice(powers),
        "kilometros": kilometres if kilometres <= 100 else rng.choice(km_texts),
        "precio_venta": rng.choice((int(price), f"{_dotted(int(price))} €", price)),
        "color": rng.choice((colour, colour.lower(), colour.upper(), *_COLOURS[colour])),
        "equipamiento": _equipment(variant, facts.registered.year, rng),
        "descripcion": _distinct_text(written, lambda: _text(slot, variant, colour, kilometres, rng)),
    }


def _dotted(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _version(variant: Variant, trim: Trim, rng: random.Random) -> str:
    """The version in one of the ways that ads and models write it."""
    engine, power = variant.engine, variant.engine.potencia
    horses = rng.choice((f"{power} CV", f"{power}CV", f"{power} cv", f"{round(power * 0.7355)} kW ({power} CV)"))
    if not variant.brand.version_con_cv and rng.random() < 0.7:
        horses = ""
    box = ""
    if variant.automatic:
        words = [w for w in (variant.gearbox_word, variant.gearbox_word, "Aut.", "Automático") if w]
        box = rng.choice(words)
    elif rng.random() < 0.15:
        box = "6 vel."
    name = trim.nombre
    if "-" in name and rng.random() < 0.3:
        name = name.replace("-", " ")
    if rng.random() < 0.1 and len(name) >= 8 and name.isalpha():
        name = name[:4] + "."
    extra = rng.choice(("", "", "", "", "Start/Stop", f"{variant.body.puertas}p", "S&S"))
    body = variant.body.nombre
    orders = (
        (body, engine.nombre, horses, box, name), (engine.nombre, horses, name, box, body), (name, engine.nombre, horses, box, body),
        (variant.model.nombre, body, engine.nombre, horses, box, name, extra), (body, engine.nombre, horses, name, extra, box),
    )  # fmt: skip
    written = " ".join(part for part in rng.choice(orders) if part)
    return rng.choice((written, written, written, written.lower(), written.upper()))


def _equipment(variant: Variant, year: int, rng: random.Random) -> list[str]:
    plugged = variant.engine.combustible in _PLUGGED
    there = [
        name for name, since, only in _EQUIPMENT
        if since <= year and (not only or (only == "Automática" and variant.automatic) or (only == "enchufable" and plugged))
    ]  # fmt: skip
    return rng.sample(there, rng.randint(5, 8))


def _distinct_text(written: list[set[str]], make: Callable[[], str]) -> str:
    """A text unlike all that were written before: what a model is asked for."""
    while True:
        text = make()
        words = set(text.lower().split())
        if all(len(words & other) < 0.6 * len(words | other) for other in written):
            written.append(words)
            return text


def _text(slot: Slot, variant: Variant, colour: str, kilometres: int, rng: random.Random) -> str:
    facts = {
        "marca": variant.brand.marca, "modelo": variant.model.nombre, "anio": slot.facts.registered.year,
        "km": _dotted(kilometres), "potencia": variant.engine.potencia, "color": colour.lower(),
        "fuel": _FUEL_IN_TEXT[variant.engine.combustible], "puertas": variant.body.puertas, "plazas": variant.body.plazas,
        "cambio": "automático" if variant.automatic else "manual",
    }  # fmt: skip
    parts = [rng.choice(_OPENINGS), *rng.sample(_MIDDLES, rng.choice((1, 2))), rng.choice(_CLOSINGS)]
    return " ".join(p.format(**facts) for p in parts)


# --- wrong fields ----------------------------------------------------------------------------------------------------


class _Damage:
    """Makes fields wrong."""

    def __init__(self, catalogue: Catalogue, rng: random.Random) -> None:
        self._catalogue, self._rng = catalogue, rng
        self._brands = list(catalogue.brands.values())
        self._earlier: str = (
            "Texto que ya se usó para otro coche del concesionario y que no debe repetirse en ninguna ficha."
        )

    def fault(self, name: str, slot: Slot, variant: Variant, trim: Trim, right: dict[str, Any]) -> Fault:
        """A fault of field `name`, of a kind drawn among all that apply."""
        make: Callable[..., list[Fault]] = getattr(self, "_" + name)
        return self._rng.choice(make(slot, variant, trim, right))

    def _other(self, variant: Variant, year: int) -> tuple[Variant, Trim]:
        """A car of another brand, sold that year, with another engine's name."""
        while True:
            brand = self._rng.choice(self._brands)
            table = self._catalogue.table(year, brand.marca)
            if table is None or brand is variant.brand:
                continue
            other = self._rng.choice(table.variants)
            if other.engine.nombre != variant.engine.nombre:
                return other, self._rng.choice(other.trims(year))

    def _siblings(self, slot: Slot, variant: Variant) -> list[Variant]:
        table = self._catalogue.table(slot.facts.registered.year, variant.brand.marca)
        return list(table.of_model(variant.model.nombre)) if table else [variant]

    def _marca(self, slot: Slot, variant: Variant, _: Trim, __: dict[str, Any]) -> list[Fault]:
        other, _trim = self._other(variant, slot.facts.registered.year)
        return [Fault("otra marca", other.brand.marca), Fault("inventada", "Zastava")]

    def _modelo(self, slot: Slot, variant: Variant, _: Trim, __: dict[str, Any]) -> list[Fault]:
        other, _trim = self._other(variant, slot.facts.registered.year)
        return [Fault("de otra marca", other.model.nombre), Fault("inventado", "Quimera")]

    def _anio_matricula(self, slot: Slot, _: Variant, __: Trim, ___: dict[str, Any]) -> list[Fault]:
        return [Fault("otro año", slot.facts.registered.year - self._rng.randint(1, 9)), Fault("imposible", 1899)]

    def _version(self, slot: Slot, variant: Variant, trim: Trim, right: dict[str, Any]) -> list[Fault]:
        other, foreign = self._other(variant, slot.facts.registered.year)
        cv = f"{variant.engine.nombre} {variant.engine.potencia} CV"
        found = [
            Fault("motor de otra marca", other.version(foreign)), Fault("acabado inventado", f"{cv} Galaxia Suprema", "galaxia"),
            Fault("motor inventado", "9.9 V16 Quimera", "quimera"), Fault("solo el modelo", variant.model.nombre + " estándar"),
            Fault("nulo", None), Fault("otro tipo", [right["version"]]), Fault("código", f"<b>{cv}</b>", "<b>"),
        ]  # fmt: skip
        if len(foreign.nombre) > 4 and not any(foreign.nombre in t.nombre for t in variant.generation.acabados):
            found.append(Fault("acabado de otro modelo", f"{cv} {foreign.nombre}"))
        return found

    def _combustible(self, _: Slot, variant: Variant, __: Trim, ___: dict[str, Any]) -> list[Fault]:
        others = [f for f in _FUELS if f != variant.engine.combustible]
        other = self._rng.choice(others)
        return [
            Fault("otro", other),
            Fault("otro", self._rng.choice(others)),
            Fault("inventado", "Uranio"),
            Fault("nulo", None),
        ]

    def _transmision(self, _: Slot, variant: Variant, __: Trim, ___: dict[str, Any]) -> list[Fault]:
        other = "Manual" if variant.automatic else "Automática"
        return [
            Fault("la otra", other),
            Fault("la otra", other),
            Fault("inventada", "Levitación"),
            Fault("otro tipo", 6),
        ]

    def _cilindrada(self, slot: Slot, variant: Variant, _: Trim, __: dict[str, Any]) -> list[Fault]:
        own = variant.engine.cilindrada
        others = {v.engine.cilindrada for v in self._siblings(slot, variant)} - {own, 0}
        found = [Fault("imposible", 31), Fault("imposible", 99_999), Fault("texto", "mucha")]
        found += [Fault("de otro motor", s) for s in list(others)[:3]]
        return [*found, Fault("nula", None)] if own else [*found, Fault("en un eléctrico", 1498)]

    def _potencia(self, slot: Slot, variant: Variant, _: Trim, __: dict[str, Any]) -> list[Fault]:
        own = variant.engine.potencia
        others = {v.engine.potencia for v in self._siblings(slot, variant)} - {own}
        found = [Fault("imposible", 9999), Fault("texto", "mucha"), Fault("nula", None), Fault("negativa", -own)]
        return found + [Fault("de otro motor", p) for p in list(others)[:4]]

    def _kilometros(self, slot: Slot, _: Variant, __: Trim, ___: dict[str, Any]) -> list[Fault]:
        own, age = slot.facts.kilometres, slot.facts.age
        of_another_age = 240_000 if age < 4 else self._rng.choice((15, 900))
        return [
            Fault("por diez", max(own, 3000) * 10), Fault("de otra edad", of_another_age), Fault("negativos", -own - 1),
            Fault("texto", "pocos"), Fault("nulos", None), Fault("con decimales", own + 0.5),
        ]  # fmt: skip

    def _precio_venta(self, slot: Slot, _: Variant, __: Trim, ___: dict[str, Any]) -> list[Fault]:
        own = float(slot.facts.price)
        return [
            Fault("triple", round(own * 3)), Fault("décima parte", round(own / 10)), Fault("texto", "a consultar"),
            Fault("nulo", None), Fault("negativo", -round(own)), Fault("enorme", 10**15),
        ]  # fmt: skip

    def _color(self, _: Slot, __: Variant, ___: Trim, ____: dict[str, Any]) -> list[Fault]:
        return [
            Fault("una marca", "Volkswagen"), Fault("inglés", "White"), Fault("hexadecimal", "#1a2b3c"), Fault("nulo", None),
            Fault("otro tipo", 7), Fault("fórmula", "=1+1"), Fault("inventado", "Transparente"),
        ]  # fmt: skip

    def _equipamiento(self, _: Slot, variant: Variant, __: Trim, right: dict[str, Any]) -> list[Fault]:
        items = right["equipamiento"]
        bad = ["Climatizador de plutonio\u202e", "Escriba a ventas@coches.es", "<img src=x>"]
        if not variant.automatic:
            bad.append("Levas de cambio en el volante")
        if variant.engine.combustible not in _PLUGGED:
            bad += ["Cable de carga tipo 2", "Toma de carga rápida CCS"]
        planted = self._rng.choice(bad)
        possible = ("transmision", ("Automática",)) if "Levas" in planted else ("combustible", _PLUGGED)
        wheels = ["Llantas de aleación de 16 pulgadas", "Llantas de aleación de 19 pulgadas"]
        return [
            Fault("un elemento imposible", [*items, planted], planted, possible if planted in bad[3:] else None), Fault("uno solo", items[:1]), Fault("texto", "completo"),
            Fault("inglés", ["Heated seats", "Rear camera", "Leather steering wheel", "Sunroof"], "seats"),
            Fault("nulo", None), Fault("otro tipo", {"a": 1}), Fault("código", ["<script>alert(1)</script>"] * 6, "<script"),
            Fault("dos llantas", [*(i for i in items if "Llantas" not in i), *wheels], wheels[1]),
        ]  # fmt: skip

    def _descripcion(self, slot: Slot, variant: Variant, _: Trim, right: dict[str, Any]) -> list[Fault]:
        text, facts = right["descripcion"], slot.facts
        other, _trim = self._other(variant, facts.registered.year)
        box = "manual" if variant.automatic else "automático"
        own = variant.engine.combustible
        other_fuel = "Motor de gasolina muy fino." if own == "Diésel" else "Mecánica diésel incansable."
        if "Híbrido" in own:  # some burn petrol and some diesel
            other_fuel = "Lleva depósito de GLP."
        said = {
            "teléfono": "Llame al 612 34 56 78.", "web": "Más fotos en www.coches-baratos.com.",
            "correo": "Escriba a ventas@coches.es.", "otro año": f"Matriculado en {facts.registered.year - 3}.",
            "otros kilómetros": f"Solo tiene {_dotted(facts.kilometres * 3 + 7000)} km.", "otro cambio": f"Lleva cambio {box}.",
            "otro combustible": other_fuel,
            "dueños": "De único propietario.", "dinero": "Precio al contado: 3.990 euros.", "código": "<b>Oferta</b> del mes.",
            "otra potencia": f"Rinde {variant.engine.potencia + 60} CV.", "persona": "Pregunte por Juan Carlos en la tienda.",
            "otras plazas": f"Tiene {variant.body.plazas + 2} plazas.", "otro color": "Pintura violeta muy llamativa.",
            "fórmula oculta": "Texto\u200boculto.", "otra marca": "Mejor que cualquier Zastava o Lada del mercado.",
        }  # fmt: skip
        if other.brand.marca in ("Renault", "Peugeot", "Toyota", "Volkswagen", "Hyundai", "Nissan"):
            said["otra marca"] = f"Mucho mejor que un {other.brand.marca} equivalente."
        else:
            del said["otra marca"]
        if right["color"].lower() in ("morado", "violeta"):
            del said["otro color"]
        true_of: dict[str, tuple[str, tuple[Any, ...]]] = {
            "otro cambio": ("transmision", ("Manual",) if variant.automatic else ("Automática",)),
            "otras plazas": ("plazas", (variant.body.plazas + 2,)),
            "otra potencia": ("potencia", (variant.engine.potencia + 60,)),
            "otro color": ("color", ("Violeta",)),
            "otro combustible": ("combustible", ("Gasolina", "GLP", "GNC") if own == "Diésel" else ("Diésel", "GLP")),
        }
        found = [Fault(kind, f"{text} {words}", words, true_of.get(kind)) for kind, words in said.items()]
        english = "This is a very nice car with the best equipment and it is ready for you and for the family."
        portuguese = "Este carro está em muito bom estado, com uma manutenção em dia e não tem nenhum defeito."
        return [
            *found, Fault("inglés", english, "nice car"), Fault("portugués", portuguese, "muito"), Fault("corto", "Buen coche."),
            Fault("largo", (text + " ") * 12), Fault("nulo", None), Fault("otro tipo", [text]), Fault("repetido", self._earlier),
            Fault("asistente", "Lo siento, como modelo de lenguaje no puedo describir este coche de la ficha.", "lenguaje"),
            Fault("vacuo", "muy bueno " * 20),
        ]  # fmt: skip


# --- what becomes of them --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """What became of the fields of a trial. Keys are (field, kind of fault); `right` ones are by field alone."""

    caught: Counter[tuple[str, str]] = field(default_factory=Counter)
    harmless: Counter[tuple[str, str]] = field(default_factory=Counter)
    through: Counter[tuple[str, str]] = field(default_factory=Counter)
    right_kept: Counter[str] = field(default_factory=Counter)
    right_replaced: Counter[str] = field(default_factory=Counter)
    right_refused: Counter[str] = field(default_factory=Counter)
    rows_refused: int = 0
    rows_wrong: int = 0
    trimmed: int = 0
    examples: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, what: str, example: Any) -> None:
        """Keep a few examples of what went wrong."""
        self.examples.setdefault(what, []).append(example)

    @property
    def wrong(self) -> int:
        """How many fields were made wrong, those of refused rows included."""
        return sum(map(Counter.total, (self.caught, self.harmless, self.through)))

    @property
    def share_replaced(self) -> float:
        """The share of right fields, of rows that were not refused, that were replaced."""
        replaced = self.right_replaced.total()
        return replaced / max(replaced + self.right_kept.total(), 1)


def trial(amount: int, *, seed: int, today: date, wrong: float = WRONG, identity: float = WRONG_IDENTITY) -> Tally:
    """Have the engine ask for `amount` vehicles a model that answers with damaged proposals, and count."""
    catalogue = Catalogue.load()
    request = Request(amount=amount, seed=seed, today=today, profile=Profile.SPECIFICATION)
    made = {p.slot.index: p for p in proposals(catalogue, request, wrong=wrong, identity=identity)}
    vehicles = _answered(catalogue, request, made)
    assessments = Assessor(catalogue, today=today).assess_all(v.as_dict() for _, v in sorted(vehicles.items()))
    tally = Tally()
    for (index, vehicle), assessment in zip(sorted(vehicles.items()), assessments, strict=True):
        if not assessment.ok:
            tally.rows_wrong += 1
            tally.note("fila", (assessment.errors, vehicle))
        _count(tally, made[index], vehicle, sound=assessment.ok)
    return tally


def _answered(catalogue: Catalogue, request: Request, made: dict[int, Proposal]) -> dict[int, Vehicle]:
    def answer(asked: Any) -> str:
        slots = [int(i) for i in re.findall(r"^(\d+); ", asked.user, re.MULTILINE)]
        return json.dumps({"vehiculos": [made[i].row for i in slots]}, ensure_ascii=False)

    engine = Engine(catalogue, Source(ScriptedClient(otherwise=answer), ["bueno:free"], pause=0))
    vehicles: dict[int, Vehicle] = {}
    for event in iterate(engine.stream(request)):
        if isinstance(event, BatchDone):
            vehicles.update(event.vehicles)
    return vehicles


def _count(tally: Tally, proposal: Proposal, vehicle: Vehicle, *, sound: bool) -> None:
    refused = not vehicle.campos_ia
    tally.rows_refused += refused
    for name, fault in proposal.faults.items():
        key = (name, fault.kind)
        if name in IDENTITY:
            same = getattr(vehicle, name) == proposal.right[name]
            (tally.caught if refused and same else tally.through)[key] += 1
        elif name not in vehicle.campos_ia:
            tally.caught[key] += 1
        elif sound and not _planted(fault, name, vehicle):
            tally.harmless[key] += 1
        else:
            tally.through[key] += 1
            tally.note(f"{name}: {fault.kind}", (fault.value, getattr(vehicle, name)))
    for name in MODEL_FIELDS:
        if name in proposal.faults:
            continue
        if refused:
            tally.right_refused[name] += 1
        elif name in vehicle.campos_ia:
            tally.right_kept[name] += 1
            if name == "descripcion" and len(vehicle.descripcion) < len(proposal.right[name]):
                tally.trimmed += 1
                tally.note("texto sin una frase", (proposal.right[name], vehicle.descripcion, vehicle))
        else:
            tally.right_replaced[name] += 1
            tally.note(f"bueno: {name}", (proposal.right[name], getattr(vehicle, name), proposal, vehicle))


def _planted(fault: Fault, name: str, vehicle: Vehicle) -> bool:
    """Whether what was planted is in the value that stands, and is wrong there."""
    standing = getattr(vehicle, name)
    if fault.unless and getattr(vehicle, fault.unless[0]) in fault.unless[1]:
        return False
    shown = " | ".join(standing) if isinstance(standing, tuple) else str(standing)
    return bool(fault.planted) and fault.planted.lower() in shown.lower()
