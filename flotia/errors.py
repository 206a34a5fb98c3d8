"""What can go wrong, as a user reads it.

Each class says one thing a user can act on. The message is Spanish, one or two sentences: what happened, what was
kept, what to do next. Nothing here carries a key.
"""

from __future__ import annotations


class FlotiaError(Exception):
    """The root of all errors that FlotIA raises on purpose; its text is made for the user."""


class RequestError(FlotiaError, ValueError):
    """What was asked for makes no sense: an amount, a seed, a profile.

    `about` is the field of `Request` that it is about; empty if it is about none, or several.
    """

    def __init__(self, message: str, *, about: str = "") -> None:
        super().__init__(message)
        self.about = about


class UnknownBrandError(RequestError):
    """The brand is not in the catalogue; the message offers the nearest names.

    `misspelt` says that one of them is so near that it must be meant.
    """

    def __init__(self, message: str, *, misspelt: bool = False) -> None:
        super().__init__(message, about="brand")
        self.misspelt = misspelt


class CatalogueError(FlotiaError):
    """A catalogue file is missing or wrong."""


class ProviderError(FlotiaError):
    """The provider refuses in a way that no other model can mend: a bad key, a charge for a free call."""


class EmbeddedModelError(FlotiaError):
    """The embedded model cannot be started."""
