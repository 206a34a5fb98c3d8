"""The rules of a good row, each a predicate under the name it has in `reglas.toml`, and whoever applies them.

A predicate gets a `_View` of the row and answers with `None` or, in Spanish, how the row breaks the rule. What a row does not
say breaks no rule but `campos_obligatorios`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flotia.catalogue.loader import Catalogue, fold
from flotia.catalogue.market import PLATE_LETTERS, group_index
from flotia.catalogue.schema import Brand, Model, Trim
from flotia.catalogue.variant import Variant
from flotia.judgement import rows, text, values
from flotia.judgement.cars import look_ups
from flotia.judgement.expectations import ZERO_KM, Expectations, expectations_of
from flotia.judgement.likeness import RecentTexts
from flotia.judgement.rows import Row
from flotia.judgement.rulebook import Assessment, Finding, Rule, Severity, load
from flotia.judgement.versions import SAME_POWER, SAME_SIZE, Understanding, understand
from flotia.synth.vin import model_year_letter
from flotia.vehicle import MODEL_FIELDS, UNLISTED_FIELDS, Origin

__all__ = ["Assessment", "Assessor", "Finding", "Rule", "Severity", "judge"]

_DAYS_A_YEAR = 365.25
#: Answers remembered of each kind before all are forgotten.
_REMEMBERED = 50_000
_PLATE = re.compile(rf"\d{{4}}[{PLATE_LETTERS}]{{3}}")
#: Groups of plates by which the table's estimates of late months may be wrong.
_PLATE_SLACK = 15
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
#: The model year's place in a VIN, and in a pattern of `bastidores.toml`, which begins at position 4; its code there.
_YEAR_AT, _PATTERN_FROM, _YEAR_CODE = 9, 3, "a"
_FIRST_YEAR_LETTER = 2007
#: Bodies that ads take for each other.
_LIKE_BODIES = {"Utilitario": "Compacto"}
#: CV a litre that a series engine can give (`catalogue.schema`), doors and seats of what the catalogue sells.
_CV_A_LITRE, _DOORS, _SEATS = (15, 360), (2, 6), (1, 9)
_PLUGGED = ("Eléctrico", "Híbrido enchufable")
_QUOTED, _MOST_NAMED = 40, 5

_Car = tuple[Variant, Trim]
_Check = Callable[["_View"], str | None]
_CHECKS: dict[str, _Check] = {}
#: Of rules that come in dozens: the attribute of the view without which none of them can be broken.
_ONLY_IF: dict[str, str] = {}


def _rule(name: str, only_if: str = "") -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        _CHECKS[name] = check
        _ONLY_IF[name] = only_if
        return check

    return register


class Assessor:
    """Applies the rules to rows of one catalogue; holds compiled look-ups and caches, so one is for many rows.

    `today` is the date the rows are of. Without it each row's own dates say (reception plus days in stock), else the clock.
    """

    def __init__(self, catalogue: Catalogue, *, today: date | None = None) -> None:
        self._catalogue, self._today = catalogue, today
        self._cars, self._expectations = look_ups(catalogue), expectations_of(catalogue)
        table = load(catalogue.country)
        self.rules: tuple[Rule, ...] = tuple(table.values())
        self._order = {rule: position for position, rule in enumerate(self.rules)}
        self._checks = {
            gate: [(rule, _CHECKS[name]) for name, rule in table.items() if _ONLY_IF.get(name) == gate]
            for gate in _ONLY_IF.values()
        }
        self._between = {name: table[name] for name in BETWEEN_ROWS}
        self._prefixes = {w.codigo for b in catalogue.brands.values() for w in b.wmi}
        self._dated_vin = lru_cache(_REMEMBERED)(self._writes_year)
        self._understood: dict[tuple[str, str, int, str], Understanding | None] = {}

    def assess(self, row: Mapping[str, Any]) -> Assessment:
        """What the rules say of one row by itself. Never raises, whatever the row holds."""
        return self._assess(rows.read(row))

    def assess_all(self, rows_: Iterable[Mapping[str, Any]]) -> Iterator[Assessment]:
        """What the rules say of each row, in order, those between rows included: they name the later of two rows.

        Remembers every VIN and plate, and the texts of the last 2000 rows.
        """
        seen: dict[str, set[Any]] = {"bastidor_unico": set(), "matricula_unica": set(), "vehiculo_unico": set()}
        texts = RecentTexts()
        for given in rows_:
            row = rows.read(given)
            alone = self._assess(row)
            found = [
                Finding(self._between[name], _twice(row, name))
                for name, key in _identities(row)
                if _met(seen[name], key)
            ]
            if row.descripcion and texts.met_before(row.descripcion[: text.LONGEST]):
                found.append(Finding(self._between["texto_unico"], "Otra ficha dice casi lo mismo."))
            yield Assessment((*alone.findings, *found), alone.known) if found else alone

    def _assess(self, row: Row) -> Assessment:
        view = self._view(row)
        findings = [
            Finding(rule, detail)
            for gate, checks in self._checks.items()
            if not gate or getattr(view, gate)
            for rule, check in checks
            if (detail := check(view)) is not None
        ]
        if len(findings) > 1:
            findings.sort(key=lambda found: self._order[found.rule])
        known = view.understood is not None and view.understood.exact
        return Assessment(tuple(findings), known)

    def _view(self, row: Row) -> _View:
        today = self._today or _own_today(row)
        brand = self._cars.brand(row.marca) if row.marca else None
        model = self._cars.model(brand, row.modelo) if brand and row.modelo else None
        understood = self._understand(brand, model, row) if brand and model else None
        cars, wrong = _fitting(understood, row) if understood else ([], frozenset())
        age = (today - row.fecha_matriculacion).days / _DAYS_A_YEAR if row.fecha_matriculacion else None
        about = self._text_facts(row, brand, model, cars)
        form = text.form_fault(row.descripcion) if row.descripcion is not None else None
        said = " ".join(row.descripcion[: text.LONGEST].split()) if row.descripcion else ""
        return _View(
            row=row, today=today, dated=self._today is not None, age=age, brand=brand, model=model,
            sold=understood is not None, understood=understood, cars=cars, wrong=wrong, about=about, form=form,
            denied={c.kind: c.words for c in text.contradictions(said, about)}, expectations=self._expectations,
            prefixes=self._prefixes, model_year=self._model_year(brand, model, row), group=_group(row.matricula),
            first_zero_km=self._first_zero_km(today),
            expected=self._expected(cars, age, row),
            faulty=[(text.item_fault(item, about), item) for item in row.equipamiento or ()],
        )  # fmt: skip

    def _understand(self, brand: Brand, model: Model, row: Row) -> Understanding | None:
        """What the row's version can mean, or `None` if the model was not sold that year (or no year is given)."""
        year = row.year
        if year is None:
            return None
        key = (brand.marca, model.nombre, year, row.version or "")
        if key not in self._understood:
            if len(self._understood) >= _REMEMBERED:
                self._understood.clear()
            variants = self._cars.sold(brand, model, year)
            self._understood[key] = understand(row.version or "", variants, year) if variants else None
        return self._understood[key]

    def _model_year(self, brand: Brand | None, model: Model | None, row: Row) -> int | None:
        """The model year in position 10 that is nearest to the registration's, of makers that write it there."""
        vin, year = row.bastidor, row.year
        if brand is None or model is None or year is None or year < _FIRST_YEAR_LETTER or not vin:
            return None
        if not _VIN.fullmatch(vin) or not self._dated_vin(brand.familia_vin, vin[:3], model.nombre, year):
            return None
        return _year_of_letter(vin[_YEAR_AT], year)

    def _writes_year(self, family: str, prefix: str, model: str, year: int) -> bool:
        """Whether the VIN of such a car has the model year in position 10."""
        fitting = (p for p in self._catalogue.vin_patterns if p.fits(family, prefix, model, year))
        pattern = next(fitting, None)
        return pattern is not None and pattern.patron[_YEAR_AT - _PATTERN_FROM] == _YEAR_CODE

    def _text_facts(self, row: Row, brand: Brand | None, model: Model | None, cars: list[_Car]) -> text.TextFacts:
        variant = cars[0][0] if cars else None
        name = f"{brand.marca if brand else row.marca} {model.nombre if model else row.modelo} {row.version}"
        wheels = {v.engine.traccion == "total" for v, _ in cars}
        mild = {v.engine.microhibrido for v, _ in cars}
        return text.TextFacts(
            name=name, year=row.year, kilometres=row.kilometros, power=row.potencia, size=row.cilindrada,
            doors=row.puertas, seats=row.plazas, fuel=row.combustible,
            automatic=None if row.transmision is None else row.transmision == "Automática",
            mild_hybrid=mild.pop() if len(mild) == 1 else None, colour=row.color,
            body=row.tipo_vehiculo or (variant.body.tipo if variant else None), label=row.etiqueta_dgt,
            all_wheels=wheels.pop() if len(wheels) == 1 else None, others=self._cars.names,
        )  # fmt: skip

    def _expected(self, cars: list[_Car], age: float | None, row: Row) -> tuple[float, ...]:
        """What such cars cost, in euro: of each different list price once."""
        year = row.anio_matricula
        if age is None or year is None or row.kilometros is None or row.precio_venta is None:
            return ()
        by_price = {v.list_price(t): (v, t) for v, t in cars}
        return tuple(
            self._expectations.expected_price(v, t, year=year, age=age, kilometres=row.kilometros)
            for v, t in by_price.values()
        )

    def _first_zero_km(self, today: date) -> int:
        """The earliest registration year of which the market has cars that were never used."""
        return today.year - len(self._catalogue.market.kilometro_cero.cuota_por_edad) + 1


