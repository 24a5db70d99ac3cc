"""The harness: the story once undisturbed, then one death after the other, each in a fork of a process that is warm."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from . import comparing, story
from .comparing import Found, Tally
from .points import MOMENTS, Event, Kill, Killer, Recorder, under
from .receiving import got, receiver
from .story import LATER, STEPS, Step

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Point:
    """One death: in which step, and where in it."""

    step: int
    kill: Kill
    event: Event


@dataclass(frozen=True, slots=True)
class Lived:
    """The undisturbed story: what each step did and what came of it. The project before step n is in `before-n`."""

    events: Sequence[Sequence[Event]]
    found: Sequence[Found]
    earlier: Sequence[frozenset[str]]

    @property
    def total(self) -> int:
        """How many events there were in all."""
        return sum(map(len, self.events))


@dataclass(slots=True)
class Report:
    """What the deaths came to: `points` of them, `not_reached` those at which the step was over first."""

    points: int = 0
    not_reached: int = 0
    events: int = 0
    commits: int = 0
    seconds: float = 0.0
    by_step: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def to_json(self) -> dict[str, Any]:
        """The report in one flat line."""
        tally = asdict(self.tally)
        told = tally.pop("told")
        plain = {name: getattr(self, name) for name in ("points", "not_reached", "events", "commits")}
        return {**plain, **tally, "seconds": round(self.seconds, 1), "by_step": self.by_step, "told": told[:20]}


def warm_up() -> None:
    """Import what the work needs, so that no fork has to; nothing is opened."""
    for name in NEEDED:
        importlib.import_module(name)


NEEDED = (
    "alembic.command",
    "checks.quality.buffered",
    "checks.quality.gx",
    "duckdb_engine",
    "flows.once",
    "flows.retaining",
    "great_expectations.data_context.data_context.ephemeral_data_context",
    "great_expectations.validator.validator",
    "httpx",
)
"""What a step imports late."""


def forked(work: Callable[[], T]) -> tuple[T | None, bool]:
    """What `work` gives in a fork of this process, and whether it lived to the end (else: None, False)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(read)
            found = pickle.dumps(work())
            with os.fdopen(write, "wb") as pipe:
                pipe.write(found)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return None, False
    if os.WEXITSTATUS(status) != 0:
        raise RuntimeError("A step failed; what it said is above.")
    return pickle.loads(answer), True


def live(folder: Path, address: str) -> Lived:
    """The undisturbed story."""
    events, found, earlier = [], [], []
    now = folder / "now"
    story.make(now)
    for number, step in enumerate(STEPS):
        story.feed(now, number)
        before = folder / f"before-{number}"
        shutil.copytree(now, before)
        known, _ = forked(lambda: comparing.delivered(story.opened(now, address, "none")))
        done, _ = forked(partial(_recorded, now, address, f"lived-{number}", step))
        assert known is not None
        after, _ = forked(partial(_looked, now, address, f"lived-{number}", known))
        assert done is not None
        assert after is not None
        events.append(done)
        earlier.append(known)
        found.append(after)
    return Lived(events, found, earlier)


def _recorded(folder: Path, address: str, path: str, step: Step) -> list[Event]:
    recorder = Recorder()
    project = story.opened(folder, address, path)
    under(recorder, lambda: step.work(project, step.at))
    return recorder.events


def _looked(folder: Path, address: str, path: str, earlier: frozenset[str]) -> Found:
    return comparing.look(story.opened(folder, address, path), got(address, path), earlier)


def choose(lived: Lived, points: int) -> list[Point]:
    """So many points: first every commit of the run that pauses, then evenly over all events of all steps.

    With few points each commit is met at one moment (before, during, after, in turn), with more at all of them.
    """
    commits = [event for event in lived.events[story.PAUSING] if event.commits]
    if points >= 2 * len(commits) * len(MOMENTS):
        chosen = [(story.PAUSING, event, moment) for event in commits for moment in MOMENTS]
    else:
        chosen = [(story.PAUSING, e, MOMENTS[n % len(MOMENTS)]) for n, e in enumerate(commits)]
    every = [(step, event) for step, events in enumerate(lived.events) for event in events]
    rest = points - len(chosen)
    if rest > 0:
        spread = [every[n * len(every) // rest] for n in range(rest)]
        chosen += [(step, event, MOMENTS[n % len(MOMENTS)]) for n, (step, event) in enumerate(spread)]
    return [Point(s, Kill(e.number, moment, e.seconds / 2), e) for s, e, moment in chosen[: max(points, 0)]]


def die(folder: Path, address: str, lived: Lived, point: Point, name: str) -> tuple[Tally, bool]:
    """What one death came to, and whether it was met.

    The step is started again a little later, and after an act what hands it out, as `gatehold up` does each minute.
    """
    step, place = STEPS[point.step], folder / name
    shutil.copytree(folder / f"before-{point.step}", place)
    project = story.opened(place, address, name)
    _, survived = forked(lambda: under(Killer(point.kill), lambda: step.work(project, step.at)))
    known = lived.earlier[point.step]
    last = point.step + step.handed_out_after
    found, _ = forked(lambda: _again(place, address, name, STEPS[point.step : last + 1], known))
    assert found is not None
    tally = comparing.differ(lived.found[last], found)
    where = f"step {point.step} ({step.name}), {point.kill.moment} event {point.event.number} ({point.event.name})"
    tally.told = [f"{where}: {each}" for each in tally.told]
    shutil.rmtree(place)
    return tally, not survived


def _again(folder: Path, address: str, path: str, steps: Sequence[Step], earlier: frozenset[str]) -> Found:
    project = story.opened(folder, address, path)
    for step in steps:
        step.work(project, step.at + LATER)
    return _looked(folder, address, path, earlier)


def run(folder: Path, points: int, *, workers: int = 2, say: Callable[[str], None] = lambda _: None) -> Report:
    """The whole of it: the undisturbed story, then `points` deaths, over `workers` processes."""
    began = time.perf_counter()
    warm_up()
    with receiver() as address:
        lived = live(folder, address)
        chosen = choose(lived, points)
        say(f"{lived.total} events in {len(STEPS)} steps; {len(chosen)} deaths")
        parts = [_started(folder, address, lived, chosen, worker, workers) for worker in range(workers)]
        results = [one for part in parts for one in _ended(*part)]
    report = Report(events=lived.total, commits=sum(e.commits for e in lived.events[story.PAUSING]))
    for step, tally, met in results:
        report.points += 1
        report.not_reached += not met
        report.by_step[STEPS[step].name] = report.by_step.get(STEPS[step].name, 0) + 1
        report.tally.add(tally)
    report.seconds = time.perf_counter() - began
    return report


Result = tuple[int, Tally, bool]


def _started(
    folder: Path, address: str, lived: Lived, chosen: Sequence[Point], worker: int, workers: int
) -> tuple[int, Path]:
    """A process that goes through its part of the points, and the file with what they came to."""
    results = folder / f"worker-{worker}"
    child = os.fork()
    if child == 0:
        code = 70
        try:
            mine = list(enumerate(chosen))[worker::workers]
            found = [(point.step, *die(folder, address, lived, point, f"p{n}")) for n, point in mine]
            results.write_bytes(pickle.dumps(found))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child, results


def _ended(child: int, results: Path) -> list[Result]:
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError("A worker of the harness failed; what it said is above.")
    found: list[Result] = pickle.loads(results.read_bytes())
    return found


def as_line(report: Report) -> str:
    """The report as one line of JSON."""
    return json.dumps(report.to_json())
