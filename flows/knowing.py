"""What the decision log says of a rollout now: where it stands, what broke, what people allowed and what is missing.

It reads the people's records only, so a person may act while a run of the monitor holds the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from checks import rollout as rollouts
from checks.acts import breaches, loosening, sign_offs
from checks.gates import codec
from checks.gates.records import Standing
from checks.gates.standing import Waiver
from checks.rollout import RolloutState
from warehouse.people import log, standings
from warehouse.records.decisions import DecisionEntry

if TYPE_CHECKING:
    from checks.acts.breaches import Loosened, Record
    from checks.acts.loosening import Form
    from checks.acts.sign_offs import Needed
    from checks.policy import Policy
    from warehouse.people.store import People


@dataclass(frozen=True)
class Known:
    """What the log of one rollout says, read once.

    `entries` are all its decisions, in order; `published` is the standing last published, lapsed or not.
    """

    rollout: str
    policy: Policy
    entries: tuple[DecisionEntry, ...]
    published: Standing | None

    @cached_property
    def state(self) -> RolloutState:
        """The rollout's stage and status."""
        return rollouts.state(self.entries)

    @property
    def seen(self) -> int:
        """The number of its newest entry; 0 when there is none."""
        return self.entries[-1].seq if self.entries else 0

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that the policy names."""
        return self.policy.rollout(self.rollout).stages

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers given, ended ones included."""
        return rollouts.waivers(self.entries)

    @cached_property
    def record(self) -> Record:
        """The breaches on record."""
        return breaches.record(self.entries, self.stages)

    @property
    def breached(self) -> tuple[str, ...]:
        """The gates with a breach on record, by name."""
        return tuple(sorted(self.record.breaches))

    @cached_property
    def forms(self) -> dict[str, Form]:
        """The forms of the present policy's gates, by gate."""
        return {gate.name: loosening.form(gate) for gate in self.policy.gate_specs(self.rollout, self._stage)}

    @cached_property
    def loosened(self) -> tuple[Loosened, ...]:
        """The gates that became looser, or left the policy, while a breach of them was on record."""
        return self.record.loosened(self.forms, self.stages) if self.record.breaches else ()

    @property
    def needed(self) -> tuple[Needed, ...]:
        """The sign-offs that the policy asks for."""
        asked = self.policy.rollout(self.rollout).sign_offs
        return tuple(sign_offs.Needed(one.stage, one.role, one.people) for one in asked)

    @property
    def next_stage(self) -> str | None:
        """The stage after the present one, None if there is none."""
        return sign_offs.next_stage(self.state, self.stages)

    def signers(self, release: str | None) -> dict[str, tuple[Any, ...]]:
        """Who has signed the next stage off for the release, with their roles."""
        return sign_offs.signed(self.entries, self.next_stage, release) if self.next_stage else {}

    def sign_offs_missing(self, release: str | None) -> tuple[str, ...]:
        """The roles whose sign-off into the next stage is missing."""
        return sign_offs.missing(self.needed, self.next_stage, self.signers(release).values())

    @cached_property
    def remembered(self) -> dict[str, dict[str, datetime]]:
        """By gate, the epochs that decisions and the last standing rested on, each with the time of the newest."""
        return _remembered(self.entries, self.published)

    @property
    def last(self) -> DecisionEntry | None:
        """The newest decision of the monitor that carries a standing; None before the first."""
        return next((e for e in reversed(self.entries) if "standing" in e.body), None)

    def to_json(self) -> dict[str, Any]:
        """What a standing rests on beside the verdicts, as JSON values, to be stored with a decision."""
        return {
            "paused": self.state.status == "paused",
            "waivers": [{**asdict(waiver), "until": waiver.until.isoformat()} for waiver in self.waivers],
            "breached": list(self.breached),
            "loosened": [one.gate for one in self.loosened],
            "next_stage": self.next_stage,
        }

    @property
    def _stage(self) -> str:
        return self.state.stage if self.state.stage in self.stages else self.stages[0]


def known(people: People, policy: Policy, rollout: str) -> Known:
    """What the log says of the rollout now.

    Raises:
        UsageError: the policy has no such rollout.
    """
    name = policy.rollout(rollout).name
    return Known(name, policy, tuple(log.entries(people, rollout=name)), last_standing(people, name))


def last_standing(people: People, rollout: str) -> Standing | None:
    """The standing last published for the rollout, lapsed or not; None before the first run."""
    found = standings.latest(people).get(rollout)
    return codec.standing_from_json(found.body["standing"]) if found else None


def _remembered(entries: Sequence[DecisionEntry], last: Standing | None) -> dict[str, dict[str, datetime]]:
    found: dict[str, dict[str, datetime]] = {}
    for entry in entries:
        inputs: Mapping[str, Mapping[str, Any]] = entry.body.get("inputs", {})
        for gate, one in inputs.items():
            if one.get("epoch"):
                found.setdefault(gate, {})[one["epoch"]] = entry.at
    if last is not None:
        # A run that changes nothing writes no decision, yet it looked at windows.
        for verdict in (v for v in last.verdicts if v.epoch):
            found.setdefault(f"{last.rollout}/{verdict.gate}", {})[str(verdict.epoch)] = last.at
    return found
