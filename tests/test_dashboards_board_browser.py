"""The whole story in a browser: first link, the pause, what is missing, two people resume, the log verified."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_tools import feed, policy
from board_tools import Clock, serving
from browser_tools import Watched, add, fill, set_password, sign_in, sound, watching
from projects import AGENT, HOUR, START

from flows import boarding
from flows.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]

ACTS = f"/rollouts/{AGENT}/acts"


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures go: a folder that is kept when CI names one."""
    folder = Path(os.environ.get("GATEHOLD_SCREENSHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Watched, Project, Clock]]:
    project = p.make(tmp_path / "project", policy(resumes={"people": 2}))
    feed(project, range(3))
    assert p.standing(feed(project, range(3, 8), harmful=40)) == "pause"
    clock = Clock(START + 9.2 * HOUR)
    with watching(serving(project, clock)) as seen:
        yield seen, project, clock


def test_the_story_from_the_first_link_to_a_resume_by_two(watched: tuple[Watched, Project, Clock], shots: Path) -> None:
    seen, project, clock = watched
    link = boarding.first_link(project.data, seen.base, now=clock.now)
    assert link is not None
    root, ada, bo = seen.page(), seen.page(), seen.page()
    set_password(root, link, "Root")
    add(root, ada, seen.base, "Ada")
    add(root, bo, seen.base, "Bo")

    # Five seconds: what is held, why, since when.
    ada.goto(seen.base)
    line = ada.locator(".line").first
    for words in ("Pause", AGENT, "harm", "Like this for"):
        assert words.lower() in line.inner_text().lower()
    ada.screenshot(path=shots / "overview.png", full_page=True)
    ada.get_by_role("link", name=AGENT).click()
    gate = ada.locator("details.gate").filter(has_text="harm").first
    gate.locator("summary").first.click()
    assert gate.locator("svg.plot").first.is_visible()
    assert "not" not in gate.locator(".gate-outcome").inner_text()
    ada.screenshot(path=shots / "rollout.png", full_page=True)

    # Nothing is newer than the breach: said before anybody tries.
    ada.get_by_role("link", name="What can be done").click()
    resume = ada.locator("#act-resume")
    assert "No evidence is newer than the breach of harm" in resume.inner_text()
    assert resume.get_by_role("button").is_disabled()
    ada.screenshot(path=shots / "acts.png", full_page=True)

    # The page of somebody who only looks renews itself when a run has looked again.
    root.goto(f"{seen.base}/rollouts/{AGENT}")
    before = root.locator("#as-of").inner_text()
    feed(project, range(8, 14), release="r2")
    clock.now = START + 15.2 * HOUR
    renew(root, before)

    ada = seen.page(storage_state=ada.context.storage_state())
    sign_in(ada, seen.base, "Ada")
    ada.goto(seen.base + ACTS)
    fill(ada, "resume", "release r2 mends it", mended="https://example.org/changes/7", mended_at="2026-03-02T00:00")
    assert "Refused." in ada.locator("#act-resume").inner_text()
    assert "still to come" in ada.locator("#act-resume").inner_text()
    ada.screenshot(path=shots / "refused.png", full_page=True)
    fill(ada, "resume", "release r2 mends it", mended="https://example.org/changes/7", mended_at="2026-03-01T08:00")
    ada.get_by_text("Done. It is in the log for good").wait_for()
    ada.goto(seen.base + ACTS)
    assert "a second, different person has to confirm it" in ada.locator("#act-confirm").inner_text()
    bo = seen.page()
    sign_in(bo, seen.base, "Bo")
    bo.goto(seen.base + ACTS)
    fill(bo, "confirm", "looked at it too")
    assert "Ada (approver) and Bo (approver)" in bo.inner_text("main")
    bo.screenshot(path=shots / "decision.png", full_page=True)
    bo.goto(f"{seen.base}/decisions")
    assert "chain intact" in bo.inner_text("main")
    seen.quiet()


def renew(page: Any, before: str) -> None:
    """What the page does every quarter of a minute, at once and again, until it is another one."""
    end = time.monotonic() + 30
    while page.locator("#as-of").inner_text() == before:
        assert time.monotonic() < end
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(300)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_every_page_fits_is_sound_and_asks_nobody_else(
    watched: tuple[Watched, Project, Clock], shots: Path, width: int, scheme: str
) -> None:
    seen, project, clock = watched
    link = boarding.first_link(project.data, seen.base, now=clock.now)
    page = seen.page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    set_password(page, str(link), "Root")
    for name, path in {
        "overview": "/",
        "rollout": f"/rollouts/{AGENT}",
        "acts": ACTS,
        "decisions": "/decisions",
        "people": "/people",
        "signin": "/signin",
    }.items():
        page.goto(seen.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name == "rollout":
            page.get_by_role("button", name="Open all").click()
            assert page.locator("details.gate[open]").count() == 3
        page.screenshot(path=shots / f"{name}-{scheme}-{width}.png", full_page=True)
        # axe is put into the page past its policy; what it says counts, not that it is there.
        assert sound(page) == [], name
    seen.quiet()


def test_a_planted_script_does_not_run_and_without_script_all_is_there(
    watched: tuple[Watched, Project, Clock],
) -> None:
    seen, _, _ = watched
    page = seen.page()
    page.goto(seen.base)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.planted = 1';"
        " document.body.append(s); document.body.insertAdjacentHTML('beforeend',"
        ' \'<img src=x onerror="window.planted = 2"><p id=styled style="color: red">x</p>\'); }'
    )
    assert page.evaluate("window.planted") is None
    assert page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in said for said in seen.noise)
    plain = seen.page(java_script_enabled=False)
    plain.goto(f"{seen.base}/rollouts/{AGENT}")
    assert plain.locator("details.gate").count() == 3
    assert (
        plain.locator("noscript meta[http-equiv=refresh]").count() + plain.content().count('http-equiv="refresh"') >= 1
    )
