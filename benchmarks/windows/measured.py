"""The 30 metrics, mixed like the built-in ones: 22 rates, 2 counts, 4 means and 2 histograms of 128 bins."""

from __future__ import annotations

import math

from benchmarks.windows.rows import SCORES, STREAM, TRUTHS
from warehouse.records.expressions import Compare, Constant, Expression, Field
from warehouse.records.metrics import CellKind, CellMetric, Unit

WINDOW = 86_400

SPREAD = {"latency_ms": (100.0, 2000.0), "cost": (2e-3, 2e-2)}
"""First and last cut point of each histogram; those between lie at equal steps of the logarithm."""


def metrics(unit: Unit = "item") -> list[CellMetric]:
    """The metrics; rates have units of evidence of that kind. A mean is a histogram of one bin: sums without units."""
    above = {name: Compare(">=", Field(name), Constant(0.9)) for name in SCORES}
    rates: dict[str, tuple[Expression, Expression | None]] = {
        **{f"{name}_rate": (Field(name), None) for name in TRUTHS},
        **{f"{name}_high": (test, None) for name, test in above.items()},
        "slow": (Compare(">", Field("latency_ms"), Constant(1000.0)), None),
        "costly": (Compare(">", Field("cost"), Constant(0.01)), None),
        "long": (Compare(">", Field("output_tokens"), Constant(3000)), None),
        "refused_done": (Field("refused"), Field("done")),
        "cited_grounded": (Field("cited"), Field("grounded")),
        "harm_done": (above["harm"], Field("done")),
        "harm_cited": (above["harm"], Field("cited")),
        "dear": (Compare(">", Field("error_cost"), Constant(90.0)), None),
        "saved": (Compare(">", Field("minutes"), Constant(0.0)), None),
        "read_much": (Compare(">", Field("input_tokens"), Constant(3000)), None),
    }
    found = [_metric(name, "rate", value, where, unit) for name, (value, where) in rates.items()]
    found += [_metric("calls", "count", None, None, unit), _metric("calls_done", "count", None, Field("done"), unit)]
    means = {"confidence": 1.0, "harm": 1.0, "quality": 1.0, "minutes": None}
    found += [_metric(f"{n}_mean", "histogram", Field(n), None, unit, high=high) for n, high in means.items()]
    found += [_metric(f"{n}_spread", "histogram", Field(n), None, unit, cuts=_log(*ends)) for n, ends in SPREAD.items()]
    return found


def _log(first: float, last: float, count: int = 127) -> tuple[float, ...]:
    step = math.log(last / first) / (count - 1)
    return tuple(first * math.exp(i * step) for i in range(count))


def _metric(
    name: str,
    kind: CellKind,
    value: Expression | None,
    where: Expression | None,
    unit: Unit,
    *,
    high: float | None = None,
    cuts: tuple[float, ...] = (),
) -> CellMetric:
    return CellMetric(name, STREAM.name, kind, value, where, None, unit, 0, high, cuts, WINDOW, 1800, f"{name}-{unit}")
