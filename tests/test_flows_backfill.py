"""`gatehold backfill`: history computed again from the stored rows, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import projects as p
import pytest
from command import Typist, gatehold, rollout, source
from command import gate as gate_of
from ingest_tools import everything

from flows.project import Project
from warehouse.people import log, outbox

pytestmark = pytest.mark.slow

SPAN = ("--start", "2026-03-01", "--end", "2026-03-02")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = p.make(tmp_path)
    for hour in range(3):
        p.write(found, f"{hour:03}.jsonl", p.answers(hour, harmful=hour))
        p.run(found, hour + 2)
    return found


def typed(project: Project, *words: str) -> Any:
    return gatehold("backfill", *SPAN, *words, "--config", str(project.base))


def stored(project: Project) -> dict[str, Any]:
    with p.opened(project) as stores:
        tables = everything(stores.warehouse)
        return {**tables, "log": log.entries(stores.people), "outbox": outbox.all(stores.people)}


@pytest.mark.parametrize("more", [(), ("--workers", "3"), ("--only-missing",), ("--metric", "harmful_output_rate")])
def test_a_backfill_ends_with_the_tables_of_the_live_run_and_never_acts(
    project: Project, more: tuple[str, ...]
) -> None:
    before = stored(project)
    found = typed(project, *more, "--json")
    assert found.code == 0, found.err
    assert found.json["done"] == (0 if more == ("--only-missing",) else 3)
    assert stored(project) == before


def test_a_plan_does_nothing_and_says_what_there_is_to_do(project: Project) -> None:
    with p.opened(project) as stores:
        for table in ("cells", "units", "summarised"):
            stores.warehouse.connection.execute(f"DELETE FROM {table} WHERE batch = 2")
    before = stored(project)
    told = typed(project, "--only-missing", "--dry-run")
    assert told.code == 0, told.err
    assert "Nothing was done. 1 summaries (metric and batch) from 60 rows" in told.out
    (plan,) = typed(project, "--only-missing", "--dry-run", "--json").json["plans"]
    assert plan["missing"] == [{"start": "2026-03-01T01:00:00Z", "end": "2026-03-01T02:00:00Z"}]
    assert stored(project) == before
    assert typed(project, "--only-missing", "--json").json["done"] == 1


def test_a_cost_cap_stops_it_before_anything_is_done(project: Project) -> None:
    before = stored(project)
    told = typed(project, "--max-rows", "100")
    assert told.code == 2
    assert "would read 180 rows, more than the 100 of --max-rows" in told.err
    assert stored(project) == before
    assert typed(project, "--max-rows", "180").code == 0


def test_a_changed_metric_is_missing_until_it_is_computed(project: Project) -> None:
    gates = [p.harm_gate(unit="window", name="harm-windows"), *p.policy()["gates"]]
    changed = p.make(project.base, p.policy(gates=gates))
    plans = {plan["unit"]: plan for plan in typed(changed, "--dry-run", "--json").json["plans"]}
    assert plans["session"]["missing"] == []
    assert plans["window"]["missing"] == [{"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T03:00:00Z"}]
    found = typed(changed, "--only-missing", "--json").json
    assert found["done"] == 3
    assert {(s["unit"], s["items"], s["units"]) for s in found["sums"]} == {("session", 180, 180), ("window", 180, 3)}


def test_a_metric_that_no_gate_uses_can_be_asked_for_by_name(project: Project) -> None:
    found = typed(project, "--metric", "benign_refusal_rate", "--json")
    assert found.code == 0, found.err
    assert found.json["sums"][0]["metric"] == "benign_refusal_rate"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--metric", "nothing"), "nothing"),
        (("--metric", "quarantine_share"), "nothing to backfill"),
        (("--source", "nobody"), "'nobody' has brought nothing yet"),
        (("--start", "2026-03-03"), "holds no time"),
        (("--start", "soon"), "--start 'soon' is not a date or time"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(project: Project, words: tuple[str, ...], told: str) -> None:
    found = typed(project, *words)
    assert found.code == 2
    assert told in found.err
    assert "Traceback" not in found.err


def test_both_histories_of_a_real_restated_log(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    data = shared_data("metr_runs")
    fields = {"event_id": "run_id", "occurred_at": "=2025-01-11T00:00:00Z", "rollout": "=runs"}
    columns = [{"name": "score_binarized", "type": "integer", "meaning": "1 when the run passed.", "min": 0, "max": 1}]
    passed = {"name": "run_success", "layer": "workflow", "stream": "runs", "kind": "rate", "unit": "session"}
    policy = {
        "streams": [{"name": "runs", "description": "Runs.", "columns": columns}],
        "sources": [source("runs", tmp_path / "*.jsonl", "runs", fields)],
        "metrics": [passed | {"value": "score_binarized == 1", "better": "higher", "description": "Runs that passed."}],
        "rollouts": [rollout("runs")],
        "gates": [gate_of("success", ["runs"], "run_success", at_least=0.4)],
    }
    typist = Typist(tmp_path / "project", policy)
    for name, file, at in (
        ("1", "rev1_2025-01-11", "2025-01-12T06:00Z"),
        ("2", "rev2_2025-01-22", "2025-01-23T06:00Z"),
    ):
        (tmp_path / f"{name}.jsonl").symlink_to(data / f"{file}.jsonl")
        assert typist("ingest", at=at).code in (0, 4)
    span = ("--start", "2025-01-01", "--end", "2025-02-01")
    then = typist("backfill", *span, "--json", at="2025-01-15").json
    now = typist("backfill", *span, "--json").json
    assert (then["through_batch"], now["through_batch"]) == (1, None)
    assert then["plans"][0]["batches"] == 1
    (before,), (after,) = then["sums"], now["sums"]
    assert before["items"] == after["items"] == 7_059
    assert before["total"] != after["total"]
    again = typist("backfill", *span, "--json", at="2025-01-15").json
    assert again["sums"] == then["sums"], "what was known then does not change with what came later"


def test_the_commands_are_known_by_name() -> None:
    assert "backfill" in gatehold("--help").out
