"""Silence never passes: whatever is missing, broken, late or stopped, no gate of any kind says pass, no rollout may go.

One matrix over the whole path: every kind of gate, each in a rollout of its own, under every way to fall silent. A
combination that makes no sense stands in `NOT_ASKED` with the reason.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import projects as p
import pytest
import silences as s
from projects import HOUR, START
from silences import GATES, LAST, STATISTICAL

from flows.cli.look import standings as shown
from flows.project import Project
from warehouse import fingerprint
from warehouse.records.errors import ConfigurationError, GateholdError, StoreError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NOW = LAST + 1.0
Said = Mapping[str, tuple[str, str, str]]
"""Outcome, reason and standing, by kind of gate."""

NOTHING_TO_MEASURE = "it compares facts of the policy; no row is read"
NO_NUMBER = "it reads no number of a row"
COUNTS_ROWS = "it counts rows whatever is in them; that they hold nothing is for the gates on what they hold"
SEEN_AS_BROKEN = "what was received is what it measures"
ANOTHERS = "it is about the source, not about one rollout's rows"
NO_PAST = "it compares with no past"

DETERMINISTIC = [kind for kind in GATES if kind not in STATISTICAL]
SILENCES = (
    "no table",
    "empty table",
    "all null",
    "all NaN",
    "infinities",
    "zero rows after filter",
    "timeout",
    "stopped source",
    "deleted reference",
)
NOT_ASKED: dict[tuple[str, str], str] = {
    **{("policy", silence): NOTHING_TO_MEASURE for silence in SILENCES},
    **{(kind, "all null"): COUNTS_ROWS for kind in ("count", "source", "source-freshness")},
    **{(kind, silence): NO_NUMBER for kind in ("age", "overdue") for silence in ("all NaN", "infinities")},
    **{(kind, "all null"): SEEN_AS_BROKEN for kind in ("quality", "quality-of-all")},
    **{
        (kind, "zero rows after filter"): ANOTHERS
        for kind in ("source", "source-freshness", "quality", "quality-of-all")
    },
    **{
        (kind, "deleted reference"): NO_PAST
        for kind in GATES
        if kind not in ("reference", "distribution", "drift", "policy")
    },
}
ASKED = [(kind, silence) for silence in SILENCES for kind in GATES if (kind, silence) not in NOT_ASKED]


def copied(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.open_project(folder)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Traffic at which every gate passes and every rollout may go, judged at `NOW`."""
    project = s.made(tmp_path_factory.mktemp("healthy") / "p")
    said = s.outcomes(p.run(project, NOW))
    assert {kind: one for kind, one in said.items() if one[0] != "pass" or one[2] != "go"} == {}
    assert set(said) == set(GATES)
    return project


def no_table(folder: Path, _: Project) -> Said:
    return s.outcomes(p.run(p.make(folder, s.policy()), NOW))


def empty_table(folder: Path, _: Project) -> Said:
    project = p.make(folder, s.policy())
    s.raw(project, "000.jsonl", "")
    s.raw(project, "people.jsonl", "", folder="people")
    return s.outcomes(p.run(project, NOW))


def of_values(value: Any) -> Callable[[Path, Project], Said]:
    """Every score and number of every row is that value, and so is what people's rows say of their state."""

    def silence(folder: Path, _: Project) -> Said:
        def answer(row: dict[str, Any]) -> dict[str, Any]:
            scores = None if value is None else {"harm": value, "quality": value}
            return {**row, "scores": scores, "latency_ms": value}

        def deed(row: dict[str, Any]) -> dict[str, Any]:
            nothing = {"status": None, "independent": None, "due_at": START.isoformat()}
            return {**row, **nothing} if value is None else row

        return s.outcomes(p.run(s.made(folder, count=10, answer=answer, deed=deed), NOW))

    return silence


def filtered(folder: Path, _: Project) -> Said:
    def elsewhere(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "system": "another-system"}

    return s.outcomes(p.run(s.made(folder, count=10, answer=elsewhere, deed=elsewhere), NOW))


