"""Passwords: hashed with Argon2id, set once with a link that works once, checked without telling who has an account."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlmodel import Session, col, delete, select

from warehouse.people import accounts
from warehouse.people.models import AccountRow, LinkRow, SessionRow
from warehouse.people.store import People
from warehouse.records.errors import UsageError
from warehouse.records.people import Person, Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 12, 1024
"""Characters that a password has."""
FIRST: tuple[Role, ...] = ("admin",)
"""The roles of whoever comes first."""
LINK_LASTS = timedelta(hours=1)
ENDED = "This link was used or has ended. An admin issues another; while there is none, a new start of the board does."
_AT_ONCE = threading.BoundedSemaphore(2)
"""A check takes 64 MiB on purpose: many at once would take the machine."""


def somebody_can_sign_in(people: People) -> bool:
    """True while an active account has a password."""
    with people.read() as session:
        query = select(AccountRow.name).where(AccountRow.active == 1, col(AccountRow.password_hash).is_not(None))
        return session.exec(query).first() is not None


def an_admin_can_sign_in(people: People) -> bool:
    """True while an active admin has a password."""
    with people.read() as session:
        return _an_admin(session)


def check(people: People, name: str, password: str) -> Person | None:
    """The person of that name and password; None for any other pair, after the same work.

    The name counts as the eye takes it, without case and width.
    """
    with people.read() as session:
        query = select(AccountRow).where(AccountRow.alike == accounts.alike(name), AccountRow.active == 1)
        row = session.exec(query).first()
        kept = row.password_hash if row is not None else None
        found = None if row is None else accounts.account(row)
    right = _verified(kept or _nobodys(), password)
    if not right or kept is None or found is None:
        return None
    if _hasher().check_needs_rehash(kept):
        _keep_anew(people, found.name, kept, hashed(password))
    return Person(found.name, found.roles)


def hashed(password: str) -> str:
    """What is kept of a password.

    Raises:
        UsageError: it has fewer than 12 or more than 1,024 characters.
    """
    if not LEAST <= len(password) <= MOST:
        raise UsageError(f"A password has {LEAST} to {MOST:,} characters; a few words with spaces will do.")
    with _AT_ONCE:
        return _hasher().hash(_normal(password))


def link(people: People, name: str | None, *, by: Person | None, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """The secret of a link with which a person sets a password, once; it is shown this once and kept nowhere.

    `name` None is that of the first start: whoever has it becomes an admin. That, and a link for an admin that nobody
    issues (`by` None), is given only while no admin can sign in.

    Raises:
        UsageError: there is no such account, it is inactive, or nobody issues it who may.
    """
    text = secrets.token_urlsafe(32)
    with people.write() as session:
        if by is None and _an_admin(session):
            raise UsageError("An admin can sign in already; they issue links on the page of people.")
        account = None if name is None else accounts.account(accounts.found(session, name))
        if by is None and account is not None and "admin" not in account.roles:
            raise UsageError(f"{name} is no admin; an admin issues their link.")
        if account is not None and not account.active:
            raise UsageError(f"{name} is inactive; an admin adds them again under the same name.")
        session.exec(delete(LinkRow).where(col(LinkRow.expires_at) <= now))
        session.exec(delete(LinkRow).where(col(LinkRow.person) == name))
        row = LinkRow(digest=accounts.digest(text), person=name, created_at=now, expires_at=now + lasts)
        session.add(row)
        whom = name or "the first admin"
        body = {"person": name, "expires_at": row.expires_at.isoformat()}
        accounts.note(session, by, "link", f"A link for {whom} to set a password with", body, now)
    return text


def whose(people: People, text: str, *, now: datetime) -> tuple[bool, str | None]:
    """Whether a link is good, and whose it is (None: the first start's)."""
    with people.read() as session:
        row = session.get(LinkRow, accounts.digest(text))
        return (False, None) if row is None or now >= row.expires_at else (True, row.person)


def accept(people: People, text: str, name: str, password: str, *, now: datetime) -> Person:
    """The person who has set a password with a link, which is used up; where they were signed in, they no longer are.

    `name` counts for the link of the first start alone: an admin that is there, or the first account.

    Raises:
        UsageError: the link is not good any more, the password or the name cannot be, or somebody else is admin.
    """
    kept = hashed(password)
    with people.write() as session:
        row = session.get(LinkRow, accounts.digest(text))
        if row is None or now >= row.expires_at:
            raise UsageError(ENDED)
        whom = _first(session, name, now) if row.person is None else row.person
        found = accounts.found(session, whom)
        if not found.active:
            raise UsageError(f"{whom} is inactive.")
        found.password_hash = kept
        session.add(found)
        session.delete(row)
        session.exec(delete(SessionRow).where(col(SessionRow.person) == whom))
        session.flush()
        person = Person(whom, accounts.account(found).roles)
        accounts.note(session, person, "password", f"{whom} has set a password", {"person": whom}, now)
        return person


def _first(session: Session, name: str, now: datetime) -> str:
    if _an_admin(session):
        raise UsageError("An admin can sign in already; ask them for a link of your own.")
    if session.exec(select(AccountRow.name)).first() is None:
        return accounts.put(session, name, FIRST, by=None, now=now).name
    row = session.exec(select(AccountRow).where(AccountRow.alike == accounts.alike(name))).first()
    if row is None or not row.active or "admin" not in accounts.account(row).roles:
        raise UsageError("There are accounts already; give the name of one that is an admin's.")
    return row.name


def _an_admin(session: Session) -> bool:
    query = select(AccountRow).where(AccountRow.active == 1, col(AccountRow.password_hash).is_not(None))
    return any("admin" in accounts.account(row).roles for row in session.exec(query))


def _keep_anew(people: People, name: str, before: str, after: str) -> None:
    with people.write() as session:
        row = accounts.found(session, name)
        if row.password_hash == before:
            row.password_hash = after
            session.add(row)


def _verified(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MOST:
        return False
    with _AT_ONCE:
        try:
            return _hasher().verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    """A hash that no password fits."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _normal(password: str) -> bytes:
    """Keyboards differ in how they put letters together."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
