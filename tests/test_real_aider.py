"""Real telemetry of four payload schemas, a whole history at once: no line lost, every known change a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Typed, Typist, gate, rollout, source, standings, verdicts

pytestmark = pytest.mark.slow

NOW = "2025-03-01T00:00:00Z"
LINES = 16_067
SONNET, DEEPSEEK, SONNET_37 = (
    "claude-3-5-sonnet-20241022",
    "deepseek/deepseek-chat",
    "anthropic/claude-3-7-sonnet-20250219",
)


@pytest.fixture(scope="module")
def typist(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Typist:
    fields = {
        "event_id": "@digest",
        "occurred_at": "time",
        "session_id": "user_id",
        "rollout": "=aider",
        "segment": "event",
        "model_requested": "properties.main_model",
        "agent_version": "properties.aider_version",
        "input_tokens": "properties.prompt_tokens",
        "output_tokens": "properties.completion_tokens",
        "cost": "properties.cost",
        "error": "properties.exception",
    }
    metric = {
        "name": "exception_rate",
        "layer": "workflow",
        "stream": "interactions",
        "kind": "rate",
        "value": "segment == 'exception'",
        "better": "lower",
        "description": "Events that tell of an exception.",
    }
    path = shared_data("aider_telemetry") / "events.jsonl.gz"
    policy = {
        "lease": "26h",
        "sources": [source("aider", path, "interactions", fields, time_format="unix_s", lateness="1h")],
        "metrics": [metric],
        # Whoever uses aider chooses the model: another one is no other release.
        "rollouts": [{**rollout("aider"), "releases": {"parts": ["prompt", "tools", "agent"]}}],
        "gates": [
            gate("exceptions", ["aider"], "exception_rate", at_most=0.05),
            {"name": "readable", "rollout": "aider", "metric": "quarantine_share", "at_most": 0.01},
            {"name": "fresh", "rollout": "aider", "metric": "freshness_hours", "at_most": 48},
        ],
        "drift": [
            {"name": "models", "stream": "interactions", "rollout": "aider", "watch": ["model_requested"]},
        ],
    }
    return Typist(tmp_path_factory.mktemp("aider"), policy)


@pytest.fixture(scope="module")
def ran(typist: Typist) -> Typed:
    ran = typist("run", "--json", at=NOW)
    assert ran.code == 0, ran.err
    return ran


@pytest.fixture(scope="module")
def findings(ran: Typed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ran.json["checks"]["findings"]
    return found


def _day(finding: dict[str, Any]) -> str:
    return str(finding["seen_at"])[:10]


def test_every_line_is_accounted_for(ran: Typed) -> None:
    (pulled,) = ran.json["pulled"]
    (batch,) = pulled["batches"]
    assert batch["received"] == LINES
    assert batch["accepted"] + batch["duplicate"] + batch["quarantined"] == LINES
    assert (batch["duplicate"], batch["quarantined"], batch["error"], pulled["degraded"]) == (29, 0, None, None)


def test_the_known_schema_changes_are_findings(findings: list[dict[str, Any]]) -> None:
    """The two payloads of 2024-08 stand side by side on the first day; the two later ones replace what was before."""
    found = {(_day(f), f["name"]): f for f in findings if f["kind"] == "schema_change"}
    library = found["2024-10-31", "fields vanished"]
    assert "properties.$lib" in library["subject"]
    assert "properties.$geoip_disable" in library["subject"]
    assert "properties.weak_model" in found["2024-10-31", "fields appeared"]["subject"]
    versions = found["2024-12-08", "fields vanished"]
    assert (versions["state"], versions["severity"]) == ("failed", "critical")
    for name in ("agent_version", "properties.os_platform", "properties.python_version"):
        assert name in versions["subject"]


def test_the_known_model_switches_are_findings_of_their_week(findings: list[dict[str, Any]]) -> None:
    found = {_day(f): (f["expected"], f["observed"]) for f in findings if f["kind"] == "category_change"}
    # Mondays of 2024-W52, 2025-W03, -W04, -W05 and -W09.
    assert {day: pair for day, pair in found.items() if day >= "2024-12"} == {
        "2024-12-23": (SONNET, DEEPSEEK),
        "2025-01-13": (DEEPSEEK, SONNET),
        "2025-01-20": (SONNET, DEEPSEEK),
        "2025-01-27": (DEEPSEEK, SONNET),
        "2025-02-24": (SONNET, SONNET_37),
    }


def test_no_check_crashed(findings: list[dict[str, Any]]) -> None:
    assert [f for f in findings if f["state"] == "error"] == []


def test_the_gates_say_what_the_events_say(ran: Typed) -> None:
    found = verdicts(standings(ran.json)["aider"])
    assert {name: v["outcome"] for name, v in found.items()} == {
        "exceptions": "pass",
        "readable": "pass",
        "fresh": "pass",
    }


def test_findings_are_dated_on_the_terminal_and_told_once(typist: Typist, ran: Typed, tmp_path: Path) -> None:
    shown = Typist(tmp_path, typist.policy)("run", at=NOW).out
    assert "2024-12-23" in shown
    assert "The most common value of model_requested is now deepseek/deepseek-chat" in " ".join(shown.split())
    again = typist("run", "--json", at="2025-03-01T01:00:00Z")
    assert again.json["checks"]["findings"] == []
    assert DEEPSEEK in typist.page
