"""The board's pages over real runs: what they show, what they let people do, and whom they turn away."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_tools import feed, policy
from board_tools import PASSWORD, Browser, Clock, let_in, serving, signed_in, text_of
from projects import AGENT, HOUR, START

from flows import boarding
from flows.project import Project
from warehouse import folder
from warehouse.people import accounts, log, outbox
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

pytestmark = pytest.mark.slow

ACTS = f"/rollouts/{AGENT}/acts"
PAGES = ("/", f"/rollouts/{AGENT}", ACTS, "/decisions", "/signin")
MEND = {"mended": "https://example.org/changes/7", "mended_at": "2026-03-01T00:00", "stage": "pilot"}


@dataclass
class Story:
    """A project that is paused, who may act on it, and a clock shortly after the last run."""

    project: Project
    clock: Clock
    ada: Person
    bo: Person
    vic: Person

    @property
    def app(self) -> Any:
        return serving(self.project, self.clock)

    def browser(self, person: Person) -> Browser:
        with People.open(self.project.data) as people:
            return signed_in(self.app, people, person, self.clock.now)

    def entries(self, kind: Any = None) -> list[DecisionEntry]:
        with People.open(self.project.data) as people:
            return log.entries(people, kind=kind)


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board") / "project"
    project = p.make(folder, policy(resumes={"people": 2}, waivers={"longest": "3d", "role": "approver"}))
    feed(project, range(3))
    assert p.standing(feed(project, range(3, 8), harmful=40)) == "pause"
    return folder


@pytest.fixture
def story(paused: Path, tmp_path: Path) -> Story:
    shutil.copytree(paused, tmp_path / "project")
    project = p.open_project(tmp_path / "project")
    clock = Clock(START + 9.2 * HOUR)
    with People.open(project.data) as people:
        admin = let_in(people, "Root", "admin", clock.now)
        made = [let_in(people, name, "approver", clock.now) for name in ("Ada", "Bo")]
        vic = let_in(people, "Vic", "viewer", clock.now)
    assert admin.role == "admin"
    return Story(project, clock, *made, vic)


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


# ----------------------------------------------------------------------------------------------------------- decisions


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
