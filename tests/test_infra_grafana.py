"""The dashboard and the alert rules ask only for what /metrics serves, and the dashboard is well made."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from conftest import ROOT
from observed_examples import NOW, source, standing, verdict
from prometheus_client.parser import text_string_to_metric_families as prometheus

from checks.gates.records import LayerState
from dashboards.observing import exposition, rollouts, stores
from dashboards.observing.facts import Expected, Facts, Published
from warehouse.people.glance import Tally

DASHBOARD = ROOT / "infra" / "grafana" / "gatehold.json"
SCRAPE, ALERTS = ROOT / "infra" / "prometheus" / "prometheus.yml", ROOT / "infra" / "prometheus" / "alerts.yml"
FUNCTIONS = {"sum", "max", "min", "count", "time", "increase", "rate", "absent", "label_values"}
WORDS = {"by", "on", "or", "and", "unless", "ignoring", "group_left", "bool", "without"}
FROM_PROMETHEUS = {"up": {"job"}}
"""Prometheus itself adds these."""


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    """Labels by name of every series that /metrics can have."""
    full = verdict("harm", more_units=9, headroom=0.1, meter_breach=0.1, meter_pass=0.2)
    facts = Facts(
        NOW,
        "1",
        {"people": True},
        Expected(("support",), {("support", "harm"): "model"}, ("logs",)),
        (standing(verdicts=(full,), layers=(LayerState("model", "pass", None, 1, 1, 0.1),), headroom=0.1),),
        Tally({("support", "pause"): 1}, {"waiting": 1}, NOW),
        Published(NOW, (source(),)),
    )
    found: dict[str, set[str]] = {}
    for family in prometheus(exposition.text(facts)[0].decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    for panel in panels():
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    yield from ((note["name"], note["expr"]) for note in dashboard()["annotations"]["list"])
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def selectors(query: str) -> Iterator[tuple[str, str]]:
    """Names of series and what stands in their braces."""
    plain = re.sub(r'"[^"]*"', lambda text: " " * len(text[0]), query)
    grouped = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", lambda text: " " * len(text[0]), plain)
    outside = re.sub(r"\{[^}]*\}|\[[^\]]*\]", lambda text: " " * len(text[0]), grouped)
    for found in re.finditer(r"[a-zA-Z_:][a-zA-Z0-9_:]*", outside):
        if found[0] in FUNCTIONS | WORDS or (query.startswith("label_values") and "," in outside[: found.start()]):
            continue
        braces = re.match(r"\{([^}]*)\}", query[found.end() :])
        yield found[0], braces[1] if braces else ""


def test_every_query_asks_for_what_is_served(served: dict[str, set[str]]) -> None:
    asked = list(queries())
    assert len(asked) > 30
    known = served | FROM_PROMETHEUS
    for where, query in asked:
        found = list(selectors(query))
        assert found, where
        for name, braces in found:
            assert name in known, f"{where}: {name}"
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", braces))
            assert labels <= known[name], f"{where}: {name}{{{braces}}}"
        for names in re.findall(r"\bby\s*\(([^)]*)\)", query):
            assert {label.strip() for label in names.split(",")} <= known[found[0][0]], where
        assert query.count("(") == query.count(")")


def test_everything_that_is_served_is_looked_at(served: dict[str, set[str]]) -> None:
    asked = {name for _, query in queries() for name, _ in selectors(query)}
    for_joins = {"gatehold_gate_info", "gatehold_gate_required", "gatehold_gate_waived"}
    rarely = {"gatehold_gate_newest_timestamp_seconds", "gatehold_source_polled_timestamp_seconds"}
    assert set(served) - asked == for_joins | rarely


@pytest.mark.parametrize(
    ("metric", "label", "known"),
    [
        ("gatehold_rollout_standing", "standing", rollouts.STANDINGS),
        ("gatehold_gate_outcome", "outcome", rollouts.OUTCOMES),
        ("gatehold_layer_outcome", "outcome", rollouts.OUTCOMES),
        ("gatehold_source_state", "state", stores.SOURCE_STATES),
    ],
)
def test_every_state_has_a_word_and_a_colour(metric: str, label: str, known: tuple[str, ...]) -> None:
    (panel,) = [p for p in panels() if p["type"] == "state-timeline" and metric in p["targets"][0]["expr"]]
    shown = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    numbers = dict(re.findall(rf'{label}="([a-z_]+)"}} \* (\d+)', panel["targets"][0]["expr"]))
    assert set(numbers) == set(known)
    assert {state: shown[number]["text"] for state, number in numbers.items()} == {state: state for state in known}
    green = [one["text"] for one in shown.values() if one["color"] == "#37872d"]
    assert set(green) <= {"go", "pass", "complete"}, "silence is never green"


def test_states_that_rules_name_exist() -> None:
    for where, query in queries():
        for label, given in re.findall(r'(standing|outcome|state)=~?"([^"$]*)"', query):
            known = {*rollouts.STANDINGS, *rollouts.OUTCOMES, *stores.SOURCE_STATES, *stores.MESSAGE_STATES}
            assert set(given.split("|")) <= known, f"{where}: {label}"


def test_panels_have_a_place_of_their_own_and_say_what_they_show() -> None:
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    for one, other in itertools.combinations([panel["gridPos"] for panel in every], 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y
        assert one["x"] + one["w"] <= 24
    for panel in panels():
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["noValue"] == "no data"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_nothing_in_it_names_another_host() -> None:
    text = DASHBOARD.read_text() + SCRAPE.read_text() + ALERTS.read_text()
    assert re.findall(r"https?://", text) == []


def test_the_scrape_finds_the_board_and_the_rules() -> None:
    scrape = yaml.safe_load(SCRAPE.read_text())
    assert [(SCRAPE.parent / name).exists() for name in scrape["rule_files"]] == [True]
    (job,) = scrape["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("gatehold", "/metrics")


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    assert {"GateholdStandingLapsed", "GateholdMonitorSilent", "GateholdDeadLetters", "GateholdDown"} <= {
        rule["alert"] for rule in rules()
    }
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        tested = (ALERTS.parent / "alerts_test.yml").read_text()
    assert "rule_files: [alerts.yml]" in tested
