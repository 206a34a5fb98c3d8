"""Scripted models made of the stand-in's shapes: the same misbehaviour without a socket."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from flotia.clients import failures
from flotia.clients.openai_compatible import OpenAICompatibleClient
from flotia.clients.scripted import Rule, ScriptedClient
from flotia.outcome import Answer, Failure
from flotia.ports import ChatRequest
from tests.doubles.standin.shapes import SHAPES, Context

#: Shapes that need a real connection.
OVER_THE_WIRE = frozenset({"cut", "drip", "hang"})


def playing(shape_of: Callable[[ChatRequest], str], seed: int = 1, now: float = 1_795_000_000.0) -> ScriptedClient:
    """A client whose models answer in the shape that `shape_of` names for each request, read by the real client's code."""
    rng = random.Random(seed)

    def rule(request: ChatRequest) -> Answer | Failure:
        body = {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "messages": [{"content": request.system}, {"content": request.user}],
        }
        reply = SHAPES[shape_of(request)](Context(body, now, random.Random(rng.random())))
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        parsed = None if isinstance(reply.body, str) else reply.body
        raw = failures.Raw(reply.status, {k.lower(): v for k, v in reply.headers.items()}, parsed, text)
        return OpenAICompatibleClient.judge(raw, request.model, now)

    otherwise: Rule = rule
    return ScriptedClient(otherwise=otherwise)
