"""What is remembered of a model at an account, from one run to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Route(NamedTuple):
    """A model at an account: what can be asked."""

    account: str
    model: str


@dataclass(slots=True)
class Record:
    """A route's record. Moments are epoch seconds; `good`, `bad`, `asked` and `got` fade with time (`merit`).

    `cool_until` says until when it is left alone, `failures` how often it has failed in a row, `retired` that it was
    confirmed not to exist any more. `size` vehicles a request is its proven ability (0: not proven), `row_tokens` what a
    vehicle of its answers takes; `plain` that it takes no response format.
    """

    good: float = 0.0
    bad: float = 0.0
    asked: float = 0.0
    got: float = 0.0
    latency: float = 0.0
    updated: float = 0.0
    size: int = 0
    row_tokens: float = 0.0
    cool_until: float = 0.0
    failures: int = 0
    said_retired: int = 0
    retired: bool = False
    plain: bool = False
    last_asked: float = 0.0
    last_error: str = ""


class Experience(Protocol):
    """Keeps records from one run to the next."""

    async def recall(self, routes: Collection[Route]) -> Mapping[Route, Record]:
        """What is known of those routes."""
        ...

    async def keep(self, records: Mapping[Route, Record]) -> None:
        """What is known now."""
        ...


class NoExperience:
    """Every run learns anew."""

    async def recall(self, routes: Collection[Route]) -> Mapping[Route, Record]:  # noqa: ARG002
        """Nothing."""
        return {}

    async def keep(self, records: Mapping[Route, Record]) -> None:
        """Forget them."""
