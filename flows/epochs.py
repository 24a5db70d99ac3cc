"""Epochs: where a gate's evidence begins, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from checks.releases import Held, changes, told, written
from checks.releases.change import newest
from flows import sourcing
from warehouse import evidence, facts
from warehouse.records.evidence import Epoch
from warehouse.records.metrics import CellMetric, Slice

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.sourcing import Ledger
    from flows.stores import Stores

PAUSED = "paused"
"""Why an epoch was closed when its rollout was paused."""


def scope(gate: GateSpec, release: str | None) -> Slice:
    """The traffic a gate looks at: its rollout, release, arm (candidate unless said) and segment.

    The control arm is that of the rollout, whatever release answers there.
    """
    if gate.arm == "control":
        return control(gate)
    named = None if gate.by_fingerprint else release or ""
    return Slice(rollout=gate.rollout, release=named, arm="candidate", segment=gate.segment)


def control(gate: GateSpec) -> Slice:
    """The traffic that a gate compares with: the control arm of its rollout, whatever release answers there."""
    return Slice(rollout=gate.rollout, arm="control", segment=gate.segment)


def attempt(known: Sequence[Epoch], epoch: Epoch, covers: str) -> int:
    """Which attempt at the same question an epoch is, from 1: of its release, or of all that the gate ever had.

    `known` are the gate's epochs. Those that the warehouse has lost count as attempts at this release.
    """
    others = [
        e for e in _originals(known) if e.opened_at <= epoch.opened_at and e.epoch != (epoch.corrects or epoch.epoch)
    ]
    # A changed part is another release.
    mine = (epoch.release, epoch.parts)
    elsewhere = sum((e.release, e.parts) != mine for e in others) if covers == "release" else 0
    return max(1, _number(epoch.corrects or epoch.epoch) - elsewhere)


def floor(moment: datetime, seconds: int) -> datetime:
    """The start of the window that holds `moment`; windows are aligned to the Unix epoch in UTC."""
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def close_for_pause(stores: Stores, gates: Sequence[GateSpec], *, at: datetime) -> None:
    """Close what was open of the gates when their rollout was paused, at `at`; what was opened later stays open."""
    for gate in gates:
        _close(stores, gate, at=at, reason=PAUSED)


def closed_by_pause(
    known: Sequence[Epoch], gate: GateSpec, *, release: str | None, versions: Sequence[Held] = ()
) -> Epoch | None:
    """The last of the gate's epochs, if a pause closed it and release and configuration are still the same."""
    last = next(iter(_originals(known)[-1:]), None)
    if last is None or last.close_reason != PAUSED or changes(last.parts, last.first_window, versions):
        return None
    return last if (last.release, last.config_digest) == (release or "", gate.digest) else None


def current(
    stores: Stores,
    policy: Policy,
    gate: GateSpec,
    metric: CellMetric,
    known: Sequence[Epoch],
    *,
    release: str | None,
    versions: Sequence[Held] = (),
    not_before: datetime | None,
    remembered: Mapping[str, datetime],
    ledger: Ledger,
    now: datetime,
) -> Epoch | None:
    """The open epoch of this release and configuration, opened if there is none; None before the first data.

    `known` are the gate's epochs so far, `versions` those of the release that the gate depends on; `not_before`,
    `remembered` and `ledger` are as for `flows.folding.fold_gate`.
    """
    originals = _originals(known)
    last = next(iter(originals[-1:]), None)
    if last is not None and last.closed_at is None:
        ended = _ended(ledger, policy, metric, last, gate, release=release, versions=versions)
        if ended is None:
            return last
        _close(stores, gate, at=now, reason=ended)
        originals = _originals(evidence.epochs(stores.warehouse, gate.key))
    # A gate on the control arm watches it for as long as the release that is judged is there.
    judged = replace(scope(replace(gate, arm=None), release), segment=None)
    first = facts.first_window(stores.warehouse, metric, judged if gate.arm == "control" else scope(gate, release))
    if first is None:
        return None
    # By fingerprint the traffic is the same, whatever the release is called.
    same = [e for e in originals if gate.by_fingerprint or e.release == (release or "")]
    lost = {name: at for name, at in remembered.items() if name not in {e.epoch for e in originals}}
    # What another test has looked at, or what is lost, never counts again: a new test starts with unseen windows.
    seen = [_ceiling(at, metric.window_seconds) for at in (not_before, *lost.values()) if at is not None]
    return begin(
        stores,
        gate,
        f"{gate.key}#{1 + max((_number(name) for name in (*lost, *(e.epoch for e in originals))), default=0)}",
        release=release,
        parts=written(versions),
        first_window=max(
            [
                first,
                *seen,
                *_after_reference(gate, metric),
                *_after_change(versions, metric),
                *(e.folded_through for e in same),
            ]
        ),
        now=now,
        opened_for=_why(same, versions) if same else "lost evidence" if lost else "",
    )


