"""Metrics: the expression language they are written in, and the catalogue of the built-in ones."""
