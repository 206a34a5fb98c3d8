"""Who may do what with the API: a token in `Authorization`, and nothing else.

A session of the panel is not accepted: a page elsewhere could then act in the name of who has logged in.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from apps.api import tokens
from apps.api.models import Alcance, TokenAPI
from apps.api.problems import ProblemError


class BearerToken(HttpBearer):
    """A token that is good for `scope`. With `public`, nobody needs one while the stock is everybody's."""

    openapi_description = "Un token de `manage.py token_api crear`, con el alcance que pide cada operación."

    def __init__(self, scope: Alcance, *, public: bool = False) -> None:
        self._scope, self._public = scope, public
        super().__init__()

    @property
    def is_public(self) -> bool:
        """Whether it lets in who has no token at all."""
        return self._public and bool(settings.FLOTIA_STOCK_PUBLICO)

    def __call__(self, request: HttpRequest) -> Any | None:
        """Whom it lets in; `True` for anybody. A token that is no good is never taken for none."""
        if self.is_public and not request.headers.get(self.header):
            return True
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> TokenAPI:  # noqa: ARG002 - ninja's signature
        """The token. Raises what becomes 401 or 403."""
        if (found := tokens.find(token)) is None:
            raise ProblemError(
                "sin-identificar", "Ese token no existe, ha caducado o se revocó.",
                headers={"WWW-Authenticate": 'Bearer realm="FlotIA", error="invalid_token"'},
            )  # fmt: skip
        if not found.may(self._scope):
            challenge = f'Bearer realm="FlotIA", error="insufficient_scope", scope="{self._scope.value}"'
            raise ProblemError(
                "sin-permiso", f"Este token no tiene el alcance {self._scope.value}: pida uno que lo tenga.",
                headers={"WWW-Authenticate": challenge},
            )  # fmt: skip
        return found


reading = BearerToken(Alcance.READ)
reading_stock = BearerToken(Alcance.READ, public=True)
generating = BearerToken(Alcance.GENERATE)


def token_of(request: HttpRequest) -> TokenAPI | None:
    """The token that a request was let in with."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, TokenAPI) else None


def token_required(request: HttpRequest) -> TokenAPI:
    """The same where nobody gets without. Raises what becomes 401."""
    if (token := token_of(request)) is None:
        raise AuthenticationError
    return token
