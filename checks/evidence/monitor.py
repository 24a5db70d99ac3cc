"""The start-mixture monitor: evidence that the limit is exceeded from some look on. BREACH rests on it.

At every look a little wealth starts to bet; what has not started yet is kept. For bet j with start weights w_j(t)

    R_j(t) = exp(growth_j(t)) (R_j(t-1) + w_j(t)),    R_j(0) = 0
    E(t) = sum_j prior_j (R_j(t) + 1 - (w_j(1) + ... + w_j(t)))

Unlike the cumulative process this does not lose, over a long healthy time, the wealth that it needs when things turn
bad. It is Shiryaev-Roberts with start weights that sum to at most one.

**Proof.** Let w_j(t) >= 0 be decided before look t (fixed, or from the looks before it), with a sum of at most 1 on
every path, and let the epoch be healthy: E[exp(growth_j(t)) | looks before t] <= 1, which holds for values in [0, 1]
with a conditional mean within the limit (`bets`). Given the past, with K_j(t) = 1 - (w_j(1) + ... + w_j(t)) >= 0,

    E[R_j(t) + K_j(t)] <= R_j(t-1) + w_j(t) + K_j(t) = R_j(t-1) + K_j(t-1),

so R_j + K_j is a nonnegative supermartingale that starts at 1; so is the mixture over bets with weights that sum to 1.
Hence P(E ever reaches 1/alpha) <= alpha for ever (Ville), with no horizon, and whatever the healthy rates do. Weights
that depend on the past change nothing in this: holding cash is a bet like any other. A look without units has growth 0
and may be left out, whether or not anything starts there.

Sources: Shiryaev-Roberts and its e-detector form (Shin, Ramdas and Rinaldo, 2024) have w = 1 and bound the average
time to a false alarm; summable weights bound its probability instead. The weights are in `starts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.evidence.starts import DEFAULT, Starts

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Track:
    """`evidence` is ln E after each look that had units; `wealth` is ln R of each bet after the last one."""

    evidence: Floats
    wealth: Floats


def track(numbers: Numbers, growth: Floats, prior: Floats | None = None, starts: Starts = DEFAULT) -> Track:
    """The monitor's evidence along the looks that had units.

    `numbers` are the numbers of these looks, ascending, the epoch's first look being 1; `growth` has one row per look
    and one column per bet (natural logs), for any number of bets. `prior` is the weight of each bet and sums to 1;
    None gives all the same. Without any look the evidence and the wealth are empty.

    There is no loop over looks: with A the running sum of growths, ln R(t) = A(t) + ln sum_s<=t w(s) exp(-A(s-1)).
    """
    if not len(numbers):
        return Track(np.empty(0), np.empty(0))
    begun, kept = starts(numbers, growth)
    total = np.cumsum(growth, axis=0)
    grown = np.zeros_like(total)
    np.log(begun, out=grown)
    grown[1:] -= total[:-1]
    wealth = np.logaddexp.accumulate(grown, axis=0, out=grown)
    wealth += total
    last = wealth[-1].copy()
    top = np.maximum(wealth.max(axis=1, keepdims=True), 0.0)
    wealth -= top
    each = np.exp(wealth, out=wealth)
    each += kept * np.exp(-top)
    # Not a matrix product: its last bits depend on how many rows there are.
    each *= _weights(prior, growth)
    return Track(np.log(each.sum(axis=1)) + top[:, 0], last)


def log_evidence(numbers: Numbers, growth: Floats, prior: Floats | None = None, starts: Starts = DEFAULT) -> Floats:
    """The ln of the evidence after each look that had units; at looks in between and afterwards it stays as it was."""
    return track(numbers, growth, prior, starts).evidence


def likely_start(growth: Floats, prior: Floats | None = None) -> int:
    """The row of `growth` from which on the bets have won most by the last row: the likely start of a decline.

    Every start counts alike (maximum likelihood); the start weights would favour a late one.
    """
    since = np.cumsum(growth[::-1], axis=0)[::-1]
    top = since.max(axis=1)
    return int(np.argmax(np.log(np.exp(since - top[:, None]) @ _weights(prior, growth)) + top))


def _weights(prior: Floats | None, growth: Floats) -> Floats:
    bets = growth.shape[1]
    return np.full(bets, 1.0 / bets) if prior is None else prior
