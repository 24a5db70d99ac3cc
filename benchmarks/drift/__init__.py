"""Drift of 20 columns from profiles, beside one sum of every column and beside Evidently."""