#: The rules between rows, which only `assess_all` can see.
BETWEEN_ROWS = ("bastidor_unico", "matricula_unica", "vehiculo_unico", "texto_unico")


def _identities(row: Row) -> Iterator[tuple[str, Any]]:
    """What no two rows share: rule and key (hashable)."""
    if row.bastidor:
        yield "bastidor_unico", row.bastidor
    if row.matricula:
        yield "matricula_unica", row.matricula
    car = (row.marca, row.modelo, row.version, row.year, row.kilometros, row.color, row.precio_venta)
    if None not in car:
        yield "vehiculo_unico", car


def _twice(row: Row, name: str) -> str:
    """The sentence for a row of which that was met before."""
    if name == "bastidor_unico":
        return f"El bastidor {_quote(row.bastidor)} está en otra ficha."
    if name == "matricula_unica":
        return f"La matrícula {_quote(row.matricula)} está en otra ficha."
    return f"Otra ficha es de un {_quote(row.modelo)} con los mismos {row.kilometros} km y el mismo precio."


def _met(seen: set[Any], key: Any) -> bool:
    """Whether `key` was met before; remembers it."""
    if key in seen:
        return True
    seen.add(key)
    return False


@dataclass(slots=True)
class _View:
    """A row, what the catalogue knows of its car, and what its text claims.

    `cars` are the catalogue's cars that the version can mean and that fit the row's figures best; `wrong` the fields that
    fit none of them. `expected` are prices in euro, `age` years, `dated` says that `today` was given, `faulty` the
    entries of equipment with the rule each breaks.
    """

    row: Row
    today: date
    dated: bool
    age: float | None
    brand: Brand | None
    model: Model | None
    sold: bool
    understood: Understanding | None
    cars: list[_Car]
    wrong: frozenset[str]
    about: text.TextFacts
    form: str | None
    denied: dict[str, str]
    expectations: Expectations
    prefixes: set[str]
    model_year: int | None
    group: int | None
    first_zero_km: int
    expected: tuple[float, ...]
    faulty: list[tuple[str | None, Any]]


