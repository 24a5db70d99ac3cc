"""Alerts beyond the moment of a decision: reminders, escalations, recoveries, lapses, summaries, and announcements.

All of it follows from the decision log, the outbox, the policy and the time. Nothing else is kept, so any process may
look at any minute: what is due is written once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from checks.alerts import lifecycle, maintenance, pauses
from checks.alerts.records import Lapse, Notice
from flows.channels.port import alert_body
from warehouse.people import outbox, standings
from warehouse.people.headlines import headlines
from warehouse.people.outbox import Origin
from warehouse.records.decisions import Delivery, NewDelivery
from warehouse.records.headlines import Headline

if TYPE_CHECKING:
    from checks.policy import Policy
    from flows.project import Project
    from warehouse.people.store import People


def due(project: Project, people: People, now: datetime) -> list[Delivery]:
    """The alerts that have become due and were not there yet, written into the outbox; [] when nothing is new."""
    policy = project.policy
    if not policy.alerts:
        return []
    known = pauses.fold(headlines(people, kinds=pauses.KINDS))
    since = maintenance.recent(policy, now)
    missed = headlines(people, since=since) if since is not None else []
    told = outbox.told(people, {*(d for pause in known for d in pause.decisions), *(h.id for h in missed)})
    lapses = _lapses(policy, people, now)
    missing = outbox.heard(people, "missed_run", since=min(lapse.at for lapse in lapses)) if lapses else ()
    found = lifecycle.due(policy, known, lapses, missed, told, now, missing=missing)
    return outbox.add(people, [_message(notice) for notice in found], now=now)


def announce(
    people: People,
    policy: Policy,
    event: str,
    summary: str,
    facts: Mapping[str, str],
    now: datetime,
    *,
    about: str,
    rollout: str | None = None,
) -> list[Delivery]:
    """Alerts of something that no decision says (`ritual`, `missed_run`), one for each channel that asks for the event.

    `about` names the thing: the same is announced once to a channel, however often this is called. A channel in
    maintenance at `now` is left out and may be told by a later call. The alerts hang on the last decision (of `rollout`
    if named); [] before the first decision, and when no channel asks.
    """
    last = headlines(people, rollout=rollout, last=1)
    if not last:
        return []
    asking = [c for c in policy.alerts if event in c.when and not maintenance.quiet(policy, c, now)]
    if event == "missed_run":
        # Of one silence people hear once, whoever notices it first.
        lapses = _lapses(policy, people, now)
        known = outbox.heard(people, event, since=min(lapse.at for lapse in lapses)) if lapses else frozenset()
        asking = [channel for channel in asking if channel.name not in known]
    messages = []
    for channel in asking:
        text = "\x1f".join((event, about, channel.name))
        body = alert_body(
            event=event, summary=summary, at=now, simulated=last[0].simulated, facts=facts, about=about, step="first"
        )
        id = f"{event}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"
        messages.append((id, NewDelivery("alert", channel.name, body), _origin(last[0], rollout)))
    return outbox.add(people, messages, now=now)


def _message(notice: Notice) -> tuple[str, NewDelivery, Origin]:
    body = alert_body(
        event=notice.event,
        summary=notice.summary,
        at=notice.at,
        simulated=notice.under.simulated,
        facts={name: value for name, value in notice.facts if value},
        about=notice.about,
        step=notice.step,
    )
    return notice.id, NewDelivery("alert", notice.channel, body), _origin(notice.under, notice.under.rollout)


def _origin(entry: Headline, rollout: str | None) -> Origin:
    """The decision that an alert hangs on; one that is about no rollout names none."""
    return Origin(entry.id, entry.seq, entry.hash, rollout or "")


def _lapses(policy: Policy, people: People, now: datetime) -> list[Lapse]:
    """Standings that nobody renewed; looked for only where a channel wants to hear of it.

    A retired rollout is not judged any more, so nothing is missed there.
    """
    if not any("missed_run" in channel.when for channel in policy.alerts):
        return []
    found = []
    for rollout, standing in standings.latest(people).items():
        last = headlines(people, rollout=rollout, last=1) if standing.lapsed(now) else []
        watched = any(r.name == rollout for r in policy.rollouts)
        if last and watched and last[0].kind != "retire":
            found.append(Lapse(rollout, standing.at, standing.valid_until, last[0]))
    return found
