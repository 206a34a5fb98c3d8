"""What the model lists tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.doubles.standin.limits import of_model

#: Tokens that fit into a model of which nothing else is said.
CONTEXT = 32_768
_PLAIN = ("max_tokens", "temperature")


@dataclass(frozen=True)
class Listed:
    """One model of the list. `expires` is a date as the list writes it, or `None`; `output` its output modalities."""

    id: str
    context: int = CONTEXT
    parameters: tuple[str, ...] = (*_PLAIN, "structured_outputs")
    paid: bool = False
    expires: str | None = None
    output: tuple[str, ...] = ("text",)

    def entry(self) -> dict[str, Any]:
        """The model as the list has it: prices are strings."""
        return {
            "id": self.id, "context_length": self.context, "expiration_date": self.expires,
            "pricing": {"prompt": "0.1", "completion": "0.2"} if self.paid else {"prompt": "0", "completion": "0"},
            "architecture": {"output_modalities": list(self.output)}, "supported_parameters": list(self.parameters),
        }  # fmt: skip


def listing(names: Iterable[str], contexts: Mapping[str, int]) -> list[Listed]:
    """The list if nobody writes one: free models, which name `structured_outputs` but no `response_format`, and paid ones."""
    return [
        Listed(n, room) if n.endswith(":free") else Listed(n, room, _PLAIN, paid=True)
        for n in names
        for room in [of_model(contexts, n) or CONTEXT]
    ]
