"""What was learned of models, in the database: from one run to the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from apps.ia.accounts import Account
from apps.ia.books import row_of
from apps.ia.database_thread import DatabaseThread
from apps.ia.models import ListaModelos, ModeloIA
from flotia.ports import Clock, SystemClock
from flotia.routing import Record, Route

#: A model that was retired so long ago is asked again, in seconds: free models come and go within weeks.
_ASK_AGAIN = 7 * 86_400.0


class DatabaseExperience:
    """`flotia.routing.Experience` on `ModeloIA.registro`, on the given thread; of the given accounts, no others.

    Only what has changed since it was recalled or kept is written: another run may have learned more of the rest. Raises
    `DatabaseProblemError` where the database fails.
    """

    def __init__(self, thread: DatabaseThread, accounts: Iterable[Account], clock: Clock | None = None) -> None:
        self._thread, self._clock = thread, clock or SystemClock()
        self._rows = {a.name: thread.run(partial(_row, a)) for a in accounts}
        self._written: dict[Route, dict[str, Any]] = {}

    async def recall(self, routes: Collection[Route]) -> Mapping[Route, Record]:
        """What is known of those routes. A model that was retired gets a new chance in time, or when it is listed again."""
        return await self._thread.ask(partial(self._read, list(routes)))

    async def keep(self, records: Mapping[Route, Record]) -> None:
        """What is known now. What nobody has asked yet is not worth a row."""
        changed = {}
        for route, record in records.items():
            told = asdict(record)
            if route.account in self._rows and told != self._written.get(route, _NOTHING):
                changed[route] = told
        if changed:
            await self._thread.ask(partial(self._write, changed))
            self._written |= changed

    def _read(self, routes: list[Route]) -> Mapping[Route, Record]:
        names = {pk: name for name, pk in self._rows.items()}
        lists = {x.cuenta_id: x for x in ListaModelos.objects.filter(cuenta__in=names)}
        found = {}
        for row in ModeloIA.objects.filter(cuenta__in=names, modelo__in={r.model for r in routes}):
            route = Route(names[row.cuenta_id], row.modelo)
            if route not in routes:
                continue
            record = record_of(row.registro)
            self._written[route] = asdict(record)
            since = record.last_asked or row.actualizado.timestamp()
            found[route] = given_a_chance(record, since, route.model, lists.get(row.cuenta_id), self._clock.now())
        return found

    def _write(self, changed: Mapping[Route, dict[str, Any]]) -> None:
        ModeloIA.objects.bulk_create(
            [ModeloIA(cuenta_id=self._rows[r.account], modelo=r.model, registro=told) for r, told in changed.items()],
            update_conflicts=True,
            unique_fields=["cuenta", "modelo"],
            update_fields=["registro", "actualizado"],
        )


def given_a_chance(record: Record, since: float, model: str, listed: ListaModelos | None, now: float) -> Record:
    """The record, not retired any more if its model was listed after `since`, or if that is long ago (epoch seconds)."""
    if not record.retired:
        return record
    if listed is not None and listed.obtenida.timestamp() > since and model in listed_models(listed.ofertas):
        record.retired, record.said_retired = False, 0
    elif now - since > _ASK_AGAIN:
        record.retired, record.said_retired = False, 1  # one more "it is gone" will do
    return record


def record_of(kept: Any) -> Record:
    """The record in a `ModeloIA.registro`: what it does not hold, or holds in another type, is as new."""
    record = Record()
    for name, new in _NOTHING.items():
        value = kept.get(name) if isinstance(kept, dict) else None
        if isinstance(new, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is type(new):
            setattr(record, name, value)
    return record


def listed_models(offers: Any) -> set[str]:
    """The ids in a `ListaModelos.ofertas`."""
    return {o["model"] for o in offers if isinstance(o, dict) and isinstance(o.get("model"), str)}


def _row(account: Account) -> int:
    return row_of(account).pk


_NOTHING: dict[str, Any] = asdict(Record())
