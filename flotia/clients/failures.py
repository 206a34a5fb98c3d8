"""The classifier: from a raw answer that went wrong to a `Failure` with a scope and a remedy.

Source of the cases: OpenRouter's documentation (August to October 2026) and its users' public reports. HTTP 200 is not
success, a 429 has three meanings, and a body's code counts before the status line's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flotia.outcome import Allowance, Failure, Kind, Remedy, Scope

#: What a user may be shown of a server's own words, in characters.
_QUOTED = 160
_SECRET = re.compile(r"\b(?:sk|csk|gsk|hf|nvapi|xai|key|pk|Bearer)[-_ ][\w.-]{6,}|\bAIza[\w-]{10,}", re.IGNORECASE)
_TRANSIENT = frozenset({408, 409, 425, 500, 502, 503, 504, 520, 522, 524, 529})
_UPSTREAM_FULL = re.compile(r"ResourceExhausted|request limit reached|at capacity|overloaded", re.IGNORECASE)
_RETIRED = re.compile(
    r"no endpoints found for|unavailable for free|is not a valid model|model[^.]{0,80}not (?:found|exist)"
    r"|does not exist|no such model|decommissioned|deprecated|has been (?:removed|retired)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"context length|context_length|maximum context|too many tokens|too large", re.IGNORECASE)
_KEY_CAP = re.compile(r"key limit|limit exceeded|spend(?:ing)? (?:cap|limit)|budget", re.IGNORECASE)
_MODERATED = re.compile(r"moderat|flagged|content policy|safety", re.IGNORECASE)
_MINUTE = re.compile(r"per-min|per minute|requests? per min|\brpm\b", re.IGNORECASE)
_DAY = re.compile(r"per-day|per day|daily|\brpd\b", re.IGNORECASE)
_OF_A_MODEL = re.compile(r"limit reached for model|for this model", re.IGNORECASE)
_AGAIN_IN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
#: The page where an account says which providers may see its data.
PRIVACY_PAGE = "https://openrouter.ai/settings/privacy"


@dataclass(frozen=True, slots=True)
class Raw:
    """What came over the wire: HTTP status, headers in lower case, the decoded JSON body or `None`, and the text."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


def from_error(raw: Raw, *, now: float) -> Failure:
    """The failure behind a raw answer that carries an error: an HTTP status of 400 up, or an `error` in the body."""
    error = _error_of(raw.body)
    message = _message_of(error, raw)
    status = _status_of(error, raw)
    metadata = error.get("metadata")
    hints = metadata if isinstance(metadata, dict) else {}
    said = f"{message} {hints.get('raw', '')}" if isinstance(hints.get("raw"), str) else message
    shown = clean(message)
    retry_at = reset_at(hints, raw.headers, now)
    if status == 429:
        return _limited(said, shown, hints, raw, now)
    if _UPSTREAM_FULL.search(said):
        return Failure(
            Kind.UPSTREAM_FULL, Scope.MODEL, Remedy.COOL_MODEL, f"El proveedor está saturado: {shown}", status, retry_at
        )
    by_status = {401: _bad_key, 402: _no_credit, 403: _forbidden, 404: _not_found, 400: _bad_request, 422: _bad_request,
                 413: _too_long}  # fmt: skip
    if status in by_status:
        return by_status[status](said, shown, status)
    if status in _TRANSIENT or status >= 500:
        return _transient(shown, status, retry_at)
    if 300 <= status < 400:
        return not_an_api(f"redirige a otra dirección ({status})", status)
    return _bad_request(said, shown, status)


