"""`resume`: end a pause, with a reason, what was mended, and evidence from after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.gates.records import Standing
from checks.rollout import RolloutState
from warehouse.records.people import Person


@dataclass(frozen=True, slots=True)
class Mend:
    """What was mended before a pause may end: a link (change, ticket) and the moment from which it was in place."""

    link: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Broken:
    """What the log says of the pause that is to end.

    `release` is the one that was judged when it began (None: none was). `gates` are the names of gates in breach then,
    `waived` those under a waiver now. `on_record` are unwaived breaches not overcome, `loosened` gates whose form
    became looser while a breach of them was on record and whose change nobody approved.
    """

    release: str | None
    gates: frozenset[str]
    waived: frozenset[str]
    on_record: tuple[str, ...]
    loosened: tuple[str, ...]


def may_resume(
    state: RolloutState,
    standing: Standing | None,
    stages: Sequence[str],
    stage: str,
    broken: Broken,
    mend: Mend,
    person: Person,
    reason: str,
    *,
    rollout: str,
    now: datetime,
) -> Refusal | None:
    """None when the pause may end at `now` in `stage`, else all that stands against it.

    A pause ends only at the stage it came from or an earlier one, with a standing that is still valid, made since the
    pause began and since the mend, in which no gate is in breach. Its evidence is from after the mend when another
    release is judged than the one that was paused, or when every gate that broke is waived or rests on a window that
    ended after the mend. Silence, lost evidence, a loosened limit or a gate taken out of the policy overcome nothing.
    """
    missing = list(asking.lacks(person, "approver", reason, what=f"resume {rollout}"))
    if state.status != "paused":
        return of([*missing, Missing("not_paused", f"{rollout} is not paused.")])
    missing += _of_stage(state, stages, stage, rollout)
    missing += _of_mend(mend, now)
    if standing is None or not standing.at <= now < standing.valid_until:
        missing.append(Missing("lease_lapsed", "No run of the monitor speaks for this moment; run it again."))
    if standing is not None:
        missing += _of_breach(standing, broken, rollout)
        missing += _of_evidence(state, standing, broken, mend)
    return of(missing)


def _of_stage(state: RolloutState, stages: Sequence[str], stage: str, rollout: str) -> Iterator[Missing]:
    if not state.stage:
        yield Missing("not_started", f"{rollout} was paused before its start; a run of the monitor enters it first.")
    elif state.stage not in stages:
        yield Missing(
            "unknown_stage",
            f"{rollout} was paused at stage {state.stage}, which is not one of {', '.join(stages)}; put it back into "
            "the policy.",
        )
    elif stage not in stages or stages.index(stage) > stages.index(state.stage):
        allowed = ", ".join(stages[: stages.index(state.stage) + 1])
        yield Missing("stage_not_allowed", f"{stage} is not a stage to resume at; allowed: {allowed}.")


def _of_mend(mend: Mend, now: datetime) -> Iterator[Missing]:
    if not mend.link.strip():
        yield Missing(
            "mended_missing", "What was mended is missing: link to the change or the ticket.", "--mended LINK"
        )
    elif len(mend.link) > asking.LONGEST_REASON:
        yield Missing("mended_too_long", f"The link to the mend has {len(mend.link):,} characters; give a short one.")
    if mend.at is None:
        yield Missing(
            "mended_at_missing", "The moment from which the mend was in place is missing.", "--mended-at TIME"
        )
    elif mend.at > now:
        yield Missing(
            "mended_later", f"The mend is said to be in place from {_time(mend.at)} on, which is still to come."
        )


def _of_breach(standing: Standing, broken: Broken, rollout: str) -> Iterator[Missing]:
    proved = {verdict.gate for verdict in standing.verdicts if verdict.outcome == "breach" and not verdict.waived}
    gates = sorted((proved | set(broken.on_record)) - set(broken.loosened) - broken.waived)
    together, proof = standing.combined, standing.combined_proof
    if gates:
        yield Missing(
            "still_in_breach",
            f"No evidence is newer than the breach of {', '.join(gates)}; a pass, another release or a waiver "
            "overcomes it.",
        )
    elif together is not None and proof is not None and together >= proof:
        yield Missing(
            "still_in_breach",
            f"At the last run the gates of {rollout} proved a breach together; a pass, another release or a waiver "
            "overcomes that, once a run has looked again.",
        )
    for gate in broken.loosened:
        yield Missing(
            "loosened_in_breach",
            f"{gate} became looser, or left the policy, while a breach of it was on record; an approver has to approve "
            "that.",
            f"`gatehold rollout approve {rollout} --gate {gate}`",
        )


def _of_evidence(state: RolloutState, standing: Standing, broken: Broken, mend: Mend) -> Iterator[Missing]:
    since = max((at for at in (state.since, mend.at) if at is not None), default=None)
    if since is not None and standing.at < since:
        yield Missing(
            "not_looked_since",
            f"The last run of the monitor looked at {_time(standing.at)}, before {_time(since)}; run it again.",
        )
    if mend.at is None or standing.release not in (None, broken.release):
        return
    newest = {verdict.gate: verdict.newest for verdict in standing.verdicts}
    for gate in sorted((broken.gates & set(newest)) - broken.waived):
        ended = newest[gate]
        if ended is None or ended <= mend.at:
            what = "on no window yet" if ended is None else f"on windows up to {_time(ended)}"
            yield Missing(
                "evidence_before_mend",
                f"{gate} rests {what}; it needs one that ended after the mend ({_time(mend.at)}), or another release.",
            )


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
