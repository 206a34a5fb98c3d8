"""What comes back from a model: an `Answer`, or a `Failure` that says how far it reaches and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Every way in which a call is known to fail."""

    MINUTE_LIMIT = "limite_por_minuto"
    DAILY_LIMIT = "limite_diario"
    UPSTREAM_LIMIT = "limite_del_proveedor"
    MODEL_LIMIT = "limite_del_modelo"
    BAD_KEY = "clave_rechazada"
    NO_CREDIT = "sin_credito"
    KEY_CAP = "tope_de_la_clave"
    MODERATED = "moderado"
    FORBIDDEN = "prohibido"
    RETIRED = "retirado"
    DATA_POLICY = "politica_de_datos"
    UNSUPPORTED_PARAMETER = "parametro_no_admitido"
    TOO_LONG = "peticion_demasiado_larga"
    BAD_REQUEST = "peticion_rechazada"
    TRANSIENT = "fallo_pasajero"
    UPSTREAM_FULL = "proveedor_saturado"
    TIMEOUT = "sin_respuesta_a_tiempo"
    UNREACHABLE = "servidor_inaccesible"
    NOT_AN_API = "no_es_una_api"
    EMPTY = "respuesta_vacia"
    FILTERED = "contenido_filtrado"
    UNREADABLE = "respuesta_ilegible"
    CHARGED = "llamada_cobrada"


class Scope(StrEnum):
    """How far a failure reaches: this request, this model, the whole account, or the run."""

    REQUEST = "peticion"
    MODEL = "modelo"
    ACCOUNT = "cuenta"
    RUN = "ejecucion"


class Remedy(StrEnum):
    """What to do about a failure."""

    NEXT_MODEL = "siguiente_modelo"
    COOL_MODEL = "enfriar_modelo"
    SKIP_MODEL = "omitir_modelo"
    DROP_MODEL = "retirar_modelo"
    RETRY_PLAIN = "repetir_sin_formato"
    WAIT_ACCOUNT = "esperar_cuenta"
    STOP_ACCOUNT = "parar_cuenta"
    STOP_RUN = "parar_ejecucion"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a provider says of an account's requests of this UTC day."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer's headers say is left for its model: `remaining` requests until `resets` (epoch seconds)."""

    remaining: int
    resets: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that a provider lists today. `parameters` are the request fields it says it obeys; `context` in tokens, 0 if
    not said; `free` that neither prompt nor answer costs anything.
    """

    model: str
    context: int = 0
    parameters: frozenset[str] = frozenset()
    free: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that gave nothing usable.

    `message` is what the user reads (Spanish, no key in it). `retry_at` is the moment (epoch seconds) from which it is
    worth trying again, if the other side said one; `limit` how many requests its window holds, if it said that. `status` is
    the effective status: the body's code before HTTP's.
    """

    kind: Kind
    scope: Scope
    remedy: Remedy
    message: str
    status: int | None = None
    retry_at: float | None = None
    latency: float = 0.0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's text. `model` is the one that answered, which may differ from the one asked. `truncated` means that the
    text stops at the token limit. Tokens are as the server counted them, 0 where it did not say. `latency` in seconds.
    `cost` is what the server says it charged, in its own currency; `allowance` what its headers say is left.
    """

    text: str
    model: str
    truncated: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency: float = 0.0
    cost: float = 0.0
    allowance: Allowance | None = None
