"""How far inside its limit each gate is proved to be, and which one decides: a chain is as strong as its weakest link.

    headroom = (limit - bound) / (limit - target)        (all in badness)

`bound` is the upper end, valid however often one looks, of the gate's badness. 1 means proved at the target, 0 proved
just at the limit, below 0 not proved. The least headroom of several gates is a valid lower bound of the true least one
with the error of a single gate: if it is too high, so is the bound of the truly weakest gate, which is one particular
gate. So minima need no correction for how many there are, and no weights: good numbers never buy off a bad one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.records.errors import CheckError


@dataclass(frozen=True, slots=True)
class Weakest:
    """The binding gate (or layer), the next one, and what mending the first would gain.

    None for names that do not exist. `headroom` is that of the binding one, None where it is not known (no data);
    `gain` is how much the least headroom would rise if the binding one were mended, None where that is not known.
    """

    binding: str | None
    headroom: float | None
    runner_up: str | None
    gain: float | None


def headroom(limit: float, bound: float, target: float = 0.0) -> float:
    """The headroom of one gate; 1 at the target, 0 at the limit, negative where the limit is not proved.

    Raises:
        CheckError: the target is not below the limit (in badness).
    """
    if not target < limit:
        raise CheckError(
            f"The target has badness {target:g} and the limit {limit:g}, but a target is better than its limit. "
            "Correct the target."
        )
    return (limit - bound) / (limit - target)


def weakest(values: Mapping[str, float | None]) -> Weakest:
    """Which of the named headrooms is least; what is not known ranks below all.

    Of equals, the first by name binds.
    """
    order = sorted(values.items(), key=lambda item: (item[1] is not None, item[1] or 0.0, item[0]))
    if not order:
        return Weakest(None, None, None, None)
    (binding, least), following = order[0], order[1:2]
    runner_up, second = following[0] if following else (None, None)
    return Weakest(binding, least, runner_up, None if least is None or second is None else second - least)


def series(rates: Sequence[float]) -> tuple[float, float]:
    """Between what and what the rate lies at which all of several things go well, from the rate of each.

    Nothing is supposed about how they depend on each other (Frechet 1935): at worst the failures never coincide, at
    best they always do.

    Raises:
        CheckError: there are no rates, or one is outside [0, 1].
    """
    if not rates or not all(0.0 <= rate <= 1.0 for rate in rates):
        raise CheckError(f"Rates between 0 and 1 are needed for a series, but {list(rates)} was given.")
    return max(0.0, sum(rates) - (len(rates) - 1)), min(rates)