def _own_today(row: Row) -> date:
    """The date that a row's own fields speak of, if it is not to come; else the clock's."""
    clock = datetime.now().astimezone().date()
    if row.fecha_recepcion is not None and row.dias_stock is not None and 0 <= row.dias_stock < 10**5:
        try:
            own = row.fecha_recepcion + timedelta(days=row.dias_stock)
        except OverflowError:
            return clock
        return min(own, clock)
    return clock


#: The fields that a version decides, and whether a variant has the row's.
_OF_VERSION: dict[str, Callable[[Variant, Any], bool]] = {
    "combustible": lambda v, said: v.engine.combustible == said,
    "transmision": lambda v, said: v.transmission == said,
    "cilindrada": lambda v, said: not v.engine.cilindrada or abs(v.engine.cilindrada - said) <= SAME_SIZE,
    "potencia": lambda v, said: abs(v.engine.potencia - said) <= SAME_POWER,
    "puertas": lambda v, said: v.body.puertas == said,
    "plazas": lambda v, said: v.body.plazas == said,
    "tipo_vehiculo": lambda v, said: (
        _LIKE_BODIES.get(v.body.tipo, v.body.tipo) == _LIKE_BODIES.get(str(said), str(said))
    ),
}


def _fitting(understood: Understanding, row: Row) -> tuple[list[_Car], frozenset[str]]:
    """The cars that fit the row in the most fields, and the fields in which even they (the first of them) do not."""
    said = [(name, fits, value) for name, fits in _OF_VERSION.items() if (value := getattr(row, name)) is not None]
    best: list[_Car] = []
    wrong: frozenset[str] = frozenset()
    for car in understood.cars:
        misses = frozenset([name for name, fits, value in said if not fits(car[0], value)])
        if not best or len(misses) < len(wrong):
            best, wrong = [car], misses
        elif len(misses) == len(wrong):
            best.append(car)
    return best, wrong


