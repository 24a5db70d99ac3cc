"""Other tools on the same two days, where they are installed: how many seconds each takes, or why it did not.

Loading the tool and the rows is not counted.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks.drift.generating import CATEGORIES

Sides = tuple[Any, Any]


def measured(sides: Sides) -> dict[str, float | str]:
    """Seconds by tool; "not installed", or the error that it raised."""
    tools: dict[str, Callable[[Sides], float]] = {"nannyml": _nannyml, "whylogs": _whylogs, "frouros": _frouros}
    found: dict[str, float | str] = {}
    for name, run in tools.items():
        if find_spec(name) is None:
            found[name] = "not installed"
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found[name] = round(run(sides), 3)
        except Exception as error:  # a tool that fails must not cost the other figures
            found[name] = f"{type(error).__name__}: {error}"
    return found


def _nannyml(sides: Sides) -> float:
    import nannyml  # type: ignore[import-not-found]  # measured only where somebody installed it

    columns = list(sides[0])
    began = time.perf_counter()
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=columns,
        treat_as_categorical=[name for name in columns if name in CATEGORIES],
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=1,
    )
    calculator.fit(sides[0])
    calculator.calculate(sides[1])
    return time.perf_counter() - began


def _whylogs(sides: Sides) -> float:
    import whylogs  # type: ignore[import-not-found]  # measured only where somebody installed it
    from whylogs.viz.drift.column_drift_algorithms import (  # type: ignore[import-not-found]  # as above
        calculate_drift_scores,
    )

    began = time.perf_counter()
    before, now = (whylogs.log(side).view() for side in sides)
    calculate_drift_scores(target_view=now, reference_view=before, with_thresholds=True)
    return time.perf_counter() - began


def _frouros(sides: Sides) -> float:
    """PSI of the numbers alone: it has no statistic for categories as texts."""
    from frouros.detectors.data_drift import PSI  # type: ignore[import-not-found]  # as above

    began = time.perf_counter()
    for name in sides[0]:
        if name not in CATEGORIES:
            detector = PSI()
            detector.fit(X=sides[0][name].to_numpy())
            detector.compare(X=sides[1][name].to_numpy())
    return time.perf_counter() - began
