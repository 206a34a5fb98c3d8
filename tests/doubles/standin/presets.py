"""The workloads on which FlotIA and its peers are measured: 16 models, deterministic faults, answers after some 300 ms.

Each takes the ids of the models in the order in which they are asked, for the faulty ones stand first, and what else a
`StandIn` takes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.doubles.standin.app import Outage, StandIn, lognormal
from tests.doubles.standin.limits import Account, Window

#: The chain of the specification, in its order.
MODELS = (
    "meta-llama/llama-3.2-3b-instruct:free", "qwen/qwen-2-7b-instruct:free", "mistralai/mistral-7b-instruct:free",
    "google/gemini-2.0-flash-exp:free", "nousresearch/hermes-3-llama-3.1-405b:free",
    "microsoft/phi-3-mini-128k-instruct:free", "openchat/openchat-7b:free", "gryphe/mythomist-7b:free",
    "undi95/toppy-m-7b:free", "google/gemma-7b-it:free", "cognitivecomputations/dolphin-mixtral-8x7b:free",
    "huggingfaceh4/zephyr-7b-beta:free", "meta-llama/llama-3.1-8b-instruct:free", "meta-llama/llama-3-8b-instruct:free",
    "mistralai/mistral-7b-instruct-v0.1:free", "mistralai/mistral-7b-instruct-v0.2:free",
)  # fmt: skip
LATENCY = lognormal(0.3)
_WINDOW, _RUN = 5, 3600
#: A fifth of the answers cannot be read to the end.
_FIFTH = ["ok"] * 4 + ["broken_json"] + ["ok"] * 4 + ["truncated"]
#: How often a model that is a little bad does what.
_DIRT = {
    "ok": 11, "fenced": 2, "prose": 1, "short": 2, "duplicates": 1, "wrong_fields": 1, "broken_json": 1, "e500": 1,
}  # fmt: skip
_SCRIPT = 40


def faults(models: Sequence[str] = MODELS, **more: Any) -> StandIn:
    """Two models that answer 429 in every other window of 5 s, one always 404, one that breaks or truncates a fifth of its
    JSON; the others are well.
    """
    limited, also_limited, dead, breaking, *well = models
    schedule = {limited: _every_other(0), also_limited: _every_other(_WINDOW)}
    scripts = {limited: "ok", also_limited: "ok", dead: "retired", breaking: _FIFTH, **dict.fromkeys(well, "ok")}
    return StandIn(scripts, **{"schedule": schedule, "latency": LATENCY, **more})


def quota(models: Sequence[str] = MODELS, **more: Any) -> StandIn:
    """Every model takes 4 requests in 10 s."""
    return StandIn(dict.fromkeys(models, "ok"), **{"windows": {"*": Window(4, 10)}, "latency": LATENCY, **more})


def dirty(seed: int = 1, models: Sequence[str] = MODELS, **more: Any) -> StandIn:
    """Every model a little bad: fences, prose, short batches, bad fields, duplicates, broken JSON, 500s."""
    rng = random.Random(seed)
    scripts = {m: rng.choices(list(_DIRT), list(_DIRT.values()), k=_SCRIPT) for m in models}
    return StandIn(scripts, **{"latency": LATENCY, "seed": seed, **more})


def free_account(models: Sequence[str] = MODELS, **more: Any) -> StandIn:
    """An account without credit: 20 calls a minute and 50 a UTC day over all models, which are well."""
    return StandIn(dict.fromkeys(models, "ok"), **{"account": Account(20, 50), "latency": LATENCY, **more})


#: By the names that the command line knows.
PRESETS: dict[str, Callable[..., StandIn]] = {
    "free-account": free_account, "faults": faults, "quota": quota, "dirty": dirty,
}  # fmt: skip


def _every_other(start: int) -> list[Outage]:
    """Windows of an upstream limit for as long as any run lasts."""
    return [(t, t + _WINDOW, "upstream_limit") for t in range(start, _RUN, 2 * _WINDOW)]
