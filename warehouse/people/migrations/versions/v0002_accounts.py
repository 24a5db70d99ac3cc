"""People with roles, and the tokens that say who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables; a token's secret is in none of them."""
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text, primary_key=True),
        # Names that differ in case or form only would pass for one another.
        sa.Column("alike", sa.Text, nullable=False, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("active", sa.Integer, sa.CheckConstraint("active IN (0, 1)"), nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        # For signing in with a browser; empty for whoever only has tokens.
        sa.Column("password_hash", sa.Text),
        sqlite_strict=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("accounts.name"), nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("last_used_at", sa.Text),
        sa.Column("revoked_at", sa.Text),
        sqlite_strict=True,
    )
    op.create_index("ix_tokens_person", "tokens", ["person"])
