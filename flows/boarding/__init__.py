"""Boarding: what the board asks of flows, and the links with which people come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

LINK_PATH = "/link"


def link(address: str, key: str) -> str:
    """The address at which a link's secret sets a password."""
    return f"{address.rstrip('/')}{LINK_PATH}?key={key}"


def first_link(data: Path, address: str, *, now: datetime) -> str | None:
    """The link with which the first admin sets a password, good for an hour and once; None if an admin can sign in."""
    from warehouse.people import passwords
    from warehouse.people.store import People

    with People.open(data) as people:
        if passwords.an_admin_can_sign_in(people):
            return None
        try:
            return link(address, passwords.link(people, None, by=None, now=now))
        except UsageError:
            # Somebody was quicker.
            return None


def somebody_can_sign_in(data: Path) -> bool:
    """True while an account has a password; looking makes nothing where nothing is."""
    from warehouse.people import passwords
    from warehouse.people.file import FILE_NAME
    from warehouse.people.store import People

    if not (data / FILE_NAME).exists():
        return False
    with People.open(data) as people:
        return passwords.somebody_can_sign_in(people)
