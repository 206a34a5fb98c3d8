"""The composition root: from settings to an engine's parts. Nothing else in the project builds clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from flotia.clients.embedded import EmbeddedModel, find_model
from flotia.clients.openai_compatible import Endpoint, OpenAICompatibleClient
from flotia.engine import PAUSE, Source
from flotia.errors import EmbeddedModelError


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where vehicles come from in this run, and the line that tells the user so."""

    source: Source | None
    notice: str


def has_capable_models() -> bool:
    """Whether there is a key, or a base the user wrote down: models that can do more than the embedded one."""
    return bool(settings.DEEPSEEK_API_KEY or settings.DEEPSEEK_BASE_IS_CHOSEN)


@contextmanager
def choose_source(*, use_ai: bool, offline: bool = False) -> Iterator[Chosen]:
    """The source of AI by the contract's order; whatever was started for it ends with the context.

    A key, or a base the user wrote down → that base and the chain of models. Neither → the embedded model. `offline`,
    or no embedded model → local data.
    """
    if not use_ai or offline:
        why = "--sin-red" if use_ai else "sin --usar-ia"
        yield Chosen(None, f"Datos locales, sin IA ({why}).")
    elif has_capable_models():
        endpoint = Endpoint(
            settings.DEEPSEEK_API_BASE, settings.DEEPSEEK_API_KEY, settings.FLOTIA_CA_BUNDLE,
            settings.FLOTIA_PLAZO_LLAMADA,
        )  # fmt: skip
        models = [settings.DEEPSEEK_MODEL, *settings.DEEPSEEK_FALLBACK_MODELS]
        source = Source(OpenAICompatibleClient(endpoint), models, pause=PAUSE)
        yield Chosen(source, f"IA en {endpoint.base} con {len(models)} modelos.")
    else:
        yield from _embedded()


def _embedded() -> Iterator[Chosen]:
    try:
        model = EmbeddedModel.start(find_model(settings.FLOTIA_MODELO_LOCAL))
    except EmbeddedModelError as error:
        yield Chosen(None, f"Datos locales, sin IA: no hay clave configurada y {_lower_first(str(error))}")
        return
    try:
        source = Source(OpenAICompatibleClient(model.endpoint), [model.name], only_chooses=True, pause=0.0)
        yield Chosen(source, f"IA embebida: {model.name}, sin clave ni red.")
    finally:
        model.close()


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
