"""Moments and outcomes as users read them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

#: A call's outcome, where its code with spaces would not do.
_OUTCOMES = {
    "limite_por_minuto": "límite por minuto",
    "limite_diario": "límite diario",
    "limite_del_proveedor": "límite del proveedor",
    "limite_del_modelo": "límite del modelo",
    "sin_credito": "sin crédito",
    "politica_de_datos": "política de datos",
    "parametro_no_admitido": "parámetro no admitido",
    "peticion_demasiado_larga": "petición demasiado larga",
    "peticion_rechazada": "petición rechazada",
    "respuesta_vacia": "respuesta vacía",
}
#: What a field of a request is called wherever it is asked for: flags, forms, the API.
REQUEST_FIELDS = {
    "amount": "cantidad", "brand": "marca", "seed": "semilla", "budget": "presupuesto", "lanes": "paralelo",
}  # fmt: skip


def at(moment: float) -> str:
    """An instant (epoch seconds) as local time: `a las 01:00`, with its day if that is not today's."""
    local = timezone.localtime(datetime.fromtimestamp(moment, UTC))
    day = "" if local.date() == timezone.localdate() else f" del {local:%d/%m}"
    return f"a las {local:%H:%M}{day}"


def clock(moment: float) -> str:
    """An instant (epoch seconds) as local time to the second."""
    return f"{timezone.localtime(datetime.fromtimestamp(moment, UTC)):%H:%M:%S}"


def outcome(code: str) -> str:
    """How a call ended (`Llamada.resultado`), in words."""
    return _OUTCOMES.get(code, code.replace("_", " "))


def sentence(text: str) -> str:
    """`text` with a full stop, and only one."""
    return text if text.endswith((".", "!", "?")) else text + "."


def clean(text: str) -> str:
    """Text from outside without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
