"""How much and how often: bodies, and runs that one token may ask for."""

from __future__ import annotations

import math
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from apps.api.models import TokenAPI
from apps.api.problems import ProblemError

#: Bytes of a body; the largest order has a few hundred.
MAX_BODY = 16 * 1024
#: Seconds in which a token may ask for `FLOTIA_API_CREACIONES` runs.
WINDOW = timedelta(seconds=60)
_JSON = "application/json"


def check_body(request: HttpRequest) -> None:
    """Refuse a body that is too large, of unknown length, or no JSON. Raises `ProblemError`."""
    if "Transfer-Encoding" in request.headers:
        raise ProblemError("sin-longitud", "Envíe el cuerpo entero, con la cabecera Content-Length.")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal():
        raise ProblemError("cuerpo-ilegible", "La cabecera Content-Length no es un número.")
    if len(length) > 12 or int(length) > MAX_BODY:
        raise ProblemError("demasiado-grande", f"El cuerpo pasa de {MAX_BODY} bytes.")
    if int(length) and request.content_type != _JSON:
        raise ProblemError("tipo-de-contenido", f"Envíe el cuerpo como {_JSON}.")


def take_creation(token: TokenAPI) -> None:
    """Count one more run asked for by `token`. Raises `ProblemError` if there were too many in the window.

    Two conditional updates, so that processes on one database count together and none waits for another.
    """
    now = timezone.now()
    own, most = TokenAPI.objects.filter(pk=token.pk), settings.FLOTIA_API_CREACIONES
    own.filter(Q(ventana=None) | Q(ventana__lte=now - WINDOW)).update(ventana=now, creadas=0)
    if own.filter(creadas__lt=most).update(creadas=F("creadas") + 1):
        return
    began = own.values_list("ventana", flat=True).get() or now
    wait = max(1, math.ceil((began + WINDOW - now).total_seconds()))
    raise ProblemError(
        "demasiadas", f"Este token puede pedir {most} ejecuciones por minuto: espere {wait} segundos.",
        headers={"Retry-After": str(wait)},
    )  # fmt: skip
