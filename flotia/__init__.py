"""FlotIA's engine: exactly the vehicles asked for, coherent to the last field, out of unreliable language models.

    >>> from flotia import Request, generate
    >>> vehicles = generate(Request(amount=3, use_ai=False))
    >>> len(vehicles)
    3

With a model: `generate(request, Source(OpenAICompatibleClient(Endpoint("http://127.0.0.1:11434/v1")), ["llama3.2"]))`; in
tests, a `ScriptedClient` in its place.

Nothing here knows Django. Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flotia.bridge import iterate
    from flotia.catalogue.loader import Catalogue
    from flotia.clients.openai_compatible import Endpoint, OpenAICompatibleClient
    from flotia.clients.scripted import ScriptedClient
    from flotia.engine import Engine, Source
    from flotia.errors import FlotiaError, ProviderError, RequestError, UnknownBrandError
    from flotia.generation import generate
    from flotia.judgement.rules import Assessment, Assessor, Finding, Rule, Severity, judge
    from flotia.request import Profile, Request
    from flotia.vehicle import Origin, Vehicle

__version__ = "0.1.0"

_HOMES = {
    "Assessment": "flotia.judgement.rules",
    "Assessor": "flotia.judgement.rules",
    "Catalogue": "flotia.catalogue.loader",
    "Endpoint": "flotia.clients.openai_compatible",
    "Engine": "flotia.engine",
    "Finding": "flotia.judgement.rules",
    "FlotiaError": "flotia.errors",
    "OpenAICompatibleClient": "flotia.clients.openai_compatible",
    "Origin": "flotia.vehicle",
    "Profile": "flotia.request",
    "ProviderError": "flotia.errors",
    "Request": "flotia.request",
    "RequestError": "flotia.errors",
    "Rule": "flotia.judgement.rules",
    "ScriptedClient": "flotia.clients.scripted",
    "Severity": "flotia.judgement.rules",
    "Source": "flotia.engine",
    "UnknownBrandError": "flotia.errors",
    "Vehicle": "flotia.vehicle",
    "generate": "flotia.generation",
    "iterate": "flotia.bridge",
    "judge": "flotia.judgement.rules",
}

__all__ = [
    "Assessment",
    "Assessor",
    "Catalogue",
    "Endpoint",
    "Engine",
    "Finding",
    "FlotiaError",
    "OpenAICompatibleClient",
    "Origin",
    "Profile",
    "ProviderError",
    "Request",
    "RequestError",
    "Rule",
    "ScriptedClient",
    "Severity",
    "Source",
    "UnknownBrandError",
    "Vehicle",
    "generate",
    "iterate",
    "judge",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
