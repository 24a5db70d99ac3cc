"""`gatehold people` and `gatehold rollout`: who acts is told by a token, and a refusal is exit 3 with its codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_tools import policy
from command import Typed, gatehold
from projects import AGENT

from flows import access
from warehouse.people import log
from warehouse.people.store import People
from warehouse.store import Warehouse

WHY = ("--reason", "so it is")


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(access.VARIABLE, raising=False)


class Desk:
    """Somebody at a terminal: each command names the project."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        p.make(folder, policy(waivers={"longest": "1d", "role": "approver"}))
        self.folder, self.monkeypatch = folder, monkeypatch

    def __call__(self, *words: str) -> Typed:
        return gatehold(*words, "--config", str(self.folder))

    def sit(self, token: str) -> None:
        self.monkeypatch.setenv(access.VARIABLE, token)

    def token(self, name: str) -> str:
        return self("people", "token", name).out.strip()

    def first(self) -> str:
        """The first admin, who sits down at the desk."""
        assert self("people", "add", "Ada", "--role", "admin").code == 0
        text = self.token("Ada")
        self.sit(text)
        return text

    def person(self, name: str, *roles: str) -> str:
        words = [word for role in roles for word in ("--role", role)]
        assert self("people", "add", name, *words).code == 0
        return self.token(name)

    def log(self) -> list[Any]:
        with People.open(self.folder / ".gatehold") as people:
            return log.entries(people)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def refused(typed: Typed, code: str) -> str:
    assert (typed.code, typed.out) == (3, "")
    assert f"refused ({code})" in typed.err
    return typed.err


def test_without_people_an_act_says_how_to_add_the_first(desk: Desk) -> None:
    said = refused(desk("rollout", "pause", AGENT, *WHY), "no_accounts")
    assert 'gatehold people add "Your Name" --role admin' in said
    assert "Add the first one" in desk("people", "list").out
    assert desk("people", "add", "Bo", "--role", "approver").code == 2
    assert desk.log() == []


def test_the_first_admin_comes_in_and_manages_people(desk: Desk) -> None:
    token = desk.first()
    assert token.startswith("gh_")
    assert desk.person("Bo", "reviewer", "approver").startswith("gh_")
    listed = desk("people", "list")
    assert "reviewer, approver" in listed.out
    assert token not in listed.out + listed.err
    found = desk("people", "list", "--json").json
    assert [one["name"] for one in found["people"]] == ["Ada", "Bo"]
    assert desk("people", "roles", "Bo", "--role", "viewer", "--json").json["roles"] == ["viewer"]
    id = found["tokens"][1]["id"]
    assert desk("people", "revoke", id).code == 0
    assert desk("people", "deactivate", "Bo").code == 0
    assert desk("people", "deactivate", "Ada").code == 2
    assert all(token not in json.dumps(dict(e.body)) + e.summary for e in desk.log())


def test_managing_people_takes_an_admins_token(desk: Desk) -> None:
    desk.first()
    bo = desk.person("Bo", "approver")
    desk.sit("")
    refused(desk("people", "add", "Cy", "--role", "admin"), "token_missing")
    refused(desk("people", "token", "Ada"), "token_missing")
    desk.sit(bo)
    for words in (["add", "Cy", "--role", "admin"], ["token", "Bo"], ["deactivate", "Ada"], ["revoke", "x"]):
        refused(desk("people", *words), "role_missing")
    desk.sit("gh_guessed")
    refused(desk("people", "token", "Ada"), "token_unknown")
    last = [(e.actor, e.body["code"]) for e in desk.log() if e.body.get("change") == "refused"]
    assert last == [("Bo (approver)", "role_missing"), ("nobody known", "token_unknown")]


