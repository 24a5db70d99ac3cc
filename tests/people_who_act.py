"""People, decisions and standings that tests of acts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from making_evidence import HOUR, START

from checks.gates.records import Reason, Standing
from checks.rollout import RolloutState
from warehouse.records.decisions import DecisionEntry, DecisionKind
from warehouse.records.people import Person

AGENT = "support-agent"
STAGES = ("pilot", "limited", "general")
ADA = Person("Ada", ("approver",))
BO = Person("Bo", ("approver",))
REVIEWER = Person("Rita", ("reviewer",))
VIEWER = Person("Vic", ("viewer",))
ACTIVE = RolloutState(AGENT, "pilot", "active", START, 1)
PAUSED = replace(ACTIVE, stage="limited", status="paused")
RETIRED = replace(ACTIVE, status="retired")
NOTHING = RolloutState("", "", "not_started", None, 1)


def entry(kind: DecisionKind, seq: int = 0, person: Person = ADA, **body: Any) -> DecisionEntry:
    at = START + seq * HOUR
    said: Mapping[str, Any] = {"person": person.name, "roles": list(person.roles), **body}
    return DecisionEntry(seq, f"id{seq}", f"key{seq}", at, AGENT, kind, person.named, "", "", "", said, "", "")


def said(kind: DecisionKind, seq: int, release: str | None = "r1", **outcomes: str) -> DecisionEntry:
    """A decision of the monitor with these outcomes by gate."""
    verdicts = [{"gate": gate, "outcome": outcome} for gate, outcome in outcomes.items()]
    standing = {"standing": kind, "release": release, "verdicts": verdicts, "reasons": []}
    return entry(kind, seq, standing=standing, before={"paused": False})


def standing(**changes: Any) -> Standing:
    """A go of the pilot with release r1, good for two hours."""
    made = Standing(
        rollout=AGENT, standing="go", stage="pilot", release="r1", at=START, valid_until=START + 2 * HOUR,
        reasons=(Reason("all_pass", "All pass."),), binding=None, runner_up=None, if_mended=None, layers=(),
        verdicts=(), evidence_digest="", config_digest="", simulated=False,
    )  # fmt: skip
    return replace(made, **changes)


def hold(*reasons: tuple[str, str], **changes: Any) -> Standing:
    """A hold for these reasons (code, gate)."""
    made = tuple(Reason(code, f"{gate or 'It'} says {code}.", gate or None) for code, gate in reasons)
    return standing(standing="hold", reasons=made, **changes)
