"""Decision log, outbox and published standings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# BEFORE triggers also stop INSERT OR REPLACE, which deletes without asking the DELETE trigger.
APPEND_ONLY = (
    """
    CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'the decision log is append-only: an entry is never changed'); END
    """,
    """
    CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions
    BEGIN SELECT RAISE(ABORT, 'the decision log is append-only: an entry is never removed'); END
    """,
    """
    CREATE TRIGGER decisions_only_at_the_end BEFORE INSERT ON decisions
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM decisions)
        OR EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id OR key = NEW.key)
        OR NEW.previous_hash
            <> coalesce((SELECT hash FROM decisions ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
    BEGIN SELECT RAISE(ABORT, 'the decision log is append-only: an entry follows the last one and its hash'); END
    """,
)


def upgrade() -> None:
    """Make the tables and the triggers that keep the log append-only."""
    _decisions()
    _outbox()
    op.create_table(
        "standings",
        sa.Column("rollout", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("valid_until", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    for trigger in APPEND_ONLY:
        op.execute(trigger)


def _decisions() -> None:
    texts = ("at", "rollout", "kind", "actor", "summary", "evidence_digest", "config_digest", "body")
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in (*texts, "previous_hash", "hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_decisions_rollout", "decisions", ["rollout"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("decision_id", sa.Text, sa.ForeignKey("decisions.id"), nullable=False),
        sa.Column("decision_seq", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("rollout", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, sa.CheckConstraint("kind IN ('switch', 'alert')"), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("action", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("next_at", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.Text),
        sa.Column("last_error", sa.Text),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'superseded', 'dead')"),
        sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'switch') = (action IS NOT NULL)"),
        sqlite_strict=True,
    )
    op.create_index("ix_outbox_decision_id", "outbox", ["decision_id"])
    op.create_index("ix_outbox_waiting", "outbox", ["next_at"], sqlite_where=sa.text("state = 'waiting'"))
