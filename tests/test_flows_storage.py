"""The end of a run keeps what the policy says and publishes the rest; erasing and measuring by command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from command import Typed, gatehold

from flows import erasing, retaining
from flows.project import Project
from warehouse import snapshot, storage
from warehouse.people import log
from warehouse.records.errors import StoreError
from warehouse.records.storage import StreamText
from warehouse.redaction import hashing
from warehouse.snapshot import Snapshot

KEY = "a-key-of-enough-bytes"
TEXTS = {"retention": {"raw_text": "2d", "events": "30d", "cells": "1y", "rewrite_after": "1d"}}


def typed(project: Project, *words: str) -> Typed:
    return gatehold(*words, "--config", str(project.base))


def one(project: Project, sql: str) -> Any:
    with p.opened(project) as stores:
        found = stores.warehouse.connection.execute(sql).fetchone()
    assert found is not None
    return found[0]


def test_a_run_publishes_what_it_knows(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0, hours=3))
    done = p.run(project, 5)
    assert done.kept is not None
    assert done.kept.trouble == ""
    with p.opened(project), Snapshot.open(project.data) as shot:  # while a writer holds the warehouse
        assert shot.as_of == p.START + timedelta(hours=5)
        count = shot.view.connection.execute("SELECT count(*) FROM standings").fetchone()
        assert count == (1,)
        assert len(shot.rows("interactions", limit=1000)) == 180
        assert "prompt" not in shot.rows("interactions")[0]


def test_a_snapshot_that_cannot_be_published_does_not_undo_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0))

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr("warehouse.publishing.publish", full)
    done = p.run(project, 3)
    assert done.kept is not None
    assert done.kept.trouble == "The disk is full."
    assert p.standing(done) == "go"


def test_a_run_removes_what_has_reached_its_age_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(**TEXTS))
    p.write(project, "a.jsonl", [{**row, "prompt": "zanzibar-parrot"} for row in p.answers(0)])
    p.run(project, 3)
    assert one(project, "SELECT count(*) FROM events_interactions WHERE prompt IS NOT NULL") == 60
    done = p.run(project, 3 + 48)
    assert done.kept is not None
    assert [(r.what, r.rows) for r in done.kept.removed] == [("raw_text", 60)]
    assert one(project, "SELECT count(*) FROM events_interactions WHERE prompt IS NOT NULL") == 0
    done = p.run(project, 3 + 96)
    assert done.kept is not None
    assert done.kept.rewritten is not None
    content = b"".join(path.read_bytes() for path in project.data.glob("*.duckdb*"))
    assert b"zanzibar" not in content


def test_what_a_gate_says_does_not_hang_on_what_was_removed(tmp_path: Path) -> None:
    rows = p.answers(0, hours=20, harmful=2)
    said = []
    for name, more in (("with", TEXTS), ("without", {})):
        project = p.make(tmp_path / name, p.policy(**more))
        p.write(project, "a.jsonl", rows)
        p.run(project, 24)
        p.write(project, "b.jsonl", p.answers(24 * 50, harmful=1))
        said.append([p.said(p.run(project, 24 * 50 + 4)), p.said(p.run(project, 24 * 50 + 5))])
        assert typed(project, "log", "explain", "2", "--json").json["equal"] is True
    assert said[0] == said[1]
    assert one(p.open_project(tmp_path / "with"), "SELECT count(*) FROM events_interactions") == 60


def test_what_metrics_read_is_no_raw_text(tmp_path: Path) -> None:
    metric = {"name": "failed", "layer": "workflow", "kind": "rate", "stream": "interactions", "better": "lower"}
    metrics = [
        {**metric, "value": "error is not None", "description": "Errors."},
        {**metric, "name": "flagged", "value": "attributes.flag.kind == 'x'", "description": "Flags."},
    ]
    project = p.make(tmp_path, p.policy(metrics=metrics))
    text = retaining.texts(project)
    assert text["interactions"] == StreamText(("prompt", "response"), (("flag", "kind"),))
    assert text["governance"] == StreamText(("note",))
    assert "governance" in retaining.lasting(project)


def erase(project: Project, *words: str, name: str = "Ines Vogel") -> Typed:
    return typed(project, "erase", "--by", name, "--reason", "request of 3 March", *words)


def test_erasing_a_session_by_command(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    rows = p.answers(0, hours=6, harmful=1)
    rows[5]["talk"] = "zanzibar-parrot"
    p.write(project, "a.jsonl", rows)
    p.run(project, 8)
    before = one(project, "SELECT list((metric_digest, batch, window_start, items, total) ORDER BY ALL) FROM cells")
    done = erase(project, "--session", "zanzibar-parrot", "--json")
    assert done.code == 0, done.err
    assert done.json["record"]["rows"] == {"interactions": 1}
    assert one(project, "SELECT count(*) FROM events_interactions") == 359
    after = one(project, "SELECT list((metric_digest, batch, window_start, items, total) ORDER BY ALL) FROM cells")
    assert after == before
    (entry,) = [e for e in p.decisions(project) if e.kind == "erase"]
    assert (entry.actor, "interactions" in entry.summary) == ("Ines Vogel", True)
    with p.opened(project) as stores:
        assert log.verify(stores.people).ok
    holding = [
        path.name for path in project.data.rglob("*") if path.is_file() and b"zanzibar-parrot" in path.read_bytes()
    ]
    assert holding == [], "warehouse, snapshot, log, page"
    assert typed(project, "log", "explain", "2", "--json").json["equal"] is True
    p.write(project, "copy.jsonl", rows[::-1])
    again = p.run(project, 9)
    assert again.pulled[0].batches[-1].reasons == {"erased": 1}
    assert p.said(again)[0] == p.said(p.run(project, 9))[0]


def test_an_erased_id_that_is_stored_hashed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ID_KEY", KEY)
    hashing_source = {
        **p.source("logs", "logs/*.jsonl"),
        "redact": {"hash_ids": {"columns": ["session_id"], "key_env": "ID_KEY"}},
    }
    p.make(tmp_path, p.policy(sources=[hashing_source]))
    rows = p.answers(0)
    p.write(p.open_project(tmp_path), "a.jsonl", rows)
    assert gatehold("run", "--config", str(tmp_path), "--as-of", "2026-03-01T04:00").code == 0
    project = p.open_project(tmp_path)
    assert one(project, "SELECT session_id FROM events_interactions WHERE event_id = '0-5'") == hashing.hashed(
        "t0-5", KEY.encode()
    )
    assert erase(project, "--session", "t0-5").code == 0
    assert one(project, "SELECT count(*) FROM events_interactions") == 59
    monkeypatch.delenv("ID_KEY")
    failed = erase(project, "--session", "t0-6")
    assert failed.code == 1
    assert "ID_KEY" in failed.err


def test_an_erasure_whose_process_died_gets_its_entry_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0))
    p.run(project, 3)

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "log_pending", dies)
    assert erase(project, "--session", "t0-5").code == 130
    monkeypatch.undo()
    assert "erase" not in p.kinds(project)
    p.run(project, 4)
    p.run(project, 5)
    assert p.kinds(project).count("erase") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "exactly one of --session, --event and --where-column"),
        (["--session", "a", "--event", "b"], "exactly one of"),
        (["--where-column", "rater"], "is not COLUMN=VALUE"),
        (["--where-column", "nothing=1"], "No stream has a column 'nothing'"),
    ],
)
def test_an_erasure_that_says_too_little_is_refused(tmp_path: Path, words: list[str], told: str) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0))
    p.run(project, 3)
    done = erase(project, *words)
    assert done.code == 2
    assert told in done.err
    assert erase(project, "--event", "nobody").out == "No stored row matches; nothing was changed.\n"


def test_storage_shows_what_takes_room(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(**TEXTS))
    p.write(project, "a.jsonl", p.answers(0, hours=3))
    p.run(project, 5)
    shown = typed(project, "storage")
    assert shown.code == 0, shown.err
    for word in ("people's records", "snapshot", "reports", "As of 2026-03-01T05:00:00+00:00", "2026-03"):
        assert word in shown.out
    found = typed(project, "storage", "--json").json
    assert found["snapshot"]["state"] == "ready"
    assert sum(m["rows"] for m in found["months"]) == 180
    assert found["total"] >= sum(item["bytes"] for item in found["stored"] if item["group"] == "files")
    (project.data / snapshot.FILE_NAME).write_bytes(b"broken")
    assert "`gatehold run` publishes a new one" in typed(project, "storage").out


def test_compacting_counts_first_then_removes_and_writes_anew(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(**TEXTS))
    p.write(project, "a.jsonl", p.answers(0, hours=3))
    assert gatehold("ingest", "--config", str(tmp_path), "--as-of", "2026-03-01T05:00").code == 0
    done = gatehold("storage", "compact", "--config", str(tmp_path), "--as-of", "2026-05-01", "--json")
    assert done.code == 0, done.err
    assert {r["what"]: r["rows"] for r in done.json["removed"]} == {"raw_text": 180, "events": 180}
    assert done.json["rewritten"]["after"] > 0
    assert one(project, "SELECT sum(items) FROM cells WHERE window_start < TIMESTAMPTZ '2026-03-02 00:00:00+00'") > 0
    assert snapshot.state(project.data).state == "ready"
    with p.opened(project) as stores:
        assert storage.text_waiting_since(stores.warehouse) is None


def test_a_second_file_that_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0))
    p.run(project, 3)
    for name in ("warehouse.part", "warehouse.part.wal", "snapshot.part"):
        (project.data / name).write_bytes(b"left over")
    p.run(project, 4)
    assert list(project.data.glob("*.part*")) == []
