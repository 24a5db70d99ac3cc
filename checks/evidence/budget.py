"""What the error budgets promise, and how they are said to people.

`alpha` is the chance of ever pausing a healthy release. Three promises follow, all by the union bound, so they hold
however the gates depend on each other, and none needs a horizon:

* one release: its gates together pause it wrongly with probability at most the sum of their alphas;
* several epochs of one release (it was resumed after a pause): epoch j gets alpha 6/(pi^2 j^2); these shares sum to 1
  (Euler), so the promise is still alpha for the release, however often it is resumed. The same over all the epochs of a
  service, when its life is what alpha is for;
* k releases with alpha each: at most k alpha wrong pauses are expected.

Budgets are summed as the decimals that people wrote. Every number is rounded to the side that promises less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal as OneOf

from warehouse.records.errors import CheckError


def share(ordinal: int) -> float:
    """The part of a budget that the epoch with that number, from 1, may spend: 6/(pi^2 j^2). All of them sum to 1.

    Raises:
        CheckError: `ordinal` is below 1.
    """
    if ordinal < 1:
        raise CheckError(f"Epochs count from 1, but {ordinal} was given. Count the epochs of the release again.")
    return 6.0 / (math.pi * ordinal) ** 2


def once_in(alphas: Sequence[float]) -> int | None:
    """N, rounded down, such that errors with these probabilities happen at most once in N; None without any.

    Raises:
        CheckError: a probability is not between 0 and 1.
    """
    whole = _whole(alphas)
    return math.floor(1 / whole) if whole else None


def of_rollout(rollout: str, alphas: Sequence[float]) -> str:
    """The promise of all the gates that may pause a rollout, from the alpha of each.

    Raises:
        CheckError: as `once_in`.
    """
    number = once_in(alphas)
    if number is None:
        return f"No gate pauses {rollout} on evidence, so no healthy release of it is ever paused wrongly."
    if number < 2:
        return (
            f"The gates that pause {rollout} may together err in up to {_percent(min(_whole(alphas), Fraction(1)))} of "
            "healthy releases, which promises little. Lower their alpha."
        )
    return f"A healthy release of {rollout} is paused wrongly at most once in {number:,} releases."


def of_gate(gate: str, alpha: float | None, attempt: int = 1, on_breach: OneOf["pause", "hold"] = "pause") -> str:
    """The promise of one gate about one release, and what an attempt after the first may still spend of it.

    `alpha` is the whole budget of the release; None (a gate without one) gives an empty text.

    Raises:
        CheckError: as `once_in` and `share`.
    """
    if alpha is None:
        return ""
    does = "paused" if on_breach == "pause" else "held as a breach"
    said = f"By gate {gate} a healthy release is {does} wrongly at most once in {once_in([alpha]):,} releases"
    if attempt == 1:
        return f"{said}, however often it looks."
    part = _percent(Fraction(share(attempt)))
    return f"{said}, all attempts together; attempt {attempt} may spend {part} of that budget."


def of_life(service: str, alpha: float) -> str:
    """The promise when alpha is spent over all epochs of a service: epoch j gets `share(j)` of it.

    Raises:
        CheckError: as `once_in`.
    """
    return f"{service} is paused wrongly at most once in {once_in([alpha]):,} such services, ever."


def of_releases(alphas: Sequence[float], releases: int) -> str:
    """What to expect over a number of releases when each has the whole alpha of every gate.

    Raises:
        CheckError: as `once_in`.
    """
    wrong = _up(_whole(alphas) * releases)
    return f"Over {releases:,} healthy releases expect at most {wrong} wrong {'pause' if wrong == '1' else 'pauses'}."


def _whole(alphas: Sequence[float]) -> Fraction:
    """Their exact sum as decimals of twelve digits: budgets come from people, or back from logarithms."""
    if not all(0.0 < alpha < 1.0 for alpha in alphas):
        raise CheckError(f"Error budgets lie between 0 and 1, but {list(alphas)} was given. Correct alpha.")
    return sum((Fraction(f"{alpha:.12g}") for alpha in alphas), Fraction(0))


def _up(number: Fraction) -> str:
    """Two significant digits, rounded up."""
    if not number:
        return "0"
    step = Fraction(10) ** (math.floor(math.log10(number)) - 1)
    return f"{float(math.ceil(number / step) * step):,.12g}"


def _percent(part: Fraction) -> str:
    return f"{_up(part * 100)} %"
