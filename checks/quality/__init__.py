"""Checks of the data layer: expectations on new rows, changes of schema and of categories."""
