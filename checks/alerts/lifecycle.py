"""What has to be told now, beyond the moment of a decision: reminders, escalations, recoveries, lapses, summaries.

Each notice has an id of its own that follows from what it is about, so that whoever computes them twice, in another
process or after a crash, finds the same ones and writes them once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.alerts import maintenance
from checks.alerts.records import Lapse, Notice, Pause, Told
from warehouse.records.headlines import Headline

if TYPE_CHECKING:
    from checks.policy import Policy

RECENT = timedelta(days=2)
"""How long after its end a recovery is still news."""


def due(
    policy: Policy,
    pauses: Sequence[Pause],
    lapses: Sequence[Lapse],
    headlines: Sequence[Headline],
    told: Told,
    now: datetime,
    *,
    missing: Collection[str] = (),
) -> tuple[Notice, ...]:
    """Every notice that should have been written by `now`; those with a known id are written already.

    `headlines` are the entries since the beginning of the maintenance that ended last, `told` which channels were
    told of which decisions, `missing` the channels that have heard already that runs are missing. A channel in
    maintenance gets nothing now.
    """
    found = [
        *(notice for pause in pauses for notice in _of_pause(policy, pause, told, now)),
        *_of_lapses(policy, [lapse for lapse in lapses if now >= lapse.valid_until], missing),
    ]
    heard = {channel.name for channel in policy.alerts if not maintenance.quiet(policy, channel, now)}
    return (
        *(notice for notice in found if notice.channel in heard),
        *maintenance.summaries(policy, headlines, told, now),
    )


def _of_pause(policy: Policy, pause: Pause, told: Told, now: datetime) -> Iterator[Notice]:
    if pause.ended is not None:
        yield from _recovered(policy, pause, pause.ended, told, now)
        return
    if pause.opened.at > now:
        # The clock stepped back, or somebody judges as of another day.
        return
    yield from _first(policy, pause, told)
    if pause.acknowledged is None:
        yield from _again(policy, pause, now)
        yield from _further(policy, pause, now)


def _first(policy: Policy, pause: Pause, told: Told) -> Iterator[Notice]:
    """A pause that a person made: the monitor writes its own alerts with its decision."""
    opened = pause.opened
    for channel in policy.alerts:
        held = maintenance.quiet(policy, channel, opened.at)
        if opened.by_person and not held and "pause" in channel.when and (opened.id, channel.name) not in told:
            yield _notice(policy, pause, channel.name, "pause", opened.summary, "first", opened.at)


def _again(policy: Policy, pause: Pause, now: datetime) -> Iterator[Notice]:
    """The newest reminder only: whoever slept through five is reminded once."""
    for channel in policy.alerts:
        every = channel.reminds
        count = (now - pause.opened.at) // every if every else 0
        if every and count > 0:
            at = pause.opened.at + count * every
            yield _notice(policy, pause, channel.name, "reminder", _still(pause, at), f"reminder-{count}", at)


def _further(policy: Policy, pause: Pause, now: datetime) -> Iterator[Notice]:
    for channel in policy.alerts:
        for number, step in enumerate(channel.escalate if "pause" in channel.when else (), 1):
            at = pause.opened.at + step.after
            if now >= at:
                summary = f"{_still(pause, at)} {channel.name} was told first."
                yield _notice(
                    policy, pause, step.to, "reminder", summary, f"escalated-from-{channel.name}-{number}", at
                )


def _recovered(policy: Policy, pause: Pause, ended: Headline, told: Told, now: datetime) -> Iterator[Notice]:
    if not ended.at <= now < ended.at + RECENT:
        return
    over = "resumed" if ended.kind == "resume" else "retired"
    for channel in policy.alerts:
        heard = any((decision, channel.name) in told for decision in pause.decisions)
        if heard and {"pause", "recovered"} <= set(channel.when):
            facts = (
                ("paused", _at(pause.opened.at)),
                ("stage", ended.stage),
                ("for", _span(ended.at - pause.opened.at)),
            )
            summary = f"The pause is over, {ended.rollout} is {over}. {ended.summary}"
            yield Notice(channel.name, "recovered", summary, facts, pause.about, "recovered", ended.at, ended)


def _of_lapses(policy: Policy, lapses: Sequence[Lapse], missing: Collection[str]) -> Iterator[Notice]:
    """One notice of all standings that lapsed: one monitor that stops stops for every rollout."""
    if not lapses:
        return
    first = min(lapses, key=lambda lapse: (lapse.valid_until, lapse.rollout))
    summary = (
        f"No run has renewed a standing since {_at(first.at)}; it lapsed to hold at {_at(first.valid_until)}. "
        "Is the monitor running?"
    )
    facts = (("rollouts", ", ".join(sorted(lapse.rollout for lapse in lapses))), *_people(policy, first.rollout))
    about = f"{first.rollout}/missed_run/{first.valid_until.isoformat()}"
    for channel in policy.alerts:
        if "missed_run" in channel.when and channel.name not in missing:
            yield Notice(channel.name, "missed_run", summary, facts, about, "first", first.valid_until, first.last)


def _notice(policy: Policy, pause: Pause, channel: str, event: str, summary: str, step: str, at: datetime) -> Notice:
    facts = (
        ("paused", _at(pause.opened.at)),
        ("stage", pause.opened.stage),
        *_people(policy, pause.opened.rollout),
        ("acknowledge", f"gatehold rollout acknowledge {pause.opened.rollout}"),
    )
    return Notice(channel, event, summary, facts, pause.about, step, at, pause.opened)


def _people(policy: Policy, rollout: str) -> tuple[tuple[str, str], ...]:
    found = next((r for r in policy.rollouts if r.name == rollout), None)
    if found is None:
        return ()
    people = [("owner", found.owner), ("deputy", found.deputy)]
    return tuple((word, f"{person.name}, {person.contact}") for word, person in people if person is not None)


def _still(pause: Pause, at: datetime) -> str:
    waited = _span(at - pause.opened.at)
    return f"Still paused after {waited}, and nobody has acknowledged it. {pause.opened.summary}"


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    days, hours = minutes // 1440, minutes % 1440 // 60
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"
