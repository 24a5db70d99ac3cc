"""Two revisions of one real run log, by the command line: counted, shown, and the decisions on old values reopened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import Typed, Typist, gate, rollout, source, standings, verdicts
from ingest_tools import everything

from warehouse.store import Warehouse

pytestmark = pytest.mark.slow

FIRST, SECOND, LATER = "2025-01-12T06:00Z", "2025-01-23T06:00Z", "2025-01-23T09:00Z"
HUMAN, O1, SONNET, OPUS, GPT_35 = "human", "o1", "claude-3-5-sonnet-new", "claude-3-opus", "gpt-3-5-turbo-instruct"
ROLLOUTS = [HUMAN, O1, SONNET, OPUS, GPT_35]
RESTATED = [HUMAN, O1, SONNET, OPUS]
"""Of the rollouts, those with restated runs; no run of gpt-3.5 was."""

RUNS = {
    "name": "runs",
    "description": "One run of an agent, or of a person, on a task.",
    "columns": [
        {"name": "task_id", "type": "text", "meaning": "The task.", "nullable": False},
        {"name": "task_family", "type": "text", "meaning": "Tasks that are alike."},
        {"name": "model", "type": "text", "meaning": "Who ran it."},
        {"name": "score", "type": "number", "meaning": "Score.", "min": 0, "max": 1, "outside": "flag"},
        {"name": "score_binarized", "type": "integer", "meaning": "1 when the run passed.", "min": 0, "max": 1},
        {"name": "human_minutes", "type": "number", "meaning": "Time that people need.", "min": 0},
        {"name": "fatal_error_from", "type": "text", "meaning": "What ended the run early."},
    ],
}
METRICS = [
    {
        "name": "run_success",
        "layer": "workflow",
        "stream": "runs",
        "kind": "rate",
        "value": "score_binarized == 1",
        "better": "higher",
        "description": "Runs that passed.",
    },
    {
        "name": "run_score",
        "layer": "model",
        "stream": "runs",
        "kind": "mean",
        "value": "score",
        "range": [0, 1],
        "better": "higher",
        "description": "Mean score; one outside 0 to 1 is unscored.",
    },
]


@dataclass(frozen=True, slots=True)
class Story:
    """The project, and what was typed: a run on each revision, and every explanation after each of them."""

    typist: Typist
    runs: tuple[Typed, Typed]
    explained: tuple[dict[int, Any], dict[int, Any]]
    after: dict[str, Any]


def _policy(files: Path) -> dict[str, Any]:
    # The times of the log say nothing about when a score became known (211 of them are 0): all runs count from the
    # day on which the log was first published.
    fields = {
        "event_id": "run_id",
        "occurred_at": "=2025-01-11T00:00:00Z",
        "rollout": "{alias|name}",
        "segment": "task_family",
    }
    return {
        "lease": "26h",
        "streams": [RUNS],
        "sources": [source("runs", files / "*.jsonl", "runs", fields)],
        "metrics": METRICS,
        "rollouts": [rollout(name) for name in ROLLOUTS],
        "gates": [
            gate("success", ROLLOUTS, "run_success", at_least=0.4),
            gate("score", [HUMAN, O1], "run_score", at_least=0.4),
            gate("like-people", [HUMAN], "run_success", at_least=0.6),
        ],
    }


def _explain_all(typist: Typist) -> dict[int, Any]:
    entries = typist("log", "show", "--json").json
    with_evidence = [e["seq"] for e in entries if e["kind"] in ("go", "hold", "pause")]
    return {seq: typist("log", "explain", str(seq), "--json").json for seq in with_evidence}


def _stored(typist: Typist) -> dict[str, Any]:
    """Every table but those that keep what each run said, and the log."""
    with Warehouse.open(typist.folder / ".gatehold") as warehouse:
        tables = everything(warehouse)
    kept = {name: rows for name, rows in tables.items() if name not in ("standings", "verdicts", "sightings")}
    return {**kept, "log": typist("log", "show", "--json", "--last", "1000").json}


@pytest.fixture(scope="module")
def story(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Story:
    data, folder = shared_data("metr_runs"), tmp_path_factory.mktemp("metr")
    files = folder / "runs"
    files.mkdir()
    typist = Typist(folder, _policy(files))
    (files / "1.jsonl").symlink_to(data / "rev1_2025-01-11.jsonl")
    first = typist("run", "--json", at=FIRST)
    before = _explain_all(typist)
    (files / "2.jsonl").symlink_to(data / "rev2_2025-01-22.jsonl")
    second = typist("run", "--json", at=SECOND)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    return Story(typist, (first, second), (before, _explain_all(typist)), _stored(typist))


def _findings(run: Typed, kind: str) -> list[dict[str, Any]]:
    return [f for f in run.json["checks"]["findings"] if f["kind"] == kind]


def _batches(run: Typed) -> list[dict[str, Any]]:
    return [b for pulled in run.json["pulled"] for b in pulled["batches"] if not b["repeated"]]


def test_restated_rows_and_flips_are_counted(story: Story) -> None:
    (first,), (second,) = (_batches(run) for run in story.runs)
    assert (first["received"], first["accepted"], first["restated"]) == (7_059, 7_059, 0)
    assert (second["received"], second["accepted"], second["restated"]) == (7_059, 0, 1_025)
    assert second["duplicate"] == 7_059 - 1_025
    assert second["restated_columns"] == {"score": 1_025, "score_binarized": 57}
    assert _findings(story.runs[0], "restatement") == []
    (told,) = _findings(story.runs[1], "restatement")
    assert told["detail"].endswith("restated 1,025 row(s): score in 1,025, score_binarized in 57.")


@pytest.mark.parametrize(("revision", "outside"), [(0, 35), (1, 94)])
def test_scores_outside_their_range_are_flagged_by_name(story: Story, revision: int, outside: int) -> None:
    (batch,) = _batches(story.runs[revision])
    assert batch["flagged"] == {"score": outside}
    (told,) = _findings(story.runs[revision], "range")
    assert (told["subject"], told["observed"]) == ("score", f"{outside} rows")
    assert told["detail"].startswith(f"{outside} row(s) of ")
    assert told["detail"].endswith("have a score outside its range; they are left unscored.")


def test_what_the_old_values_said(story: Story) -> None:
    found = standings(story.runs[0].json)
    assert {name: s["standing"] for name, s in found.items()} == {
        HUMAN: "hold",
        O1: "go",
        SONNET: "hold",
        OPUS: "pause",
        GPT_35: "pause",
    }
    human = verdicts(found[HUMAN])
    assert human["like-people"]["estimate"] == pytest.approx(131 / 211)
    assert (human["score"]["units"], human["score"]["unscored"]) == (211, 24)


def test_what_the_new_values_say(story: Story) -> None:
    found = standings(story.runs[1].json)
    human = verdicts(found[HUMAN])
    assert human["like-people"]["estimate"] == pytest.approx(152 / 211)
    assert human["score"]["unscored"] == 49
    # 152 of 211 prove what 131 of 211 did not, the price of a correction included.
    assert found[HUMAN]["standing"] == "go"
    # A pause stands until a person resumes it, whatever was restated.
    assert (found[OPUS]["standing"], found[GPT_35]["standing"]) == ("pause", "pause")


def test_decisions_on_restated_rows_are_reopened_by_name(story: Story) -> None:
    entries = story.after["log"]
    by_rollout = {name: [e for e in entries if e["rollout"] == name] for name in ROLLOUTS}
    assert [e for e in by_rollout[GPT_35] if e["kind"] == "restate"] == []
    for name in RESTATED:
        (restate,) = [e for e in by_rollout[name] if e["kind"] == "restate"]
        old = next(e for e in by_rollout[name] if e["kind"] in ("go", "hold", "pause"))
        assert restate["body"]["decisions"] == [{"seq": old["seq"], "id": old["id"], "kind": old["kind"]}]
        assert restate["body"]["batches"] == [2]
        assert f"Decision {old['seq']} ({old['kind']}) rested on the old values" in restate["summary"]


def test_the_terminal_and_the_page_show_them(story: Story) -> None:
    shown = story.typist("log", "show").out
    assert shown.count("restate ") == len(RESTATED)
    assert "open for review again" in " ".join(shown.split())
    assert "1,025" in story.typist.page
    assert all(e["body"]["decisions"][0]["id"][:12] in story.typist.page for e in _restates(story))


def _restates(story: Story) -> list[dict[str, Any]]:
    return [e for e in story.after["log"] if e["kind"] == "restate"]


def test_old_decisions_come_out_equal_before_and_after(story: Story) -> None:
    before, after = story.explained
    assert len(before) == len(ROLLOUTS)
    assert all(found["equal"] for found in (*before.values(), *after.values()))
    assert {seq: after[seq] for seq in before} == before
    assert len(after) > len(before)


def test_the_second_revision_again_changes_nothing(story: Story) -> None:
    assert story.typist("run", at=SECOND).code == 0
    assert _stored(story.typist) == story.after
    files = story.typist.folder / "runs"
    (files / "3.jsonl").symlink_to((files / "2.jsonl").resolve())
    run = story.typist("run", "--json", at=SECOND)
    assert _batches(run) == []
    assert run.json["checks"]["findings"] == []
    assert _stored(story.typist) == story.after
    assert story.typist("log", "verify").code == 0


def test_time_alone_moves_the_looks_and_nothing_else(story: Story) -> None:
    assert story.typist("run", at=LATER).code == 0
    found = _stored(story.typist)
    assert {name for name in found if found[name] != story.after[name]} == {"epochs"}