def _quote(value: Any) -> str:
    """A value as a sentence may hold it: short, printable, on one line."""
    if isinstance(value, str):
        shown = "".join(c if c.isprintable() else " " for c in value[: _QUOTED + 1])
        return f"«{shown[:_QUOTED]}{'…' if len(shown) > _QUOTED else ''}»"
    if value is None or isinstance(value, bool | float | Decimal | date):
        return str(value)[:_QUOTED]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "un número enorme"
    return "una lista" if isinstance(value, list | tuple | set) else "un objeto"


@_rule("campos_obligatorios")
def _complete(v: _View) -> str | None:
    missing = v.row.missing
    return f"Falta{'n' if len(missing) > 1 else ''} {', '.join(missing)}." if missing else None


@_rule("valores_legibles")
def _readable(v: _View) -> str | None:
    said = [f"{name} = {_quote(value)}" for name, value in v.row.unreadable.items()]
    more = f" y {len(said) - _MOST_NAMED} campos más" if len(said) > _MOST_NAMED else ""
    return f"No se entiende {', '.join(said[:_MOST_NAMED])}{more}." if said else None


@_rule("datos_limpios")
def _clean(v: _View) -> str | None:
    row = v.row
    for name in ("marca", "modelo", "version", "color", "provincia", "concesionario"):
        said = getattr(row, name)
        if said is not None and _unsafe(said):
            return f"En {name} hay algo que no es un dato: {_quote(said)}."
    return None


@lru_cache(maxsize=8192)
def _unsafe(said: str) -> bool:
    return text.unsafe(said)


@_rule("marca_conocida")
def _brand(v: _View) -> str | None:
    if v.brand is None and v.row.marca:
        return f"La marca {_quote(v.row.marca)} no está en el catálogo."
    return None


@_rule("modelo_existe")
def _model(v: _View) -> str | None:
    if v.brand and v.model is None and v.row.modelo:
        return f"{v.brand.marca} no tiene ningún modelo {_quote(v.row.modelo)}."
    return None


@_rule("modelo_en_su_anio")
def _sold(v: _View) -> str | None:
    if v.brand and v.model and v.row.year is not None and not v.sold:
        return f"El {v.brand.marca} {v.model.nombre} no se vendía en {v.row.year}."
    return None


@_rule("version_existe")
def _version(v: _View) -> str | None:
    if v.model and v.understood and v.row.version and not v.understood.named:
        return f"Ningún {v.model.nombre} de {v.row.year} tiene el motor de la versión {_quote(v.row.version)}."
    return None


