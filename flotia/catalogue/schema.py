"""The shape of a catalogue file, and the nonsense it refuses.

One TOML file describes one brand as it was sold in one country. The documentation for whoever writes such a file is
`flotia/catalogue/README.md`; this module is its enforcement. Prices are euro with taxes, capacities cm³, power CV
(metric horsepower, 1 CV = 0.7355 kW), years are years of first registration in Spain, shares (`cuota`) are relative
weights among siblings.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

#: First and last registration year the catalogue speaks of.
FIRST_YEAR = 2005
LAST_YEAR = 2026

Fuel = Literal["Gasolina", "Diésel", "Híbrido", "Híbrido enchufable", "Eléctrico", "GLP", "GNC"]
Body = Literal[
    "Berlina", "Compacto", "Familiar", "SUV", "Monovolumen", "Coupé", "Cabrio", "Pickup", "Furgoneta", "Utilitario"
]
#: The ten segments of the market's yardstick.
Segment = Literal[
    "micro",
    "utilitario",
    "compacto",
    "berlina",
    "SUV pequeño",
    "SUV compacto",
    "SUV grande",
    "monovolumen",
    "furgoneta",
    "deportivo",
]

Year = Annotated[int, Field(ge=1990, le=LAST_YEAR)]
Share = Annotated[float, Field(gt=0, le=1000)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Dated(_Row):
    """Something sold from one registration year to another; `None` means as long as its generation."""

    nombre: str = ""
    desde: Year | None = None
    hasta: Year | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.desde is not None and self.hasta is not None and self.desde > self.hasta:
            raise ValueError(f"desde {self.desde} is after hasta {self.hasta}")
        return self

    def sold_in(self, year: int) -> bool:
        """Whether it was on sale in `year`, as far as its own dates say."""
        return (self.desde or 0) <= year <= (self.hasta or LAST_YEAR)


class BodyStyle(_Dated):
    """A body of a generation. `nombre` is what a version's name carries for it (`ST`, `Sportback`), often empty."""

    tipo: Body
    puertas: Literal[2, 3, 4, 5, 6]
    plazas: Annotated[int, Field(ge=1, le=9)]
    nombre: str = ""
    precio: Annotated[int, Field(ge=-20000, le=60000)] = 0
    cuota: Share = 1.0


class Trim(_Dated):
    """An equipment line. `nivel` runs from 1 (base) to 4 (top) and decides how rich the equipment is."""

    nombre: str = ""
    nivel: Annotated[int, Field(ge=1, le=4)]
    precio: Annotated[int, Field(ge=-5000, le=120000)] = 0
    cuota: Share = 1.0
    exclusivo: bool = False


class Engine(_Dated):
    """An engine as sold in one generation; `precio` is the list price of the base trim with the first gearbox."""

    nombre: Annotated[str, Field(min_length=1, max_length=40)]
    combustible: Fuel
    cilindrada: Annotated[int, Field(ge=0, le=8400)] = 0
    potencia: Annotated[int, Field(ge=10, le=1600)]
    cambio: Literal["M", "A", "MA"]
    precio: Annotated[int, Field(ge=5000, le=700000)]
    traccion: Literal["delantera", "trasera", "total"] = "delantera"
    microhibrido: bool = False
    autonomia: Annotated[int, Field(ge=15, le=900)] | None = None
    cambio_automatico: str | None = None
    acabados: tuple[str, ...] = ()
    carrocerias: tuple[str, ...] = ()
    cuota: Share = 1.0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if (self.combustible == "Eléctrico") != (self.cilindrada == 0):
            raise ValueError(f"{self.nombre}: an electric engine, and only it, has no cilindrada")
        if self.cilindrada and self.cilindrada < 500:
            raise ValueError(f"{self.nombre}: cilindrada is in cm³, {self.cilindrada} is too small")
        if self.combustible == "Eléctrico" and self.cambio != "A":
            raise ValueError(f"{self.nombre}: an electric car has cambio = 'A'")
        if self.combustible == "Híbrido enchufable" and self.autonomia is None:
            raise ValueError(f"{self.nombre}: a plug-in hybrid needs autonomia (electric km) for its DGT label")
        if self.autonomia is not None and self.combustible not in ("Eléctrico", "Híbrido enchufable"):
            raise ValueError(f"{self.nombre}: autonomia is electric range; a {self.combustible} engine has none")
        if self.microhibrido and self.combustible not in ("Gasolina", "Diésel"):
            raise ValueError(f"{self.nombre}: microhibrido marks a mild hybrid petrol or diesel engine")
        if self.cilindrada and not 15 <= self.potencia / self.cilindrada * 1000 <= 360:
            raise ValueError(f"{self.nombre}: {self.potencia} CV from {self.cilindrada} cm³ is not believable")
        return self


