"""The outbox: nothing is lost, nothing is sent twice on purpose, and no older message undoes a pause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people_examples import NOW, alert, switch, written

from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.errors import UsageError

MINUTE = timedelta(minutes=1)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as people:
        yield people


def states(people: People) -> list[tuple[str, str]]:
    return [(str(d.body.get("action") or d.body["event"]), d.state) for d in outbox.all(people)]


def actions_due(people: People, minutes: float = 0) -> list[str]:
    due = outbox.due(people, now=NOW + minutes * MINUTE)
    return [str(d.body.get("action") or d.body["event"]) for d in due]


def test_a_new_message_is_due_at_once_and_not_before(people: People) -> None:
    written(people, "k", switch("pause"))
    assert actions_due(people, -1) == []
    (message,) = outbox.due(people, now=NOW)
    assert (message.state, message.attempts, message.delivered_at, message.last_error) == ("waiting", 0, None, None)


def test_ids_are_unique_and_name_their_decision(people: People) -> None:
    first = written(people, "a", switch("hold"), alert(), alert(target="mail"))
    second = written(people, "b", alert())
    ids = [d.id for d in outbox.all(people)]
    assert ids == [f"{first.id}-1", f"{first.id}-2", f"{first.id}-3", f"{second.id}-1"]


def test_pauses_go_first_then_other_switches_then_alerts(people: People) -> None:
    written(people, "a", alert("hold"), switch("hold"))
    written(people, "b", alert("pause"), switch("pause"), rollout="other")
    assert actions_due(people) == ["pause", "hold", "hold", "pause"]
    kinds = [d.kind for d in outbox.due(people, now=NOW)]
    assert kinds == ["switch", "switch", "alert", "alert"]


def test_a_delivered_message_is_never_due_again(people: People) -> None:
    written(people, "k", switch("pause"))
    (message,) = outbox.due(people, now=NOW)
    done = outbox.delivered(people, message.id, now=NOW + MINUTE)
    assert (done.state, done.delivered_at, done.attempts) == ("delivered", NOW + MINUTE, 1)
    assert outbox.delivered(people, message.id, now=NOW + 2 * MINUTE) == done
    assert outbox.failed(people, message.id, now=NOW, error="late news", transient=False) == done
    assert actions_due(people, 10_000) == []


def test_a_transient_failure_waits_longer_each_time_and_then_dies(people: People) -> None:
    written(people, "k", switch("pause"))
    (message,) = outbox.due(people, now=NOW)
    now = NOW
    for attempt in range(1, outbox.MOST_ATTEMPTS):
        after = outbox.failed(people, message.id, now=now, error=f"error {attempt}", transient=True)
        assert (after.state, after.attempts, after.last_error) == ("waiting", attempt, f"error {attempt}")
        assert outbox.due(people, now=after.next_at - timedelta(microseconds=1)) == []
        assert [d.id for d in outbox.due(people, now=after.next_at)] == [message.id]
        now = after.next_at
    assert outbox.failed(people, message.id, now=now, error="the last", transient=True).state == "dead"
    assert [d.id for d in outbox.dead(people)] == [message.id]
    assert timedelta(hours=4) < now - NOW < timedelta(hours=12)


def test_a_terminal_failure_kills_at_once(people: People) -> None:
    written(people, "k", switch("pause"))
    (message,) = outbox.due(people, now=NOW)
    assert outbox.failed(people, message.id, now=NOW, error="refused", transient=False).state == "dead"


def test_alerts_about_a_failure_are_written_with_it(people: People) -> None:
    entry = written(people, "k", switch("pause"), alert())
    message = outbox.due(people, now=NOW)[0]
    outbox.failed(people, message.id, now=NOW, error="refused", transient=False, alerts=[alert("delivery_failed")])
    assert states(people) == [("pause", "dead"), ("pause", "waiting"), ("delivery_failed", "waiting")]
    assert outbox.all(people)[-1].id == f"{entry.id}-3"
    assert outbox.all(people)[-1].body["decision"]["head"] == entry.hash


@settings(deadline=None)
@given(st.text(min_size=1), st.integers(1, 1000))
def test_the_wait_doubles_to_an_hour_less_a_quarter_at_most_and_is_always_the_same(id: str, attempts: int) -> None:
    id = id.encode("utf-8", "replace").decode()
    plain = min(outbox.FIRST_WAIT.total_seconds() * 2.0 ** min(attempts - 1, 20), outbox.LONGEST_WAIT.total_seconds())
    waited = outbox.wait(id, attempts).total_seconds()
    assert 0.749 * plain <= waited <= plain
    assert outbox.wait(id, attempts) == outbox.wait(id, attempts)


def test_messages_that_fail_together_do_not_come_back_together() -> None:
    assert len({outbox.wait(f"d-{n}", 1) for n in range(50)}) > 30


# --------------------------------------------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    ("older", "newer", "state"),
    [
        ("go", "pause", "superseded"),
        ("hold", "go", "superseded"),
        ("resume", "pause", "superseded"),
        ("pause", "pause", "superseded"),
        ("pause", "resume", "superseded"),
        ("pause", "hold", "waiting"),
        ("pause", "go", "waiting"),
        ("pause", "expand", "waiting"),
        ("pause", "start", "waiting"),
    ],
)
def test_a_newer_message_supersedes_but_a_pause_gives_way_only_to_a_pause_or_a_resume(
    people: People, older: str, newer: str, state: str
) -> None:
    written(people, "a", switch(older))
    written(people, "b", switch(newer))
    assert states(people) == [(older, state), (newer, "waiting")]
    assert actions_due(people) == [newer if state == "superseded" else "pause"]


def test_what_waits_behind_a_pause_comes_once_the_pause_is_settled(people: People) -> None:
    written(people, "a", switch("pause"))
    written(people, "b", switch("hold"))
    (pause,) = outbox.due(people, now=NOW)
    outbox.failed(people, pause.id, now=NOW, error="down", transient=True)
    assert actions_due(people) == []
    assert actions_due(people, 1) == ["pause"]
    outbox.delivered(people, pause.id, now=NOW + MINUTE)
    assert actions_due(people, 1) == ["hold"]


def test_rollouts_and_switches_do_not_stand_in_each_others_way(people: People) -> None:
    written(people, "a", switch("pause"), switch("go", target="second"), alert("go"))
    written(people, "b", switch("pause"), alert("pause"), rollout="other")
    assert {state for _, state in states(people)} == {"waiting"}
    assert len(actions_due(people)) == 5


ACTIONS = st.sampled_from(["start", "go", "hold", "pause", "expand", "resume"])


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(ACTIONS, st.booleans()), min_size=1, max_size=8))
def test_whatever_fails_a_switch_hears_in_order_and_ends_at_the_newest(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, bool]]
) -> None:
    heard: list[tuple[int, str]] = []
    with People.open(tmp_path_factory.mktemp("story")) as people:

        def hand_out(minutes: int, works: bool) -> None:
            while due := outbox.due(people, now=NOW + minutes * MINUTE):
                for message in due:
                    if works:
                        heard.append((message.body["decision"]["seq"], message.body["action"]))
                        outbox.delivered(people, message.id, now=NOW)
                    else:
                        outbox.failed(people, message.id, now=NOW + minutes * MINUTE, error="down", transient=True)

        for number, (action, works) in enumerate(story):
            written(people, f"k{number}", switch(action), at=NOW + number * MINUTE)
            hand_out(number, works)
        hand_out(10_000, True)
    seqs = [seq for seq, _ in heard]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == len(story)
    last_pause = max((n for n, (action, _) in enumerate(story, 1) if action == "pause"), default=None)
    overruled = last_pause is None or any(action == "resume" for action, _ in story[last_pause:])
    assert overruled or last_pause in seqs


# ------------------------------------------------------------------------------------------------------------ by hand


def test_a_dead_message_can_be_tried_again_by_hand(people: People) -> None:
    written(people, "k", switch("pause"))
    (message,) = outbox.due(people, now=NOW)
    outbox.failed(people, message.id, now=NOW, error="refused", transient=False)
    assert outbox.retry(people, message.id, now=NOW + MINUTE).state == "waiting"
    assert actions_due(people, 1) == ["pause"]


def test_a_dead_message_stays_dead_when_a_newer_one_has_taken_its_place(people: People) -> None:
    written(people, "a", switch("go"))
    (message,) = outbox.due(people, now=NOW)
    with pytest.raises(UsageError, match="is waiting; only a dead one"):
        outbox.retry(people, message.id, now=NOW)
    outbox.failed(people, message.id, now=NOW, error="refused", transient=False)
    newer = written(people, "b", switch("pause"))
    with pytest.raises(UsageError, match=f"older than {newer.id}-1"):
        outbox.retry(people, message.id, now=NOW)


def test_an_unknown_message_is_named(people: People) -> None:
    with pytest.raises(UsageError, match="no message 'nobody'"):
        outbox.get(people, "nobody")
