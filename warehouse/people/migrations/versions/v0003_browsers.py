"""Signing in with a browser: sessions, links that work once, and counts of attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; of sessions and links only digests are kept."""
    op.create_table(
        "browser_sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("accounts.name"), nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_browser_sessions_person", "browser_sessions", ["person"])
    op.create_table(
        "links",
        sa.Column("digest", sa.Text, primary_key=True),
        # Empty for the link of the first start, which names nobody yet.
        sa.Column("person", sa.Text, sa.ForeignKey("accounts.name")),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sqlite_strict=True,
    )