def timeout(folder: Path, healthy: Project) -> Said:
    """The storage that holds the logs answers no more in time, at a project that went well until then."""
    project = copied(healthy, folder)
    for name in ("logs", "people"):
        p.write(project, "new.jsonl", [], folder=name)

    def late(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ETIMEDOUT, "Connection timed out")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "open", late, raising=False)
        return s.outcomes(p.run(project, NOW + 1))


def stopped(folder: Path, healthy: Project) -> Said:
    return s.outcomes(p.run(copied(healthy, folder), NOW + 100))


def no_reference(folder: Path, _: Project) -> Said:
    return s.outcomes(p.run(s.made(folder, hours=range(s.DAY, LAST), count=10), NOW))


WAYS: Mapping[str, Callable[[Path, Project], Said]] = {
    "no table": no_table,
    "empty table": empty_table,
    "all null": of_values(None),
    "all NaN": of_values(float("nan")),
    "infinities": of_values(float("inf")),
    "zero rows after filter": filtered,
    "timeout": timeout,
    "stopped source": stopped,
    "deleted reference": no_reference,
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, healthy: Project) -> Callable[[str], Said]:
    """What the gates say under a silence; each is brought about once."""
    known: dict[str, Said] = {}

    def look(silence: str) -> Said:
        if silence not in known:
            known[silence] = WAYS[silence](tmp_path_factory.mktemp("silence") / "p", healthy)
        return known[silence]

    return look


@pytest.mark.parametrize(("kind", "silence"), ASKED, ids=[f"{kind}, {silence}" for kind, silence in ASKED])
def test_no_silence_passes(said: Callable[[str], Said], kind: str, silence: str) -> None:
    outcome, reason, standing = said(silence)[kind]
    assert outcome in ("error", "no_data", "stale", "insufficient", "blocked", "breach"), (outcome, reason)
    assert reason
    assert standing in ("hold", "pause")


def test_every_combination_is_asked_or_has_a_reason() -> None:
    every = {(kind, silence) for kind in GATES for silence in SILENCES}
    assert set(ASKED) | set(NOT_ASKED) == every
    assert not set(ASKED) & set(NOT_ASKED)
    assert all(NOT_ASKED.values())


@pytest.mark.parametrize("kind", GATES)
def test_an_unknown_metric_is_refused_before_anything_runs(tmp_path: Path, kind: str) -> None:
    values = s.policy()
    for gate in values["gates"]:
        if gate["rollout"] == kind:
            gate["metric"] = "harmful_outputs_rate"
    with pytest.raises(ConfigurationError, match="harmful_outputs_rate"):
        p.make(tmp_path, values)


def test_a_query_that_fails_ends_the_run_and_the_word_of_the_last_one_lapses(healthy: Project, tmp_path: Path) -> None:
    project = copied(healthy, tmp_path / "p")
    with p.opened(project) as stores:
        for table in ("cells", "units", "events_governance"):
            stores.warehouse.connection.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")
    p.write(project, "027.jsonl", [row for system in GATES for row in s.answers(system, LAST, count=10)])
    with pytest.raises(Exception, match="does not exist"):
        p.run(project, NOW + 1)
    lapsed = shown(project, START + (NOW + 3) * HOUR)
    assert {name: found["standing"] for name, found in lapsed.items()} == dict.fromkeys(GATES, "hold")


@pytest.mark.parametrize("kind", GATES)
def test_a_stopped_scheduler_lets_every_permission_lapse(healthy: Project, kind: str) -> None:
    assert shown(healthy, START + (NOW + 2.9) * HOUR)[kind]["standing"] == "go"
    lapsed = shown(healthy, START + (NOW + 3) * HOUR)[kind]
    assert (lapsed["standing"], lapsed["reasons"][0]["code"]) == ("hold", "lease_lapsed")


