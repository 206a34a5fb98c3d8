"""What a provider says of itself: how an account stands today (`GET /key`), which models it lists (`GET /models`).

Source: OpenRouter's documentation (August to October 2026). Every field may be missing or of another type: what cannot be
read is not known, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flotia.outcome import Offer, Standing

#: The suffix by which OpenRouter marks what is free; ids without it are only asked if the user wrote them down.
FREE = ":free"
_MOST_MODELS = 5000
_MODEL_ID = re.compile(r"[\w.:/@+-]{1,120}", re.ASCII)


def standing(body: Any) -> Standing | None:
    """The requests of this UTC day out of a `/key` answer; `None` where it does not say them."""
    data = body.get("data") if isinstance(body, dict) else None
    daily = data.get("free_model_daily_requests") if isinstance(data, dict) else None
    if not isinstance(daily, dict):
        return None
    limit, used, remaining = (_whole(daily.get(name)) for name in ("limit", "used", "remaining"))
    if limit is None or (used is None and remaining is None):
        return None
    return Standing(max(used or 0, limit - remaining if remaining is not None else 0), limit)


def offers(body: Any, now: float) -> tuple[Offer, ...] | None:
    """The text models out of a `/models` answer that are not past their date; `None` if it is no list at all."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        return None
    read = (_offer(entry, now) for entry in data[:_MOST_MODELS] if isinstance(entry, dict))
    return tuple(offer for offer in read if offer is not None)


def _offer(entry: Mapping[str, Any], now: float) -> Offer | None:
    name = entry.get("id")
    if not isinstance(name, str) or not _MODEL_ID.fullmatch(name) or _expired(entry.get("expiration_date"), now):
        return None
    architecture = entry.get("architecture")
    outputs = architecture.get("output_modalities") if isinstance(architecture, dict) else None
    if isinstance(outputs, list) and "text" not in outputs:
        return None
    parameters = entry.get("supported_parameters")
    prices = entry.get("pricing")
    free = isinstance(prices, dict) and all(_is_zero(prices.get(part)) for part in ("prompt", "completion"))
    return Offer(
        name, _whole(entry.get("context_length")) or 0,
        frozenset(p for p in parameters if isinstance(p, str)) if isinstance(parameters, list) else frozenset(),
        free=free and name.endswith(FREE),
    )  # fmt: skip


def _is_zero(price: Any) -> bool:
    """Prices are strings; anything else in their place is not taken for free."""
    try:
        return isinstance(price, str) and float(price) == 0
    except ValueError:
        return False


def _expired(value: Any, now: float) -> bool:
    if not value:
        return False
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return True
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() <= now


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000_000 else None