class Generation(_Row):
    """One generation of a model, with everything that was sold in it."""

    nombre: str = ""
    codigo: str = ""
    desde: Year
    hasta: Year = LAST_YEAR
    carrocerias: Annotated[tuple[BodyStyle, ...], Field(min_length=1)]
    acabados: Annotated[tuple[Trim, ...], Field(min_length=1)]
    motores: Annotated[tuple[Engine, ...], Field(min_length=1)]
    fuente: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.desde > self.hasta:
            raise ValueError(f"generation {self.nombre}: desde {self.desde} is after hasta {self.hasta}")
        trims = {t.nombre for t in self.acabados}
        bodies = {b.nombre for b in self.carrocerias}
        for part in (*self.carrocerias, *self.acabados, *self.motores):
            for year in (part.desde, part.hasta):
                if year is not None and not self.desde <= year <= self.hasta:
                    raise ValueError(
                        f"generation {self.nombre} ({self.desde}-{self.hasta}): {part.nombre!r} has year {year} outside it"
                    )
        for engine in self.motores:
            if unknown := set(engine.acabados) - trims:
                raise ValueError(
                    f"engine {engine.nombre}: no such acabado {sorted(unknown)}; there are {sorted(trims)}"
                )
            if unknown := set(engine.carrocerias) - bodies:
                raise ValueError(
                    f"engine {engine.nombre}: no such carroceria {sorted(unknown)}; there are {sorted(bodies)}"
                )
        named = {t for engine in self.motores for t in engine.acabados}
        if orphans := {t.nombre for t in self.acabados if t.exclusivo} - named:
            raise ValueError(f"acabado {sorted(orphans)} is exclusivo but no engine names it")
        for year in range(max(self.desde, FIRST_YEAR), self.hasta + 1):
            if not any(m.sold_in(year) for m in self.motores):
                raise ValueError(f"generation {self.nombre}: no engine on sale in {year}")
            if not any(b.sold_in(year) for b in self.carrocerias):
                raise ValueError(f"generation {self.nombre}: no body on sale in {year}")
        return self


def goes_with(trim: Trim, engine: Engine) -> bool:
    """Whether `engine` could be had with `trim` at all."""
    return trim.nombre in engine.acabados if engine.acabados else not trim.exclusivo


def trims_of(gen: Generation, engine: Engine, year: int) -> list[Trim]:
    """The trims of a generation that go with `engine` in `year`."""
    return [t for t in gen.acabados if t.sold_in(year) and goes_with(t, engine)]


def bodies_of(gen: Generation, engine: Engine, year: int) -> list[BodyStyle]:
    """The bodies of a generation that go with `engine` in `year`."""
    return [
        b for b in gen.carrocerias if b.sold_in(year) and (not engine.carrocerias or b.nombre in engine.carrocerias)
    ]


class Model(_Row):
    """A model line, as an ad's `modelo` names it."""

    nombre: Annotated[str, Field(min_length=1, max_length=40)]
    segmento: Segment
    cuota: Share
    generaciones: Annotated[tuple[Generation, ...], Field(min_length=1, alias="generacion")]

    @model_validator(mode="after")
    def _in_sequence(self) -> Self:
        starts = [g.desde for g in self.generaciones]
        if starts != sorted(starts):
            raise ValueError(f"{self.nombre}: generations must be in order of their first year")
        return self


