"""What changed with a standing that somebody may want to hear, and one alert out of it for each channel."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from checks.alerts.records import Happening
from checks.gates.records import Standing, Verdict

ALARMING = ("stale", "error")
GRAVEST = ("pause", "error", "stale", "hold", "restate", "recovered", "go")
MOST_FACTS = 20


def of_change(current: Standing, before: Mapping[str, Any] | None, *, paused: bool = False) -> tuple[Happening, ...]:
    """What is new in a standing; `before` is the stored standing of the decision before it (None: there was none).

    A standing that changed, a gate that became stale or failed to be checked, and the end of a hold or of such a gate.
    `paused` tells that the rollout was paused already, by a person: then the pause itself is no news.
    """
    return (*_standing(current, before, paused), *_gates(current, before))


def grouped(happenings: Sequence[Happening], wanted: Collection[str]) -> Happening | None:
    """One alert of all that a channel asks for, named after the gravest; None when it asks for nothing of it.

    The end of something is told to those only who ask for its beginning as well.
    """
    chosen = [h for h in happenings if h.event in wanted and (h.ended is None or h.ended in wanted)]
    if not chosen:
        return None
    first = min(chosen, key=lambda h: GRAVEST.index(h.event))
    rest = [h for h in chosen if h is not first]
    summary = first.summary if not rest else f"{first.summary} Also: {_listed([h.short for h in rest])}."
    facts = [fact for h in (first, *rest) for fact in h.facts] if rest else []
    if len(facts) > MOST_FACTS:
        facts = [*facts[:MOST_FACTS], ("more", f"{len(facts) - MOST_FACTS} gates; see the decision")]
    return Happening(first.event, summary, first.short, tuple(facts), gate=first.gate)


def _standing(current: Standing, before: Mapping[str, Any] | None, paused: bool) -> Iterator[Happening]:
    was = None if before is None else before["standing"]
    if was == current.standing or (paused and current.standing == "pause"):
        return
    summary = f"{current.standing}: {current.reasons[0].detail}"
    yield Happening(current.standing, summary, f"standing {current.standing}")
    if was == "hold" and current.standing == "go":
        yield Happening("recovered", f"The hold is over: {current.reasons[0].detail}", "hold over", ended="hold")


def _gates(current: Standing, before: Mapping[str, Any] | None) -> Iterator[Happening]:
    known = {v["gate"]: v["outcome"] for v in before["verdicts"]} if before else {}
    for verdict in current.verdicts:
        was = known.get(verdict.gate)
        if verdict.outcome in ALARMING and verdict.outcome != was:
            yield _alarming(verdict)
        elif was in ALARMING and verdict.outcome not in ALARMING:
            yield _over(verdict, was)
    judged = {verdict.gate for verdict in current.verdicts}
    for gate, was in known.items():
        if was in ALARMING and gate not in judged:
            summary = f"Gate {gate} was {was} and is not judged any more: it is not in the policy at this stage."
            yield Happening("recovered", summary, f"gate {gate} gone", ((f"gate {gate}", summary),), ended=was)


def _alarming(verdict: Verdict) -> Happening:
    said = f"{verdict.outcome}: {verdict.detail}"
    summary = f"Gate {verdict.gate} is {said}"
    short = f"gate {verdict.gate} {verdict.outcome}"
    return Happening(verdict.outcome, summary, short, ((f"gate {verdict.gate}", said),), gate=verdict.gate)


def _over(verdict: Verdict, was: str) -> Happening:
    said = f"no longer {was}, now {verdict.outcome}: {verdict.detail}"
    summary, short = f"Gate {verdict.gate} is {said}", f"gate {verdict.gate} no longer {was}"
    facts = ((f"gate {verdict.gate}", said),)
    return Happening("recovered", summary, short, facts, ended=was, gate=verdict.gate)


def _listed(words: Sequence[str], most: int = 5) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
