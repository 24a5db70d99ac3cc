"""How many units a proof needs: from now on at the present pace, and before there are any data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from checks.evidence.cumulative import log_mean

_MOST = 10**12


def units_until(
    wealth: Sequence[float],
    units: int,
    growth: Sequence[float],
    proof: float,
    weights: Sequence[float] | None = None,
    evidence: Callable[[Sequence[float]], float] | None = None,
) -> int | None:
    """The number of further units after which the evidence is expected to reach `proof` (all natural logs).

    `growth` is what each bet gained over the `units` seen; each further unit is expected to bring as much as one of
    them did. Evidence is the mean wealth under `weights` (None: equal), or what `evidence` makes of the wealth. 0
    when the proof is there, None when no bet gains (or a proof is beyond reach).
    """
    if not wealth or units <= 0:
        return None
    pace = [gain / units for gain in growth]
    measured = evidence or (lambda logs: log_mean(logs, weights))

    def there(more: int) -> bool:
        return measured([now + more * gain for now, gain in zip(wealth, pace, strict=True)]) >= proof

    if there(0):
        return 0
    if max(pace) <= 0.0 or not there(_MOST):
        return None
    few, many = 0, _MOST
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if there(middle) else (middle, many)
    return many


def planned_units(limit: float, rate: float, error: float, start_weight: float = 1.0) -> int | None:
    """How many 0/1 units a proof against `limit` is expected to need if the true rate is `rate`; None at the limit.

    The planning rule of the monitor: (ln(1/error) + ln(1/start_weight) + 1.5) / KL(rate, limit). `start_weight` is
    that of the look after which things change (1/2 at the first), and 1 for a pass. Good to about 15 %; round up to
    whole looks.
    """
    distance = _divergence(rate, limit)
    if distance == 0.0:
        return None
    return math.ceil((math.log(1.0 / error) + math.log(1.0 / start_weight) + 1.5) / distance)


def _divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats."""
    return math.fsum(a * math.log(a / b) for a, b in ((p, q), (1.0 - p, 1.0 - q)) if a > 0.0)
