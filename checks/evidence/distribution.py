"""Whether a column's distribution moved away from a pinned reference by more than a tolerance.

The column is seen through bins fixed in advance: ordered ones between cut points (quantiles of the reference), or one
per category. Distance: for ordered bins the largest difference of the shares below a cut (Kolmogorov and Smirnov at
the cuts), else the largest change of a category's share. A tolerance eps is always needed: without one every large
stream drifts.

TESTS. The distance is the largest of differences between shares, each of one set of bins, "bad" for that test:
everything below a cut, or everything above it; one category, or all the others. So it is 2 (B - 1) tests, or 2 B, of a
rate against a limit. With `error`, the true reference shares all lie between `least` and `most` at once:

* ordered: share -+ d, d = sqrt(ln(2/error) / (2 n)) (Dvoretzky, Kiefer and Wolfowitz, with Massart's constant 1990);
* categories: the exact bounds of Clopper and Pearson, each at error/(2 B), by the union bound; for rare categories far
  closer than twice the d above, which would bound them too (a category is the difference of two ordered shares). The
  categories must not be chosen by these counts.

A breach is tested at the limit most + eps: if the stream's law, given the past, is within eps of the reference, every
test's rate is at most its limit. A pass is tested at least + eps, the uncertainty of the reference taken against the
claim. Where that is no more than the reference's own share nothing can be proved (`provable`): the reference is too
small for the tolerance. Limits of 1 and more are kept by every stream and drop out.

EVIDENCE. Eight bets per test, odds ratios as in `bets` (proof there), their excess over 1 geometric from 2 eps, so that
even eps/4 beyond a limit is found in time, to where 95 % of the wealth is at stake. Breach: the mean over all bets of
all tests, at alpha - error. Pass: the least, over tests, of the mean of the test's bets; if the average is eps or more
away in one test, the pass needs that test refuted, which ever happens with probability at most beta. Missing values
help neither claim: good in every breach test, bad in every passing one; or they are a category of their own.

Units: with `item` rows are independent of each other given the past; with `window` each window is one unit with its
share, and rows in it may depend on each other in any way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.evidence.bins import binned as binned
from checks.evidence.bins import deciles as deciles
from checks.evidence.cumulative import log_mean
from checks.evidence.reference import clopper_pearson, halved
from warehouse.records.errors import CheckError

BETS = 8

_LARGEST_STAKE = 0.95

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Reference:
    """How many reference rows lie in each bin; the bins themselves are fixed elsewhere."""

    ordered: bool
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OneSided:
    """One test: whether the share of the `bad` bins (places, ascending) grew by more than the tolerance.

    `share` is theirs in the reference; the true one is between `least` and `most`. `over` is the limit for a breach,
    `within` that for a pass, each with `tolerance` in it; None where it is 1 or more, which no stream exceeds.
    """

    bad: tuple[int, ...]
    share: float
    least: float
    most: float
    tolerance: float
    over: float | None
    within: float | None


class Growth(NamedTuple):
    """What a window adds: ln growth of each breach bet and of each passing bet, the latter in `groups` equal parts."""

    breach: tuple[float, ...]
    passing: tuple[float, ...]
    groups: int


@lru_cache(maxsize=256)
def tests(reference: Reference, tolerance: float, error: float) -> tuple[OneSided, ...]:
    """The one-sided tests; `error` is the chance that the reference itself misleads.

    Raises:
        CheckError: the reference has fewer than two bins or no rows, `tolerance` or `error` is not between 0 and 1, or
            the tolerance leaves nothing to test.
    """
    _refuse_unusable(reference, tolerance, error)
    made = _ordered(reference.counts, error) if reference.ordered else _categories(reference.counts, error)
    found = tuple(
        OneSided(bad, share, least, most, tolerance, _limit(most + tolerance), _limit(least + tolerance))
        for bad, share, least, most in made
    )
    if all(test.over is None for test in found):
        raise CheckError(
            f"With tolerance {tolerance:g} and {sum(reference.counts)} reference rows every limit reaches 1, so "
            "nothing could ever drift. Give a smaller tolerance or a larger reference."
        )
    return found


def provable(reference: Reference, tolerance: float, error: float) -> bool:
    """Whether a stream equal to the reference could ever pass: the reference is large enough for the tolerance.

    Raises:
        CheckError: as `tests`.
    """
    return all(test.within is None or test.within > test.share for test in tests(reference, tolerance, error))


def log_growth(counts: Sequence[int], of: tuple[OneSided, ...], missing: int = 0) -> Growth:
    """The growth of one window whose rows are units, from the number of rows in each bin; zeros without rows.

    `missing` more rows have no value: they are good in every breach test and bad in every passing test.

    Raises:
        CheckError: there are not as many bins as in the reference, or a count is negative.
    """
    n, bad = _bad(counts, of, missing)
    over, within = _gains(of)
    return Growth(
        tuple(k * up + (n - k) * down for k, bets in zip(bad, over, strict=True) for up, down in bets),
        tuple(
            (n - missing - k) * up + (k + missing) * down
            for k, bets in zip(bad, within, strict=True)
            for up, down in bets
        ),
        _groups(of),
    )


def window_growth(counts: Sequence[int], of: tuple[OneSided, ...], missing: int = 0) -> Growth:
    """The growth of one window that is a single unit: one bet on each test's share; zeros without rows.

    `missing` is as in `log_growth`.

    Raises:
        CheckError: as `log_growth`.
    """
    n, bad = _bad(counts, of, missing)
    if not n:
        return log_growth(counts, of)
    over, within = _bets(of)
    return Growth(
        tuple(s.log_gain(r, k / n) for k, s in zip(bad, over, strict=True) if s for r in s.ratios),
        tuple(s.log_gain(r, (n - missing - k) / n) for k, s in zip(bad, within, strict=True) if s for r in s.ratios),
        _groups(of),
    )


def bets(of: tuple[OneSided, ...]) -> tuple[int, int]:
    """How many bets a breach and a pass rest on."""
    return BETS * sum(test.over is not None for test in of), BETS * _groups(of)


def passing(wealth: Sequence[float], groups: int) -> float:
    """The ln evidence for a pass, from the ln wealth of all passing bets: the least mean of a group."""
    return min(log_mean(wealth[BETS * g : BETS * (g + 1)]) for g in range(groups))


def distance(counts: Sequence[int], reference: Reference) -> float | None:
    """The distance of counts per bin from the reference's, from 0 to 1; None without rows."""
    now, before = sum(counts), sum(reference.counts)
    if not now:
        return None
    moved = [k / now - r / before for k, r in zip(counts, reference.counts, strict=True)]
    return max(abs(x) for x in (accumulate(moved[:-1]) if reference.ordered else moved))


