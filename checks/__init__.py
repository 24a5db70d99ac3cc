"""Checks decide: values and `now` in, frozen records out."""
