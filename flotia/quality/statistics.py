"""The sums behind the figures: distances between shares, concentration, rank correlation, what groups leave over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Counts as shares of their sum; empty if there is nothing to share."""
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}


def variation(one: Mapping[str, float], other: Mapping[str, float], keys: Sequence[str]) -> float:
    """Total variation distance of two distributions over `keys` and "all the rest", from 0 (the same) to 1."""
    rest_one, rest_other = (1 - sum(d.get(k, 0.0) for k in keys) for d in (one, other))
    apart = sum(abs(one.get(k, 0.0) - other.get(k, 0.0)) for k in keys)
    return (apart + abs(rest_one - rest_other)) / 2


def share_noise(share: float, n: int) -> float:
    """How far, on average, a share seen in `n` draws falls from the true one: σ·√(2/π)."""
    return sqrt(2 * max(share * (1 - share), 0.0) / (pi * n)) if n else 0.0


def variation_noise(reference: Mapping[str, float], n: int) -> float:
    """The variation distance that `n` draws out of `reference` itself have from it, on average."""
    rest = max(1 - sum(reference.values()), 0.0)
    return sum(share_noise(p, n) for p in (*reference.values(), rest)) / 2


def herfindahl(counts: Sequence[int]) -> float:
    """Probability that two rows drawn without replacement bear the same name: HHI free of the bias of small sets."""
    n = sum(counts)
    return sum(c * (c - 1) for c in counts) / (n * (n - 1)) if n > 1 else 1.0


def entropy(counts: Sequence[int]) -> float:
    """Shannon's entropy in nats; its exponential is the effective number of names."""
    n = sum(counts)
    return -sum(c / n * log(c / n) for c in counts if c) if n else 0.0


def effective_number(counts: Sequence[int]) -> float:
    """How many equally frequent names would be as varied (exponential of the entropy)."""
    return exp(entropy(counts))


def top_share(counts: Sequence[int], first: int) -> float:
    """Share of the `first` most frequent names."""
    n = sum(counts)
    return sum(sorted(counts, reverse=True)[:first]) / n if n else 0.0


def quantiles(values: Floats, points: Mapping[str, float]) -> dict[str, float]:
    """Named quantiles of `values`, none of them NaN."""
    found = np.quantile(values, list(points.values()))
    return dict(zip(points, found.tolist(), strict=True))


def ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[position]


def spearman(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation, or `None` where one of the two never varies."""
    a, b = ranks(one), ranks(other)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else None


def groups_of(*codes: NDArray[np.generic]) -> Ints:
    """One code for each distinct combination of `codes`, from 0."""
    code = np.zeros(len(codes[0]), dtype=np.int64)
    for each in codes:
        _, position = np.unique(each, return_inverse=True)
        code = code * (int(position.max(initial=0)) + 1) + position
        _, code = np.unique(code, return_inverse=True)
    return code


def in_groups_of(least: int, group: Ints) -> Bools:
    """Which rows stand in a group of at least `least`."""
    return np.asarray(np.bincount(group)[group] >= least)


def centred(values: Floats, group: Ints) -> Floats:
    """`values` (shape `(n,)` or `(n, k)`) less the mean of their group."""
    count = np.bincount(group)
    if values.ndim == 1:
        return values - (np.bincount(group, weights=values) / count)[group]
    return np.column_stack([centred(values[:, k], group) for k in range(values.shape[1])])


def within(target: Floats, factors: Floats, group: Ints) -> tuple[Floats, float]:
    """Least squares inside groups: coefficients (shape `(k,)`) and the standard deviation of what is left.

    A constant of its own for each group; degrees of freedom are rows less groups less factors that vary.
    """
    y, x = centred(target, group), centred(factors, group)
    coefficients, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    left = y - x @ coefficients
    free = len(y) - len(np.unique(group)) - int(rank)
    return coefficients.astype(np.float64), float(np.sqrt(left @ left / free)) if free > 0 else 0.0


def repeated(*columns: NDArray[np.generic]) -> Bools:
    """Which rows repeat an earlier one in all `columns`."""
    group = groups_of(*columns)
    _, first = np.unique(group, return_index=True)
    again = np.ones(len(group), dtype=bool)
    again[first] = False
    return again
