"""Ten rows labelled with the keyboard alone, in a browser; both pages are sound for everybody."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from board_tools import PASSWORD, Clock, let_in, serving
from review_tools import NOW, fixed_key, label_all, make

from dashboards.http.serving import listen
from flows import once
from flows.project import Project
from flows.stores import open_stores
from warehouse.people import reviews
from warehouse.people.store import People

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(180)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("GATEHOLD_SCREENSHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str, Project]]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    fixed_key(monkeypatch)
    project = make(tmp_path / "project")
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        let_in(stores.people, "Root", "admin", NOW)
        for name in ("Rita", "Bo"):
            let_in(stores.people, name, "reviewer", NOW)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(serving(project, Clock(NOW)), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser, f"http://127.0.0.1:{listener.getsockname()[1]}", project
            browser.close()
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def sound(page: Any) -> list[str]:
    """What axe finds, of any weight."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:120]}" for one in found]


def sign_in(page: Any, base: str) -> None:
    page.goto(f"{base}/signin?next=/reviews")
    page.get_by_label("Name").fill("Rita")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def labelled(project: Project) -> int:
    with People.open(project.data) as people:
        return reviews.left(people, "harm", "Rita", now=NOW)[1]


def test_ten_rows_by_keyboard(opened: tuple[Any, str, Project], shots: Path) -> None:
    browser, base, project = opened
    noise: list[str] = []
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    sign_in(page, base)
    page.get_by_role("link", name="Review harm").click()
    assert sound(page) == []
    page.screenshot(path=shots / "review.png", full_page=True)

    for number in range(10):
        assert f"labelled {number}." in page.locator("#progress").inner_text()
        with page.expect_navigation():
            page.keyboard.press("1" if number % 5 == 0 else "2")
    assert "labelled 10." in page.locator("#progress").inner_text()
    assert labelled(project) == 10
    with page.expect_navigation():
        page.keyboard.press("u")
    assert labelled(project) == 9
    before = page.locator(".review .body").first.inner_text()
    with page.expect_navigation():
        page.keyboard.press("s")
    assert page.locator(".review .body").first.inner_text() != before
    assert labelled(project) == 9

    # Keys that are typed into a note are no answers, and whoever wants none turns them off for good.
    page.get_by_label("Note").press_sequentially("12s")
    assert page.get_by_label("Note").input_value() == "12s"
    page.get_by_label("Answer by key").uncheck()
    page.locator("h1").click()
    page.keyboard.press("1")
    page.reload()
    assert not page.get_by_label("Answer by key").is_checked()
    page.keyboard.press("1")
    page.wait_for_timeout(300)
    assert labelled(project) == 9

    with People.open(project.data) as people:
        label_all(people, "Rita")
        label_all(people, "Bo")
    page.goto(f"{base}/reviews")
    assert sound(page) == []
    page.screenshot(path=shots / "reviews.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= 360")
    page.screenshot(path=shots / "reviews_narrow.png", full_page=True)
    page.goto(f"{base}/reviews/harm")
    assert "Nothing waits for you" in page.locator("main").inner_text()
    assert noise == []


def test_without_scripts_and_on_a_narrow_dark_screen(opened: tuple[Any, str, Project], shots: Path) -> None:
    browser, base, project = opened
    look: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    page = browser.new_context(java_script_enabled=False, **look).new_page()
    sign_in(page, base)
    page.goto(f"{base}/reviews/harm")
    assert not page.get_by_label("Answer by key").is_visible()
    page.screenshot(path=shots / "review_narrow_dark.png", full_page=True)
    page.get_by_role("button", name="good").click()
    assert labelled(project) == 1
    page.get_by_role("button", name="Take back my last label").click()
    assert labelled(project) == 0
    scripted = browser.new_context(**look).new_page()
    sign_in(scripted, base)
    scripted.goto(f"{base}/reviews/harm")
    assert scripted.evaluate("document.documentElement.scrollWidth <= 360")
    assert sound(scripted) == []
