"""Drift of columns against a pinned reference."""
