"""The catalogue of one country in memory: brands by name, what was on sale in a year and how often it is met."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from flotia.catalogue.market import Dealers, EquipmentItem, Floats, Market, PlateTable, Sentences
from flotia.catalogue.schema import (
    FIRST_YEAR,
    LAST_YEAR,
    BodyStyle,
    Brand,
    Engine,
    Generation,
    Model,
    Trim,
    bodies_of,
    trims_of,
)
from flotia.errors import CatalogueError, UnknownBrandError

_T = TypeVar("_T", bound=BaseModel)
_ROOT = Path(__file__).parent
#: A catalogue's fuel mix of a year is pulled towards the market's by at most this factor, either way.
_FUEL_PULL = 6.0
#: Share of a fuel that the market's table does not name for a year.
_RARE = 0.0005


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Variant:
    """What could be registered: a body of a generation with an engine and a gearbox; the trim is apart."""

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
        """The trims this variant could be had with in `year`, never empty for a variant of a year's table."""
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


@dataclass(frozen=True)
class YearTable:
    """All that was on sale in one registration year, and the cumulative share of each variant."""

    year: int
    variants: tuple[Variant, ...]
    cumulative: Floats

    @cached_property
    def _by_model(self) -> dict[str, list[Variant]]:
        found: dict[str, list[Variant]] = {}
        for variant in self.variants:
            found.setdefault(variant.model.nombre, []).append(variant)
        return found

    def of_model(self, name: str) -> list[Variant]:
        """The variants of one model; meant for the table of one brand."""
        return self._by_model.get(name, [])

    def draw(self, uniform: Floats) -> list[Variant]:
        """One variant for each number of `uniform` (shape `(n,)`, each in [0, 1))."""
        positions = np.searchsorted(self.cumulative, uniform, side="right")
        return [self.variants[min(p, len(self.variants) - 1)] for p in positions.tolist()]