def from_success(body: dict[str, Any], *, model: str) -> Failure | None:
    """The failure that hides behind HTTP 200 without an `error` of its own, or `None` if there is a text to read.

    A call to a `:free` model that cost something is one; a paid model that the user wrote down may cost.
    """
    usage = body.get("usage")
    cost = usage.get("cost") if isinstance(usage, dict) else None
    if isinstance(cost, int | float) and cost > 0 and model.endswith(":free"):
        return Failure(
            Kind.CHARGED, Scope.RUN, Remedy.STOP_RUN,
            "El proveedor ha cobrado una llamada a un modelo gratuito: se para la ejecución. Lo generado se conserva.", 200,
        )  # fmt: skip
    choice = first_choice(body)
    if choice is None:
        return _empty("sin ninguna respuesta")
    reason = choice.get("finish_reason")
    if reason == "content_filter":
        return Failure(
            Kind.FILTERED, Scope.REQUEST, Remedy.NEXT_MODEL, "El modelo se negó por su filtro de contenido.", 200
        )
    if not text_of(choice):
        return _empty("vacía (gastó el límite en razonar)" if reason == "length" else "vacía")
    return None


def first_choice(body: dict[str, Any]) -> dict[str, Any] | None:
    """`choices[0]` if it is there and an object."""
    choices = body.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def text_of(choice: dict[str, Any]) -> str:
    """The text of a choice, without padding tokens; empty if it has none."""
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):  # parts, as some servers send them
        content = "".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    return content.replace("<pad>", "").strip() if isinstance(content, str) else ""


def error_in(body: Any) -> bool:
    """Whether a body, whatever its status, says that it is an error: at its top or in its first choice."""
    return bool(_error_of(body))


def timeout(seconds: float) -> Failure:
    """No whole answer within the deadline."""
    return Failure(
        Kind.TIMEOUT, Scope.MODEL, Remedy.COOL_MODEL, f"El modelo no terminó de responder en {seconds:.0f} s."
    )  # fmt: skip


def unreachable(base: str, why: str) -> Failure:
    """No server there, or none that TLS can trust."""
    return Failure(
        Kind.UNREACHABLE, Scope.ACCOUNT, Remedy.COOL_MODEL, f"No se puede conectar con {base}: {clean(why)}"
    )  # fmt: skip


def broken_off(why: str) -> Failure:
    """The connection broke after it was made."""
    return Failure(
        Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, f"La conexión se cortó a mitad de la respuesta: {clean(why)}"
    )  # fmt: skip


def not_an_api(what: str, status: int | None = None) -> Failure:
    """Something answers there, but it is no OpenAI-compatible API."""
    return Failure(
        Kind.NOT_AN_API, Scope.ACCOUNT, Remedy.STOP_ACCOUNT,
        f"El servidor {what}: no parece una API compatible con OpenAI. Revise DEEPSEEK_API_BASE (o la dirección de su"
        " línea de FLOTIA_PROVEEDORES).", status,
    )  # fmt: skip


def reset_at(metadata: Mapping[str, Any], headers: Mapping[str, str], now: float) -> float | None:
    """The moment (epoch seconds) from which it is worth asking again, from body or headers, or `None`.

    `X-RateLimit-Reset` may be epoch milliseconds, epoch seconds or a delay, as text or number; `Retry-After` is a delay.
    """
    inner = metadata.get("headers")
    for key, value in (inner if isinstance(inner, dict) else {}).items():
        if str(key).lower() == "x-ratelimit-reset" and (moment := _moment(value, now)) is not None:
            return moment
    for value in (metadata.get("retry_after_seconds"), headers.get("retry-after")):
        if (delay := _positive(value)) is not None:
            return now + delay
    return _moment(headers.get("x-ratelimit-reset"), now)


def _moment(value: Any, now: float) -> float | None:
    number = _positive(value)
    if number is None:
        return None
    if number > 1e12:
        return number / 1000
    return number if number > 1e9 else now + number


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e15 else None


def clean(message: str) -> str:
    """A server's words as a user may read them: one short line, no control characters, nothing like a key."""
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return _SECRET.sub("[clave oculta]", line)[:_QUOTED]


def _error_of(body: Any) -> dict[str, Any]:
    """The error object of a body: its top-level `error`, or the one of its first choice."""
    if isinstance(body, list) and body and isinstance(body[0], dict):  # Gemini's compatible endpoint
        body = body[0]
    if not isinstance(body, dict):
        return {}
    error = body.get("error")
    if isinstance(error, str) and error:
        return {"message": error}
    if isinstance(error, dict) and error:
        return error
    choice = first_choice(body)
    if choice is None:
        return {}
    inner = choice.get("error")
    if isinstance(inner, dict) and inner:
        return inner
    return {"message": "el modelo falló a mitad", "code": 502} if choice.get("finish_reason") == "error" else {}


