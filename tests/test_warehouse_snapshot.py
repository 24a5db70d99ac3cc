"""The published snapshot: readable by anybody at any moment, whole, and true as of the moment that it names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from event_rows import START, Loader, at

from warehouse import cells, ledger, publishing, snapshot
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.metrics import Slice
from warehouse.records.storage import Published, SnapshotRules, StreamText
from warehouse.records.streams import BUILT_IN
from warehouse.snapshot import Snapshot
from warehouse.store import Warehouse

TEXT = {"interactions": StreamText(("prompt", "response", "error"))}
RULES = SnapshotRules(rows=timedelta(days=1), most_rows=3, quarantine=timedelta(days=1))


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def publish(warehouse: Warehouse, hours: float = 0, **more: bool) -> Published:
    done = publishing.publish(warehouse, RULES, TEXT, now=START + timedelta(hours=hours), **more)
    assert done is not None
    return done


def add_standing(warehouse: Warehouse, hours: int) -> None:
    warehouse.connection.execute(
        "INSERT INTO standings VALUES ('bot', $at, $at, 'go', 'pilot', 'all pass', NULL)",
        {"at": START + timedelta(hours=hours)},
    )


def count(shot: Snapshot, table: str) -> int:
    row = shot.view.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_snapshot_says_as_of_when_it_is_true(warehouse: Warehouse) -> None:
    assert snapshot.state(warehouse.folder).state == "missing"
    with pytest.raises(StoreError, match=r"There is no snapshot.*gatehold run"):
        Snapshot.open(warehouse.folder)
    Loader(warehouse).add([{"event_id": "a", "occurred_at": at(0)}])
    publish(warehouse, 5)
    found = snapshot.state(warehouse.folder)
    assert (found.state, found.as_of, found.batch) == ("ready", START + timedelta(hours=5), 1)
    with Snapshot.open(warehouse.folder) as shot:
        assert shot.as_of == START + timedelta(hours=5)
        assert [b.batch for b in ledger.batches(shot.view)] == [1]


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000])
def test_a_broken_snapshot_is_a_state_of_its_own_and_the_next_run_mends_it(
    warehouse: Warehouse, content: bytes
) -> None:
    path = warehouse.folder / snapshot.FILE_NAME
    path.write_bytes(content)
    assert snapshot.state(warehouse.folder).state == "broken"
    with pytest.raises(StoreError, match="cannot be read"):
        Snapshot.open(warehouse.folder)
    publish(warehouse)
    assert snapshot.state(warehouse.folder).state == "ready"


def test_a_snapshot_of_another_version_is_named_as_such(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(warehouse)
    monkeypatch.setattr(snapshot, "FORMAT", snapshot.FORMAT + 1)
    assert snapshot.state(warehouse.folder).state == "other_version"
    publish(warehouse)
    assert snapshot.state(warehouse.folder).state == "ready", "it was built from nothing"


def test_only_what_is_new_is_written(warehouse: Warehouse) -> None:
    for hour in range(50):
        add_standing(warehouse, hour)
    first = publish(warehouse)
    assert (first.grown, first.whole > 5) == (0, True)
    again = publish(warehouse, 1)
    assert (again.whole, again.grown, again.rows) == (0, 0, 0)
    add_standing(warehouse, 50)
    third = publish(warehouse, 2)
    assert (third.whole, third.grown, third.rows) == (0, 1, 1)
    with Snapshot.open(warehouse.folder) as shot:
        assert count(shot, "standings") == 51


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE standings SET standing = 'hold' WHERE at_time < TIMESTAMPTZ '2026-03-02 03:00:00+00'",
        "DELETE FROM standings WHERE at_time < TIMESTAMPTZ '2026-03-02 03:00:00+00'",
        "ALTER TABLE standings ADD COLUMN more INTEGER",
    ],
)
def test_a_table_that_changed_otherwise_is_copied_whole(warehouse: Warehouse, change: str) -> None:
    for hour in range(50):
        add_standing(warehouse, hour)
    publish(warehouse)
    warehouse.connection.execute(change)
    add = "INSERT INTO standings BY NAME SELECT * REPLACE ('new' AS rollout) FROM standings LIMIT 3"
    warehouse.connection.execute(add)
    assert publish(warehouse, 1).whole == 1
    ours = warehouse.connection.execute("SELECT * FROM standings ORDER BY ALL").fetchall()
    with Snapshot.open(warehouse.folder) as shot:
        assert shot.view.connection.execute("SELECT * FROM standings ORDER BY ALL").fetchall() == ours


def test_a_large_table_is_known_by_sums(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "HASHED_BELOW", 10)
    values = "i, 's', 'x', TIMESTAMPTZ '2026-03-02 00:00:00+00', i, 0, 0"
    fill = f"INSERT INTO window_counts SELECT {values} FROM range({{}}, {{}}) AS r(i)"
    warehouse.connection.execute(fill.format(0, 1000))
    publish(warehouse)
    warehouse.connection.execute(fill.format(1000, 1010))
    done = publish(warehouse, 1)
    assert (done.grown, done.rows) == (1, 10)
    warehouse.connection.execute("UPDATE window_counts SET accepted = accepted + 1 WHERE batch = 3")
    assert publish(warehouse, 2).whole == 1


def test_recent_rows_are_few_new_and_without_raw_text(warehouse: Warehouse) -> None:
    rows = [
        {"event_id": f"e{i}", "occurred_at": at(-60 * i), "prompt": "my secret", "attributes": '{"a": 1}'}
        for i in range(30)
    ]
    Loader(warehouse).add(rows)
    publish(warehouse)
    with Snapshot.open(warehouse.folder) as shot:
        found = shot.rows("interactions")
        assert [row["event_id"] for row in found] == ["e0", "e1", "e2"]
        assert not {"prompt", "attributes", "digest"} & set(found[0])
        assert shot.rows("steps") == []
        with pytest.raises(UsageError, match="not a name"):
            shot.rows("x; DROP")
    assert b"my secret" not in (warehouse.folder / snapshot.FILE_NAME).read_bytes()
    publishing.publish(warehouse, SnapshotRules(text=True), TEXT, now=START)
    with Snapshot.open(warehouse.folder) as shot:
        assert shot.rows("interactions")[0]["prompt"] == "my secret"


def test_what_reads_all_rows_fails_on_a_snapshot_instead_of_finding_few(warehouse: Warehouse) -> None:
    from warehouse import facts

    Loader(warehouse).add([{"event_id": "a", "occurred_at": at(0)}])
    publish(warehouse)
    with Snapshot.open(warehouse.folder) as shot, pytest.raises(Exception, match="events_interactions"):
        facts.newest_row(shot.view, BUILT_IN["interactions"], None, Slice(), now=START)


def test_cells_read_from_a_snapshot_as_from_the_warehouse(warehouse: Warehouse) -> None:
    from summaries import METRICS

    rows = [
        {"event_id": f"e{i}", "occurred_at": at(i), "session_id": f"s{i % 3}", "scores": '{"harm": 0.7}'}
        for i in range(9)
    ]
    Loader(warehouse).add(rows)
    cells.summarise(warehouse, METRICS, BUILT_IN)
    publish(warehouse)
    span = (START - timedelta(days=1), START + timedelta(days=1))
    ours = [cells.read_cells(warehouse, m, Slice(), *span) for m in METRICS]
    with Snapshot.open(warehouse.folder) as shot:
        assert [cells.read_cells(shot.view, m, Slice(), *span) for m in METRICS] == ours
    assert any(ours)


def test_who_has_the_old_one_open_goes_on_reading_it(warehouse: Warehouse) -> None:
    add_standing(warehouse, 0)
    publish(warehouse)
    with Snapshot.open(warehouse.folder) as old:
        add_standing(warehouse, 1)
        publish(warehouse, 1)
        with Snapshot.open(warehouse.folder) as new:
            assert (count(old, "standings"), count(new, "standings")) == (1, 2)
            assert old.as_of < new.as_of


def test_a_publishing_that_fails_leaves_the_old_one(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(warehouse)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing.os, "replace", full)
    with pytest.raises(StoreError, match=r"could not be published.*No space left.*The one before stays"):
        publish(warehouse, 1)
    assert snapshot.state(warehouse.folder).as_of == START
    monkeypatch.undo()
    publish(warehouse, 2)
    assert [p.name for p in warehouse.folder.glob("snapshot*")] == ["snapshot.duckdb"]


def test_a_warehouse_in_memory_publishes_nothing(tmp_path: Path) -> None:
    assert publishing.publish(Warehouse.in_memory(tmp_path), RULES, TEXT, now=START) is None


WRITER = """
import sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from warehouse import publishing
from warehouse.records.storage import SnapshotRules
from warehouse.store import Warehouse
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
start = datetime(2026, 3, 2, tzinfo=UTC)
with Warehouse.open(folder) as warehouse:
    for n in range(1, rounds + 1):
        at = start + timedelta(seconds=n)
        with warehouse.transaction() as connection:
            connection.execute("INSERT INTO standings VALUES ('bot', $at, $at, 'go', 'pilot', '', NULL)", {"at": at})
            connection.execute("INSERT INTO verdicts VALUES ('bot', 'g', $at, 'pass', 0, $n, '')", {"at": at, "n": n})
        publishing.publish(warehouse, SnapshotRules(), {}, now=at)
        print(n, flush=True)
