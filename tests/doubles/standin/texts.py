"""The sales talk of the stand-in's answers: sentences put together out of pools, so that hardly two of a run are alike.

Every part has four or five words and says nothing that could be untrue of some car. Four pools of 28 to 32 parts make some
800,000 short texts: of 1000 in a row, one in a thousand comes twice.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

_STATES = [
    "muy cuidado por dentro", "siempre guardado en garaje", "impecable en cada detalle", "revisado a fondo ahora",
    "agradable de conducir siempre", "silencioso y bien aislado", "cómodo para toda familia", "ágil en cualquier ciudad",
    "estable en viajes largos", "fácil de aparcar siempre", "amplio y bien terminado", "equilibrado y muy agradecido",
    "con historial completo verificado", "sin golpes ni rozaduras", "preparado para salir hoy", "elegante y nada llamativo",
    "con carácter muy propio", "razonable en cada gasto", "ideal para quien viaja", "pensado para diario intenso",
    "conservado con verdadero mimo", "de comportamiento noble siempre", "listo para muchos años", "suave en todo recorrido",
    "probado por nuestros técnicos", "limpio y recién pulido", "con presencia muy moderna", "práctico sin renunciar nada",
]  # fmt: skip
_CARE = [
    "con mantenimiento en taller oficial", "con todas las revisiones selladas", "con neumáticos en buen uso",
    "con frenos recientemente comprobados", "con batería en plena forma", "con distribución vigilada y correcta",
    "con libro sellado hasta hoy", "con suspensión firme y sana", "con dirección precisa y directa",
    "con lunas originales sin marcas", "con tapicería limpia y entera", "con aceite y filtros recientes",
    "con climatización potente y eficaz", "con luces bien reguladas todas", "con inspección técnica superada",
    "con llaves y manuales completos", "con amortiguadores en buen estado", "con diagnosis electrónica sin fallos",
    "con correas y líquidos repasados", "con interior higienizado a conciencia", "con pastillas y discos medidos",
    "con escobillas y bombillas cambiadas", "con consumo contenido y estable", "con embrague o convertidor revisado",
    "con bajos protegidos contra óxido", "con ruedas alineadas y equilibradas", "con chequeo de cien puntos",
    "con pedales y mandos firmes", "con cierres y ventanillas perfectos", "con radiador y manguitos nuevos",
]  # fmt: skip
_USES = [
    "un maletero que sorprende gratamente", "una postura de conducción excelente", "visibilidad buena hacia cualquier lado",
    "espacio de sobra atrás", "un puesto delantero bien resuelto", "mandos intuitivos desde el principio",
    "respuesta inmediata al adelantar", "un andar sereno por autovía", "bastante nervio cuando hace falta",
    "huecos prácticos por todas partes", "materiales agradables al tacto", "un sonido interior muy conseguido",
    "asientos que sujetan y descansan", "una conectividad sencilla del móvil", "seguridad activa y pasiva destacada",
    "un coste de uso bajo", "recambios fáciles de encontrar", "una reputación mecánica excelente",
    "confort propio de categorías superiores", "estabilidad notable en curvas cerradas", "un radio de giro corto",
    "buena altura para niños pequeños", "acceso cómodo para personas mayores", "una imagen que envejece bien",
    "tacto de mando muy fino", "ayudas útiles al maniobrar", "un equilibrio difícil de igualar",
    "temperatura agradable todo el año", "iluminación nocturna francamente buena", "carga sencilla de bultos grandes",
    "descanso asegurado tras cada jornada", "poco ruido incluso deprisa",
]  # fmt: skip
_ENDS = [
    "Venga a verlo sin compromiso.", "Documentación entregada completamente en regla.", "Consulte nuestra financiación a medida.",
    "Le esperamos en nuestras instalaciones.", "Puede probarlo cuando quiera.", "Admitimos su vehículo como parte.",
    "Garantía incluida desde la entrega.", "Reserve visita esta misma semana.", "Transporte posible a toda España.",
    "Atendemos también los sábados tarde.", "Pida más fotografías al momento.", "Entrega inmediata tras la firma.",
    "Aceptamos cualquier peritaje independiente previo.", "Nuestro equipo resolverá sus dudas.", "Transferencia tramitada por nosotros mismos.",
    "Merece una visita con calma.", "Quien lo prueba suele quedárselo.", "Oportunidad poco frecuente ahora mismo.",
    "Seguro provisional gestionado en minutos.", "Organizamos pruebas dinámicas con cita.", "Explicamos cada factura del historial.",
    "Posibilidad de ampliar la cobertura.", "Compra tranquila con informe oficial.", "Disponible en exposición desde hoy.",
    "Tasamos su coche actual gratis.", "Video detallado bajo petición previa.", "Trato cercano antes y después.",
    "Decida usted tras conducirlo despacio.",
]  # fmt: skip
#: A sentence more, for whoever asks for two or three.
_MORE = [
    "Responde con soltura en los trayectos de cada día y en las escapadas de fin de semana.",
    "Todo lo que se toca dentro conserva la firmeza del primer momento.",
    "Es una compra sensata para quien busca fiabilidad y pocas sorpresas.",
    "Lo hemos conducido nosotros y no hay ruidos ni holguras de ninguna clase.",
    "El equipamiento cubre de sobra lo que necesita una familia que se mueve mucho.",
    "Se nota que en su vida anterior nadie escatimó en cuidados.",
    "Gasta poco para lo que ofrece y se mueve con alegría entre el tráfico.",
    "En carretera transmite una confianza que pocos coches de su tamaño alcanzan.",
    "Cada elemento se ha comprobado en elevador antes de ponerlo a la venta.",
    "Su diseño sigue llamando la atención y por dentro resulta muy acogedor.",
    "Hay sitio para el equipaje de todos y para algún capricho más.",
    "Los viajes se hacen cortos gracias a lo bien que aísla del exterior.",
]
_EXTRAS = [
    "Climatizador bizona", "Sensores de aparcamiento", "Cámara trasera", "Llantas de aleación", "Bluetooth",
    "Control de crucero", "Navegador", "Volante multifunción", "Asientos calefactables", "Sensor de lluvia",
    "Retrovisores eléctricos", "Elevalunas eléctricos", "Ordenador de a bordo", "Toma USB", "Faros antiniebla",
    "Sensor de luz", "Retrovisor interior fotosensible", "Reposabrazos central", "Isofix", "Control de estabilidad",
    "Cierre centralizado con mando", "Dirección asistida", "Airbags laterales", "Volante de cuero", "Limitador de velocidad",
    "Asistente de arranque en pendiente", "Ruedas de repuesto", "Lunas traseras oscurecidas", "Asiento regulable en altura",
    "Radio con mandos en el volante", "Alfombrillas de velour",
]  # fmt: skip


def pick(pool: Sequence[_T], rng: random.Random) -> _T:
    """One of `pool`; three times as fast as `Random.choice`."""
    return pool[int(rng.random() * len(pool))]


def short_text(car: str, rng: random.Random) -> str:
    """Two sentences of 15 to 25 words about a car that is called `car`."""
    return f"{car} {pick(_STATES, rng)}, {pick(_CARE, rng)} y {pick(_USES, rng)}. {pick(_ENDS, rng)}"


def long_text(car: str, rng: random.Random) -> str:
    """Three sentences."""
    return f"{car} {pick(_STATES, rng)}, {pick(_CARE, rng)} y {pick(_USES, rng)}. {pick(_MORE, rng)} {pick(_ENDS, rng)}"


def extras(amount: int, rng: random.Random) -> list[str]:
    """So many different entries of equipment: strides over a pool whose size is prime never meet the same one twice."""
    start, stride = int(rng.random() * len(_EXTRAS)), 1 + int(rng.random() * (len(_EXTRAS) - 1))
    return [_EXTRAS[(start + n * stride) % len(_EXTRAS)] for n in range(amount)]
