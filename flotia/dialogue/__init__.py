"""How slots are put into words for a model, and how its words are turned into rows again.

Three dialogues: `FreeDialogue` for capable models, which complete a slot in their own words, `UnlistedDialogue` for the
same of a brand outside the catalogue, and `flotia.dialogue.choices.Choices` for the small embedded one, which chooses
among what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from flotia.dialogue import prompt, reading
from flotia.dialogue.reading import Reading
from flotia.planner import Slot


class Dialogue(Protocol):
    """A way of asking for slots and of reading the answer."""

    def messages(self, slots: Sequence[Slot]) -> tuple[str, str]:
        """The system and the user message."""
        ...

    def schema(self, slots: Sequence[Slot]) -> dict[str, Any] | None:
        """The JSON schema that the server shall enforce, if any."""
        ...

    def read(self, text: str) -> Reading:
        """The rows of an answer; an empty reading if there is none."""
        ...


class UnlistedDialogue:
    """The wording for a brand that the catalogue does not know. No schema either."""

    def __init__(self, brand: str) -> None:
        self._brand = brand

    def messages(self, slots: Sequence[Slot]) -> tuple[str, str]:
        return prompt.unlisted_messages(self._brand, slots)

    def schema(self, slots: Sequence[Slot]) -> dict[str, Any] | None:
        return None

    def read(self, text: str) -> Reading:
        return reading.read(text)


class FreeDialogue:
    """The wording for capable models. No schema: only some of the free models enforce one, and the rest drop it silently."""

    def messages(self, slots: Sequence[Slot]) -> tuple[str, str]:
        return prompt.messages(slots)

    def schema(self, slots: Sequence[Slot]) -> dict[str, Any] | None:
        return None

    def read(self, text: str) -> Reading:
        return reading.read(text)