def begin(
    stores: Stores,
    gate: GateSpec,
    name: str,
    *,
    release: str | None,
    first_window: datetime,
    now: datetime,
    parts: str = "",
    corrects: str | None = None,
    opened_for: str = "",
) -> Epoch:
    """A new epoch, stored; nothing is folded into it yet."""
    epoch = Epoch(
        epoch=name,
        gate=gate.key,
        rollout=gate.rollout,
        release=release or "",
        config_digest=gate.digest,
        first_window=first_window,
        opened_at=now,
        folded_through=first_window,
        corrects=corrects,
        windows=0,
        opened_for=opened_for,
        parts=parts,
    )
    evidence.open_epoch(stores.warehouse, epoch)
    return epoch


def _originals(known: Sequence[Epoch]) -> list[Epoch]:
    return [e for e in known if e.corrects is None]


def _close(stores: Stores, gate: GateSpec, *, at: datetime, reason: str) -> None:
    """Close the open epochs of a gate, corrections included, that were opened up to `at`."""
    for epoch in evidence.epochs(stores.warehouse, gate.key):
        if epoch.closed_at is None and epoch.opened_at <= at:
            evidence.close_epoch(stores.warehouse, epoch.epoch, at=at, reason=reason)


def _ended(
    ledger: Ledger,
    policy: Policy,
    metric: CellMetric,
    epoch: Epoch,
    gate: GateSpec,
    *,
    release: str | None,
    versions: Sequence[Held],
) -> str | None:
    """Why an open epoch has ended; None when it goes on."""
    if gate.by_fingerprint and (changed := changes(epoch.parts, epoch.first_window, versions)):
        return told(changed)
    if epoch.release != (release or ""):
        return "new release"
    if epoch.config_digest != gate.digest:
        return "new configuration"
    if changed := changes(epoch.parts, epoch.first_window, versions):
        return told(changed)
    if gone := sourcing.gone(ledger, policy, metric.stream, since=epoch.opened_at):
        # Rows that nobody reads any more cannot speak against the gate: what is left is another population.
        return f"source {gone[0]} removed"
    return None


def _why(same: Sequence[Epoch], versions: Sequence[Held]) -> str:
    """Why evidence begins anew, in a few words: what became of the release since, or why the last epoch was closed."""
    return told(changes(same[-1].parts, same[-1].first_window, versions)) or same[-1].close_reason or ""


def _after_change(versions: Sequence[Held], metric: CellMetric) -> list[datetime]:
    """The first window of which every session went on behind the newest change of a part."""
    changed = newest(versions)
    if changed is None:
        return []
    gap = timedelta(seconds=metric.session_gap_seconds if metric.unit == "session" else 0)
    return [_ceiling(changed + gap, metric.window_seconds)]


def _after_reference(gate: GateSpec, metric: CellMetric) -> list[datetime]:
    """The first window behind the reference: what a limit was read from is no evidence about it."""
    return [_ceiling(gate.reference[1], metric.window_seconds)] if gate.reference else []


def _number(name: str) -> int:
    return int(name.rsplit("#", 1)[1])


def _ceiling(moment: datetime, seconds: int) -> datetime:
    start = floor(moment, seconds)
    return start if start == moment else start + timedelta(seconds=seconds)
