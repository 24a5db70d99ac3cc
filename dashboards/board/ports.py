"""What the board asks of whoever runs it: the evidence behind a standing, and people's acts.

Pages know nothing of flows; `flows.boarding` answers, and a test may answer in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from checks.acts.refusal import Missing, Refusal
from dashboards.board.data_port import DataPort
from dashboards.board.looking_port import Looking
from dashboards.page.model import GateSeries, StandingPoint
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person


@dataclass(frozen=True, slots=True)
class Past:
    """What the published snapshot holds of a rollout.

    `as_of` is the time of the run that published it (None: there is none), `trouble` why there is none, `since` when
    the newest kind of standing began.
    """

    as_of: datetime | None
    since: datetime | None
    history: tuple[StandingPoint, ...]
    series: tuple[GateSeries, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that an act needs to be told beside the reason.

    `kind` is "text", "time" or "choice"; `choices` are what may be chosen, the first one unless said otherwise.
    """

    name: str
    label: str
    kind: str
    hint: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Possible:
    """An act on a rollout as it stands now for one person.

    `missing` is what stands against it whatever they fill in; `fields` are what they fill in, beside the reason.
    """

    act: str
    title: str
    means: str
    missing: tuple[Missing, ...]
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision recomputed from its stored inputs: whether it came out `equal` (None: it rests on no evidence)."""

    equal: bool | None
    lines: tuple[str, ...]


class Port(Protocol):
    """What `flows.boarding` offers."""

    def past(self, rollout: str, *, series: bool = True) -> Past:
        """What the snapshot holds of a rollout, without the evidence of gates if `series` is false."""

    def version(self) -> str:
        """A text that changes whenever another snapshot is published."""

    def data(self) -> DataPort:
        """What the snapshot holds of sources, rows and segments."""

    def looking(self) -> Looking:
        """What the snapshot holds of metrics and drift, and Evidently's pages."""

    def possible(self, rollout: str, person: Person | None, *, now: datetime) -> tuple[Possible, ...]:
        """Every act on the rollout, with what stands against it; for nobody, what stands against anybody."""

    def perform(
        self, act: str, rollout: str, person: Person, given: Mapping[str, str], *, now: datetime
    ) -> DecisionEntry | Refusal:
        """The entry of the act, or why it was refused, which is noted in the log.

        Raises:
            UsageError: there is no such act or rollout.
        """

    def hand_out(self) -> None:
        """Hand the messages of an act out; what cannot be stays in the outbox and is tried again."""

    def explain(self, entry: DecisionEntry) -> Explanation:
        """The decision recomputed from the evidence in the snapshot."""

    def bearer(self, token: str, *, act: str, rollout: str, now: datetime) -> Person | Refusal:
        """The person whose token it is, else why it names nobody, which is noted in the log."""

    def refused(self, person: Person | None, missing: Missing, *, act: str, rollout: str, now: datetime) -> Refusal:
        """The refusal of a write that never came to its act, after a note of it in the log."""

    def looked(self, person: Person, what: str, *, now: datetime) -> None:
        """Note in the log that a person has read raw text."""

    def export(self, out: Path) -> int:
        """How many entries of the decision log were written to `out`, as `gatehold log export` does."""
