"""The car loans: eight columns of which five change at row 25,000, and a second file with missing and unseen values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.real_streams import evidently_defaults, nannyml_rule, our_columns
from benchmarks.real_streams.looks import Look, by_clock, by_rows
from benchmarks.real_streams.scoring import Detector, Score, each_look, score
from benchmarks.real_streams.streams import Span, Table, Values, car_loan, moment
from checks.evidence.dispersion import Dispersion

CHANGE = 25_000
CHUNK = 5_000
DEAD_TIME = timedelta(days=30)
COLUMNS = {
    "car_value": True,
    "repaid_loan_on_prev_car": False,
    "loan_length": True,
    "y_pred_proba": True,
    "salary_range": False,
    "size_of_downpayment": False,
    "debt_to_income_ratio": True,
    "driver_tenure": True,
}
"""The columns, and whether each holds numbers."""

REAL_CHANGE = 0.05
NULLS = ("salary_range", "driver_tenure")
CATEGORY = "size_of_downpayment"
OURS, EVIDENTLY = "Gatehold", "Evidently, defaults"
DEVIATIONS, CONSTANT = "NannyML's rule, 3 deviations", "NannyML's default, constant 0.1"
THEIRS = "NannyML's defaults"
ALWAYS = "an alarm at every look"
WHOLE = "the table as a whole"


@dataclass(frozen=True, slots=True)
class Watched:
    """Reference and analysis with the same kind of looks at both; `change` is the labelled window."""

    reference: Table
    pinned: list[Look]
    current: Table
    looks: list[Look]
    change: Span


@dataclass(frozen=True, slots=True)
class Columns:
    """Scores by method and column (`WHOLE` is one verdict on all of them), and the size of each column's change.

    `dispersion` is what our check says of single rows as units, per column.
    """

    looks: int
    dispersion: list[Dispersion]
    sizes: dict[str, float]
    scores: dict[str, dict[str, Score]]


Flags = dict[str, list[bool]]


def watched(folder: Path, file: str, cut: Callable[[Table], list[Look]]) -> Watched:
    """One file with the same windows for both periods."""
    reference, current = car_loan(folder, file)
    change = moment(current.times[CHANGE]), moment(current.times[-1])
    return Watched(reference, cut(reference), current, cut(current), change)


def daily(table: Table) -> list[Look]:
    """Days from midnight to midnight: about 165 rows each."""
    return by_clock(table.times, timedelta(days=1))


def chunks(table: Table) -> list[Look]:
    """Chunks of 5,000 rows, as in NannyML's tutorial."""
    return by_rows(table.times, CHUNK)


def run(stream: Watched) -> Columns:
    """Drift of every column, by every method."""
    sizes = {name: size(stream, name) for name in COLUMNS}
    flagged = {EVIDENTLY: _evidently(stream), DEVIATIONS: _deviations(stream), CONSTANT: _constant(stream)}
    detectors = {OURS: our_columns.distributions(stream.reference, stream.current, stream.looks, COLUMNS, WHOLE)}
    flagged[ALWAYS] = {name: [True] * len(stream.looks) for name in [*COLUMNS, WHOLE]}
    detectors |= {method: {name: each_look(one) for name, one in flags.items()} for method, flags in flagged.items()}
    return Columns(
        len(stream.looks),
        our_columns.rows_as_units(stream.reference, stream.pinned, COLUMNS),
        sizes,
        {
            method: {name: _score(stream, one, sizes.get(name, 1.0) > REAL_CHANGE) for name, one in columns.items()}
            for method, columns in detectors.items()
        },
    )


def quality(stream: Watched) -> dict[str, dict[str, Score]]:
    """Missing values in two columns and unseen values in a third, by method and check."""
    names = [*(f"missing {name}" for name in NULLS), f"unseen {CATEGORY}"]
    found = evidently_defaults.quality(stream.reference, stream.current, stream.looks, NULLS, CATEGORY)
    theirs = [_missing(stream, name) for name in NULLS] + [_unseen(stream)]
    ours = our_columns.shares(stream.reference, stream.current, stream.looks, NULLS, CATEGORY)
    detectors = {
        OURS: ours,
        EVIDENTLY: [each_look([look[i] for look in found]) for i in range(len(names))],
        THEIRS: [each_look(flags) for flags in theirs],
    }
    # Unseen values are there from the first analysis row on, missing ones from the change on.
    everything = moment(stream.current.times[0]), stream.change[1]
    spans = [stream.change] * len(NULLS) + [everything]
    return {
        method: {
            name: score(one, stream.looks, [span], DEAD_TIME)
            for name, one, span in zip(names, checks, spans, strict=True)
        }
        for method, checks in detectors.items()
    }


def size(stream: Watched, name: str) -> float:
    """How far the column changed: the largest gap between distribution functions, or the share that moved."""
    before, after = stream.reference.columns[name], stream.current.columns[name][CHANGE:]
    if COLUMNS[name]:
        points = np.unique(np.concatenate((before, after)))
        below = [np.searchsorted(np.sort(side), points, side="right") / len(side) for side in (before, after)]
        return float(np.max(np.abs(below[0] - below[1])))
    values = np.unique(np.concatenate((before, after)))
    shares = [np.array([np.mean(side == value) for value in values]) for side in (before, after)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2.0)


def _score(stream: Watched, detector: Detector, changes: bool) -> Score:
    return score(detector, stream.looks, [stream.change] if changes else [], DEAD_TIME)


def _evidently(stream: Watched) -> Flags:
    flags = _by_column(
        lambda name, values, now: evidently_defaults.drifted(values, now, stream.looks, numeric=COLUMNS[name]), stream
    )
    share = np.mean([flags[name] for name in COLUMNS], axis=0)
    return flags | {WHOLE: list(share >= evidently_defaults.DRIFTED_COLUMNS)}


def _deviations(stream: Watched) -> Flags:
    return _any(
        _by_column(
            lambda _, values, now: nannyml_rule.flags(
                nannyml_rule.jensen_shannon(values), values, stream.pinned, now, stream.looks
            ),
            stream,
        )
    )


def _constant(stream: Watched) -> Flags:
    return _any(
        _by_column(
            lambda _, values, now: nannyml_rule.constant_flags(nannyml_rule.jensen_shannon(values), now, stream.looks),
            stream,
        )
    )


def _any(flags: Flags) -> Flags:
    return flags | {WHOLE: list(np.any([flags[name] for name in COLUMNS], axis=0))}


def _by_column(judge: Callable[[str, Values, Values], list[bool]], stream: Watched) -> Flags:
    return {name: judge(name, stream.reference.columns[name], stream.current.columns[name]) for name in COLUMNS}


def _missing(stream: Watched, name: str) -> Sequence[bool]:
    before, now = stream.reference.columns[name], stream.current.columns[name]
    return nannyml_rule.flags(nannyml_rule.missing, before, stream.pinned, now, stream.looks)


def _unseen(stream: Watched) -> Sequence[bool]:
    known, now = set(stream.reference.columns[CATEGORY]), stream.current.columns[CATEGORY]
    return [any(value not in known for value in now[look.rows]) for look in stream.looks]
