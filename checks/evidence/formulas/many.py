"""Many gates at once: which to name, how a p-value becomes evidence, and what layers say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from checks.evidence.cumulative import log_mean


def e_bh(log_e: Sequence[float], alpha: float) -> list[int]:
    """The places that e-BH names, ascending; at most a share alpha of them is named wrongly on average."""
    order = sorted(range(len(log_e)), key=lambda i: -log_e[i])
    named = [k for k, i in enumerate(order, 1) if log_e[i] >= math.log(len(order) / (alpha * k))]
    return sorted(order[: max(named, default=0)])


def p_to_e_kappa(p: float, kappa: float) -> float:
    """Evidence kappa p^(kappa - 1) of a p-value."""
    return kappa * math.exp((kappa - 1.0) * math.log(p))


def p_to_e_mixture(p: float) -> float:
    """Evidence of a p-value, mixed over all kappa."""
    log = math.log(p)
    return (1.0 - p + p * log) / (p * log * log)


def layers(
    pass_log_e: Sequence[float | None], breach_log_e: Sequence[float], alpha: float, beta: float
) -> dict[str, Any]:
    """The mean of breach evidence, the least pass evidence (None if any is missing), and the decision."""
    breach = log_mean(breach_log_e)
    known = [e for e in pass_log_e if e is not None]
    least = min(known) if known and len(known) == len(pass_log_e) else None
    decision = "HOLD"
    if breach >= math.log(1.0 / alpha):
        decision = "BREACH"
    elif least is not None and least >= math.log(1.0 / beta):
        decision = "PASS"
    return {"global_breach_log_e": breach, "pass_log_e": least, "decision": decision}
