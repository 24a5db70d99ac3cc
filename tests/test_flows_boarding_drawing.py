"""Evidently's page as it was drawn last stays in reach while another is drawn and when that fails."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import projects as p
import pytest
from board_tools import Clock, let_in, serving, signed_in, text_of
from projects import AGENT, HOUR, START
from typer.testing import CliRunner

from checks.drift.records import ColumnDrift, DriftReport
from dashboards.board.drift_records import Compared, Drawing
from flows import drift_page
from flows.boarding import looking
from flows.boarding.drawing import Draw, Drawings
from flows.cli.app import app as commands
from flows.project import Project
from warehouse.people.store import People
from warehouse.records.errors import CheckError

NOW = START + 9 * HOUR
SPAN = (START + 4 * HOUR, START + 6 * HOUR)
SECTION: dict[str, Any] = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat()},
    "window": "2h",
    "columns": ["latency_ms"],
    "min_rows": 20,
}
COLUMN = ColumnDrift("latency_ms", "latency_ms", "wasserstein", 0.1, 0.5, 0.01, False, 10, 10)
REPORT = DriftReport((COLUMN,), 0.0, 0.0, 0.0, 10, 10, None, "r")
SEEN = Compared("inputs", "interactions", AGENT, NOW, SPAN, 0.5, REPORT, start=SPAN[0], end=SPAN[1])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return p.make(tmp_path / "project", p.policy(drift=[SECTION]))


def place(project: Project, at: datetime) -> Path:
    """A page that was drawn at that moment over the span that is compared now."""
    page = drift_page.path(project, project.policy.drift[0])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<html>older</html>")
    drift_page.note(page, REPORT, now=at, start=SPAN[0], end=SPAN[1])
    return page


def stand(drawings: Drawings, project: Project, seen: Compared = SEEN) -> Drawing:
    return drawings.state(project, project.policy.drift[0], seen)


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "draw-inputs":
            thread.join(10)


def saying(trouble: str) -> Draw:
    return lambda _project, _name, _now: trouble


def test_nothing_drawn_is_absent_and_a_first_failure_has_its_reason(project: Project) -> None:
    drawings = Drawings(saying("Evidently failed."))
    assert stand(drawings, project) == Drawing("absent")
    drawings.begin(project, "inputs", now=NOW)
    ended()
    assert stand(drawings, project) == Drawing("failed", NOW, "Evidently failed.")


def test_the_older_page_stays_in_reach_while_another_is_drawn_and_after_that_failed(project: Project) -> None:
    place(project, NOW - HOUR)
    go = threading.Event()

    def slow(_project: Project, _name: str, _now: datetime) -> str:
        go.wait(10)
        return "Evidently failed."

    drawings = Drawings(slow)
    before = stand(drawings, project)
    assert before.page is not None
    assert (before.state, before.page.at, before.page.current) == ("drawn", NOW - HOUR, True)
    drawings.begin(project, "inputs", now=NOW)
    assert stand(drawings, project) == Drawing("drawing", NOW, page=before.page)
    go.set()
    ended()
    assert stand(drawings, project) == Drawing("failed", NOW, "Evidently failed.", before.page)


def test_a_page_that_a_run_drew_later_ends_the_failure(project: Project) -> None:
    drawings = Drawings(saying("Evidently failed."))
    drawings.begin(project, "inputs", now=NOW)
    ended()
    place(project, NOW + HOUR)
    found = stand(drawings, project)
    assert (found.state, found.reason) == ("drawn", "")
    other = stand(drawings, project, replace(SEEN, end=SPAN[1] + HOUR)).page
    assert other is not None
    assert not other.current


def fed(project: Project) -> None:
    for hour in range(6):
        p.write(project, f"{hour}.jsonl", [{**row, "latency_ms": 200.0 + n} for n, row in enumerate(p.answers(hour))])
    p.run(project, 8)


@pytest.mark.slow
def test_the_board_offers_the_older_page_while_another_is_drawn(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed(project)
    place(project, NOW - HOUR)
    states = {
        "drawing": Drawing("drawing", NOW),
        "failed": Drawing("failed", NOW, "<b>no memory</b>"),
    }
    page = stand(Drawings(saying("")), project).page
    app = serving(project, Clock(NOW))
    with People.open(project.data) as people:
        browser = signed_in(app, people, let_in(people, "Ines", "admin", NOW - HOUR / 60), NOW)
    for state, bare in states.items():
        for shown in (bare, replace(bare, page=page)):
            with monkeypatch.context() as patch:
                patch.setattr(looking.Looks, "drawing", lambda *_, found=shown: found)
                answer = browser.get("/drift/inputs")
            said = text_of(answer)
            assert ("Open it" in said, "Drawn at" in said) == (shown.page is not None,) * 2, state
            assert ("so the page drawn before" in said) == (state == "failed" and shown.page is not None)
            assert "<b>no memory" not in answer.text


def broken(*_: Any, html: Path, **__: Any) -> None:
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text("<html>half")
    raise CheckError("Evidently failed <b>here</b>.")


@pytest.mark.slow
def test_a_report_is_written_though_a_drawing_failed_and_links_the_older_page(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed(project)
    page = place(project, NOW - 2 * HOUR)
    drift_page.note(page, REPORT, now=NOW - 2 * HOUR, start=SPAN[0] - HOUR, end=SPAN[1] - HOUR)
    monkeypatch.setattr("checks.drift.evidently_adapter.draw", broken)
    where = ["report", "--config", str(project.file), "--as-of", NOW.isoformat()]
    done = CliRunner().invoke(commands, where)
    assert done.exit_code == 1
    assert "Evidently's page of inputs was not drawn: Evidently failed <b>here</b>." in done.stdout
    assert page.read_text() == "<html>older</html>"
    text = (project.reports / "index.html").read_text(encoding="utf-8")
    assert f'href="{page.name}"' in text
    assert "The report shows 2026-03-01 03:00 to 2026-03-01 05:00 UTC, drawn at 2026-03-01 07:00 UTC." in text
    assert "It could not be drawn anew: Evidently failed &lt;b&gt;here&lt;/b&gt;." in text
    found = CliRunner().invoke(commands, [*where, "--json"])
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert told["undrawn"] == {"inputs": "Evidently failed <b>here</b>."}
    assert "drift" not in told
