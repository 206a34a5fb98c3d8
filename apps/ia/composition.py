"""The composition root: from settings to an engine's parts. Nothing else in the project builds clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.conf import settings

from apps.ia import accounts, discovery
from apps.ia.accounts import Account
from apps.ia.cache import DatabaseCache
from apps.ia.database_thread import DatabaseThread
from apps.ia.discovery import Chain
from apps.ia.memory import Memory, remembering
from flotia.bridge import outside_any_loop
from flotia.cache import AnswerCache, NoCache
from flotia.clients.embedded import EmbeddedModel, find_model
from flotia.clients.openai_compatible import OpenAICompatibleClient
from flotia.engine import PAUSE, Source
from flotia.errors import EmbeddedModelError
from flotia.limits.ledger import Books, LocalBooks
from flotia.request import Profile
from flotia.routing import Experience, NoExperience

#: The embedded model's account.
EMBEDDED = "embebido"
#: So many of the models that were found are named to the user.
_NAMED = 6


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where vehicles come from in this run: sources of AI in order of preference (none: local data), the lines that tell
    the user so, and what is kept of accounts, models and their answers.
    """

    sources: tuple[Source, ...]
    notices: tuple[str, ...]
    books: Books = field(default_factory=LocalBooks)
    experience: Experience = field(default_factory=NoExperience)
    cache: AnswerCache = field(default_factory=NoCache)


def has_capable_models() -> bool:
    """Whether there is an account to ask: models that can do more than the embedded one.

    Raises `AccountsError` if FLOTIA_PROVEEDORES cannot be read.
    """
    return bool(accounts.configured().accounts)


@contextmanager
def choose_sources(*, use_ai: bool, offline: bool = False, profile: Profile = Profile.ADAPTIVE) -> Iterator[Chosen]:
    """The sources of AI by the contract's order; whatever was started for them ends with the context.

    The configured accounts, each with its chain of models. Without any, the embedded model. `offline`, or no embedded
    model: local data. The adaptive `profile` brings chains up to date by what providers list; the specification's asks the
    user's models, in their order. Books and experience are the database's where it has their tables. Raises
    `AccountsError`, and `DatabaseProblemError` where the database fails.
    """
    with DatabaseThread() as thread, _chosen(use_ai=use_ai, offline=offline, profile=profile) as chosen:
        yield replace(chosen, cache=DatabaseCache(thread))  # without any source too


@contextmanager
def _chosen(*, use_ai: bool, offline: bool, profile: Profile) -> Iterator[Chosen]:
    if not use_ai or offline:
        why = "--sin-red" if use_ai else "sin --usar-ia"
        yield Chosen((), (f"Datos locales, sin IA ({why}).",))
        return
    found = accounts.configured()
    with remembering(found.accounts) as memory:
        sources, notices = _remote(found.accounts, memory, profile)
        notices += found.notices
        if sources:
            yield Chosen(sources, notices, memory.books, memory.experience)
            return
    with _embedded() as (sources, notice):
        yield Chosen(sources, (notice, *notices))


def clients_of(there: Sequence[Account]) -> dict[str, OpenAICompatibleClient]:
    """A client for each account, by its name."""
    return {a.name: OpenAICompatibleClient(a.endpoint) for a in there}


def source_of(account: Account, client: OpenAICompatibleClient, chain: Chain) -> Source:
    """What an engine needs to know of an account."""
    return Source(
        client, chain.models, pause=PAUSE, name=account.name, limits=account.limits, contexts=chain.contexts,
        structured=chain.structured,
    )  # fmt: skip


def _remote(there: Sequence[Account], memory: Memory, profile: Profile) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    clients = clients_of(there)
    asked = there if profile is Profile.ADAPTIVE else [a for a in there if not a.models]
    chains = {a.name: Chain(a.models) for a in there}
    if asked:
        chains |= outside_any_loop(lambda: asyncio.run(discovery.chains(asked, clients, memory)))
    with_models = [a for a in there if chains[a.name].models]
    notices = notices_of(there, chains)
    if with_models:
        notices.insert(0, _headline(with_models, chains))
    return tuple(source_of(a, clients[a.name], chains[a.name]) for a in with_models), tuple(notices)


def notices_of(there: Sequence[Account], chains: Mapping[str, Chain]) -> list[str]:
    """What the user should know of today's chains."""
    return [notice for a in there if (notice := _about(a, chains[a.name], alone=len(there) == 1))]


def _headline(there: Sequence[Account], chains: Mapping[str, Chain]) -> str:
    if len(there) == 1:
        return f"IA en {there[0].endpoint.base} con {_models(chains[there[0].name])}."
    parts = ", ".join(f"{a.name} ({_models(chains[a.name])})" for a in there)
    return f"IA en {len(there)} cuentas: {parts}."


def _models(chain: Chain) -> str:
    return "1 modelo" if len(chain.models) == 1 else f"{len(chain.models)} modelos"


def _about(account: Account, chain: Chain, *, alone: bool) -> str:
    """What the user should know of an account's chain; empty for nothing."""
    if not account.models and not chain.models:
        why = "no dice qué modelos son gratuitos" if chain.offers else "no ha dado su lista de modelos"
        return (
            f"La cuenta {account.name} queda fuera: su proveedor {why}. Escriba sus modelos en FLOTIA_PROVEEDORES en lugar "
            f"de {accounts.AUTO}."
        )
    if not chain.dead:
        return ""
    total, dead = len(account.models), len(chain.dead)
    gone = "ya no se ofrece" if dead == 1 else "ya no se ofrecen"
    whose = "" if alone else f" de la cuenta {account.name}"
    named = ", ".join(chain.found[:_NAMED]) + (
        f" y {len(chain.found) - _NAMED} más" if len(chain.found) > _NAMED else ""
    )
    instead = f"; se prueban en su lugar: {named}." if named else ", y no hay otros gratuitos en su lugar."
    return f"{dead} de sus {total} modelos{whose} {gone}{instead}"


@contextmanager
def _embedded() -> Iterator[tuple[tuple[Source, ...], str]]:
    try:
        model = EmbeddedModel.start(find_model(settings.FLOTIA_MODELO_LOCAL))
    except EmbeddedModelError as error:
        yield (), f"Datos locales, sin IA: no hay clave configurada y {_lower_first(str(error))}"
        return
    try:
        client = OpenAICompatibleClient(model.endpoint)
        source = Source(client, [model.name], only_chooses=True, pause=0.0, name=EMBEDDED)
        yield (source,), f"IA embebida: {model.name}, sin clave ni red."
    finally:
        model.close()


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
