"""The board's pages over real runs: what they show, of whom they ask nothing, and that text stays text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import projects as p
import pytest
from board_story import ACTS, Story, paused_project, story_of
from board_tools import Browser, Clock, serving, text_of
from projects import AGENT, HOUR, START

from warehouse import folder
from warehouse.people import log
from warehouse.people.store import People

pytestmark = pytest.mark.slow

PAGES = ("/", f"/rollouts/{AGENT}", ACTS, "/decisions", "/signin")


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused_project(tmp_path_factory.mktemp("board") / "project")


@pytest.fixture
def story(paused: Path, tmp_path: Path) -> Story:
    return story_of(paused, tmp_path / "project")


# -------------------------------------------------------------------------------------------------------------- looking


def test_the_overview_says_what_is_held_why_and_since_when(story: Story) -> None:
    answer = Browser(story.app).get("/")
    said = text_of(answer)
    assert answer.status_code == 200
    for words in ("Pause", AGENT, "harm", "Limit exceeded", "Like this for", "True as of", "Decided by"):
        assert words in said, words
    assert 'class="card line bad"' in answer.text


def test_silence_is_grey_and_never_green(story: Story) -> None:
    with People.open(story.project.data) as people:
        from flows import acting

        acting.resume(people, policy_of(story), AGENT, story.ada, "x", mended="l", mended_at=START, now=story.clock.now)
        acting.confirm(people, policy_of(story), AGENT, story.bo, "x", now=story.clock.now)
    story.clock.now += 30 * HOUR
    answer = Browser(story.app).get("/")
    assert "lease ended" in answer.text
    assert "card line silent" in answer.text or "card line bad" in answer.text
    assert "card line good" not in answer.text


def policy_of(story: Story) -> Any:
    return story.project.policy


def test_a_project_without_a_run_is_a_grey_hold(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    folder.make(project.data)
    browser = Browser(serving(project, Clock(START)))
    overview = browser.get("/")
    assert "card line silent" in overview.text
    assert "No run has looked at it yet" in text_of(overview) or "No standing was ever published" in text_of(overview)
    assert browser.get(f"/rollouts/{AGENT}").status_code == 200
    assert browser.get("/rollouts/other").status_code == 404
    assert "never" in text_of(browser.get(ACTS)) or "No run" in text_of(browser.get(ACTS))


def test_the_rollout_shows_every_gate_with_evidence_over_time(story: Story) -> None:
    answer = Browser(story.app).get(f"/rollouts/{AGENT}")
    said = text_of(answer)
    for words in ("harm", "readable", "people-named", "Evidence meter", "What would free it", "Standing over time"):
        assert words in said, words
    assert answer.text.count('<svg class="plot"') >= 3, "two of the gate with evidence, one of each other"
    assert 'class="band"' in answer.text
    assert 'class="limit"' in answer.text
    assert "In words:" in said


def test_no_page_needs_what_the_policy_forbids(story: Story) -> None:
    browser = story.browser(story.ada)
    ids = [e.id for e in story.entries()]
    for path in (*PAGES, "/people", f"/decisions/{ids[-1]}", f"/decisions/{ids[0]}?explain=yes"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        headers = answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert " style=" not in answer.text, path
        assert "<style" not in answer.text
        assert " on" not in "".join(part.partition(">")[0] for part in answer.text.split("<button")[1:])
        assert "http://" not in answer.text.replace("http://127.0.0.1:8765", "").replace("http://www.w3.org", "")


def test_style_and_script_are_files_whose_names_change_with_them(story: Story) -> None:
    browser = Browser(story.app)
    page = browser.get("/").text
    for ending in ("css", "js"):
        name = page.partition("/static/board.")[2] if ending == "css" else page.rpartition("/static/board.")[2]
        answer = browser.get(f"/static/board.{name.partition(chr(34))[0]}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/static/board.css").status_code == 404
    assert browser.get("/static/..%2fboard.css").status_code == 404


def test_the_version_changes_with_a_decision_and_not_by_itself(story: Story) -> None:
    browser = story.browser(story.ada)
    first = browser.get("/version")
    tag = first.headers["etag"]
    assert browser.get("/version", headers={"If-None-Match": tag, "X-Gatehold-Renews": "yes"}).status_code == 304
    browser.send(ACTS, f"{ACTS}/acknowledge", reason="on it")
    assert browser.get("/version", headers={"If-None-Match": tag}).status_code == 200
    assert f'data-version="{browser.get("/version").headers["etag"][1:-1]}"' in browser.get("/").text


def test_the_configuration_that_cannot_be_read_is_said_and_nothing_is_go(story: Story) -> None:
    story.project.file.write_text("window: [\n")
    browser = story.browser(story.ada)
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "The configuration cannot be read" in text_of(answer)
    assert browser.get(f"/rollouts/{AGENT}").status_code == 200
    assert browser.get(ACTS).status_code == 503


# -------------------------------------------------------------------------------------------------------- hostile text

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e\x1b[31m"


def test_hostile_text_shows_as_text(story: Story) -> None:
    with People.open(story.project.data) as people:
        new = story.entries("pause")[0]
        from warehouse.records.decisions import NewDecision

        body = {**new.body, "stage": ATTACK, "reason": ATTACK}
        verdicts = [{**v, "gate": ATTACK, "detail": ATTACK} for v in body["standing"]["verdicts"]]
        body["standing"] = {**body["standing"], "verdicts": verdicts, "release": ATTACK, "stage": ATTACK}
        entry = log.append(
            people, NewDecision("k", story.clock.now, AGENT, "hold", ATTACK, ATTACK, ATTACK, ATTACK, body)
        )
        assert entry is not None
    browser = story.browser(replace(story.ada))
    tried = browser.send(ACTS, f"{ACTS}/resume", reason=ATTACK, mended=ATTACK, stage=ATTACK, mended_at=ATTACK)
    wrong = Browser(story.app).send("/signin", "/signin", name=ATTACK, password="x", next=ATTACK)
    answers = [tried, wrong, browser.get(f"/decisions/{entry.id}"), browser.get(f"/decisions?rollout={AGENT}")]
    answers += [
        browser.get(f"/rollouts/{AGENT}"),
        browser.get("/rollouts/%3Cscript%3E"),
        browser.get("/decisions/%3Cb%3E"),
    ]
    for answer in answers:
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "49" not in answer.text.partition("7*7")[2][:3]
        assert not {"\u202e", "\x1b"} & set(answer.text)
