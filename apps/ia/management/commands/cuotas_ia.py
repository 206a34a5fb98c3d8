"""`manage.py cuotas_ia`: what each account may still ask today.

`--json` prints one object. `cuentas` is a list in the order in which accounts are asked; of each: `cuenta`, `base`,
`limites` (as they are written in FLOTIA_PROVEEDORES, `*` for each model's own), `usadas_hoy` (requests of this UTC day),
`quedan` (null: no daily limit is known), `se_repone` (when the day's requests are whole again), `cerrada_hasta` (end of a
minute's refusal, or null), `agotada_hasta` (end of a day's, or null) and `consultado_al_proveedor` (whether the provider told
its figures now). `avisos` is a list of sentences. Moments are ISO 8601 with their offset.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from apps.ia.management.inspecting import InspectingCommand

if TYPE_CHECKING:
    from rich.console import Console

    from apps.ia.accounts import Configured
    from apps.ia.inspection import Quota
    from apps.ia.memory import Memory

_HEADERS = ("Cuenta", "Límites", "Usadas hoy", "Quedan", "Se repone", "Estado", "Fuente")
_NUMERIC = (2, 3)


class Command(InspectingCommand):
    """Arguments in, table out: what is known is in `apps.ia.inspection`."""

    help = "Muestra el cupo de cada cuenta: límites, peticiones usadas y cuándo se reponen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument(
            "--sin-red", action="store_true", help="solo lo anotado aquí, sin preguntar a los proveedores"
        )
        parser.add_argument("--json", action="store_true", help="un documento JSON en lugar de la tabla")

    def inspect(self, found: Configured, memory: Memory, options: dict[str, Any]) -> None:
        """Look and show."""
        from apps.ia import composition, inspection
        from flotia.ports import SystemClock

        clients = composition.clients_of(found.accounts)
        quotas = asyncio.run(
            inspection.quotas(found.accounts, clients, memory, SystemClock(), ask=not options["sin_red"])
        )
        if options["json"]:
            document = {"cuentas": [quota.as_dict() for quota in quotas], "avisos": self.notices(found)}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
            return
        for notice in self.notices(found):
            self.stdout.write(notice)
        if quotas:
            _show(quotas, self.console())


def _show(quotas: list[Quota], console: Console) -> None:
    from apps.ia import tables
    from apps.ia.inspection import limit_texts

    def state(quota: Quota) -> str:
        if quota.spent_until is not None:
            return f"agotada hasta {tables.clock(quota.spent_until)}"
        if quota.closed_until is not None:
            return f"cerrada hasta {tables.clock(quota.closed_until, seconds=True)}"
        return "agotada" if quota.left == 0 else "abierta"

    rows = [
        (
            quota.account, " ".join(limit_texts(quota.limits)) or "no se conocen", str(quota.used),
            tables.NOTHING if quota.left is None else str(quota.left), tables.clock(quota.resets), state(quota),
            "proveedor" if quota.asked else "anotado aquí",
        )
        for quota in quotas
    ]  # fmt: skip
    tables.show(console, _HEADERS, rows, _NUMERIC)
