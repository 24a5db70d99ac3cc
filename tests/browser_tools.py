"""A real browser whose noise and requests are kept, and what people do in it: shared by tests of the board."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from board_tools import PASSWORD

from dashboards.http.serving import listen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SERIOUS = ("serious", "critical")
LOOKS = (("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark"))
WIDTHS = {"wide": 1280, "narrow": 390}


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


@contextmanager
def watching(app: Any) -> Iterator[Watched]:
    """A browser before a server of the application."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Watched(browser, f"http://127.0.0.1:{listener.getsockname()[1]}")
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


def add(admin: Any, page: Any, base: str, name: str, role: str = "approver") -> None:
    """An admin adds somebody, who comes in with the link."""
    admin.goto(f"{base}/people")
    adding = admin.get_by_role("region", name="Add somebody")
    adding.get_by_label("Name").fill(name)
    adding.get_by_label("Role").select_option(role)
    adding.get_by_role("button", name="Add", exact=True).click()
    set_password(page, admin.locator("code.secret").inner_text())


def sign_in(page: Any, base: str, name: str) -> None:
    page.goto(f"{base}/signin")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def fill(page: Any, act: str, reason: str, **fields: str) -> None:
    """Fill in the form of an act and send it."""
    form = page.locator(f"#act-{act} form")
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=reason]").fill(reason)
    form.get_by_role("button").click()


def sound(page: Any) -> list[str]:
    """What axe finds to be serious."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS]


def shoot(page: Any, folder: Path, name: str) -> None:
    """Pictures of a page, wide and narrow, light and dark; it fits and is sound in each."""
    before = page.viewport_size
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": WIDTHS[width], "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        assert sound(page) == [], (name, width, scheme)
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)