def _message_of(error: Mapping[str, Any], raw: Raw) -> str:
    message = error.get("message")
    if isinstance(message, str) and message.strip():
        return message
    if raw.text.lstrip()[:1] == "<":
        return f"página HTML con estado {raw.status}"
    return f"estado {raw.status}"


def _status_of(error: Mapping[str, Any], raw: Raw) -> int:
    for value in (error.get("code"), error.get("http_status")):
        if isinstance(value, bool):
            continue
        try:
            code = int(value)  # type: ignore[arg-type]  # what is not a number raises, and is passed over
        except (TypeError, ValueError):
            continue
        if 100 <= code < 600:
            return code
    return raw.status if raw.status >= 300 else 502


def allowance(headers: Mapping[str, str], now: float) -> Allowance | None:
    """What an answer's headers say is left for its model, if they say it (Groq's names; OpenRouter sends none)."""
    left = _positive(headers.get("x-ratelimit-remaining-requests"))
    resets = _after(headers.get("x-ratelimit-reset-requests"), now)
    return None if left is None or resets is None else Allowance(int(left), resets)


def _after(value: Any, now: float) -> float | None:
    """A moment out of a duration (`2m59.56s`, `120ms`) or of what `_moment` reads."""
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    if parts:
        return now + sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)
    return _moment(value, now)


def _stated_limit(hints: Mapping[str, Any], headers: Mapping[str, str]) -> int | None:
    """How many requests the window that was overrun holds, if body or headers say it."""
    inner = hints.get("headers")
    said = {str(k).lower(): v for k, v in inner.items()} if isinstance(inner, dict) else {}
    for name in ("x-ratelimit-limit", "x-ratelimit-limit-requests"):
        for place in (said, headers):
            if (number := _positive(place.get(name))) is not None and 1 <= number < 1_000_000:
                return int(number)
    return None


def _limited(said: str, shown: str, hints: Mapping[str, Any], raw: Raw, now: float) -> Failure:
    source, headers = str(hints.get("limit_source", "")), raw.headers
    retry_at, limit = reset_at(hints, headers, now), _stated_limit(hints, headers)
    upstream = "upstream" in source or ("limit_source" not in hints and "raw" in hints)
    own = _OF_A_MODEL.search(said) or "x-ratelimit-limit-requests" in headers
    if own and not upstream and not source.startswith("openrouter"):
        hint = _AGAIN_IN.search(said)
        resets = _after(headers.get("x-ratelimit-reset-requests"), now)
        return Failure(
            Kind.MODEL_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, f"El modelo llegó a su límite: {shown}", 429,
            retry_at or resets or (_after(hint[1], now) if hint else None), limit=limit,
        )  # fmt: skip
    if source == "openrouter_free_tier_daily" or (not upstream and _DAY.search(said)):
        return Failure(
            Kind.DAILY_LIMIT, Scope.ACCOUNT, Remedy.STOP_ACCOUNT,
            "Se ha agotado el cupo diario de la cuenta" + _resumes(retry_at) + ".", 429, retry_at, limit=limit,
        )  # fmt: skip
    if source == "openrouter_free_tier_per_minute" or (not upstream and _MINUTE.search(said)):
        return Failure(
            Kind.MINUTE_LIMIT, Scope.ACCOUNT, Remedy.WAIT_ACCOUNT, "Límite por minuto de la cuenta.", 429, retry_at,
            limit=limit,
        )  # fmt: skip
    return Failure(
        Kind.UPSTREAM_LIMIT, Scope.MODEL, Remedy.COOL_MODEL, f"El modelo está limitado ahora: {shown}", 429, retry_at
    )  # fmt: skip


def _resumes(retry_at: float | None) -> str:
    if retry_at is None:
        return ""
    return f"; vuelve a haber a las {datetime.fromtimestamp(retry_at).astimezone():%H:%M del %d/%m}"


