"""A client that answers from a script: for tests of FlotIA and of whoever builds on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flotia.outcome import Answer, Failure, Offer, Standing
from flotia.ports import ChatRequest

Reply = Answer | Failure | str
Rule = Callable[[ChatRequest], Reply]


@dataclass(slots=True)
class ScriptedClient:
    """Answers each request with the next of `replies`, then with what `otherwise` makes of the request.

    A plain text becomes an `Answer` of the model that was asked. `requests` keeps everything
    that was asked, in order; `account` and `models` are what the provider says of itself. Raises
    `AssertionError` when the script is over and there is no `otherwise`.
    """

    replies: Iterable[Reply] = ()
    otherwise: Rule | None = None
    requests: list[ChatRequest] = field(default_factory=list)
    account: Standing | None = None
    models: tuple[Offer, ...] | None = None

    def __post_init__(self) -> None:
        self.replies = iter(self.replies)

    async def complete(self, request: ChatRequest) -> Answer | Failure:
        """The next reply."""
        self.requests.append(request)
        for reply in self.replies:
            return _as_outcome(reply, request)
        if self.otherwise is None:
            raise AssertionError(f"the script has no answer left for {request.model}")
        return _as_outcome(self.otherwise(request), request)

    async def standing(self) -> Standing | None:
        """What was given as `account`."""
        return self.account

    async def offered(self) -> tuple[Offer, ...] | None:
        """What was given as `models`."""
        return self.models

    async def aclose(self) -> None:
        """Nothing to let go of."""


def _as_outcome(reply: Reply, request: ChatRequest) -> Answer | Failure:
    return Answer(reply, request.model) if isinstance(reply, str) else reply
