"""A creation asked for twice under one name happens once, whoever sends the second while the first is under way.

The name is a row whose uniqueness the database keeps. It is written in the transaction that makes the run: who comes second
waits for the first to end, and then finds its answer, or makes the run itself if the first has failed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.api.models import ClaveIdempotencia, TokenAPI
from apps.api.problems import ProblemError
from apps.api.schemas import Ejecucion
from apps.stock import models

#: Visible ASCII.
KEY_FORM = r"^[!-~]{1,128}$"
KEPT = timedelta(hours=24)
New = Callable[[], tuple[models.Ejecucion, Ejecucion]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A creation: by whom, under which name (`None`: none), and with which body."""

    token: TokenAPI
    key: str | None
    body: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """The same for bodies that say the same in another order."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()


def created_once(asked: Asked, door: Callable[[], None], new: New) -> tuple[Ejecucion, bool]:
    """The answer to `asked`, and whether it was given before. `door` is passed by whoever comes for something new.

    Raises `ProblemError` for a name that was used with another body, and what `door` and `new` raise.
    """
    if (known := _known(asked)) is not None:
        return known, True
    door()
    if asked.key is None:
        return new()[1], False
    try:
        with transaction.atomic():
            row = ClaveIdempotencia(token=asked.token, clave=asked.key, huella=asked.fingerprint)
            row.save(force_insert=True)
            row.ejecucion, answer = new()
            row.respuesta = answer.model_dump(mode="json")
            row.save(update_fields=["ejecucion", "respuesta"])
    except IntegrityError:
        if (known := _known(asked)) is None:
            raise
        return known, True
    return answer, False


def _known(asked: Asked) -> Ejecucion | None:
    """The answer that was given under that name, if it is not too long ago."""
    if asked.key is None:
        return None
    ClaveIdempotencia.objects.filter(creada__lt=timezone.now() - KEPT).delete()
    row = ClaveIdempotencia.objects.filter(token=asked.token, clave=asked.key).first()
    if row is None:
        return None
    if row.huella != asked.fingerprint:
        raise ProblemError(
            "clave-reutilizada", "Esa Idempotency-Key se usó antes con otro cuerpo: use una nueva para otro pedido."
        )
    return Ejecucion.model_validate(row.respuesta)
