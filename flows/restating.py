"""Restate: name the decisions that rested on rows restated since, so that people look at them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows import notices
from warehouse import ledger
from warehouse.people import log
from warehouse.records.decisions import MONITOR, DecisionEntry, NewDecision

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy
    from flows.judging import Case, Judged
    from flows.stores import Stores


def reopen(
    stores: Stores, policy: Policy, case: Case, judged: Sequence[Judged], current: Standing
) -> DecisionEntry | None:
    """An entry naming the decisions that rested on rows restated since; None when there are none."""
    corrected = sorted(name for j in judged for name in j.inputs.get("rows", {}) if "/corrected-" in name)
    if not corrected:
        return None
    originals = {name.split("/corrected-")[0] for name in corrected}
    rested = [
        e
        for e in log.entries(stores.people, rollout=case.rollout)
        if any(
            originals & set(i.get("rows", {})) and not set(corrected) & set(i.get("rows", {}))
            for i in e.body.get("inputs", {}).values()
        )
    ]
    if not rested:
        return None
    gates = sorted({name.split("#")[0].split("/", 1)[1] for name in originals})
    new = NewDecision(
        key=f"restate/{'+'.join(corrected)}",
        at=case.now,
        rollout=case.rollout,
        kind="restate",
        actor=MONITOR,
        summary=(
            f"Rows under {'gate' if len(gates) == 1 else 'gates'} {', '.join(gates)} were restated after they had been "
            f"counted. {_rested(rested)} on the old values: open for review again."
        ),
        evidence_digest="",
        config_digest=policy.digest,
        body={
            "epochs": corrected,
            "batches": _restating(stores, policy, judged, corrected),
            "decisions": [{"seq": e.seq, "id": e.id, "kind": e.kind} for e in rested],
        },
    )
    return log.append(stores.people, new, notices.to_channels(policy, current, event="restate", summary=new.summary))


def _restating(stores: Stores, policy: Policy, judged: Sequence[Judged], corrected: Sequence[str]) -> list[int]:
    """The batches that restated rows of the streams under corrected gates."""
    names = {j.gate.metric for j in judged if set(j.inputs.get("rows", {})) & set(corrected)}
    streams = {policy.metric(name).stream for name in names}
    return [b.batch for b in ledger.batches(stores.warehouse) if b.restated and b.stream in streams]


def _rested(entries: Sequence[DecisionEntry], most: int = 5) -> str:
    """The decisions by number and kind, the newest few: "Decisions 2 (hold) and 7 (go) rested"."""
    named = [f"{entry.seq} ({entry.kind})" for entry in entries[-most:]]
    if len(entries) > most:
        named.insert(0, f"{len(entries) - most} older")
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"{'Decision' if len(entries) == 1 else 'Decisions'} {listed} rested"