@dataclass(frozen=True)
class Catalogue:
    """One country's catalogue. Immutable; `Catalogue.load("es")` reads it once a process."""

    country: str
    brands: dict[str, Brand]
    market: Market
    plates: PlateTable
    equipment: tuple[EquipmentItem, ...]
    dealers: Dealers
    sentences: Sentences
    fingerprint: str
    _tables: dict[tuple[int, str | None], YearTable] = field(default_factory=dict, compare=False)
    _pulls: dict[int, dict[str, float]] = field(default_factory=dict, compare=False)
    _sold: dict[tuple[str, int], list[tuple[Variant, float]]] = field(default_factory=dict, compare=False)

    @classmethod
    def load(cls, country: str = "es") -> Catalogue:
        """Read and check every file of a country's folder. Raises `CatalogueError` if one is missing or wrong."""
        return _load(country)

    def brand(self, name: str) -> Brand:
        """The brand of that name, however it is written (case, accents, aliases).

        Raises `UnknownBrandError` with the nearest names if there is none.
        """
        found = self._by_spelling.get(fold(name))
        if found is None:
            near = difflib.get_close_matches(fold(name), self._by_spelling, n=6, cutoff=0.5)
            names = list(dict.fromkeys(self._by_spelling[n].marca for n in near))[:4]
            offer = f" ¿Quería decir {_either(names)}?" if names else " Marcas: " + ", ".join(self.brands) + "."
            raise UnknownBrandError(f"La marca {name[:60]!r} no está en el catálogo.{offer}")
        return found

    @cached_property
    def _by_spelling(self) -> dict[str, Brand]:
        return {fold(n): b for b in self.brands.values() for n in (b.marca, *b.alias)}

    def table(self, year: int, brand: str | None = None) -> YearTable | None:
        """What was on sale in `year`, of one brand or of all; `None` if nothing was."""
        key = (year, brand)
        if key not in self._tables:
            made = self._make_table(year, brand)
            if made is None:
                return None
            self._tables[key] = made
        return self._tables[key]

    def years(self, brand: str | None = None) -> list[int]:
        """The registration years in which anything (of that brand) was on sale."""
        return [y for y in range(FIRST_YEAR, LAST_YEAR + 1) if self.table(y, brand) is not None]

    def _make_table(self, year: int, brand: str | None) -> YearTable | None:
        brands = self.brands.values() if brand is None else [self.brands[brand]]
        pull = self._fuel_pull(year)
        variants: list[Variant] = []
        weights: list[float] = []
        for each in brands:
            start = len(weights)
            for variant, weight in self._on_sale(each, year):
                variants.append(variant)
                weights.append(weight * pull.get(variant.engine.combustible, 1.0))
            if total := sum(weights[start:]):
                weights[start:] = [w / total * each.cuota for w in weights[start:]]
        if not variants:
            return None
        cumulative = np.cumsum(np.array(weights))
        return YearTable(year, tuple(variants), cumulative / cumulative[-1])

    def _fuel_pull(self, year: int) -> dict[str, float]:
        """How much more (or less) often than the catalogue's own weights say the market meets each fuel in `year`."""
        if year in self._pulls:
            return self._pulls[year]
        target = self.market.combustible.get(year, {})
        have: dict[str, float] = {}
        for brand in self.brands.values():
            rows = self._on_sale(brand, year)
            total = sum(w for _, w in rows)
            for variant, weight in rows:
                fuel = variant.engine.combustible
                have[fuel] = have.get(fuel, 0.0) + weight / total * brand.cuota
        all_ = sum(have.values())
        pull = {
            fuel: min(max(target.get(fuel, _RARE) / (share / all_), 1 / _FUEL_PULL), _FUEL_PULL)
            for fuel, share in have.items()
        }
        self._pulls[year] = pull
        return pull

    def _on_sale(self, brand: Brand, year: int) -> list[tuple[Variant, float]]:
        key = (brand.marca, year)
        if key not in self._sold:
            self._sold[key] = list(self._weighted(brand, year))
        return self._sold[key]

    def _weighted(self, brand: Brand, year: int) -> Iterator[tuple[Variant, float]]:
        """The variants of a brand on sale in `year`; weights are shares of the model's `cuota`."""
        for model in brand.modelos:
            rows: list[tuple[Variant, float]] = []
            for gen in model.generaciones:
                if gen.desde <= year <= gen.hasta:
                    edge = 0.5 if year in (gen.desde, gen.hasta) and len(model.generaciones) > 1 else 1.0
                    rows.extend((v, w * edge) for v, w in self._of_generation(brand, model, gen, year))
            total = sum(w for _, w in rows)
            yield from ((v, w / total * model.cuota) for v, w in rows)

    def _of_generation(self, brand: Brand, model: Model, gen: Generation, year: int) -> Iterator[tuple[Variant, float]]:
        for engine in gen.motores:
            if not engine.sold_in(year) or not trims_of(gen, engine, year):
                continue
            bodies = bodies_of(gen, engine, year)
            whole = sum(b.cuota for b in bodies)
            share = {"M": 0.0, "A": 1.0}.get(engine.cambio)
            automatic = self.market.automatic_share(engine.potencia, year) if share is None else share
            for body in bodies:
                weight = engine.cuota * body.cuota / whole
                for is_automatic, part in ((False, 1 - automatic), (True, automatic)):
                    if part:
                        yield Variant(brand, model, gen, body, engine, is_automatic), weight * part


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Lower case, without accents or any sign between letters: the same for all spellings of a name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.casefold() if c.isalnum())


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " o " + names[-1]


@lru_cache(maxsize=4)
def _load(country: str) -> Catalogue:
    folder = _ROOT / country
    if not folder.is_dir():
        raise CatalogueError(f"No hay catálogo del país {country!r}.")
    digest = hashlib.sha256()
    paths = sorted(folder.rglob("*.*"))
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    brands = [_parse(path, Brand) for path in sorted((folder / "marcas").glob("*.toml"))]
    if not brands:
        raise CatalogueError(f"El catálogo {country!r} no tiene ninguna marca.")
    return Catalogue(
        country=country,
        brands={b.marca: b for b in sorted(brands, key=lambda b: fold(b.marca))},
        market=_parse(folder / "mercado.toml", Market),
        plates=PlateTable.read(folder / "matriculas.csv"),
        equipment=tuple(
            TypeAdapter(list[EquipmentItem]).validate_python(_toml(folder / "equipamiento.toml")["elemento"])
        ),
        dealers=_parse(folder / "concesionarios.toml", Dealers),
        sentences=_parse(folder / "textos.toml", Sentences),
        fingerprint=digest.hexdigest()[:16],
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"El fichero de catálogo {path.name} no se puede leer: {error}") from error


def _parse(path: Path, shape: type[_T]) -> _T:
    try:
        return shape.model_validate(_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CatalogueError(f"El fichero de catálogo {path.name} es incorrecto en {where}: {first['msg']}") from error