def ends(
    breach: Sequence[float],
    passed: Sequence[float],
    units: int,
    of: tuple[OneSided, ...],
    alpha: float,
    beta: float,
) -> tuple[float, float]:
    """An interval for the distance of the average law so far from the true reference, valid at every look.

    `breach` and `passed` are the ln wealth of the bets after `units` rows (or windows). The lower end is the smallest
    eps that the breach bets do not refute at 1/alpha, the upper one the smallest that the passing bets prove at 1/beta,
    both with the gate's own evidence: the tolerance is outside exactly when it is refuted. Bets that are odds ratios
    tell about any limit (see `interval`). The lower end is wrong with probability at most alpha and the error of the
    reference together; of the upper end this holds (with beta) for each test, hence for the distance as long as the
    same bins stay the farthest.
    """
    over = [test for test in of if test.over is not None]
    kept = _against(breach, units, _bets(of)[0])

    def bearable(eps: float) -> bool:
        logs = kept(np.array([min(1.0, test.most + eps) for test in over]))
        return float(np.logaddexp.reduce(logs.ravel())) < math.log(logs.size / alpha)

    lower = 0.0 if bearable(0.0) else halved(bearable, 0.0, 1.0)
    return lower, halved(_proving(passed, units, of, beta), 0.0, 1.0)


def _proving(passed: Sequence[float], units: int, of: tuple[OneSided, ...], beta: float) -> Callable[[float], bool]:
    """Whether the passing bets prove that the distance is below a given eps."""
    within = [test for test in of if test.within is not None]
    kept = _against(passed, units, _bets(of)[1])

    def proved(eps: float) -> bool:
        against = np.array([1.0 - test.least - eps for test in within])
        logs = np.logaddexp.reduce(kept(np.maximum(0.0, against)), axis=1)
        certain = all(test.least + eps >= 1.0 for test in of if test.within is None)
        return certain and bool(np.all((logs >= math.log(BETS / beta)) | (against <= 0.0)))

    return proved


def _against(wealth: Sequence[float], units: int, bets: Sequence[_Side | None]) -> Callable[[Floats], Floats]:
    """The ln wealth that the bets would have against other limits, one per test (rows: tests, columns: bets)."""
    sides = [side for side in bets if side]
    excess = np.array([side.ratios for side in sides]) - 1.0
    limits = np.array([side.limit for side in sides])
    free = np.reshape(np.array(wealth, dtype=float), excess.shape) + units * np.log1p(excess * limits[:, None])
    return lambda other: free - units * np.log1p(excess * other[:, None])