@_rule("version_entendida")
def _version_whole(v: _View) -> str | None:
    if v.understood and v.row.version and v.understood.named and not v.understood.exact:
        return f"De la versión {_quote(v.row.version)} solo se reconoce el motor."
    return None


def _of_version(name: str, article: str, real: Callable[[Variant], Any]) -> _Check:
    def check(v: _View) -> str | None:
        if name not in v.wrong:
            return None
        variant, trim = v.cars[0]
        return f"{article} {_quote(getattr(v.row, name))}; en un {variant.version(trim)} es {real(variant)}."

    return check


for _name, _field, _article, _real in (
    ("combustible_de_la_version", "combustible", "El combustible es", lambda car: car.engine.combustible),
    ("transmision_de_la_version", "transmision", "El cambio es", lambda car: car.transmission),
    ("cilindrada_de_la_version", "cilindrada", "La cilindrada es", lambda car: car.engine.cilindrada),
    ("potencia_de_la_version", "potencia", "La potencia es", lambda car: car.engine.potencia),
    ("puertas_de_la_version", "puertas", "El número de puertas es", lambda car: car.body.puertas),
    ("plazas_de_la_version", "plazas", "El número de plazas es", lambda car: car.body.plazas),
    ("carroceria_de_la_version", "tipo_vehiculo", "La carrocería es", lambda car: car.body.tipo),
):
    _rule(_name, only_if="wrong")(_of_version(_field, _article, _real))


@_rule("cilindrada_y_motor")
def _size(v: _View) -> str | None:
    row = v.row
    if row.combustible is None or "cilindrada" in row.unreadable:
        return None
    if row.combustible == "Eléctrico":
        return f"Es eléctrico y dice tener {row.cilindrada} cm³." if row.cilindrada is not None else None
    return f"Es {row.combustible} y no dice su cilindrada." if row.cilindrada is None else None


@_rule("motor_posible")
def _possible(v: _View) -> str | None:
    """Only where the catalogue does not know the car: where it does, the version's rules are stricter."""
    row = v.row
    if v.cars:
        return None
    if row.combustible == "Eléctrico" and row.transmision == "Manual":
        return "Es eléctrico y dice tener cambio manual."
    if row.potencia is not None and row.cilindrada:
        a_litre = row.potencia / row.cilindrada * 1000
        if not _CV_A_LITRE[0] <= a_litre <= _CV_A_LITRE[1]:
            return f"Dice sacar {row.potencia} CV de {row.cilindrada} cm³."
    elif row.potencia is not None and row.potencia <= 0:
        return f"Dice tener {row.potencia} CV."
    for count, (low, high), what in ((row.puertas, _DOORS, "puertas"), (row.plazas, _SEATS, "plazas")):
        if count is not None and not low <= count <= high:
            return f"Dice tener {count} {what}."
    return None


@_rule("anio_de_la_fecha")
def _year(v: _View) -> str | None:
    when, year = v.row.fecha_matriculacion, v.row.anio_matricula
    if when and year is not None and when.year != year:
        return f"El año es {year} y la fecha {when}."
    return None


@_rule("fecha_no_futura")
def _not_to_come(v: _View) -> str | None:
    when = v.row.fecha_matriculacion
    return f"La fecha de matriculación, {when}, es posterior a {v.today}." if when and when > v.today else None


@_rule("matricula_formato")
def _plate_form(v: _View) -> str | None:
    plate = v.row.matricula
    return f"{_quote(plate)} no es una matrícula." if plate and v.group is None else None


def _group(plate: str | None) -> int | None:
    return group_index(plate[4:]) if plate and _PLATE.fullmatch(plate) else None


@_rule("matricula_no_anterior")
def _plate_not_older(v: _View) -> str | None:
    group, when = v.group, v.row.fecha_matriculacion
    if group is None or when is None or when < _FIRST_PLATE:
        return None
    if group < v.expectations.plate_groups(when.year, when.month)[0] - 1:
        return f"La matrícula {v.row.matricula} es de una serie anterior a {when:%m/%Y}."
    return None


