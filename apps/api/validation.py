"""What pydantic finds wrong, as a user reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: By pydantic's own name of the fault; the braces take its context.
_SENTENCES = {
    "missing": "Falta.",
    "extra_forbidden": "No se conoce ese dato.",
    "int_type": "Debe ser un número entero.",
    "int_parsing": "Debe ser un número entero.",
    "int_parsing_size": "Es un número demasiado grande.",
    "int_from_float": "Debe ser un número entero, sin decimales.",
    "bool_type": "Debe ser true o false.",
    "bool_parsing": "Debe ser true o false.",
    "string_type": "Debe ser un texto.",
    "string_unicode": "Tiene caracteres que no son texto.",
    "string_too_short": "Es demasiado corto: al menos {min_length} caracteres.",
    "string_too_long": "Es demasiado largo: como mucho {max_length} caracteres.",
    "string_pattern_mismatch": "No tiene la forma que se espera.",
    "list_type": "Debe ser una lista.",
    "too_long": "Son demasiados: como mucho {max_length}.",
    "model_attributes_type": "Debe ser un objeto JSON.",
    "model_type": "Debe ser un objeto JSON.",
    "dict_type": "Debe ser un objeto JSON.",
    "literal_error": "Debe ser uno de estos: {expected}.",
    "greater_than_equal": "Debe ser {ge} o más.",
    "less_than_equal": "Debe ser {le} o menos.",
}
#: What the views call what ninja fills from body and query: no name for a user.
_PARAMETERS = ("query", "order", "changes")
_SOURCES = ("body", "query", "path", "header", "form", "cookie")


def sentence(error: Mapping[str, Any]) -> str:
    """One fault in a sentence."""
    text = _SENTENCES.get(str(error.get("type")), "No es un valor válido.")
    context = {k: str(v).replace(" or ", " o ") for k, v in (error.get("ctx") or {}).items()}
    return text.format_map(context)


def place(location: Sequence[Any]) -> str:
    """Where it is: the name of the field, without the names by which ninja keeps its parameters, nor places in lists."""
    parts = [str(part) for part in location]
    if parts and parts[0] in _SOURCES:
        parts = parts[1:]
    named = [p for p in parts if p not in _PARAMETERS and not p.isdecimal()]
    return ".".join(named)[:120] or "cuerpo"
