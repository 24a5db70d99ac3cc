"""The life of an alert: told once, told again while nobody acts, told further, held back, and told that it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.alerts import lifecycle, maintenance, pauses
from checks.alerts.records import Lapse, Notice
from checks.policy import Policy, parse
from warehouse.records.decisions import MONITOR, DecisionKind
from warehouse.records.headlines import Headline

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BASE = """
rollouts:
  - name: support
    owner: {name: Ines, contact: ines@example.com}
    deputy: {name: Tom, contact: tom@example.com}
    stages: [pilot]
alerts:
  - {name: owner, kind: file, path: o, when: [pause, recovered, missed_run], renotify: 4h,
     escalate: [{after: 30m, to: deputy}, {after: 2h, to: everyone}]}
  - {name: deputy, kind: file, path: d, when: [delivery_failed]}
  - {name: everyone, kind: file, path: e, when: [go, hold]}
"""


def policy(text: str = BASE) -> Policy:
    return parse("gatehold.yaml", lambda _: text)


def entry(
    seq: int, kind: DecisionKind, at: datetime, *, by: str = MONITOR, of: str | None = None, rollout: str = "support"
) -> Headline:
    return Headline(seq, f"d{seq}", at, rollout, kind, by, f"because {seq}", f"h{seq}", "pilot", False, of)


PAUSE = entry(1, "pause", NOON)
TOLD = frozenset({("d1", "owner")})


def due(
    now: datetime, *entries: Headline, given: Policy | None = None, told: frozenset[tuple[str, str]] = TOLD
) -> list[tuple[str, str, str]]:
    return [(n.channel, n.event, n.step) for n in notices(now, *entries, given=given, told=told)]


def notices(
    now: datetime, *entries: Headline, given: Policy | None = None, told: frozenset[tuple[str, str]] = TOLD
) -> tuple[Notice, ...]:
    return lifecycle.due(given or policy(), pauses.fold(entries), (), entries, told, now)


def test_a_pause_that_the_monitor_told_is_not_told_again_at_once() -> None:
    assert due(NOON, PAUSE) == []
    assert due(NOON + 29 * MINUTE, PAUSE) == []


def test_nobody_acknowledges_so_the_deputy_hears_and_then_everyone() -> None:
    assert due(NOON + 30 * MINUTE, PAUSE) == [("deputy", "reminder", "escalated-from-owner-1")]
    assert due(NOON + 2 * HOUR, PAUSE) == [
        ("deputy", "reminder", "escalated-from-owner-1"),
        ("everyone", "reminder", "escalated-from-owner-2"),
    ]


def test_an_open_pause_is_told_again_on_its_schedule_and_who_slept_is_reminded_once() -> None:
    found = notices(NOON + 13 * HOUR, PAUSE)
    (again,) = [n for n in found if n.step.startswith("reminder")]
    assert (again.step, again.channel, again.at) == ("reminder-3", "owner", NOON + 12 * HOUR)
    assert again.summary == "Still paused after 12 h, and nobody has acknowledged it. because 1"
    assert dict(again.facts)["owner"] == "Ines, ines@example.com"
    assert dict(again.facts)["acknowledge"] == "gatehold rollout acknowledge support"
    assert again.about == "support/pause/d1"


def test_the_same_thing_has_the_same_id_whenever_it_is_found() -> None:
    first = {n.id for n in notices(NOON + 4 * HOUR, PAUSE)}
    assert first == {n.id for n in notices(NOON + 7 * HOUR, PAUSE)}
    assert len(first) == 3
    assert len({n.id for n in notices(NOON + 8 * HOUR, PAUSE)} - first) == 1


def test_an_acknowledged_pause_is_left_in_peace() -> None:
    taken = entry(2, "acknowledge", NOON + 10 * MINUTE, by="Ines", of="d1")
    assert due(NOON + 9 * HOUR, PAUSE, taken) == []


def test_an_acknowledgement_of_something_else_changes_nothing() -> None:
    taken = entry(2, "acknowledge", NOON + 10 * MINUTE, by="Ines", of="d0")
    assert due(NOON + 31 * MINUTE, PAUSE, taken) == [("deputy", "reminder", "escalated-from-owner-1")]


def test_whichever_entry_of_the_pause_is_acknowledged_counts() -> None:
    again = entry(2, "pause", NOON + HOUR)
    taken = entry(3, "acknowledge", NOON + 2 * HOUR, by="Tom", of="d2")
    (found,) = pauses.fold([PAUSE, again, taken])
    assert found.acknowledged == taken
    assert found.about == "support/pause/d1"


def test_the_end_of_a_pause_is_told_to_those_who_heard_of_it() -> None:
    end = entry(2, "resume", NOON + 5 * HOUR, by="Ines")
    (over,) = notices(NOON + 5 * HOUR, PAUSE, end)
    assert (over.channel, over.event, over.under, over.about) == ("owner", "recovered", end, "support/pause/d1")
    assert over.summary == "The pause is over, support is resumed. because 2"
    assert dict(over.facts)["for"] == "5 h"
    assert due(NOON + 5 * HOUR, PAUSE, end, told=frozenset()) == []
    assert due(NOON + 60 * HOUR, PAUSE, end) == []


def test_a_retired_rollout_has_no_open_pause() -> None:
    assert due(NOON + 9 * HOUR, PAUSE, entry(2, "retire", NOON + HOUR, by="Ines")) == [
        ("owner", "recovered", "recovered")
    ]


def test_a_pause_by_a_person_is_told_to_the_channels() -> None:
    by_hand = entry(1, "pause", NOON, by="Ines")
    assert due(NOON, by_hand, told=frozenset()) == [("owner", "pause", "first")]
    assert due(NOON, by_hand) == []


def test_a_second_pause_is_another_one() -> None:
    entries = [PAUSE, entry(2, "resume", NOON + HOUR), entry(3, "pause", NOON + 2 * HOUR)]
    first, second = pauses.fold(entries)
    assert (first.ended, second.ended) == (entries[1], None)
    assert {n.about for n in notices(NOON + 3 * HOUR, *entries)} == {"support/pause/d1", "support/pause/d3"}


def test_a_clock_that_stepped_back_sends_nothing() -> None:
    assert due(NOON - HOUR, PAUSE) == []
    assert due(NOON + HOUR, PAUSE, entry(2, "resume", NOON + 5 * HOUR)) == []


def lapsed(now: datetime, given: Policy | None = None, missing: frozenset[str] = frozenset()) -> list[Notice]:
    lapses = [
        Lapse("support", NOON, NOON + 3 * HOUR, entry(4, "hold", NOON)),
        Lapse("billing", NOON, NOON + 4 * HOUR, entry(5, "hold", NOON, rollout="billing")),
    ]
    return list(lifecycle.due(given or policy(), (), lapses, (), frozenset(), now, missing=missing))


def test_a_monitor_that_stopped_is_told_from_the_end_of_its_lease_on() -> None:
    assert lapsed(NOON + 2 * HOUR) == []
    (told,) = lapsed(NOON + 3 * HOUR)
    assert (told.channel, told.event) == ("owner", "missed_run")
    assert "lapsed to hold at 2026-01-05 15:00 UTC" in told.summary
    (later,) = lapsed(NOON + 30 * HOUR)
    assert (later.id, dict(later.facts)["rollouts"]) == (told.id, "billing, support")
    assert lapsed(NOON + 30 * HOUR, missing=frozenset({"owner"})) == []


# ---------------------------------------------------------------------------------------------------------- maintenance


def quiet_for(owner: str = "", everybody: str = "") -> Policy:
    own = f", maintenance: [{owner}]" if owner else ""
    text = BASE.replace("renotify: 4h,", f"renotify: 4h{own},")
    return policy(f"maintenance: [{everybody}]\n{text}" if everybody else text)


SPAN = "{from: 2026-01-05T11:00:00Z, until: 2026-01-05T15:00:00Z, reason: move}"


def test_in_maintenance_nothing_is_told() -> None:
    given = quiet_for(everybody=SPAN)
    assert due(NOON + 2 * HOUR, PAUSE, given=given, told=frozenset()) == []
    assert lapsed(NOON + 3 * HOUR - MINUTE, given) == []


def test_a_channel_in_maintenance_leaves_the_others_alone() -> None:
    found = due(NOON + 2 * HOUR, PAUSE, given=quiet_for(owner=SPAN))
    assert {channel for channel, _, _ in found} == {"deputy", "everyone"}


def test_the_end_of_a_maintenance_brings_one_summary_of_what_was_missed() -> None:
    entries = [entry(1, "hold", NOON), entry(2, "pause", NOON + HOUR), entry(3, "acknowledge", NOON + HOUR, of="d9")]
    found = notices(NOON + 3 * HOUR, *entries, given=quiet_for(owner=SPAN), told=frozenset())
    (summary,) = [n for n in found if n.event == "maintenance"]
    assert (summary.channel, summary.step, summary.under.id) == ("owner", "summary", "d2")
    assert summary.summary == "The maintenance (move) is over. 2 decisions fell into it."
    assert summary.facts[0] == ("2026-01-05 12:00 UTC, 1", "support: hold, because 1")


def test_a_quiet_maintenance_and_one_long_ago_bring_none() -> None:
    given = quiet_for(owner=SPAN)
    assert due(NOON + 3 * HOUR, given=given) == []
    assert due(NOON + 3 * HOUR, entry(1, "hold", NOON), given=given, told=TOLD) == []
    late = NOON + 3 * HOUR + maintenance.REMEMBERED
    assert due(late, entry(1, "hold", NOON), given=given, told=frozenset()) == []
    assert maintenance.recent(given, late) is None


def test_spans_that_touch_bring_one_summary_at_the_end_of_all() -> None:
    given = quiet_for(owner=SPAN, everybody="{from: 2026-01-05T15:00:00Z, until: 2026-01-05T16:00:00Z, reason: more}")
    held = entry(1, "hold", NOON)
    assert due(NOON + 3 * HOUR, held, given=given, told=frozenset()) == []
    assert maintenance.recent(given, NOON + 4 * HOUR) == NOON - HOUR
    (summary,) = [n for n in notices(NOON + 4 * HOUR, held, given=given, told=frozenset()) if n.channel == "owner"]
    assert summary.summary == "The maintenance (move; more) is over. 1 decision fell into it."


def test_long_summaries_say_what_they_leave_out() -> None:
    entries = [entry(n, "hold", NOON + n * MINUTE) for n in range(1, 31)]
    found = notices(NOON + 3 * HOUR, *entries, given=quiet_for(owner=SPAN), told=frozenset())
    facts = next(n.facts for n in found if n.channel == "owner")
    assert facts[0] == ("earlier", "20 more; see the log")
    assert len(facts) == 1 + maintenance.MOST_LINES


# ----------------------------------------------------------------------------------------------------------------- laws

KINDS: list[DecisionKind] = ["pause", "resume", "acknowledge", "hold", "go", "retire", "start"]
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 600), st.integers(0, 6)), max_size=12)


@settings(max_examples=60)
@given(steps, st.integers(0, 4000))
def test_two_looks_at_the_same_minute_find_the_same_and_nothing_twice(
    acts: list[tuple[DecisionKind, int, int]], after: int
) -> None:
    at, entries = NOON, []
    for seq, (kind, minutes, of) in enumerate(acts, 1):
        at += minutes * MINUTE
        entries.append(entry(seq, kind, at, by="Ines", of=f"d{of}" if kind == "acknowledge" else None))
    now = NOON + after * MINUTE
    seen = [e for e in entries if e.at <= now]
    found = notices(now, *seen, told=frozenset())
    assert found == notices(now, *seen, told=frozenset())
    assert len({n.id for n in found}) == len(found)
    assert all(n.at <= now for n in found)


@settings(max_examples=60)
@given(steps)
def test_reminders_end_with_the_pause(acts: list[tuple[DecisionKind, int, int]]) -> None:
    entries = [
        entry(n, kind, NOON + n * MINUTE, of=f"d{of}" if kind == "acknowledge" else None)
        for n, (kind, _, of) in enumerate(acts, 1)
    ]
    entries.append(entry(len(entries) + 1, "resume", NOON + HOUR, by="Ines"))
    assert {n.event for n in notices(NOON + 9 * HOUR, *entries)} <= {"recovered"}
