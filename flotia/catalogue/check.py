"""Second looks at a catalogue: what the schema cannot call wrong but a reviewer should read again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from flotia.catalogue.schema import FIRST_YEAR, Brand, Engine, Generation, bodies_of, goes_with, trims_of

#: Words in an engine's name that tell its fuel.
_DIESEL_WORDS = re.compile(
    r"\b(TDI|SDI|HDi|BlueHDi|dCi|Blue dCi|CDTI|CDTi|TDCi|EcoBlue|CRDi|JTD|JTDm|MultiJet|Multijet|CDI|D-4D|i-DTEC"
    r"|SKYACTIV-D|Skyactiv-D)\b"
)
_DISPLACEMENT = re.compile(r"^(\d\.\d)\b")
#: A name's litres are the cm³ rounded: further off than this is a slip.
_ROUNDING = 75
#: Price when new per CV outside this is worth a look.
_EURO_A_CV = (60, 520)
_SMALL_DIESEL, _NO_SMALL_DIESEL_AFTER = 1100, 2014


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
    yield from (f"engine {key} stands {n} times" for key, n in seen.items() if n > 1)
    for engine in gen.motores:
        yield from _of_engine(brand, engine, engine.desde or gen.desde)
    for year in range(max(gen.desde, FIRST_YEAR), gen.hasta + 1):
        for engine in (m for m in gen.motores if m.sold_in(year)):
            if not trims_of(gen, engine, year):
                yield f"{engine.nombre} of {year} has no trim"
            if not bodies_of(gen, engine, year):
                yield f"{engine.nombre} of {year} has no body"


def _of_engine(brand: Brand, engine: Engine, since: int) -> Iterator[str]:
    name, size = engine.nombre, engine.cilindrada
    said = _DISPLACEMENT.match(name)
    if said and size and abs(float(said[1]) * 1000 - size) > _ROUNDING:
        yield f"{name} has {size} cm³"
    if _DIESEL_WORDS.search(name) and engine.combustible not in ("Diésel", "Híbrido", "Híbrido enchufable"):
        yield f"{name} is {engine.combustible}"
    if brand.version_con_cv and re.search(rf"\b{engine.potencia}\s*(CV)?$", name):
        yield f"{name} repeats the power that the version's name gets anyway"
    if not _EURO_A_CV[0] <= engine.precio / engine.potencia <= _EURO_A_CV[1]:
        yield f"{name}: {engine.precio} euro for {engine.potencia} CV"
    if engine.combustible == "Eléctrico" and engine.autonomia is None:
        yield f"{name}: no autonomia"
    if engine.combustible == "Diésel" and size < _SMALL_DIESEL and since > _NO_SMALL_DIESEL_AFTER:
        yield f"{name}: a small diesel, so late?"


def summary(brand: Brand) -> dict[str, int]:
    """Count models, generations, engines and versions (engine with trim, bodies apart not counted) of `brand`."""
    generations = [g for m in brand.modelos for g in m.generaciones]
    return {
        "modelos": len(brand.modelos),
        "generaciones": len(generations),
        "motores": sum(len(g.motores) for g in generations),
        "versiones": sum(1 for g in generations for m in g.motores for t in g.acabados if goes_with(t, m)),
    }
