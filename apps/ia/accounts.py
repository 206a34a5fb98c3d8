"""The accounts at providers that the user has configured: `FLOTIA_PROVEEDORES`, and the one of the `DEEPSEEK_…` settings."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import count
from urllib.parse import urlsplit

from django.conf import settings

from apps.ia.errors import AccountsError
from flotia.clients.openai_compatible import Endpoint
from flotia.errors import RequestError
from flotia.limits import windows
from flotia.limits.windows import Limits

#: In the place of models: those that the provider lists.
AUTO = "auto"
#: In the place of a key's variable: the server wants none.
_NO_KEY = "-"
_EXAMPLE = "groq | https://api.groq.com/openai/v1 | GROQ_API_KEY | llama-3.3-70b-versatile | 30/min*"
_PARTS = "nombre | base | VARIABLE_DE_LA_CLAVE | modelos | límites"
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_MODEL_ID = re.compile(r"[\w.:/@+-]{1,120}", re.ASCII)
#: A variable's name as people choose them, of words in capitals; a key in its place has digits all over.
_VARIABLE = re.compile(r"(?=.{1,60}$)[A-Z]{1,20}\d{0,2}(?:_[A-Z]{0,20}\d{0,2})*")
#: How providers' keys begin. What looks like one is not repeated to anybody, wherever the user has put it.
_LIKE_A_KEY = re.compile(
    r"(?:[cg]?sk|pk|xai|hf|ghp|nvapi|tgp|fw|key|Bearer)[-_ ][\w.-]{6,}|AIza[\w-]{10,}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a provider. `models` in the user's order, empty for whatever the provider offers (`auto`)."""

    name: str
    endpoint: Endpoint
    models: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that tell base and key from any other without holding a part of them."""
        told = f"{self.endpoint.base.rstrip('/')}\n{self.endpoint.key}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()[:16]

    def is_same_as(self, other: Account) -> bool:
        """Whether both are one account to the provider."""
        return self.fingerprint == other.fingerprint


@dataclass(frozen=True, slots=True)
class Configured:
    """The accounts that can be used, in order of preference, and the lines that tell which were left out."""

    accounts: tuple[Account, ...]
    notices: tuple[str, ...] = ()


def configured() -> Configured:
    """What the settings say. Raises `AccountsError` for what cannot be read, without repeating it: it may hold a key."""
    listed, notices = _listed()
    main = _main() if has_main() else None
    if main is None or any(main.is_same_as(a) for a in listed):
        return Configured(tuple(listed), tuple(notices))
    names = {a.name for a in listed}
    free = (name for n in count(1) if (name := f"{main.name[:36]}-{n}") not in names)
    if main.name in names:
        main = replace(main, name=next(free))
    return Configured((main, *listed), tuple(notices))


def has_main() -> bool:
    """Whether there is a `DEEPSEEK_API_KEY`, or a base the user wrote down: a local server may want no key."""
    return bool(settings.DEEPSEEK_API_KEY or settings.DEEPSEEK_BASE_IS_CHOSEN)


def _main() -> Account:
    """The account of the specification's settings."""
    base = settings.DEEPSEEK_API_BASE
    if "?" in base or "#" in base:
        raise AccountsError(
            "DEEPSEEK_API_BASE no debe llevar parámetros: es la dirección de la API hasta /v1, y la clave va en "
            "DEEPSEEK_API_KEY. Ejemplo: https://openrouter.ai/api/v1"
        )
    models = (settings.DEEPSEEK_MODEL, *settings.DEEPSEEK_FALLBACK_MODELS)
    return Account(host_name(base), _endpoint(base, settings.DEEPSEEK_API_KEY), tuple(dict.fromkeys(models)))


def host_name(base: str) -> str:
    """A name for the account at a base address: `openrouter` for `https://openrouter.ai/api/v1`."""
    host = urlsplit(base).hostname or "ia"
    try:
        ip_address(host)
        told = host
    except ValueError:
        labels = host.split(".")
        told = max(labels[:-1] or labels, key=len)
    return re.sub(r"[^a-z0-9_-]", "-", told.lower())[:40].strip("-") or "ia"


