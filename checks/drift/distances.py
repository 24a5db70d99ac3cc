"""Distances between two profiles of one column; pure.

Shares of bins are p (reference) and q (current), F and G their sums up to a cut point.

* Kolmogorov-Smirnov: the largest |F - G| at a cut point. Between cut points it can be larger by at most `error`;
  a bin of a single code holds nothing to miss.
* Wasserstein, the area between F and G, over the standard deviation of the reference (Evidently's normed Wasserstein).
  Within a bin [a, b) the integral of F - G follows exactly from its value at a and from the sums of both sides in the
  bin: (F(a) - G(a)) (b - a) + p (b - mean_p) - q (b - mean_q). Its absolute value is the area unless F - G changes its
  sign in the bin: then each side's rows are taken to lie at their mean, which gives the same integral.
* Jensen-Shannon: the square root of the divergence with natural logarithms, 0 to 0.833 (as scipy and Evidently).
* PSI: sum of (q - p) ln(q / p), shares below 1e-4 taken as 1e-4 (Evidently's floor).
* Chi-square: of the table of counts, as Cramer's V, sqrt(chi2 / (n + m)), 0 to 1.
* Total variation: half the sum of |p - q|.

Of numbers, the last four are taken over tenths of the reference (`tenths`): finer bins would measure noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from warehouse.records.profiles import Profile, Scheme

Floats = NDArray[np.float64]
FLOOR = 1e-4
NORMED = "wasserstein"
_LARGEST = 300.0


@dataclass(frozen=True, slots=True)
class Distance:
    """One distance: `value`, and by how much at most that of the single codes can differ (None: not known)."""

    method: str
    value: float
    error: float | None = 0.0


def jensen_shannon(p: Floats, q: Floats) -> float:
    """The Jensen-Shannon distance of two vectors of shares, natural logarithm."""
    m = (p + q) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(p > 0, p * np.log(p / m), 0.0).sum()
        right = np.where(q > 0, q * np.log(q / m), 0.0).sum()
    return math.sqrt(max(0.0, float(left + right) / 2.0))


def psi(p: Floats, q: Floats) -> float:
    """The population stability index of two vectors of shares."""
    p, q = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    return float(((q - p) * np.log(q / p)).sum())


def total_variation(p: Floats, q: Floats) -> float:
    """Half the summed difference of two vectors of shares."""
    return float(np.abs(p - q).sum() / 2.0)


def chi_square(before: Floats, now: Floats) -> tuple[float, int]:
    """Chi-square of the table of two vectors of counts, and its degrees of freedom; categories without rows are out."""
    kept = (before + now) > 0
    table = np.vstack([before[kept], now[kept]])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), max(0, int(kept.sum()) - 1)


def of_shares(before: ArrayLike, now: ArrayLike) -> list[Distance]:
    """Jensen-Shannon, PSI, chi-square and total variation of two vectors of counts, both with rows."""
    a, b = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    n, m = a.sum(), b.sum()
    p, q = a / n, b / m
    return [
        Distance("jensenshannon", jensen_shannon(p, q)),
        Distance("psi", psi(p, q)),
        Distance("chisquare", math.sqrt(chi_square(a, b)[0] / (n + m))),
        Distance("total_variation", total_variation(p, q)),
    ]


def of_numbers(scheme: Scheme, before: Profile, now: Profile) -> list[Distance]:
    """All distances of a column of numbers; both profiles have rows."""
    ks, error = kolmogorov(scheme, before.counts, now.counts)
    coarse = tenths(before.counts, now.counts)
    return [
        wasserstein(scheme, before, now),
        Distance("kolmogorov", ks, error),
        *of_shares(*coarse),
    ]


def kolmogorov(scheme: Scheme, before: Sequence[int], now: Sequence[int]) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance at the cut points, and by how much that of the codes can exceed it.

    Within a bin of several codes F - G can rise by p before it falls by q, or the other way round.
    """
    p, q = np.array(before) / sum(before), np.array(now) / sum(now)
    gap = _gaps(before, now)[:-1]
    largest = float(np.abs(gap).max())
    wide = np.ones(len(p), dtype=bool)
    wide[1:-1] = np.diff(scheme.cuts) > 1
    within = np.where(wide, np.maximum(np.abs(gap + p), np.abs(gap - q)), 0.0).max()
    return largest, max(0.0, float(within) - largest)


