"""Restated and late rows: what they change, and that order and number of runs change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import projects as p
import pytest
from making_evidence import one_by_one
from once_tools import HARM, code, copy, epochs, feed, good, harmed, resume, unequal
from projects import HOUR, START

from flows.project import Project
from warehouse import evidence, ledger

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def going(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return good(tmp_path_factory.mktemp("going"))


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return harmed(tmp_path_factory.mktemp("paused"))


def test_a_restated_batch_opens_a_corrected_epoch_and_reopens_the_decisions(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    rested = {e.id for e in p.decisions(project) if e.kind == "go"}
    # The judge had missed 12 harmful answers of the first hour.
    p.write(project, "zz-fix.jsonl", p.answers(0, harmful=12))
    done = p.run(project, 3.5)
    reopened = p.outcome(done).reopened
    assert reopened is not None
    assert {d["id"] for d in reopened.body["decisions"]} == rested
    assert reopened.body["epochs"] == [f"{HARM}#1/corrected-1"]
    assert "gate harm" in reopened.summary
    assert [alert["event"] for alert in p.alerts(project)] == ["restate"]
    (entry,) = [e for e in p.decisions(project) if e.kind == "restate"]
    with p.opened(project) as stores:
        (batch,) = [b for b in ledger.batches(stores.warehouse) if b.restated]
        rows = {
            e.epoch: one_by_one(evidence.rows(stores.warehouse, e.epoch), e.epoch)
            for e in evidence.epochs(stores.warehouse, HARM)
        }
    assert entry.body["batches"] == [batch.batch]
    assert batch.restated == 12
    # Both are there: the original as it was, and as corrected.
    original, corrected = rows[f"{HARM}#1"], rows[f"{HARM}#1/corrected-1"]
    assert [r.total_low for r in original] == [0, 0]
    assert [(r.window_start, r.total_low) for r in corrected] == [(START, 12_000_000), (START + HOUR, 0)]
    assert p.said(done)[0] != "pass"
    verdict = next(v for v in p.outcome(done).standing.verdicts if v.gate == "harm")
    assert verdict.estimate == pytest.approx(12 / 115)
    before = p.stored(project)
    assert p.outcome(p.run(project, 3.6)).reopened is None
    assert p.stored(project) == before

    # Restated again: back to what it was. The first correction ends, a second begins.
    p.write(project, "zzz-fix.jsonl", [{**row, "note": "second look"} for row in p.answers(0)])
    done = p.run(project, 3.7)
    reopened = p.outcome(done).reopened
    assert reopened is not None
    assert reopened.body["epochs"] == [f"{HARM}#1/corrected-2"]
    assert rested < {d["id"] for d in reopened.body["decisions"]}
    assert [(e.epoch, e.close_reason) for e in epochs(project)][1:] == [
        (f"{HARM}#1/corrected-1", "restated again"),
        (f"{HARM}#1/corrected-2", None),
    ]
    assert unequal(project) == []
    # New windows go on in both.
    feed(project, range(2, 3))
    assert {e.epoch: e.windows for e in epochs(project) if e.closed_at is None} == {
        f"{HARM}#1": 3,
        f"{HARM}#1/corrected-2": 3,
    }


def test_a_restatement_reaches_a_paused_rollout_too(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    p.write(project, "zz-fix.jsonl", p.answers(2, harmful=0))
    done = p.run(project, 4.5)
    assert p.standing(done) == "pause"
    assert p.said(done)[0] == "breach", "a breach on record stays, whatever is corrected afterwards"
    reopened = p.outcome(done).reopened
    assert reopened is not None
    assert "pause" in {d["kind"] for d in reopened.body["decisions"]}
    assert [e.epoch for e in epochs(project)] == [f"{HARM}#1", f"{HARM}#1/corrected-1"]
    before = p.stored(project)
    p.run(project, 5)
    assert p.stored(project) == before
    assert unequal(project) == []


def test_a_breach_that_only_the_correction_shows_is_still_shown_while_paused(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    p.write(project, "zz-fix.jsonl", p.answers(1, harmful=50))
    done = p.run(project, 3.5)
    assert (p.standing(done), p.said(done)[0]) == ("pause", "breach")
    done = p.run(project, 4.5)
    assert (p.standing(done), p.said(done)[0]) == ("pause", "breach")
    assert code(resume(project, 4.5)) == "still_in_breach"
    assert unequal(project) == []


def test_late_rows_are_counted_and_are_no_evidence(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    with p.opened(project) as stores:
        before = one_by_one(evidence.rows(stores.warehouse, f"{HARM}#1"), f"{HARM}#1")
    p.write(project, "late.jsonl", p.answers(0, harmful=60, mark="late"))
    done = p.run(project, 4)
    assert [batch.late for report in done.pulled for batch in report.batches if not batch.repeated] == [60]
    with p.opened(project) as stores:
        assert one_by_one(evidence.rows(stores.warehouse, f"{HARM}#1"), f"{HARM}#1")[: len(before)] == before
        (state,) = ledger.source_states(stores.warehouse)
    assert state.late == 60
    assert p.said(done)[0] == "pass"
    assert p.outcome(done).reopened is None


def test_the_split_and_order_of_files_decide_nothing(tmp_path: Path) -> None:
    rows = p.answers(0, hours=4, harmful=3)
    whole, split = p.make(tmp_path / "whole"), p.make(tmp_path / "split")
    p.write(whole, "all.jsonl", rows)
    for n, part in enumerate((rows[1::3][::-1], rows[2::3], rows[0::3])):
        p.write(split, f"{n}.jsonl", part)
    one, other = p.run(whole, 5.5), p.run(split, 5.5)
    assert p.outcome(one).standing == p.outcome(other).standing
    assert sums(whole) == sums(split)


def test_hourly_runs_and_one_run_agree_on_the_evidence(tmp_path: Path) -> None:
    hourly, once = p.make(tmp_path / "hourly"), p.make(tmp_path / "once")
    one = feed(hourly, range(4), harmful=2)
    p.write(once, "all.jsonl", p.answers(0, hours=4, harmful=2))
    other = p.run(once, 5)
    assert sums(hourly) == sums(once)
    plain = [
        [
            (v.gate, v.outcome, v.detail, v.evidence_breach, v.evidence_pass, v.units)
            for v in p.outcome(done).standing.verdicts
        ]
        for done in (one, other)
    ]
    assert plain[0] == plain[1]


def sums(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Cells and units with the deltas of all batches added up, and the evidence but for its times."""
    place = "metric_digest, window_start, rollout, release, arm, segment"
    queries = {
        "cells": f"SELECT {place}, sum(items), sum(unscored), sum(total), sum(total_squares) FROM cells GROUP BY ALL",
        "units": f"SELECT {place}, low, high, scored, sum(units) FROM units GROUP BY ALL HAVING sum(units) <> 0",
        "evidence": "SELECT * EXCLUDE (through_batch, folded_at) FROM evidence",
    }
    with p.opened(project) as stores:
        run = stores.warehouse.connection.execute
        return {name: run(f"{query} ORDER BY ALL").fetchall() for name, query in queries.items()}
