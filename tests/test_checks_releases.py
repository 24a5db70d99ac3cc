"""The fingerprint of a release is that of what answers, in whatever order rows came; what is not named is a state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.releases import changes, depended, in_force, told, written
from checks.releases.change import newest, reason_of, since
from checks.releases.states import states
from warehouse.records.errors import LedgerError
from warehouse.records.facts import PartSeen

T = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(
    value: str | None, first: float, last: float, column: str = "prompt_version", stream: str = "talks"
) -> PartSeen:
    return PartSeen(stream, column, value, T + first * HOUR, T + last * HOUR, 1)


COLUMNS = ("model_requested", "model_answered", "prompt_version", "judge_version")
ROWS = st.lists(
    st.builds(
        lambda column, value, at: seen(value, at, at, column),
        st.sampled_from(COLUMNS),
        st.sampled_from([None, "a", "b", "unknown"]),
        st.integers(0, 60),
    ),
    max_size=30,
)


@given(rows=ROWS, data=st.data())
def test_order_and_batches_of_rows_change_nothing(rows: list[PartSeen], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert in_force(shuffled) == in_force(rows)
    # Rows that agree may come summed, in whatever batches.
    summed: dict[tuple[str, str | None, int], PartSeen] = {}
    for row in shuffled:
        key = row.column, row.value, data.draw(st.integers(0, 2))
        other = summed.get(key, row)
        span = min(row.first_at, other.first_at), max(row.last_at, other.last_at)
        summed[key] = replace(row, first_at=span[0], last_at=span[1])
    assert in_force(summed.values()) == in_force(rows)


@given(rows=ROWS)
def test_a_version_is_known_only_if_a_row_of_the_newest_day_names_one(rows: list[PartSeen]) -> None:
    for held in in_force(rows).held:
        mine = [row for row in rows if row.column == held.column]
        day = max(row.last_at for row in mine) - timedelta(hours=24)
        assert (held.value is None) == all(row.value is None for row in mine if row.last_at > day)


@given(value=st.text(max_size=12), column=st.sampled_from(COLUMNS))
def test_what_is_not_named_never_equals_a_version(value: str, column: str) -> None:
    known, unknown = in_force([seen(value, 0, 1, column)]), in_force([seen(None, 0, 1, column)])
    assert known.fingerprint != unknown.fingerprint
    assert changes(written(known.held), T, unknown.held)
    assert changes(written(unknown.held), T, known.held)


@given(one=ROWS, other=ROWS)
def test_evidence_goes_on_exactly_while_the_fingerprint_is_the_same(one: list[PartSeen], other: list[PartSeen]) -> None:
    before, after = in_force(one), in_force(other)
    if {h.place for h in before.held} == {h.place for h in after.held}:
        same = before.fingerprint == after.fingerprint
        assert same == (not changes(written(before.held), T, after.held))


def test_a_new_version_counts_from_its_first_row_on() -> None:
    (held,) = in_force([seen("v3", 0, 30), seen("v4", 29, 30)]).held
    assert (held.value, held.before, held.since, held.beside) == ("v4", "v3", T + 29 * HOUR, ("v3",))
    assert changes(written(in_force([seen("v3", 0, 28)]).held), T, [held]) == ("prompt v3 -> v4",)


def test_going_back_counts_once_the_newer_one_is_silent() -> None:
    (held,) = in_force([seen("v3", 0, 60), seen("v4", 29, 30)]).held
    assert (held.value, held.before, held.since) == ("v3", "v4", T + 30 * HOUR)


def test_a_row_without_a_version_among_others_is_no_change() -> None:
    (held,) = in_force([seen("v3", 0, 30), seen(None, 10, 30)]).held
    assert (held.value, held.first) == ("v3", True)


def test_a_version_that_is_silent_for_a_day_while_rows_go_on_is_unknown() -> None:
    (held,) = in_force([seen("v3", 0, 30), seen(None, 31, 60)]).held
    assert (held.value, held.before, held.since) == (None, "v3", T + 30 * HOUR)
    assert since([held], T) == ("prompt v3 -> unknown",)


def test_a_silent_stream_keeps_its_versions() -> None:
    release = in_force([seen("v3", 0, 30), seen("m1", 0, 500, "model_answered", "other")])
    assert release.versions("prompt") == ("v3",)


def test_model_asked_and_answered_are_both_the_model() -> None:
    release = in_force([seen("m", 0, 9, "model_requested"), seen("m-2026", 0, 9, "model_answered")])
    assert release.versions("model") == ("m", "m-2026")
    assert release.versions("tools") == ()
    assert [state.part for state in states(release)] == ["model"]


def test_a_gate_rests_on_the_judge_of_its_own_stream_and_on_the_parts_it_names() -> None:
    rows = [seen("j1", 0, 9, "judge_version"), seen("j2", 0, 9, "judge_version", "probes"), seen("v3", 0, 9)]
    release = in_force(rows)
    assert [h.value for h in depended(release, ["judge"], "probes")] == ["j2"]
    assert [h.value for h in depended(release, ["prompt", "judge"], "talks")] == ["v3", "j1"]
    assert depended(release, [], "talks") == ()


def test_evidence_that_did_not_write_its_versions_down_is_old_only_after_a_change_since() -> None:
    held = in_force([seen("v3", 0, 30), seen("v4", 29, 30)]).held
    assert changes("", T, held) == ("prompt v3 -> v4",)
    assert changes("", T + 30 * HOUR, held) == ()
    assert changes("[]", T, in_force([seen("v3", 5, 30)]).held) == ()
    assert newest(in_force([seen("v3", 5, 30)]).held) is None


def test_what_was_changed_is_said_in_words_that_move_no_terminal() -> None:
    held = in_force([seen("v3", 0, 1), seen("\x1b[2J" + "x" * 900, 1, 2)]).held
    (said,) = changes("", T, held)
    assert "\x1b" not in said
    assert len(said) < 100
    assert reason_of(told([said])) == said
    assert (told([]), reason_of("paused")) == ("", "")


@pytest.mark.parametrize("text", ["{", "[1]", '[["a"]]', "null"])
def test_versions_that_cannot_be_read_are_an_error(text: str) -> None:
    with pytest.raises(LedgerError, match="cannot be read"):
        changes(text, T, in_force([seen("v3", 0, 1)]).held)
