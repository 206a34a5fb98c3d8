"""A client for any server that speaks OpenAI's chat completions: one HTTP call a request, everything seen, no retries."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import truststore

from flotia.clients import directory, failures
from flotia.clients.failures import Raw
from flotia.errors import RequestError
from flotia.outcome import Answer, Failure, Offer, Standing
from flotia.ports import ChatRequest

#: A call that has not ended by then is given up, in seconds. Total, not between bytes: slow servers send newlines to
#: keep the connection alive, so a read time-out would never fire.
DEADLINE = 120.0
_CONNECT = 15.0
#: What a provider says of itself is waited for this long, in seconds; a run begins without it then.
_LOOK_UP = 10.0
#: An answer to ten vehicles is some 20 kB; more than this is not read.
_MOST_BYTES = 4_000_000
#: A model's id as servers write them; anything else in its place is not believed.
_MODEL_ID = re.compile(r"[\w.:/@+-]{1,120}", re.ASCII)
_TITLE, _REFERER = "FlotIA", "https://github.com/flotia/flotia"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask: the API's base address (up to and with `/v1`), the key if the server wants one, a CA bundle's path.

    Raises `RequestError` for a base that is no http(s) address. The key never shows in `repr`.
    """

    base: str
    key: str = ""
    ca_bundle: str = ""
    deadline: float = DEADLINE

    def __post_init__(self) -> None:
        parts = urlsplit(self.base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RequestError(
                f"DEEPSEEK_API_BASE no es una dirección http(s): {failures.clean(self.base)!r}. "
                "Ejemplo: https://openrouter.ai/api/v1"
            )
        if parts.username or parts.password:
            raise RequestError(
                "DEEPSEEK_API_BASE no debe llevar usuario ni contraseña: la clave va en DEEPSEEK_API_KEY."
            )

    def __repr__(self) -> str:
        return f"Endpoint(base={self.base!r}, key={'***' if self.key else ''!r})"

    @property
    def is_openrouter(self) -> bool:
        """Whether OpenRouter's own request fields may be sent."""
        host = urlsplit(self.base).hostname or ""
        return host == "openrouter.ai" or host.endswith(".openrouter.ai")


class OpenAICompatibleClient:
    """Asks models at one endpoint. Use as `async with`; every outcome is a value."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._base = endpoint.base.rstrip("/")
        self._http: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            self._http = httpx2.AsyncClient(
                verify=_trust(self._endpoint.ca_bundle),
                timeout=httpx2.Timeout(self._endpoint.deadline, connect=_CONNECT),
                headers=self._headers(),
                trust_env=urlsplit(self._endpoint.base).hostname not in ("127.0.0.1", "localhost", "::1"),
            )
        return self._http

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "flotia"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        if self._endpoint.is_openrouter:
            headers |= {"HTTP-Referer": _REFERER, "X-Title": _TITLE}
        return headers

    async def complete(self, request: ChatRequest) -> Answer | Failure:
        """Send one request and say what came of it. Makes exactly one HTTP call and never raises for what it meets."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._endpoint.deadline):
                outcome = self.judge(
                    await self._exchange("POST", "/chat/completions", self._body(request)), request.model, time.time()
                )
        except (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.PoolTimeout):
            outcome = failures.timeout(self._endpoint.deadline)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, ssl.SSLError, OSError) as error:
            outcome = failures.unreachable(self._endpoint.base, str(error) or type(error).__name__)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            outcome = failures.broken_off(str(error) or type(error).__name__)
        return replace(outcome, latency=time.monotonic() - started)

    async def standing(self) -> Standing | None:
        """How the account stands today; `None` if the server does not say. Counts as no request."""
        return directory.standing(await self._looked_up("/key"))

    async def offered(self) -> tuple[Offer, ...] | None:
        """The models that the server lists for this account today; `None` if it cannot be asked. Counts as no request."""
        for path in ("/models/user", "/models"):
            if (found := directory.offers(await self._looked_up(path), time.time())) is not None:
                return found
        return None

    async def _looked_up(self, path: str) -> Any:
        try:
            async with asyncio.timeout(_LOOK_UP):
                raw = await self._exchange("GET", path, None)
        except (TimeoutError, httpx2.HTTPError, httpx2.StreamError, ssl.SSLError, OSError):
            return None
        return raw.body if raw.status == 200 else None

    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> Raw:
        async with self._client().stream(method, self._base + path, json=body) as response:
            data = bytearray()
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > _MOST_BYTES:
                    break
        text = data.decode("utf-8", "replace")
        return Raw(response.status_code, {k.lower(): v for k, v in response.headers.items()}, _decoded(text), text)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
        if request.schema is not None:
            schema = {"name": "vehiculos", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if self._endpoint.is_openrouter:
            body["reasoning"] = {"effort": "none"}
        return body

    @staticmethod
    def judge(raw: Raw, model: str, now: float) -> Answer | Failure:
        """What a raw answer to a request for `model`, read at `now` (epoch seconds), amounts to."""
        if raw.status >= 300 or failures.error_in(raw.body):
            return failures.from_error(raw, now=now)
        if not isinstance(raw.body, dict):
            return (
                failures.not_an_api("no devuelve JSON", raw.status)
                if _is_page(raw)
                else failures.broken_off("JSON a medias")
            )
        if failure := failures.from_success(raw.body, model=model):
            return failure
        choice = failures.first_choice(raw.body) or {}
        usage = raw.body.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        answered = raw.body.get("model")
        return Answer(
            text=failures.text_of(choice),
            model=answered if isinstance(answered, str) and _MODEL_ID.fullmatch(answered) else model,
            truncated=choice.get("finish_reason") == "length",
            prompt_tokens=_count(counts.get("prompt_tokens")),
            completion_tokens=_count(counts.get("completion_tokens")),
            cost=_cost(counts.get("cost")),
            allowance=failures.allowance(raw.headers, now),
        )


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_page(raw: Raw) -> bool:
    return raw.text.lstrip()[:1] == "<" or "text/html" in raw.headers.get("content-type", "")


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 10_000_000 else 0


def _cost(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0


def _trust(ca_bundle: str) -> ssl.SSLContext:
    """Verification is always on: against the given bundle, or else the system's own trust store."""
    if ca_bundle:
        try:
            return ssl.create_default_context(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise RequestError(f"El fichero de certificados {ca_bundle!r} no se puede usar: {error}.") from error
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