@_rule("matricula_de_su_mes")
def _plate_of_month(v: _View) -> str | None:
    group, when = v.group, v.row.fecha_matriculacion
    if group is None or when is None:
        return None
    if when < _FIRST_PLATE or group > v.expectations.plate_groups(when.year, when.month)[1]:
        return f"La matrícula {v.row.matricula} es posterior a {when:%m/%Y}: puede ser importado."
    return None


#: When the present series of plates began.
_FIRST_PLATE = date(2000, 9, 18)


@_rule("matricula_emitida")
def _plate_given(v: _View) -> str | None:
    group = v.group
    if group is None or v.today < _FIRST_PLATE:
        return None
    if group > v.expectations.plate_groups(v.today.year, v.today.month)[1] + _PLATE_SLACK:
        return f"La serie de la matrícula {v.row.matricula} no se ha emitido a {v.today}."
    return None


@_rule("bastidor_formato")
def _vin_form(v: _View) -> str | None:
    vin = v.row.bastidor
    return f"{_quote(vin)} no es un bastidor." if vin and not _VIN.fullmatch(vin) else None


def _prefix_is_own(v: _View) -> bool:
    vin = v.row.bastidor
    return v.brand is None or not vin or not _VIN.fullmatch(vin) or any(w.codigo == vin[:3] for w in v.brand.wmi)


@_rule("bastidor_de_su_marca")
def _vin_not_others(v: _View) -> str | None:
    if v.brand and v.row.bastidor and not _prefix_is_own(v) and v.row.bastidor[:3] in v.prefixes:
        return f"El prefijo {v.row.bastidor[:3]} es de otra marca, no de {v.brand.marca}."
    return None


@_rule("bastidor_prefijo")
def _vin_known(v: _View) -> str | None:
    if v.brand and v.row.bastidor and not _prefix_is_own(v) and v.row.bastidor[:3] not in v.prefixes:
        return f"El prefijo {v.row.bastidor[:3]} no se conoce de {v.brand.marca}."
    return None


@lru_cache(maxsize=1024)
def _year_of_letter(letter: str, year: int) -> int | None:
    """The model year of that letter that is nearest to `year`."""
    around = sorted(range(max(year - 15, _FIRST_YEAR_LETTER - 1), year + 15), key=lambda y: abs(y - year))
    return next((y for y in around if model_year_letter(y) == letter), None)


@_rule("bastidor_anio")
def _vin_not_later(v: _View) -> str | None:
    made = v.model_year
    if made is not None and v.row.year is not None and made > v.row.year + 1:
        return f"El bastidor es del año modelo {made} y la matriculación de {v.row.year}."
    return None


@_rule("bastidor_anio_anterior")
def _vin_not_earlier(v: _View) -> str | None:
    made = v.model_year
    if made is not None and v.row.year is not None and made < v.row.year - 1:
        return f"El bastidor es del año modelo {made} y la matriculación de {v.row.year}."
    return None


@_rule("etiqueta_dgt")
def _label(v: _View) -> str | None:
    label, when = v.row.etiqueta_dgt, v.row.fecha_matriculacion
    if label is None or when is None or not v.cars:
        return None
    right = set().union(*(v.expectations.labels(car, when) for car, _ in v.cars))
    if label in right:
        return None
    return f"La etiqueta es {label or 'ninguna'}; le corresponde {' o '.join(sorted(r or 'ninguna' for r in right))}."


@_rule("etiqueta_del_combustible")
def _label_of_fuel(v: _View) -> str | None:
    """Only where the catalogue does not know the car."""
    label, fuel = v.row.etiqueta_dgt, v.row.combustible
    if label is None or fuel is None or v.cars:
        return None
    if (label == "0" and fuel not in _PLUGGED) or (fuel == "Eléctrico" and label != "0"):
        return f"La etiqueta es {label or 'ninguna'} y el combustible {fuel}."
    return None


