"""Passwords, links that work once, sessions that end, and how often somebody may try."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from board_tools import PASSWORD, let_in
from people_examples import NOW

from warehouse.people import accounts, attempts, log, passwords, sessions
from warehouse.people.file import FILE_NAME
from warehouse.people.store import People
from warehouse.records.errors import UsageError
from warehouse.records.people import Person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(people: People) -> Person:
    text = passwords.link(people, None, by=None, now=NOW)
    return passwords.accept(people, text, "Ada", PASSWORD, now=NOW)


def changes(people: People) -> list[str]:
    return [entry.body["change"] for entry in log.entries(people, kind="access")]


# ------------------------------------------------------------------------------------------------------------ passwords


def test_the_first_link_makes_the_first_admin_once(people: People) -> None:
    text = passwords.link(people, None, by=None, now=NOW)
    assert passwords.whose(people, text, now=NOW) == (True, None)
    assert passwords.accept(people, text, "Ada", PASSWORD, now=NOW) == Person("Ada", ("admin",))
    assert passwords.whose(people, text, now=NOW) == (False, None)
    with pytest.raises(UsageError, match="used or has ended"):
        passwords.accept(people, text, "Eve", PASSWORD, now=NOW)
    with pytest.raises(UsageError, match="An admin can sign in already"):
        passwords.link(people, None, by=None, now=NOW)
    assert changes(people) == ["link", "add", "password"]


def test_a_link_ends_after_an_hour_and_a_new_one_ends_the_old(people: People) -> None:
    old = passwords.link(people, None, by=None, now=NOW)
    new = passwords.link(people, None, by=None, now=NOW)
    assert passwords.whose(people, old, now=NOW) == (False, None)
    assert passwords.whose(people, new, now=NOW + HOUR) == (False, None)
    with pytest.raises(UsageError, match="has ended"):
        passwords.accept(people, new, "Ada", PASSWORD, now=NOW + HOUR)
    assert accounts.none_yet(people)


def test_a_bad_name_or_password_leaves_the_link_good(people: People) -> None:
    text = passwords.link(people, None, by=None, now=NOW)
    for name, password in (("", PASSWORD), ("Ada", "short"), ("Ada", "x" * 1025), ("gatehold monitor", PASSWORD)):
        with pytest.raises(UsageError):
            passwords.accept(people, text, name, password, now=NOW)
    assert passwords.accept(people, text, "Ada", PASSWORD, now=NOW).name == "Ada"


def test_with_accounts_the_first_link_is_for_an_admin_among_them(people: People) -> None:
    admin = Person("Ada", accounts.add(people, "Ada", ["admin"], by=None, now=NOW).roles)
    accounts.add(people, "Vic", ["viewer"], by=admin, now=NOW)
    text = passwords.link(people, None, by=None, now=NOW)
    for name in ("Eve", "Vic"):
        with pytest.raises(UsageError, match="give the name of one that is an admin's"):
            passwords.accept(people, text, name, PASSWORD, now=NOW)
    assert passwords.accept(people, text, "ADA", PASSWORD, now=NOW).name == "Ada"


def test_only_the_right_pair_names_somebody(people: People, ada: Person) -> None:
    assert passwords.check(people, "Ada", PASSWORD) == ada
    assert passwords.check(people, " ada ", PASSWORD) == ada, "as the eye takes it"
    for name, password in (("Ada", PASSWORD.upper()), ("Eve", PASSWORD), ("", ""), ("Ada", "x" * 5000)):
        assert passwords.check(people, name, password) is None


def test_whoever_has_no_password_or_is_inactive_cannot_sign_in(people: People, ada: Person) -> None:
    accounts.add(people, "Bo", ["viewer"], by=ada, now=NOW)
    assert passwords.check(people, "Bo", "") is None
    bo = let_in(people, "Bob", "approver", NOW)
    secret = sessions.begin(people, bo, now=NOW)
    accounts.deactivate(people, "Bob", by=ada, now=NOW)
    assert passwords.check(people, "Bob", PASSWORD) is None
    assert sessions.who(people, secret, now=NOW) is None
    accounts.add(people, "Bob", ["viewer"], by=ada, now=NOW)
    assert passwords.check(people, "Bob", PASSWORD) is None, "whoever comes back sets a new one"


def test_letters_that_look_alike_are_one_password(people: People, ada: Person) -> None:
    text = passwords.link(people, "Ada", by=ada, now=NOW)
    passwords.accept(people, text, "", "caf\u00e9 au lait, merci", now=NOW)
    assert passwords.check(people, "Ada", "cafe\u0301 au lait, merci") == ada


def test_no_secret_is_in_the_file(people: People, ada: Person, tmp_path: Path) -> None:
    link = passwords.link(people, "Ada", by=ada, now=NOW)
    session = sessions.begin(people, ada, now=NOW)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        dump = "\n".join(connection.iterdump())
    assert PASSWORD not in dump
    assert link not in dump
    assert session not in dump
    assert "$argon2id$" in dump


# ------------------------------------------------------------------------------------------------------------- sessions


def test_a_session_ends_when_idle_when_old_and_when_ended(people: People, ada: Person) -> None:
    secret = sessions.begin(people, ada, now=NOW)
    assert sessions.who(people, secret, now=NOW + 59 * MINUTE) == ada
    assert sessions.who(people, secret, now=NOW + 118 * MINUTE) == ada, "used in between"
    assert sessions.who(people, secret, now=NOW + 178 * MINUTE) is None
    busy = sessions.begin(people, ada, now=NOW)
    for minutes in range(30, 12 * 60, 30):
        assert sessions.who(people, busy, now=NOW + minutes * MINUTE) == ada
    assert sessions.who(people, busy, now=NOW + 12 * HOUR) is None
    other = sessions.begin(people, ada, now=NOW)
    sessions.end(people, other)
    assert sessions.who(people, other, now=NOW) is None
    assert sessions.who(people, "", now=NOW) is None


def test_looking_without_using_keeps_nobody_signed_in(people: People, ada: Person) -> None:
    secret = sessions.begin(people, ada, now=NOW)
    for minutes in range(0, 60, 5):
        assert sessions.who(people, secret, now=NOW + minutes * MINUTE, used=False) == ada
    assert sessions.who(people, secret, now=NOW + HOUR, used=False) is None


def test_a_session_has_the_roles_of_now_and_a_new_password_ends_it(people: People, ada: Person) -> None:
    bo = let_in(people, "Bo", "viewer", NOW)
    secret = sessions.begin(people, bo, now=NOW)
    accounts.give_roles(people, "Bo", ["approver"], by=ada, now=NOW)
    assert sessions.who(people, secret, now=NOW) == Person("Bo", ("approver",))
    passwords.accept(people, passwords.link(people, "Bo", by=ada, now=NOW), "", PASSWORD, now=NOW)
    assert sessions.who(people, secret, now=NOW) is None


# ------------------------------------------------------------------------------------------------------------- attempts


def test_an_account_and_an_address_have_so_many_attempts(people: People) -> None:
    ada, home = attempts.account("Ada"), attempts.address("10.0.0.1")
    for _ in range(attempts.OF_ACCOUNT):
        assert attempts.begun(people, ada, home, now=NOW) is None
    assert attempts.begun(people, attempts.account(" ADA"), home, now=NOW + MINUTE) == attempts.SPAN - MINUTE
    with People.open(people.folder) as again:
        assert attempts.begun(again, ada, home, now=NOW + MINUTE) is not None, "a restart forgets nothing"
    for number in range(attempts.OF_ADDRESS - attempts.OF_ACCOUNT):
        assert attempts.begun(people, attempts.account(f"x{number}"), home, now=NOW) is None
    assert attempts.begun(people, attempts.account("new"), home, now=NOW) is not None
    assert attempts.begun(people, ada, home, now=NOW + attempts.SPAN) is None


def test_success_forgets_the_account_and_gives_the_address_its_attempt_back(people: People) -> None:
    ada, home = attempts.account("Ada"), attempts.address("::1")
    for _ in range(70):
        assert attempts.begun(people, ada, home, now=NOW) is None
        attempts.succeeded(people, ada, home)


def test_neighbours_of_one_network_count_together_and_what_is_kept_is_bounded(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempts.address("2001:db8::1") == attempts.address("2001:db8::ffff")
    assert attempts.address("2001:db8::1") != attempts.address("2001:db8:0:1::1")
    monkeypatch.setattr(attempts, "MOST_KEPT", 20)
    for number in range(60):
        at = NOW + timedelta(seconds=number)
        assert attempts.begun(people, attempts.account(f"n{number}"), attempts.address(f"h{number}"), now=at) is None
    with closing(sqlite3.connect(people.folder / FILE_NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM sign_in_attempts").fetchone() == (20,)
