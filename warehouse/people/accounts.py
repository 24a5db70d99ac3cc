"""People and their tokens: who may act. Each change is an `access` entry of the decision log, in one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from warehouse.people import log
from warehouse.people.models import AccountRow, TokenRow
from warehouse.people.store import People
from warehouse.records.decisions import MONITOR, NewDecision
from warehouse.records.errors import UsageError
from warehouse.records.people import ROLES, Account, IssuedToken, Person, Role, TokenInfo, Unknown, in_order

PREFIX = "gh_"
LONGEST_NAME = 80
LONGEST_TOKEN_DAYS = 366
USED_AGAIN = timedelta(minutes=1)
"""Uses of a token closer together than this are noted once: a reading endpoint must not write at every call."""


def none_yet(people: People) -> bool:
    """True while no account was ever made."""
    with people.read() as session:
        return session.exec(select(AccountRow.name)).first() is None


def leaderless(people: People, *, now: datetime) -> bool:
    """True while no active admin has a token that is good."""
    with people.read() as session:
        return not _an_admin_can_come_in(session, now)


def all(people: People) -> list[Account]:
    """Every account by name, inactive ones included; [] if there is none."""
    with people.read() as session:
        return [account(row) for row in session.exec(select(AccountRow).order_by(col(AccountRow.name)))]


def tokens(people: People) -> list[TokenInfo]:
    """Every token without its secret, ended ones included, oldest first."""
    query = select(TokenRow).order_by(col(TokenRow.created_at), col(TokenRow.id))
    with people.read() as session:
        return [_info(row) for row in session.exec(query)]


def add(people: People, name: str, roles: Collection[Role], *, by: Person | None, now: datetime) -> Account:
    """The new account, or an inactive one of that name made active again with these roles.

    `by` is None only for the very first account, which has to be an admin's.

    Raises:
        UsageError: the name or a role cannot be, the name or one that looks like it is taken, there are accounts and
            nobody adds this one, or the first one is no admin.
    """
    with people.write() as session:
        return put(session, name, roles, by=by, now=now)


def put(session: Session, name: str, roles: Collection[Role], *, by: Person | None, now: datetime) -> Account:
    """As `add`, inside a transaction that the caller holds."""
    name, roles = _good_name(name), _good_roles(roles)
    first = session.exec(select(AccountRow.name)).first() is None
    if by is None and not first:
        raise UsageError("There are accounts already: an admin adds the next one, with a token of their own.")
    if first and "admin" not in roles:
        raise UsageError(f"The first account has to be an admin's: `gatehold people add {name!r} --role admin`.")
    row = session.exec(select(AccountRow).where(AccountRow.alike == alike(name))).first()
    if row is not None and (row.active or row.name != name):
        raise UsageError(f"There is an account {row.name!r} already; give {name!r} another name.")
    again = row is not None
    row = row or AccountRow(name=name, alike=alike(name), roles="", active=True, created_at=now)
    row.roles, row.active = json.dumps(roles), True
    if again:
        # Whoever comes back shows anew who they are.
        row.password_hash = None
    session.add(row)
    session.flush()
    what = f"{name} {'is back' if again else 'was added'} with {_listed(roles)}"
    note(session, by, "add", what, {"person": name, "roles": list(roles)}, now)
    return account(row)


def give_roles(people: People, name: str, roles: Collection[Role], *, by: Person, now: datetime) -> Account:
    """The account with these roles instead of those it had.

    Raises:
        UsageError: there is no such account, a role cannot be, or no active admin would be left.
    """
    roles = _good_roles(roles)
    with people.write() as session:
        row = found(session, name)
        before, row.roles = json.loads(row.roles), json.dumps(roles)
        session.add(row)
        session.flush()
        _keep_an_admin(session)
        what = f"{row.name} has {_listed(roles)} now, no longer {_listed(before)}"
        note(session, by, "roles", what, {"person": row.name, "roles": list(roles), "before": before}, now)
        return account(row)


def deactivate(people: People, name: str, *, by: Person, now: datetime) -> Account:
    """The account, which may do nothing any more; all its tokens are revoked.

    Raises:
        UsageError: there is no such account, it is inactive already, or no active admin would be left.
    """
    with people.write() as session:
        row = found(session, name)
        if not row.active:
            raise UsageError(f"{row.name} is inactive already.")
        row.active, row.password_hash = False, None
        session.add(row)
        session.flush()
        _keep_an_admin(session)
        revoked = []
        for token in session.exec(select(TokenRow).where(TokenRow.person == row.name)):
            if token.revoked_at is None:
                token.revoked_at = now
                session.add(token)
                revoked.append(token.id)
        body = {"person": row.name, "tokens": sorted(revoked)}
        note(session, by, "deactivate", f"{row.name} may do nothing any more", body, now)
        return account(row)


def issue(people: People, name: str, *, days: int, by: Person | None, now: datetime) -> IssuedToken:
    """A new token of a person for so many days; its text is in the answer and kept nowhere.

    `by` is None only for an admin, while no admin has a token that is good: the first one has to come in somehow, and
    whoever may write the file could come in anyway.

    Raises:
        UsageError: there is no such account, it is inactive, `days` is not 1 to 366, or nobody issues it who may.
    """
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise UsageError(f"A token lasts 1 to {LONGEST_TOKEN_DAYS} days; given {days}.")
    text = PREFIX + secrets.token_urlsafe(32)
    with people.write() as session:
        owner = found(session, name)
        if by is None and ("admin" not in json.loads(owner.roles) or _an_admin_can_come_in(session, now)):
            raise UsageError("An admin issues tokens, with a token of their own in GATEHOLD_TOKEN.")
        if not owner.active:
            raise UsageError(f"{owner.name} is inactive; an admin adds them again under the same name.")
        until = now.astimezone(UTC) + timedelta(days=days)
        row = TokenRow(
            id=secrets.token_hex(4), person=owner.name, digest=digest(text), created_at=now, expires_at=until
        )
        session.add(row)
        session.flush()
        body = {"person": owner.name, "token": row.id, "expires_at": until.isoformat()}
        note(session, by, "token", f"Token {row.id} of {owner.name} until {until:%Y-%m-%d}", body, now)
        return IssuedToken(_info(row), text)


def revoke(people: People, id: str, *, by: Person, now: datetime) -> TokenInfo:
    """The token, which names nobody any more.

    Raises:
        UsageError: there is no such token, or it was revoked before.
    """
    with people.write() as session:
        row = session.get(TokenRow, id)
        if row is None or row.revoked_at is not None:
            what = "was revoked already" if row else "is not the id of a token; `gatehold people list` shows them"
            raise UsageError(f"{id!r} {what}.")
        row.revoked_at = now
        session.add(row)
        session.flush()
        note(session, by, "revoke", f"Token {row.id} of {row.person} is revoked", {"token": row.id}, now)
        return _info(row)


def who(people: People, token: str, *, now: datetime) -> Person | Unknown:
    """The person whose token it is, with the roles they have now; else why it names nobody who may act."""
    with people.read() as session:
        row = session.exec(select(TokenRow).where(TokenRow.digest == digest(token))).first()
        if row is None:
            return Unknown("token_unknown")
        owner = found(session, row.person)
        if row.revoked_at is not None:
            return Unknown("token_revoked" if owner.active else "inactive", owner.name, row.id)
        if not owner.active:
            return Unknown("inactive", owner.name, row.id)
        if now >= row.expires_at:
            return Unknown("token_expired", owner.name, row.id)
        person = Person(owner.name, account(owner).roles, row.id)
        noted = row.last_used_at is not None and now < row.last_used_at + USED_AGAIN
    if not noted:
        with people.write() as session:
            used = session.get_one(TokenRow, person.token)
            used.last_used_at = now
            session.add(used)
    return person


def found(session: Session, name: str) -> AccountRow:
    """The row of an account.

    Raises:
        UsageError: there is no such account.
    """
    row = session.get(AccountRow, name)
    if row is None:
        raise UsageError(f"There is no account {name!r}; the list of people shows them all.")
    return row


def _keep_an_admin(session: Session) -> None:
    rows = session.exec(select(AccountRow).where(AccountRow.active == 1))
    if not any("admin" in json.loads(row.roles) for row in rows):
        raise UsageError("Nobody would be left who may manage people; make somebody else an admin first.")


def _an_admin_can_come_in(session: Session, now: datetime) -> bool:
    query = select(AccountRow.roles).join(TokenRow).where(AccountRow.active == 1, col(TokenRow.revoked_at).is_(None))
    return any("admin" in json.loads(roles) for roles in session.exec(query.where(TokenRow.expires_at > now)))


def note(
    session: Session, by: Person | None, change: str, summary: str, body: Mapping[str, Any], now: datetime
) -> None:
    """Write a change down, inside a transaction; bodies hold names, roles and public ids only."""
    count = session.exec(select(func.count()).select_from(AccountRow)).one()
    actor = by.named if by else "the person at this machine"
    new = NewDecision(
        key=f"access/{change}/{secrets.token_hex(8)}",
        at=now,
        rollout="",
        kind="access",
        actor=actor,
        summary=f"{summary}.",
        evidence_digest="",
        config_digest="",
        body={"change": change, **body, "by": by.name if by else None, "accounts": count},
    )
    log.put(session, new)


def _good_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    strange = [c for c in name if unicodedata.category(c)[0] in "CZ" and c != " "]
    if not name or len(name) > LONGEST_NAME or strange or name[0] in "-=+@":
        raise UsageError(
            f"{name!r} cannot be the name of an account. Allowed are 1 to {LONGEST_NAME} visible characters and single "
            "spaces, beginning with a letter or digit."
        )
    if alike(name) in (alike(MONITOR), "gatehold"):
        raise UsageError(f"{name!r} is how Gatehold names itself in the decision log; take another name.")
    return name


def alike(name: str) -> str:
    """The name as the eye takes it: without case, width and repeated spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _good_roles(roles: Collection[Role]) -> tuple[Role, ...]:
    wrong = sorted(set(roles) - set(ROLES))
    if wrong or not roles:
        given = ", ".join(wrong) or "none"
        raise UsageError(f"An account needs at least one role. Given: {given}. Allowed: {', '.join(ROLES)}.")
    return in_order(roles)


def _listed(roles: Collection[str]) -> str:
    return f"the role{'' if len(roles) == 1 else 's'} {', '.join(roles)}"


def digest(token: str) -> str:
    """What is kept of a secret that is long and random."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def account(row: AccountRow) -> Account:
    """The account of a row."""
    return Account(row.name, in_order(json.loads(row.roles)), bool(row.active), row.created_at)


def _info(row: TokenRow) -> TokenInfo:
    return TokenInfo(row.id, row.person, row.created_at, row.expires_at, row.last_used_at, row.revoked_at)
