"""`python -m bench.draws`: vehicles drawn a second on one core, next to the least that could be done and to other libraries.

Run it with `uv run --group bench python -m bench.draws`. Every side makes rows of a used car in one process; the times are
CPU seconds. The others' rows have fifteen fields that know nothing of each other; ours have thirty that agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import numpy as np

from flotia.catalogue.loader import Catalogue
from flotia.planner import LOCAL_BATCH
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from flotia.vehicle import FIELDS

_TODAY = date(2026, 11, 22)
_WARM, _BLOCKS, _ROUNDS = 40, 20, 3
_TEXTS = ("equipamiento", "descripcion")


def main() -> None:
    """Run every side in turn, several rounds, and print the best of each."""
    catalogue = Catalogue.load()
    drawer = FactsDrawer(catalogue, seed=1, today=_TODAY)
    assembler = Assembler(catalogue, drawer, seed=1, today=_TODAY)
    block = 0

    def table():
        nonlocal block
        cars = drawer.columns(np.arange(LOCAL_BATCH) + block * LOCAL_BATCH)
        block += 1
        return assembler.table(cars, assembler.identities.identities(assembler.surroundings(cars), cars.registered))

    def columns() -> int:
        made = table()
        for name in FIELDS:
            if name not in _TEXTS:
                made.column_as_stored(name)
        return LOCAL_BATCH

    def rows() -> int:
        table().stored()
        return LOCAL_BATCH

    for _ in range(_WARM):
        rows()
    sides: dict[str, tuple[Callable[[], int], int]] = {
        "NumPy, 14 columns that know nothing of each other": (_floor, _BLOCKS),
        "FlotIA, 30 columns, equipment and sentences as codes": (columns, _BLOCKS),
        "FlotIA, 30 columns, every text written out": (rows, _BLOCKS),
        "mimesis, 15 fields": (_mimesis(), 4000),
        "Faker with faker-vehicle, 15 fields": (_faker(), 1000),
    }
    best: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for side, (make, times) in sides.items():
            started = time.process_time()
            made = sum(make() for _ in range(times))
            best[side] = max(best.get(side, 0.0), made / (time.process_time() - started))
    ours = best["FlotIA, 30 columns, every text written out"]
    for side, speed in best.items():
        print(f"{side:55} {speed:12,.0f} rows/s   {speed / ours:7.3f} × FlotIA's written out")


def _floor() -> int:
    rng = np.random.default_rng(1)
    n = LOCAL_BATCH
    price = np.exp(rng.normal(10, 0.5, n))
    bought = price * rng.uniform(0.9, 1, n)
    made = (
        rng.choice(50, n, p=np.full(50, 0.02)), rng.integers(0, 800, n), 2026 - rng.geometric(0.2, n),
        np.exp(rng.normal(11, 0.6, n)).astype(np.int64), price, rng.integers(60, 400, n), rng.choice(5, n),
        rng.random(n) < 0.5, rng.integers(0, 12, n), rng.integers(0, 50, n), rng.choice([3, 5], n),
        rng.exponential(50, n).astype(int), bought, bought * rng.uniform(0.98, 1.02, n),
    )  # fmt: skip
    return len(made[0])


def _mimesis() -> Callable[[], int]:
    from mimesis import Address, Choice, Code, Datetime, Numeric, Text, Transport
    from mimesis.locales import Locale

    transport, code, numeric, choice = Transport(seed=1), Code(seed=1), Numeric(seed=1), Choice(seed=1)
    text, address, day = Text(Locale.ES, seed=1), Address(Locale.ES, seed=1), Datetime(seed=1)

    def make() -> int:
        (  # one row
            code.pin(mask="@@@##@@@#########"), transport.vehicle_registration_code(), transport.manufacturer(),
            transport.car(), numeric.integer_number(2005, 2026), day.date(), numeric.integer_number(0, 250_000),
            numeric.integer_number(1000, 60_000), numeric.integer_number(60, 400), text.color(), address.province(),
            choice(["Gasolina", "Diésel"]), choice(["Manual", "Automática"]), numeric.integer_number(2, 5),
            numeric.integer_number(0, 500),
        )  # fmt: skip
        return 1

    return make


def _faker() -> Callable[[], int]:
    from faker import Faker
    from faker_vehicle import VehicleProvider

    fake = Faker("es_ES")
    fake.add_provider(VehicleProvider)

    def make() -> int:
        car = fake.vehicle_object()
        (  # one row
            fake.vin(), fake.license_plate(), car["Make"], car["Model"], car["Year"], car["Category"],
            fake.random_int(0, 250_000), fake.random_int(1000, 60_000), fake.random_int(60, 400), fake.color_name(),
            fake.random_element(("Gasolina", "Diésel")), fake.random_element(("Manual", "Automática")),
            fake.random_int(2, 5), fake.date_this_decade(), fake.random_int(0, 500),
        )  # fmt: skip
        return 1

    return make


if __name__ == "__main__":
    main()
