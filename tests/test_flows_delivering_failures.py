"""A failed delivery is an alert of its own, over the other channels, and ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from acting_examples import acting
from delivering_tools import DOWN, HOUR, REFUSED, SECRET, Recorder, counts, handed
from people_examples import NOW, alert, switch, written

from flows.channels.port import Alert
from flows.delivering import ALARM_AFTER, deliver
from warehouse.people import outbox
from warehouse.people.store import People


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


def test_a_refused_pause_is_told_over_every_channel_at_once(people: People) -> None:
    on_call, mail = Recorder(), Recorder()
    written(people, "a", switch("pause"), kind="pause")
    report = handed(people, switch=Recorder(then=REFUSED), on_call=on_call, mail=mail)
    assert counts(report) == (2, 0, 1)
    for channel in (on_call, mail):
        (told,) = channel.told
        assert isinstance(told, Alert)
        assert (told.event, told.rollout, told.simulated) == ("delivery_failed", "support", True)
        assert told.summary == "The pause of rollout support to switch deploy was given up; see to it by hand."
        assert dict(told.facts)["error"] == "deploy refused it with 403"


def test_a_pause_that_does_not_get_through_is_told_while_it_is_tried_again(people: People) -> None:
    on_call, recorder, now = Recorder(), Recorder(DOWN, DOWN, DOWN, DOWN), NOW
    written(people, "a", switch("pause"), kind="pause")
    for attempt in range(1, 6):
        handed(people, now, switch=recorder, on_call=on_call)
        assert len(on_call.told) == (attempt >= ALARM_AFTER)
        now += HOUR
    assert len(recorder.told) == 1


def test_a_dead_channel_is_told_over_the_other_one_and_not_over_itself(people: People) -> None:
    mail = Recorder()
    written(people, "a", alert())
    report = handed(people, on_call=Recorder(then=REFUSED), mail=mail)
    assert [d.target for d in report.dead] == ["on-call"]
    assert len(mail.told) == 1


def test_only_those_who_want_it_hear_of_failures(people: People) -> None:
    on_call, mail = Recorder(), Recorder()
    written(people, "a", switch("pause"))
    named = {"on-call": on_call, "mail": mail}
    failing = {"deploy": Recorder(then=REFUSED)}
    deliver(people, switches=failing, channels=named, acting=acting(people, NOW), failure_channels={"mail"})
    assert (len(on_call.told), len(mail.told)) == (0, 1)


def test_alerts_about_alerts_end(people: People) -> None:
    written(people, "a", switch("pause"), kind="pause")
    for hours in range(3):
        handed(people, NOW + hours * HOUR, switch=Recorder(then=REFUSED), on_call=Recorder(then=REFUSED))
    assert [d.state for d in outbox.all(people)] == ["dead", "dead"]


def test_one_broken_adapter_does_not_keep_the_others_from_hearing(people: People) -> None:
    on_call = Recorder()
    written(people, "a", switch("pause"), alert())
    report = handed(people, switch=Recorder(then=RuntimeError(f"boom {SECRET}")), on_call=on_call)
    assert counts(report) == (1, 1, 0)
    assert report.failed[0].last_error == "deploy broke with RuntimeError."


def test_news_of_a_failure_goes_out_in_the_same_pass_though_time_has_gone_on(people: People) -> None:
    on_call, ticks = Recorder(), iter(range(1, 100))
    written(people, "a", switch("pause"))
    report = deliver(
        people,
        switches={"deploy": Recorder(then=REFUSED)},
        channels={"on-call": on_call},
        acting=acting(people, NOW),
        clock=lambda: NOW + next(ticks) * timedelta(seconds=1),
    )
    assert counts(report) == (1, 0, 1)
    assert len(on_call.told) == 1
