"""Who gets in: the first admin, sign-in and sign-out, addresses and proxies, and people let in by others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import projects as p
import pytest
from board_story import ACTS, Story, paused_project, story_of
from board_tools import PASSWORD, Browser, Clock, serving, signed_in, text_of
from projects import AGENT, START

from flows import boarding
from warehouse.people import accounts
from warehouse.people.store import People
from warehouse.records.people import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused_project(tmp_path_factory.mktemp("board") / "project")


@pytest.fixture
def story(paused: Path, tmp_path: Path) -> Story:
    return story_of(paused, tmp_path / "project")


# --------------------------------------------------------------------------------------------------------- signing in


def test_the_first_link_lets_one_admin_in(tmp_path: Path) -> None:
    project, clock = p.make(tmp_path), Clock(START)
    link = boarding.first_link(project.data, "http://127.0.0.1:8765", now=clock.now)
    assert link is not None
    path = link.removeprefix("http://127.0.0.1:8765")
    browser = Browser(serving(project, clock))
    key = path.partition("key=")[2]
    assert browser.get(path).status_code == browser.get(path).status_code == 200, "looking does not use it up"
    short = browser.send(path, "/link", key=key, name="Ada", password="short", again="short")
    assert (short.status_code, "12 to" in text_of(short)) == (400, True)
    differ = browser.send(path, "/link", key=key, name="Ada", password=PASSWORD, again=PASSWORD + "x")
    assert "differ" in text_of(differ)
    done = browser.send(path, "/link", key=key, name="Ada", password=PASSWORD, again=PASSWORD)
    assert done.status_code == 303
    cookie = done.headers["set-cookie"]
    for rule in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert rule in cookie
    assert "Ada" in text_of(browser.get("/"))
    assert Browser(serving(project, clock)).get(path).status_code == 404
    assert boarding.first_link(project.data, "http://127.0.0.1:8765", now=clock.now) is None


def test_signing_in_and_out(story: Story) -> None:
    browser = Browser(story.app)
    wrong = browser.sign_in("Ada", "not the password")
    assert (wrong.status_code, "No account has that name" in wrong.text) == (403, True)
    unknown = browser.sign_in("Nobody", "not the password")
    assert text_of(unknown).replace("Nobody", "") == text_of(wrong).replace("Ada", "")
    right = browser.send("/signin", "/signin", name="ada", password=PASSWORD, next=ACTS)
    assert (right.status_code, right.headers["location"]) == (303, ACTS)
    assert "Sign out" in browser.get("/").text
    old = browser.jar.get("gatehold_session")
    assert browser.send("/", "/signout").status_code == 303
    assert "Sign out" not in browser.get("/").text
    browser.jar.set("gatehold_session", str(old), domain="127.0.0.1")
    assert "Sign out" not in browser.get("/").text, "the session itself has ended"


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""])
def test_signing_in_leads_nowhere_else(story: Story, to: str) -> None:
    answer = Browser(story.app).send("/signin", "/signin", name="Ada", password=PASSWORD, next=to)
    assert answer.headers["location"] == "/"


def test_attempts_are_limited(story: Story) -> None:
    browser = Browser(story.app)
    codes = [browser.sign_in("Ada", "wrong password").status_code for _ in range(12)]
    assert codes == [403] * 10 + [429] * 2
    assert browser.sign_in("Ada").status_code == 429, "the right one does not get through either"
    assert Browser(story.app).sign_in("Bo").status_code == 303
    story.clock.now += timedelta(minutes=16)
    assert browser.sign_in("Ada").status_code == 303
    notes = [e for e in story.entries("access") if e.body.get("act") == "sign in"]
    assert len(notes) == 2, "one note for each reason and minute, so that no loop fills the log"


def test_over_tls_cookies_stay_with_this_host(story: Story) -> None:
    browser = Browser(story.app)
    answer = browser.get("/signin", headers={"X-Forwarded-Proto": "https"})
    assert "__Host-gatehold_form=" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]


def test_where_others_reach_it_everybody_signs_in(story: Story) -> None:
    app = serving(story.project, story.clock, open_reads=False)
    stranger = Browser(app)
    for path in ("/", f"/rollouts/{AGENT}", ACTS, "/decisions", "/people", "/index.html"):
        assert stranger.get(path).headers["location"].startswith("/signin?next=%2F"), path
    for path in ("/version", "/api/v1/rollouts", f"/api/v1/rollouts/{AGENT}/gate", "/api/v1/decisions", "/metrics"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), path
    assert stranger.get("/healthz").status_code == 200
    with People.open(story.project.data) as people:
        token = accounts.issue(people, "Vic", days=1, by=Person("Root", ("admin",)), now=story.clock.now).text
        known = signed_in(app, people, story.vic, story.clock.now)
    asked = stranger.get(f"/api/v1/rollouts/{AGENT}/gate", headers={"Authorization": f"Bearer {token}"})
    assert asked.json()["standing"] == "pause"
    assert known.get("/").status_code == 200


def test_under_another_name_pages_are_for_people_and_the_gate_for_whom_the_proxy_lets_in(story: Story) -> None:
    app = serving(story.project, story.clock, hosts=["board.example.org"])
    through = Browser(app, base="http://board.example.org")
    for path in ("/", f"/rollouts/{AGENT}", "/decisions"):
        assert through.get(path).headers["location"].startswith("/signin?next=%2F"), path
    assert through.get(f"/api/v1/rollouts/{AGENT}/gate").json()["standing"] == "pause"
    assert Browser(app).get("/").status_code == 200


# -------------------------------------------------------------------------------------------------------------- people


def test_an_admin_lets_others_in(story: Story) -> None:
    root = story.browser(Person("Root", ("admin",)))
    made = root.send("/people", "/people", what="add", name="Cy", role="reviewer")
    path = "/link" + made.text.partition("/link")[2].partition("</code>")[0]
    assert path.startswith("/link?key=")
    cy = Browser(story.app)
    key = path.partition("key=")[2]
    assert cy.send(path, "/link", key=key, name="x", password=PASSWORD, again=PASSWORD).status_code == 303
    assert "Cy" in text_of(cy.get("/"))
    assert root.send("/people", "/people", what="deactivate", name="Cy").status_code == 200
    assert "Sign out" not in cy.get("/").text
    last = root.send("/people", "/people", what="deactivate", name="Root")
    assert (last.status_code, "Nobody would be left" in last.text) == (400, True)
    for fields in ({"what": "roles", "name": "Ada", "role": "emperor"}, {"what": "x"}, {"what": "link", "name": "Eve"}):
        assert root.send("/people", "/people", **fields).status_code == 400


def test_only_admins_manage_people(story: Story) -> None:
    ada = story.browser(story.ada)
    page = ada.get("/people").text
    assert "Add somebody" not in page
    token = ada.token(ACTS)
    answer = ada.post("/people", form=token, what="add", name="Eve", role="admin")
    assert answer.status_code == 403
    assert story.entries("access")[-1].body["code"] == "role_missing"
