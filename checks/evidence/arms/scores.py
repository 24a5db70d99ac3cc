"""Candidate against control by graded scores: pseudo-outcomes under an assignment of known chance.

A unit goes to the candidate (A = 1) with the known probability pi, whatever it is, else to the control (A = 0). With
its badness Y in [0, 1] and a centre nu fixed beforehand,

    D = (A/pi - (1 - A)/(1 - pi)) (Y - nu).

Assumptions: the chance pi is the one configured (`sample_ratio` guards it) and does not depend on how the unit turns
out; units are independent given the past, or sessions. Nothing is assumed about the values or how they move.

Proof. With Y(1) and Y(0) what the unit would score in either arm, E[D | past, unit] = (Y(1) - nu) - (Y(0) - nu) =
Y(1) - Y(0) for every nu: D has the mean of the candidate's badness minus the control's. It is bounded, so a gate tests
its mean against the margin like any value in a known range (`growth`, `interval`), and all that holds there holds
here. The centre changes the spread alone, least at (1 - pi) x candidate's mean + pi x control's mean: the usual
badness.

Unlike `odds` and `margin` it conditions on nothing, so the luck of the assignment is noise: with a small share one
candidate unit counts 1/pi. Source: Horvitz and Thompson 1952; Shekhar and Ramdas 2021 for tests by betting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from warehouse.records.errors import CheckError


def span(typical: float, share: float) -> tuple[float, float]:
    """The lowest and the highest D of a badness in [0, 1]; below and above 0.

    Raises:
        CheckError: `share` is not strictly between 0 and 1, or `typical` is outside [0, 1].
    """
    ends = [
        pseudo_outcome(value, candidate=candidate, typical=typical, share=share)
        for candidate in (False, True)
        for value in (0.0, 1.0)
    ]
    return min(ends), max(ends)


def pseudo_outcome(value: float, *, candidate: bool, typical: float, share: float) -> float:
    """D of one unit with badness `value`; it rises with the value in the candidate and falls in the control.

    `share` is the chance of the candidate, `typical` the centre. A unit with a missing part has a D between those of
    its ends.

    Raises:
        CheckError: `share` is not strictly between 0 and 1, or `typical` is outside [0, 1].
    """
    if not 0.0 < share < 1.0:
        raise CheckError(
            f"The candidate's share is {share:g}, but comparing scores needs the chance with which a unit is assigned "
            "to the candidate, strictly between 0 and 1. Change `share` of the gate."
        )
    if not 0.0 <= typical <= 1.0:
        raise CheckError(
            f"The typical badness is {typical:g}, but must lie in the metric's range (0 to 1 as badness). "
            "Change `typical` of the gate."
        )
    return (value - typical) / share if candidate else (typical - value) / (1.0 - share)


def pseudo_outcomes(
    *, control: Mapping[str, float], candidate: Mapping[str, float], pi: float, center_nu: float, margin_delta: float
) -> dict[str, float]:
    """Sum `s`, sum of squares `v` and scale `c` of xi = D - delta, for data that come as sums alone.

    Each arm holds n, sum and sumsq of its values. With 0 <= l < 1/c the window's growth l s - (-ln(1 - l c) - l c) v /
    c^2 is at most the sum of ln(1 + l xi), because xi >= -c (Fan's inequality): valid, and below that of the values.
    """
    arms = ((candidate, pi, 1.0), (control, 1.0 - pi, -1.0))
    s0 = math.fsum(sign * (arm["sum"] - arm["n"] * center_nu) / share for arm, share, sign in arms)
    squares = math.fsum(
        (arm["sumsq"] - 2 * center_nu * arm["sum"] + arm["n"] * center_nu**2) / share**2 for arm, share, _ in arms
    )
    n = control["n"] + candidate["n"]
    return {
        "s": s0 - n * margin_delta,
        "v": squares - 2 * margin_delta * s0 + n * margin_delta**2,
        "c": max(center_nu / pi, (1 - center_nu) / (1 - pi)) + margin_delta,
    }
