"""Alerts between runs: written once whoever looks, handed out without any run, and never in the way of a pause."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from acting_examples import acting
from people_examples import NOW, alert, switch, written

from checks.policy import parse
from flows import alerting, delivering
from flows.project import Project
from warehouse.people import headlines, log, outbox, standings
from warehouse.people.store import People
from warehouse.records.decisions import MONITOR, DecisionEntry, NewDecision
from warehouse.records.errors import LedgerError

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
POLICY = """
board_url: https://gatehold.example.org/
rollouts:
  - name: support
    owner: {name: Ines, contact: ines@example.com}
    stages: [pilot]
    switch: {kind: file, path: switch.json}
alerts:
  - {name: owner, kind: file, path: owner.jsonl, when: [pause, recovered, missed_run, ritual], renotify: 4h,
     escalate: [{after: 30m, to: everyone}]}
  - {name: everyone, kind: file, path: everyone.jsonl, when: [hold, delivery_failed]}
"""


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


def project(people: People, text: str = POLICY) -> Project:
    folder = people.folder.parent
    return Project(parse("gatehold.yaml", lambda _: text), folder / "gatehold.yaml", people.folder, {})


def paused(people: People, at: datetime = NOW) -> DecisionEntry:
    """A pause as the monitor writes it, with its alert to the owner."""
    new = NewDecision("p", at, "support", "pause", MONITOR, "harm: limit exceeded", "e", "c", {"stage": "pilot"})
    entry = log.append(people, new, [switch("pause", target="support"), alert("pause", target="owner")])
    assert entry is not None
    return entry


def act(people: People, kind: Any, at: datetime, **body: Any) -> DecisionEntry:
    new = NewDecision(f"{kind}{at}", at, "support", kind, "Ines (owner)", "mended", "", "c", {"stage": "pilot", **body})
    entry = log.append(people, new)
    assert entry is not None
    return entry


def told(people: People, channel: str) -> list[dict[str, Any]]:
    path = people.folder.parent / f"{channel}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_day_of_minutes_without_a_run_tells_each_thing_once(people: People) -> None:
    ours = project(people)
    entry = paused(people)
    for minute in range(0, 24 * 60, 5):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + minute * MINUTE))
    assert [a["step"] for a in told(people, "owner")] == ["", *(f"reminder-{n}" for n in range(1, 6))]
    assert [a["step"] for a in told(people, "everyone")] == ["escalated-from-owner-1"]
    act(people, "acknowledge", NOW + 24 * HOUR, decision=entry.id)
    for hour in range(24, 60):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + hour * HOUR))
    act(people, "resume", NOW + 60 * HOUR)
    for hour in range(60, 70):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + hour * HOUR))
    last = told(people, "owner")[-1]
    assert (last["event"], last["about"]) == ("recovered", f"support/pause/{entry.id}")
    assert len(told(people, "owner")) == 7
    assert len(told(people, "everyone")) == 1
    assert len({a["id"] for a in told(people, "owner")}) == 7


def test_an_alert_leads_to_its_decision(people: People) -> None:
    entry = paused(people)
    delivering.deliver_project(project(people), people, acting=acting(people, NOW + HOUR))
    assert told(people, "owner")[0]["link"] == f"https://gatehold.example.org/decisions/{entry.id}"
    assert told(people, "everyone")[0]["link"] == f"https://gatehold.example.org/decisions/{entry.id}"
    delivering.deliver_project(
        project(people, POLICY.replace("board_url", "# ")), people, acting=acting(people, NOW + 5 * HOUR)
    )
    assert told(people, "owner")[1]["link"] is None
    assert told(people, "owner")[1]["text"].endswith("see gatehold log explain 1")


def test_what_is_due_is_written_once_by_many_who_look_at_once(people: People) -> None:
    ours = project(people)
    paused(people)

    def look(_: int) -> int:
        with People.open(people.folder) as own:
            return len(alerting.due(ours, own, NOW + 5 * HOUR))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(look, range(16))) == 2
    assert alerting.due(ours, people, NOW + 5 * HOUR) == []


def test_looking_when_nothing_is_new_writes_nothing(people: People) -> None:
    ours = project(people)
    paused(people)
    alerting.due(ours, people, NOW + 5 * HOUR)
    # While the writer's place is taken, whoever wants to write waits.
    with people.write(), People.open(people.folder, wait_seconds=0.05) as other:
        assert alerting.due(ours, other, NOW + 5 * HOUR) == []


def test_what_is_wrong_with_reminders_does_not_keep_a_pause_from_going_out(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LedgerError("no reminders today")

    monkeypatch.setattr(headlines, "headlines", broken)
    monkeypatch.setattr(alerting, "headlines", broken)
    paused(people)
    with pytest.raises(LedgerError, match="no reminders today"):
        delivering.deliver_project(project(people), people, acting=acting(people, NOW))
    assert json.loads((people.folder.parent / "switch.json").read_text())["action"] == "pause"
    assert len(told(people, "owner")) == 1


def test_maintenance_holds_reminders_back_and_ends_with_a_summary(people: People) -> None:
    span = f"{{from: {NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}, until: {NOW + 6 * HOUR:%Y-%m-%dT%H:%M:%SZ}, reason: move}}"
    ours = project(people, f"maintenance: [{span}]\n{POLICY}")
    new = NewDecision("p", NOW, "support", "pause", MONITOR, "harm: limit exceeded", "e", "c", {"stage": "pilot"})
    log.append(people, new, [switch("pause", target="support")])
    for hour in range(6):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + hour * HOUR))
    assert told(people, "owner") == told(people, "everyone") == []
    assert (people.folder.parent / "switch.json").exists()
    for hour in range(6, 9):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + hour * HOUR))
    assert [a["event"] for a in told(people, "owner")] == ["reminder", "maintenance", "reminder"]
    assert [a["event"] for a in told(people, "everyone")] == ["reminder", "maintenance"]


def test_a_failed_delivery_is_told_even_in_maintenance(people: People) -> None:
    span = f"{{from: {NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}, until: {NOW + 6 * HOUR:%Y-%m-%dT%H:%M:%SZ}, reason: move}}"
    text = POLICY.replace("path: switch.json", 'path: "."')
    ours = project(people, f"maintenance: [{span}]\n{text}")
    paused(people)
    for hour in range(4):
        delivering.deliver_project(ours, people, acting=acting(people, NOW + hour * HOUR))
    assert [a["event"] for a in told(people, "everyone")] == ["delivery_failed"]


def test_an_announcement_is_made_once_to_each_channel_that_asks(people: People) -> None:
    policy = project(people).policy

    def say(about: str, event: str = "ritual", at: datetime = NOW) -> int:
        return len(alerting.announce(people, policy, event, "3 things wait.", {"waiver": "harm"}, at, about=about))

    assert say("week 1") == 0  # there is no decision yet that it could hang on
    entry = written(people, "k")
    assert (say("week 1"), say("week 1", at=NOW + HOUR), say("week 2")) == (1, 0, 1)
    assert say("week 1", "go") == 0
    first = outbox.all(people)[0]
    assert (first.rollout, first.decision_id, first.body["facts"]) == ("", entry.id, [["waiver", "harm"]])
    delivering.deliver_project(project(people), people, acting=acting(people, NOW))
    assert told(people, "owner")[0]["text"].startswith("Gatehold: ritual\n3 things wait.\n")


def test_of_one_silence_people_hear_once(people: People) -> None:
    ours = project(people)
    written(people, "k")
    standings.publish(people, "support", {"standing": {}}, at=NOW, valid_until=NOW + 3 * HOUR)
    assert alerting.due(ours, people, NOW + 2 * HOUR) == []
    (first,) = alerting.due(ours, people, NOW + 3 * HOUR)
    assert first.body["about"] == f"support/missed_run/{(NOW + 3 * HOUR).isoformat()}"
    late = NOW + 4 * HOUR
    assert alerting.announce(people, ours.policy, "missed_run", "silent", {}, late, about="since noon") == []
    assert alerting.due(ours, people, NOW + 9 * HOUR) == []
    standings.publish(people, "support", {"standing": {}}, at=NOW + 10 * HOUR, valid_until=NOW + 13 * HOUR)
    assert alerting.due(ours, people, NOW + 12 * HOUR) == []
    late = NOW + 13 * HOUR
    assert len(alerting.announce(people, ours.policy, "missed_run", "silent", {}, late, about="since ten")) == 1
    assert alerting.due(ours, people, NOW + 14 * HOUR) == []


def test_heads_of_decisions_are_read_without_their_evidence(people: People) -> None:
    standing = {"standing": "hold", "stage": "pilot", "simulated": True}
    written(people, "a", standing=standing, inputs={"x": "y" * 1000})
    written(people, "b", kind="acknowledge", decision="d1", stage="limited", rollout="other")
    first, second = headlines.headlines(people)
    assert (first.stage, first.simulated, first.acknowledges, first.by_person) == ("pilot", True, None, True)
    assert (second.stage, second.simulated, second.acknowledges) == ("limited", False, "d1")
    assert headlines.headlines(people, rollout="other", last=1) == [second]
    assert headlines.headlines(people, kinds=["hold"], since=NOW) == [first]
    assert headlines.headlines(people, since=NOW + MINUTE) == []
