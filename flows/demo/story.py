"""The demo: six weeks of simulated traffic, a monitor that looks once a day, and a rollout that gets paused."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.page.model import Marker
from flows import capability
from flows import project as projects
from flows.acting import Person
from flows.demo import incidents, traffic
from flows.once import run_with
from flows.receiver import Receiver
from flows.stores import open_stores
from warehouse import folder as folders
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.rollout import Refusal
    from flows.demo.files import DemoFile
    from flows.demo.incidents import Act
    from flows.once import Pass
    from flows.project import Project
    from flows.stores import Stores
    from warehouse.records.decisions import DecisionEntry

Say = Callable[[str], None]
Tick = Callable[[], AbstractContextManager[Say]]
MARK = capability.DEMO_MARK


@dataclass(frozen=True, slots=True)
class Scene:
    """One line of the timeline: when, what happened or was decided, and why."""

    at: datetime
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """The whole demo: its timeline, what the switch received, and where the page is."""

    simulated: bool
    folder: Path
    page: Path
    scenes: tuple[Scene, ...]
    received: tuple[dict[str, object], ...]
    decisions: int
    rows: int

    def closing(self, command: str = "gatehold") -> Iterator[str]:
        """The last lines on the terminal: where to look, with `command` as the one to type."""
        pauses = sum(message.get("action") == "pause" for message in self.received)
        yield ""
        yield f"{self.rows:,} simulated rows, {self.decisions} decisions, {pauses} pause(s) received over HTTP."
        yield "EVERYTHING HERE IS SIMULATED: IT IS EVIDENCE ABOUT NO REAL SYSTEM."
        yield f"Look at the page:      {self.page}"
        yield f"Look at the log:       {command} log show --config {self.folder}"
        yield f"Recompute a decision:  {command} log explain 2 --config {self.folder}"


@dataclass
class _Stage:
    """What the telling of the story needs to know as it goes on."""

    project: Project
    stores: Stores
    receiver: Receiver
    say: Say
    acts: list[Act]
    scenes: list[Scene] = field(default_factory=list)
    rows: int = 0

    def tell(self, at: datetime, what: str, why: str) -> None:
        self.scenes.append(Scene(at, what, why))
        self.say(f"{at:%a %d %b %H:%M}  {what:<11} {why}")


def tell(
    folder: Path,
    *,
    seed: int | None = None,
    say: Say,
    tick: Tick,
    end: datetime | None = None,
    resumed: bool = True,
) -> Told:
    """The demo, told: the simulated logs, the project, the stores and the page are left in `folder`.

    Unless it is `resumed` the rollout stays paused, and resuming it is left to whoever looks.

    Raises:
        UsageError: the folder holds something that no demo made.
    """
    end = end or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    _clear(folder)
    (folder / projects.CONFIG_NAME).write_text(traffic.policy_text(end), encoding="utf-8")
    secret = secrets.token_hex(32)
    with Receiver(secret, file=folder / "switch-received.jsonl") as receiver, tick() as progress:
        environment = {"ROLLOUT_HOOK": receiver.url, "ROLLOUT_SECRET": secret}
        project = projects.load(folder, environment=environment)
        folders.set_apart(project.data, capability.DEMO)
        with open_stores(project) as stores:
            acts = [act for act in incidents.acts(end) if resumed or act.kind != "resume"]
            stage = _Stage(project, stores, receiver, say, acts)
            last = _play(stage, seed if seed is not None else traffic.SEED, end, progress)
            progress("Writing the page")
            page = _page(stage, last, end)
            decisions = len(_entries(stores))
    return Told(True, folder, page, tuple(stage.scenes), tuple(receiver.messages), decisions, stage.rows)


def _clear(folder: Path) -> None:
    import shutil

    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise UsageError(f"{folder} holds files that no demo made. Name an empty or a new folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `gatehold demo`; the next demo here starts by removing this folder.\n")


def _play(stage: _Stage, seed: int, end: datetime, progress: Say) -> Pass:
    """Reveal the files as they would have arrived, look once a day, and let people act when they may."""
    coming = sorted(traffic.files(seed, end), key=lambda file: (file.available_at, file.path))
    happenings = list(incidents.timeline(end))
    times = incidents.monitor_times(end)
    done: Pass | None = None
    before: str | None = None
    for number, now in enumerate(times):
        progress(f"Simulated day {min(number + 1, incidents.DAYS)} of {incidents.DAYS}")
        while coming and coming[0].available_at <= now:
            _write(stage.project.base, coming.pop(0))
        while happenings and happenings[0].at <= now:
            happened = happenings.pop(0)
            stage.tell(happened.at, "-", f"{happened.title}: {happened.sentence}")
        acting = capability.simulated(stage.project.data, at=now, receiver=stage.receiver.url)
        done = run_with(stage.project, stage.stores, now=now, acting=acting)
        stage.rows += sum(b.received for r in done.pulled for b in r.batches if not b.repeated)
        before = _decided(stage, done, before)
        _people(stage, done.outcomes[0].standing, now)
    assert done is not None
    return done


def _write(base: Path, file: DemoFile) -> None:
    path = base / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)


def _decided(stage: _Stage, done: Pass, before: str | None) -> str:
    (outcome,) = done.outcomes
    current = outcome.standing
    # While it is paused, only the end of the pause is news.
    said = current.standing if current.standing == "pause" else f"{current.standing}/{current.binding}"
    if said != before:
        stage.tell(current.at, current.standing.upper(), current.reasons[0].detail)
    if outcome.reopened is not None:
        stage.tell(current.at, "RESTATE", outcome.reopened.summary)
    return said


def _people(stage: _Stage, standing: Standing, now: datetime) -> None:
    """Each act that is due, tried until the standing allows it."""
    while stage.acts and stage.acts[0].at <= now:
        act = stage.acts[0]
        if not _ripe(act, standing):
            return
        result = _act(stage, act, now)
        if result is not None and hasattr(result, "code"):
            return
        stage.acts.pop(0)
        if result is not None:
            named = " and ".join(f"{name} ({role})" for name, role in act.actors)
            stage.tell(now, act.kind.upper(), f"{named} to stage {act.stage}: {act.reason}")


def _ripe(act: Act, standing: Standing) -> bool:
    """Whether people who look at the standing would try it: they do not ask for what is refused anyway."""
    if act.kind == "expand":
        return standing.standing == "go"
    return act.kind != "resume" or all(verdict.outcome != "breach" for verdict in standing.verdicts)


def _act(stage: _Stage, act: Act, now: datetime) -> DecisionEntry | Refusal | None:
    from flows import acting

    people, policy, rollout = stage.stores.people, stage.project.policy, incidents.ROLLOUT
    first, *others = (Person(name, ("approver",)) for name, _ in act.actors)
    if act.kind == "expand":
        return acting.advance(people, policy, rollout, first, act.reason, now=now)
    if act.kind == "resume":
        mended: dict[str, Any] = {"mended": act.mended, "mended_at": act.mended_at, "stage": act.stage}
        found = acting.resume(people, policy, rollout, first, act.reason, **mended, now=now)
        for second in others:
            if not hasattr(found, "code"):
                found = acting.confirm(people, policy, rollout, second, act.reason, now=now)
        return found
    return None


def _page(stage: _Stage, last: Pass, end: datetime) -> Path:
    from flows import drift_page, publishing

    markers = [Marker(i.at, i.until, i.title, i.sentence) for i in incidents.timeline(end)]
    now = incidents.monitor_times(end)[-1]
    drift = drift_page.with_pages(stage.project, stage.stores, last.checks.drift.values(), now=now)
    return publishing.write_page(stage.project, stage.stores, now=now, drift=drift, markers=markers)


def _entries(stores: Stores) -> list[DecisionEntry]:
    from warehouse.people import log

    return log.entries(stores.people)
