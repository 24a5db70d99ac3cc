"""How far people agree who labelled the same rows without seeing each other's label.

Share of agreement with the interval of Wilson (1927), and kappa of Cohen (1960), agreement beyond what the labels'
frequencies would give by chance, with the large-sample interval of Fleiss, Cohen and Everitt (1969). Both intervals
hold for one look at a time; no gate rests on them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from checks.evidence import wilson


@dataclass(frozen=True, slots=True)
class Agreeing:
    """Agreement on `items` rows that two people labelled; `state` says why a figure is None.

    no_items: nobody has labelled a row twice yet. one_label: all labels are the same, so chance alone explains the
    agreement and there is no kappa.
    """

    state: OneOf["known", "no_items", "one_label"]
    items: int
    agreed: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None


def measure(pairs: Sequence[tuple[str, str]]) -> Agreeing:
    """The agreement of pairs of labels, the first label first; named states where there is none."""
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs)
    if not n:
        return Agreeing("no_items", 0, 0)
    share = agreed / n
    low, high = wilson.limits(share, n)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    by_chance = sum(first[label] * second[label] for label in first) / n**2
    if by_chance >= 1.0:
        return Agreeing("one_label", n, agreed, share, low, high)
    kappa = (share - by_chance) / (1.0 - by_chance)
    half = wilson.Z * math.sqrt(_variance(pairs, first, second, share, by_chance))
    return Agreeing("known", n, agreed, share, low, high, kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def _variance(
    pairs: Sequence[tuple[str, str]], first: Counter[str], second: Counter[str], share: float, by_chance: float
) -> float:
    n = len(pairs)
    cells = Counter(pairs)
    same = sum(
        cells[label, label]
        / n
        * (1 - (first[label] + second[label]) / n * (1 - (share - by_chance) / (1 - by_chance))) ** 2
        for label in first
    )
    kappa = (share - by_chance) / (1 - by_chance)
    other = (1 - kappa) ** 2 * sum(
        count / n * ((second[a] + first[b]) / n) ** 2 for (a, b), count in cells.items() if a != b
    )
    return max(0.0, same + other - (kappa - by_chance * (1 - kappa)) ** 2) / (n * (1 - by_chance) ** 2)
