"""An assisted metric in the configuration: what it becomes, and what makes it another test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from checks.evidence.assisted import Scheme, ends
from checks.policy import Policy, assisted, parse
from warehouse.records.errors import ConfigurationError
from warehouse.records.expressions import Arithmetic, Compare, Constant, Field, IsMissing, Logic
from warehouse.records.metrics import CellMetric

CHANCE = Field("inclusion_probability")
METRIC: dict[str, Any] = {
    "name": "harm_by_people",
    "layer": "model",
    "kind": "assisted",
    "stream": "labels",
    "better": "lower",
    "description": "Answers that people find harmful.",
    "value": "reference_label == 'harmful'",
    "predicted": "label == 'harmful'",
    "chosen": "inclusion_probability is not None",
    "chance": "inclusion_probability",
    "calibration": [0.005, 0.47],
    "least_chance": [0.01, 0.2],
}
GATE = {"name": "harm", "rollout": "bot", "metric": "harm_by_people", "at_most": 0.05, "alpha": 0.02, "beta": 0.05}


def policy(gate: dict[str, Any] | None = None, **changes: Any) -> Policy:
    values = {
        "metrics": [{key: value for key, value in {**METRIC, **changes}.items() if value is not None}],
        "rollouts": [{"name": "bot", "owner": {"name": "Ada", "contact": "ada@example.org"}, "stages": ["pilot"]}],
        "gates": [{**GATE, "max_age": "3h", **(gate or {})}],
    }
    return parse("gatehold.yaml", lambda _: yaml.safe_dump(values))


def cells(**changes: Any) -> CellMetric:
    return policy(**changes).cell_metric("harm_by_people", "session")


def test_the_range_follows_from_calibration_and_chances_and_the_limit_is_a_share() -> None:
    (gate,) = policy().gate_specs("bot", "pilot")
    assert (gate.low, gate.high) == ends(Scheme((0.005, 0.47), (0.01, 0.2), 0.005))
    assert (gate.low, gate.high) == (pytest.approx(-1.88), pytest.approx(99.505))
    assert (gate.kind, gate.statistical, gate.limit, gate.measure, gate.unit) == (
        "assisted",
        True,
        0.05,
        "share",
        "session",
    )


def test_what_is_summarised_has_the_parts_as_trees() -> None:
    found = cells()
    assert (found.kind, found.stream, found.cuts) == ("assisted", "labels", ())
    assert found.value == Compare("==", Field("reference_label"), Constant("harmful"))
    assert found.assistance is not None
    assert found.assistance.predicted == Compare("==", Field("label"), Constant("harmful"))
    assert found.assistance.chosen == IsMissing(CHANCE, negated=True)
    assert found.assistance.chance == CHANCE
    assert (found.assistance.calibration, found.assistance.least_chance) == ((0.005, 0.47), (0.01, 0.2))
    assert found.assistance.unpredicted == 0.005


def test_one_smallest_chance_stands_for_every_stratum() -> None:
    graded = cells(predicted="score", cuts=[0.2, 0.8], calibration=[0, 0.1, 0.9], least_chance=0.05, unpredicted=0.3)
    assert graded.assistance is not None
    assert graded.assistance.least_chance == (0.05, 0.05, 0.05)
    assert (graded.assistance.unpredicted, graded.cuts) == (0.3, (0.2, 0.8))


@pytest.mark.parametrize(
    "change",
    [
        {"value": "reference_label == 'bad'"},
        {"predicted": "label == 'bad'"},
        {"chosen": "rater_kind == 'human'"},
        {"chance": "inclusion_probability / 2"},
        {"calibration": [0.005, 0.48]},
        {"least_chance": [0.01, 0.1]},
        {"unpredicted": 0.4},
        {"where": "rater_kind == 'judge'"},
        {"scored": "rubric_version == '2'"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_a_number_is_another_metric_and_starts_the_evidence_anew(change: dict[str, Any]) -> None:
    assert cells(**change).digest != cells().digest
    (old,), (new,) = policy().gate_specs("bot", "pilot"), policy(**change).gate_specs("bot", "pilot")
    assert old.digest != new.digest


def test_a_description_is_no_change() -> None:
    assert cells(description="Other words.").digest == cells().digest


def test_more_can_be_better() -> None:
    (gate,) = policy({"at_most": None, "at_least": 0.7}, better="higher").gate_specs("bot", "pilot")
    assert (gate.direction, gate.limit) == ("at_least", 0.7)


@pytest.mark.parametrize("limit", [-0.5, 0, 1, 3])
def test_a_limit_beyond_a_share_is_refused_though_rows_are_worth_more(limit: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy({"at_most": limit})
    assert [problem.allowed for problem in caught.value.problems] == ["between 0 and 1 (share)"]


def test_rows_that_people_were_to_look_at_are_summarised_beside_it() -> None:
    main = cells()
    draws = assisted.draws(main)
    assert draws is not None
    assert (draws.kind, draws.unit, draws.value) == ("mean", "item", Arithmetic("/", Constant(1.0), CHANCE))
    assert draws.where == IsMissing(CHANCE, negated=True)
    assert draws.scored == IsMissing(Compare("==", Field("reference_label"), Constant("harmful")), negated=True)
    assert (draws.low, draws.high) == (1.0, 100.0)
    assert draws.digest != main.digest
    narrow = assisted.draws(cells(where="rater_kind == 'judge'", scored="rubric_version == '2'"))
    assert narrow is not None
    assert isinstance(narrow.where, Logic)
    assert isinstance(narrow.scored, Logic)
    assert assisted.draws(replace(main, kind="rate", assistance=None)) is None


def test_other_metrics_are_what_they_were() -> None:
    rate = parse("x.yaml", lambda _: "rollouts: []\n").cell_metric("harmful_output_rate", "session")
    assert rate.assistance is None
    assert rate.window_seconds == timedelta(hours=1).total_seconds()
