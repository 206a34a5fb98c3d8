"""Tokens: 256 random bits that are shown once and kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.api.models import Alcance, TokenAPI
from flotia.errors import FlotiaError

#: How a token begins, so that scanners for leaked secrets and people recognise it.
PREFIX = "flotia_"
_BYTES = 32
#: What is no token of ours is not even hashed.
_LONGEST = 128
#: How coarsely the last use is kept.
_NOTED_EVERY = timedelta(hours=1)


class TokenError(FlotiaError):
    """A token cannot be made or found; the message is for whoever runs the command."""


def issue(name: str, scopes: Iterable[Alcance], days: int | None = None) -> tuple[TokenAPI, str]:
    """A new token, good for `days` (`None`: until revoked), and its text, which nobody can find out later.

    Raises `TokenError` if a token of that name is in force.
    """
    text = PREFIX + secrets.token_urlsafe(_BYTES)
    expires = None if days is None else timezone.now() + timedelta(days=days)
    token = TokenAPI(nombre=name, huella=_hash(text), alcance=",".join(dict.fromkeys(scopes)), caduca=expires)
    try:
        with transaction.atomic():
            token.save()
    except IntegrityError:
        raise TokenError(f"Ya hay un token «{name}» sin revocar: revóquelo antes o elija otro nombre.") from None
    return token, text


def revoke(name: str) -> None:
    """Make the token of that name worthless. Raises `TokenError` if there is none in force."""
    if not TokenAPI.objects.filter(nombre=name, revocado=None).update(revocado=timezone.now()):
        raise TokenError(f"No hay ningún token «{name}» sin revocar.")


def find(text: str) -> TokenAPI | None:
    """The token in force that `text` is.

    Sought by hash in a unique index: how long that takes says nothing of a token that somebody guesses at.
    """
    if not text.startswith(PREFIX) or len(text) > _LONGEST:
        return None
    token = TokenAPI.objects.filter(huella=_hash(text), revocado=None).first()
    now = timezone.now()
    if token is None or (token.caduca is not None and token.caduca <= now):
        return None
    if token.ultimo_uso is None or now - token.ultimo_uso >= _NOTED_EVERY:
        TokenAPI.objects.filter(pk=token.pk).update(ultimo_uso=now)
    return token


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
