#!/usr/bin/env python
"""Script de generación masiva: menú interactivo, o directamente `python test_generacion_masiva.py 1500`.

Hace lo mismo que `manage.py migrate_stock_and_scrape --usar-ia --cantidad N`: publica en el stock.
"""

from __future__ import annotations

import os
import sys

_AMOUNTS = {"1": 50, "2": 100, "3": 500, "4": 1000}
_MENU = """
Generación masiva de vehículos (se publican en el stock)

1. 50 vehículos (prueba rápida)
2. 100 vehículos (prueba normal)
3. 500 vehículos (generación grande)
4. 1000 vehículos (generación masiva)
5. Cantidad personalizada
0. Salir
"""


def main(argv: list[str]) -> int:
    """Read the amount from `argv` or the menu, and run the command. Returns the exit code."""
    if len(argv) > 1:
        print("Uso: python test_generacion_masiva.py [CANTIDAD]", file=sys.stderr)
        return 2
    try:
        amount = _whole(argv[0]) if argv else _choose()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (EOFError, KeyboardInterrupt):
        return 0
    return 0 if amount is None else _generate(amount)


def _choose() -> int | None:
    """Ask until the answer makes sense; `None` to leave."""
    while True:
        print(_MENU)
        choice = input("Opción: ").strip()
        if choice == "0":
            return None
        if choice in _AMOUNTS:
            return _AMOUNTS[choice]
        if choice != "5":
            print(f"La opción {choice!r} no está en el menú: escriba un número de 0 a 5.")
            continue
        try:
            return _whole(input("¿Cuántos vehículos? ").strip())
        except ValueError as error:
            print(error)


def _whole(text: str) -> int:
    try:
        amount = int(text)
    except ValueError:
        raise ValueError(f"{text!r} no es un número entero: escriba, por ejemplo, 1500.") from None
    if amount < 1:
        raise ValueError(f"No se pueden generar {amount} vehículos: escriba 1 o más.")
    return amount


def _generate(amount: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    try:
        call_command("migrate_stock_and_scrape", usar_ia=True, cantidad=amount)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
