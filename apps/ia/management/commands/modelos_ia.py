"""`manage.py modelos_ia`: the models of all accounts, what is known of them, and a way to try them out.

`--json` prints one object. `modelos` is a list in the order in which accounts and models are asked; of each:
`orden` (place in its account's chain of today; null for one that is not in it), `cuenta`, `modelo`, `estado` (`vivo`,
`falla`, `enfriando`, `retirado`, `sin_probar`, `no_listado`), `hasta` (end of a rest), `exito_pct`,
`vehiculos_por_peticion` and `segundos` of its latest requests (null: none), `ultimo_error` (a sentence, or empty) and
`desde` (when it was last asked). `avisos` is a list of sentences. With `--probar` there is `pruebas` too: of each model
that was tried `cuenta`, `modelo`, `resultado` (`bien`, `sin_provecho`, `sin_cupo`, or the kind of failure as in
`estadisticas_ia`), `vehiculos` of `pedidos`, `segundos` and `mensaje`. Moments are ISO 8601 with their offset.
"""

from __future__ import annotations

import asyncio
import json
import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from apps.ia.management.inspecting import InspectingCommand

if TYPE_CHECKING:
    from rich.console import Console

    from apps.ia.accounts import Configured
    from apps.ia.inspection import ModelLine
    from apps.ia.memory import Memory
    from apps.ia.probing import Probe

_HEADERS = ("Nº", "Cuenta", "Modelo", "Estado", "Éxito", "Veh./pet.", "Segundos", "Último error", "Desde")
_NUMERIC = (0, 4, 5, 6)


class Command(InspectingCommand):
    """Arguments in, table out: what is known is in `apps.ia.inspection`, trying out in `apps.ia.probing`."""

    help = "Lista los modelos de IA de todas las cuentas y cómo responden; con --probar hace una petición a cada uno."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument(
            "--probar", action="store_true",
            help="pide 2 vehículos a cada modelo que no conste muerto (gasta una petición por modelo)",
        )  # fmt: skip
        parser.add_argument(
            "--actualizar", action="store_true", help="vuelve a pedir la lista de modelos a los proveedores"
        )
        parser.add_argument("--json", action="store_true", help="un documento JSON en lugar de la tabla")

    def inspect(self, found: Configured, memory: Memory, options: dict[str, Any]) -> None:
        """Look, try out if asked to, and show."""
        silent = options["json"]
        lines, notices, probes = asyncio.run(self._look(found, memory, options))
        if silent:
            document: dict[str, Any] = {"modelos": [line.as_dict() for line in lines], "avisos": notices}
            if options["probar"]:
                document["pruebas"] = [probe.as_dict() for probe in probes]
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
            return
        for notice in notices:
            self.stdout.write(notice)
        if lines:
            _show(lines, self.console())

    async def _look(
        self, found: Configured, memory: Memory, options: dict[str, Any]
    ) -> tuple[list[ModelLine], list[str], list[Probe]]:
        from apps.ia import composition, discovery, inspection
        from apps.ia.probing import Prober
        from flotia.ports import SystemClock
        from flotia.routing import Route

        clients = composition.clients_of(found.accounts)
        chains = await discovery.chains(found.accounts, clients, memory, anew=options["actualizar"])
        routes = [Route(name, m) for name, chain in chains.items() for m in (*chain.models, *chain.dead)]
        records = await memory.experience.recall(routes)
        lines = inspection.model_lines(chains, records, time.time())
        probes: list[Probe] = []
        if options["probar"]:
            prober = Prober(found.accounts, chains, clients, memory, SystemClock())
            async for probe in prober.probe([line.route for line in lines if not line.state.is_dead]):
                probes.append(probe)
                if not options["json"]:
                    self.stdout.write(_told(probe))
            records = await memory.experience.recall(routes)
            lines = inspection.model_lines(chains, records, time.time())
        return lines, [*composition.notices_of(found.accounts, chains), *self.notices(found)], probes


def _told(probe: Probe) -> str:
    from apps.ia.tables import number

    name = f"{probe.route.account} {probe.route.model}"
    if probe.outcome == "bien":
        return f"✓ {name}: {probe.vehicles} vehículos en {number(probe.seconds)} s"
    return f"✗ {name}: {probe.message}"


def _show(lines: list[ModelLine], console: Console) -> None:
    from apps.ia import tables
    from apps.ia.inspection import State

    def state(line: ModelLine) -> str:
        if line.state is State.COOLING:
            return f"enfriando hasta {tables.clock(line.until, seconds=True)}"
        return line.state.replace("_", " ")

    rows = [
        (
            str(line.place or tables.NOTHING), line.route.account, line.route.model, state(line),
            tables.NOTHING if line.success is None else f"{line.success:.0f} %", tables.number(line.per_request),
            tables.number(line.record.latency or None), line.record.last_error or tables.NOTHING,
            tables.clock(line.since),
        )
        for line in lines
    ]  # fmt: skip
    tables.show(console, _HEADERS, rows, _NUMERIC)