def _endpoint(base: str, key: str) -> Endpoint:
    return Endpoint(base, key, settings.FLOTIA_CA_BUNDLE, settings.FLOTIA_PLAZO_LLAMADA)


# --- FLOTIA_PROVEEDORES ----------------------------------------------------------------------------------------------


def _listed() -> tuple[list[Account], list[str]]:
    accounts: list[Account] = []
    left_out: list[str] = []
    names: set[str] = set()
    lines = [line.strip() for line in re.split(r"[;\n]", settings.FLOTIA_PROVEEDORES)]
    for number, line in enumerate((x for x in lines if x and not x.startswith("#")), start=1):
        account, is_ready = _read(number, line)
        if account.name in names:
            raise AccountsError(
                f"FLOTIA_PROVEEDORES nombra dos veces la cuenta {account.name}: dé a cada línea un nombre distinto."
            )
        names.add(account.name)
        if not is_ready:
            left_out.append(f"La cuenta {account.name} queda fuera: la variable de su clave no está definida.")
            continue
        if twin := next((a for a in accounts if a.is_same_as(account)), None):
            raise AccountsError(
                f"Las cuentas {twin.name} y {account.name} de FLOTIA_PROVEEDORES tienen la misma base y la misma clave: son "
                "una sola cuenta, con un solo cupo. Júntelas en una línea."
            )
        accounts.append(account)
    return accounts, left_out


def _read(number: int, line: str) -> tuple[Account, bool]:
    """The account of a line, and whether its key is there."""
    parts = [p.strip() for p in line.split("|")]
    if not 4 <= len(parts) <= 5:
        raise _unreadable(
            f"La línea {number}", f"tiene {len(parts)} partes: son «{_PARTS}», y los límites pueden faltar"
        )
    name, base, variable, models, *limits = parts
    if not _NAME.fullmatch(name) or _LIKE_A_KEY.match(name):
        raise _unreadable(
            f"La línea {number}", "no empieza por un nombre de cuenta: hasta 40 minúsculas, cifras, guiones"
        )
    whose = f"La cuenta {name}"
    if variable != _NO_KEY and not _VARIABLE.fullmatch(variable):
        raise _unreadable(
            whose, "debe nombrar en tercer lugar la variable de entorno que guarda su clave, como GROQ_API_KEY, o llevar un"
            " guion si no necesita ninguna. La clave misma no se escribe ahí"
        )  # fmt: skip
    key = "" if variable == _NO_KEY else settings.FLOTIA_API_KEYS.get(variable, "")
    endpoint = _checked_endpoint(whose, base, key)
    account = Account(name, endpoint, _models(whose, models), _limits(whose, limits[0] if limits else ""))
    return account, bool(key) or variable == _NO_KEY


def _checked_endpoint(whose: str, base: str, key: str) -> Endpoint:
    try:
        parts = urlsplit(base)
        endpoint = _endpoint(base, key)
    except (RequestError, ValueError):
        parts, endpoint = None, None
    if parts is None or endpoint is None or parts.query or parts.fragment:
        raise _unreadable(
            whose, "no lleva en segundo lugar una dirección http(s) sin usuario, contraseña ni parámetros, hasta /v1"
        )
    return endpoint


def _models(whose: str, text: str) -> tuple[str, ...]:
    if text.lower() == AUTO:
        return ()
    models = tuple(dict.fromkeys(m.strip() for m in text.split(",") if m.strip()))
    if not models or not all(_MODEL_ID.fullmatch(m) and not _LIKE_A_KEY.match(m) for m in models):
        raise _unreadable(
            whose,
            f"no lleva en cuarto lugar sus modelos separados por comas, o {AUTO} para los que ofrezca el proveedor",
        )
    return models


def _limits(whose: str, text: str) -> Limits:
    try:
        return windows.parse(text)
    except RequestError:
        raise _unreadable(
            whose, "lleva en quinto lugar límites que no se entienden: escriba por ejemplo 20/min 50/dia, o 30/min* si es de"
            " cada modelo"
        ) from None  # fmt: skip


def _unreadable(which: str, why: str) -> AccountsError:
    return AccountsError(f"{which} de FLOTIA_PROVEEDORES {why}. Ejemplo: {_EXAMPLE}")
