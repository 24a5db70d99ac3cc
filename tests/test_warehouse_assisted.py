"""An assisted metric in the warehouse: every row worth what the formula says, the ends of each unscored row its own."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from summaries import Key, Row, dump, pieces, rounded, slice_of, stored, window

from checks.evidence import assisted
from checks.evidence.assisted import Scheme
from checks.policy.assisted import draws as draws_of
from warehouse.cells import read_cells, summarise
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Compare, Constant, Field, IsMissing
from warehouse.records.metrics import SCALE, Assistance, Cell, CellMetric, Slice, UnitCount
from warehouse.records.streams import BUILT_IN, LABELS
from warehouse.store import Warehouse
from warehouse.units import read_units

END = START + timedelta(days=3)
SCHEME = Scheme((0.005, 0.47), (0.01, 0.2), 0.3)
LOW, HIGH = assisted.ends(SCHEME)
CHANCE = Field("inclusion_probability")
ASSISTANCE = Assistance(
    predicted=Compare("==", Field("label"), Constant("harmful")),
    chosen=IsMissing(CHANCE, negated=True),
    chance=CHANCE,
    calibration=SCHEME.calibration,
    least_chance=SCHEME.least_chance,
    unpredicted=SCHEME.unpredicted,
)
METRIC = CellMetric(
    name="harm_by_people",
    stream="labels",
    kind="assisted",
    value=Compare("==", Field("reference_label"), Constant("harmful")),
    where=None,
    scored=None,
    unit="session",
    low=LOW,
    high=HIGH,
    cuts=(),
    window_seconds=3600,
    session_gap_seconds=1800,
    digest="assisted",
    assistance=ASSISTANCE,
)
SAID = replace(METRIC, digest="said", assistance=replace(ASSISTANCE, chosen=Field("attributes", ("chosen",))))
ITEM = replace(METRIC, unit="item", digest="item")
WINDOW = replace(METRIC, unit="window", digest="window")
OTHER = replace(METRIC, session_gap_seconds=600, digest="other gap")
GRADES = Scheme((0.01, 0.2, 0.7), (0.02, 0.02, 0.5), 0.01)
GRADED = replace(
    METRIC,
    digest="graded",
    cuts=(0.25, 0.75),
    low=assisted.ends(GRADES)[0],
    high=assisted.ends(GRADES)[1],
    assistance=replace(
        ASSISTANCE,
        predicted=Field("score"),
        calibration=GRADES.calibration,
        least_chance=GRADES.least_chance,
        unpredicted=GRADES.unpredicted,
    ),
)
ALL = (METRIC, SAID, ITEM, WINDOW, OTHER, GRADED)


@contextmanager
def opened() -> Iterator[tuple[Warehouse, Loader]]:
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory(Path(folder)) as warehouse:
        yield warehouse, Loader(warehouse)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def judged(key: str, minute: float, label: str | None, **more: Any) -> Row:
    row = {"event_id": key, "subject_id": key, "occurred_at": at(minute), "rollout": "bot", "label": label}
    return row | {"session_id": key} | more


def units(warehouse: Warehouse, metric: CellMetric = METRIC, through: int | None = None) -> list[UnitCount]:
    summarise(warehouse, [metric], BUILT_IN)
    return read_units(warehouse, metric, Slice(), START, END, through_batch=through)


def millionths(number: float) -> int:
    return int(Decimal(number * SCALE).quantize(Decimal(1), ROUND_HALF_UP))


# ---- the truth -----------------------------------------------------------------------------------------------------


def stratum(metric: CellMetric, row: Row) -> int | None:
    if metric.cuts:
        score = row.get("score")
        return None if score is None else sum(cut <= score for cut in metric.cuts)
    return None if row.get("label") is None else int(row["label"] == "harmful")


def worth(metric: CellMetric, row: Row) -> tuple[int, int, bool]:
    """What one row is worth by the formula in plain Python, in millionths."""
    chance, people = row.get("inclusion_probability"), row.get("reference_label")
    chosen: bool | None = chance is not None
    if metric is SAID:
        chosen = {'{"chosen": true}': True, '{"chosen": false}': False}.get(row.get("attributes") or "")
    scheme = GRADES if metric is GRADED else SCHEME
    label = None if people is None else people == "harmful"
    low, high, scored = assisted.row(scheme, stratum(metric, row), chosen, chance, label)
    return millionths(low), millionths(high), scored


def units_of(metric: CellMetric, rows: Iterable[Row]) -> dict[Key, int]:
    found: Counter[Key] = Counter()
    for closes, members in pieces(metric, rows):
        values = [worth(metric, row) for row in members]
        ends = [rounded(sum(value[i] for value in values), len(values)) for i in (0, 1)]
        found[(window(metric, closes), *slice_of(members[0]), *ends, any(value[2] for value in values))] += 1
    return dict(found)


def cells_of(metric: CellMetric, rows: Iterable[Row]) -> dict[Key, tuple[int, ...]]:
    found: dict[Key, tuple[int, ...]] = {}
    for row in rows:
        low, _, scored = worth(metric, row)
        value = low if scored else 0
        key = (window(metric, row["occurred_at"]), *slice_of(row))
        old = found.get(key, (0, 0, 0, 0))
        found[key] = (old[0] + 1, old[1] + (not scored), old[2] + value, old[3] + value**2)
    return found


def label_rows(keys: list[str]) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "event_id": st.sampled_from(keys),
            "subject_id": st.just("x"),
            "occurred_at": st.integers(0, 24).map(lambda tens: at(tens * 10)),
            "session_id": st.sampled_from([None, "s1", "s2"]),
            "rollout": st.sampled_from(["a", "b"]),
            "release": st.sampled_from([None, "r1"]),
            "label": st.sampled_from([None, "harmful", "fine"]),
            "score": st.sampled_from([None, 0.0, 0.25, 0.5, 0.9]),
            "inclusion_probability": st.sampled_from([None, None, 0.0, 0.005, 0.01, 0.2, 0.37, 1.0]),
            "reference_label": st.sampled_from([None, "harmful", "fine"]),
            "attributes": st.sampled_from([None, '{"chosen": true}', '{"chosen": false}', "{}"]),
        }
    )
    return st.lists(row, min_size=1, max_size=10)


def once(rows: list[Row]) -> list[Row]:
    return list({row["event_id"]: row for row in rows}.values())


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(label_rows([f"e{i}" for i in range(12)]).map(once), min_size=1, max_size=3))
def test_what_is_stored_is_the_formula_row_by_row_as_of_every_batch(batches: list[list[Row]]) -> None:
    with opened() as (warehouse, loader):
        for batch in batches:
            loader.add(batch, stream=LABELS)
        summarise(warehouse, ALL, BUILT_IN)
        for number in range(1, len(batches) + 1):
            known = loader.known(number, LABELS)
            for metric in ALL:
                assert stored(warehouse, "units", metric.digest, number) == units_of(metric, known)
                cells = {key: value for key, value in cells_of(metric, known).items() if any(value)}
                assert stored(warehouse, "cells", metric.digest, number) == cells


@pytest.mark.slow
def test_all_at_once_and_batch_by_batch_agree_bit_for_bit() -> None:
    random = [
        judged(
            f"e{i}",
            i % 170,
            ("harmful", "fine", None)[i % 3],
            session_id=f"s{i % 40}",
            inclusion_probability=(None, 0.013, 0.2, 1 / 3)[i % 4],
            reference_label=(None, "harmful", "fine")[i // 3 % 3],
        )
        for i in range(300)
    ]
    found = []
    for step in (300, 37):
        with opened() as (warehouse, loader):
            for first in range(0, 300, step):
                loader.add(random[first : first + step], stream=LABELS)
                if step == 37:
                    summarise(warehouse, ALL, BUILT_IN)
            summarise(warehouse, ALL, BUILT_IN)
            found.append({m.digest: stored(warehouse, "units", m.digest) for m in ALL})
    assert found[0] == found[1]


# ---- what it means -------------------------------------------------------------------------------------------------


def test_rows_are_worth_the_corrected_verdict(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            judged("e1", 1, "fine"),
            judged("e2", 2, "harmful"),
            judged("e3", 3, None),
            judged("e4", 4, "harmful", inclusion_probability=0.2, reference_label="harmful"),
            judged("e5", 5, "harmful", inclusion_probability=0.2, reference_label="fine"),
        ],
        stream=LABELS,
    )
    assert [(u.low, u.high, u.scored) for u in units(warehouse)] == [
        (-1_880_000, -1_880_000, True),
        (5_000, 5_000, True),
        (300_000, 300_000, True),
        (470_000, 470_000, True),
        (3_120_000, 3_120_000, True),
    ]


def test_a_chosen_row_without_a_label_has_ends_of_its_own(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [judged("e1", 1, "harmful", inclusion_probability=0.5), judged("e2", 2, "fine", inclusion_probability=0.001)],
        stream=LABELS,
    )
    whole, own = units(warehouse)
    assert (own.low, own.high, own.scored) == (-470_000, 1_530_000, False)
    assert (whole.low, whole.high, whole.scored) == (round(LOW * SCALE), round(HIGH * SCALE), False)
    assert read_cells(warehouse, METRIC, Slice(), START, END) == [
        Cell(START, START + timedelta(hours=1), items=2, unscored=2, total=0, total_squares=0)
    ]


def test_a_session_is_the_mean_of_its_rows_at_either_end(warehouse: Warehouse) -> None:
    rows = [judged("e1", 1, "fine"), judged("e2", 2, "harmful", inclusion_probability=0.5)]
    Loader(warehouse).add([row | {"session_id": "s"} for row in rows], stream=LABELS)
    (unit,) = units(warehouse)
    assert (unit.low, unit.high, unit.scored) == (-232_500, 767_500, True)


def test_a_window_is_the_mean_of_its_rows_at_either_end(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [judged("e1", 1, "fine"), judged("e2", 2, "harmful", inclusion_probability=0.5)], stream=LABELS
    )
    assert units(warehouse, WINDOW) == [UnitCount(START, -232_500, 767_500, True, 1)]


def test_a_label_that_comes_later_takes_the_place_of_the_ends(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([judged("e1", 1, "harmful", inclusion_probability=0.5)], stream=LABELS)
    loader.add([judged("e1", 1, "harmful", inclusion_probability=0.5, reference_label="harmful")], stream=LABELS)
    assert units(warehouse) == [UnitCount(START, 1_530_000, 1_530_000, True, 1)]
    assert units(warehouse, through=1) == [UnitCount(START, -470_000, 1_530_000, False, 1)]


def test_a_label_that_must_not_count_is_no_label(warehouse: Warehouse) -> None:
    rubric = Compare("==", Field("rubric_version"), Constant("2"))
    row = judged("e1", 1, "harmful", inclusion_probability=0.5, reference_label="harmful")
    Loader(warehouse).add([row | {"rubric_version": "1"}, row | {"event_id": "e2", "session_id": "e2"}], stream=LABELS)
    (found,) = units(warehouse, replace(METRIC, scored=rubric, digest="rubric"))
    assert (found.low, found.high, found.scored, found.count) == (-470_000, 1_530_000, False, 2)


def test_metrics_of_other_kinds_are_summarised_beside_it_as_alone() -> None:
    rate = replace(METRIC, kind="rate", low=0, high=1, assistance=None, digest="rate")
    rows = [judged(f"e{i}", i, "fine", reference_label=(None, "harmful", "fine")[i % 3]) for i in range(50)]
    found = []
    for metrics in ([rate], [METRIC, rate, OTHER]):
        with opened() as (warehouse, loader):
            loader.add(rows, stream=LABELS)
            summarise(warehouse, metrics, BUILT_IN)
            found.append({table: [r for r in dump(warehouse)[table] if r[0] == "rate"] for table in ("cells", "units")})
    assert found[0] == found[1]
    assert found[0]["units"]


@pytest.mark.parametrize(
    "broken",
    [
        replace(METRIC, assistance=None),
        replace(METRIC, value=None),
        replace(METRIC, low=None),
        replace(METRIC, cuts=(0.5, 0.7)),
        replace(METRIC, assistance=replace(ASSISTANCE, least_chance=(0.1,))),
    ],
)
def test_an_assisted_metric_that_lacks_a_part_is_refused(warehouse: Warehouse, broken: CellMetric) -> None:
    with pytest.raises(UsageError, match="harm_by_people"):
        summarise(warehouse, [broken], BUILT_IN)


def test_what_people_were_given_and_did_can_be_counted(warehouse: Warehouse) -> None:
    rows = [judged(f"e{i}", i % 50, "harmful", inclusion_probability=0.25 if i % 4 == 0 else None) for i in range(400)]
    for i in range(0, 240, 4):
        rows[i]["reference_label"] = "fine"
    Loader(warehouse).add(rows, stream=LABELS)
    draws = draws_of(METRIC)
    assert draws is not None
    summarise(warehouse, [METRIC, draws], BUILT_IN)
    (all_rows,), (chosen,) = (read_cells(warehouse, m, Slice(), START, END) for m in (METRIC, draws))
    found = assisted.Draws(all_rows.items, chosen.items, chosen.items - chosen.unscored, chosen.total / SCALE)
    assert found == assisted.Draws(rows=400, chosen=100, labelled=60, weight=240.0)
    assert assisted.lack(found) is None
