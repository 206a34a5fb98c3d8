"""From a model's text to rows: strictly if it is JSON, else row by row out of whatever a cut, a fence or prose left.

Method: the standard library's `raw_decode` at each opening brace. A row counts only if it is closed; half a row is
lost, never guessed at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

#: More text than this is no answer to ten rows; the rest is not looked at.
LONGEST = 200_000
_MOST_TRIES = 3000
_MOST_ROWS = 500
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
#: A dict with one of these keys is a row; other dicts are wrappers.
_ROW_KEYS = frozenset({"id", "version", "modelo", "potencia", "kilometros", "precio_venta", "descripcion"})


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows found in a text, in order. `clean` says that the text was JSON from end to end."""

    rows: tuple[dict[str, Any], ...]
    clean: bool


def read(text: str) -> Reading:
    """The rows in `text`. Never raises; no row found is an empty `Reading`."""
    body = without_thoughts(text)
    strict = decode(body)
    if strict is not None:
        return Reading(tuple(_rows_of(strict)), clean=True)
    return Reading(tuple(_salvage(body)), clean=False)


def without_thoughts(text: str) -> str:
    """`text`, not beyond `LONGEST`, without what a model thought aloud."""
    body = text[:LONGEST]
    return (_THINKING.sub(" ", body) if "<" in body else body).strip()


def decode_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at `at` and where it ends; `(None, at)` if none does."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at
    return value, end


def decode(text: str) -> Any:
    """`text` as JSON, or `None` if it is not JSON from end to end."""
    try:
        return _DECODER.decode(text[:LONGEST].strip())
    except (ValueError, RecursionError):
        return None


def _rows_of(value: Any) -> list[dict[str, Any]]:
    """The rows inside a decoded value: itself, its items, or the first list of rows among its values."""
    if isinstance(value, list):
        return [row for row in value[:_MOST_ROWS] if isinstance(row, dict) and _ROW_KEYS & row.keys()]
    if not isinstance(value, dict):
        return []
    if _ROW_KEYS & value.keys():
        return [value]
    for inner in value.values():
        if isinstance(inner, list) and (rows := _rows_of(inner)):
            return rows
    rows = []
    for key, inner in list(value.items())[:_MOST_ROWS]:
        if isinstance(inner, dict) and _ROW_KEYS & inner.keys():
            rows.append(inner if "id" in inner else {"id": key, **inner})
    return rows


def _salvage(body: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    at = body.find("{")
    tries = 0
    while at != -1 and tries < _MOST_TRIES and len(rows) < _MOST_ROWS:
        tries += 1
        value, end = decode_at(body, at)
        rows.extend(_rows_of(value))
        at = body.find("{", max(end, at + 1))
    return rows
