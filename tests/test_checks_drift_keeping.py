"""Which windows of a drift history are written, written again, left alone, or dropped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.drift import keeping
from checks.drift.keeping import Due, Kept

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OWN = keeping.project_id("agent", "interactions", "inputs")


def due(day: int, *, counted: str = "a", reference: str = "r", silent: str = "") -> Due:
    return Due(START + day * DAY, START + (day + 1) * DAY, reference, counted, 100, silent)


def kept(one: Due, *, counted: str | None = None) -> Kept:
    own = keeping.snapshot_id(OWN, one.start, one.end, one.reference)
    return Kept(own, one.start, one.end, one.counted if counted is None else counted)


def deeds(found: list[Due], there: list[Kept]) -> list[str]:
    return [step.deed for step in keeping.plan(OWN, found, there)]


def test_only_what_is_missing_is_written() -> None:
    assert deeds([due(0), due(1)], []) == ["write", "write"]
    assert deeds([due(0), due(1)], [kept(due(0))]) == ["keep", "write"]
    assert deeds([due(0), due(1)], [kept(due(0)), kept(due(1))]) == ["keep", "keep"]


def test_a_window_that_counts_otherwise_now_replaces_its_own_snapshot() -> None:
    (step,) = keeping.plan(OWN, [due(0, counted="b")], [kept(due(0))])
    assert (step.deed, step.id) == ("replace", kept(due(0)).id)


def test_silence_is_named_and_never_written_and_forgets_nothing() -> None:
    (step,) = keeping.plan(OWN, [due(0, silent="No rows.")], [])
    assert (step.deed, step.why) == ("leave_out", "No rows.")
    (step,) = keeping.plan(OWN, [due(0, silent="No rows.")], [kept(due(0))])
    assert (step.deed, step.why) == ("keep", "No rows.")


def test_another_reference_and_other_windows_take_the_place_of_what_overlaps() -> None:
    before = [kept(due(day)) for day in range(3)]
    (step,) = keeping.plan(OWN, [due(1, reference="new")], before)
    assert step.deed == "write"
    assert list(keeping.superseded(step.id, step.due.start, step.due.end, before)) == [before[1].id]
    # Half-open: neighbours do not overlap, and a snapshot never takes the place of itself.
    assert list(keeping.superseded(before[1].id, before[1].start, before[1].end, before)) == []


def test_identifiers_depend_on_every_part_and_on_nothing_else() -> None:
    assert keeping.project_id("a", "b", "c") == keeping.project_id("a", "b", "c")
    names = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "b", "d")]
    assert len({keeping.project_id(*one) for one in names}) == len(names)
    spans = [(START, START + DAY, "r"), (START, START + DAY, "q"), (START, START + 2 * DAY, "r")]
    assert len({keeping.snapshot_id(OWN, *one) for one in spans}) == len(spans)


@given(st.integers(0, 40), st.integers(0, 40))
def test_no_more_than_the_most_stay_and_the_newest_of_them(number: int, most: int) -> None:
    there = [kept(due(day)) for day in range(number)]
    gone = keeping.oldest(there[::-1], most)
    assert [one.id for one in there if one.id not in gone] == [one.id for one in there[max(0, number - most) :]]


@given(st.integers(-100, 1_000), st.integers(1, 48))
def test_windows_are_whole_and_stay_where_they_are_when_more_arrives(hours: int, length: int) -> None:
    hour, step = timedelta(hours=1), timedelta(hours=length)
    found = keeping.windows(START, START + hours * hour, step)
    later = keeping.windows(START, START + (hours + 1) * hour, step)
    assert later[: len(found)] == found
    assert all(end - start == step and end <= START + max(0, hours) * hour for start, end in found)
    assert all(a[1] == b[0] for a, b in pairwise(found))


def test_windows_before_a_moment_are_left_out_whole() -> None:
    found = keeping.windows(START, START + 4 * DAY, DAY, since=START + 1.5 * DAY)
    assert found == [(START + n * DAY, START + (n + 1) * DAY) for n in (2, 3)]


@pytest.mark.parametrize("parts", [("a",), ("a", 1), (["a"], 1)])
def test_a_digest_tells_its_parts_apart(parts: tuple[object, ...]) -> None:
    assert keeping.digest(*parts) != keeping.digest(*parts, "")
    assert UUID(str(OWN)) == OWN
