"""What stops, is lost or is configured otherwise is named: no hold becomes a go, and no pause ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import projects as p
import pytest
from once_tools import HARM, code, copy, epochs, exit_code, expand, feed, good, harmed, resume, unequal
from projects import HOUR, START

from flows import explaining
from flows.cli.look import standings as shown
from flows.project import Project
from warehouse.people import log
from warehouse.records.errors import LedgerError
from warehouse.store import FILE_NAME

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def going(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return good(tmp_path_factory.mktemp("going"))


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return harmed(tmp_path_factory.mktemp("paused"))


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


def test_a_page_is_written_although_the_ledger_has_lost_rows(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence WHERE window_start = ?", [START])
    assert exit_code("run", "--config", str(project.file), "--as-of", (START + 3.1 * HOUR).isoformat()) == 0
    found = shown(project, START + 3.2 * HOUR)[p.AGENT]
    assert (found["standing"], found["reasons"][0]["code"]) == ("hold", "ledger_disagrees")
    assert "2 windows were folded and 1 are there" in found["reasons"][0]["detail"]
    assert (project.data / "reports" / "index.html").exists()
