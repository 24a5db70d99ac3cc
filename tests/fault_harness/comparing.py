"""What a project has come to, without what depends on when a step was repeated, and how two of them differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import projects as p
from ingest_tools import everything

from flows import explaining
from flows.project import Project
from warehouse.people import log, outbox, standings
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry, Delivery
from warehouse.store import Warehouse

from .receiving import Got

TIMES_OF_WORK = frozenset(
    {"arrived_at", "opened_at", "closed_at", "folded_at", "checked_at", "found_at", "pinned_at", "at_time", "made_at"}
)
"""Columns that say when Gatehold did something. All others are content, and must come out the same."""
NOT_COMPARED = frozenset(
    {"polls", "sightings", "standings", "verdicts", "retention_log", "retention_marks", "store_salts", "merges"}
)
"""Tables with a row for every look, or that only save work."""

LOOKED_AT = 2
"""How many of the newest decisions are recomputed: a run of the story writes at most so many."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a project holds and that others got from it.

    `rows` counts the rows of the warehouse by table and content, `decisions` the entries of the log, `messages` what
    the outbox holds, `standings` what is published. `files` are the names of all files. `entries`, `outbox` and `got`
    are as stored, `switch` what the file switches say, `alerts` the ids of the lines in the alert file. `earlier` are
    the ids of messages that were delivered before this step, to another path of the receiver. `unequal` are the
    positions of the newest decisions that do not come out again from what is stored.
    """

    rows: Counter[Hashable]
    decisions: Counter[Hashable]
    messages: Counter[Hashable]
    standings: Mapping[str, Hashable]
    files: frozenset[str]
    chain: bool
    entries: Sequence[DecisionEntry]
    outbox: Sequence[Delivery]
    got: Sequence[Got]
    switch: Mapping[str, tuple[str, str]]
    alerts: Sequence[str]
    earlier: frozenset[str]
    unequal: Sequence[int]


def delivered(project: Project) -> frozenset[str]:
    """Ids of the messages that were handed out so far."""
    if not project.data.exists():
        return frozenset()
    with People.open(project.data) as people:
        return frozenset(m.id for m in outbox.all(people) if m.state == "delivered")


def look(project: Project, got: Sequence[Got], earlier: frozenset[str]) -> Found:
    """What there is now; opens the stores."""
    with p.opened(project) as stores:
        rows = _rows(stores.warehouse)
        entries = log.entries(stores.people)
        messages = outbox.all(stores.people)
        chain = log.verify(stores.people).ok
        newest = [e for e in entries if "standing" in e.body and e.kind in ("go", "hold", "pause")][-LOOKED_AT:]
        unequal = [e.seq for e in newest if not explaining.explain(stores, e).equal]
        published = {name: _gates(s.body["standing"]) for name, s in standings.latest(stores.people).items()}
    known = {entry.id: entry for entry in entries}
    return Found(
        rows=rows,
        decisions=Counter(_decision(e) for e in entries if e.kind != "access"),
        messages=Counter(_message(m, known) for m in messages),
        standings=published,
        files=frozenset(str(f.relative_to(project.base)) for f in project.base.rglob("*") if f.is_file()),
        chain=chain,
        entries=entries,
        outbox=messages,
        got=got,
        switch=_switches(project.base),
        alerts=[alert["id"] for alert in p.alerts(project)],
        earlier=earlier,
        unequal=unequal,
    )


def _rows(warehouse: Warehouse) -> Counter[Hashable]:
    epochs = _epoch_names(warehouse)
    found: Counter[Hashable] = Counter()
    for table, rows in everything(warehouse).items():
        if table in NOT_COMPARED:
            continue
        columns = [c[0] for c in warehouse.connection.execute(f'DESCRIBE "{table}"').fetchall()]
        kept = [n for n, column in enumerate(columns) if column not in TIMES_OF_WORK]
        for row in rows:
            found[(table, *(repr(_named(row[n], epochs)) for n in kept))] += 1
    return found


def _named(value: Any, epochs: Mapping[str, str]) -> Any:
    return epochs.get(value, value) if isinstance(value, str) else value


def _epoch_names(warehouse: Warehouse) -> dict[Any, str]:
    """A name for every epoch that does not depend on when it was opened."""
    rows = warehouse.connection.execute(
        "SELECT epoch, gate, release, config_digest, first_window, corrects IS NOT NULL FROM epochs ORDER BY ALL"
    ).fetchall()
    names = {row[0]: "|".join(map(str, row[1:])) for row in rows}
    assert len(set(names.values())) == len(names), "epochs that cannot be told apart"
    return names


def _decision(entry: DecisionEntry) -> Hashable:
    told = entry.body.get("standing")
    what = _standing(told) if isinstance(told, dict) else entry.body.get("reason")
    # The evidence digest holds when each window was folded; `unequal` shows that it is the digest of what is stored.
    return (entry.rollout, entry.kind, entry.actor, entry.config_digest, bool(entry.evidence_digest), repr(what))


def _standing(told: Mapping[str, Any]) -> Hashable:
    return (_gates(told), tuple(r["code"] for r in told["reasons"]))


def _gates(told: Mapping[str, Any]) -> Hashable:
    """What a standing says, but its reasons: a run after a pause adds to them that the rollout is paused."""
    gates = tuple((v["gate"], v["outcome"], v["reason"], v["units"], v["estimate"]) for v in told["verdicts"])
    return (told["standing"], told["stage"], told["release"], gates)


def _message(message: Delivery, known: Mapping[str, DecisionEntry]) -> Hashable:
    what = message.body.get("action") or message.body.get("event")
    entry = known.get(message.decision_id)
    return (message.rollout, entry.kind if entry else None, message.kind, message.target, what, message.state)


def _switches(base: Path) -> dict[str, tuple[str, str]]:
    found = {}
    for path in base.glob("*.switch.json"):
        held = json.loads(path.read_text())
        found[held["rollout"]] = (held["action"], held["id"])
    return found


@dataclass(slots=True)
class Tally:
    """What went wrong; all zero when nothing did. `told` names each case."""

    lost: int = 0
    doubled: int = 0
    pauses_missed: int = 0
    chains_broken: int = 0
    decisions_unequal: int = 0
    standings_wrong: int = 0
    switches_wrong: int = 0
    left_over: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How much went wrong in all."""
        return sum(getattr(self, name) for name in COUNTED)

    def add(self, other: Tally) -> None:
        """Count another one in."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.told += other.told


COUNTED = tuple(each.name for each in fields(Tally) if each.name != "told")


def differ(expected: Found, found: Found) -> Tally:
    """How a project that was killed and started again differs from one that was left alone."""
    tally = Tally()
    for what in ("rows", "decisions", "messages"):
        before, after = getattr(expected, what), getattr(found, what)
        missing, extra = before - after, after - before
        tally.lost += missing.total()
        tally.doubled += extra.total()
        tally.told += [f"lost {what}: {one}" for one in list(missing)[:3]]
        tally.told += [f"more {what}: {one}" for one in list(extra)[:3]]
    _received(found, tally)
    tally.decisions_unequal += len(found.unequal)
    tally.told += [f"decision {seq} does not come out again" for seq in found.unequal]
    if not found.chain:
        tally.chains_broken += 1
    if dict(found.standings) != dict(expected.standings):
        tally.standings_wrong += 1
        tally.told.append(f"standings: {found.standings} instead of {expected.standings}")
    if _says(found) != _says(expected):
        tally.switches_wrong += 1
        tally.told.append(f"switches: {_says(found)} instead of {_says(expected)}")
    more = sorted(found.files - expected.files)
    tally.left_over += len(more)
    tally.told += [f"left over: {name}" for name in more]
    return tally


def _received(found: Found, tally: Tally) -> None:
    """Every message that is marked as delivered reached its receiver, each decision under one id, and no other came."""
    hooked = [m for m in found.outbox if m.target in (p.AGENT, "desk") and m.id not in found.earlier]
    ids = {g.id for g in found.got}
    for message in hooked:
        if message.state == "delivered" and message.id not in ids:
            missed = message.body.get("action") == "pause" and message.kind == "switch"
            tally.pauses_missed += missed
            tally.lost += not missed
            tally.told.append(f"never came: {message.id} {message.body.get('action') or message.body.get('event')}")
    unknown = ids - {m.id for m in found.outbox}
    tally.doubled += len(unknown)
    tally.told += [f"of no decision: {id}" for id in sorted(unknown)]
    keys = Counter((g.decision, g.type, g.rollout, g.action) for g in {g.id: g for g in found.got}.values())
    tally.doubled += sum(count - 1 for count in keys.values())
    _paused(found, tally)
    told = {m.id for m in found.outbox if m.target == "on-call" and m.state == "delivered"}
    tally.lost += len(told - set(found.alerts))


def _paused(found: Found, tally: Tally) -> None:
    """Each pause of the log has exactly one message to the switch, which is delivered or gave way to a newer act."""
    began: dict[str, bool] = {}
    for entry in found.entries:
        if entry.kind == "pause" and not began.get(entry.rollout):
            messages = [m for m in found.outbox if m.decision_id == entry.id and m.kind == "switch"]
            if [m.state for m in messages if m.body["action"] == "pause"] not in (["delivered"], ["superseded"]):
                tally.pauses_missed += 1
                tally.told.append(f"pause {entry.seq} of {entry.rollout} has {[m.state for m in messages]}")
        if entry.kind in ("pause", "resume"):
            began[entry.rollout] = entry.kind == "pause"


def _says(found: Found) -> dict[str, str]:
    """What each switch was told last: the file's own word, and of the webhook the newest decision, each id once."""
    says = {rollout: action for rollout, (action, _) in found.switch.items()}
    newest = max((g for g in found.got if g.type == "switch"), key=lambda g: g.seq, default=None)
    return {**says, **({newest.rollout: newest.action} if newest else {})}