def _ordered(counts: tuple[int, ...], error: float) -> Iterator[tuple[tuple[int, ...], float, float, float]]:
    n, bins = sum(counts), range(len(counts))
    d = math.sqrt(math.log(2.0 / error) / (2.0 * n))
    for cut, below in enumerate(accumulate(counts[:-1]), 1):
        for bad, share in ((bins[:cut], below / n), (bins[cut:], (n - below) / n)):
            yield tuple(bad), share, max(0.0, share - d), min(1.0, share + d)


def _categories(counts: tuple[int, ...], error: float) -> Iterator[tuple[tuple[int, ...], float, float, float]]:
    n, bins = sum(counts), range(len(counts))
    for category, k in enumerate(counts):
        bounds = clopper_pearson(n, k, 1.0 - error / (2.0 * len(counts)))
        yield (category,), k / n, bounds["lower"], bounds["upper"]
        yield tuple(b for b in bins if b != category), (n - k) / n, 1.0 - bounds["upper"], 1.0 - bounds["lower"]


def _limit(value: float) -> float | None:
    return value if value < 1.0 else None


class _Side(NamedTuple):
    """Bets that a share is over `limit`: odds ratios, all 1 (no bet) where the limit is 1."""

    limit: float
    ratios: tuple[float, ...]

    def log_gain(self, ratio: float, share: float) -> float:
        """The ln growth of one bet on a unit with that share, 0 or 1 for a row."""
        return math.log1p((ratio - 1.0) / (1.0 + (ratio - 1.0) * self.limit) * (share - self.limit))


@lru_cache(maxsize=256)
def _bets(of: tuple[OneSided, ...]) -> tuple[tuple[_Side | None, ...], tuple[_Side | None, ...]]:
    """Per test the breach bets, on the share of bad bins, and the passing bets, on that of the others."""
    over = (None if test.over is None else _side(test.over, test.tolerance) for test in of)
    within = (None if test.within is None else _side(1.0 - max(0.0, test.within), test.tolerance) for test in of)
    return tuple(over), tuple(within)


def _side(limit: float, tolerance: float) -> _Side:
    if limit >= 1.0:
        return _Side(1.0, (1.0,) * BETS)
    least = 2.0 * tolerance
    ratio = _LARGEST_STAKE / (1.0 - _LARGEST_STAKE) / limit / least
    return _Side(limit, tuple(1.0 + least * ratio ** (j / (BETS - 1)) for j in range(BETS)))


Gains = tuple[tuple[float, float], ...]


@lru_cache(maxsize=256)
def _gains(of: tuple[OneSided, ...]) -> tuple[list[Gains], list[Gains]]:
    """Per test and bet, the ln growth of a row on the winning and on the losing side; breach bets, passing bets."""

    def gains(side: _Side | None) -> Gains:
        return tuple((side.log_gain(r, 1.0), side.log_gain(r, 0.0)) for r in side.ratios) if side else ()

    over, within = _bets(of)
    return [gains(side) for side in over], [gains(side) for side in within]


def _groups(of: tuple[OneSided, ...]) -> int:
    return sum(test.within is not None for test in of)


def _bad(counts: Sequence[int], of: tuple[OneSided, ...], missing: int) -> tuple[int, list[int]]:
    """Number of all rows, and for each test how many are known to be bad."""
    bins = 1 + max(place for test in of for place in test.bad)
    if len(counts) != bins or any(count < 0 for count in (*counts, missing)):
        raise CheckError(
            f"A window was given with the counts {list(counts)} and {missing} missing; the reference has {bins} bins, "
            "and no count may be negative. Summarise the window again."
        )
    return sum(counts) + missing, [sum(counts[place] for place in test.bad) for test in of]


def _refuse_unusable(reference: Reference, tolerance: float, error: float) -> None:
    if len(reference.counts) < 2 or sum(reference.counts) <= 0 or any(count < 0 for count in reference.counts):
        raise CheckError(
            f"A reference distribution was given with the counts {list(reference.counts)}, but it needs rows in at "
            "least two bins or categories. Choose a longer reference period, or leave a constant column out."
        )
    for name, value in (("tolerance", tolerance), ("error of the reference", error)):
        if not 0.0 < value < 1.0:
            raise CheckError(
                f"The {name} of a distribution is {value:g}, but it must lie between 0 and 1, such as 0.05."
            )
