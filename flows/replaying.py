"""Replay: what another policy would have decided on this history, judged on a copy and never acted on.

Every moment at which the monitor ran is judged again with what was known then. The result is exploratory: whoever
looks for a policy that would have done well on the past finds one, and that proves nothing about the future.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.replay.model import Difference, GateDifference, Replay, Tally
from flows.stores import Stores, open_stores
from warehouse.records.decisions import MONITOR, DecisionEntry, NewDecision
from warehouse.records.errors import UsageError
from warehouse.records.intervals import Interval

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy
    from flows.project import Project
    from warehouse.rewinding import Rewound

Say = Callable[[str], None]

NEVER_RUN = "no run"
"""What stands for the standing of a moment at which the monitor had said nothing."""


@dataclass(frozen=True, slots=True)
class _Then:
    """What the live history says: standings by rollout and moment, outcomes of their gates, and acts of people."""

    standings: Mapping[str, Mapping[datetime, str]]
    outcomes: Mapping[tuple[str, datetime], Mapping[str, str]]
    acts: tuple[DecisionEntry, ...]


def replay(project: Project, *, start: datetime, end: datetime, say: Say = lambda _: None) -> Replay:
    """The policy of `project` on the history in its data folder, for moments in [start, end).

    Moments are those at which the monitor ran; where it never did, every end of a window. Acts of people (starts,
    expansions, resumes, waivers) are taken from the log at their times. Expectations of the data layer are not carried
    out again: their stored results count. Sources are not read.

    Raises:
        UsageError: the span holds no time, or there is no history yet.
    """
    Interval(start, end)
    if not project.data.is_dir():
        raise UsageError(f"There is no history in {project.data}. Name the folder of the live data with --data.")
    from warehouse import rewinding
    from warehouse.people.store import People

    with tempfile.TemporaryDirectory(prefix="gatehold-replay-") as folder:
        say("Copying the history")
        with open_stores(project, say=say) as live:
            then = _read_then(live, project.policy, start, end)
            copied = rewinding.copy(live.warehouse, Path(folder) / "history")
        mine = Path(folder) / "replay"
        with rewinding.rewound(copied, mine) as rewound, People.open(mine) as people:
            stores = Stores(rewound.warehouse, people)
            moments = _moments(then, rewound, project.policy, start, end)
            judged = list(_judge(replace(project, data=mine), stores, rewound, then.acts, moments, say))
    return _compared(project, start, end, then, moments, judged)


def write_page(found: Replay, path: Path) -> None:
    """Write the page of differences: one file that needs no network."""
    from dashboards.replay.page import page

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(found), encoding="utf-8")


def _read_then(live: Stores, policy: Policy, start: datetime, end: datetime) -> _Then:
    from warehouse import history
    from warehouse.people import log

    standings: dict[str, dict[datetime, str]] = {}
    outcomes: dict[tuple[str, datetime], dict[str, str]] = {}
    for rollout in (r.name for r in policy.rollouts):
        known = history.standings(live.warehouse, rollout)
        standings[rollout] = {s.at: s.standing for s in known if start <= s.at < end}
        for gate, at, outcome in history.outcomes(live.warehouse, rollout, start, end):
            outcomes.setdefault((rollout, at), {})[gate] = outcome
    acts = tuple(e for e in log.entries(live.people) if e.actor != MONITOR and e.at < end)
    return _Then(standings, outcomes, acts)


def _moments(then: _Then, rewound: Rewound, policy: Policy, start: datetime, end: datetime) -> list[datetime]:
    """When the monitor ran; if it never did, every end of a window from the first arrival on."""
    ran = sorted({at for by_time in then.standings.values() for at in by_time})
    if ran:
        return ran
    first = rewound.began()
    if first is None:
        return []
    from flows.epochs import floor

    at = floor(max(start, first), int(policy.window.total_seconds())) + policy.window
    count = max(0, -(-(end - at) // policy.window))
    return [at + i * policy.window for i in range(count)]


def _judge(
    project: Project,
    stores: Stores,
    rewound: Rewound,
    acts: Sequence[DecisionEntry],
    moments: Sequence[datetime],
    say: Say,
) -> Iterator[list[Standing]]:
    """The standings of all rollouts at every moment. Decisions go into a log that is thrown away; nothing is sent."""
    from flows import deciding, drifting, summarising
    from flows.checking import DataChecks

    names = {rollout.name for rollout in project.policy.rollouts}
    waiting = [act for act in acts if act.rollout in names]
    for number, at in enumerate(moments):
        if number % 20 == 0:
            say(f"Judging {at:%Y-%m-%d %H:%M}: {100 * number // len(moments)} %")
        rewound.advance(at)
        while waiting and waiting[0].at <= at:
            _repeat(stores, waiting.pop(0))
        summarising.summarise(project, stores)
        checks = DataChecks(drift=drifting.compare_all(project, stores, now=at))
        yield [outcome.standing for outcome in deciding.decide_all(project, stores, checks, now=at)]


def _repeat(stores: Stores, act: DecisionEntry) -> None:
    from warehouse.people import log

    new = NewDecision(
        key=act.key,
        at=act.at,
        rollout=act.rollout,
        kind=act.kind,
        actor=act.actor,
        summary=act.summary,
        evidence_digest=act.evidence_digest,
        config_digest=act.config_digest,
        body=act.body,
    )
    log.append(stores.people, new)


def _compared(
    project: Project,
    start: datetime,
    end: datetime,
    then: _Then,
    moments: Sequence[datetime],
    judged: Sequence[Sequence[Standing]],
) -> Replay:
    found: list[Difference] = []
    tallies: list[Tally] = []
    for place, rollout in enumerate(r.name for r in project.policy.rollouts):
        said = [then.standings[rollout].get(at, NEVER_RUN) for at in moments]
        came = [standings[place] for standings in judged]
        tallies.append(Tally(rollout, _counted(said), _counted([s.standing for s in came])))
        found += _differences(rollout, said, came, then)
    return Replay(start, end, project.file.name, project.policy.digest, len(moments), tuple(tallies), tuple(found))


def _differences(rollout: str, said: Sequence[str], came: Sequence[Standing], then: _Then) -> list[Difference]:
    """Spans of moments that differ in the same way; a moment at which both agree ends one."""
    found: list[Difference] = []
    open_: tuple[str, str] | None = None
    for before, standing in zip(said, came, strict=True):
        pair = (before, standing.standing)
        if pair == open_:
            found[-1] = replace(found[-1], end=standing.at)
        elif before != standing.standing:
            gates = _gates(then.outcomes.get((rollout, standing.at), {}), standing)
            reason = standing.reasons[0].detail
            found.append(Difference(rollout, standing.at, standing.at, *pair, reason, gates))
        open_ = pair if before != standing.standing else None
    return found


def _gates(said: Mapping[str, str], standing: Standing) -> tuple[GateDifference, ...]:
    came = {verdict.gate: verdict.outcome for verdict in standing.verdicts}
    names = sorted(said.keys() | came.keys())
    pairs = [GateDifference(name, said.get(name, ""), str(came.get(name, ""))) for name in names]
    return tuple(pair for pair in pairs if pair.then != pair.replayed)


def _counted(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
