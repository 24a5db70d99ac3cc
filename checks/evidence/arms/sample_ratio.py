"""Whether the traffic is split as configured: the sample-ratio guard of every comparison of arms.

Each unit is a candidate with the configured probability `share`. With n_b candidates of n units in a window, the bet on
r times the odds of being one has the growth

    n_b ln r - n ln(1 + (r - 1) share),

the likelihood ratio against `share`: half the wealth on eight r above 1 (too many candidates), half on their inverses.
The excess r - 1 is geometric from 0.02, the smallest skew worth a hold, to 3.

The growths go through the start-mixture monitor, not the cumulative process: an assignment breaks with some deployment,
logging or cache, mostly late, when a cumulative process has spent its wealth; at the first look the monitor costs ln 2.

Assumptions: units are assigned one by one, each with chance `share` whatever came before, and the unit counted is the
unit that is assigned (a user or a session, not its requests). Proof: given the past each factor has expectation 1, so
`monitor` gives a nonnegative supermartingale from 1: under a right split it ever reaches 1/alpha with probability at
most alpha. The bets on both sides are one mixture, so no second error is spent.

A skewed split never says which arm is better. It says that units are missing or assigned by something else, so no
comparison can be trusted: it holds them all, and neither pauses nor passes.

Source: Lindon and Malek 2020 (arXiv 2011.03567) for the sequential test of a split; `monitor` for the start weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.evidence import monitor
from warehouse.records.errors import CheckError

_BETS_A_SIDE = 8
_SMALLEST_EXCESS, _LARGEST_EXCESS = 0.02, 3.0

Counts = NDArray[np.integer[Any]]


def odds_ratios() -> NDArray[np.float64]:
    """The 16 bets: eight odds ratios above 1, ascending, then their inverses."""
    above = 1.0 + np.geomspace(_SMALLEST_EXCESS, _LARGEST_EXCESS, _BETS_A_SIDE)
    return np.concatenate([above, 1.0 / above])


def log_growths(n_control: Counts, n_candidate: Counts, share: float) -> NDArray[np.float64]:
    """The growth (ln) of each window (rows) and bet (columns); zeros for a window without units.

    Raises:
        CheckError: `share` is not strictly between 0 and 1, or the counts are negative or of different length.
    """
    if not 0.0 < share < 1.0:
        raise CheckError(
            f"The candidate's share is {share:g}, but a split can be guarded only strictly between 0 and 1. "
            "Change `share` of the gate."
        )
    if n_control.shape != n_candidate.shape or (n_control < 0).any() or (n_candidate < 0).any():
        raise CheckError(
            f"Counts of {n_control.size} control and {n_candidate.size} candidate windows were given, but both arms "
            "need one number, 0 or more, for each window. Summarise the windows again."
        )
    ratios = odds_ratios()
    units = (n_control + n_candidate)[:, None]
    return np.asarray(n_candidate[:, None] * np.log(ratios) - units * np.log1p((ratios - 1.0) * share))


def log_evidence(n_control: Counts, n_candidate: Counts, share: float) -> NDArray[np.float64]:
    """The ln evidence against the configured `share` after each window; 0 before the first unit.

    Windows come in order, those without units included: they leave the evidence as it was.

    Raises:
        CheckError: `share` is not strictly between 0 and 1, or the counts are negative or of different length.
    """
    growths = log_growths(n_control, n_candidate, share)
    numbers = np.flatnonzero(n_control + n_candidate) + 1
    found = monitor.log_evidence(numbers, growths[numbers - 1])
    latest = np.searchsorted(numbers, np.arange(1, len(growths) + 1), side="right")
    return np.concatenate([[0.0], found])[latest]
