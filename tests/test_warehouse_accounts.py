"""People and tokens: who may act is known, every change is in the log, and a token is nowhere but with its owner."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from people_examples import long_log

from warehouse.people import accounts, log
from warehouse.people.store import FILE_NAME, People
from warehouse.records.decisions import MONITOR
from warehouse.records.errors import UsageError
from warehouse.records.people import IssuedToken, Person, Unknown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN = Person("Ines Vogel", ("admin",))


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as opened:
        yield opened


def first(people: People) -> IssuedToken:
    accounts.add(people, "Ines Vogel", ["admin"], by=None, now=NOW)
    return accounts.issue(people, "Ines Vogel", days=30, by=None, now=NOW)


def second(people: People, *roles: Any) -> IssuedToken:
    accounts.add(people, "Bo", roles or ["approver"], by=ADMIN, now=NOW)
    return accounts.issue(people, "Bo", days=1, by=ADMIN, now=NOW)


def access(people: People) -> list[dict[str, Any]]:
    entries = log.entries(people, kind="access")
    assert all(e.rollout == "" for e in entries)
    return [dict(e.body) for e in entries]


def test_a_token_names_its_person_with_the_roles_they_have_now(people: People) -> None:
    token = first(people)
    assert token.text.startswith("gh_")
    assert len(token.text) == 46
    found = accounts.who(people, token.text, now=NOW)
    assert found == Person("Ines Vogel", ("admin",), token.info.id)
    assert accounts.who(people, token.text + "x", now=NOW) == Unknown("token_unknown")
    assert accounts.who(people, "", now=NOW) == Unknown("token_unknown")
    accounts.give_roles(people, "Ines Vogel", ["approver", "admin"], by=ADMIN, now=NOW)
    assert accounts.who(people, token.text, now=NOW) == Person("Ines Vogel", ("approver", "admin"), token.info.id)


def test_a_token_ends_by_time_by_revocation_and_with_its_person(people: People) -> None:
    first(people)
    token = second(people)
    end = NOW + timedelta(days=1)
    assert isinstance(accounts.who(people, token.text, now=end - timedelta(seconds=1)), Person)
    assert accounts.who(people, token.text, now=end) == Unknown("token_expired", "Bo", token.info.id)
    accounts.revoke(people, token.info.id, by=ADMIN, now=NOW)
    assert accounts.who(people, token.text, now=NOW) == Unknown("token_revoked", "Bo", token.info.id)
    again = accounts.issue(people, "Bo", days=1, by=ADMIN, now=NOW)
    accounts.deactivate(people, "Bo", by=ADMIN, now=NOW)
    assert accounts.who(people, again.text, now=NOW) == Unknown("inactive", "Bo", again.info.id)
    with pytest.raises(UsageError, match="inactive"):
        accounts.issue(people, "Bo", days=1, by=ADMIN, now=NOW)
    back = accounts.add(people, "Bo", ["viewer"], by=ADMIN, now=NOW)
    assert (back.active, back.roles) == (True, ("viewer",))
    assert accounts.who(people, again.text, now=NOW) == Unknown("token_revoked", "Bo", again.info.id), (
        "it stays revoked"
    )
    with pytest.raises(UsageError, match="revoked already"):
        accounts.revoke(people, token.info.id, by=ADMIN, now=NOW)
    with pytest.raises(UsageError, match="not the id"):
        accounts.revoke(people, "nothing", by=ADMIN, now=NOW)


def test_use_is_noted_once_a_minute(people: People) -> None:
    token = first(people)

    def used(after: int) -> datetime | None:
        accounts.who(people, token.text, now=NOW + timedelta(seconds=after))
        return accounts.tokens(people)[0].last_used_at

    assert used(0) == NOW
    assert used(59) == NOW
    assert used(60) == NOW + timedelta(seconds=60)


def test_every_change_is_in_the_log_and_no_secret_anywhere(people: People, tmp_path: Path) -> None:
    tokens = [first(people), second(people)]
    accounts.give_roles(people, "Bo", ["reviewer"], by=ADMIN, now=NOW)
    accounts.revoke(people, tokens[1].info.id, by=ADMIN, now=NOW)
    accounts.deactivate(people, "Bo", by=ADMIN, now=NOW)
    changes = ["add", "token", "add", "token", "roles", "revoke", "deactivate"]
    assert [body["change"] for body in access(people)] == changes
    assert [body["by"] for body in access(people)] == [None, None, *["Ines Vogel"] * 5]
    assert log.verify(people).ok
    people.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
    for token in tokens:
        assert token.text.encode() not in stored
        assert token.text not in repr(token)
        assert token.text[3:] not in json.dumps(repr(token.info))


def test_a_change_that_cannot_be_leaves_nothing_behind(people: People) -> None:
    with pytest.raises(UsageError, match="has to be an admin"):
        accounts.add(people, "Bo", ["approver"], by=None, now=NOW)
    assert accounts.none_yet(people)
    first(people)
    before = access(people)
    with pytest.raises(UsageError, match="accounts already"):
        accounts.add(people, "Bo", ["admin"], by=None, now=NOW)
    with pytest.raises(UsageError, match="An admin issues tokens"):
        accounts.issue(people, "Ines Vogel", days=1, by=None, now=NOW)
    for act in (
        lambda: accounts.deactivate(people, "Ines Vogel", by=ADMIN, now=NOW),
        lambda: accounts.give_roles(people, "Ines Vogel", ["approver"], by=ADMIN, now=NOW),
    ):
        with pytest.raises(UsageError, match="Nobody would be left"):
            act()
    with pytest.raises(UsageError, match="1 to 366"):
        accounts.issue(people, "Ines Vogel", days=0, by=ADMIN, now=NOW)
    with pytest.raises(UsageError, match="no account"):
        accounts.issue(people, "Nobody", days=1, by=ADMIN, now=NOW)
    with pytest.raises(UsageError, match="Allowed: viewer"):
        accounts.add(people, "Cy", ["owner"], by=ADMIN, now=NOW)  # type: ignore[list-item]  # what a user may type
    assert access(people) == before
    assert [one.name for one in accounts.all(people)] == ["Ines Vogel"]


def test_when_no_admin_can_come_in_whoever_holds_the_file_issues_an_admins_token(people: People) -> None:
    first(people)
    second(people)
    later = NOW + timedelta(days=31)
    assert accounts.leaderless(people, now=later)
    with pytest.raises(UsageError, match="An admin issues"):
        accounts.issue(people, "Bo", days=1, by=None, now=later)
    accounts.issue(people, "Ines Vogel", days=1, by=None, now=later)
    assert not accounts.leaderless(people, now=later)


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 81, "A\nB", "A\x1b[31m", "A\u202eB", "A\u200bB", "-rf", "=cmd", MONITOR, "GATEHOLD Monitor"]
)
def test_names_that_could_pass_for_something_else_are_refused(people: People, name: str) -> None:
    first(people)
    with pytest.raises(UsageError):
        accounts.add(people, name, ["viewer"], by=ADMIN, now=NOW)


def test_names_that_look_alike_are_one(people: People) -> None:
    first(people)
    for alike in ("ines vogel", "INES  VOGEL", "\uff29nes Vogel"):
        with pytest.raises(UsageError, match="already"):
            accounts.add(people, alike, ["viewer"], by=ADMIN, now=NOW)
    assert accounts.add(people, "  Zoé O'Neil 王  ", ["viewer"], by=ADMIN, now=NOW).name == "Zoé O'Neil 王"


def test_a_file_of_the_version_before_gets_the_tables_and_keeps_its_log(tmp_path: Path) -> None:
    head = long_log(tmp_path)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.executescript(
            "DROP TABLE review_labels; DROP TABLE review_items; DROP TABLE review_queues; "
            "DROP TABLE browser_sessions; DROP TABLE links; DROP TABLE sign_in_attempts; "
            "DROP TABLE tokens; DROP TABLE accounts; UPDATE alembic_version SET version_num = '0001';"
        )
    connection.close()
    with People.open(tmp_path) as people:
        assert accounts.none_yet(people)
        first(people)
        report = log.verify(people, expected_head=head)
    assert (report.ok, report.entries) == (True, head[0] + 2)
