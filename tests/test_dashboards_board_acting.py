"""What people do on the board's pages, and what is turned away, with a reason and a note."""

from __future__ import annotations

from pathlib import Path

import projects as p
import pytest
from acting_tools import feed
from board_story import ACTS, MEND, Story, paused_project, story_of
from board_tools import Browser, text_of
from projects import HOUR, START

from warehouse.people import accounts, outbox
from warehouse.people.store import People
from warehouse.records.people import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused_project(tmp_path_factory.mktemp("board") / "project")


@pytest.fixture
def story(paused: Path, tmp_path: Path) -> Story:
    return story_of(paused, tmp_path / "project")


# -------------------------------------------------------------------------------------------------------------- acting


def test_what_is_missing_is_shown_before_the_button_works(story: Story) -> None:
    page = story.browser(story.ada).get(ACTS).text
    advance = page.partition('id="act-advance"')[2].partition("</section>")[0]
    assert "is paused; find the cause and resume it first" in advance
    assert "<button" in advance
    assert "disabled" in advance
    acknowledge = page.partition('id="act-acknowledge"')[2].partition("</section>")[0]
    assert "disabled" not in acknowledge
    nobody = Browser(story.app).get(ACTS).text
    assert 'action="/rollouts' not in nobody
    assert "is paused; find the cause" in nobody
    viewer = story.browser(story.vic).get(ACTS).text
    assert "Vic needs the role" in viewer
    assert viewer.count("disabled") == viewer.count('id="act-') // 2
    assert "<textarea" not in viewer, "there is nothing to fill in for nothing"


def test_a_resume_is_refused_with_the_reason_and_then_takes_two_people(story: Story) -> None:
    ada, bo = story.browser(story.ada), story.browser(story.bo)
    before = len(story.entries())
    late = {**MEND, "mended_at": "2026-03-01T09:11"}
    refused = ada.send(ACTS, f"{ACTS}/resume", reason="the prompt was put back", **late)
    assert refused.status_code == 409
    assert "Refused." in text_of(refused)
    assert "still_in_breach" in refused.text
    assert 'value="https://example.org/changes/7"' in refused.text, "what was filled in stays"
    assert [e.body["change"] for e in story.entries()[before:]] == ["refused"]
    # Another release is judged, in which nothing is harmful.
    project = story.project
    feed(project, range(8, 14), release="r2")
    story.clock.now = START + 15.2 * HOUR
    ada, bo = story.browser(story.ada), story.browser(story.bo)
    proposed = ada.send(ACTS, f"{ACTS}/resume", reason="release r2 mends it", **MEND)
    assert proposed.status_code == 303, text_of(proposed)
    assert "Done." in text_of(ada.get(proposed.headers["location"]))
    assert "Ada proposed it; a second, different person" in text_of(ada.get(ACTS))
    own = ada.send(ACTS, f"{ACTS}/confirm", reason="I agree with myself")
    assert (own.status_code, "same_person" in own.text) == (409, True)
    assert "Proposed by Ada: release r2 mends it" in text_of(bo.get(ACTS))
    assert bo.send(ACTS, f"{ACTS}/confirm", reason="looked at it too").status_code == 303
    assert story.entries("resume")[-1].actor == "Ada (approver) and Bo (approver)"
    assert "Hold" in text_of(bo.get("/"))
    assert "chain intact" in text_of(bo.get("/decisions"))
    with People.open(project.data) as people:
        (told,) = [
            d for d in outbox.all(people) if d.decision_id == story.entries("resume")[-1].id and d.kind == "switch"
        ]
    assert told.body["action"] == "resume"


def test_what_an_act_sends_out_is_handed_out_after_the_answer(story: Story) -> None:
    from datetime import UTC, datetime

    # Handing out is of the present only, so this clock is the machine's.
    story.clock.now = datetime.now(UTC)
    browser = story.browser(story.bo)
    feed_now = browser.send(ACTS, f"{ACTS}/retire", reason="the end")
    assert feed_now.status_code == 303
    assert p.switched(story.project)["action"] == "retire"


