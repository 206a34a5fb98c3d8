"""A vehicle as schema.org/Car in JSON-LD, for search engines."""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from apps.stock.models import Vehiculo

#: What could end the element or begin another, in the form in which JSON may say it (as Django's `json_script` does).
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_GEARBOXES = {"Manual": "Manual", "Automática": "Automatic"}


def structured_data(vehicle: Vehiculo, url: str) -> SafeString:
    """The JSON text, safe inside a `script` element of any content."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Car",
        "url": url,
        "name": f"{vehicle.marca} {vehicle.modelo} {vehicle.version}",
        "description": vehicle.descripcion,
        "brand": {"@type": "Brand", "name": vehicle.marca},
        "model": vehicle.modelo,
        "vehicleConfiguration": vehicle.version,
        "vehicleIdentificationNumber": vehicle.bastidor,
        "dateVehicleFirstRegistered": vehicle.fecha_matriculacion.isoformat(),
        "vehicleModelDate": str(vehicle.anio_matricula),
        "mileageFromOdometer": {"@type": "QuantitativeValue", "value": vehicle.kilometros, "unitCode": "KMT"},
        "fuelType": vehicle.combustible,
        "vehicleTransmission": _GEARBOXES.get(vehicle.transmision, vehicle.transmision),
        "bodyType": vehicle.tipo_vehiculo,
        "color": vehicle.color,
        "numberOfDoors": vehicle.puertas,
        "vehicleSeatingCapacity": vehicle.plazas,
        "itemCondition": "https://schema.org/UsedCondition",
        "vehicleEngine": _engine(vehicle),
        "offers": {
            "@type": "Offer",
            "price": str(vehicle.precio_venta),
            "priceCurrency": "EUR",
            "availability": "https://schema.org/InStock",
            "seller": {"@type": "AutoDealer", "name": vehicle.concesionario},
        },
    }
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_ESCAPES))  # noqa: S308 - escaped just here


def _engine(vehicle: Vehiculo) -> dict[str, Any]:
    power = {"@type": "QuantitativeValue", "value": vehicle.potencia, "unitText": "CV"}
    engine: dict[str, Any] = {"@type": "EngineSpecification", "fuelType": vehicle.combustible, "enginePower": power}
    if vehicle.cilindrada:
        engine["engineDisplacement"] = {"@type": "QuantitativeValue", "value": vehicle.cilindrada, "unitCode": "CMQ"}
    return engine