def _bad_key(said: str, shown: str, status: int) -> Failure:
    return Failure(
        Kind.BAD_KEY, Scope.RUN, Remedy.STOP_RUN,
        "El proveedor rechaza la clave (401). Compruebe DEEPSEEK_API_KEY (o la de su línea de FLOTIA_PROVEEDORES) y vuelva a"
        " lanzar con --reanudar.", status,
    )  # fmt: skip


def _no_credit(said: str, shown: str, status: int) -> Failure:
    return Failure(
        Kind.NO_CREDIT, Scope.MODEL, Remedy.COOL_MODEL,
        f"El proveedor pide crédito ({shown}). Con saldo negativo tampoco da modelos gratuitos.", status,
    )  # fmt: skip


def _forbidden(said: str, shown: str, status: int) -> Failure:
    if _MODERATED.search(said):
        return Failure(
            Kind.MODERATED, Scope.REQUEST, Remedy.NEXT_MODEL, f"La petición no pasó la moderación: {shown}", status
        )
    if _KEY_CAP.search(said):
        return Failure(
            Kind.KEY_CAP, Scope.ACCOUNT, Remedy.STOP_ACCOUNT, f"La clave llegó a su tope de gasto: {shown}", status
        )
    return Failure(
        Kind.FORBIDDEN, Scope.MODEL, Remedy.SKIP_MODEL, f"La cuenta no puede usar este modelo: {shown}", status
    )  # fmt: skip


def _not_found(said: str, shown: str, status: int) -> Failure:
    if "data policy" in said:
        return Failure(
            Kind.DATA_POLICY, Scope.ACCOUNT, Remedy.SKIP_MODEL,
            f"La privacidad de la cuenta excluye este modelo: puede cambiarla en {PRIVACY_PAGE}.", status,
        )  # fmt: skip
    if "requested parameters" in said:
        return Failure(
            Kind.UNSUPPORTED_PARAMETER, Scope.REQUEST, Remedy.RETRY_PLAIN,
            "El modelo no admite el formato pedido: se repite sin él.", status,
        )  # fmt: skip
    if _RETIRED.search(said):
        return _retired(shown, status)
    if said.startswith(("página HTML", "estado")) or "page not found" in said.lower():
        return not_an_api("no conoce esa dirección (404)", status)
    return _retired(shown, status)


def _retired(shown: str, status: int) -> Failure:
    return Failure(
        Kind.RETIRED, Scope.MODEL, Remedy.DROP_MODEL, f"El modelo ya no se ofrece gratis: {shown}", status
    )  # fmt: skip


def _bad_request(said: str, shown: str, status: int) -> Failure:
    if _TOO_LONG.search(said):
        return _too_long(said, shown, status)
    if _RETIRED.search(said):
        return _retired(shown, status)
    if re.search(r"response_format|json_schema|structured", said, re.IGNORECASE):
        return Failure(
            Kind.UNSUPPORTED_PARAMETER, Scope.REQUEST, Remedy.RETRY_PLAIN,
            "El modelo no admite el formato pedido: se repite sin él.", status,
        )  # fmt: skip
    return Failure(
        Kind.BAD_REQUEST, Scope.REQUEST, Remedy.NEXT_MODEL, f"El modelo rechaza la petición: {shown}", status
    )  # fmt: skip


def _too_long(said: str, shown: str, status: int) -> Failure:
    return Failure(
        Kind.TOO_LONG, Scope.REQUEST, Remedy.NEXT_MODEL, f"La petición no le cabe al modelo: {shown}", status
    )  # fmt: skip


def _transient(shown: str, status: int, retry_at: float | None) -> Failure:
    return Failure(
        Kind.TRANSIENT, Scope.MODEL, Remedy.COOL_MODEL, f"Fallo pasajero del servidor: {shown}", status, retry_at
    )  # fmt: skip


def _empty(how: str) -> Failure:
    return Failure(Kind.EMPTY, Scope.MODEL, Remedy.COOL_MODEL, f"La respuesta llegó {how}.", 200)
