"""Second looks at a catalogue: what the schema cannot call wrong but a reviewer should read again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from flotia.catalogue.schema import FIRST_YEAR, Brand, Engine, Generation

#: Words in an engine's name that tell its fuel.
_DIESEL_WORDS = re.compile(
    r"\b(TDI|SDI|HDi|BlueHDi|dCi|Blue dCi|CDTI|CDTi|TDCi|EcoBlue|CRDi|JTD|JTDm|MultiJet|Multijet|CDI|D-4D|i-DTEC|SKYACTIV-D|Skyactiv-D)\b"
)
_DISPLACEMENT = re.compile(r"^(\d\.\d)\b")


def engines_of(gen: Generation, year: int) -> list[Engine]:
    """The engines of a generation that were on sale in `year`."""
    return [m for m in gen.motores if m.sold_in(year)]


def warnings(brand: Brand) -> Iterator[str]:
    """Yield one sentence for each place of `brand` that deserves a second look."""
    for model in brand.modelos:
        for before, after in zip(model.generaciones, model.generaciones[1:], strict=False):
            if after.desde > before.hasta + 1:
                yield f"{model.nombre}: nothing sold between {before.hasta} and {after.desde}"
            if before.hasta > after.desde + 2:
                yield f"{model.nombre}: {before.nombre} and {after.nombre} overlap by more than two years"
        for gen in model.generaciones:
            where = f"{model.nombre} {gen.nombre}".strip()
            yield from (f"{where}: {w}" for w in _of_generation(brand, gen))


def _of_generation(brand: Brand, gen: Generation) -> Iterator[str]:
    seen = Counter((m.nombre, m.combustible, m.potencia, m.desde or gen.desde) for m in gen.motores)
    for key, n in seen.items():
        if n > 1:
            yield f"engine {key} stands {n} times"
    for m in gen.motores:
        said = _DISPLACEMENT.match(m.nombre)
        if said and m.cilindrada and abs(float(said[1]) * 1000 - m.cilindrada) > 75:
            yield f"{m.nombre} has {m.cilindrada} cm³"
        if _DIESEL_WORDS.search(m.nombre) and m.combustible not in ("Diésel", "Híbrido", "Híbrido enchufable"):
            yield f"{m.nombre} is {m.combustible}"
        if re.search(rf"\b{m.potencia}\s*(CV)?$", m.nombre) and brand.version_con_cv:
            yield f"{m.nombre} repeats the power that the version's name gets anyway"
        if not 60 <= m.precio / m.potencia <= 520:
            yield f"{m.nombre}: {m.precio} euro for {m.potencia} CV"
        if m.combustible == "Eléctrico" and m.autonomia is None:
            yield f"{m.nombre}: no autonomia"
        if m.combustible == "Diésel" and m.cilindrada < 1100 and (m.desde or gen.desde) > 2014:
            yield f"{m.nombre}: a small diesel, so late?"
    for year in range(max(gen.desde, FIRST_YEAR), gen.hasta + 1):
        for m in engines_of(gen, year):
            trims = [t for t in gen.acabados if t.sold_in(year) and (t.nombre in m.acabados if m.acabados else not t.exclusivo)]
            if not trims:
                yield f"{m.nombre} of {year} has no trim"
            if not any(b.sold_in(year) and (not m.carrocerias or b.nombre in m.carrocerias) for b in gen.carrocerias):
                yield f"{m.nombre} of {year} has no body"


def summary(brand: Brand) -> dict[str, int]:
    """Count models, generations, engines and versions (engine with trim, bodies apart not counted) of `brand`."""
    generations = [g for m in brand.modelos for g in m.generaciones]
    return {
        "modelos": len(brand.modelos),
        "generaciones": len(generations),
        "motores": sum(len(g.motores) for g in generations),
        "versiones": sum(
            1
            for g in generations
            for m in g.motores
            for t in g.acabados
            if (t.nombre in m.acabados if m.acabados else not t.exclusivo)
        ),
    }
