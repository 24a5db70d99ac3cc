"""The scheduled flow: the same story as `gatehold run`, told to Prefect.

A held rollout is a successful run named `Held`; `Degraded` names a source that could not be read; `Failed` means the
pipeline itself broke.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import capability, checking, deciding, delivering, project, publishing, pulling, retaining, summarising
from flows.capability import Acting
from flows.deploying import telling, turns
from flows.once import Pass
from flows.scaling import lake

# Tasks are coarse and pass references only: nothing is cached, persisted or retried, since every step is idempotent
# and a run that died is finished by the next one. What can pass by itself (another run is writing) is waited for in
# `turns`; what a receiver did not take is tried again by the outbox.
pull = task(name="pull", cache_policy=NO_CACHE, persist_result=False)(pulling.pull_sources)
check = task(name="check", cache_policy=NO_CACHE, persist_result=False)(checking.check)
summarise = task(name="summarise", cache_policy=NO_CACHE, persist_result=False)(summarising.summarise)
decide = task(name="decide", cache_policy=NO_CACHE, persist_result=False)(deciding.decide_all)
hand_out = task(name="deliver", cache_policy=NO_CACHE, persist_result=False)(delivering.deliver_project)
bring_up_lake = task(name="lake", cache_policy=NO_CACHE, persist_result=False)(lake.trouble_of)
retain = task(name="retain", cache_policy=NO_CACHE, persist_result=False)(retaining.keep)
publish = task(name="publish", cache_policy=NO_CACHE, persist_result=False)(publishing.write_page)


@flow(name="monitor", validate_parameters=True)
def monitor(config: str = "gatehold.yaml", data: str | None = None, as_of: datetime | None = None) -> State[Any]:
    """One monitoring pass: pull, check, summarise, judge, decide, hand out, publish.

    As of a moment that is not now, decisions are recorded and nothing is handed out.
    """
    ours = project.load(Path(config), data=Path(data) if data else None)
    now = (as_of or datetime.now(UTC)).astimezone(UTC)
    granted = capability.granted(ours.data, now=now)
    acting = granted if isinstance(granted, Acting) else None
    with turns.turn(ours) as stores:
        before = telling.standing_now(stores)
        if acting is not None:
            hand_out(ours, stores.people, acting=acting)
        pulled = pull(ours, stores, now=now)
        checks = check(ours, stores, pulled, now=now)
        summarise(ours, stores)
        outcomes = decide(ours, stores, checks, now=now)
        delivered = hand_out(ours, stores.people, acting=acting) if acting is not None else None
        page = publish(ours, stores, now=now)
        behind = bring_up_lake(ours, stores, now=now) if ours.policy.storage else ""
        kept = retain(ours, stores, now=now)
    withheld = "" if isinstance(granted, Acting) else granted.reason
    done = Pass(now, tuple(pulled), checks, tuple(outcomes), delivered, behind, kept, withheld)
    telling.passed(ours, done, page, before, at=datetime.now(UTC))
    return named(done, page)


def named(done: Pass, page: Path) -> State[Any]:
    """The run's final state: the worst standing gives the name, sources that could not be read come first."""
    said = "; ".join(
        f"{o.standing.rollout}: {o.standing.standing} ({o.standing.reasons[0].detail})" for o in done.outcomes
    )
    message = f"{said or 'no rollouts'} - page: {page}"
    message += f". {done.withheld}" if done.withheld else ""
    message += f". {done.lake}" if done.lake else ""
    message += f". {done.kept.trouble}" if done.kept and done.kept.trouble else ""
    if done.degraded:
        return Completed(name="Degraded", message=f"Sources not read in full: {', '.join(done.degraded)}. {message}")
    if any(o.standing.standing != "go" for o in done.outcomes):
        return Completed(name="Held", message=message)
    return Completed(message=message)
