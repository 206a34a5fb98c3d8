"""A client of the API, and what its tests share."""

from __future__ import annotations

import json

from django.test import Client

from apps.api import tokens
from apps.api.models import Alcance
from apps.api.problems import MEDIA_TYPE

READ, GENERATE = [Alcance.READ], [Alcance.GENERATE]


class ApiClient(Client):
    """Speaks JSON and, if it has one, shows its token. A failure of the server is an answer, as it is outside."""

    def __init__(self, token: str = "") -> None:
        super().__init__(raise_request_exception=False)
        self.token = token

    def request(self, **given):
        if self.token:
            given.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        return super().request(**given)

    def send(self, path, body=None, **headers):
        text = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        return self.post(f"/api/v1{path}", text, content_type="application/json", headers=headers)

    def ask(self, path, query=None, **headers):
        return self.get(f"/api/v1{path}", query or {}, headers=headers)


def having(*scopes: Alcance, days: int | None = None, name: str = "") -> ApiClient:
    """A client with a new token."""
    return ApiClient(tokens.issue(name or f"de prueba {'+'.join(scopes)}", scopes, days)[1])


def is_problem(answer, status: int, slug: str) -> bool:
    """Whether it is that problem, told as RFC 9457 has it."""
    told = answer.json()
    assert answer.status_code == told["status"] == status, answer.content
    assert answer["Content-Type"] == MEDIA_TYPE
    assert told["type"] == f"/api/problemas#{slug}", told
    assert told["title"]
    assert told["detail"]
    assert told["instance"].startswith("/api/")
    assert "Traceback" not in answer.content.decode()
    return True
