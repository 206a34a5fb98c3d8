"""What the API says when it cannot do what was asked: RFC 9457, in Spanish, and never more than a stranger may know."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from apps.api import validation
from apps.ia.errors import AccountsError, DatabaseProblemError
from apps.stock.errors import JobError, NothingToResumeError, RunInProgressError
from apps.stock.search.filters import InvalidFilterError
from apps.stock.wording import REQUEST_FIELDS
from flotia.errors import CatalogueError, FlotiaError, RequestError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its name in `type`, its status, and what it is called and means."""

    slug: str
    status: int
    title: str
    meaning: str


KINDS = (
    Kind("cuerpo-ilegible", 400, "Petición ilegible", "El cuerpo o las cabeceras no se pueden leer."),
    Kind("sin-identificar", 401, "Hace falta un token", "Falta el token, no existe, ha caducado o se revocó."),
    Kind("sin-permiso", 403, "El token no alcanza", "El token vale, pero no para esto: su alcance es otro."),
    Kind("no-encontrado", 404, "No existe", "No hay nada en esa dirección."),
    Kind("metodo", 405, "Método no admitido", "La dirección existe, pero no se usa con ese método."),
    Kind("conflicto", 409, "Ahora no es posible", "El estado de la ejecución o del stock no lo permite."),
    Kind("sin-longitud", 411, "Falta la longitud", "Un cuerpo se envía con Content-Length."),
    Kind("demasiado-grande", 413, "Cuerpo demasiado grande", "El cuerpo pasa de lo que se admite."),
    Kind("tipo-de-contenido", 415, "Tipo de contenido no admitido", "El cuerpo va en application/json."),
    Kind("no-valido", 422, "Petición no válida", "Algún dato falta o no puede ser; `errores` dice cuál y por qué."),
    Kind("clave-reutilizada", 422, "Clave ya usada", "La Idempotency-Key se usó antes con otro cuerpo."),
    Kind("demasiadas", 429, "Demasiadas peticiones", "Espere lo que dice Retry-After."),
    Kind("error-interno", 500, "Error interno", "Algo ha fallado aquí. Queda anotado."),
    Kind("no-disponible", 503, "No disponible ahora", "La base de datos o la configuración no permiten atenderla."),
)
_BY_SLUG = {kind.slug: kind for kind in KINDS}
_BY_STATUS = {kind.status: kind for kind in reversed(KINDS)}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, in a sentence."""

    campo: str
    detalle: str


@dataclass
class ProblemError(Exception):
    """A problem to be told: the kind by its slug, the sentence, what is wrong field by field, headers."""

    slug: str
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def body(kind: Kind, detail: str, instance: str, faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """A problem as RFC 9457 has it; `errores` only where there are some."""
    told: dict[str, Any] = {
        "type": f"/api/problemas#{kind.slug}", "title": kind.title, "status": kind.status, "detail": detail,
        "instance": instance,
    }  # fmt: skip
    if faults:
        told["errores"] = [{"campo": f.campo, "detalle": f.detalle} for f in faults]
    return told


def answer(request: HttpRequest, error: ProblemError) -> HttpResponse:
    """The problem as an answer."""
    kind = _BY_SLUG[error.slug]
    text = json.dumps(body(kind, error.detail, request.path, error.faults), ensure_ascii=False)
    return HttpResponse(text, content_type=MEDIA_TYPE, status=kind.status, headers=dict(error.headers))


def of_status(status: int) -> Kind:
    """The kind that a bare status stands for."""
    return _BY_STATUS.get(status) or _BY_STATUS[500 if status >= 500 else 400]


_BUSY = "La base de datos no responde ahora: vuelva a intentarlo en unos segundos."
#: What each exception is: the first that fits. Without a sentence here its own is told, which is made for users.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], str, str, dict[str, str]], ...] = (
    (
        (AuthenticationError,), "sin-identificar", "Envíe un token en la cabecera Authorization: Bearer …",
        {"WWW-Authenticate": 'Bearer realm="FlotIA"'},
    ),
    ((Http404,), "no-encontrado", "No hay nada en esa dirección.", {}),
    ((HttpError,), "cuerpo-ilegible", "No se entiende el cuerpo: debe ser JSON válido.", {}),
    ((RunInProgressError, NothingToResumeError, JobError), "conflicto", "", {}),
    # what a database says may name files and servers
    ((DatabaseProblemError, OperationalError, InterfaceError), "no-disponible", _BUSY, {"Retry-After": "5"}),
    ((AccountsError, CatalogueError), "no-disponible", "", {}),
    ((FlotiaError,), "no-valido", "", {}),
)  # fmt: skip


def of(error: Exception) -> ProblemError:
    """What an exception is to the client."""
    match error:
        case ProblemError():
            return error
        case ValidationError():
            faults = [Fault(validation.place(e["loc"]), validation.sentence(e)) for e in error.errors]
            return ProblemError("no-valido", " ".join(f"{f.campo}: {f.detalle}" for f in faults[:3]), faults)
        case InvalidFilterError():
            return ProblemError("no-valido", str(error), [Fault(*pair) for pair in error.faults.items()])
        case RequestError() if error.about in REQUEST_FIELDS:
            return ProblemError("no-valido", str(error), [Fault(REQUEST_FIELDS[error.about], str(error))])
    for kinds, slug, sentence, headers in _MEANINGS:
        if isinstance(error, kinds):
            return ProblemError(slug, sentence or str(error), headers=headers)
    return ProblemError("error-interno", "Algo ha fallado aquí; queda anotado. Vuelva a intentarlo más tarde.")


def install(api: NinjaAPI) -> None:
    """Make `api` tell every exception so."""

    def told(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        error = error if isinstance(error, Exception) else error()
        problem = of(error)
        if _BY_SLUG[problem.slug].status >= 500:
            _log.error("%s %s", request.method, request.path, exc_info=error)
        return answer(request, problem)

    for kind in (Exception, Http404, HttpError, ValidationError):
        api.add_exception_handler(kind, told)
