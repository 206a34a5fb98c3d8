"""`python -m bench.stock_page [requests]`: the page of the stock, by random filters and orders, through Django's test client.

Uses the stock of the configured database (`DATABASE_URL`, `FLOTIA_DATOS`) as it is. Each request is a filter nobody has
asked before: nine in ten are taken from a vehicle that is there, one in ten from values drawn one by one, which often
fit none. A third follow the link to the next page. The time is the server's, from request to rendered page.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import sys
import time
from typing import Any
from urllib.parse import urlencode

_REQUESTS, _SEED = 400, 20261122
_CHOICES = {"combustible": 0.3, "transmision": 0.2, "tipo_vehiculo": 0.25, "provincia": 0.3, "color": 0.15}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from apps.stock.models import Vehiculo

    settings.ALLOWED_HOSTS = ["testserver"]
    dice, client, times = random.Random(_SEED), Client(), []
    vehicles = _some_vehicles(dice)
    queries: dict[int, int] = {}
    client.get("/stock/")  # facets are kept
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else _REQUESTS):
        address = "/stock/?" + urlencode(_query(dice, vehicles))
        page = _timed(client, address, times)
        following = re.search(r'href="(\?[^"]+)" rel="next"', page)
        if following and dice.random() < 1 / 3:
            _timed(client, "/stock/" + following[1].replace("&amp;", "&"), times)
        if dice.random() < 0.1:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                client.get("/stock/?" + urlencode(_query(dice, vehicles)))
            queries[len(captured)] = queries.get(len(captured), 0) + 1
    times.sort()
    milliseconds = [1000 * seconds for seconds, _ in times]
    print(f"{connection.vendor} {Vehiculo.objects.count():,} vehicles, {len(times)} pages of random filter and order")
    print(
        f"p50 {statistics.median(milliseconds):.0f} ms  p95 {milliseconds[int(len(times) * 0.95)]:.0f} ms  "
        f"p99 {milliseconds[int(len(times) * 0.99)]:.0f} ms  max {milliseconds[-1]:.0f} ms"
    )
    print("queries a page:", dict(sorted(queries.items())))
    for seconds, address in times[-5:]:
        print(f"  {1000 * seconds:6.0f} ms {address}")


def _some_vehicles(dice: random.Random) -> list[Any]:
    from apps.stock.models import Vehiculo

    keys = list(Vehiculo.objects.values_list("pk", flat=True))
    return list(Vehiculo.objects.filter(pk__in=dice.sample(keys, min(500, len(keys)))))


def _timed(client: Any, address: str, times: list[tuple[float, str]]) -> str:
    begin = time.perf_counter()
    answer = client.get(address)
    times.append((time.perf_counter() - begin, address))
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def _query(dice: random.Random, vehicles: list[Any]) -> dict[str, Any]:
    one = dice.choice(vehicles)
    other = (lambda: dice.choice(vehicles)) if dice.random() < 0.1 else (lambda: one)
    query: dict[str, Any] = {}
    if dice.random() < 0.6:
        query["marca"] = one.marca
        if dice.random() < 0.4:
            query["modelo"] = one.modelo
    for name, chance in _CHOICES.items():
        if dice.random() < chance:
            query[name] = getattr(other(), name)
    if dice.random() < 0.15:
        query["etiqueta"] = other().etiqueta_dgt or "sin"
    if dice.random() < 0.35:
        price = int(other().precio_venta)
        query |= {"precio_desde": price * 85 // 100, "precio_hasta": price * 115 // 100}
    if dice.random() < 0.3:
        query["km_hasta"] = other().kilometros + 10_000
    if dice.random() < 0.3:
        query["anio_desde"] = other().anio_matricula
    query["orden"] = dice.choice(["", "-"]) + dice.choice(["llegada", "precio", "km", "anio", "potencia"])
    return query


if __name__ == "__main__":
    main()
