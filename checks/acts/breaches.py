"""Breaches on record: which gates broke, in which form, and what has not overcome it yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from checks.acts.loosening import REMOVED, Form, form, looser
from checks.gates import codec
from warehouse.records.decisions import DecisionEntry


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach on record: the gate, the form in which it broke (None: not known) and the release that was judged.

    `overcome_in` is the digest of the looser form in which a pass or another release would have overcome it; None when
    nothing has. Only an approval of that form takes the breach off the record then.
    """

    gate: str
    form: Form | None
    release: str | None
    overcome_in: str | None = None


@dataclass(frozen=True, slots=True)
class Loosened:
    """A gate that became looser, or left the policy, while a breach of it was on record, without an approval.

    `digest` is what an approval has to name; `how` says in words what became looser.
    """

    gate: str
    digest: str
    how: tuple[str, ...]


@dataclass(slots=True)
class Record:
    """The breaches on record after some decisions, by gate, and the loosened forms that people approved."""

    breaches: dict[str, Breach] = field(default_factory=dict)
    approved: set[tuple[str, str]] = field(default_factory=set)
    release: object = None

    def loosened(self, forms: Mapping[str, Form], stages: Sequence[str] = ()) -> tuple[Loosened, ...]:
        """The gates on record that `forms` (the present policy's, by gate) have in a looser form not approved."""
        found = (self._loosened(breach, forms, stages) for _, breach in sorted(self.breaches.items()))
        return tuple(one for one in found if one is not None)

    def _loosened(self, breach: Breach, forms: Mapping[str, Form], stages: Sequence[str]) -> Loosened | None:
        now = forms.get(breach.gate)
        digest = now.digest if now else REMOVED
        how = () if breach.form is None else looser(breach.form, now, stages)
        return Loosened(breach.gate, digest, how) if how and (breach.gate, digest) not in self.approved else None


def record(decisions: Iterable[DecisionEntry], stages: Sequence[str] = ()) -> Record:
    """The breaches on record after the decisions of one rollout, in the order of the log.

    A breach enters with the standing that says it, and leaves with a standing in which the gate passes, with a
    standing of another release, and with a resume. Silence never removes it, nor does a standing of no release, nor
    anything said in a form that is looser than the one it broke in, until that form is approved. Of a breach that
    gates prove only together, the gate that brings most of it is on record.
    """
    now = Record()
    for entry in decisions:
        if entry.kind == "resume":
            now.breaches.clear()
        elif entry.kind == "approve":
            _approve(now, entry.body)
        if standing := entry.body.get("standing"):
            _say(now, standing, entry.body, stages)
    return now


def broken(standing: Mapping[str, Any]) -> set[str]:
    """The gates that a stored standing names as in breach, by themselves or together."""
    found = {v["gate"] for v in standing["verdicts"] if v["outcome"] == "breach"}
    return found | {r["gate"] for r in standing.get("reasons", ()) if r["code"] == "combined_evidence" and r["gate"]}


def _say(now: Record, standing: Mapping[str, Any], body: Mapping[str, Any], stages: Sequence[str]) -> None:
    said, release = broken(standing), standing["release"]
    passed = {v["gate"] for v in standing["verdicts"] if v["outcome"] == "pass"}
    other = release is not None and release != now.release
    now.release = now.release if release is None else release
    if not now.breaches and not said:
        return
    forms = _forms(body)
    loose = {} if forms is None else {one.gate: one for one in now.loosened(forms, stages)}
    for gate, breach in list(now.breaches.items()):
        if gate not in loose and (other or gate in passed):
            del now.breaches[gate]
        elif gate in loose and (other or gate in passed):
            now.breaches[gate] = replace(breach, overcome_in=loose[gate].digest)
    for gate in said:
        # What broke in a looser form as well is still measured by the form that it broke in first.
        before = now.breaches.get(gate) if gate in loose else None
        known = before.form if before else (forms or {}).get(gate)
        now.breaches[gate] = Breach(gate, known, release)


def _approve(now: Record, body: Mapping[str, Any]) -> None:
    gate, digest = str(body["gate"]), str(body["form"])
    now.approved.add((gate, digest))
    breach = now.breaches.get(gate)
    if breach is None:
        return
    if digest in (REMOVED, breach.overcome_in):
        del now.breaches[gate]
    else:
        now.breaches[gate] = replace(breach, form=Form.from_json(body["now"]))


def _forms(body: Mapping[str, Any]) -> dict[str, Form] | None:
    """The forms of the gates of a decision, by gate; None when it does not say them."""
    if "forms" in body:
        return {gate: Form.from_json(value) for gate, value in body["forms"].items()}
    if "gates" not in body:
        return None
    return {value["name"]: form(codec.gate_from_json(value)) for value in body["gates"]}
