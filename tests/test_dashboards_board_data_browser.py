"""The pages of data, metrics and drift in a real browser: nothing planted runs, and they can be read by all."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import projects as p
import pytest
import uvicorn
from board_tools import Clock, let_in, serving
from projects import AGENT, HOUR, START

from dashboards.board import rendering
from dashboards.http.serving import listen
from flows.project import Project
from warehouse.people import sessions
from warehouse.people.store import People

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
EVIL = "<script>window.ran=1</script><img src=x onerror='window.ran=2'>\u202e{{7*7}} and then a rather long text " * 3
SPAN = urlencode({"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z", "metric": "harmful_output_rate"})
PAGES = {
    "data": "/data?span=2d",
    "source": "/data/logs?span=2d",
    "quarantine": "/quarantine",
    "restatements": "/restatements",
    "rows": f"/rows/interactions?{SPAN}",
    "rollout": f"/rollouts/{AGENT}",
    "layers": "/layers",
    "layer": "/layers/model",
    "measured": "/measured/harmful_output_rate?span=2d",
    "drifts": "/drift",
    "drift": "/drift/inputs?column=segment",
}
DRIFT = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat()},
    "window": "2h",
    "columns": ["latency_ms", "segment"],
    "min_rows": 20,
    "tolerance": 0.5,
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    more = [p.source("gone", "nowhere/*.jsonl", stream="steps")]
    values = p.policy(
        sources=[p.source("logs", "logs/*.jsonl"), *more], retention={"snapshot": {"text": True}}, drift=[DRIFT]
    )
    made = p.make(tmp_path / "project", values)
    for hour in (0, 1, 2, 5, 6):
        rows = [
            {**row, "segment": "en", "prompt": EVIL, "latency_ms": 90.0 + n} for n, row in enumerate(p.answers(hour))
        ]
        others = [{**row, "segment": EVIL, "latency_ms": 99.0} for row in p.answers(hour, harmful=9, mark="d")]
        p.write(made, f"{hour}.jsonl", [*rows, *others])
        p.run(made, hour + 2)
    bad = [{"id": EVIL, "ts": EVIL, "talk": EVIL} for _ in range(60)]
    p.write(made, "bad.jsonl", bad)
    restated = [{**row, "segment": "en", "scores": {"harm": 0.95}} for row in p.answers(1)[:20]]
    p.write(made, "corrected.jsonl", restated)
    p.run(made, 9)
    return made


@pytest.fixture
def base(project: Project) -> Iterator[str]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    listener = listen("127.0.0.1", 0)
    app = serving(project, Clock(START + 9.2 * HOUR))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    listener.close()


@pytest.fixture
def browser(base: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def opened(browser: Any, base: str, project: Project, noise: list[str], **given: Any) -> Any:
    """A page of somebody who is signed in."""
    now = START + 9.2 * HOUR
    with People.open(project.data) as people:
        let_in(people, "Root", "admin", now)
        secret = sessions.begin(people, let_in(people, "Vic", "viewer", now), now=now)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **given)
    context.add_cookies([{"name": "gatehold_session", "value": secret, "url": base}])
    page = context.new_page()
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(base) else noise.append(request.url))
    return page


def violations(page: Any) -> list[str]:
    """What axe finds, of any weight."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{found['id']}: {found['nodes'][0]['html'][:200]}" for found in Axe().run(page).response["violations"]]


def test_each_page_of_the_data_can_be_read_by_all_and_runs_nothing(browser: Any, base: str, project: Project) -> None:
    noise: list[str] = []
    page = opened(browser, base, project, noise)
    shots = Path(os.environ.get("GATEHOLD_SCREENSHOTS") or project.base)
    for name, path in PAGES.items():
        assert page.goto(base + path).status == 200
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for look in ("wide", "narrow", "dark"):
            page.set_viewport_size({"width": 390 if look == "narrow" else 1280, "height": 900})
            page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, look)
            assert violations(page) == [], (name, look)
            if name == "rollout":
                page.locator("#segments-head").scroll_into_view_if_needed()
            long = name in ("rows", "quarantine", "rollout")
            page.screenshot(path=shots / f"data-{name}-{look}.png", full_page=not long)
        assert page.evaluate("window.ran") is None
    # axe is put into the page past its policy; what it says counts, not that it is there.
    assert [said for said in noise if "Content Security Policy" not in said] == []


def test_evidentlys_page_is_drawn_on_request_and_opens_shut_away(browser: Any, base: str, project: Project) -> None:
    noise: list[str] = []
    page = opened(browser, base, project, noise)
    page.goto(base + "/drift/inputs")
    page.get_by_role("button", name="Draw it").click()
    for _ in range(90):
        if page.get_by_role("link", name="Open it").count():
            break
        page.wait_for_timeout(1_000)
        page.goto(base + "/drift/inputs")
    page.get_by_role("link", name="Open it").click()
    page.locator("svg").first.wait_for(state="attached", timeout=60_000)
    assert page.evaluate("window.origin") == "null"
    assert page.evaluate("window.ran") is None
    assert noise == []


def test_a_planted_script_is_blocked_by_the_content_policy(
    browser: Any, base: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_is = rendering.render

    def planted(template: str, **given: Any) -> str:
        return as_is(template, **given).replace("</main>", "<script>window.ran=1</script><b onclick='x()'></b></main>")

    for module in ("dashboards.board.views", "dashboards.board.rendering"):
        monkeypatch.setattr(f"{module}.render", planted)
    noise: list[str] = []
    page = opened(browser, base, project, noise)
    page.goto(base + "/data")
    assert "window.ran=1" in page.content()
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in said for said in noise)
