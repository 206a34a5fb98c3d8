"""`python -m bench.tokens`: what a vehicle costs in tokens, as an object and as a list, and the wording of the request.

Counted with the tokenizer of the embedded model (SmolLM2, 49,000 English-minded pieces: on Spanish it is on the high side),
on answers of the tests' stand-in.
"""

from __future__ import annotations

import random
from datetime import date

import httpx2

from flotia.catalogue.loader import Catalogue
from flotia.clients.embedded import EmbeddedModel, find_model
from flotia.dialogue import Dialogue, FreeDialogue
from flotia.dialogue.lists import ListDialogue
from flotia.planner import Planner, Slot
from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from tests.doubles.standin.shapes import SHAPES, Context

_TODAY = date(2026, 11, 22)
_SLOTS = 40


def main() -> None:
    """Count both wordings and their answers."""
    catalogue = Catalogue.load()
    request = Request(_SLOTS, seed=4, today=_TODAY)
    drawer = FactsDrawer(catalogue, seed=request.seed, today=request.today)
    slots = list(Planner(request, drawer, Assembler(catalogue, drawer, seed=4, today=_TODAY)).slots())
    model = EmbeddedModel.start(find_model())
    try:
        for name, dialogue in (("objects", FreeDialogue()), ("lists", ListDialogue())):
            _count(name, dialogue, slots, model)
    finally:
        model.close()


def _count(name: str, dialogue: Dialogue, slots: list[Slot], model: EmbeddedModel) -> None:
    def tokens(text: str) -> int:
        address = model.endpoint.base.removesuffix("/v1") + "/tokenize"
        headers = {"Authorization": f"Bearer {model.endpoint.key}"}
        answer = httpx2.post(address, json={"content": text}, headers=headers, trust_env=False)
        return len(answer.json()["tokens"])

    system, user = dialogue.messages(slots)
    body = {"model": "m", "messages": [{"content": system}, {"content": user}]}
    reply = SHAPES["ok"](Context(body, 0.0, random.Random(1)))
    text = reply.body["choices"][0]["message"]["content"]
    one = dialogue.messages(slots[:1])
    wording = tokens(" ".join(one))
    line = (tokens(f"{system} {user}") - wording) / (len(slots) - 1)
    print(
        f"{name}: {tokens(text) / len(slots):.0f} tokens a vehicle ({len(text) / tokens(text):.2f} characters a token); the"
        f" request {wording} and {line:.0f} a slot"
    )


if __name__ == "__main__":
    main()
