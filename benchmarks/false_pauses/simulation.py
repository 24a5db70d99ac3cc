"""Runs every rule over the same simulated streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.false_pauses.rules import betting, engine, intervals, points, sequential
from benchmarks.false_pauses.setting import NEVER, Change, Integers, Setting, bad_units


@dataclass(frozen=True, slots=True)
class Rule:
    """`promise` says what the rule claims about false pauses, in a few words."""

    name: str
    promise: str
    first_pause: Callable[[Integers, Setting], Integers]


@dataclass(frozen=True, slots=True)
class Delay:
    """Looks after the change until half, and nine in ten, of the runs are paused that were not paused before it.

    Infinite where fewer are paused before the stream ends; both None where every run was paused before the change.
    """

    median: float | None
    ninety: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """What one rule did: the share of healthy runs ever paused, by rate, and its delays, by change and decline."""

    rule: Rule
    false: dict[float, float] = field(default_factory=dict)
    delays: dict[tuple[Change, float], Delay] = field(default_factory=dict)


OURS = Rule("Gatehold", "alpha for ever", engine.ours)

RULES = (
    Rule("point over the limit", "none", points.threshold),
    Rule("three points over the limit", "none", points.three_in_a_row),
    Rule("95 % bound of each look", "5 % at each look", intervals.each_look),
    Rule("95 % bound of all so far", "5 % at each look", intervals.everything_so_far),
    Rule("O'Brien-Fleming", "alpha in T looks", sequential.obrien_fleming),
    Rule("mSPRT", "alpha for ever, about", sequential.msprt),
    Rule("beta-binomial mixture", "alpha for ever", sequential.beta_binomial),
    Rule("betting (aGRAPA)", "alpha for ever", betting.agrapa),
    Rule("cumulative grid mixture", "alpha for ever", engine.cumulative),
    Rule("sliding window at alpha/T", "alpha in T looks", intervals.sliding_window),
    Rule("start mixture, published", "alpha for ever", engine.published),
    OURS,
)
"""In the order of the tables; T is the number of looks, which must be known beforehand."""


def simulate(setting: Setting) -> list[Found]:
    """What each rule did on the same streams."""
    found = [Found(rule) for rule in RULES]
    for stream, rate in enumerate(setting.healthy):
        bad = bad_units(setting, stream, np.full(setting.looks, rate))
        for one in found:
            one.false[rate] = float(np.mean(one.rule.first_pause(bad, setting) < NEVER))
    for stream, (change, decline) in enumerate(scenarios(setting), len(setting.healthy)):
        rates = np.where(np.arange(setting.looks) < change.after, change.quiet, decline)
        bad = bad_units(setting, stream, rates)
        for one in found:
            one.delays[change, decline] = delay(one.rule.first_pause(bad, setting), change)
    return found


def scenarios(setting: Setting) -> Iterator[tuple[Change, float]]:
    """Every change with every decline."""
    return ((change, decline) for change in setting.changes for decline in setting.declines)


def delay(paused: Integers, change: Change) -> Delay:
    """The delays of runs that were paused at these looks."""
    after = np.sort(paused[paused > change.after].astype(float)) - change.after
    if not len(after):
        return Delay(None, None)
    after[after >= NEVER - change.after] = np.inf
    return Delay(*(float(after[int(np.ceil(part * len(after))) - 1]) for part in (0.5, 0.9)))
