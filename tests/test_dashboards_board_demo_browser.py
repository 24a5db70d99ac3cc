"""The demo in a browser, from the first link to a verified log: one story that people would live through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from board_tools import Clock, serving
from browser_tools import Watched, add, fill, set_password, shoot, watching

from flows import boarding
from flows import project as projects
from flows.demo import incidents, story
from flows.project import Project
from warehouse.people import log, reviews
from warehouse.people.store import People

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(900)]

END = datetime(2026, 3, 30, tzinfo=UTC)
NOW = END + timedelta(hours=1, minutes=10)
ROLLOUT = incidents.ROLLOUT
ACTS = f"/rollouts/{ROLLOUT}/acts"
MENDED = {"mended": "https://example.org/changes/prompt-2.4.1", "mended_at": "2026-03-22T09:00"}
OWNER, DEPUTY = "Ines Vogel", "Tomasz Bielak"


@contextmanager
def quiet() -> Iterator[story.Say]:
    yield lambda _: None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo as it stands while nobody has resumed it."""
    folder = tmp_path_factory.mktemp("demo") / "story"
    story.tell(folder, say=lambda _: None, tick=quiet, end=END, resumed=False)
    return projects.load(folder, environment={})


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("GATEHOLD_SCREENSHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_demo_from_the_first_link_to_a_verified_log(project: Project, shots: Path) -> None:
    with watching(serving(project, Clock(NOW))) as seen:
        link = boarding.first_link(project.data, seen.base, now=NOW)
        assert link is not None
        root, owner, deputy, reviewer = (seen.page() for _ in range(4))
        set_password(root, link, "Root")
        add(root, owner, seen.base, OWNER)
        add(root, deputy, seen.base, DEPUTY)
        add(root, reviewer, seen.base, "Kaja Lind", "reviewer")
        sees_the_pause(owner, seen, shots)
        looks_at_the_rows(owner, seen, shots)
        labels_ten(reviewer, seen, project, shots)
        is_refused(owner, seen, shots)
        two_resume(owner, deputy, seen, shots)
        finds_the_log_whole(deputy, seen, project, shots)
        seen.quiet()


def sees_the_pause(owner: Any, seen: Watched, shots: Path) -> None:
    owner.goto(seen.base)
    assert owner.get_by_text("SIMULATED").first.is_visible()
    line = owner.locator(".line").first.inner_text().lower()
    for words in ("pause", ROLLOUT, "until a person resumes it", "like this for"):
        assert words in line
    shoot(owner, shots, "story-1-overview")
    owner.get_by_role("link", name=ROLLOUT).first.click()
    gate = owner.locator("details.gate").filter(has_text="harm-returns").first
    gate.locator("summary").first.click()
    assert gate.locator("svg.plot").first.is_visible()
    assert "over the limit of 0.5 %: proved" in owner.inner_text("main")
    shoot(owner, shots, "story-2-gate")


def looks_at_the_rows(owner: Any, seen: Watched, shots: Path) -> None:
    owner.get_by_role("link", name="Metrics").click()
    owner.goto(f"{seen.base}/layers/model")
    owner.get_by_role("link", name="harmful_output_rate").first.click()
    owner.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    shoot(owner, shots, "story-3-metric")
    owner.get_by_role("link", name="Show the rows from").first.click()
    assert "of interactions" in owner.locator("h1").inner_text()
    assert owner.locator("table.behind tbody tr").count() > 10
    shoot(owner, shots, "story-4-rows")


def labels_ten(reviewer: Any, seen: Watched, project: Project, shots: Path) -> None:
    reviewer.goto(f"{seen.base}/reviews")
    reviewer.get_by_role("link", name="Review harm").click()
    shoot(reviewer, shots, "story-5-review")
    for number in range(10):
        assert f"labelled {number}." in reviewer.locator("#progress").inner_text()
        with reviewer.expect_navigation():
            reviewer.keyboard.press("2" if number else "1")
    assert "labelled 10." in reviewer.locator("#progress").inner_text()
    with People.open(project.data) as people:
        assert reviews.left(people, "harm", "Kaja Lind", now=NOW)[1] == 10
    reviewer.goto(seen.base + ACTS)
    assert reviewer.locator("#act-resume").get_by_role("button").is_disabled(), "a reviewer resumes nothing"


def is_refused(owner: Any, seen: Watched, shots: Path) -> None:
    owner.goto(seen.base + ACTS)
    fill(owner, "resume", "The prompt will be mended.", **{**MENDED, "mended_at": "2026-04-02T00:00"})
    resume = owner.locator("#act-resume").inner_text()
    assert "Refused." in resume
    assert "still to come" in resume
    shoot(owner, shots, "story-6-refused")


def two_resume(owner: Any, deputy: Any, seen: Watched, shots: Path) -> None:
    fill(owner, "resume", "The prompt is mended in release 2.4.1; the red team ran on it.", **MENDED)
    owner.get_by_text("Done. It is in the log for good").wait_for()
    owner.goto(seen.base + ACTS)
    assert "a second, different person has to confirm it" in owner.locator("#act-confirm").inner_text()
    deputy.goto(seen.base)
    assert "pause" in deputy.locator(".line").first.inner_text().lower(), "one person ends no pause"
    deputy.goto(seen.base + ACTS)
    shoot(deputy, shots, "story-7-confirm")
    fill(deputy, "confirm", "I looked at the mended prompt and the evidence, too.")
    deputy.get_by_text(f"{OWNER} (approver) and {DEPUTY} (approver)").first.wait_for()
    deputy.goto(seen.base)
    assert "pause" not in deputy.locator(".line").first.inner_text().lower()
    shoot(deputy, shots, "story-8-resumed")


def finds_the_log_whole(deputy: Any, seen: Watched, project: Project, shots: Path) -> None:
    deputy.goto(f"{seen.base}/decisions")
    assert "chain intact" in deputy.inner_text("main")
    shoot(deputy, shots, "story-9-decisions")
    with People.open(project.data) as people:
        assert log.verify(people).ok
        entries = log.entries(people)
    assert [entry.kind for entry in entries].count("resume") == 1
    noted = [entry.body for entry in entries if entry.kind == "access"]
    assert any(body.get("change") == "read" and body["person"] == OWNER for body in noted), "who read rows is noted"
    assert any("mended_later" in str(entry.body) for entry in entries), "what was refused is noted"
