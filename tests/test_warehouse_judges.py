"""Labelled items and judge versions as they stand in the rows: exact counts, current revisions, one unit a session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from hypothesis import given, settings
from hypothesis import strategies as st
from summaries import MEAN, RATE

from checks.metrics import catalogue
from warehouse import judges
from warehouse.records.errors import UsageError
from warehouse.records.judges import JudgedRows, LabelCount
from warehouse.records.metrics import Slice
from warehouse.records.streams import BUILT_IN, INTERACTIONS
from warehouse.store import Warehouse

LABELS, PREFERENCES = BUILT_IN["labels"], BUILT_IN["preferences"]
HOUR, GAP = timedelta(hours=1), timedelta(minutes=30)
AGREEMENT = catalogue.built_in()["judge_human_agreement"].cells(LABELS, "item", HOUR, GAP)
PREFERENCE = catalogue.built_in()["preference_agreement"].cells(PREFERENCES, "item", HOUR, GAP)
HARM = replace(RATE, scored=None)
BOT = Slice(rollout="bot")
END = START + timedelta(days=2)
ONE = 1_000_000
HOSTILE = "'; DROP TABLE events_labels; --"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def label(key: str, minute: float = 1, agrees: bool | None = True, **more: Any) -> dict[str, Any]:
    """A judge's verdict beside the person's; None for one that could not be read."""
    said = None if agrees is None else "good" if agrees else "bad"
    known = {"subject_id": key, "rater_version": "v1", "rubric_version": "r1", "rater_kind": "judge"}
    return {"event_id": key, "occurred_at": at(minute), "label": said, "reference_label": "good", **known, **more}


def counts(warehouse: Warehouse, scope: Slice = BOT, **more: Any) -> list[LabelCount]:
    return judges.labels(warehouse, LABELS, AGREEMENT, "rater_version", scope, **{"now": END, **more})


def tally(found: list[LabelCount]) -> list[tuple[Any, ...]]:
    return [(c.version, c.rubric, c.segment, c.low, c.high, c.units, c.labels, c.unreadable) for c in found]


def test_a_stream_that_was_never_used_has_no_labels(warehouse: Warehouse) -> None:
    assert counts(warehouse) == []
    assert versions(warehouse) == []


def test_labels_are_counted_by_version_rubric_segment_and_value(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            *[label(f"a{i}") for i in range(5)],
            label("b1", agrees=False),
            label("c1", agrees=None),
            label("d1", segment="de"),
            label("e1", rubric_version="r2", minute=7),
            label("f1", rater_version=None),
            label("human", rater_kind="human"),
            label("alone", reference_label=None),
            label("x1", rollout="other"),
        ],
        stream=LABELS,
    )
    assert tally(counts(warehouse)) == [
        ("", "r1", "", ONE, ONE, 1, 1, 0),
        ("v1", "r1", "", 0, 0, 1, 1, 0),
        ("v1", "r1", "", 0, ONE, 1, 0, 1),
        ("v1", "r1", "", ONE, ONE, 5, 5, 0),
        ("v1", "r1", "de", ONE, ONE, 1, 1, 0),
        ("v1", "r2", "", ONE, ONE, 1, 1, 0),
    ]
    assert max(c.newest for c in counts(warehouse)) == at(7)
    assert tally(counts(warehouse, Slice("bot", segment="de"))) == [("v1", "r1", "de", ONE, ONE, 1, 1, 0)]


def test_only_the_present_revision_counts(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([label("a"), label("b")], stream=LABELS)
    loader.add([label("a", agrees=False)], stream=LABELS)
    assert [(c.low, c.units) for c in counts(warehouse)] == [(0, 1), (ONE, 1)]
    assert [(c.low, c.units) for c in counts(warehouse, through_batch=1)] == [(ONE, 2)]


def test_old_labels_are_counted_apart_and_later_ones_not_at_all(warehouse: Warehouse) -> None:
    rows = [label("old", 1), label("edge", 10), label("new", 20), label("later", 60)]
    Loader(warehouse).add(rows, stream=LABELS)
    found = counts(warehouse, now=at(30), since=at(10))
    assert [(c.in_time, c.units) for c in found] == [(False, 1), (True, 2)]


def test_a_session_is_one_unit_of_the_segment_of_its_first_row(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            label("a", 2, session_id="s", segment="fr"),
            label("b", 1, agrees=False, session_id="s", segment="de"),
            label("c", 3, agrees=None, session_id="s"),
            label("d", 4),
        ],
        stream=LABELS,
    )
    assert tally(counts(warehouse)) == [
        ("v1", "r1", "", ONE, ONE, 1, 1, 0),
        ("v1", "r1", "de", 333_333, 666_667, 1, 2, 1),
    ]


def test_several_people_on_one_item_make_one_labelled_item(warehouse: Warehouse) -> None:
    rows = [label(f"r{i}", subject_id="item-1", agrees=i < 2) for i in range(3)]
    Loader(warehouse).add([*rows, label("other", subject_id="item-2")], stream=LABELS)
    assert tally(counts(warehouse)) == [
        ("v1", "r1", "", 666_667, 666_667, 1, 1, 0),
        ("v1", "r1", "", ONE, ONE, 1, 1, 0),
    ]


def test_any_stream_with_a_column_for_the_version_will_do(warehouse: Warehouse) -> None:
    rows = [
        {"event_id": f"p{i}", "occurred_at": at(1), "pair_id": f"p{i}", "judge": "gpt", "judge_choice": str(i % 2)}
        for i in range(4)
    ]
    Loader(warehouse).add([{**row, "human_choice": "1"} for row in rows], stream=PREFERENCES)
    found = judges.labels(warehouse, PREFERENCES, PREFERENCE, "judge", BOT, now=END)
    assert tally(found) == [("gpt", "", "", 0, 0, 2, 2, 0), ("gpt", "", "", ONE, ONE, 2, 2, 0)]
    with pytest.raises(UsageError, match="no column 'judge_version' to tell a judge's versions by"):
        judges.labels(warehouse, PREFERENCES, PREFERENCE, "judge_version", BOT, now=END)
    with pytest.raises(UsageError, match="a column of type number, 'score'"):
        judges.labels(warehouse, LABELS, AGREEMENT, "score", BOT, now=END)
    with pytest.raises(UsageError, match="is a mean; a judge's agreement is a rate"):
        judges.labels(warehouse, LABELS, MEAN, "rater_version", BOT, now=END)


def test_hostile_texts_are_only_values(warehouse: Warehouse) -> None:
    texts: dict[str, Any] = {
        "rater_version": HOSTILE,
        "rubric_version": HOSTILE,
        "segment": HOSTILE,
        "session_id": HOSTILE,
    }
    Loader(warehouse).add([label("a", **texts)], stream=LABELS)
    (found,) = counts(warehouse, Slice("bot", segment=HOSTILE))
    assert (found.version, found.rubric, found.segment) == (HOSTILE, HOSTILE, HOSTILE)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["v1", "v2", None]),
            st.sampled_from(["", "de", "fr", None]),
            st.sampled_from(["s1", "s2", None]),
            st.sampled_from([True, False, None]),
            st.integers(0, 50),
        ),
        max_size=30,
    )
)
def test_counts_are_those_of_plain_counting(rows: list[tuple[Any, ...]]) -> None:
    loaded = [
        label(f"k{i}", minute, agrees, rater_version=version, segment=segment, session_id=session)
        for i, (version, segment, session, agrees, minute) in enumerate(rows)
    ]
    sessions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in loaded:
        unit = f"s:{row['session_id']}" if row["session_id"] else f"i:{row['subject_id']}"
        sessions.setdefault((row["rater_version"] or "", unit), []).append(row)
    expected: Counter[tuple[Any, ...]] = Counter()
    for (version, _), mine in sessions.items():
        first = min(mine, key=lambda row: (row["occurred_at"], row["event_id"]))
        agree = sum(row["label"] == "good" for row in mine)
        unread = sum(row["label"] is None for row in mine)
        low, high = (((2 * n * ONE) + len(mine)) // (2 * len(mine)) for n in (agree, agree + unread))
        expected[version, first["segment"] or "", low, high] += 1
    with Warehouse.in_memory(Path()) as warehouse:
        Loader(warehouse).add(loaded, stream=LABELS)
        found = counts(warehouse)
    assert {(c.version, c.segment, c.low, c.high): c.units for c in found} == dict(expected)
    assert sum(c.labels for c in found) == sum(row["label"] is not None for row in loaded)


# ---- versions that score -----------------------------------------------------------------------------------------


def versions(warehouse: Warehouse, scope: Slice = BOT, **more: Any) -> list[JudgedRows]:
    asked = {"now": END, "span": timedelta(minutes=60), **more}
    return judges.versions(warehouse, INTERACTIONS, RATE, "judge_version", scope, **asked)


def answer(key: str, minute: float, version: str | None = "v1", **more: Any) -> dict[str, Any]:
    return {"event_id": key, "occurred_at": at(minute), "judge_version": version, "scores": '{"harm": 0.1}', **more}


def test_versions_are_those_of_the_newest_scored_rows(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            answer("long-ago", 1, "v0"),
            answer("edge", 140, "v0"),
            answer("a", 141, "v1", segment="de"),
            answer("b", 190, "v1"),
            answer("c", 200, "v2"),
            answer("unscored", 200, "v3", scores="{}"),
            answer("other", 200, "v4", release="r2"),
            answer("later", 900, "v5"),
        ]
    )
    found = versions(warehouse, Slice("bot", release="", arm="candidate"), now=at(800))
    assert found == [JudgedRows("v1", "", 1), JudgedRows("v1", "de", 1), JudgedRows("v2", "", 1)]
    assert [row.version for row in versions(warehouse, Slice("bot", release="r2"))] == ["v4"]
    assert [row.version for row in versions(warehouse, Slice("bot", segment="de"))] == ["v1"]
    assert versions(warehouse, Slice("nobody")) == []


def test_a_restated_version_replaces_the_one_before(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([answer("a", 1, "v1")])
    loader.add([answer("a", 1, None)])
    asked: dict[str, Any] = {"now": END, "span": timedelta(hours=1)}
    found = judges.versions(warehouse, INTERACTIONS, HARM, "judge_version", BOT, **asked)
    assert found == [JudgedRows("", "", 1)]
    before = judges.versions(warehouse, INTERACTIONS, HARM, "judge_version", BOT, through_batch=1, **asked)
    assert before == [JudgedRows("v1", "", 1)]
