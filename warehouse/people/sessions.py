"""Browsers that are signed in: each a cookie, of which the digest is kept, until it idles or its time is over."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import col, delete

from warehouse.people import accounts
from warehouse.people.models import AccountRow, SessionRow
from warehouse.people.store import People
from warehouse.records.people import Person

IDLE = timedelta(hours=1)
WHOLE = timedelta(hours=12)
NOTED = timedelta(minutes=1)
"""Uses closer together than this are noted once: a reader must not write at every page."""


def begin(people: People, person: Person, *, now: datetime) -> str:
    """The secret of a new session; it goes into the browser's cookie and is kept nowhere."""
    text = secrets.token_urlsafe(32)
    with people.write() as session:
        session.exec(
            delete(SessionRow).where(
                (col(SessionRow.used_at) <= now - IDLE) | (col(SessionRow.created_at) <= now - WHOLE)
            )
        )
        session.add(SessionRow(digest=accounts.digest(text), person=person.name, created_at=now, used_at=now))
    return text


def who(people: People, text: str, *, now: datetime, used: bool = True) -> Person | None:
    """Who is signed in, with the roles they have now; None once it idled an hour, is twelve old, or was ended.

    With `used` false, looking does not count as a use: a page that renews itself must not keep anybody signed in.
    """
    with people.read() as session:
        row = session.get(SessionRow, accounts.digest(text))
        if row is None or not row.used_at <= now < min(row.used_at + IDLE, row.created_at + WHOLE):
            return None
        account = session.get(AccountRow, row.person)
        if account is None or not account.active:
            return None
        found, noted = accounts.account(account), now < row.used_at + NOTED
    if used and not noted:
        with people.write() as session:
            again = session.get(SessionRow, accounts.digest(text))
            if again is not None:
                again.used_at = now
                session.add(again)
    return Person(found.name, found.roles)


def end(people: People, text: str) -> None:
    """Nothing; the session names nobody any more."""
    with people.write() as session:
        session.exec(delete(SessionRow).where(col(SessionRow.digest) == accounts.digest(text)))


def form_token(text: str) -> str:
    """What the forms of a browser carry, to show that they are ours; it tells nothing of the cookie's own secret."""
    return hashlib.sha256(f"form {text}".encode("utf-8", "surrogatepass")).hexdigest()
