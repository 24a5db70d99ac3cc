"""Real judges against real people: which of them earn the right to gate, at which floor, and with what interval.

PandaLM: 999 pairs, each with the majority of three people and the verdicts of two judges. PyRIT: 92 measured judge
configurations; of 56 the share of responses on which the judge agreed with people is known. The responses of one
configuration are not listed, so its labelled rows are made from that share: as many agreements as share times responses
(a whole number for every configuration), the rest disagreements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command import rollout, source

from checks.gates import judges
from checks.gates.judges import JudgeSpec, JudgeState
from flows import project as projects
from flows import pulling, sourcing
from flows.judging import Case
from flows.project import Project
from flows.qualifying import qualify
from flows.stores import Stores, open_stores
from warehouse import judges as stored
from warehouse.records.judges import JudgedRows, LabelCount
from warehouse.records.metrics import Slice

pytestmark = pytest.mark.slow

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=2)

# ---- PandaLM -----------------------------------------------------------------------------------------------------

JUDGES = {"judge-gpt": ("gpt-3.5", "gpt_result"), "judge-pandalm": ("pandalm-7b", "pandalm_result")}
FLOORS = {"at-60": 0.60, "at-65": 0.65, "at-70": 0.70, "at-80": 0.80}


def _pairs(path: Path, name: str) -> dict[str, Any]:
    judge, choice = JUDGES[name]
    fields = {
        "event_id": f"{judge}-{{idx}}",
        "occurred_at": "=2024-01-01T00:00:00Z",
        "rollout": f"={name}",
        "segment": "cmp_key",
        "pair_id": "idx",
        "judge": f"={judge}",
        "judge_choice": choice,
        "human_choice": "majority",
    }
    return source(name, path, "preferences", fields, kind="parquet")


def _gate(floor: str) -> dict[str, Any]:
    known = {"name": f"first-{floor}", "rollout": list(JUDGES), "metric": "prefers_first", "judge": floor}
    return {**known, "at_most": 0.6, "alpha": 0.05, "beta": 0.05, "max_age": "30d"}


def _made(folder: Path, policy: dict[str, Any]) -> Project:
    (folder / projects.CONFIG_NAME).write_text(json.dumps(policy), encoding="utf-8")
    return projects.load(folder, environment={})


@pytest.fixture(scope="module")
def pandalm(
    shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Stores]]:
    path = shared_data("pandalm_human_pref") / "judgments.parquet"
    first = {"name": "prefers_first", "layer": "model", "kind": "rate", "stream": "preferences", "judged": "own"}
    asked = {"metric": "preference_agreement", "version": "judge", "label_version": "judge", "max_age": "90d"}
    made = _made(
        tmp_path_factory.mktemp("pandalm"),
        {
            "sources": [_pairs(path, name) for name in JUDGES],
            "metrics": [
                {**first, "value": "judge_choice == '1'", "better": "lower", "description": "First preferred."}
            ],
            "judges": [{"name": f, "min_labels": 500, "min_agreement": at, **asked} for f, at in FLOORS.items()],
            "rollouts": [rollout(name) for name in JUDGES],
            "gates": [_gate(floor) for floor in FLOORS],
        },
    )
    with open_stores(made) as stores:
        pulling.pull_sources(made, stores, now=NOW)
        yield made, stores


def _asked(found: tuple[Project, Stores], name: str, floor: str, *, now: datetime = NOW) -> JudgeState:
    made, stores = found
    (gate,) = [g for g in made.policy.gate_specs(name, "pilot") if g.name == f"first-{floor}"]
    case = Case(
        rollout=name,
        stage="pilot",
        release="",
        paused=False,
        not_before=None,
        now=now,
        remembered={},
        ledger=sourcing.read(stores),
    )
    state = qualify(stores, made.policy, gate, case)
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("judge-gpt", ["judge_qualified", "judge_qualified", "judge_unproved", "judge_disagrees"]),
        ("judge-pandalm", ["judge_qualified", "judge_unproved", "judge_unproved", "judge_disagrees"]),
    ],
)
def test_two_judges_earn_the_right_at_low_floors_only(
    pandalm: tuple[Project, Stores], name: str, reasons: list[str]
) -> None:
    assert [_asked(pandalm, name, floor).reason for floor in FLOORS] == reasons


@pytest.mark.parametrize(
    ("name", "labels", "unreadable", "measured"),
    [("judge-gpt", 974, 25, (0.716, 0.651, 0.766)), ("judge-pandalm", 999, 0, (0.668, 0.620, 0.714))],
)
def test_agreement_is_the_published_one_with_an_interval(
    pandalm: tuple[Project, Stores], name: str, labels: int, unreadable: int, measured: tuple[float, ...]
) -> None:
    state = _asked(pandalm, name, "at-70")
    assert (state.labels, state.unreadable, state.versions) == (labels, unreadable, (JUDGES[name][0],))
    assert state.agreement is not None
    assert (round(state.agreement, 3), round(state.low, 3), round(state.high, 3)) == measured


def test_agreement_is_shown_for_every_pair_of_models(pandalm: tuple[Project, Stores]) -> None:
    state = _asked(pandalm, "judge-gpt", "at-70")
    assert len(state.by_segment) == 10
    assert sum(a.labels for a in state.by_segment) == 974
    assert state.coverage == 1.0
    by_name = {a.name: a for a in state.by_segment}
    worst, best = by_name["cerebras-gpt-6.7B_pythia-6.9b"], by_name["llama-7b_opt-7b"]
    assert (round(worst.agreement or 0, 3), round(best.agreement or 0, 3)) == (0.648, 0.769)
    # A hundred pairs tell little: no single segment proves 70 %, nor that the two differ.
    assert all(a.low < 0.7 < a.high for a in state.by_segment)
    assert worst.high > best.low


def test_labels_that_grew_old_give_no_right(pandalm: tuple[Project, Stores]) -> None:
    state = _asked(pandalm, "judge-gpt", "at-60", now=NOW + timedelta(days=100))
    assert (state.reason, state.labels, state.more) == ("judge_stale", 0, 500)


# ---- PyRIT -------------------------------------------------------------------------------------------------------

OBJECTIVE, REFUSAL = "objective_achieved_metrics.jsonl", "refusal_metrics.jsonl"


@pytest.fixture(scope="module")
def configurations(shared_data: Callable[[str], Path]) -> list[dict[str, Any]]:
    path = shared_data("pyrit_scorer_evals") / "judge_metrics.parquet"
    columns = ["metrics_file", "scorer_hash", "num_responses", "accuracy", "harm_category"]
    found: list[dict[str, Any]] = pq.read_table(path, columns=columns).to_pylist()
    return found


def _rows(configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    agreed = configuration["accuracy"] * configuration["num_responses"]
    assert agreed == pytest.approx(round(agreed), abs=1e-6)
    for item in range(configuration["num_responses"]):
        yield {
            "id": f"{configuration['scorer_hash']}-{item}",
            "item": f"{configuration['metrics_file']}-{item}",
            "rater_version": configuration["scorer_hash"],
            "label": "as people" if item < round(agreed) else "otherwise",
        }


@pytest.fixture(scope="module")
def pyrit(configurations: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> list[LabelCount]:
    folder = tmp_path_factory.mktemp("pyrit")
    with (folder / "labels.jsonl").open("w", encoding="utf-8") as file:
        for configuration in configurations:
            if configuration["accuracy"] is not None:
                file.writelines(json.dumps(row) + "\n" for row in _rows(configuration))
    fields = {"event_id": "id", "subject_id": "item", "occurred_at": "=2024-01-01T00:00:00Z"}
    fields |= {"rollout": "=scorers", "reference_label": "=as people", "rater_kind": "=judge"}
    labels = source("labels", "labels.jsonl", "labels", fields)
    made = _made(folder, {"sources": [labels], "rollouts": [rollout("scorers")]})
    agreement = made.policy.cell_metric("judge_human_agreement", "item")
    with open_stores(made) as stores:
        (report,) = pulling.pull_sources(made, stores, now=NOW)
        assert not report.degraded
        stream = made.policy.stream("labels")
        return stored.labels(stores.warehouse, stream, agreement, "rater_version", Slice("scorers"), now=NOW)


def _states(
    configurations: list[dict[str, Any]], labels: list[LabelCount], kind: str, floor: float, min_labels: int = 100
) -> dict[str, JudgeState]:
    """What each configuration of one kind has earned, by its hash."""
    spec = JudgeSpec("scorer", min_labels, floor, 0.05)
    hashes = [c["scorer_hash"] for c in configurations if c["metrics_file"] == kind]
    return {name: judges.qualify(spec, labels, [JudgedRows(name, "", 1)]) for name in hashes}


@pytest.mark.parametrize(
    ("kind", "floor", "earned", "disagrees", "point"),
    [
        # point: how many a plain comparison of the measured share with the floor would let in.
        (OBJECTIVE, 0.60, 22, 0, 29),
        (OBJECTIVE, 0.70, 10, 5, 20),
        (OBJECTIVE, 0.80, 4, 15, 7),
        (OBJECTIVE, 0.90, 0, 26, 0),
        (REFUSAL, 0.70, 25, 0, 25),
        (REFUSAL, 0.90, 23, 0, 25),
        (REFUSAL, 0.95, 2, 0, 25),
    ],
)
def test_measured_judges_earn_the_right_by_proof_not_by_their_point(
    configurations: list[dict[str, Any]],
    pyrit: list[LabelCount],
    kind: str,
    floor: float,
    earned: int,
    disagrees: int,
    point: int,
) -> None:
    states = _states(configurations, pyrit, kind, floor)
    assert len(states) == {OBJECTIVE: 31, REFUSAL: 25}[kind]
    assert sum(s.qualified for s in states.values()) == earned
    assert sum(s.reason == "judge_disagrees" for s in states.values()) == disagrees
    assert sum((s.agreement or 0) >= floor for s in states.values()) == point
    assert {s.reason for s in states.values()} <= {"judge_qualified", "judge_disagrees", "judge_unproved"}


def test_the_best_and_the_worst_judge_of_objectives_with_their_intervals(
    configurations: list[dict[str, Any]], pyrit: list[LabelCount]
) -> None:
    states = _states(configurations, pyrit, OBJECTIVE, 0.70)
    ranked = sorted(states.values(), key=lambda s: s.agreement or 0)
    worst, best = ranked[0], ranked[-1]
    assert (worst.reason, best.reason) == ("judge_disagrees", "judge_qualified")
    assert worst.agreement == pytest.approx(231 / 395)
    assert best.agreement == pytest.approx(354 / 395)
    assert (round(best.low, 3), round(best.high, 3)) == (0.844, 0.937)
    assert worst.high < 0.70
    # Just above the floor is not proved; a little further above, what is missing is said in labels.
    near, further = ranked[11], ranked[20]
    assert near.agreement == pytest.approx(282 / 395)
    assert (near.reason, near.more) == ("judge_unproved", None)
    assert "too close to that to say how many more labelled items it takes" in near.detail
    assert further.agreement == pytest.approx(299 / 395)
    assert further.reason == "judge_unproved"
    assert 50 < (further.more or 0) < 400


def test_few_labels_are_too_few_however_well_they_agree(
    configurations: list[dict[str, Any]], pyrit: list[LabelCount]
) -> None:
    states = _states(configurations, pyrit, REFUSAL, 0.90, min_labels=200)
    assert {s.reason for s in states.values()} == {"judge_unlabelled"}
    assert {s.more for s in states.values()} == {95, 50}


def test_configurations_without_a_share_of_agreement_have_no_right(
    configurations: list[dict[str, Any]], pyrit: list[LabelCount]
) -> None:
    graded = {c["metrics_file"] for c in configurations if c["accuracy"] is None}
    states = [s for kind in graded for s in _states(configurations, pyrit, kind, 0.60).values()]
    assert len(states) == 36
    assert {(s.qualified, s.reason) for s in states} == {(False, "judge_changed")}
