"""A vehicle of a dealer's used stock, and where each of its fields came from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """Who made a vehicle: a model, the cache of earlier answers, code alone, or a file."""

    AI = "ia"
    CACHE = "cache"
    LOCAL = "aleatorio"
    IMPORTED = "importado"


@dataclass(slots=True, frozen=True)
class Vehicle:
    """One vehicle; field names are the Spanish columns of table `stock`.

    Units: `kilometros` km, `cilindrada` cm³ (`None` for electric cars), `potencia` CV (metric), prices euro with two
    decimals, VAT or margin scheme included. `dias_stock` counts from `fecha_recepcion` to the date of the run.
    """

    bastidor: str
    matricula: str
    marca: str
    modelo: str
    version: str
    anio_matricula: int
    fecha_matriculacion: date
    kilometros: int
    combustible: str
    transmision: str
    tipo_vehiculo: str
    cilindrada: int | None
    potencia: int
    puertas: int
    plazas: int
    color: str
    etiqueta_dgt: str
    precio_venta: Decimal
    precio_compra: Decimal
    precio_costo: Decimal
    provincia: str
    concesionario: str
    fecha_recepcion: date
    dias_stock: int
    descripcion: str
    equipamiento: tuple[str, ...]
    origen: Origin = Origin.LOCAL
    modelo_ia: str = ""
    campos_ia: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The row as users' code receives it: lists instead of tuples, `origen` a plain string."""
        row = {name: getattr(self, name) for name in FIELDS}
        row["equipamiento"] = list(self.equipamiento)
        row["campos_ia"] = list(self.campos_ia)
        row["origen"] = str(self.origen)
        return row


#: The columns of a vehicle, in the contract's order.
FIELDS: tuple[str, ...] = tuple(f.name for f in fields(Vehicle))

#: The fields a language model may supply; all others are code's to give.
MODEL_FIELDS: tuple[str, ...] = (
    "version", "combustible", "transmision", "cilindrada", "potencia", "kilometros", "precio_venta", "color",
    "equipamiento", "descripcion",
)  # fmt: skip
