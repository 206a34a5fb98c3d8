"""How often one user may do something, counted in Django's cache (the default one: in each process for itself)."""

from __future__ import annotations

from django.core.cache import cache


def may(what: str, who: int | None, *, most: int, seconds: int) -> bool:
    """Whether `who` has done `what` fewer than `most` times in a window of `seconds`; this time counts."""
    key = f"pace:{what}:{who}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= most
    except ValueError:  # it has just run out
        cache.add(key, 1, seconds)
        return True
