"""Whether rows may count as units of evidence: only if windows of a reference vary no more than independent rows would.

Rows that depend on each other are fewer than they look: with correlation 0.1 in sessions of ten, a healthy system is
paused in 60 % of cases instead of 5. So unit `item` is allowed only when both hold on the reference:

1. no session has more than one row;
2. the index of dispersion, the variance of window sums over what independent rows give, is below 1.5 even at its upper
   95 % bound.

Index (Pearson): with n_t rows of sum T_t in window t, mean m and variance v of all rows (m (1 - m) for 0/1 values),
z_t^2 = (T_t - n_t m)^2 / (n_t v), and the index is their sum over W - 1. It is 1 for independent rows of one law; a
correlation r within windows makes it 1 + (n - 1) r, an hourly rate with squared coefficient of variation phi
1 + phi n m / (1 - m). It grows with n, so windows as large as those to come are needed.

Bound. If window sums are normal, (W - 1) index / true index has the chi-square law with W - 1 degrees of freedom. Few
bad rows or bursts give z^2 longer tails; then the index varies as if from fewer windows. Matching mean and variance
(Satterthwaite 1946), the degrees are 2 index^2 W / var(z^2) where this is below W - 1, and

    upper = degrees index / (5 % quantile of chi-square with that many degrees).

Windows with fewer than ten rows are left out, as they can hardly show dependence (with one row z^2 is 1 whatever
happens), and at least thirty others are needed. The test does not see dependence that leaves window sums alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_INDEX = 1.5
LEAST_WINDOWS = 30
LEAST_ROWS = 10

_DOUBT = 0.05

Window = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Whether rows may be units. `index` and its `upper` bound are None where they cannot be computed.

    `windows` and `rows` are those that were used, `largest_session` the number of rows of the largest session. The
    sentence says what was found, and what to do when it does not pass.
    """

    passes: bool
    index: float | None
    upper: float | None
    windows: int
    rows: int
    largest_session: int
    sentence: str


def check(windows: Sequence[Window], largest_session: int) -> Dispersion:
    """Whether rows are independent enough, from each reference window's number of rows, sum and sum of squares.

    Sums may be in any unit of the metric; they must not mix units. `largest_session` is the most rows that share one
    session, 1 when none do. Too little to tell never passes.
    """
    used = [window for window in windows if window[0] >= LEAST_ROWS]
    rows = sum(n for n, _, _ in used)
    squared = _squared_deviations(used)
    index, upper = _bounded(squared) if squared and len(used) >= LEAST_WINDOWS else (None, None)
    trouble = _trouble(used, windows, squared, upper, largest_session)
    passes = not trouble and upper is not None
    sentence = trouble or (
        f"Over {len(used)} windows the sums vary {index:.2f} times as much as independent rows would (at most "
        f"{upper:.2f} times, with 95 % confidence), and no session has more than one row."
    )
    return Dispersion(passes, index, upper, len(used), rows, largest_session, sentence)


def _squared_deviations(windows: Sequence[Window]) -> list[float]:
    """z^2 of each window; empty where all rows have one value, or there are none."""
    rows = sum(n for n, _, _ in windows)
    if not rows:
        return []
    mean = math.fsum(total for _, total, _ in windows) / rows
    variance = math.fsum(squares for _, _, squares in windows) / rows - mean * mean
    if variance <= 1e-12 * mean * mean:
        return []
    return [(total - n * mean) ** 2 / (n * variance) for n, total, _ in windows]


def _bounded(squared: Sequence[float]) -> tuple[float, float | None]:
    """The index and its upper bound; None for a bound beyond all numbers."""
    from scipy.special import gammaincinv

    number = len(squared)
    index = math.fsum(squared) / (number - 1)
    spread = math.fsum((z - index) ** 2 for z in squared) / (number - 1)
    degrees = min(number - 1.0, 2.0 * index * index * number / spread) if spread > 0.0 else number - 1.0
    quantile = 2.0 * float(gammaincinv(degrees / 2.0, _DOUBT))
    return index, degrees * index / quantile if quantile > 0.0 else None


def _trouble(
    used: Sequence[Window], windows: Sequence[Window], squared: Sequence[float], upper: float | None, session: int
) -> str:
    """What speaks against rows as units, in one sentence or two; empty when nothing does."""
    instead = 'Use unit "session", or "window".'
    if session > 1:
        return f"One session of the reference has {session} rows, and rows of a session depend on each other. {instead}"
    if len(used) < LEAST_WINDOWS:
        return (
            f"Only {len(used)} of {len(windows)} reference windows have {LEAST_ROWS} rows or more, and at least "
            f"{LEAST_WINDOWS} are needed to see whether rows depend on each other. Take a longer reference. {instead}"
        )
    if not squared:
        return f"All rows of the reference have the same value, so nothing shows whether they depend. {instead}"
    if upper is None or upper >= LARGEST_INDEX:
        most = "any number of" if upper is None else f"up to {math.ceil(upper * 100) / 100:.2f}"
        return (
            f"Sums over the {len(used)} reference windows may vary {most} times as much as independent rows would "
            f"(95 % confidence), but must stay below {LARGEST_INDEX:g} times: rows depend on each other, or are too "
            f"few to tell. {instead}"
        )
    return ""
