"""The document that describes the API: ninja's, with problems as what they are, files, streams and headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from ninja import NinjaAPI, Schema
from ninja.openapi.schema import OpenAPISchema

from apps.api import problems
from apps.api.schemas import Problema, ProblemaDeDatos

#: What every operation may answer.
_ALWAYS = (500, 503)
_HEADERS = {
    401: {"WWW-Authenticate": "Qué token se pide"},
    403: {"WWW-Authenticate": "Qué alcance se pide"},
    429: {"Retry-After": "Segundos que hay que esperar"},
}
_PUBLIC = "/vehiculos"


def errors(*statuses: int) -> dict[int, type[Schema]]:
    """The models of an operation's errors."""
    return {status: ProblemaDeDatos if status == 422 else Problema for status in (*statuses, *_ALWAYS)}


def files(kinds: Mapping[str, str], item: type[Schema]) -> dict[str, Any]:
    """What is added to an operation that gives files of `kinds` (media types by ending)."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content: dict[str, Any] = {media.partition(";")[0]: binary for media in kinds.values()}
    content["application/json"] = {
        "schema": {"type": "array", "items": {"$ref": f"#/components/schemas/{item.__name__}"}}
    }
    header = {"Content-Disposition": {"schema": {"type": "string"}, "description": "El nombre del fichero"}}
    return {"responses": {200: {"description": "El fichero", "content": content, "headers": header}}}


def stream() -> dict[str, Any]:
    """What is added to an operation that gives server-sent events: of such a stream a schema describes each event."""
    fields = {
        "id": {"type": "string", "description": "El número del evento, para Last-Event-ID"},
        "event": {"type": "string", "description": "De qué clase es; el último, `fin`", "examples": ["lote"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    }
    content = {"text/event-stream": {"schema": {"type": "object", "properties": fields}}}
    return {"responses": {200: {"description": "Los eventos, según llegan", "content": content}}}


def created(*names: tuple[str, str]) -> dict[str, Any]:
    """Headers of a 201."""
    headers = {name: {"schema": {"type": "string"}, "description": text} for name, text in names}
    return {"responses": {201: {"headers": headers}}}


class DocumentedAPI(NinjaAPI):
    """An API whose document says what it really answers."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._documents: dict[bool, OpenAPISchema] = {}

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """Ninja's, completed; made once, for it takes most of a second and anybody may ask for it."""
        public = bool(settings.FLOTIA_STOCK_PUBLICO)
        if public not in self._documents:
            self._documents[public] = self._completed(super().get_openapi_schema(**given), public=public)
        return self._documents[public]

    @staticmethod
    def _completed(document: OpenAPISchema, *, public: bool) -> OpenAPISchema:
        for path, operations in document["paths"].items():
            for operation in operations.values():
                for parameter in operation["parameters"]:
                    parameter["schema"] = _without_null(parameter["schema"])
                for status, response in operation["responses"].items():
                    _complete(int(status), response, path)
                if public and _PUBLIC in path:
                    operation["security"] = [*operation.get("security", []), {}]
        return document


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be missing is not sent; there is no way to send `null`."""
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: value for name, value in schema.items() if name not in {"anyOf", "default"}} | kinds[0]


def _complete(status: int, response: dict[str, Any], path: str) -> None:
    if status < 400:
        return
    kind = problems.of_status(status)
    response["description"] = kind.meaning
    model = response["content"].pop("application/json")
    example = problems.body(kind, kind.meaning, path)
    response["content"] = {problems.MEDIA_TYPE: {**model, "example": example}}
    if status in _HEADERS:
        response["headers"] = {
            name: {"schema": {"type": "string"}, "description": text} for name, text in _HEADERS[status].items()
        }
