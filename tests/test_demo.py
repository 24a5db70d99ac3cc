"""The demo, told once and looked at from every side: switch, log, warehouse, and the page in a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from flows import explaining
from flows import project as projects
from flows.demo import incidents, story
from flows.stores import open_stores
from warehouse.people import log

pytestmark = [pytest.mark.slow, pytest.mark.live, pytest.mark.enable_socket]

END = datetime(2026, 3, 30, tzinfo=UTC)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def quiet() -> Iterator[story.Say]:
    yield lambda _: None


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[story.Told, list[str]]:
    lines: list[str] = []
    folder = tmp_path_factory.mktemp("demo") / "story"
    return story.tell(folder, say=lines.append, tick=quiet, end=END), lines


def days(told: story.Told, what: str) -> list[float]:
    start = incidents.start_of(END)
    return [(scene.at - start).total_seconds() / 86_400 for scene in told.scenes if scene.what == what]


@pytest.mark.timeout(600)
def test_the_rollout_is_paused_within_days_of_the_bad_release_and_not_before(
    told: tuple[story.Told, list[str]],
) -> None:
    changed = incidents.PROMPT_CHANGED.total_seconds() / 86_400
    (paused,) = days(told[0], "PAUSE")
    assert changed < paused < changed + 5
    (scene,) = [scene for scene in told[0].scenes if scene.what == "PAUSE"]
    assert "segment returns" in scene.why
    assert "over the limit of 0.5 %: proved" in scene.why


def test_every_incident_holds_with_its_own_reason(told: tuple[story.Told, list[str]]) -> None:
    holds = " ".join(scene.why for scene in told[0].scenes if scene.what == "HOLD")
    for reason in (
        "steps_freshness",
        "independent_review_age",
        "have no value",
        "interactions_freshness",
        "answers_late",
    ):
        assert reason in holds
    assert len(days(told[0], "EXPAND")) == 2
    assert len(days(told[0], "RESTATE")) == 1
    (resumed,) = days(told[0], "RESUME")
    assert days(told[0], "PAUSE")[0] < resumed
    assert told[0].scenes[-1].what == "GO"


def test_the_pause_reached_the_switch_over_http_once(told: tuple[story.Told, list[str]]) -> None:
    actions = [message["action"] for message in told[0].received]
    assert actions.count("pause") == 1
    assert actions[actions.index("pause") + 1] == "resume"
    written = [json.loads(line) for line in (told[0].folder / "switch-received.jsonl").read_text().splitlines()]
    assert [message["id"] for message in written] == [message["id"] for message in told[0].received]


def test_simulated_is_said_in_every_row_message_and_decision(told: tuple[story.Told, list[str]]) -> None:
    folder = told[0].folder
    assert all(message["simulated"] is True for message in told[0].received)
    alerts = [json.loads(line) for line in (folder / "alerts.jsonl").read_text().splitlines()]
    assert alerts
    assert all(alert["simulated"] is True and "SIMULATED" in alert["text"] for alert in alerts)
    with open_stores(projects.load(folder, environment={})) as stores:
        tables = [
            f"events_{name}" for name in ("interactions", "steps", "labels", "preferences", "probes", "governance")
        ]
        for table in tables:
            counts = stores.warehouse.connection.execute(
                f"SELECT count(*), count(*) FILTER (simulated) FROM {table}"
            ).fetchone()
            assert counts is not None
            assert counts[0] == counts[1] > 0
        standings = [e.body["standing"] for e in log.entries(stores.people) if "standing" in e.body]
    assert len(standings) > 10
    # Before the first row there is nothing that could have been simulated.
    assert all(standing["simulated"] for standing in standings[1:])
    assert "SIMULATED" in told[0].page.read_text(encoding="utf-8")


def test_every_decision_of_the_story_can_be_recomputed(told: tuple[story.Told, list[str]]) -> None:
    with open_stores(projects.load(told[0].folder, environment={})) as stores:
        report = log.verify(stores.people)
        assert report.ok
        assert report.entries == told[0].decisions
        entries = [e for e in log.entries(stores.people) if "standing" in e.body]
        explained = [explaining.explain(stores, entry) for entry in entries]
    assert [e.differences for e in explained if not e.equal] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (1300, "dark"), (390, "light"), (390, "dark")])
def test_the_page_in_a_browser(told: tuple[story.Told, list[str]], browser: Any, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    noise: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(told[0].page.as_uri())
    assert page.get_by_text("SIMULATED").first.is_visible()
    assert "support-agent" in page.title()
    gate = page.locator("summary", has_text="harm-returns").first
    gate.focus()
    page.keyboard.press("Enter")
    chart = page.locator("details[open] .chart").first
    chart.scroll_into_view_if_needed()
    chart.locator("path.js-line").first.wait_for(state="attached", timeout=10_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#decisions").scroll_into_view_if_needed()
    artifacts = ROOT / "artifacts"
    artifacts.mkdir(exist_ok=True)
    page.screenshot(path=artifacts / f"demo-{width}-{scheme}.png", full_page=True)
    assert noise == []
    assert asked == [told[0].page.as_uri()]
    page.close()


def test_the_demo_takes_no_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Exception, match="holds files that no demo made"):
        story.tell(tmp_path, say=lambda _: None, tick=quiet, end=END)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
