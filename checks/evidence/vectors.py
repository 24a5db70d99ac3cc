"""Run the engine on a file of test vectors: ``python -m checks.evidence.vectors FILE``.

The file holds `vectors`, each with `family`, `input`, `expected`, `rtol` and `atol` (natural logs; "inf" and "-inf" as
texts). A vector is met when every number is within atol + rtol |expected|. One line per family is printed, then
`N of M within tolerance`, M being all vectors of the file; the exit code is 0 only when N = M.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from checks.evidence import monitor
from checks.evidence.cumulative import log_evidence
from checks.evidence.formulas import families
from checks.evidence.growth import log_growth
from checks.evidence.starts import by_number

Input = Mapping[str, Any]
Family = Callable[[Input], Any]


def _counts_growth(given: Input) -> list[tuple[float, ...]]:
    m = given["limit"]
    stakes = [(q - m) / (m * (1.0 - m)) for q in given["q_grid"]]
    return [log_growth([(1.0, b["k"]), (0.0, b["n"] - b["k"])], m, stakes) for b in given["batches"]]


def _prefixes(growths: Sequence[Sequence[float]]) -> list[float]:
    return [log_evidence(part) for part in accumulate(([g] for g in growths), lambda a, b: a + b)]


def bernoulli_grid(given: Input) -> dict[str, Any]:
    """Cumulative evidence after each batch of counts."""
    return {"after_each_batch": _prefixes(_counts_growth(given))}


def linear_bets(given: Input) -> dict[str, Any]:
    """Cumulative evidence after each raw value."""
    path = _prefixes([log_growth([(x, 1)], given["limit"], given["lambdas"]) for x in given["x"]])
    return {"final": path[-1], "path": path}


def start_mixture(given: Input) -> dict[str, Any]:
    """The monitor's evidence after each batch; batches without units leave it as it was."""
    starts = by_number(given["start_weights"]["horizon"])
    growths = _counts_growth(given)
    looks = [t for t, b in enumerate(given["batches"], 1) if b["n"]]
    growth = np.asarray([growths[t - 1] for t in looks], dtype=float)
    evidence = monitor.log_evidence(np.asarray(looks, dtype=np.int64), growth, starts=starts)
    found = dict(zip(looks, evidence.tolist(), strict=True))
    steps = accumulate(range(1, len(growths) + 1), lambda last, t: found.get(t, last), initial=0.0)
    return {"after_each_batch": list(steps)[1:]}


FAMILIES: dict[str, Family] = {
    "bernoulli_grid_mixture_log_e": bernoulli_grid,
    "linear_bet_grid_mixture_log_e": linear_bets,
    "start_mixture_monitor_log_e": start_mixture,
    **families.FAMILIES,
}


def within(got: Any, expected: Any, rtol: float, atol: float) -> bool:
    """Whether a value of the shape of `expected` is close to it everywhere; extra keys of `got` do not matter."""
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and all(
            key in got and within(got[key], value, rtol, atol) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(got) == len(expected) and all(within(g, e, rtol, atol) for g, e in zip(got, expected, strict=True))
    if expected is None or (isinstance(expected, str) and expected not in ("inf", "-inf")):
        return bool(got == expected)
    want = float(expected)
    return bool(got == want if math.isinf(want) else abs(got - want) <= atol + rtol * abs(want))


def met(vector: Mapping[str, Any]) -> bool:
    """Whether the engine returns what the vector expects; False for a family that it does not have."""
    family = FAMILIES.get(vector["family"])
    if family is None:
        return False
    return within(family(vector["input"]), vector["expected"], vector["rtol"], vector["atol"])


def report(vectors: Sequence[Mapping[str, Any]]) -> tuple[list[str], int]:
    """One line per family and the total, and how many vectors are met."""
    all_of = Counter(v["family"] for v in vectors)
    met_of = Counter(v["family"] for v in vectors if met(v))
    lines = [
        f"{name}: {met_of[name]} of {number}" + ("" if name in FAMILIES else " (not implemented)")
        for name, number in all_of.items()
    ]
    total = sum(met_of.values())
    return [*lines, f"{total} of {len(vectors)} within tolerance"], total


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report on a file; 0 when every vector is met, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m checks.evidence.vectors", description="Check the evidence engine.")
    parser.add_argument("file", type=Path, help="a JSON file of test vectors")
    vectors = json.loads(parser.parse_args(arguments).file.read_text(encoding="utf-8"))["vectors"]
    lines, total = report(vectors)
    print("\n".join(lines))
    return 0 if total == len(vectors) else 1


if __name__ == "__main__":
    sys.exit(main())
