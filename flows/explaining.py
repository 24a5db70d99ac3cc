"""Explain: recompute a decision from what was stored with it, and say whether it comes out the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from checks.gates import codec, standing, statistical
from checks.gates.records import Verdict
from flows.folding import GateEvidence
from flows.judging import Basis, evaluate_evidence, evaluate_reading
from flows.readings import Reading
from warehouse import evidence
from warehouse.records.errors import LedgerError, UsageError
from warehouse.records.folded import FoldedWindows

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from flows.stores import Stores
    from warehouse.records.decisions import DecisionEntry


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision, recomputed: `equal` is true when standing and every verdict come out as they were written.

    `differences` names what does not, in words; `standing` is the stored one as JSON values.
    """

    seq: int
    id: str
    summary: str
    equal: bool
    differences: tuple[str, ...]
    standing: Mapping[str, Any]

    def result(self) -> Iterator[str]:
        """What the recomputation came to, in plain words."""
        if self.equal:
            yield "Recomputed from the stored evidence: equal."
            return
        yield "Recomputed from the stored evidence: NOT equal."
        for difference in self.differences:
            yield f"  {difference}"


def explain(stores: Stores, entry: DecisionEntry) -> Explained:
    """The decision recomputed from its stored inputs.

    Raises:
        UsageError: the entry carries no standing (start, expand, restate, ...).
        LedgerError: evidence that the decision names is not in the ledger.
    """
    if "standing" not in entry.body:
        raise UsageError(f"Decision {entry.seq} is a {entry.kind}: it rests on no evidence. It says: {entry.summary}")
    stored = codec.standing_from_json(entry.body["standing"])
    before = entry.body["before"]
    gates = [codec.gate_from_json(value) for value in entry.body["gates"]]
    verdicts = [_again(stores, gate, entry) for gate in gates]
    again = standing.decide(
        rollout=stored.rollout,
        stage=stored.stage,
        release=stored.release,
        verdicts=verdicts,
        paused=before["paused"],
        waivers=[
            standing.Waiver(w["gate"], w["person"], w["reason"], datetime.fromisoformat(w["until"]))
            for w in before["waivers"]
        ],
        breached=before["breached"],
        # Older decisions knew of neither.
        sign_offs_missing=before.get("sign_offs_missing", ()),
        loosened=before.get("loosened", ()),
        next_stage=before.get("next_stage"),
        now=stored.at,
        lease=timedelta(seconds=entry.body["lease_seconds"]),
        config_digest=stored.config_digest,
        simulated=stored.simulated,
        fingerprint=stored.fingerprint,
        parts=stored.parts,
    )
    differences = tuple(_differences(entry.body["standing"], codec.standing_to_json(again)))
    return Explained(entry.seq, entry.id, entry.summary, not differences, differences, entry.body["standing"])


def _again(stores: Stores, gate: GateSpec, entry: DecisionEntry) -> Verdict:
    inputs = entry.body["inputs"][gate.key]
    if not gate.statistical:
        return evaluate_reading(gate, Reading.from_json(inputs), now=entry.at)
    if "unready" in inputs:
        return statistical.unready(gate, *inputs["unready"])
    window = timedelta(seconds=entry.body["window_seconds"])
    return evaluate_evidence(
        _evidence(stores, gate, inputs), now=entry.at, window=window, basis=Basis.from_json(inputs)
    )


def _evidence(stores: Stores, gate: GateSpec, inputs: Mapping[str, Any]) -> GateEvidence:
    """The evidence as it stood at the decision: the first so many rows of each epoch."""
    known = {e.epoch: e for e in evidence.epochs(stores.warehouse, gate.key)}
    kept = {}
    for name, count in inputs["rows"].items():
        rows = evidence.rows(stores.warehouse, name)
        if name not in known or len(rows) < count:
            raise LedgerError(
                f"Epoch {name} holds {len(rows)} of the {count} windows that the decision rested on. Restore the data "
                "folder from a copy."
            )
        kept[name] = rows.take(slice(0, count))
        known[name] = replace(known[name], windows=inputs["folded"][name])
    if inputs["epoch"] is None:
        return GateEvidence(gate, None, FoldedWindows.of(()), ())
    corrected = tuple((known[name], rows) for name, rows in kept.items() if name != inputs["epoch"])
    return GateEvidence(gate, known[inputs["epoch"]], kept[inputs["epoch"]], corrected)


_SENTENCES = ("detail", "assumes", "budget")
"""What a newer version may word anew; the log's chain guards them."""


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What decides and differs, of what was known of a decision when it was written."""
    for name in before:
        if name == "verdicts":
            for old, new in zip(before[name], after[name], strict=True):
                changed = [k for k in old if k not in _SENTENCES and not _same(old[k], new.get(k, old[k]))]
                yield from (f"gate {old['gate']}: {k} was {old[k]!r}, is {new[k]!r}" for k in changed)
        elif name == "reasons":
            old, new = ([(r["code"], r["gate"]) for r in value[name]] for value in (before, after))
            if old != new:
                yield f"reasons were {old!r}, are {new!r}"
        elif name not in _SENTENCES and not _same(before[name], after.get(name, before[name])):
            yield f"{name} was {before[name]!r}, is {after[name]!r}"


def _same(before: Any, after: Any) -> bool:
    """Whether two JSON values agree; what only the newer one has, an older version did not know."""
    if isinstance(before, dict) and isinstance(after, dict):
        return all(_same(value, after.get(key, value)) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(_same(*pair) for pair in zip(before, after, strict=True))
    return bool(before == after)
