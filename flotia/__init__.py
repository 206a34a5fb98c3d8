"""FlotIA's engine: exactly the vehicles asked for, coherent to the last field, out of unreliable language models.

    >>> from flotia import Request, generate
    >>> vehicles = generate(Request(amount=3, use_ai=False))
    >>> len(vehicles)
    3

Nothing here knows Django. Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flotia.bridge import iterate
    from flotia.catalogue.loader import Catalogue
    from flotia.engine import Engine, Source
    from flotia.errors import FlotiaError, ProviderError, RequestError, UnknownBrandError
    from flotia.generation import generate
    from flotia.request import Profile, Request
    from flotia.vehicle import Origin, Vehicle

__version__ = "0.1.0"

_HOMES = {
    "Catalogue": "flotia.catalogue.loader",
    "Engine": "flotia.engine",
    "FlotiaError": "flotia.errors",
    "Origin": "flotia.vehicle",
    "Profile": "flotia.request",
    "ProviderError": "flotia.errors",
    "Request": "flotia.request",
    "RequestError": "flotia.errors",
    "Source": "flotia.engine",
    "UnknownBrandError": "flotia.errors",
    "Vehicle": "flotia.vehicle",
    "generate": "flotia.generation",
    "iterate": "flotia.bridge",
}

__all__ = [
    "Catalogue",
    "Engine",
    "FlotiaError",
    "Origin",
    "Profile",
    "ProviderError",
    "Request",
    "RequestError",
    "Source",
    "UnknownBrandError",
    "Vehicle",
    "generate",
    "iterate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
