"""The law of the candidate's bad units given all margins, in log space: Fisher's noncentral hypergeometric.

With n_a and n_b units and k bad ones in both arms together, and odds of badness that are theta times as high in the
candidate (b) as in the control (a),

    P(y) = C(n_b, y) C(n_a, k - y) theta^y / Z(theta),    max(0, k - n_a) <= y <= min(n_b, k).

Weights are built from the ratios of neighbours, because differences of log-gammas of a million lose nine digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.evidence.arms.counts import Windows

Floats = NDArray[np.floating[Any]]

_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class Block:
    """Windows of similar support side by side: `rows` are their places, `least` the smallest y of each.

    `logs` holds, per window, the ln weight at theta = 1 of y = least, least + 1, ...; -inf past the support.
    """

    rows: NDArray[np.intp]
    least: NDArray[np.int64]
    logs: Floats

    def log_totals(self, log_thetas: Floats) -> Floats:
        """Per window (rows) and theta (columns), ln of Z(theta) / theta^least, up to a constant of the window."""
        if len(log_thetas) > 1 and self.logs.size * len(log_thetas) > _BLOCK:
            return np.concatenate([self.log_totals(log_thetas[[j]]) for j in range(len(log_thetas))], axis=1)
        logs = self.logs[:, None, :] + log_thetas[:, None] * np.arange(self.logs.shape[1])
        top = logs.max(axis=2)
        logs -= top[:, :, None]
        return np.asarray(top + np.log(np.exp(logs, out=logs).sum(axis=2)))


def blocks(windows: Windows) -> Iterator[Block]:
    """The windows in blocks that fit the cache; a window with one possible y has the single ln weight 0."""
    n_a, n_b, k = windows[:, 0], windows[:, 2], windows[:, 1] + windows[:, 3]
    least = np.maximum(0, k - n_a)
    sizes = np.minimum(n_b, k) - least + 1
    order = np.argsort(sizes, kind="stable")
    first = 0
    while first < len(order):
        ends = sizes[order[first:]] * np.arange(1, len(order) - first + 1)
        rows = order[first : first + max(1, int(np.searchsorted(ends, _BLOCK, side="right")))]
        yield Block(rows, least[rows], _log_weights(n_a[rows], n_b[rows], k[rows], least[rows], sizes[rows]))
        first += len(rows)


def _log_weights(n_a: Any, n_b: Any, k: Any, least: Any, sizes: Any) -> Floats:
    """The ln of C(n_b, y) C(n_a, k - y) relative to the smallest y, summed up from the ratios of neighbours."""
    steps = np.arange(sizes.max())
    y = least[:, None] + steps[:-1]
    inside = steps[1:] < sizes[:, None]
    up = np.where(inside, (n_b[:, None] - y) * (k[:, None] - y), 1)
    down = np.where(inside, (y + 1) * (n_a[:, None] - k[:, None] + y + 1), 1)
    logs = np.zeros((len(sizes), len(steps)))
    np.cumsum(np.log(up / down), axis=1, out=logs[:, 1:])
    logs[:, 1:][~inside] = -np.inf
    return logs
