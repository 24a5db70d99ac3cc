"""How often somebody may try to sign in: counted for each account and each address, kept across restarts, bounded."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from warehouse.people import accounts
from warehouse.people.models import AttemptRow
from warehouse.people.store import People

SPAN = timedelta(minutes=15)
OF_ACCOUNT, OF_ADDRESS = 10, 60
"""Attempts within a span: an address may be that of a proxy, with many people behind it."""
MOST_KEPT = 10_000


def account(name: str) -> tuple[str, int]:
    """What attempts at an account are counted under, there or not, and how many it may have."""
    return _key("account", accounts.alike(name)), OF_ACCOUNT


def address(text: str) -> tuple[str, int]:
    """What attempts from an address are counted under, and how many it may have; of IPv6 the network counts."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return _key("address", text[:200]), OF_ADDRESS
    if found.version == 6:
        text = str(ipaddress.ip_network((found, 64), strict=False))
    return _key("address", text), OF_ADDRESS


def begun(people: People, *limits: tuple[str, int], now: datetime) -> timedelta | None:
    """None when an attempt may be made, which is counted before its outcome is known; else how long to wait."""
    with people.write() as session:
        session.exec(delete(AttemptRow).where(col(AttemptRow.since) <= now - SPAN))
        rows = [(session.get(AttemptRow, key), key, most) for key, most in limits]
        full = [row.since + SPAN - now for row, _, most in rows if row is not None and row.attempts >= most]
        if full:
            return max(full)
        for row, key, _ in rows:
            again = row or AttemptRow(key=key, attempts=0, since=now)
            again.attempts += 1
            session.add(again)
        session.flush()
        _forget_oldest(session)
    return None


def succeeded(people: People, account: tuple[str, int], address: tuple[str, int]) -> None:
    """Nothing; the account's attempts are forgotten, of the address this one alone."""
    with people.write() as session:
        session.exec(delete(AttemptRow).where(col(AttemptRow.key) == account[0]))
        row = session.get(AttemptRow, address[0])
        if row is not None:
            row.attempts = max(0, row.attempts - 1)
            session.add(row)


def _forget_oldest(session: Session) -> None:
    over = session.exec(select(func.count()).select_from(AttemptRow)).one() - MOST_KEPT
    if over > 0:
        oldest = select(AttemptRow.key).order_by(col(AttemptRow.since)).limit(over)
        session.exec(delete(AttemptRow).where(col(AttemptRow.key).in_(oldest)))


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind} {text}".encode("utf-8", "surrogatepass")).hexdigest()
