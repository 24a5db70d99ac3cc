"""A drawing of Evidently's that fails never hides the page that was drawn before; the failure is said beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from board_tools import Clock, let_in, serving, signed_in, text_of
from projects import AGENT, HOUR, START
from typer.testing import CliRunner

from checks.drift.records import ColumnDrift, DriftReport
from flows import drift_history, drift_page
from flows.cli.app import app as commands
from flows.project import Project
from warehouse.people.store import People
from warehouse.records.errors import CheckError

SECTION: dict[str, Any] = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat()},
    "window": "2h",
    "columns": ["latency_ms"],
    "min_rows": 20,
}
NOW = START + 9 * HOUR
REPORT = DriftReport(
    (ColumnDrift("latency_ms", "latency_ms", "wasserstein", 0.1, 0.5, 0.01, False, 10, 10),),
    0.0,
    0.0,
    0.0,
    1,
    1,
    None,
    "r",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return p.make(tmp_path / "project", p.policy(drift=[SECTION]))


def fine(*_: Any, html: Path, **__: Any) -> None:
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text("<html>first</html>")


def broken(*_: Any, html: Path, **__: Any) -> None:
    html.write_text("<html>half")
    raise CheckError("Evidently failed.")


def drawn(project: Project, monkeypatch: pytest.MonkeyPatch, draw: Any, now: datetime) -> Path:
    import pandas

    monkeypatch.setattr("checks.drift.evidently_adapter.draw", draw)
    rows = pandas.DataFrame({"latency_ms": [1.0, 2.0]})
    section = project.policy.drift[0]
    return drift_page.drawn(project, section, REPORT, (rows, rows), START + 4 * HOUR, START + 6 * HOUR, now=now)


@pytest.mark.slow
def test_the_older_page_and_what_is_noted_of_it_outlive_a_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = drawn(project, monkeypatch, fine, NOW)
    before = drift_page.told(page)
    assert before is not None
    with pytest.raises(CheckError):
        drawn(project, monkeypatch, broken, NOW + HOUR)
    assert page.read_text() == "<html>first</html>"
    assert drift_page.told(page) == before
    assert sorted(path.name for path in page.parent.iterdir()) == ["drift-inputs.html", "drift-inputs.json"]


@pytest.mark.slow
def test_a_first_drawing_that_fails_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.reports.mkdir(parents=True)
    with pytest.raises(CheckError):
        drawn(project, monkeypatch, broken, NOW)
    assert list(project.reports.iterdir()) == []


def fed(project: Project) -> None:
    for hour in range(6):
        p.write(project, f"{hour}.jsonl", [{**row, "latency_ms": 200.0 + n} for n, row in enumerate(p.answers(hour))])
    p.run(project, 8)


@pytest.mark.slow
def test_the_board_and_the_command_tell_how_to_open_the_history(project: Project) -> None:
    fed(project)
    app = serving(project, Clock(NOW))
    with People.open(project.data) as people:
        browser = signed_in(app, people, let_in(people, "Ines", "admin", NOW - timedelta(minutes=1)), NOW)
    assert "evidently ui" not in text_of(browser.get("/drift"))
    where = ["--config", str(project.file), "--data", str(project.data)]
    done = CliRunner().invoke(commands, ["drift-history", *where])
    assert done.exit_code == 0, done.output
    assert done.stdout.count("written") == 2
    assert f"evidently ui --workspace {drift_history.folder(project, project.policy.drift[0])}" in done.stdout
    assert "evidently ui --workspace" in text_of(browser.get("/drift"))
    again = CliRunner().invoke(commands, ["drift-history", *where, "--json", "--since", "2026-03-01T03:00"])
    assert '"kept": 1' in again.stdout
    stranger = type(browser)(app)
    assert "--workspace" not in text_of(stranger.get("/drift"))
    assert "Sign in to read how to open it" in text_of(stranger.get("/drift"))


@pytest.mark.slow
def test_a_project_without_comparisons_is_told_what_to_write(tmp_path: Path) -> None:
    bare = p.make(tmp_path / "bare", p.policy())
    done = CliRunner().invoke(commands, ["drift-history", "--config", str(bare.file)])
    assert done.exit_code == 0
    assert "No drift comparison has a reference" in done.stdout
