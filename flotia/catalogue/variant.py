"""What could be registered: a body of a generation with an engine and a gearbox."""

from __future__ import annotations

from dataclasses import dataclass

from flotia.catalogue.schema import BodyStyle, Brand, Engine, Generation, Model, Trim, trims_of


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Variant:
    """One way of building a car; its trim is apart. `number` is its row in the catalogue's `Deck`."""

    number: int
    brand: Brand
    model: Model
    generation: Generation
    body: BodyStyle
    engine: Engine
    automatic: bool

    def __repr__(self) -> str:
        return f"<Variant {self.brand.marca} {self.model.nombre} {self.version(self.generation.acabados[0])}>"

    @property
    def transmission(self) -> str:
        """`Manual` or `Automática`."""
        return "Automática" if self.automatic else "Manual"

    def trims(self, year: int) -> list[Trim]:
        """The trims this variant could be had with in `year`, never empty for a variant that was on sale then."""
        return trims_of(self.generation, self.engine, year)

    def version(self, trim: Trim) -> str:
        """The version's name as an ad says it: body, engine, power, gearbox, trim."""
        parts = [self.body.nombre, self.engine.nombre]
        if self.brand.version_con_cv:
            parts.append(f"{self.engine.potencia} CV")
        if self.automatic:
            parts.append(self.gearbox_word)
        parts.append(trim.nombre)
        return " ".join(p for p in parts if p)

    @property
    def gearbox_word(self) -> str:
        """What the version's name carries for the automatic; empty where the maker writes nothing."""
        if self.engine.cambio_automatico is not None:
            return self.engine.cambio_automatico
        electrified = self.engine.combustible in ("Eléctrico", "Híbrido", "Híbrido enchufable")
        return "" if electrified else self.brand.cambio_automatico

    def list_price(self, trim: Trim) -> int:
        """Price when new in euro, taxes included."""
        gearbox = self.brand.precio_automatico if self.automatic and self.engine.cambio == "MA" else 0
        return self.engine.precio + self.body.precio + trim.precio + gearbox

    @property
    def is_van(self) -> bool:
        """Whether it is a commercial vehicle."""
        return self.body.tipo == "Furgoneta"
