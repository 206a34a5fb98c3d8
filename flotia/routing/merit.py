"""What a route is worth: vehicles for the time and the requests they cost, by what was measured lately."""

from __future__ import annotations

from flotia.routing.record import Record

#: What was measured counts half after so many seconds: free models change within the hour.
_HALF_LIFE = 600.0
#: The user's order counts as much as this many calls; the first of the list is trusted this much, the last that much less.
_PRIOR_CALLS, _FIRST, _LAST_LESS = 2.0, 0.95, 0.3
#: Seconds that an answer is expected to take before any was seen.
_LATENCY = 5.0
#: A new latency counts this much against the mean of the earlier ones.
_NEW_LATENCY = 0.3


def learn(record: Record, now: float, *, asked: int, got: int, latency: float) -> None:
    """A call for `asked` vehicles brought `got`."""
    _fade(record, now)
    if got:
        record.good += 1
        record.asked += asked
        record.got += got
        record.latency = (
            record.latency + _NEW_LATENCY * (latency - record.latency) if record.latency else max(latency, 0.001)
        )
    else:
        record.bad += 1


def worth(record: Record, *, place: float, size: int, request_cost: float) -> float:
    """Usable vehicles a second that the next call to a route should bring.

    `place` is the route's place in the user's order, 0 … 1; `request_cost` the seconds that one request more costs where
    requests are limited, which is what makes a slow model with large answers better than a fast one with small ones.
    """
    trusted = _FIRST - _LAST_LESS * place
    calls = record.good + record.bad
    success = (record.good + trusted * _PRIOR_CALLS) / (calls + _PRIOR_CALLS)
    share = (record.got + _PRIOR_CALLS) / (record.asked + _PRIOR_CALLS)
    return success * share * size / ((record.latency or _LATENCY) + request_cost)


def _fade(record: Record, now: float) -> None:
    if record.updated and now > record.updated:
        left = 0.5 ** ((now - record.updated) / _HALF_LIFE)
        record.good *= left
        record.bad *= left
        record.asked *= left
        record.got *= left
    record.updated = now