@_rule("kilometros_posibles")
def _kilometres_possible(v: _View) -> str | None:
    kilometres, age = v.row.kilometros, v.age
    if kilometres is None or (age is None and kilometres >= 0) or 0 <= kilometres <= ZERO_KM:
        return None
    low, high = v.expectations.possible_kilometres(age=age or 0.0)
    return None if low <= kilometres <= high else f"No es posible que tenga {kilometres} km con {age or 0:.1f} años."


@_rule("kilometros_habituales")
def _kilometres_usual(v: _View) -> str | None:
    kilometres, age = v.row.kilometros, v.age
    if kilometres is None or age is None or kilometres <= ZERO_KM:
        return None
    low, high = v.expectations.about_usual_kilometres(age=age)
    if low <= kilometres <= high or _kilometres_possible(v):
        return None
    return f"Tiene {kilometres} km con {age:.1f} años; lo habitual es de {low:.0f} a {high:.0f}."


@_rule("km0_joven")
def _zero_km(v: _View) -> str | None:
    kilometres, year = v.row.kilometros, v.row.year
    if kilometres is None or year is None or not 0 <= kilometres <= ZERO_KM or year >= v.first_zero_km:
        return None
    return f"Tiene {kilometres} km y es de {year}."


@_rule("precio_positivo")
def _price_positive(v: _View) -> str | None:
    for name in ("precio_venta", "precio_compra", "precio_costo"):
        price = getattr(v.row, name)
        if price is not None and price <= 0:
            return f"{name} es {price} €."
    return None


def _price_outside(v: _View, bounds: Callable[[float], tuple[float, float]]) -> bool:
    price = v.row.precio_venta
    if price is None or price <= 0 or not v.expected:
        return False
    return all(not low <= price <= high for low, high in map(bounds, v.expected))


@_rule("precio_posible")
def _price_possible(v: _View) -> str | None:
    if _price_outside(v, v.expectations.possible_prices):
        return f"Pide {v.row.precio_venta} €; un coche así ronda los {v.expected[0]:.0f} €."
    return None


@_rule("precio_habitual")
def _price_usual(v: _View) -> str | None:
    age = v.age
    if age is None or not _price_outside(v, lambda expected: v.expectations.usual_prices(expected, age=age)):
        return None
    if not _price_outside(v, v.expectations.possible_prices):
        return f"Pide {v.row.precio_venta} €; un coche así ronda los {v.expected[0]:.0f} €."
    return None


def _margin(v: _View, part: str, whole: str, low: str, high: str) -> str | None:
    one, other = getattr(v.row, part), getattr(v.row, whole)
    if one is None or other is None or one <= 0 or other <= 0:
        return None
    if other * Decimal(low) <= one <= other * Decimal(high):
        return None
    return f"{part} ({one} €) es el {one / other * 100:.1f} % de {whole} ({other} €)."


@_rule("margen_de_compra")
def _purchase(v: _View) -> str | None:
    return _margin(v, "precio_compra", "precio_venta", "0.90", "1.00")


@_rule("margen_de_costo")
def _cost(v: _View) -> str | None:
    return _margin(v, "precio_costo", "precio_compra", "0.98", "1.02")


@_rule("recepcion_posterior")
def _received(v: _View) -> str | None:
    came, registered = v.row.fecha_recepcion, v.row.fecha_matriculacion
    if came and registered and came < registered:
        return f"Se recibió el {came}, antes de matricularse el {registered}."
    return None


@_rule("recepcion_no_futura")
def _received_by_now(v: _View) -> str | None:
    came = v.row.fecha_recepcion
    return f"La recepción, {came}, es posterior a {v.today}." if came and came > v.today else None


@_rule("dias_en_stock")
def _days(v: _View) -> str | None:
    days, came = v.row.dias_stock, v.row.fecha_recepcion
    if days is None:
        return None
    if days < 0:
        return f"Lleva {days} días en stock."
    since = (v.today - came).days if came else None
    if since is None or since < 0 or days == since or (days < since and not v.dated):
        return None
    return f"Dice llevar {days} días; del {came} al {v.today} van {since}."


@_rule("provincia_espanola")
def _province(v: _View) -> str | None:
    said = v.row.provincia
    return f"{_quote(said)} no es una provincia." if said and values.province(said) is None else None


