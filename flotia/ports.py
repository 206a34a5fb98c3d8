"""What the engine needs from outside, as protocols: whoever builds an engine hands these in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from flotia.outcome import Answer, Failure, Offer, Standing


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call: the model's id, the two messages, the token limit, and a JSON schema where the answer must obey one."""

    model: str
    system: str
    user: str
    max_tokens: int
    schema: dict[str, Any] | None = None
    temperature: float = 0.7


class ChatClient(Protocol):
    """Asks a model. A failure is a value, never an exception."""

    async def complete(self, request: ChatRequest) -> Answer | Failure: ...

    async def standing(self) -> Standing | None:
        """How the account stands today, if its provider says so. Costs no request and never raises."""
        ...

    async def offered(self) -> tuple[Offer, ...] | None:
        """The models that the provider lists today, if it does. Costs no request and never raises."""
        ...

    async def aclose(self) -> None:
        """Let go of connections, inside the event loop that made them. The client may be used again."""
        ...


class Clock(Protocol):
    """Time, handed in so that tests need not wait."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class WornIdentities(Protocol):
    """Knows which identities are worn already outside this run."""

    async def any(self) -> bool:
        """Whether any is at all; if not, `taken` is not asked."""
        ...

    async def taken(self, vins: Collection[str], plates: Collection[str]) -> tuple[set[str], set[str]]:
        """The ones of `vins` and of `plates` that may not be given again."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class NoIdentities:
    """Nothing is taken: a run that stands alone."""

    async def any(self) -> bool:
        return False

    async def taken(self, vins: Collection[str], plates: Collection[str]) -> tuple[set[str], set[str]]:  # noqa: ARG002
        return set(), set()
