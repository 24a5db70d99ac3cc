"""People who act: their roles, and the tokens that say who they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf
from typing import get_args

Role = OneOf["viewer", "reviewer", "approver", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Roles in order: each may do all that the ones before it may."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts, with every role that was given to them.

    `token` is the public id of the token that they showed, empty where there was none.
    """

    name: str
    roles: tuple[Role, ...]
    token: str = ""

    @property
    def role(self) -> Role:
        """The highest of their roles; viewer when they have none."""
        return highest(self.roles)

    @property
    def named(self) -> str:
        """Name and highest role, as the decision log names them."""
        return f"{self.name} ({self.role})"

    def may(self, role: Role) -> bool:
        """True when one of their roles is `role` or above it."""
        return any(ROLES.index(held) >= ROLES.index(role) for held in self.roles)


@dataclass(frozen=True, slots=True)
class Account:
    """A person that the store knows; whoever is not `active` may do nothing and keeps their name."""

    name: str
    roles: tuple[Role, ...]
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token without its secret; `id` is public. It ends at `expires_at`, or when it is revoked."""

    id: str
    person: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token: `info`, and `text`, which is shown this once and kept nowhere."""

    info: TokenInfo
    text: str

    def __repr__(self) -> str:
        """The public part only."""
        return f"IssuedToken(id={self.info.id!r}, person={self.info.person!r})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a token names nobody who may act.

    `code` is token_unknown, token_expired, token_revoked or inactive; `person` and `token` (public id) are empty for a
    token that was never issued.
    """

    code: OneOf["token_unknown", "token_expired", "token_revoked", "inactive"]
    person: str = ""
    token: str = ""


def highest(roles: Collection[Role]) -> Role:
    """The highest of the roles; viewer when there is none."""
    return max(roles, key=ROLES.index, default="viewer")


def in_order(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Each role once, from the lowest to the highest."""
    return tuple(sorted(set(roles), key=ROLES.index))
