"""A project that is paused, the people who may act on it, and their browsers: for tests of the board."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import projects as p
from acting_tools import feed, policy
from board_tools import Browser, Clock, let_in, serving, signed_in
from projects import AGENT, HOUR, START

from flows.project import Project
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

ACTS = f"/rollouts/{AGENT}/acts"

MEND = {"mended": "https://example.org/changes/7", "mended_at": "2026-03-01T00:00", "stage": "pilot"}


@dataclass
class Story:
    """A project that is paused, who may act on it, and a clock shortly after the last run."""

    project: Project
    clock: Clock
    ada: Person
    bo: Person
    vic: Person

    @property
    def app(self) -> Any:
        return serving(self.project, self.clock)

    def browser(self, person: Person) -> Browser:
        with People.open(self.project.data) as people:
            return signed_in(self.app, people, person, self.clock.now)

    def entries(self, kind: Any = None) -> list[DecisionEntry]:
        with People.open(self.project.data) as people:
            return log.entries(people, kind=kind)


def paused_project(folder: Path) -> Path:
    project = p.make(folder, policy(resumes={"people": 2}, waivers={"longest": "3d", "role": "approver"}))
    feed(project, range(3))
    assert p.standing(feed(project, range(3, 8), harmful=40)) == "pause"
    return folder


def story_of(paused: Path, folder: Path) -> Story:
    """A story of its own in `folder`, from a copy of what was paused."""
    shutil.copytree(paused, folder)
    project = p.open_project(folder)
    clock = Clock(START + 9.2 * HOUR)
    with People.open(project.data) as people:
        admin = let_in(people, "Root", "admin", clock.now)
        made = [let_in(people, name, "approver", clock.now) for name in ("Ada", "Bo")]
        vic = let_in(people, "Vic", "viewer", clock.now)
    assert admin.role == "admin"
    return Story(project, clock, *made, vic)
