"""The whole story in a browser: first link, the pause, what is missing, two people resume, the log verified."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import projects as p
import pytest
import uvicorn
from acting_tools import feed, policy
from board_tools import PASSWORD, Clock, serving
from projects import AGENT, HOUR, START

from dashboards.http.serving import listen
from flows import boarding
from flows.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ACTS = f"/rollouts/{AGENT}/acts"
SERIOUS = ("serious", "critical")


class Watched:
    """Pages of one browser whose noise and requests are kept."""

    def __init__(self, browser: Any, base: str) -> None:
        self.browser, self.base = browser, base
        self.noise: list[str] = []
        self.asked: set[str] = set()

    def page(self, **given: Any) -> Any:
        """A page of a person of their own: nobody's cookies."""
        page = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **given}).new_page()
        page.on("console", lambda message: self.noise.append(message.text))
        page.on("pageerror", lambda error: self.noise.append(str(error)))
        page.on("dialog", lambda dialog: self.noise.append(dialog.message))
        page.on("request", lambda request: self.asked.add(request.url))
        return page

    def quiet(self) -> None:
        # What was refused is answered with a status that browsers note.
        refused = "Failed to load resource: the server responded with a status of 409"
        assert [said for said in self.noise if not said.startswith(refused)] == []
        assert {url for url in self.asked if not url.startswith(self.base)} == set()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures go: a folder that is kept when CI names one."""
    folder = Path(os.environ.get("GATEHOLD_SCREENSHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Watched, Project, Clock]]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    project = p.make(tmp_path / "project", policy(resumes={"people": 2}))
    feed(project, range(3))
    assert p.standing(feed(project, range(3, 8), harmful=40)) == "pause"
    clock = Clock(START + 9.2 * HOUR)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(serving(project, clock), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Watched(browser, f"http://127.0.0.1:{listener.getsockname()[1]}"), project, clock
            browser.close()
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def set_password(page: Any, link: str, name: str = "") -> None:
    page.goto(link)
    if name:
        page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Again").fill(PASSWORD)
    page.get_by_role("button", name="Set it and sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def let_in(admin: Any, page: Any, base: str, name: str) -> None:
    admin.goto(f"{base}/people")
    adding = admin.get_by_role("region", name="Add somebody")
    adding.get_by_label("Name").fill(name)
    adding.get_by_label("Role").select_option("approver")
    adding.get_by_role("button", name="Add", exact=True).click()
    set_password(page, admin.locator("code.secret").inner_text())


def sound(page: Any) -> list[str]:
    """What axe finds to be serious."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS]


def test_the_story_from_the_first_link_to_a_resume_by_two(watched: tuple[Watched, Project, Clock], shots: Path) -> None:
    seen, project, clock = watched
    link = boarding.first_link(project.data, seen.base, now=clock.now)
    assert link is not None
    root, ada, bo = seen.page(), seen.page(), seen.page()
    set_password(root, link, "Root")
    let_in(root, ada, seen.base, "Ada")
    let_in(root, bo, seen.base, "Bo")

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
    root.wait_for_function("document.body.dataset.version")
    renew(root)
    root.wait_for_function(f"document.querySelector('#as-of').innerText !== {before!r}")

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


def renew(page: Any) -> None:
    """What the page does every quarter of a minute, now."""
    for _ in range(2):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        time.sleep(0.5)


def sign_in(page: Any, base: str, name: str) -> None:
    page.goto(f"{base}/signin")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def fill(page: Any, act: str, reason: str, **fields: str) -> None:
    form = page.locator(f"#act-{act} form")
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=reason]").fill(reason)
    form.get_by_role("button").click()


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
