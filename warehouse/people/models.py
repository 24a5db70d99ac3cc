"""Tables of the people's records. Columns are text and integers only, so that what is stored is what is hashed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from typing import Literal as OneOf

from sqlalchemy import Dialect, ForeignKey, Index, Integer, Text, TypeDecorator, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from warehouse.people.canonical import time_text
from warehouse.records.decisions import DecisionKind

State = OneOf["waiting", "delivered", "superseded", "dead"]


class UtcText(TypeDecorator[datetime]):
    """A time in UTC as text of fixed width (microseconds); naive times are refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text to store."""
        return None if value is None else time_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The stored time, aware of its zone."""
        return None if value is None else datetime.fromisoformat(value)


class DecisionRow(SQLModel, table=True):
    """Grain: one decision. Append-only: triggers refuse UPDATE, DELETE and an INSERT anywhere but at the end."""

    __tablename__ = "decisions"

    seq: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    id: str = Field(sa_type=Text, unique=True)
    key: str = Field(sa_type=Text, unique=True)
    at: datetime = Field(sa_type=UtcText)
    rollout: str = Field(sa_type=Text, index=True)
    kind: DecisionKind = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    summary: str = Field(sa_type=Text)
    evidence_digest: str = Field(sa_type=Text)
    config_digest: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    previous_hash: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class DeliveryRow(SQLModel, table=True):
    """Grain: one message to one switch or channel. `number` is the order in which messages were written."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "next_at", sqlite_where=text("state = 'waiting'")),)

    number: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    id: str = Field(sa_type=Text, unique=True)
    decision_id: str = Field(sa_type=Text, sa_column_args=(ForeignKey("decisions.id"),), index=True)
    decision_seq: int = Field(sa_type=Integer)
    head: str = Field(sa_type=Text)
    rollout: str = Field(sa_type=Text)
    kind: OneOf["switch", "alert"] = Field(sa_type=Text)
    target: str = Field(sa_type=Text)
    action: str | None = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    state: State = Field(sa_type=Text)
    attempts: int = Field(sa_type=Integer)
    created_at: datetime = Field(sa_type=UtcText)
    next_at: datetime = Field(sa_type=UtcText)
    delivered_at: datetime | None = Field(sa_type=UtcText)
    last_error: str | None = Field(sa_type=Text)


class StandingRow(SQLModel, table=True):
    """Grain: one rollout: the standing last published, a lease until `valid_until`."""

    __tablename__ = "standings"

    rollout: str = Field(primary_key=True, sa_type=Text)
    body: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcText)
    valid_until: datetime = Field(sa_type=UtcText)


class AccountRow(SQLModel, table=True):
    """Grain: one person. `alike` is the name without what eyes do not tell apart, `roles` a JSON list.

    Names stay for good, since the decision log holds them; whoever leaves is made inactive.
    """

    __tablename__ = "accounts"

    name: str = Field(primary_key=True, sa_type=Text)
    alike: str = Field(sa_type=Text, unique=True)
    roles: str = Field(sa_type=Text)
    active: bool = Field(sa_type=Integer)
    created_at: datetime = Field(sa_type=UtcText)
    password_hash: str | None = Field(default=None, sa_type=Text)


class TokenRow(SQLModel, table=True):
    """Grain: one token. `digest` is the SHA-256 of its text, which is kept nowhere; `id` is public."""

    __tablename__ = "tokens"

    id: str = Field(primary_key=True, sa_type=Text)
    person: str = Field(sa_type=Text, sa_column_args=(ForeignKey("accounts.name"),), index=True)
    digest: str = Field(sa_type=Text, unique=True)
    created_at: datetime = Field(sa_type=UtcText)
    expires_at: datetime = Field(sa_type=UtcText)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcText)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcText)


class SessionRow(SQLModel, table=True):
    """Grain: one browser that is signed in. `digest` is the SHA-256 of the cookie, which is kept nowhere."""

    __tablename__ = "browser_sessions"

    digest: str = Field(primary_key=True, sa_type=Text)
    person: str = Field(sa_type=Text, sa_column_args=(ForeignKey("accounts.name"),), index=True)
    created_at: datetime = Field(sa_type=UtcText)
    used_at: datetime = Field(sa_type=UtcText)


class LinkRow(SQLModel, table=True):
    """Grain: one link that sets a password and has not been used. `person` is None for that of the first start."""

    __tablename__ = "links"

    digest: str = Field(primary_key=True, sa_type=Text)
    person: str | None = Field(default=None, sa_type=Text, sa_column_args=(ForeignKey("accounts.name"),))
    created_at: datetime = Field(sa_type=UtcText)
    expires_at: datetime = Field(sa_type=UtcText)


class AttemptRow(SQLModel, table=True):
    """Grain: one account or address that somebody tried to sign in with, by digest: `attempts` since `since`."""

    __tablename__ = "sign_in_attempts"

    key: str = Field(primary_key=True, sa_type=Text)
    attempts: int = Field(sa_type=Integer)
    since: datetime = Field(sa_type=UtcText)


class QueueRow(SQLModel, table=True):
    """Grain: one queue: the key of its draws in hexadecimal, and the newest batch that was looked at for it."""

    __tablename__ = "review_queues"

    queue: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(sa_type=Text)
    after_batch: int = Field(sa_type=Integer)


class ItemRow(SQLModel, table=True):
    """Grain: one row chosen for one queue. `chance` in millionths; `handed_in` is the number of its file of answers."""

    __tablename__ = "review_items"
    __table_args__ = (
        UniqueConstraint("queue", "event_id"),
        Index("ix_review_items_queue", "queue", "handed_in", "due_at"),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    queue: str = Field(sa_type=Text, sa_column_args=(ForeignKey("review_queues.queue"),))
    event_id: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=UtcText)
    chosen_at: datetime = Field(sa_type=UtcText)
    day: str = Field(sa_type=Text)
    due_at: datetime = Field(sa_type=UtcText)
    chance: int = Field(sa_type=Integer)
    doubled: int = Field(sa_type=Integer)
    strategies: str = Field(sa_type=Text)
    carried: str = Field(sa_type=Text)
    texts: str | None = Field(default=None, sa_type=Text)
    handed_in: int | None = Field(default=None, sa_type=Integer)


class LabelRow(SQLModel, table=True):
    """Grain: one row and one person: their label, None where they skipped it."""

    __tablename__ = "review_labels"

    item: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("review_items.id"),))
    person: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("accounts.name"),))
    at: datetime = Field(sa_type=UtcText)
    label: str | None = Field(default=None, sa_type=Text)
    note: str = Field(sa_type=Text)
