"""Numbered migrations of the people's records; Alembic runs them when the store is opened."""
