"""Runs the migrations on the connection, and in the transaction, that the store hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from warehouse.people import models  # noqa: F401 (declares the tables)

context.configure(
    connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