def wasserstein(scheme: Scheme, before: Profile, now: Profile) -> Distance:
    """The Wasserstein distance over the standard deviation of the reference, and how far that of the codes can be off.

    0 where the reference has no spread and nothing moved, infinite where something did.
    """
    spread, edges = deviation(before), _edges(scheme)
    p, mean_p = _bins(before)
    q, mean_q = _bins(now)
    if not len(edges):
        area, most = abs(float(mean_p[0] - mean_q[0])), math.inf
    else:
        inner, error = _inner(scheme, edges, (p, mean_p), (q, mean_q), _gaps(before.counts, now.counts))
        tails = [(p[i] * abs(edges[i] - mean_p[i]), q[i] * abs(edges[i] - mean_q[i])) for i in (0, -1)]
        area = inner + sum(abs(float(a - b)) for a, b in tails)
        most = error + sum(2.0 * float(min(a, b)) for a, b in tails)
    if spread > 0:
        return Distance(NORMED, area / spread, most / spread)
    return Distance(NORMED, 0.0 if area == 0 else math.inf, 0.0)


def _inner(
    scheme: Scheme, edges: Floats, before: tuple[Floats, Floats], now: tuple[Floats, Floats], gap: Floats
) -> tuple[float, float]:
    """The area between the outermost cut points, and how far off it can be."""
    p, q, low, high = before[0][1:-1], now[0][1:-1], edges[:-1], edges[1:]
    mean_p = np.clip(np.where(p > 0, before[1][1:-1], low), low, high)
    mean_q = np.clip(np.where(q > 0, now[1][1:-1], low), low, high)
    left, right = gap[1:-2], gap[2:-1]
    middle = np.where(mean_p <= mean_q, left + p, left - q)
    first, second = np.minimum(mean_p, mean_q), np.maximum(mean_p, mean_q)
    area = np.abs(left) * (first - low) + np.abs(middle) * (second - first) + np.abs(right) * (high - second)
    # Where F - G keeps its sign in the bin, whatever the order of the rows in it, nothing can be missed.
    sure = (np.diff(scheme.cuts) == 1) | (left - q >= 0) | (left + p <= 0)
    least = np.abs(left * (high - low) + p * (high - mean_p) - q * (high - mean_q))
    most = np.maximum(np.abs(left + p), np.abs(left - q)) * (high - low)
    return float(area.sum()), float(np.where(sure, 0.0, np.maximum(most - area, area - least)).sum())


def deviation(profile: Profile) -> float:
    """The standard deviation of the rows, in the unit of the profile's sums; 0 without rows."""
    n = profile.rows
    return math.sqrt(max(0, n * profile.squares - profile.total**2)) / n if n else 0.0


def tenths(before: Sequence[int], now: Sequence[int], parts: int = 10) -> tuple[list[int], list[int]]:
    """Both vectors of counts over about equal parts of the reference, as far as its bins allow."""
    whole, below, wanted = sum(before), 0, 1
    sides: tuple[list[int], list[int]] = ([0], [0])
    for left, right in zip(before, now, strict=True):
        if below * parts >= wanted * whole:
            sides[0].append(0)
            sides[1].append(0)
            wanted = below * parts // whole + 1
        sides[0][-1] += left
        sides[1][-1] += right
        below += left
    return sides


def expected_area(scheme: Scheme, before: Profile, now: Profile) -> float:
    """The normed Wasserstein distance to expect between samples of these sizes of one distribution.

    sqrt(2/pi) sqrt(1/n + 1/m) times the integral of sqrt(F (1 - F)) of all rows together, over the deviation of the
    reference (normal approximation at each point). Infinite without rows or spread.
    """
    n, m, spread = before.rows, now.rows, deviation(before)
    if not n or not m or spread <= 0:
        return math.inf
    both = np.array(before.counts, dtype=float) + np.array(now.counts)
    below = np.cumsum(both)[:-1] / (n + m)
    height, edges = np.sqrt(below * (1.0 - below)), _edges(scheme)
    area = float((np.diff(edges) * (height[1:] + height[:-1]) / 2.0).sum()) if len(edges) > 1 else 0.0
    return math.sqrt(2.0 / math.pi) * math.sqrt(1.0 / n + 1.0 / m) * area / spread


def _gaps(before: Sequence[int], now: Sequence[int]) -> Floats:
    """F - G below the first bin, and above each bin; 0 exactly where both are 0 or 1."""
    sides = [np.cumsum(np.array((0, *side), dtype=np.int64)) / sum(side) for side in (before, now)]
    gaps: Floats = sides[0] - sides[1]
    return gaps


def _edges(scheme: Scheme) -> Floats:
    """The cut points in the unit of the profile's sums."""
    edges = np.array(scheme.cuts, dtype=float)
    if not scheme.logarithmic:
        return edges
    return np.exp(np.clip((edges - scheme.offset) / scheme.scale, -_LARGEST, _LARGEST)) * scheme.unit


def _bins(profile: Profile) -> tuple[Floats, Floats]:
    """Share and mean of each bin; where there are no rows the mean does not matter."""
    counts = np.array(profile.counts, dtype=float)
    totals = np.array([float(total) for total in profile.totals])
    return counts / counts.sum(), np.divide(totals, counts, out=np.zeros_like(totals), where=counts > 0)
