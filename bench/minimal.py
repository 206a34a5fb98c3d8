"""The least that could be done, written by hand for one workload: it is told beforehand which models are well, keeps no
state, judges nothing and saves nothing. What the dispatcher is measured against.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2


@dataclass(frozen=True)
class Outcome:
    """Wall and CPU seconds, calls sent, rows that could be read."""

    wall: float
    cpu: float
    calls: int
    rows: int


def run(base: str, prompts: Sequence[tuple[str, str]], models: Sequence[str], lanes: int) -> Outcome:
    """Send every prompt to `models` in turn, `lanes` at once, again to the next one when a call fails."""
    return asyncio.run(_run(base, prompts, models, lanes))


async def _run(base: str, prompts: Sequence[tuple[str, str]], models: Sequence[str], lanes: int) -> Outcome:
    waiting = list(enumerate(prompts))
    calls = rows = 0
    wall, cpu = time.perf_counter(), time.process_time()

    async def lane(http: httpx2.AsyncClient, number: int) -> None:
        nonlocal calls, rows
        turn = number
        while waiting:
            n, (system, user) = waiting.pop()
            model = models[turn % len(models)]
            turn += 1
            calls += 1
            body = {
                "model": model, "max_tokens": 3500, "temperature": 0.7,
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            }  # fmt: skip
            answer = await http.post(f"{base}/chat/completions", json=body)
            try:
                rows += len(json.loads(answer.json()["choices"][0]["message"]["content"])["v"])
            except (ValueError, KeyError, TypeError):
                waiting.append((n, (system, user)))

    async with httpx2.AsyncClient(timeout=60, limits=httpx2.Limits(max_connections=lanes), trust_env=False) as http:
        await asyncio.gather(*(lane(http, n) for n in range(lanes)))
    return Outcome(time.perf_counter() - wall, time.process_time() - cpu, calls, rows)