@_rule("color_espanol")
def _colour(v: _View) -> str | None:
    said = v.row.color
    return f"{_quote(said)} no es un color en español." if said and values.colour(said) is None else None


def _form(name: str) -> _Check:
    def check(v: _View) -> str | None:
        if v.form != name or v.row.descripcion is None:
            return None
        return f"La descripción {text.REASONS[name]}: {_quote(v.row.descripcion)}."

    return check


def _claim(name: str) -> _Check:
    def check(v: _View) -> str | None:
        return f"La descripción {text.REASONS[name]}: {_quote(v.denied[name])}." if name in v.denied else None

    return check


for _name in text.FORM_RULES:
    _rule(_name, only_if="form")(_form(_name))
for _name in text.CLAIM_RULES:
    _rule(_name, only_if="denied")(_claim(_name))


@_rule("equipamiento_cantidad")
def _how_many(v: _View) -> str | None:
    items = v.row.equipamiento
    if items is None or text.FEWEST_ITEMS <= len(items) <= text.MOST_ITEMS:
        return None
    return f"El equipamiento tiene {len(items)} elementos."


def _faulty_items(v: _View, rule: str) -> list[str]:
    return [_quote(item) for fault, item in v.faulty if fault == rule]


@_rule("equipamiento_limpio")
def _items_clean(v: _View) -> str | None:
    faulty = _faulty_items(v, "equipamiento_limpio")
    return f"No es equipamiento {faulty[0]}." if faulty else None


@_rule("equipamiento_posible")
def _items_possible(v: _View) -> str | None:
    faulty = _faulty_items(v, "equipamiento_posible")
    return f"Un coche así no puede llevar {faulty[0]}." if faulty else None


@_rule("equipamiento_distinto")
def _items_distinct(v: _View) -> str | None:
    items = [item for item in v.row.equipamiento or () if isinstance(item, str)]
    folded = [fold(item[: text.LONGEST]) for item in items]
    if len(set(folded)) == len(folded):
        return None
    return f"El equipamiento repite {_quote(next(i for n, i in enumerate(items) if folded[n] in folded[:n]))}."


@_rule("equipamiento_compatible")
def _items_agree(v: _View) -> str | None:
    clash = next(text.clashes([i for i in v.row.equipamiento or () if isinstance(i, str)]), None)
    return f"El equipamiento lleva a la vez {_quote(clash[0])} y {_quote(clash[1])}." if clash else None


@_rule("origen_conocido")
def _origin(v: _View) -> str | None:
    said = v.row.origen
    return f"El origen es {_quote(said)}." if said and said not in tuple(Origin) else None


@_rule("origen_y_campos")
def _origin_of_fields(v: _View) -> str | None:
    row = v.row
    given = len(row.campos_ia or ())
    if row.origen == Origin.AI and not (given and row.modelo_ia):
        return "Es de origen ia y no dice qué campos o qué modelo."
    if row.origen in (Origin.LOCAL, Origin.IMPORTED) and (given or row.modelo_ia):
        return f"Es de origen {row.origen} y dice que un modelo dio algún campo."
    return None


@_rule("campos_ia_posibles")
def _fields(v: _View) -> str | None:
    given = v.row.campos_ia or []
    possible = (*MODEL_FIELDS, *UNLISTED_FIELDS) if v.row.verificado is False else MODEL_FIELDS
    if all(isinstance(f, str) and f in possible for f in given) and len({*map(str, given)}) == len(given):
        return None
    return f"campos_ia es {_quote(', '.join(f for f in given if isinstance(f, str)))}."


@lru_cache(maxsize=8)
def _assessor(today: date | None) -> Assessor:
    return Assessor(Catalogue.load(), today=today)


def judge(row: Mapping[str, Any], *, today: date | None = None) -> Assessment:
    """What the rules say of `row`, a vehicle from anywhere: the contract's field names, values as people write them.

    Never raises. `today` is the date the row is of; without it the row's own dates say, else the clock.
    """
    return _assessor(today).assess(row)
