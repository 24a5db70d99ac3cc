"""Profiles of columns as mergeable integer cells: what is compared when drift is measured."""
