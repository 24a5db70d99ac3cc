"""`gatehold people link`: somebody who lost their password, or never had one, comes in with a link that works once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import projects as p
import pytest
from acting_tools import policy
from command import Typed, gatehold

from flows import access
from warehouse.people import log, passwords
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry

PASSWORD = "four plain words here"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(access.VARIABLE, raising=False)
    p.make(tmp_path, policy())
    assert people(tmp_path, "add", "Ada", "--role", "admin").code == 0
    return tmp_path


def people(folder: Path, *words: str) -> Typed:
    return gatehold("people", *words, "--config", str(folder))


def used(folder: Path, link: str, password: str = PASSWORD) -> str:
    """Who set a password with the link."""
    (key,) = parse_qs(urlsplit(link.strip()).query)["key"]
    with People.open(folder / ".gatehold") as opened:
        return passwords.accept(opened, key, "", password, now=datetime.now(UTC)).name


def signs_in(folder: Path, name: str, password: str) -> bool:
    with People.open(folder / ".gatehold") as opened:
        return passwords.check(opened, name, password) is not None


def entries(folder: Path) -> list[DecisionEntry]:
    with People.open(folder / ".gatehold") as opened:
        return log.entries(opened, kind="access")


def test_an_admin_makes_a_link_that_sets_a_new_password_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, people(folder, "token", "Ada").out.strip())
    people(folder, "add", "Bo", "--role", "approver")
    used(folder, people(folder, "link", "Bo").out, "the words that Bo forgot")
    made = people(folder, "link", "Bo", "--address", "https://board.example.org/")
    assert made.code == 0
    assert made.out.startswith("https://board.example.org/link?key=")
    assert made.out.count("\n") == 1
    assert "works once" in made.err
    assert signs_in(folder, "Bo", "the words that Bo forgot")
    assert used(folder, made.out) == "Bo"
    assert (signs_in(folder, "Bo", "the words that Bo forgot"), signs_in(folder, "Bo", PASSWORD)) == (False, True)
    with pytest.raises(Exception, match="used or has ended"):
        used(folder, made.out)


def test_the_log_says_who_made_it_for_whom_and_never_holds_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, people(folder, "token", "Ada").out.strip())
    found = people(folder, "link", "Ada", "--hours", "24", "--json").json
    entry = entries(folder)[-1]
    assert (entry.actor, entry.body["change"], entry.body["person"]) == ("Ada (admin)", "link", "Ada")
    assert entry.body["expires_at"][:16] == found["expires_at"][:16]
    (key,) = parse_qs(urlsplit(found["link"]).query)["key"]
    assert all(key not in f"{one.summary}{dict(one.body)}" for one in entries(folder))
    assert gatehold("log", "verify", "--config", str(folder)).code == 0


def test_only_an_admin_makes_one_but_for_an_admin_while_none_can_come_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used(folder, people(folder, "link", "Ada").out) == "Ada"
    assert people(folder, "link", "Ada").code == 3, "Ada can sign in now"
    monkeypatch.setenv(access.VARIABLE, people(folder, "token", "Ada").out.strip())
    people(folder, "add", "Bo", "--role", "approver")
    bo = people(folder, "token", "Bo").out.strip()
    monkeypatch.setenv(access.VARIABLE, bo)
    refused = people(folder, "link", "Ada")
    assert (refused.code, refused.out) == (3, "")
    assert "role_missing" in refused.err
    assert entries(folder)[-1].body["code"] == "role_missing"


def test_nobody_but_an_admin_gets_one_that_nobody_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = people(folder, "token", "Ada")
    monkeypatch.setenv(access.VARIABLE, token.out.strip())
    people(folder, "add", "Bo", "--role", "approver")
    id = people(folder, "list", "--json").json["tokens"][0]["id"]
    people(folder, "revoke", id)
    monkeypatch.delenv(access.VARIABLE)
    refused = people(folder, "link", "Bo")
    assert refused.code == 2
    assert "Bo is no admin" in refused.err
    assert people(folder, "link", "Ada").code == 0


@pytest.mark.parametrize("address", ["board", "ftp://a", "http://", "http://a/?b=c", "http://[", "http://a b"])
def test_an_address_that_is_none_is_refused(folder: Path, address: str) -> None:
    refused = people(folder, "link", "Ada", "--address", address)
    assert (refused.code, refused.out) == (2, "")
    assert "is not the address of a board" in refused.err


def test_who_is_not_there_or_inactive_gets_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, people(folder, "token", "Ada").out.strip())
    assert people(folder, "link", "Nobody").code == 2
    people(folder, "add", "Bo", "--role", "viewer")
    people(folder, "deactivate", "Bo")
    refused = people(folder, "link", "Bo")
    assert refused.code == 2
    assert "adds them again" in refused.err
    assert people(folder, "link", "Ada", "--hours", "73").code == 2
