"""The version of the board changes with each kind of change, and no page outlives the lease that it tells of."""

from __future__ import annotations

import shutil
import time
import types
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_tools import feed, policy
from board_tools import Browser, Clock, serving, text_of
from projects import AGENT, HOUR, START

from dashboards.board import views
from dashboards.board.mains import Version
from flows.project import Project
from warehouse.people import log, outbox
from warehouse.people.outbox import Origin
from warehouse.people.store import People
from warehouse.records.decisions import NewDecision, NewDelivery

pytestmark = pytest.mark.slow

PAGE = f"/rollouts/{AGENT}"


class Site:
    """A project, its board and a clock."""

    def __init__(self, project: Project) -> None:
        self.project, self.clock = project, Clock(START + 5 * HOUR + timedelta(seconds=5))
        self.app = serving(project, self.clock)
        self.browser = Browser(self.app)

    def version(self) -> Version:
        asked: Any = types.SimpleNamespace(app=self.app)
        return views.versions(asked)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions") / "project"
    feed(p.make(folder, policy()), range(4))
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Site:
    shutil.copytree(made, tmp_path / "project")
    return Site(p.open_project(tmp_path / "project"))


def test_nothing_changes_it_by_itself_within_seconds(site: Site) -> None:
    first = site.version()
    site.browser.get("/")
    site.clock.now += timedelta(seconds=9)
    assert site.version() == first


def _decided(site: Site) -> None:
    with People.open(site.project.data) as people:
        new = NewDecision("x", site.clock.now, AGENT, "acknowledge", "Ada", "Seen.", "", "", {})
        log.append(people, new)


def _edited(site: Site) -> None:
    text = site.project.file.read_text(encoding="utf-8")
    site.project.file.write_text(text.replace("at_most: 0.1", "at_most: 0.11").replace("pilot", "beta"), "utf-8")


def _broken(site: Site) -> None:
    site.project.file.write_text("window: [\n", encoding="utf-8")


def _lapsed(site: Site) -> None:
    site.clock.now += 30 * HOUR


def _paused(site: Site) -> None:
    feed(site.project, range(4, 9), harmful=40)


@pytest.mark.parametrize("change", [_decided, _edited, _broken, _lapsed, _paused])
def test_what_people_decide_by_is_never_shown_as_it_was(site: Site, change: Callable[[Site], None]) -> None:
    before = site.version()
    for path in ("/", PAGE):
        site.browser.get(path)
    change(site)
    after = site.version()
    assert after.firm != before.firm
    assert after.all != before.all
    for path in ("/", PAGE):
        assert f'data-version="{after.all}"' in site.browser.get(path).text


def _later(site: Site) -> None:
    site.clock.now += timedelta(seconds=views.RENEWED)


def _published(site: Site) -> None:
    target = site.project.data / "snapshot.duckdb"
    copy = target.with_name("copy")
    shutil.copy(target, copy)
    copy.replace(target)


def _sent(site: Site) -> None:
    with People.open(site.project.data) as people:
        message, entry = NewDelivery("alert", "people", {"event": "test"}), log.entries(people)[-1]
        outbox.add(people, [("new", message, Origin(entry.id, entry.seq, "", AGENT))], now=site.clock.now)


@pytest.mark.parametrize("change", [_later, _published, _sent])
def test_figures_are_renewed_and_nobody_waits_for_them(site: Site, change: Callable[[Site], None]) -> None:
    before = site.version()
    site.browser.get("/")
    change(site)
    after = site.version()
    assert after.firm == before.firm
    assert after.all != before.all
    assert f'data-version="{before.all}"' in site.browser.get("/").text
    end = time.monotonic() + 20
    while f'data-version="{after.all}"' not in site.browser.get("/").text:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_no_page_outlives_its_lease(site: Site) -> None:
    said = text_of(site.browser.get("/"))
    assert "lease ended" not in said
    found = site.browser.get(f"/api/v1/rollouts/{AGENT}/gate").json()
    valid_until = found["valid_until"]
    site.clock.now = datetime.fromisoformat(valid_until) - timedelta(seconds=1)
    # This page is of the last second of the lease, and is the one that is kept.
    assert "lease ended" not in site.browser.get("/").text
    assert "lease ended" not in site.browser.get(PAGE).text
    site.clock.now += timedelta(seconds=1)
    assert "lease ended" in site.browser.get("/").text
    assert "lease ended" in site.browser.get(PAGE).text


def test_a_pause_whose_lease_ended_says_so(site: Site) -> None:
    feed(site.project, range(4, 9), harmful=40)
    site.clock.now = START + 11 * HOUR
    assert "lease ended" not in site.browser.get(PAGE).text
    before = site.version()
    site.clock.now += 30 * HOUR
    assert site.version().firm != before.firm
    assert "lease ended" in site.browser.get(PAGE).text
