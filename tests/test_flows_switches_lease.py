"""A lease is renewed at the switch at every run, and what a switch has not heard of yet is never lost by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_examples import acting
from people_examples import NOW, alert, switch, written
from projects import HOUR, START

from flows.channels.as_json import payload as alert_payload
from flows.channels.port import alert_of
from flows.delivering import deliver
from flows.switches.port import SwitchMessage, message_of, payload
from warehouse.people import log, outbox, renewals, standings
from warehouse.people.store import People
from warehouse.records.decisions import NewDelivery, PublishedStanding
from warehouse.records.errors import DeliveryError, UsageError


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as opened:
        yield opened


def renewal(action: str = "go", hours: float = 3) -> NewDelivery:
    made = switch(action, valid_until=NOW + hours * HOUR)
    return NewDelivery("switch", made.target, {**made.body, "renewal": True})


def lease(hours: float, at: datetime = NOW) -> PublishedStanding:
    return PublishedStanding("support", {"standing": {}}, at, NOW + hours * HOUR)


def states(people: People) -> list[tuple[Any, str]]:
    return [(one.body["action"], one.state) for one in outbox.all(people)]


def test_a_renewal_is_written_with_the_standing_and_refers_to_the_newest_decision(people: People) -> None:
    written(people, "a", switch("go"))
    newest = written(people, "b", kind="sign_off")
    id = renewals.renew(people, lease(4), renewal(hours=4))
    assert id == f"{newest.id}-until-20260105T160000000000Z"
    message = message_of(outbox.get(people, id))
    assert (message.action, message.renewal, message.valid_until) == ("go", True, NOW + 4 * HOUR)
    assert (message.decision_seq, message.head) == (2, newest.hash)
    assert payload(message)["renewal"] is True
    assert standings.latest(people)["support"].valid_until == NOW + 4 * HOUR
    assert [e.kind for e in log.entries(people)] == ["hold", "sign_off"], "a renewal decides nothing"


def test_a_run_that_died_and_is_repeated_renews_once(people: People) -> None:
    written(people, "a")
    assert renewals.renew(people, lease(4), renewal(hours=4)) is not None
    assert renewals.renew(people, lease(4), renewal(hours=4)) is None
    assert renewals.renew(people, lease(3, at=NOW - HOUR), renewal()) is None, "an older run says nothing"
    assert len(outbox.all(people)) == 1


def test_without_a_decision_or_a_message_only_the_standing_is_renewed(people: People) -> None:
    assert renewals.renew(people, lease(4), renewal(hours=4)) is None
    assert renewals.renew(people, lease(5, at=NOW + HOUR)) is None
    assert standings.latest(people)["support"].valid_until == NOW + 5 * HOUR
    with pytest.raises(UsageError, match="of kind 'alert'"):
        renewals.renew(people, lease(5), alert())


@pytest.mark.parametrize(
    ("waiting", "state"),
    [("go", "superseded"), ("hold", "superseded"), ("pause", "waiting"), ("resume", "waiting"), ("expand", "waiting")],
)
def test_a_renewal_takes_the_place_of_a_standing_and_waits_behind_an_act(
    people: People, waiting: str, state: str
) -> None:
    written(people, "a", switch(waiting))
    renewals.renew(people, lease(4), renewal("hold", 4))
    assert states(people) == [(waiting, state), ("hold", "waiting")]
    assert [one.body["action"] for one in outbox.due(people, now=NOW)] == ["hold" if state != "waiting" else waiting]


def test_renewals_keep_one_another_out_of_the_outbox_and_alerts_keep_their_ids(people: People) -> None:
    entry = written(people, "a", switch("go"), alert())
    for hours in range(1, 20 * 24):
        at = NOW + hours * HOUR
        id = renewals.renew(people, lease(hours + 3, at=at), renewal(hours=hours + 3))
        assert id is not None
        outbox.delivered(people, id, now=at)
    found = outbox.all(people)
    assert len(found) == 2 + 7 * 24 + 1
    (waiting,) = outbox.due(people, now=NOW + timedelta(days=30))
    outbox.failed(people, waiting.id, now=NOW, error="down", transient=True, alerts=[alert("delivery_failed")])
    assert [one.id for one in outbox.all(people)][-1] == f"{entry.id}-3"


class Down:
    """A switch that takes nothing."""

    def apply(self, message: SwitchMessage) -> None:
        raise DeliveryError("down", transient=True)


def test_a_receiver_that_is_down_for_hours_becomes_news_though_each_renewal_is_new(people: People) -> None:
    written(people, "a")
    for hour in range(4):
        at = NOW + hour * HOUR
        renewals.renew(people, lease(hour + 3, at=at), renewal(hours=hour + 3))
        deliver(
            people, switches={"deploy": Down()}, channels={}, acting=acting(people, at), failure_channels=("on-call",)
        )
    told = [one for one in outbox.all(people) if one.body.get("event") == "delivery_failed"]
    assert len(told) == 1
    assert "is not through yet" in told[0].body["summary"]


def test_every_delivery_carries_its_decision_and_the_head_of_the_log(people: People) -> None:
    entry = written(people, "a", switch("go"), alert())
    told = {"id": entry.id, "seq": 1, "head": entry.hash}
    to_switch, to_people = outbox.all(people)
    assert payload(message_of(to_switch))["decision"] == told
    assert alert_of(to_people).head == entry.hash
    assert to_people.body["decision"] == told
    sent: Mapping[str, Any] = alert_payload(alert_of(to_people))
    assert sent["decision"] == told


# ----------------------------------------------------------------------------------------------------- whole runs


def leased(folder: Path, lease: bool) -> Any:
    switch = {"kind": "file", "path": "state.json", "lease": lease}
    project = p.make(folder, p.policy(rollouts=[{**p.rollout(), "switch": switch}]))
    p.write(project, "a.jsonl", p.answers(0, hours=6))
    return project


def told(project: Any) -> list[tuple[str, bool, str]]:
    with p.opened(project) as stores:
        found = [message_of(one) for one in outbox.all(stores.people) if one.kind == "switch"]
        return [(m.action, m.renewal, str(m.valid_until)) for m in found]


@pytest.mark.slow
def test_every_run_renews_a_lease_that_the_switch_honours_and_only_such_a_one(tmp_path: Path) -> None:
    honoured, other = leased(tmp_path / "a", True), leased(tmp_path / "b", False)
    for project in (honoured, other):
        for hour in (7, 7.5, 8):
            p.run(project, hour)
        p.run(project, 8)
    first, *more = told(honoured)
    assert not first[1]
    assert [(m[1], m[2]) for m in more] == [(True, str(START + (h + 3) * HOUR)) for h in (7.5, 8)]
    assert len(told(other)) == 1
    state = (tmp_path / "a" / "state.json").read_text()
    assert (START + 11 * HOUR).isoformat() in state
    # Nothing was decided beyond the first run, and the next decision follows on.
    assert len(p.decisions(honoured)) == len(p.decisions(other))


@pytest.mark.slow
def test_a_pause_is_not_renewed(tmp_path: Path) -> None:
    project = leased(tmp_path, True)
    p.write(project, "b.jsonl", p.answers(6, harmful=60, hours=3))
    for hour in (11, 12, 13):
        done = p.run(project, hour)
    assert p.standing(done) == "pause"
    assert [(action, renewal) for action, renewal, _ in told(project)] == [("pause", False)]
