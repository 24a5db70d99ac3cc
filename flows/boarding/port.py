"""The port that the board is handed: reads from the snapshot, acts through `flows.acting`, notes in the log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from checks import rollout as rollouts
from checks.acts.refusal import Missing, Refusal, of, refuse
from dashboards.board.data_port import DataPort
from dashboards.board.looking_port import Looking
from dashboards.board.ports import Explanation, Past, Possible
from dashboards.http.configured import Configured
from flows import access, knowing
from flows import project as projects
from flows.boarding import performing, possible
from flows.boarding.looking import Looks
from flows.boarding.past import Pasts
from flows.boarding.sources import Sources
from flows.project import Project
from warehouse.people import glance, log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry, NewDecision
from warehouse.records.errors import ConfigurationError, GateholdError, UsageError
from warehouse.records.people import Person

_LOG = logging.getLogger("gatehold.board")
PATIENCE = 10.0
"""Seconds that an act waits for another process that is writing or handing out."""


class Boarding:
    """The board's port over one project; the configuration is read anew for every act."""

    def __init__(self, project: Project, *, clock: Callable[[], datetime] | None = None) -> None:
        """Keep the places; nothing is opened."""
        self._project, self._clock = project, clock or (lambda: datetime.now(UTC))
        self._pasts, self._configured = Pasts(project.data), Configured(project.file)
        self._handing_out = threading.Lock()
        self._sources, self._looks = Sources(project.data), Looks(project)

    def past(self, rollout: str, *, series: bool = True) -> Past:
        """What the snapshot holds of a rollout; nothing where the configuration cannot be read."""
        try:
            policy = self._configured.policy()
            stages = policy.rollout(rollout).stages
        except (ConfigurationError, UsageError):
            trouble = "The configuration cannot be read or does not name this rollout; its evidence is not shown."
            return Past(None, None, (), (), trouble)
        stage = stages[0]
        if series:
            found = rollouts.state(glance.course(self._project.data, rollout, last=0)[0]).stage
            stage = found if found in stages else stage
        return self._pasts.read(policy, rollout, stage, series=series)

    def version(self) -> str:
        """A text that changes whenever another snapshot is published."""
        return self._pasts.version()

    def data(self) -> DataPort:
        """What the snapshot holds of sources, rows and segments."""
        return self._sources

    def looking(self) -> Looking:
        """What the snapshot holds of metrics and drift, and Evidently's pages."""
        return self._looks

    def possible(self, rollout: str, person: Person | None, *, now: datetime) -> tuple[Possible, ...]:
        """Every act on the rollout, with what stands against it."""
        policy = self._now().policy
        with self._people() as people:
            return possible.acts(knowing.known(people, policy, rollout), person, now)

    def perform(
        self, act: str, rollout: str, person: Person, given: Mapping[str, str], *, now: datetime
    ) -> DecisionEntry | Refusal:
        """The entry of the act, or why it was refused, which is noted in the log."""
        policy = self._now().policy
        with self._people() as people:
            return performing.perform(people, policy, act, rollout, person, given, now=now)

    def hand_out(self) -> None:
        """Hand the messages of an act out; what cannot be stays in the outbox and is tried again."""
        from flows import capability, delivering

        with self._handing_out:
            try:
                project = self._now()
                acting = capability.asked_for(project.data, now=self._clock())
                with self._people() as people:
                    delivering.deliver_project(project, people, acting=acting, wait_seconds=PATIENCE)
            except GateholdError as error:
                _LOG.warning("not handed out yet: %s", error)

    def explain(self, entry: DecisionEntry) -> Explanation:
        """The decision recomputed from the evidence in the snapshot."""
        from flows import explaining
        from flows.stores import Stores
        from warehouse.snapshot import Snapshot

        try:
            with Snapshot.open(self._project.data) as snapshot, self._people() as people:
                found = explaining.explain(Stores(snapshot.view, people), entry)
        except UsageError as error:
            return Explanation(None, (str(error),))
        except (GateholdError, KeyError, TypeError, ValueError) as error:
            _LOG.warning("decision %s cannot be recomputed: %s", entry.seq, error)
            return Explanation(False, ("It cannot be recomputed from what is stored; the server's log says why.",))
        return Explanation(found.equal, tuple(found.result()))

    def bearer(self, token: str, *, act: str, rollout: str, now: datetime) -> Person | Refusal:
        """The person whose token it is, else why it names nobody, which is noted in the log."""
        with self._people() as people:
            return access.of_token(people, token, act=act, rollout=rollout, now=now)

    def refused(self, person: Person | None, missing: Missing, *, act: str, rollout: str, now: datetime) -> Refusal:
        """The refusal of a write that never came to its act, after a note of it in the log."""
        refusal = of([missing]) or refuse(missing.code, missing.detail)
        with self._people() as people:
            access.note(people, person.named if person else access.NOBODY, missing, act=act, rollout=rollout, now=now)
        return refusal

    def looked(self, person: Person, what: str, *, now: datetime) -> None:
        """Note in the log that a person has read raw text: once an hour for each person and what they read."""
        new = NewDecision(
            key=f"access/read/{person.name}/{what}/{now:%Y-%m-%dT%H}",
            at=now,
            rollout="",
            kind="access",
            actor=person.named,
            summary=f"{person.name} has read {what}.",
            evidence_digest="",
            config_digest="",
            body={"change": "read", "what": what, "person": person.name, "token": person.token},
        )
        with self._people() as people:
            log.append(people, new)

    def export(self, out: Path) -> int:
        """How many entries of the decision log were written to `out`."""
        from flows import exporting

        with self._people() as people:
            return exporting.as_lines(people, out)

    def _people(self) -> People:
        return People.open(self._project.data, wait_seconds=PATIENCE)

    def _now(self) -> Project:
        """The project with the configuration as it stands now."""
        return projects.load(self._project.file, data=self._project.data, environment=self._project.environment)
