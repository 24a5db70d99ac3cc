"""Retention: text, rows, summaries and evidence each live as long as the policy says, and sums stay true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from ingest_tools import NOW, lines, row, take_text
from summaries import COUNT, ITEM_RATE, RATE

from warehouse import cells, evidence, retention, storage, units
from warehouse.records.evidence import Epoch
from warehouse.records.metrics import Slice
from warehouse.records.storage import Removal, RetentionRules, StreamText
from warehouse.records.streams import BUILT_IN
from warehouse.store import FILE_NAME, Warehouse

DAY = timedelta(days=1)
TEXT = {
    "interactions": StreamText(("prompt", "response", "error"), kept=(("a", "b"), ("flat",))),
    "all_types": StreamText(("note",)),
}
METRICS = (RATE, ITEM_RATE, COUNT)
EVER = (START - 400 * DAY, START + 400 * DAY)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def rules(**ages: Any) -> RetentionRules:
    return RetentionRules(text=TEXT, **ages)


def one(warehouse: Warehouse, sql: str) -> Any:
    found = warehouse.connection.execute(sql).fetchone()
    assert found is not None
    return found[0] if len(found) == 1 else found


def sums(warehouse: Warehouse) -> list[Any]:
    found: list[Any] = [cells.read_cells(warehouse, m, Slice(), *EVER) for m in METRICS]
    return [*found, *(units.read_units(warehouse, m, Slice(), *EVER) for m in METRICS[:2])]


def talk(name: str, minute: float, **values: Any) -> dict[str, Any]:
    scores = {"harm": values.pop("harm", 0.7)}
    known = {"session_id": "s", "scores": json.dumps(scores), "judge_version": "j", "benign": True}
    return {"event_id": name, "occurred_at": at(minute), **known, **values}


def test_without_rules_nothing_goes(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0, prompt="hello")])
    assert retention.apply(warehouse, rules(), now=START + 4000 * DAY) == []
    assert one(warehouse, "SELECT prompt FROM events_interactions") == "hello"


def test_text_goes_when_its_days_are_over_and_the_row_stays(warehouse: Warehouse) -> None:
    attributes = '{"a": {"b": 1, "c": "secret"}, "flat": "yes", "more": "secret"}'
    loader = Loader(warehouse)
    loader.add([talk("a", 0, prompt="secret", error="secret", attributes=attributes)])  # arrives on day 1
    loader.add([talk("b", 0, response="secret", attributes='{"more": 1}')])  # arrives on day 2
    digests = warehouse.connection.execute("SELECT digest FROM events_interactions ORDER BY 1").fetchall()
    keep = rules(raw_text=3 * DAY)
    assert retention.apply(warehouse, keep, now=START + 3.5 * DAY) == []
    (gone,) = retention.apply(warehouse, keep, now=START + 4 * DAY)
    assert gone == Removal(START + 4 * DAY, "raw_text", "interactions", START + 2 * DAY, 1)
    found = warehouse.connection.execute(
        "SELECT event_id, prompt, response, error, attributes FROM events_interactions ORDER BY event_id"
    ).fetchall()
    assert found[0][:4] == ("a", None, None, None)
    assert json.loads(found[0][4]) == {"a": {"b": 1}, "flat": "yes"}, "places that metrics read stay"
    assert found[1][2] == "secret"
    (later,) = retention.apply(warehouse, keep, now=START + 5 * DAY)
    assert later.rows == 1
    assert "more" not in one(warehouse, "SELECT attributes FROM events_interactions WHERE event_id = 'b'")
    assert warehouse.connection.execute("SELECT digest FROM events_interactions ORDER BY 1").fetchall() == digests
    assert retention.apply(warehouse, keep, now=START + 6 * DAY) == []
    assert [r.rows for r in retention.removals(warehouse)] == [1, 1]


def test_text_never_lives_longer_than_said(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("a", 0, prompt="secret")])
    arrived = START + DAY
    for hours in range(0, 24 * 4):
        now = arrived + timedelta(hours=hours)
        retention.apply(warehouse, rules(raw_text=2 * DAY), now=now)
        kept = one(warehouse, "SELECT prompt FROM events_interactions") is not None
        assert kept or now - arrived >= DAY
        assert not kept or now - arrived < 2 * DAY


def test_repeats_and_restatements_are_told_apart_after_the_text_is_gone(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", note="secret"), row("b", note="secret", more=1), "broken secret"))
    gone = retention.apply(warehouse, rules(raw_text=DAY), now=NOW + 3 * DAY)
    assert {r.what: r.rows for r in gone} == {"raw_text": 2, "quarantine_text": 1}
    raw, detail, size = one(warehouse, "SELECT raw, detail, raw_bytes FROM quarantine")
    assert (raw, "secret" in detail, size) == ("", False, 13)
    again = lines(row("b", note="secret", more=1), row("a", note="other"))
    report = take_text(warehouse, tmp_path, again)
    assert (report.duplicate, report.restated, report.accepted) == (1, 1, 0)


def test_other_columns_of_raw_text_begin_anew(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0, prompt="x", judge_version="y")])
    retention.apply(warehouse, rules(raw_text=DAY), now=START + 5 * DAY)
    wider = RetentionRules(raw_text=DAY, text={"interactions": StreamText(("prompt", "judge_version"))})
    (gone,) = retention.apply(warehouse, wider, now=START + 5 * DAY)
    assert gone.rows == 1
    assert one(warehouse, "SELECT judge_version FROM events_interactions") is None


def test_old_rows_go_and_their_sums_stay(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("old", 0), talk("old2", 1, session_id=None)])
    loader.add([talk("new", 60 * 24 * 9)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    before = sums(warehouse)
    (gone,) = retention.apply(warehouse, rules(events=5 * DAY), now=START + 10 * DAY)
    assert (gone.what, gone.stream, gone.rows) == ("events", "interactions", 2)
    assert warehouse.connection.execute("SELECT event_id FROM events_interactions").fetchall() == [("new",)]
    cells.summarise(warehouse, METRICS, BUILT_IN)
    assert sums(warehouse) == before
    assert retention.incomplete_batches(warehouse, "interactions") == {1: 2}
    assert retention.kept_since(warehouse, "interactions") == START + 6 * DAY


def test_a_session_cut_in_two_is_not_counted_again(warehouse: Warehouse) -> None:
    """A row of it that comes late would take back what was never counted so: sums would turn negative."""
    midnight = 60 * 24
    loader = Loader(warehouse)
    loader.add([talk("a", midnight - 5, harm=0.9), talk("b", midnight + 5, harm=0.1)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    before = units.read_units(warehouse, RATE, Slice(), *EVER)
    retention.apply(warehouse, rules(events=5 * DAY), now=START + 5.5 * DAY)
    assert one(warehouse, "SELECT count(*) FROM events_interactions") == 1
    loader.add([talk("c", midnight + 10), talk("b", midnight + 5, harm=0.8)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    assert units.read_units(warehouse, RATE, Slice(), *EVER) == before
    assert sum(cell.items for cell in cells.read_cells(warehouse, RATE, Slice(), *EVER)) == 3


def test_rows_as_old_are_not_let_in_again_and_it_is_said(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a"), row("b", occurred_at="2026-02-01T00:00:00Z")))
    retention.apply(warehouse, rules(events=10 * DAY), now=NOW)
    content = lines(row("a"), row("b", occurred_at="2026-02-01T00:00:00Z", note="secret"), row("c"))
    report = take_text(warehouse, tmp_path, content)
    assert (report.duplicate, report.quarantined, report.accepted) == (1, 1, 1)
    assert report.reasons == {"beyond_retention": 1}
    raw, detail = one(warehouse, "SELECT raw, detail FROM quarantine")
    assert raw == ""
    assert "2026-02-20" in detail


def test_lasting_streams_keep_their_rows(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0)])
    kept = RetentionRules(events=DAY, lasting=frozenset({"interactions"}))
    assert retention.apply(warehouse, kept, now=START + 100 * DAY) == []


def epoch(name: str, first: datetime, closed: datetime | None) -> Epoch:
    return Epoch(name, "bot/harm", "bot", "r1", "d", first, first, first, closed_at=closed)


def test_summaries_go_but_none_that_an_open_epoch_may_need(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("a", 0), talk("b", 60 * 24 * 20), talk("c", 60 * 24 * 40)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    evidence.open_epoch(warehouse, epoch("open", START + 10 * DAY, None))
    (gone,) = retention.apply(warehouse, rules(cells=30 * DAY), now=START + 80 * DAY)
    assert (gone.what, gone.bound) == ("cells", START + 10 * DAY)
    assert [c.window_start for c in cells.read_cells(warehouse, COUNT, Slice(), *EVER)] == [
        START + 20 * DAY,
        START + 40 * DAY,
    ]
    evidence.close_epoch(warehouse, "open", at=START + 50 * DAY, reason="paused")
    retention.apply(warehouse, rules(cells=30 * DAY), now=START + 80 * DAY)
    assert cells.read_cells(warehouse, COUNT, Slice(), *EVER) == []


def test_evidence_of_closed_epochs_goes_and_the_epochs_stay(warehouse: Warehouse) -> None:
    evidence.open_epoch(warehouse, epoch("closed", START, START + DAY))
    evidence.open_epoch(warehouse, epoch("open", START, None))
    for name in ("closed", "open"):
        warehouse.connection.execute(
            "INSERT INTO evidence VALUES ($e, $t, $t, 1, 1, 0, 0, [0.0], [0.0], 1, '', $t, NULL)",
            {"e": name, "t": START},
        )
    warehouse.connection.execute("INSERT INTO standings VALUES ('bot', $t, $t, 'go', 'pilot', '', NULL)", {"t": START})
    (gone,) = retention.apply(warehouse, rules(evidence=30 * DAY), now=START + 100 * DAY)
    assert gone.rows == 2
    assert warehouse.connection.execute("SELECT epoch FROM evidence").fetchall() == [("open",)]
    assert len(evidence.epochs(warehouse, "bot/harm")) == 2, "how many attempts there were decides the budget left"


def test_a_file_written_anew_holds_nothing_of_what_was_removed(warehouse: Warehouse) -> None:
    secret = "zanzibar-parrot"
    loader = Loader(warehouse)
    # Texts that compression leaves as they are.
    loader.add([talk(f"e{i}", i, prompt=f"{secret}-{i * 7919 % 10007}-{i}") for i in range(3000)])
    warehouse.connection.execute("CHECKPOINT")
    path = warehouse.folder / FILE_NAME
    retention.apply(warehouse, rules(raw_text=DAY), now=START + 5 * DAY)
    warehouse.connection.execute("CHECKPOINT")
    assert storage.text_waiting_since(warehouse) == START + 5 * DAY
    assert not storage.is_due(warehouse, DAY, now=START + 5.5 * DAY)
    assert storage.is_due(warehouse, DAY, now=START + 6 * DAY)
    before = one(warehouse, "SELECT nextval('batch_seq')")
    done = storage.compact(warehouse, now=START + 6 * DAY, force=True)
    assert done is not None
    assert done.after == path.stat().st_size < done.before
    warehouse.connection.execute("CHECKPOINT")
    assert secret[:8].encode() not in path.read_bytes()
    assert sorted(p.name for p in warehouse.folder.iterdir()) == ["warehouse.duckdb", "writer.lock"]
    assert storage.text_waiting_since(warehouse) is None
    assert one(warehouse, "SELECT nextval('batch_seq')") == before + 1
    assert one(warehouse, "SELECT count(*) FROM events_interactions") == 3000
    with pytest.raises(Exception, match=r"NOT NULL|constraint"):
        warehouse.connection.execute("INSERT INTO tombstones VALUES (NULL, 'a', 'b')")


def test_a_file_with_little_unused_room_is_left_alone(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0)])
    assert storage.compact(warehouse, now=START) is None


def test_a_rewriting_that_fails_leaves_the_old_file_and_goes_on(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse.records.errors import StoreError

    Loader(warehouse).add([talk("a", 0)])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "replace", full)
    with pytest.raises(StoreError, match=r"could not be written anew.*The old file stays"):
        storage.compact(warehouse, now=START, force=True)
    assert one(warehouse, "SELECT count(*) FROM events_interactions") == 1
    monkeypatch.undo()
    assert storage.compact(warehouse, now=START, force=True) is not None
    assert one(warehouse, "SELECT count(*) FROM events_interactions") == 1


def test_the_report_names_everything_that_takes_room(warehouse: Warehouse, tmp_path: Path) -> None:
    loader = Loader(warehouse)
    # Hard to compress, so that the text is what costs.
    words = [f"{(i * 2654435761) % 2**32:x}" * 20 for i in range(4000)]
    loader.add([talk(f"e{i}", 60 * i, prompt=words[i], session_id=None) for i in range(4000)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    report = storage.report(warehouse, TEXT, reports=tmp_path)
    by_name = {item.name: item for item in report.stored}
    assert by_name["interactions: raw text"].rows == 4000
    assert by_name["interactions: raw text"].bytes > by_name["cells"].bytes > 0
    assert sum(m.rows for m in report.months) == 4000
    assert [m.month for m in report.months] == ["2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08"]
    used = sum(item.bytes for item in report.stored if item.group != "files")
    assert used <= (warehouse.folder / FILE_NAME).stat().st_size
    assert report.erasures == 0