def test_a_token_acts_without_a_form_and_gets_json(story: Story) -> None:
    with People.open(story.project.data) as people:
        root = Person("Root", ("admin",))
        token = accounts.issue(people, "Ada", days=1, by=root, now=story.clock.now).text
    browser = Browser(story.app)
    shown = {"Authorization": f"Bearer {token}"}
    done = browser.request("POST", f"{ACTS}/acknowledge", data={"reason": "on it"}, headers=shown)
    assert (done.status_code, done.json()["kind"]) == (200, "acknowledge")
    again = browser.request("POST", f"{ACTS}/acknowledge", data={"reason": "on it"}, headers=shown)
    assert (again.status_code, again.json()["code"]) == (409, "acknowledged_before")
    bad = browser.request("POST", f"{ACTS}/pause", data={"reason": "x"}, headers={"Authorization": "Bearer gh_x"})
    assert (bad.status_code, bad.json()["code"]) == (401, "token_unknown")
    assert story.entries()[-1].body["code"] == "token_unknown"


# -------------------------------------------------------------------------------------------------------- turned away


def test_a_write_without_sign_in_form_or_role_is_refused_and_noted(story: Story) -> None:
    app, path = story.app, f"{ACTS}/acknowledge"
    nobody = Browser(app).post(path, reason="x")
    assert nobody.status_code == 401
    without = story.browser(story.ada).post(path, reason="x")
    assert (without.status_code, "open the page again" in without.text) == (403, True)
    other = story.browser(story.bo).token(ACTS)
    assert story.browser(story.ada).post(path, reason="x", form=other).status_code == 403
    elsewhere = story.browser(story.ada)
    token = elsewhere.token(ACTS)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = elsewhere.request("POST", path, data={"reason": "x", "form": token}, headers=headers)
        assert answer.status_code == 403, headers
    role = story.browser(story.vic).send(ACTS, path, reason="x")
    assert (role.status_code, "role_missing" in role.text) == (409, True)
    codes = [e.body["code"] for e in story.entries("access") if e.body["change"] == "refused"]
    assert codes == ["not_signed_in", "form_token", "role_missing"]
    assert story.entries("acknowledge") == []


@pytest.mark.parametrize("act", ["erase", "../../signin", "%00", "start%0a"])
def test_an_act_that_is_none_changes_nothing(story: Story, act: str) -> None:
    before = len(story.entries())
    assert story.browser(story.ada).send(ACTS, f"{ACTS}/{act}", reason="x").status_code in (403, 404, 405)
    assert [e.kind for e in story.entries()[before:]] in ([], ["access"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"reason": "x" * 3000}, "reason_too_long"),
        ({"reason": "x", "mended_at": "tomorrow"}, "not_understood"),
        ({"reason": "x", "mended_at": "0001-01-01T00:00+14:00"}, "not_understood"),
        ({"reason": "x", "stage": "general", **{k: v for k, v in MEND.items() if k != "stage"}}, "stage_not_allowed"),
    ],
)
def test_what_is_filled_in_wrongly_is_refused_with_a_sentence(story: Story, fields: dict[str, str], code: str) -> None:
    answer = story.browser(story.ada).send(ACTS, f"{ACTS}/resume", **fields)
    assert (answer.status_code, code in answer.text) == (409, True)


def test_forms_are_small_and_urlencoded(story: Story) -> None:
    browser, path = story.browser(story.ada), f"{ACTS}/pause"
    big = browser.request("POST", path, data={"reason": "x" * 70_000})
    assert big.status_code == 413
    assert browser.request("POST", path, json={"reason": "x"}).status_code == 415
    many = "&".join(f"a{n}=1" for n in range(60))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.request("POST", path, content=many, headers=kind).status_code == 400
    assert browser.request("POST", path, content=b"\xff\xfe=%ff", headers=kind).status_code == 400
