"""From entries of the decision log to chapters: one for each rollout, steps that say the same drawn together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboards.log_page.model import Chapter, Evidence, LogPage, Row, Step
from warehouse.records.decisions import MONITOR, ChainReport, DecisionEntry

STANDINGS = frozenset({"go", "hold", "pause"})
MOST_ROWS = 2000
"""Entries that the full list at the end of the page holds."""
MOST_TOLD, MOST_PROVED = 6, 3
"""Gates of which a step tells the whole sentence: those that do not pass, and those that do."""
ORDER = ("pass", "insufficient", "blocked", "stale", "no_data", "error", "breach")


def page(
    entries: Sequence[DecisionEntry],
    *,
    people: Mapping[str, tuple[str, str]],
    chain: ChainReport,
    config_digest: str,
    made_at: datetime,
    version: str,
) -> LogPage:
    """The page of these entries, in the order of the log; `people` names owner and deputy of each rollout."""
    by_rollout: dict[str, list[DecisionEntry]] = {name: [] for name in people}
    for entry in entries:
        by_rollout.setdefault(entry.rollout, []).append(entry)
    named = [(name, found) for name, found in by_rollout.items() if name]
    chapters = [_chapter(name, found, *people.get(name, ("", ""))) for name, found in named]
    if by_rollout.get(""):
        chapters.append(_chapter("", by_rollout[""], "", ""))
    rows = entries[-MOST_ROWS:]
    return LogPage(
        made_at=made_at,
        version=version,
        chain=chain,
        config_digest=config_digest,
        simulated=any(_standing(entry).get("simulated") for entry in entries),
        begins=entries[0].at if entries else None,
        ends=entries[-1].at if entries else None,
        chapters=tuple(chapters),
        rows=tuple(_row(entry) for entry in rows),
        left_out=len(entries) - len(rows),
    )


def steps(entries: Sequence[DecisionEntry]) -> tuple[Step, ...]:
    """The steps of one rollout: neighbours that the monitor decided alike, at one stage and release, are one."""
    found: list[Step] = []
    for entry in entries:
        made = _step(entry)
        last = found[-1] if found else None
        if last is not None and _alike(last, made):
            found[-1] = replace(made, first_seq=last.first_seq, since=last.since, count=last.count + 1)
        else:
            found.append(made)
    return tuple(found)


def _alike(last: Step, made: Step) -> bool:
    same = (last.kind, last.by, last.stage, last.release) == (made.kind, made.by, made.stage, made.release)
    return same and made.kind in STANDINGS and not made.by_person


def _chapter(name: str, entries: Sequence[DecisionEntry], owner: str, deputy: str) -> Chapter:
    made = steps(entries)
    standing = next((step for step in reversed(made) if step.kind in STANDINGS), None)
    retired = bool(made) and made[-1].kind == "retire"
    counts = Counter(step.kind for step in made)
    return Chapter(
        name=name,
        owner=owner,
        deputy=deputy,
        standing="retired" if retired else standing.kind if standing else "",
        stage=next((step.stage for step in reversed(made) if step.stage), ""),
        since=made[-1].since if retired else standing.since if standing else None,
        counts=tuple(counts.most_common()),
        steps=made,
    )


def _step(entry: DecisionEntry) -> Step:
    standing = _standing(entry)
    stage = standing.get("stage") or entry.body.get("stage") or ""
    release = standing.get("release") or entry.body.get("release") or ""
    return Step(
        kind=entry.kind,
        first_seq=entry.seq,
        last_seq=entry.seq,
        count=1,
        since=entry.at,
        until=entry.at,
        by=entry.actor,
        by_person=entry.actor != MONITOR,
        why=entry.summary,
        stage=str(stage),
        release=str(release),
        evidence=_evidence(standing),
        evidence_digest=entry.evidence_digest,
        hash=entry.hash,
    )


def _standing(entry: DecisionEntry) -> Mapping[str, Any]:
    """The standing that the entry says, or that a person saw when they acted; empty for neither."""
    found = entry.body.get("standing") or entry.body.get("standing_seen") or {}
    return found if isinstance(found, Mapping) else {}


def _evidence(standing: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """What the step rested on: gates that hold it up with their sentences, the proofs with least room, and the rest."""
    verdicts = [v for v in standing.get("verdicts", ()) if v.get("outcome") in ORDER]
    against = [v for v in verdicts if v["outcome"] not in ("pass", "blocked")]
    against.sort(key=lambda v: -ORDER.index(v["outcome"]))
    proved = [v for v in verdicts if v["outcome"] == "pass" and v.get("headroom") is not None]
    proved.sort(key=lambda v: v["headroom"])
    told = [*against[:MOST_TOLD], *proved[:MOST_PROVED]]
    said = [Evidence(v["outcome"], (str(v["gate"]),), str(v["detail"]), bool(v.get("waived"))) for v in told]
    rest: dict[str, list[str]] = {}
    for verdict in (v for v in verdicts if v not in told):
        rest.setdefault(verdict["outcome"], []).append(str(verdict["gate"]))
    said += [Evidence(outcome, tuple(rest[outcome])) for outcome in reversed(ORDER) if outcome in rest]
    return tuple(said)


def _row(entry: DecisionEntry) -> Row:
    return Row(
        entry.seq, entry.at, entry.rollout, entry.kind, entry.actor, entry.summary, entry.evidence_digest, entry.hash
    )
