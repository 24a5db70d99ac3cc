"""`gatehold plan`: from the traffic there was, or that somebody expects, to what a gate will do; it only looks."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Typed, Typist
from projects import AGENT, HOUR, START, harm_gate, policy, rollout, source

OTHER = "search-agent"
NOW = (START + timedelta(days=4)).isoformat()


def configured() -> dict[str, Any]:
    past = {"start": START.isoformat(), "end": (START + timedelta(days=1)).isoformat()}
    control = {"against": "control", "candidate_share": 0.5}
    return policy(
        rollouts=[rollout(), rollout(OTHER)],
        sources=[arms("logs/*.jsonl")],
        gates=[
            {"name": "readable", "rollout": AGENT, "metric": "quarantine_share", "at_most": 0.5},
            {**harm_gate(), "rollout": [AGENT, OTHER]},
            harm_gate("harm-tiny", at_most=0.000005),
            {**harm_gate("harm-control", at_most=2.0), **control, "compare": "odds_ratio"},
            {**harm_gate("harm-points"), **control, "compare": "difference", "typical": 0.02},
            {**without_limit(harm_gate("harm-past")), "against": "reference", "tolerance": 1.0, "reference": past},
        ],
    )


def without_limit(gate: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in gate.items() if key != "at_most"}


def arms(path: str) -> dict[str, Any]:
    made = source("logs", path)
    return {**made, "fields": {**made["fields"], "arm": "arm"}}


@pytest.fixture
def nothing_yet(tmp_path: Path) -> Typist:
    return Typist(tmp_path / "shop", configured())


@pytest.fixture(scope="module")
def four_days(tmp_path_factory: pytest.TempPathFactory) -> Typist:
    """A project that has seen 20 sessions an hour for four days, half of them control, 2 % harmful."""
    typist = Typist(tmp_path_factory.mktemp("plan") / "shop", configured())
    made, logs = random.Random(7), typist.folder / "logs"
    logs.mkdir()
    with (logs / "a.jsonl").open("w", encoding="utf-8") as file:
        for number in range(96 * 20):
            at = START + number * HOUR / 20
            row = {
                "id": f"i{number}",
                "ts": at.isoformat(),
                "talk": f"t{number}",
                "build": "r1" if number < 1000 else "r2",
                "arm": ("candidate", "control")[number % 2],
                "scores": {"harm": 0.9 if made.random() < 0.02 else 0.1},
            }
            file.write(json.dumps(row) + "\n")
    assert typist("run", at=NOW).code == 0
    return typist


def test_before_any_traffic_it_asks_for_an_amount_and_makes_nothing(nothing_yet: Typist) -> None:
    done = nothing_yet("plan", "harm", at=NOW)
    assert done.code == 0
    assert "--units-per-day" in done.out
    assert not (nothing_yet.folder / ".gatehold").exists()


def test_with_an_amount_it_plans_every_rollout_that_has_the_gate(nothing_yet: Typist) -> None:
    done = nothing_yet("plan", "harm", "--units-per-day", "24000", at=NOW)
    assert [f"harm of {name}" in done.out for name in (AGENT, OTHER)] == [True, True]
    for wanted in ("How long until it passes", "24,000 sessions a day", "2 %", "4x", "may spend 61 % of alpha"):
        assert wanted in done.out
    one = nothing_yet("plan", "harm", "--rollout", OTHER, "--units-per-day", "24000", "--json", at=NOW)
    (found,) = one.json
    assert (found["rollout"], found["units_per_day"], found["statistical"]) == (OTHER, 24_000.0, True)
    assert [row["share"] for row in found["passes"]] == [0.2, 0.4, 0.6, 0.8]
    assert found["passes"][0]["half"]["windows"] >= 1
    assert one.err == "" or "Error" not in one.err


def test_unknown_names_get_the_nearest_one(nothing_yet: Typist) -> None:
    done = nothing_yet("plan", "harmm")
    assert done.code == 2
    assert "Did you mean harm?" in done.err
    assert nothing_yet("plan", "harm", "--rollout", "suport-agent").code == 2
    assert nothing_yet("plan", "readable", "--rollout", OTHER).code == 2


@pytest.mark.parametrize("words", [("--units-per-day", "0"), ("--units-per-day", "nan"), ("--rate", "inf")])
def test_numbers_that_are_none_are_refused(nothing_yet: Typist, words: tuple[str, str]) -> None:
    done = nothing_yet("plan", "harm", *words)
    assert done.code == 2
    assert "Error" in done.err
    assert "Traceback" not in done.err


def test_a_gate_that_only_compares_needs_no_plan(nothing_yet: Typist) -> None:
    done = nothing_yet("plan", "readable")
    assert done.code == 0
    assert "nothing has to be planned" in done.out


def test_a_reference_that_nobody_has_read_is_named(nothing_yet: Typist) -> None:
    assert "reference period has not been read" in nothing_yet("plan", "harm-past", "--units-per-day", "100").out


@pytest.mark.slow
def test_traffic_is_that_of_the_warehouse_whatever_the_release(four_days: Typist) -> None:
    (found, *_) = four_days("plan", "harm", "--rollout", AGENT, "--json", at=NOW).json
    assert found["units_per_day"] == pytest.approx(240, rel=0.03), "ten candidate sessions an hour"
    assert any("2026-03-01 to 2026-03-05" in note for note in found["notes"])
    assert any("counts 1 h after its end" in note for note in found["notes"])
    assert found["passes"][0]["half"] is not None


@pytest.mark.slow
def test_a_limit_that_cannot_be_proved_is_warned_of(four_days: Typist) -> None:
    said = four_days("plan", "harm-tiny", at=NOW).out
    assert "warning" in said
    assert "can never be proved" in said
    assert "not in a year" in said


@pytest.mark.slow
def test_arms_are_planned_with_the_share_and_the_rate_they_had(four_days: Typist) -> None:
    for name in ("harm-control", "harm-points"):
        (found,) = four_days("plan", name, "--json", at=NOW).json
        assert found["units_per_day"] == pytest.approx(480, rel=0.03), "both arms"
        assert found["at_once"][2]["half"] is not None
    (fewer,) = four_days("plan", "harm-control", "--units-per-day", "48000", "--rate", "0.1", "--json", at=NOW).json
    (found,) = four_days("plan", "harm-control", "--json", at=NOW).json
    assert fewer["at_once"][1]["half"]["time"] < found["at_once"][1]["half"]["time"]


@pytest.mark.slow
def test_a_plan_only_looks(four_days: Typist) -> None:
    def stored() -> dict[str, str]:
        from warehouse.store import Warehouse

        with Warehouse.open(four_days.folder / ".gatehold") as warehouse:
            names = [
                name for (name,) in warehouse.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            ]
            rows = {n: warehouse.connection.execute(f'SELECT * FROM "{n}" ORDER BY ALL').fetchall() for n in names}
        return {n: hashlib.sha256(repr(found).encode()).hexdigest() for n, found in rows.items()}

    before = stored()
    shown: Typed = four_days("plan", "harm-past", "--units-per-day", "9999", at=NOW)
    assert "harm-past" in shown.out
    assert "harmful_output_rate at most" in shown.out
    assert stored() == before


@pytest.mark.slow
def test_the_terminal_shows_both_meters_and_what_a_verdict_rests_on(
    four_days: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = four_days("gate", AGENT, at=NOW).out
    for wanted in ("breach [", "pass [", "headroom", "what this rests on", "Weakest gate:", "paused wrongly at most"):
        assert wanted in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    brief = four_days("status", at=NOW).out
    assert "Weakest gate:" in brief
    assert "what this rests on" not in brief
    assert "breach [" not in brief
    lines = four_days("plan", "harm", at=NOW).out.splitlines()
    assert max(len(line) for line in lines) <= 80
