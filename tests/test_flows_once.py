"""What one pass of the monitor promises, on real files, stores, switches and channels."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from making_evidence import one_by_one
from projects import HOUR, START

from checks.rollout import Refusal
from flows import acting, deciding, explaining
from flows.acting import Person
from flows.cli.app import app
from flows.cli.look import standings as shown
from flows.project import Project
from warehouse import evidence, ledger
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import GateholdError, LedgerError
from warehouse.records.evidence import Epoch
from warehouse.store import FILE_NAME

pytestmark = pytest.mark.slow

ADA = Person("Ada", ("approver",))
HARM = f"{p.AGENT}/harm"


def feed(project: Project, hours: range, **values: Any) -> Any:
    """One file and one run an hour; the last run. Rows of hour h are evidence from the run at h + 2 on."""
    for hour in hours:
        p.write(project, f"{hour:03}{values.get('mark', '')}.jsonl", p.answers(hour, **values))
        done = p.run(project, hour + 2)
    return done


def epochs(project: Project, gate: str = HARM) -> list[Epoch]:
    with p.opened(project) as stores:
        return evidence.epochs(stores.warehouse, gate)


def resume(project: Project, hour: float, *, person: Person = ADA, stage: str = "pilot") -> Any:
    mend: dict[str, Any] = {"mended": "https://example.org/changes/1", "mended_at": START, "stage": stage}
    with People.open(project.data) as people:
        return acting.resume(people, project.policy, p.AGENT, person, "mended", **mend, now=START + hour * HOUR)


def expand(project: Project, hour: float) -> Any:
    with People.open(project.data) as people:
        return acting.advance(people, project.policy, p.AGENT, ADA, "it is good", now=START + hour * HOUR)


def code(result: DecisionEntry | Refusal) -> str:
    return result.code if isinstance(result, Refusal) else result.kind


def unequal(project: Project) -> list[tuple[int, tuple[str, ...]]]:
    """The decisions with a standing that do not come out as they were written."""
    with p.opened(project) as stores:
        told = [explaining.explain(stores, e) for e in log.entries(stores.people) if "standing" in e.body]
    assert told
    return [(t.seq, t.differences) for t in told if not t.equal]


def build(folder: Path, feeds: Callable[[Project], object]) -> Project:
    project = p.make(folder)
    feeds(project)
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.make(folder)


@pytest.fixture(scope="module")
def going(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Hours 0 and 1 are good: the rollout may go at hour 3."""
    return build(tmp_path_factory.mktemp("going"), lambda project: feed(project, range(2)))


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Hours 0 and 1 are good, in hour 2 half of the answers harm: paused in the run at hour 4."""

    def feeds(project: Project) -> None:
        feed(project, range(2))
        feed(project, range(2, 3), harmful=30)

    return build(tmp_path_factory.mktemp("paused"), feeds)


def test_a_run_without_news_changes_nothing(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    before = p.stored(project)
    again = p.run(project, 3)
    assert p.standing(again) == "go"
    assert p.outcome(again).entry is None
    assert not again.degraded
    assert p.stored(project) == before
    # A later run folds nothing either as long as no window has become complete; it only renews the lease.
    later = p.run(project, 3.5)
    assert p.stored(project) == before
    assert later.delivered is not None
    assert later.delivered.delivered == ()
    assert p.outcome(later).standing.valid_until == START + 6.5 * HOUR


def test_a_proved_breach_pauses_once_and_tells_once(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    assert p.kinds(project) == ["start", "go", "pause"]
    assert (p.switched(project)["action"], p.switched(project)["release"]) == ("pause", "r1")
    assert [alert["event"] for alert in p.alerts(project)] == ["pause"]
    before, switch = p.stored(project), p.switched(project)
    # Good hours afterwards do not end it, and the epoch that the pause closed takes nothing more.
    done = feed(project, range(3, 6))
    assert p.standing(done) == "pause"
    assert p.said(done)[0] == "breach"
    assert [r.code for r in p.outcome(done).standing.reasons][:2] == ["limit_exceeded", "paused"]
    after = p.stored(project)
    assert (after["log"], after["outbox"]) == (before["log"], before["outbox"])
    assert (after["evidence"], after["epochs"]) == (before["evidence"], before["epochs"])
    assert (p.switched(project), len(p.alerts(project))) == (switch, 1)
    (epoch,) = epochs(project)
    assert (epoch.closed_at, epoch.close_reason, epoch.windows) == (START + 4 * HOUR, "paused", 3)


def test_a_pause_ends_only_with_a_person_a_valid_standing_and_evidence_newer_than_the_mending(
    paused: Project, tmp_path: Path
) -> None:
    project = copy(paused, tmp_path / "p")
    assert code(resume(project, 4)) == "still_in_breach"
    assert code(resume(project, 4, person=Person("Bo", ("reviewer",)))) == "role_missing"
    assert code(resume(project, 4, stage="limited")) == "stage_not_allowed"
    assert code(resume(project, 4, stage="beta")) == "stage_not_allowed"
    assert code(resume(project, 7)) == "lease_lapsed"
    assert p.kinds(project)[-1] == "pause"
    # The mended release brings evidence of its own while the rollout is paused.
    done = feed(project, range(4, 6), release="r2", mark="m")
    assert p.standing(done) == "pause"
    assert p.said(done)[0] == "pass"
    assert p.outcome(done).standing.release == "r2"
    assert [(e.epoch, e.release, e.close_reason) for e in epochs(project)] == [
        (f"{HARM}#1", "r1", "paused"),
        (f"{HARM}#2", "r2", None),
    ]
    assert code(resume(project, 11)) == "lease_lapsed"
    assert code(resume(project, 7)) == "resume"
    assert code(resume(project, 7.1)) == "not_paused"
    done = p.run(project, 7.5)
    assert p.standing(done) == "go"
    assert p.switched(project)["action"] == "go"
    assert unequal(project) == []
    assert "pause" in [e.kind for e in p.decisions(project)]


def test_a_stage_that_is_configured_no_more_is_refused_by_name(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    renamed = p.policy(rollouts=[{**p.rollout(), "stages": ["first", "second"]}])
    project = p.make(project.base, renamed)
    assert code(resume(project, 4, stage="first")) == "unknown_stage"
    assert code(expand(project, 4)) == "paused"


def test_expansion_takes_a_go_that_is_still_valid(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    assert code(expand(project, 0)) == "never_run"
    p.write(project, "000.jsonl", p.answers(0, count=20))
    assert p.standing(p.run(project, 2)) == "hold"
    assert code(expand(project, 2)) == "not_go"
    assert p.standing(feed(project, range(1, 3))) == "go"
    assert code(expand(project, 7)) == "lease_lapsed"
    assert code(expand(project, 4.5)) == "expand"
    assert (p.switched(project)["action"], p.switched(project)["stage"]) != ("expand", "limited"), "not handed out yet"
    assert code(expand(project, 4.6)) == "other_stage"
    done = p.run(project, 5)
    assert p.outcome(done).standing.stage == "limited"
    assert (p.switched(project)["stage"], p.standing(done)) == ("limited", "go")
    assert unequal(project) == []


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


def test_a_source_that_stops_makes_its_gate_stale(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    assert p.said(p.run(project, 9))[0] == "pass"
    done = p.run(project, 9.5)
    assert p.standing(done) == "hold"
    assert p.said(done)[0] == "stale"
    assert p.outcome(done).standing.binding == "harm"
    assert p.switched(project)["action"] == "hold"
    assert [alert["event"] for alert in p.alerts(project)] == ["stale"]
    assert code(expand(project, 9.5)) == "not_go"


def test_a_source_that_cannot_be_read_makes_its_gates_err_by_name(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    shutil.rmtree(project.base / "logs")
    done = p.run(project, 3.5)
    assert done.degraded == ("logs",)
    assert p.standing(done) == "hold"
    outcome, detail = p.said(done)
    assert outcome == "error"
    assert "Source logs could not be read in full" in detail
    assert {a["event"] for a in p.alerts(project)} == {"error"}
    # A look later nothing is folded: no window is complete while its source is silent.
    p.run(project, 6)
    assert [e.folded_through for e in epochs(project)] == [START + 2 * HOUR]
    # It comes back with all it had.
    shutil.copytree(going.base / "logs", project.base / "logs")
    assert p.standing(p.run(project, 6.5)) == "go"
    assert unequal(project) == []


def test_a_proved_breach_stands_while_its_source_is_dead(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(gates=[p.harm_gate(on_breach="hold")]))
    done = feed(project, range(2), harmful=30)
    assert (p.standing(done), p.said(done)[0]) == ("hold", "breach")
    shutil.rmtree(project.base / "logs")
    done = p.run(project, 4)
    outcome, detail = p.said(done)
    assert (p.standing(done), outcome) == ("hold", "breach")
    assert "Source logs could not be read in full" in detail
    # Nor does it go when its source is taken out of the configuration.
    project = p.make(tmp_path, p.policy(gates=[p.harm_gate(on_breach="hold")], sources=[]))
    done = p.run(project, 5)
    assert p.standing(done) == "hold"
    assert p.outcome(done).standing.binding == "harm"


def test_a_changed_limit_begins_anew_with_unseen_windows_and_says_so(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    stricter = p.policy()
    stricter["gates"][1]["at_most"] = 0.2
    project = p.make(project.base, stricter)
    done = p.run(project, 3)
    outcome, detail = p.said(done)
    assert (p.standing(done), outcome) == ("hold", "no_data"), "an edit is no evidence, not even a looser limit"
    assert "Evidence began anew with the window from 2026-03-01 02:00 UTC on" in detail
    assert "limit" in detail
    assert "changed" in detail
    p.write(project, "002.jsonl", p.answers(2, count=12))
    outcome, detail = p.said(p.run(project, 4))
    assert outcome == "insufficient"
    assert "Evidence began anew" in detail
    assert [(e.epoch, e.first_window, e.close_reason) for e in epochs(project)] == [
        (f"{HARM}#1", START, "new configuration"),
        (f"{HARM}#2", START + 2 * HOUR, None),
    ]
    done = feed(project, range(3, 4))
    assert (p.standing(done), p.said(done)[0]) == ("go", "pass")
    assert unequal(project) == []


def test_a_lease_lapses_to_hold_and_a_pause_does_not(going: Project, paused: Project) -> None:
    def at(project: Project, hour: float) -> tuple[str, str]:
        found = shown(project, START + hour * HOUR)[p.AGENT]
        return found["standing"], found["reasons"][0]["code"]

    assert at(going, 3) == ("go", "all_pass")
    assert at(going, 6 - 1 / 3600) == ("go", "all_pass")
    assert at(going, 6) == ("hold", "lease_lapsed")
    assert at(paused, 4) == ("pause", "limit_exceeded")
    assert at(paused, 400)[0] == "pause"


def lose_rows(project: Project) -> Project:
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence WHERE total_low > 0")
    return project


def lose_epochs(project: Project) -> Project:
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence")
        stores.warehouse.connection.execute("DELETE FROM epochs")
    return project


def lose_warehouse(project: Project) -> Project:
    (project.data / FILE_NAME).unlink()
    return project


def lose_bad_log(project: Project) -> Project:
    """The warehouse is gone, and so is the file that spoke against the rollout."""
    (project.base / "logs" / "001.jsonl").unlink(missing_ok=True)
    (project.base / "logs" / "002.jsonl").unlink(missing_ok=True)
    return lose_warehouse(project)


def lose_source(project: Project) -> Project:
    return p.make(project.base, p.policy(sources=[p.source("other", "other/*.jsonl")]))


LOSSES = [lose_rows, lose_epochs, lose_warehouse, lose_bad_log, lose_source]


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_evidence_turns_no_hold_into_a_go(lose: Callable[[Project], Project], tmp_path: Path) -> None:
    project = p.make(tmp_path)
    feed(project, range(1))
    done = feed(project, range(1, 2), harmful=8)
    assert (p.standing(done), p.said(done)[0]) == ("hold", "insufficient")
    (project.base / "other").mkdir()
    p.write(project, "x.jsonl", p.answers(0, hours=2, mark="x"), folder="other")
    project = lose(project)
    for hour in (3, 3.5):
        done = p.run(project, hour)
        assert p.standing(done) == "hold"
        assert p.outcome(done).standing.binding == "harm"


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_evidence_ends_no_pause(lose: Callable[[Project], Project], paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    (project.base / "other").mkdir()
    project = lose(project)
    for hour in (4.5, 5):
        assert p.standing(p.run(project, hour)) == "pause"
    assert code(resume(project, 5)) == "still_in_breach"


def test_a_lost_ledger_is_named_and_evidence_begins_with_unseen_windows(going: Project, tmp_path: Path) -> None:
    project = lose_warehouse(copy(going, tmp_path / "p"))
    done = p.run(project, 3.5)
    assert p.standing(done) == "hold"
    assert "the decision log names evidence that is no longer in the data folder" in p.said(done)[1]
    assert [(e.epoch, e.first_window) for e in epochs(project)] == [(f"{HARM}#2", START + 3 * HOUR)]
    with p.opened(project) as stores:
        lost = next(e for e in log.entries(stores.people) if e.kind == "go")
        with pytest.raises(LedgerError, match="holds 0 of the"):
            explaining.explain(stores, lost)
    done = feed(project, range(3, 5))
    assert p.standing(done) == "go"


def test_one_of_two_sources_taken_away_begins_anew(tmp_path: Path) -> None:
    both = [p.source("logs", "logs/*.jsonl"), p.source("other", "other/*.jsonl")]
    project = p.make(tmp_path, p.policy(sources=both))
    p.write(project, "x.jsonl", p.answers(0, mark="x"), folder="other")
    done = feed(project, range(1))
    assert p.standing(done) == "go"
    project = p.make(tmp_path, p.policy(sources=both[:1]))
    done = p.run(project, 2.5)
    assert (p.standing(done), p.said(done)[0]) == ("hold", "no_data")
    assert "source other removed" in p.said(done)[1]
    assert p.standing(feed(project, range(1, 2))) == "go"
    assert len(epochs(project)) == 2
    assert unequal(project) == []


def test_a_gate_taken_out_while_in_breach_ends_no_pause(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    rest = [gate for gate in p.policy()["gates"] if gate["name"] != "harm"]
    rest.append(p.harm_gate("harm-of-a-kind", segment="none"))
    project = p.make(project.base, p.policy(gates=rest))
    done = p.run(project, 4.5)
    assert p.standing(done) == "pause"
    assert p.outcome(done).standing.reasons[0].code == "paused"
    assert code(resume(project, 4.5)) == "loosened_in_breach"
    project = p.make(project.base, p.policy(gates=rest[:-1]))
    assert p.standing(p.run(project, 4.6)) == "pause"
    assert code(resume(project, 4.6)) == "loosened_in_breach"


def test_every_decision_of_a_long_history_is_recomputed(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    feed(project, range(4, 6), release="r2", mark="m")
    assert code(resume(project, 7)) == "resume"
    p.run(project, 7.5)
    assert code(expand(project, 7.6)) == "expand"
    feed(project, range(6, 7), release="r2", mark="m")
    p.write(project, "zz-fix.jsonl", p.answers(4, harmful=7, release="r2", mark="m"))
    p.run(project, 8.5)
    p.run(project, 20)
    feed(project, range(19, 20), harmful=40, release="r2", mark="m")
    assert p.kinds(project)[:4] == ["start", "go", "pause", "pause"]
    assert {"resume", "expand", "restate", "hold", "go", "pause"} <= set(p.kinds(project))
    assert p.kinds(project)[-1] == "pause"
    assert unequal(project) == []


def test_tampered_evidence_comes_out_not_equal(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    with p.opened(project) as stores:
        stores.warehouse.connection.execute(
            "UPDATE evidence SET breach_growth = list_transform(breach_growth, x -> x + 1e-12) WHERE window_start = ?",
            [START + HOUR],
        )
    found = unequal(project)
    assert [seq for seq, _ in found] == [2, 3][-len(found) :]
    assert any("evidence_digest" in difference for _, differences in found for difference in differences)


def exit_code(*arguments: str) -> int:
    """What the command line would exit with."""
    try:
        return int(app(list(arguments), standalone_mode=False) or 0)
    except GateholdError as error:
        return error.exit_code


def test_the_command_line_tells_a_tampered_record_by_its_exit(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    config = ("--config", str(project.file))
    assert exit_code("log", "verify", *config) == 0
    assert [exit_code("log", "explain", seq, *config) for seq in ("2", "3")] == [0, 0]
    assert exit_code("log", "explain", "1", *config) == 0, "a start rests on no evidence, so none can differ"
    with p.opened(project) as stores:
        stores.warehouse.connection.execute(
            "UPDATE evidence SET pass_growth = list_transform(pass_growth, (x, i) -> CASE i WHEN 1 THEN -x ELSE x END)"
        )
    assert [exit_code("log", "explain", seq, *config) for seq in ("2", "3")] == [5, 5]
    assert exit_code("log", "verify", *config) == 0, "the decision log itself is whole"
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence")
    assert exit_code("log", "explain", "3", *config) == 5
    with closing(sqlite3.connect(project.data / "people.sqlite")) as connection, connection:
        # The store refuses this as long as its guards stand; who owns the file can take them away.
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE decisions SET summary = 'all is well' WHERE seq = 3")
    assert exit_code("log", "verify", *config) == 5


def test_a_page_is_written_although_the_ledger_has_lost_rows(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence WHERE window_start = ?", [START])
    assert exit_code("run", "--config", str(project.file), "--as-of", (START + 3.1 * HOUR).isoformat()) == 0
    found = shown(project, START + 3.2 * HOUR)[p.AGENT]
    assert (found["standing"], found["reasons"][0]["code"]) == ("hold", "ledger_disagrees")
    assert "2 windows were folded and 1 are there" in found["reasons"][0]["detail"]
    assert (project.data / "reports" / "index.html").exists()


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


def test_rollouts_are_judged_apart(tmp_path: Path) -> None:
    two = p.policy(
        sources=[p.source("logs", "logs/*.jsonl"), p.source("search", "search/*.jsonl", p.SEARCH)],
        rollouts=[p.rollout(), p.rollout(p.SEARCH)],
        gates=[p.harm_gate(rollout=[p.AGENT, p.SEARCH])],
    )
    project = p.make(tmp_path, two)
    p.write(project, "000.jsonl", p.answers(0))
    p.write(project, "000.jsonl", p.answers(0, harmful=40, mark="s"), folder="search")
    done = p.run(project, 2.5)
    assert (p.standing(done), p.standing(done, p.SEARCH)) == ("go", "pause")
    assert (p.switched(project)["action"], p.switched(project, p.SEARCH)["action"]) == ("go", "pause")
    assert timedelta(0) < p.outcome(done).standing.valid_until - done.now


def test_without_acting_nothing_is_handed_out(tmp_path: Path) -> None:
    from flows.once import run_once

    project = p.make(tmp_path)
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    done = run_once(project, now=START + 2 * HOUR)
    assert (p.standing(done), done.delivered) == ("pause", None)
    assert not (project.base / f"{p.AGENT}.switch.json").exists()
    # The next run that may act hands out first what was left.
    p.run(project, 2.1)
    assert p.switched(project)["action"] == "pause"
    assert deciding.MONITOR in {e.actor for e in p.decisions(project)}
