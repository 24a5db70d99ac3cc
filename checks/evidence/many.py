"""Many gates at once: when their evidence together pauses, which of them to name, and what layers say together.

PAUSE. Gate g has evidence E_g and error budget alpha_g. Together they pause when

    sum alpha_g E_g / sum alpha_g >= 1 / sum alpha_g,    that is, when sum alpha_g E_g >= 1.

The weighted mean with weights alpha_g / sum alpha_g, fixed in advance, is evidence against "all gates are healthy"
however the gates depend on each other, because expectation is linear: E[mean | past] <= the mean before. By Ville it
ever reaches 1 / sum alpha_g with probability at most sum alpha_g. One gate with E_g >= 1/alpha_g is enough, as evidence
is never negative: so this finds whatever the gates find alone, at the same total error, and more where several of them
are near. It is for current values only; the largest ones so far are not evidence together (Vovk and Wang 2021).

TRIAGE. e-BH (Wang and Ramdas 2022) names the k gates with the most evidence, k the largest with E_(k) >= G / (q k).
Proof: with R named, each of them has E >= G / (q R), so the share of wrong ones, sum 1{named} / R over healthy gates,
is at most the sum of their q E / G, which has mean at most q. Any dependence; current values at one look.

PASS. The least evidence of all layers (intersection-union test, Berger 1982): if layer l is bad, the minimum is at most
its evidence, so it reaches 1/beta with probability at most beta whatever the number of layers. It is never averaged.

CALIBRATORS. A function f with integral 1 over (0, 1) that does not increase turns a p-value into evidence: E[f(p)] <= 1
(Shafer, Shen, Vereshchagin and Vovk 2011). Here f(p) = kappa p^(kappa - 1), and its mean over all kappa in (0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from checks.evidence.cumulative import log_mean
from warehouse.records.errors import CheckError


def combined(log_e: Sequence[float], alphas: Sequence[float]) -> float:
    """The ln of the gates' evidence together, from the current ln evidence and the alpha of each; 0 for no gates.

    A gate without data has evidence one (ln 0) and stays in: leaving it out would change the weights.

    Raises:
        CheckError: an alpha is missing or not above 0.
    """
    if len(log_e) != len(alphas) or not all(alpha > 0.0 for alpha in alphas):
        raise CheckError(
            f"Evidence of {len(log_e)} gates was given with the error budgets {list(alphas)}, but each gate needs one "
            "above 0. Give an alpha for every gate."
        )
    whole = math.fsum(alphas)
    return log_mean(log_e, [alpha / whole for alpha in alphas])


def proof(alphas: Sequence[float]) -> float:
    """The ln evidence at which gates with these budgets pause together: ln(1 / sum of alphas).

    Raises:
        CheckError: the budgets are none, or sum to 1 or more, which would promise nothing.
    """
    whole = math.fsum(alphas)
    if not 0.0 < whole < 1.0:
        raise CheckError(
            f"The error budgets of the gates sum to {whole:g}, but together they must stay between 0 and 1. "
            "Lower their alpha."
        )
    return -math.log(whole)


def e_bh(log_e: Sequence[float], q: float) -> list[int]:
    """The places that e-BH names, ascending; on average at most a share `q` of them is named wrongly."""
    order = sorted(range(len(log_e)), key=lambda i: -log_e[i])
    named = [k for k, i in enumerate(order, 1) if log_e[i] >= math.log(len(order) / (q * k))]
    return sorted(order[: max(named, default=0)])


def p_to_e_kappa(p: float, kappa: float) -> float:
    """Evidence kappa p^(kappa - 1) of a p-value; kappa in (0, 1)."""
    return kappa * math.exp((kappa - 1.0) * math.log(p))


def p_to_e_mixture(p: float) -> float:
    """Evidence of a p-value, the mean over all kappa; 1/2 at p = 1, its limit there."""
    log = math.log(p)
    return (1.0 - p + p * log) / (p * log * log) if log else 0.5


@dataclass(frozen=True, slots=True)
class Together:
    """What layers say together: ln evidence for a breach and for a pass (None if a layer has none), the decision."""

    breach: float
    passing: float | None
    decision: OneOf["BREACH", "PASS", "HOLD"]


def layers(pass_log_e: Sequence[float | None], breach_log_e: Sequence[float], alpha: float, beta: float) -> Together:
    """The mean of the layers' breach evidence, the least of their pass evidence, and what follows; breach first."""
    breach = log_mean(breach_log_e)
    known = [e for e in pass_log_e if e is not None]
    least = min(known) if known and len(known) == len(pass_log_e) else None
    if breach >= -math.log(alpha):
        return Together(breach, least, "BREACH")
    return Together(breach, least, "PASS" if least is not None and least >= -math.log(beta) else "HOLD")
