"""The built-in metrics: enough in every layer, each documented, each valid in the form that users write."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from conftest import ROOT

from checks.gates.spec import LAYERS, STATISTICAL_KINDS
from checks.metrics import catalogue, document
from checks.policy import Metric, describe, parse
from checks.policy.metric_kinds import CELL_KINDS
from warehouse.records.errors import ConfigurationError
from warehouse.records.streams import BUILT_IN

METRICS = tuple(catalogue.built_in().values())
ASKED = {
    "data": "received_share duplicate_share quarantine_share confidence_null_share freshness_hours input_drift_share",
    "model": "harmful_output_rate benign_refusal_rate judge_human_agreement reward_preference_agreement "
    "attack_success_rate",
    "workflow": "task_success_rate tool_error_rate low_confidence_escalation_share escalation_delay override_rate "
    "minutes_saved error_cost",
    "governance": "decision_log_coverage owner_and_deputy_named independent_review_age overdue_actions policy_age",
}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_at_least_four_metrics_and_those_that_were_asked_for(layer: str) -> None:
    names = {metric.name for metric in METRICS if metric.layer == layer}
    assert len(names) >= 4
    assert set(ASKED[layer].split()) <= names


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_says_unit_range_direction_no_data_and_source(metric: Metric) -> None:
    assert metric.description.endswith(".")
    assert metric.no_data
    assert metric.reference
    assert metric.measure
    if metric.kind != "histogram":
        assert metric.better in ("lower", "higher")
        assert metric.low is not None
    if metric.kind in STATISTICAL_KINDS:
        assert metric.high is not None, "evidence on a mean needs a finite range"


def test_the_file_is_a_configuration_that_users_could_write() -> None:
    text = (ROOT / "checks" / "metrics" / "builtin.yaml").read_text(encoding="utf-8")
    try:
        policy = parse("builtin.yaml", lambda _: text)
    except ConfigurationError as error:
        pytest.fail(describe(error.problems))
    assert {metric.name: metric for metric in policy.metrics} == dict(catalogue.built_in())


@pytest.mark.parametrize("metric", [m for m in METRICS if m.kind in CELL_KINDS], ids=lambda metric: metric.name)
def test_every_sum_over_rows_can_be_summarised(metric: Metric) -> None:
    assert metric.stream is not None
    cells = metric.cells(BUILT_IN[metric.stream], "session", timedelta(hours=1), timedelta(minutes=30))
    assert cells.value is not None
    assert cells.unit == "session"


def test_digests_tell_the_metrics_apart() -> None:
    digests = [
        metric.cells(BUILT_IN[metric.stream], "session", timedelta(hours=1), timedelta(minutes=30)).digest
        for metric in METRICS
        if metric.kind in CELL_KINDS and metric.stream
    ]
    assert len(set(digests)) == len(digests)


def test_the_page_about_metrics_is_the_catalogue() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert page == document.markdown(), "write it again: python -m checks.metrics.document > docs/metrics.md"


@pytest.mark.parametrize("module", ["checks.metrics.catalogue", "checks.metrics.expression", "checks.policy.metrics"])
def test_each_module_can_be_the_first_to_be_imported(module: str) -> None:
    script = f"import {module}; from checks.metrics.catalogue import built_in; assert built_in()"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
