"""Thresholds on point values: what most monitors and canary tools do."""

from __future__ import annotations

from benchmarks.false_pauses.setting import Integers, Setting, first


def threshold(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the rate of one look is over the limit."""
    return first(bad > setting.per_look * setting.limit)


def three_in_a_row(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the rates of three consecutive looks are over the limit."""
    over = bad > setting.per_look * setting.limit
    in_a_row = over.copy()
    in_a_row[:, :2] = False
    in_a_row[:, 2:] = over[:, 2:] & over[:, 1:-1] & over[:, :-2]
    return first(in_a_row)
