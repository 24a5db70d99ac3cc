"""Pauses of every rollout, folded from the decision log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from checks.alerts.records import Pause
from warehouse.records.decisions import DecisionKind
from warehouse.records.headlines import Headline

KINDS: tuple[DecisionKind, ...] = ("pause", "resume", "retire", "acknowledge")
"""Entries that matter to pauses."""


def fold(headlines: Iterable[Headline]) -> tuple[Pause, ...]:
    """Every pause, open and ended ones, in the order of their beginnings; `headlines` come in the order of the log.

    A pause begins with the first entry that says it and ends with `resume` or `retire`; entries in between belong to
    it. It is acknowledged when an acknowledgement names any of them; whoever does it first counts.
    """
    open_: dict[str, Pause] = {}
    found: dict[str, Pause] = {}
    for entry in headlines:
        before = open_.get(entry.rollout)
        if entry.kind == "pause":
            after = Pause(entry, frozenset({entry.id})) if before is None else _said_again(before, entry)
        elif before is None:
            continue
        elif entry.kind == "acknowledge":
            after = _acknowledged(before, entry)
        elif entry.kind in ("resume", "retire"):
            after = replace(before, ended=entry)
        else:
            continue
        found[after.opened.id] = after
        if after.ended is None:
            open_[entry.rollout] = after
        else:
            del open_[entry.rollout]
    return tuple(found.values())


def _said_again(pause: Pause, entry: Headline) -> Pause:
    return replace(pause, decisions=pause.decisions | {entry.id})


def _acknowledged(pause: Pause, entry: Headline) -> Pause:
    if pause.acknowledged is not None or entry.acknowledges not in pause.decisions:
        return pause
    return replace(pause, acknowledged=entry)
