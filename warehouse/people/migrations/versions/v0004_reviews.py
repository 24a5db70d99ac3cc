"""Reviews: how far each queue has looked, the rows chosen for people, and the labels they gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "review_queues",
        sa.Column("queue", sa.Text, primary_key=True),
        # The key of the draws: random, and known to nothing but this file.
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("after_batch", sa.Integer, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "review_items",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("queue", sa.Text, sa.ForeignKey("review_queues.queue"), nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.Text, nullable=False),
        sa.Column("chosen_at", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False),
        sa.Column("chance", sa.Integer, nullable=False),
        sa.Column("doubled", sa.Integer, nullable=False),
        sa.Column("strategies", sa.Text, nullable=False),
        sa.Column("carried", sa.Text, nullable=False),
        # Empty once the row is handed on, or its raw text has reached its age.
        sa.Column("texts", sa.Text),
        sa.Column("handed_in", sa.Integer),
        sa.UniqueConstraint("queue", "event_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_review_items_queue", "review_items", ["queue", "handed_in", "due_at"])
    op.create_table(
        "review_labels",
        sa.Column("item", sa.Text, sa.ForeignKey("review_items.id"), primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("accounts.name"), primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        # Empty where the person skipped the row.
        sa.Column("label", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sqlite_strict=True,
    )
