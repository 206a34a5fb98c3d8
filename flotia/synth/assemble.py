"""The last step of every vehicle: facts and identity become a row, and what nobody has written yet is written."""

from __future__ import annotations

from datetime import date

from flotia.catalogue.loader import Catalogue
from flotia.synth.dice import Dice
from flotia.synth.facts import Facts
from flotia.synth.labels import dgt_label
from flotia.synth.prices import dealer_prices, expected_kilometres
from flotia.synth.texts import description, equipment
from flotia.vehicle import Origin, Vehicle

_DICE_ASSEMBLE = 4


class Assembler:
    """Makes vehicles for one seed and date."""

    def __init__(self, catalogue: Catalogue, *, seed: int, today: date) -> None:
        self._catalogue, self._seed, self._today = catalogue, seed, today

    def vehicle(
        self, index: int, facts: Facts, *, plate: str, vin: str, equipped: tuple[str, ...] | None = None,
        described: str | None = None, model: str = "", kept: tuple[str, ...] = (),
    ) -> Vehicle:  # fmt: skip
        """The finished vehicle of slot `index`. It is of origin `ia` only if some field of a model stands (`kept`)."""
        dice = Dice(self._seed, _DICE_ASSEMBLE, index)
        variant, trim = facts.variant, facts.trim
        local_equipment = equipment(self._catalogue, variant, trim, facts.registered.year, dice)
        carried = equipped if equipped is not None else local_equipment
        if described is None:
            described = description(
                self._catalogue, variant, trim, registered=facts.registered, kilometres=facts.kilometres,
                usual_kilometres=expected_kilometres(self._catalogue.market, facts.age, variant.engine.combustible),
                colour=facts.colour, province=facts.province, equipment=carried, dice=dice,
            )  # fmt: skip
        purchase, cost = dealer_prices(facts.price, dice)
        return Vehicle(
            bastidor=vin,
            matricula=plate,
            marca=variant.brand.marca,
            modelo=variant.model.nombre,
            version=facts.version,
            anio_matricula=facts.registered.year,
            fecha_matriculacion=facts.registered,
            kilometros=facts.kilometres,
            combustible=variant.engine.combustible,
            transmision=variant.transmission,
            tipo_vehiculo=variant.body.tipo,
            cilindrada=variant.engine.cilindrada or None,
            potencia=variant.engine.potencia,
            puertas=variant.body.puertas,
            plazas=variant.body.plazas,
            color=facts.colour,
            etiqueta_dgt=dgt_label(variant.engine, facts.registered, variant.generation.desde),
            precio_venta=facts.price,
            precio_compra=purchase,
            precio_costo=cost,
            provincia=facts.province,
            concesionario=facts.dealer,
            fecha_recepcion=facts.received,
            dias_stock=(self._today - facts.received).days,
            descripcion=described,
            equipamiento=carried,
            origen=Origin.AI if kept else Origin.LOCAL,
            modelo_ia=model if kept else "",
            campos_ia=kept,
        )
