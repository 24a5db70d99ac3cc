"""`gatehold rollout`: people's acts on a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.acts import Because, Name, perform
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json, moment

if TYPE_CHECKING:
    from datetime import datetime, timedelta

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def start(
    rollout: Name, reason: Because, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False
) -> None:
    """Put a rollout under watch at its first stage.

    The first run of the monitor does so by itself; a rollout under watch is not an expansion. Needs an approver.
    """
    from flows import acting

    perform(
        config, data, act="start", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.start(
            people, project.policy, rollout, person, reason, now=now
        ),
    )  # fmt: skip


def advance(
    rollout: Name, reason: Because, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False
) -> None:
    """Take a rollout to its next stage.

    Needs an approver, a standing of go that is still valid, and the sign-offs that the policy asks for. A refusal names
    everything that is missing.
    """
    from flows import acting

    perform(
        config, data, act="advance", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.advance(
            people, project.policy, rollout, person, reason, now=now
        ),
    )  # fmt: skip


def pause(
    rollout: Name, reason: Because, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False
) -> None:
    """Stop a rollout at once.

    It waits for no run and asks for no evidence. Needs a reviewer.
    """
    from flows import acting

    perform(
        config, data, act="pause", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.pause(
            people, project.policy, rollout, person, reason, now=now
        ),
    )  # fmt: skip


def resume(
    rollout: Name,
    reason: Because,
    mended: Annotated[str, typer.Option(help="Link to what was mended: change, ticket.")] = "",
    mended_at: Annotated[
        str | None, typer.Option("--mended-at", help="When the mend was in place (ISO 8601, UTC if no offset).")
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Stage to resume at, the present or an earlier one.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm what another person has proposed.")] = False,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End a pause.

    Needs an approver, a link to what was mended, and evidence from after it: another release, or a window that ended
    after --mended-at for every gate that broke. Where the policy asks for two people, this proposes it and another
    person repeats it with --confirm.
    """
    from flows import acting

    at = _time(mended_at, "--mended-at")
    perform(
        config, data, act="resume", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.confirm(
            people, project.policy, rollout, person, reason, now=now
        ) if confirm else acting.resume(
            people, project.policy, rollout, person, reason, mended=mended, mended_at=at, stage=stage, now=now
        ),
    )  # fmt: skip


def retire(
    rollout: Name, reason: Because, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False
) -> None:
    """End the watch over a rollout for good.

    Nothing follows on it: the next rollout gets another name. Needs an approver.
    """
    from flows import acting

    perform(
        config, data, act="retire", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.retire(
            people, project.policy, rollout, person, reason, now=now
        ),
    )  # fmt: skip


def waive(
    rollout: Name,
    gate: Annotated[str, typer.Option(help="Gate that the exception is for.")],
    reason: Because,
    until: Annotated[str | None, typer.Option(help="When it ends (ISO 8601, UTC if no offset).")] = None,
    length: Annotated[str | None, typer.Option("--for", help="Or how long it lasts: 90m, 12h, 3d.")] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a signed exception for one gate, which ends by itself.

    No longer than the policy's `waivers` allow; without them there are none. A breach that is still there when it ends
    pauses the rollout again.
    """
    from flows import acting

    at, lasting = _time(until, "--until"), _length(length)
    perform(
        config, data, act="waive a gate of", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.waive(
            people, project.policy, rollout, person, reason, gate=gate, until=_end(at, lasting, now), now=now
        ),
    )  # fmt: skip


def sign_off(
    rollout: Name,
    reason: Because,
    stage: Annotated[str | None, typer.Option(help="The stage; the next one if not said.")] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Approve the next stage for the release that is judged now.

    Counts for that stage and release only, until the rollout is paused. Who has to sign is in the policy's `sign_offs`.
    """
    from flows import acting

    perform(
        config, data, act="sign off", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.sign_off(
            people, project.policy, rollout, person, reason, stage=stage, now=now
        ),
    )  # fmt: skip


def approve(
    rollout: Name,
    gate: Annotated[str, typer.Option(help="Gate whose present form is approved.")],
    reason: Because,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Accept that a gate became looser, or left the policy, in a breach.

    Until then a pass in the looser form does not take the breach off the record. Needs an approver.
    """
    from flows import acting

    perform(
        config, data, act="approve a gate of", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.approve(
            people, project.policy, rollout, person, reason, gate=gate, now=now
        ),
    )  # fmt: skip


def acknowledge(
    rollout: Name,
    reason: Because,
    decision: Annotated[
        str | None, typer.Option(help="Number or id of the decision; the newest pause or hold if not said.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say that you have seen a decision and are on it.

    Reminders and escalation of it end. Needs a reviewer.
    """
    from flows import acting

    perform(
        config, data, act="acknowledge a decision of", rollout=rollout, as_json=as_json,
        do=lambda people, project, person, now: acting.acknowledge(
            people, project.policy, rollout, person, reason, decision=decision, now=now
        ),
    )  # fmt: skip


def _time(text: str | None, option: str) -> datetime | None:
    return None if text is None else moment(text, option)


def _end(at: datetime | None, lasting: timedelta | None, now: datetime) -> datetime | None:
    return at if at is not None or lasting is None else now + lasting


def _length(text: str | None) -> timedelta | None:
    if text is None:
        return None
    from pydantic_core import PydanticCustomError

    from checks.policy.base import duration
    from warehouse.records.errors import UsageError

    try:
        return duration(text)
    except PydanticCustomError:
        raise UsageError(f"--for {text!r} is not a length of time. Write it like 90m, 12h or 3d.") from None
