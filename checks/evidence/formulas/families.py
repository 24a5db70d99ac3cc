"""Which closed form answers which family of test vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from checks.evidence import assisted, many, quadratic, reference
from checks.evidence.arms import margin, odds, scores
from checks.evidence.arms.counts import ArmCounts
from checks.evidence.cumulative import log_mean, log_wealth
from checks.evidence.formulas import betting, mixtures, samples
from checks.evidence.growth import log_growth

Input = Mapping[str, Any]


def _beta_binomial(one_sided: bool) -> Callable[[Input], float]:
    return lambda i: mixtures.beta_binomial(i["n"], i["k"], i["limit"], i["n_opt"], i["alpha_opt"], one_sided=one_sided)


def _normal(one_sided: bool) -> Callable[[Input], float]:
    return lambda i: mixtures.normal(i["s"], i["v"], i["v_opt"], i["alpha_opt"], one_sided=one_sided)


def _normal_bound(one_sided: bool) -> Callable[[Input], float]:
    return lambda i: mixtures.bound(lambda s: _normal(one_sided)({**i, "s": s}), i["alpha"])


def _gamma_bound(i: Input) -> float:
    return mixtures.bound(
        lambda s: mixtures.gamma_exponential(s, i["v"], i["v_opt"], i["c"], i["alpha_opt"]), i["alpha"]
    )


def _odds(i: Input, thetas: Sequence[float], batch: Input) -> Sequence[float]:
    counts = ArmCounts(*(batch[k] for k in ("n_control", "k_control", "n_candidate", "k_candidate")))
    return odds.log_growth(counts, i["theta0"], thetas)


def _odds_grid(i: Input) -> dict[str, list[float]]:
    growths = [_odds(i, i["thetas"], batch) for batch in i["batches"]]
    prefixes: Sequence[Any] = list(accumulate(([g] for g in growths), lambda a, b: a + b))
    return {"after_each_batch": [log_mean(log_wealth(part)) for part in prefixes]}


def _ppi_grid(i: Input) -> dict[str, float]:
    counts, g, pi = i["counts"], (i["g0"], i["g1"]), (i["pi"], i["pi"])
    labelled = {(y, f): counts[f"l{y}{f}"] for y in (0, 1) for f in (0, 1)}
    unchosen = (counts["u0"], counts["u1"])
    return {"final": log_mean(assisted.log_growth(g, pi, unchosen, labelled, i["limit"], i["lambdas"]))}


def _detector(i: Input) -> dict[str, list[float]]:
    m, wealth, path = i["limit"], np.full(len(i["q_grid"]), -np.inf), []
    stakes = [(q - m) / (m * (1.0 - m)) for q in i["q_grid"]]
    for b in i["batches"]:
        wealth = np.logaddexp(wealth, 0.0) + log_growth([(1.0, b["k"]), (0.0, b["n"] - b["k"])], m, stakes)
        path.append(log_mean(wealth.tolist()))
    return {"after_each_batch": path}


def _ppi_mean(i: Input) -> dict[str, object]:
    tuning = None if isinstance(i["lam"], str) else i["lam"]
    return samples.prediction_powered_mean(i["sufficient"], tuning, i["alpha"], i["alternative"])


def _layers(i: Input) -> dict[str, Any]:
    found = many.layers(i["pass_log_e"], i["breach_log_e"], i["alpha"], i["beta"])
    return {"global_breach_log_e": found.breach, "pass_log_e": found.passing, "decision": found.decision}


FAMILIES: dict[str, Callable[[Input], Any]] = {
    "beta_binomial_log_e_one_sided_greater": _beta_binomial(True),
    "beta_binomial_log_e_two_sided": _beta_binomial(False),
    "bernoulli_confidence_sequence_two_sided": lambda i: mixtures.bernoulli_interval(**i),
    "gamma_exponential_log_e": lambda i: mixtures.gamma_exponential(**i),
    "gamma_exponential_bound": _gamma_bound,
    "normal_log_e_one_sided": _normal(True),
    "normal_log_e_two_sided": _normal(False),
    "normal_mixture_bound_one_sided": _normal_bound(True),
    "normal_mixture_bound_two_sided": _normal_bound(False),
    "predmix_empirical_bernstein_cs_two_sided": lambda i: betting.empirical_bernstein(
        i["x"], i["alpha"], i["truncation"]
    ),
    "hedged_betting_cs_grid1000": lambda i: betting.hedged(
        i["x"], i["alpha"], i["breaks"], i["trunc_scale"], i["theta"]
    ),
    "ppi_linear_bet_grid_mixture_log_e": _ppi_grid,
    "ppi_mean_fixed_n": _ppi_mean,
    "conditional_2x2_log_e": lambda i: _odds(i, [i["theta"]], i)[0],
    "conditional_2x2_grid_mixture_log_e": _odds_grid,
    "sr_edetector_log": _detector,
    "fan_quadratic_grid_mixture_log_e": lambda i: quadratic.fan(
        i["n"], i["sum"], i["sumsq"], i["limit"], greater=i["side"] == "greater", c=i["c"], stakes=i["lambdas"]
    ),
    "block_ripr_2x2_log_e": lambda i: margin.block_ripr(**i),
    "ht_pseudo_outcome_sums": lambda i: scores.pseudo_outcomes(**i),
    "e_bh": lambda i: {"rejected": many.e_bh(i["log_e"], i["alpha"])},
    "p_to_e_kappa": lambda i: [many.p_to_e_kappa(p, i["kappa"]) for p in i["p"]],
    "p_to_e_mixture": lambda i: [many.p_to_e_mixture(p) for p in i["p"]],
    "layer_aggregation": _layers,
    "asymptotic_confidence_sequence": lambda i: samples.asymptotic_interval(
        i["n"], i["sum"], i["sumsq"], i["alpha"], i["rho"]
    ),
    "clopper_pearson_one_sided": lambda i: reference.clopper_pearson(**i),
    "universal_inference_change_log_e": lambda i: samples.change(
        [(b["n"], b["k"]) for b in i["batches"]], i["start_weights"]["horizon"]
    ),
}