class Wmi(_Row):
    """A manufacturer's VIN prefix (ISO 3780), the plant letter it goes with, and which models wear it."""

    codigo: Annotated[str, Field(pattern=r"^[A-HJ-NPR-Z0-9]{3}$")]
    planta: Annotated[str, Field(pattern=r"^[A-HJ-NPR-Z0-9]?$")] = ""
    lugar: str = ""
    desde: Year | None = None
    hasta: Year | None = None
    modelos: tuple[str, ...] = ()

    def fits(self, model: str, year: int) -> bool:
        """Whether a car of `model` registered in `year` may wear this prefix."""
        in_years = (self.desde or 0) <= year <= (self.hasta or LAST_YEAR)
        return in_years and (not self.modelos or model in self.modelos)


class VinPattern(_Row):
    """How makers of a family fill positions 4-17 of a VIN; what each character means stands in the catalogue's README."""

    familia: str
    patron: Annotated[str, Field(pattern=r"^[A-HJ-NPR-Z0-9gldxyakmpc#]{14}$")]
    wmi: tuple[str, ...] = ()
    modelos: tuple[str, ...] = ()
    desde: Year | None = None
    hasta: Year | None = None
    plantas: Annotated[str, Field(pattern=r"^[A-HJ-NPR-Z0-9]*$")] = ""
    fuente: str = ""

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if not 5 <= self.patron.count("#") <= 8:
            raise ValueError(f"patron {self.patron}: a serial number has 5 to 8 digits (#)")
        if any(self.patron.count(code) > 1 for code in "acmkpxy"):
            raise ValueError(f"patron {self.patron}: only g, l and d may stand more than once")
        if not self.patron.endswith("#" * self.patron.count("#")):
            raise ValueError(f"patron {self.patron}: the serial number is the end")
        if "c" in self.patron and self.patron.index("c") != 5:
            raise ValueError(f"patron {self.patron}: the check digit is position 9")
        return self

    def fits(self, family: str, code: str, model: str, year: int) -> bool:
        """Whether a car of `model`, prefix `code` and registration `year` follows this pattern."""
        return (
            self.familia == family
            and (self.desde or 0) <= year <= (self.hasta or LAST_YEAR)
            and (not self.wmi or code in self.wmi)
            and (not self.modelos or model in self.modelos)
        )


class VinPatterns(_Row):
    """The file `bastidores.toml`: the first row that fits is used."""

    patron: tuple[VinPattern, ...]


class Brand(_Row):
    """A brand's file, whole."""

    marca: Annotated[str, Field(min_length=2, max_length=30)]
    familia_vin: str
    cuota: Share
    cambio_automatico: str = "Aut."
    precio_automatico: Annotated[int, Field(ge=0, le=6000)] = 2000
    version_con_cv: bool = True
    alias: tuple[str, ...] = ()
    fuente: str = ""
    wmi: Annotated[tuple[Wmi, ...], Field(min_length=1)]
    modelos: Annotated[tuple[Model, ...], Field(min_length=1, alias="modelo")]

    @field_validator("modelos")
    @classmethod
    def _distinct(cls, value: tuple[Model, ...]) -> tuple[Model, ...]:
        names = [m.nombre for m in value]
        if twice := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"models named twice: {sorted(twice)}")
        return value

    @model_validator(mode="after")
    def _wmi_for_all(self) -> Self:
        known = {m.nombre for m in self.modelos}
        for row in self.wmi:
            if unknown := set(row.modelos) - known:
                raise ValueError(f"wmi {row.codigo} names models that are not in the file: {sorted(unknown)}")
        for model in self.modelos:
            for gen in model.generaciones:
                for year in range(max(gen.desde, FIRST_YEAR), gen.hasta + 1):
                    if not any(w.fits(model.nombre, year) for w in self.wmi):
                        raise ValueError(f"no wmi for {model.nombre} of {year}")
        return self