"""

READER = """
import sys
from pathlib import Path
from warehouse.snapshot import Snapshot
folder, last = Path(sys.argv[1]), int(sys.argv[2])
seen, reads = 0, 0
while seen < last:
    with Snapshot.open(folder) as shot:
        n = shot.view.connection.execute("SELECT count(*) FROM standings").fetchone()[0]
        m, newest = shot.view.connection.execute("SELECT count(*), max(units) FROM verdicts").fetchone()
        assert n == m == newest == (shot.as_of.minute * 60 + shot.as_of.second), (n, m, newest, shot.as_of)
        assert n >= seen, (n, seen)
        seen, reads = n, reads + 1
print(reads)
"""


@pytest.mark.slow
def test_readers_in_other_processes_never_wait_never_fail_and_never_go_back(tmp_path: Path) -> None:
    """A writer that holds the warehouse and publishes in a loop; two readers that open it as fast as they can."""
    rounds = 40
    folder = tmp_path / "data"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(rounds)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "1\n"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), str(rounds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    began = time.monotonic()
    told = [reader.communicate(timeout=100) for reader in readers]
    assert writer.wait(timeout=100) == 0
    writer.stdout.close()
    assert [err for _, err in told] == ["", ""], f"after {time.monotonic() - began:.1f} s"
    assert all(int(out) >= 5 for out, _ in told), told
