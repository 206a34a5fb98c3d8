"""What a rule is, what it finds, and the file `reglas.toml` in which every rule stands with its sentence and its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import flotia.catalogue
from flotia.errors import CatalogueError

_FOLDER = Path(flotia.catalogue.__file__).parent


class Severity(StrEnum):
    """How much a finding weighs: a row with an error is wrong, one with a warning deserves a second look."""

    ERROR = "error"
    WARNING = "aviso"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `sentence` says in Spanish what holds of a good row; `fields` are the columns it looks at.

    A `general` rule needs no catalogue entry of the row's brand.
    """

    name: str
    sentence: str
    severity: Severity
    source: str
    fields: tuple[str, ...]
    general: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a row breaks, and in one Spanish sentence how, with the values at hand."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found about one row. `known` says that its brand, model and version are in the catalogue."""

    findings: tuple[Finding, ...]
    known: bool

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the row wrong."""
        return tuple(f for f in self.findings if f.rule.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that deserve a second look."""
        return tuple(f for f in self.findings if f.rule.severity is Severity.WARNING)

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


class _Entry(BaseModel):
    """A `[[regla]]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    nombre: Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
    frase: Annotated[str, Field(min_length=20, max_length=200, pattern=r"\.$")]
    gravedad: Severity
    fuente: Annotated[str, Field(min_length=5)]
    campos: tuple[str, ...]
    general: bool = False


class _File(BaseModel):
    """The file `reglas.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regla: tuple[_Entry, ...]


@lru_cache(maxsize=4)
def load(country: str = "es") -> Mapping[str, Rule]:
    """The rules of a country's catalogue by name, in the file's order. Raises `CatalogueError` for a wrong file."""
    path = _FOLDER / country / "reglas.toml"
    try:
        entries = _File.model_validate(tomllib.loads(path.read_text("utf-8"))).regla
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CatalogueError(f"El fichero de catálogo {path.name} no se puede leer: {error}") from error
    rules = {e.nombre: Rule(e.nombre, e.frase, e.gravedad, e.fuente, e.campos, e.general) for e in entries}
    if len(rules) != len(entries):
        raise CatalogueError(f"El fichero de catálogo {path.name} nombra una regla dos veces.")
    return rules
