"""What fields and values are called on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.stock.models import Vehiculo

Text = str | Promise
_KW = 0.73549875  # a metric horsepower


#: The filters.
LABELS: dict[str, Text] = {
    "q": _("Buscar"),
    "marca": _("Marca"),
    "modelo": _("Modelo"),
    "precio_desde": _("Precio desde"),
    "precio_hasta": _("Precio hasta"),
    "anio_desde": _("Año desde"),
    "anio_hasta": _("Año hasta"),
    "km_desde": _("Km desde"),
    "km_hasta": _("Km hasta"),
    "combustible": _("Combustible"),
    "transmision": _("Cambio"),
    "etiqueta": _("Etiqueta ambiental"),
    "tipo_vehiculo": _("Carrocería"),
    "color": _("Color"),
    "provincia": _("Provincia"),
    "origen": _("Origen de los datos"),
    "orden": _("Ordenar por"),
}
#: Who made a vehicle.
ORIGINS: dict[str, Text] = {
    "ia": _("IA"),
    "cache": _("Caché de IA"),
    "aleatorio": _("Catálogo"),
    "importado": _("Importado"),
}
#: The same as a sentence.
ORIGIN_SENTENCES: dict[str, Text] = {
    "ia": _("Lo completó un modelo de lenguaje; los campos marcados son suyos, el resto del catálogo."),
    "cache": _("Sale de una respuesta anterior de un modelo de lenguaje; los campos marcados son suyos."),
    "aleatorio": _("Sale del catálogo de mercado, sin ningún modelo de lenguaje."),
    "importado": _("Viene de un fichero importado."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a vehicle's table; `name` is its column."""

    name: str
    label: Text
    value: str


def facts(vehicle: Vehiculo, *, confidential: bool) -> list[Fact]:
    """What is known of a vehicle, in the order of a data sheet; what the dealer paid only if `confidential`."""
    lines: list[tuple[str, Text, str]] = [
        ("fecha_matriculacion", _("Matriculación"), _day(vehicle.fecha_matriculacion)),
        ("kilometros", _("Kilómetros"), f"{whole(vehicle.kilometros)} km"),
        ("combustible", _("Combustible"), vehicle.combustible),
        ("transmision", _("Cambio"), vehicle.transmision),
        ("potencia", _("Potencia"), f"{vehicle.potencia} CV ({round(vehicle.potencia * _KW)} kW)"),
        ("cilindrada", _("Cilindrada"), f"{whole(vehicle.cilindrada)} cm³" if vehicle.cilindrada else ""),
        ("tipo_vehiculo", _("Carrocería"), vehicle.tipo_vehiculo),
        ("puertas", _("Puertas"), str(vehicle.puertas)),
        ("plazas", _("Plazas"), str(vehicle.plazas)),
        ("color", _("Color"), vehicle.color),
        ("etiqueta_dgt", _("Etiqueta ambiental"), vehicle.etiqueta_dgt or str(_("Sin etiqueta"))),
        ("matricula", _("Matrícula"), vehicle.matricula),
        ("bastidor", _("Bastidor"), vehicle.bastidor),
        ("concesionario", _("Concesionario"), vehicle.concesionario),
        ("provincia", _("Provincia"), vehicle.provincia),
        ("fecha_recepcion", _("En stock desde"), _day(vehicle.fecha_recepcion)),
    ]
    if confidential:
        lines.append(("precio_compra", _("Precio de compra"), money(vehicle.precio_compra)))
        lines.append(("precio_costo", _("Precio de coste"), money(vehicle.precio_costo)))
    return [Fact(*line) for line in lines if line[2]]


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def whole(value: int) -> str:
    """A whole number with its points: `12.500`."""
    return f"{value:,}".replace(",", ".")


def money(value: Decimal) -> str:
    """Money; cents only where there are any: `12.500 €`, `99,50 €`."""
    pattern = "{:,.0f}" if value == int(value) else "{:,.2f}"
    return pattern.format(value).translate({ord(","): ".", ord("."): ","}) + "\u00a0€"
