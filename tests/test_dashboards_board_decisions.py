"""The log of decisions on the board: found, linked to, recomputed, exported, and told when it was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from board_story import Story, paused_project, story_of
from board_tools import Browser, text_of
from projects import AGENT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused_project(tmp_path_factory.mktemp("board") / "project")


@pytest.fixture
def story(paused: Path, tmp_path: Path) -> Story:
    return story_of(paused, tmp_path / "project")


def test_the_log_has_a_filter_and_says_whether_it_is_whole(story: Story) -> None:
    browser = Browser(story.app)
    said = text_of(browser.get("/decisions"))
    assert "chain intact" in said
    pauses = browser.get(f"/decisions?rollout={AGENT}&kind=pause").text
    assert pauses.count('<tr class="act-') == len(story.entries("pause")) == 1
    assert browser.get("/decisions?rollout=other").text.count('<tr class="act-') == 0
    assert browser.get("/decisions?before=3").text.count('<tr class="act-') == 2
    for query in ("before=x", "before=-1", "before=99999999999999999999", f"kind={'x' * 50}"):
        assert browser.get(f"/decisions?{query}").status_code == 422


def test_a_changed_log_is_told_on_the_page(story: Story) -> None:
    import sqlite3
    from contextlib import closing

    from warehouse.people.file import FILE_NAME

    with closing(sqlite3.connect(story.project.data / FILE_NAME)) as connection:
        connection.execute("DROP TRIGGER decisions_never_change")
        connection.execute("UPDATE decisions SET summary = 'all is well' WHERE seq = 3")
        connection.commit()
    assert "chain broken" in text_of(Browser(story.app).get("/decisions"))


def test_a_decision_can_be_linked_to_and_recomputed(story: Story) -> None:
    (pause,) = story.entries("pause")
    browser = Browser(story.app)
    said = text_of(browser.get(f"/decisions/{pause.id}"))
    for words in (pause.summary[:60], "What it rested on", "harm", "Handed out", "on-call", pause.hash):
        assert words in said, words
    assert "Recomputed from the stored evidence: equal" in text_of(browser.get(f"/decisions/{pause.id}?explain=yes"))
    assert browser.get("/decisions/none").status_code == 404


def test_the_export_is_for_people_and_is_noted(story: Story) -> None:
    assert Browser(story.app).get("/decisions.jsonl").status_code == 303
    answer = story.browser(story.vic).get("/decisions.jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["seq"] for line in lines] == [e.seq for e in story.entries()]
    assert "attachment" in answer.headers["content-disposition"]
    assert story.entries("access")[-1].summary == "Vic has read the whole decision log."


def test_pages_that_quote_the_logs_are_for_people_and_reading_them_is_noted(story: Story) -> None:
    (story.project.reports).mkdir(exist_ok=True)
    (story.project.reports / "index.html").write_text("<!doctype html><title>raw</title>")
    assert Browser(story.app).get("/index.html").headers["location"].startswith("/signin?next=")
    assert story.browser(story.vic).get("/index.html").status_code == 200
    assert story.entries("access")[-1].body["what"] == "the page /index.html"
