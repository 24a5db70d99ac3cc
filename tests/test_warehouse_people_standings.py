"""A published standing is a lease: the newest is kept, and it ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from people_examples import NOW

from warehouse.people import standings
from warehouse.people.store import People
from warehouse.records.decisions import PublishedStanding
from warehouse.records.errors import UsageError

HOUR = timedelta(hours=1)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as people:
        yield people


def test_without_any_there_is_none(people: People) -> None:
    assert standings.latest(people) == {}


def test_the_newest_of_each_rollout_is_kept(people: People) -> None:
    assert standings.publish(people, "b", {"standing": "go"}, at=NOW, valid_until=NOW + HOUR)
    assert standings.publish(people, "a", {"standing": "hold"}, at=NOW, valid_until=NOW + HOUR)
    assert standings.publish(people, "b", {"standing": "pause"}, at=NOW + HOUR, valid_until=NOW + 2 * HOUR)
    assert standings.latest(people) == {
        "a": PublishedStanding("a", {"standing": "hold"}, NOW, NOW + HOUR),
        "b": PublishedStanding("b", {"standing": "pause"}, NOW + HOUR, NOW + 2 * HOUR),
    }


def test_a_late_process_does_not_overwrite_a_newer_standing(people: People) -> None:
    standings.publish(people, "a", {"standing": "pause"}, at=NOW + HOUR, valid_until=NOW + 2 * HOUR)
    assert not standings.publish(people, "a", {"standing": "go"}, at=NOW, valid_until=NOW + 9 * HOUR)
    assert standings.latest(people)["a"].body == {"standing": "pause"}


def test_a_lease_ends_at_its_end(people: People) -> None:
    standings.publish(people, "a", {"standing": "go"}, at=NOW, valid_until=NOW + HOUR)
    standing = standings.latest(people)["a"]
    assert not standing.lapsed(NOW + HOUR - timedelta(microseconds=1))
    assert standing.lapsed(NOW + HOUR)


@pytest.mark.parametrize(
    ("at", "until"),
    [(NOW, NOW - HOUR), (datetime(2026, 1, 1), NOW), (NOW, datetime(2027, 1, 1))],  # noqa: DTZ001 (the mistake)
)
def test_a_lease_without_zone_or_with_its_end_first_is_refused(people: People, at: datetime, until: datetime) -> None:
    with pytest.raises(UsageError, match="both need a time zone"):
        standings.publish(people, "a", {}, at=at, valid_until=until)


def test_a_standing_with_a_number_that_is_none_is_refused(people: People) -> None:
    with pytest.raises(UsageError, match="finite numbers"):
        standings.publish(people, "a", {"estimate": float("nan")}, at=NOW, valid_until=NOW + HOUR)