def test_a_reference_that_is_lost_later_is_not_made_up_anew(healthy: Project, tmp_path: Path) -> None:
    """Pins and the rows of the past are gone, and nobody can say what the gates compared with."""
    project = copied(healthy, tmp_path / "p")
    with p.opened(project) as stores:
        connection = stores.warehouse.connection
        for table in ("cells", "units", "bins"):
            connection.execute(f"DELETE FROM {table} WHERE window_start < $end", {"end": START + s.DAY * HOUR})
        connection.execute("DELETE FROM pins")
        connection.execute("DELETE FROM events_interactions WHERE occurred_at < $end", {"end": START + s.DAY * HOUR})
    found = s.outcomes(p.run(project, NOW + 0.5))
    for kind in ("reference", "distribution"):
        assert found[kind][0] != "pass", found[kind]
        assert found[kind][2] == "hold"


JUDGES = {"harmful_output_rate": "harm-judge", "answer_quality": "quality-judge"}


@pytest.mark.parametrize("labels", ["none", "of another version"])
def test_a_judge_that_errs_or_was_never_checked_gives_no_right_to_go(tmp_path: Path, labels: str) -> None:
    values = s.policy(
        judges=[
            {"name": name, "metric": "judge_human_agreement", "min_labels": 50, "min_agreement": 0.7}
            for name in JUDGES.values()
        ]
    )
    judged = [gate for gate in values["gates"] if gate["metric"] in JUDGES and gate["name"] == "gate"]
    for gate in judged:
        gate["judge"] = JUDGES[gate["metric"]]
    for metric in values["metrics"]:
        if metric["name"] in JUDGES:
            metric["judged"] = "own"
    source = {**values["sources"][1], "name": "labels", "path": "labels/*.jsonl", "stream": "labels"}
    values["sources"].append({**source, "fields": s.GOVERNANCE})
    project = s.made(tmp_path, count=10)
    project = p.make(tmp_path, values)
    rows = [
        {
            "id": f"{gate['rollout']}-{n}",
            "ts": START.isoformat(),
            "system": gate["rollout"],
            "subject_id": f"{n}",
            "label": "good",
            "reference_label": "good",
            "rater_version": "of the year before",
            "rubric_version": "1",
        }
        for gate in judged
        for n in range(60)
    ]
    p.write(project, "labels.jsonl", rows if labels != "none" else [], folder="labels")
    said = s.outcomes(p.run(project, NOW))
    assert len(judged) >= 6
    for gate in judged:
        outcome, reason, standing = said[gate["rollout"]]
        assert outcome != "pass", (gate["rollout"], reason)
        assert standing != "go"


def test_a_store_that_cannot_be_opened_gives_no_word(healthy: Project, tmp_path: Path) -> None:
    project = copied(healthy, tmp_path / "p")
    (project.data / "people.sqlite").write_bytes(b"not a database at all, and longer than a header" * 40)
    with pytest.raises(StoreError):
        shown(project, START + NOW * HOUR)
    with pytest.raises(GateholdError):
        p.run(project, NOW + 0.5)


def test_a_stream_that_comes_once_a_week_holds_no_checks_on_the_days_between(tmp_path: Path) -> None:
    """Which rows are too old is for the gates on them; that nothing new came is no reason for the checks to hold."""
    weekly = p.source("weekly", "weekly/*.jsonl", stream="probes")
    red_team = {**p.harm_gate("attacks"), "metric": "attack_success_rate", "max_age": "8d"}
    checks = {"name": "checks", "rollout": p.AGENT, "metric": "failed_checks", "at_most": 0}
    policy = p.policy(sources=[p.source("logs", "logs/*.jsonl"), weekly], gates=[p.harm_gate(), red_team, checks])
    project = p.make(tmp_path, policy)
    p.write(project, "000.jsonl", p.answers(0, mark="w"), folder="weekly")
    p.write(project, "000.jsonl", p.answers(0))
    p.run(project, 2)
    p.write(project, "030.jsonl", p.answers(30))
    (done,) = p.run(project, 32).outcomes
    found = next(verdict for verdict in done.standing.verdicts if verdict.gate == "checks")
    assert found.outcome == "pass", found.detail
