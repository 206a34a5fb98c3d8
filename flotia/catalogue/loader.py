"""The catalogue of one country in memory: brands by name, what was on sale in a year and how often it is met."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from flotia.catalogue.deck import Deck, Sales
from flotia.catalogue.market import Dealers, Equipment, EquipmentGroup, Market, PlateTable, Sentences
from flotia.catalogue.schema import LAST_YEAR, Brand, VinPattern, VinPatterns
from flotia.catalogue.variant import Variant
from flotia.errors import CatalogueError, UnknownBrandError

_T = TypeVar("_T", bound=BaseModel)
_ROOT = Path(__file__).parent
#: A name this like a brand's (difflib's ratio) is that brand's, misspelt.
_MEANT = 0.75


@dataclass(frozen=True)
class YearTable:
    """All that could be registered new in one year."""

    year: int
    variants: tuple[Variant, ...]

    @cached_property
    def _by_model(self) -> dict[str, list[Variant]]:
        found: dict[str, list[Variant]] = {}
        for variant in self.variants:
            found.setdefault(variant.model.nombre, []).append(variant)
        return found

    def of_model(self, name: str) -> list[Variant]:
        """The variants of one model; meant for the table of one brand."""
        return self._by_model.get(name, [])


@dataclass(frozen=True, eq=False)
class Catalogue:
    """One country's catalogue. Immutable; `Catalogue.load("es")` reads it once a process.

    It is equal to itself alone, so that what is worked out from it can be kept by it (`functools.lru_cache`).
    """

    country: str
    brands: dict[str, Brand]
    market: Market
    plates: PlateTable
    equipment: tuple[EquipmentGroup, ...]
    dealers: Dealers
    sentences: Sentences
    vin_patterns: tuple[VinPattern, ...]
    fingerprint: str
    _tables: dict[tuple[int, str | None], YearTable] = field(default_factory=dict, compare=False)
    _sales: dict[tuple[int, int, str | None], Sales] = field(default_factory=dict, compare=False)

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
            misspelt = bool(difflib.get_close_matches(fold(name), self._by_spelling, n=1, cutoff=_MEANT))
            raise UnknownBrandError(f"La marca {name[:60]!r} no está en el catálogo.{offer}", misspelt=misspelt)
        return found

    @cached_property
    def _by_spelling(self) -> dict[str, Brand]:
        return {fold(n): b for b in self.brands.values() for n in (b.marca, *b.alias)}

    @cached_property
    def deck(self) -> Deck:
        """Every variant and offer, as columns."""
        return Deck.of(tuple(self.brands.values()))

    def sales(self, reference_year: int, month: int = 11, brand: str | None = None) -> Sales:
        """What the used stock of a month (1 … 12) is made of, of one brand (its exact name) or of all."""
        oldest = len(self.market.edad.cuota) - 1
        key = (min(reference_year, LAST_YEAR + oldest - 1), month, brand)
        if key not in self._sales:
            if brand is None:
                self._sales[key] = Sales.of(self.deck, self.market, key[0], month)
            else:
                number = list(self.brands).index(brand)
                part = self.sales(reference_year, month).only(number)
                self._sales[key] = part or Sales.of_last_years(self.deck, self.market, number)
        return self._sales[key]

    def table(self, year: int, brand: str | None = None) -> YearTable | None:
        """What was on sale in `year`, of one brand or of all; `None` if nothing was."""
        key = (year, brand)
        if key not in self._tables:
            sold = np.flatnonzero(self.deck.sold(year)[0]).tolist()
            variants = [v for v in map(self.deck.variants.__getitem__, sold) if brand in (None, v.brand.marca)]
            if not variants:
                return None
            self._tables[key] = YearTable(year, tuple(variants))
        return self._tables[key]


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
        equipment=_parse(folder / "equipamiento.toml", Equipment).grupo,
        dealers=_parse(folder / "concesionarios.toml", Dealers),
        sentences=_parse(folder / "textos.toml", Sentences),
        vin_patterns=_patterns(folder / "bastidores.toml", brands),
        fingerprint=digest.hexdigest()[:16],
    )


def _patterns(path: Path, brands: list[Brand]) -> tuple[VinPattern, ...]:
    patterns = _parse(path, VinPatterns).patron
    for brand in brands:
        if not any(p.fits(brand.familia_vin, "", "", 0) for p in patterns):
            raise CatalogueError(
                f"{path.name} no tiene un patrón general de la familia {brand.familia_vin!r} ({brand.marca})."
            )
    return patterns


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
