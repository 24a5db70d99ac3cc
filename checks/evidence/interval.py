"""An interval for the average badness so far that stays valid however often one looks.

The bets of `bets` are odds ratios, so the wealth they would have against another limit follows from the wealth they
have against the gate's own:

    ln W_j(m') = ln W_j(m) + n (ln(1 + (r_j - 1) m) - ln(1 + (r_j - 1) m'))

The lower end is the smallest m' that the mean of these does not refute at 1/error. It needs nothing but the ledger,
rests on the same assumptions as the gate, and agrees with it: the limit is outside exactly when it is refuted. The
processes for all m' are dominated by one martingale, so the end is wrong at any look ever with probability at most
`error`, also when rates move (it then speaks of the average).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.evidence.bets import odds_ratios

_HALVINGS = 50

Floats = NDArray[np.floating[Any]]


def lower_end(wealth: Floats, units: Floats, limit: float, error: float) -> Floats:
    """The lower end for each row of `wealth` (ln wealth of each bet against `limit`) and its number of units.

    In badness, from 0 to 1; 0 where nothing is refuted. The upper end is 1 minus the lower end of the mirrored bets.
    """
    excess = np.asarray(odds_ratios(limit)) - 1.0
    proof = np.log(len(excess) / error)
    units = units[:, None]
    against_nothing = wealth + units * np.log1p(excess * limit)
    low, high = np.zeros(len(wealth)), np.ones(len(wealth))
    refuted = np.logaddexp.reduce(against_nothing, axis=1) >= proof
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        logs = against_nothing - units * np.log1p(excess * middle[:, None])
        over = np.logaddexp.reduce(logs, axis=1) >= proof
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(refuted, low, 0.0)


def ends(
    breach: Floats, passing: Floats, units: Floats, limit: float, alpha: float, beta: float
) -> tuple[Floats, Floats]:
    """Lower and upper end of badness: the lower is ever wrong with probability at most alpha, the upper with beta.

    `breach` and `passing` hold, per row, the ln wealth of the bets that badness is over, and under, `limit`.
    """
    return lower_end(breach, units, limit, alpha), 1.0 - lower_end(passing, units, 1.0 - limit, beta)