def test_an_act_says_what_it_did_and_what_the_switch_said(desk: Desk) -> None:
    desk.first()
    desk.sit(desk.person("Bo", "reviewer"))
    with Warehouse.open(desk.folder / ".gatehold"):
        # A run of the monitor is going on: nobody waits for it to stop a rollout.
        typed = desk("rollout", "pause", AGENT, "--reason", "complaints <b>\x1b[31m")
    assert (typed.code, typed.err) == (0, "")
    assert "pause by Bo (reviewer): complaints <b>\\u001b[31m" in typed.out
    assert f"switch {AGENT} took pause" in typed.out
    assert "alert on-call took pause" in typed.out
    assert p.switched(p.open_project(desk.folder))["action"] == "pause"
    assert desk("gate", AGENT).code == 11
    assert "paused_before" in refused(desk("rollout", "pause", AGENT, *WHY), "paused_before")
    shown = desk("log", "show", "--rollout", AGENT)
    assert "Bo (reviewer): complaints" in shown.out
    assert desk("log", "verify").code == 0


def test_a_refusal_as_json_names_everything_that_is_missing(desk: Desk) -> None:
    desk.first()
    desk.sit(desk.person("Bo", "reviewer"))
    desk("rollout", "pause", AGENT, *WHY)
    typed = desk("rollout", "resume", AGENT, *WHY, "--json")
    error = typed.json["error"]
    assert (typed.code, error["kind"], error["code"], error["exit"]) == (3, "refused", "role_missing", 3)
    assert [one["code"] for one in error["missing"]] == [
        "role_missing", "not_started", "mended_missing", "mended_at_missing", "lease_lapsed",
    ]  # fmt: skip
    assert error["message"].startswith("To resume support-agent, Bo needs the role approver (has: reviewer)")


def test_every_act_has_its_command(desk: Desk) -> None:
    desk.first()
    mended = ("--mended", "t/1", "--mended-at", "2026-03-01")
    for words, code in [
        (("advance", AGENT, *WHY), "never_run"),
        (("resume", AGENT, *WHY, *mended), "not_paused"),
        (("resume", AGENT, *WHY, "--confirm"), "no_proposal"),
        (("waive", AGENT, "--gate", "harms", "--for", "12h", *WHY), "no_such_gate"),
        (("waive", AGENT, "--gate", "harm", "--for", "2d", *WHY), "too_long"),
        (("waive", AGENT, "--gate", "harm", "--until", "2026-03-01", *WHY), "until_past"),
        (("sign-off", AGENT, *WHY), "stage_not_allowed"),
        (("approve", AGENT, "--gate", "harm", *WHY), "no_breach_on_record"),
        (("acknowledge", AGENT, *WHY), "no_such_decision"),
        (("acknowledge", AGENT, "--decision", "1", *WHY), "no_such_decision"),
        (("start", AGENT, "--reason", " "), "reason_missing"),
    ]:
        refused(desk("rollout", *words), code)
    for words in (("start", AGENT, *WHY), ("waive", AGENT, "--gate", "harm", "--for", "12h", *WHY)):
        typed = desk("rollout", *words, "--json")
        assert typed.code == 0
        assert typed.json["decision"]["actor"] == "Ada (admin)"
    assert desk("rollout", "retire", AGENT, *WHY).code == 0
    refused(desk("rollout", "start", AGENT, *WHY), "retired")


def test_what_cannot_be_asked_is_exit_2(desk: Desk) -> None:
    desk.first()
    assert desk("rollout", "pause", "other", *WHY).code == 2
    assert desk("rollout", "pause", AGENT).code == 2
    assert desk("rollout", "waive", AGENT, "--gate", "harm", "--for", "soon", *WHY).code == 2
    assert desk("rollout", "resume", AGENT, "--mended-at", "soon", *WHY).code == 2
    assert desk("people", "add", "Bo", "--role", "owner").code == 2


def test_a_switch_that_does_not_answer_keeps_nobody_from_pausing(tmp_path: Path, desk: Desk) -> None:
    desk.first()
    (desk.folder / f"{AGENT}.switch.json").mkdir()
    typed = desk("rollout", "pause", AGENT, *WHY)
    assert typed.code == 0
    assert f"switch {AGENT} has not taken pause yet and is tried again" in typed.out
    assert desk("gate", AGENT).code == 11
