"""What judgement looks up of the catalogue's cars: brands and models by any spelling, others' names, a text's facts."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.schema import FIRST_YEAR, LAST_YEAR, Brand, Model
from flotia.catalogue.variant import Variant
from flotia.judgement import values
from flotia.judgement.expectations import Expectations
from flotia.judgement.text import TextFacts
from flotia.judgement.traits import sold_in

#: Names of brands and models that are also words or places, which a text may hold without meaning the car.
_PLAIN_WORDS = frozenset(
    """venga seal compass matrix junior linea sedan roadster cabrio coupe spider spyder delta accent alto seat optima
    latitude legacy insight leaf patriot prelude capri cube rapid spark splash across daily outback commander pulsar ion
    smart mini alpine ebro fiesta tipo punto toledo leon note espace master partner expert adam one up space combo cargo
    express spring cross sport plus ibiza cordoba alhambra marea bravo stilo idea trio duo city jazz touring rio soul terra
    titan primera max pro trafic escort edge ranger transit connect custom courier fusion tourneo verso transporter
    california fox hs move born scala""".split()  # noqa: SIM905
)
_SHORTEST_NAME = 3


class Cars:
    """Look-ups in one catalogue, remembered."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._brands = {fold(n): b for b in catalogue.brands.values() for n in (b.marca, *b.alias)}
        self._models = {b.marca: {_key(m.nombre): m for m in b.modelos} for b in catalogue.brands.values()}
        wordy = {n for models in self._models.values() for n, m in models.items() if m.nombre.isalpha()}
        self.names = frozenset(
            n
            for n in (*self._brands, *wordy)
            if len(n) >= _SHORTEST_NAME and n not in _PLAIN_WORDS and values.province(n) is None
        )

    def brand(self, name: str) -> Brand | None:
        """The brand of that name, however it is written."""
        return self._brands.get(fold(name))

    def model(self, brand: Brand, name: str) -> Model | None:
        """The brand's model of that name, with or without the brand's name before it."""
        models, said = self._models[brand.marca], _key(name)
        own = fold(brand.marca)
        return models.get(said) or (models.get(said.removeprefix(own)) if said.startswith(own) else None)

    def sold(self, brand: Brand, model: Model, year: int) -> list[Variant]:
        """The variants of a model that were on sale in `year`; none if it was not."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return []
        return sold_in(self._catalogue, year).get((brand.marca, model.nombre), [])

    def text_facts(
        self, variant: Variant, version: str, *, registered: date, kilometres: int, colour: str
    ) -> TextFacts:
        """The facts that a text about such a car must not contradict."""
        engine, body = variant.engine, variant.body
        name = f"{variant.brand.marca} {variant.model.nombre} {version}"
        return TextFacts(
            name=name, year=registered.year, kilometres=kilometres, power=engine.potencia,
            size=engine.cilindrada or None, doors=body.puertas, seats=body.plazas, fuel=engine.combustible,
            automatic=variant.automatic, mild_hybrid=engine.microhibrido, colour=colour, body=body.tipo,
            label=Expectations.label(variant, registered), all_wheels=engine.traccion == "total",
            others=self.names,
        )  # fmt: skip


#: One catalogue's look-ups, worked out once: they are the same for every run.
look_ups = lru_cache(maxsize=4)(Cars)


def _key(name: str) -> str:
    """A model's name in comparable form, in which a C-HR+ is not a C-HR."""
    return fold(name.replace("+", "plus"))
