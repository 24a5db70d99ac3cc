"""A small working project for `gatehold init`: three healthy days of simulated logs and a policy to begin from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import resources
from random import Random

from flows.demo import conversations, people
from flows.demo.files import DemoFile, Row, lines, stamp, table
from flows.demo.traffic import check_midnight

DAYS = 3
_SESSIONS_PER_DAY = 50


def starter_text() -> str:
    """The policy that `gatehold init` writes."""
    return resources.files("flows.demo").joinpath("starter.yaml").read_text(encoding="utf-8")


def readme_text() -> str:
    """The README that `gatehold init` writes."""
    return resources.files("flows.demo").joinpath("starter_readme.md").read_text(encoding="utf-8")


def sample_project(seed: int, end: datetime) -> Iterator[DemoFile]:
    """The files of a new project: `gatehold.yaml`, a README and about 300 answers of the three days before `end`.

    Equal arguments give equal files; every log row carries ``simulated: true``.

    Raises:
        UsageError: `end` is not a midnight in UTC.
    """
    check_midnight(end)
    start = end - timedelta(days=DAYS)
    yield DemoFile("gatehold.yaml", starter_text().encode(), start)
    yield DemoFile("README.md", readme_text().encode(), start)
    yield DemoFile("logs/governance.csv", table([_review(start)]), start)
    answered: list[Row] = []
    for number in range(DAYS):
        day = start + timedelta(days=number)
        seen = day + timedelta(days=1)
        if answered:
            given = people.labels(Random(f"{seed}/sample-labels/{number}"), answered, day, 30)
            yield DemoFile(f"logs/labels-{day:%Y-%m-%d}.jsonl", lines(given), seen)
        answered = _answers(seed, start, day)
        inside = Random(f"{seed}/sample-steps/{number}")
        made = [step for row in answered for step in conversations.steps(inside, row)]
        yield DemoFile(f"logs/interactions-{day:%Y-%m-%d}.jsonl", lines(answered), seen)
        yield DemoFile(f"logs/steps-{day:%Y-%m-%d}.jsonl", lines(made), seen)


def _answers(seed: int, start: datetime, day: datetime) -> list[Row]:
    rng = Random(f"{seed}/sample/{(day - start).days}")
    begun = conversations.begin(rng, day, day - start, 24, _SESSIONS_PER_DAY)
    rows = [row for one in begun for row in conversations.answers(rng, one, start)]
    until = stamp(day + timedelta(days=1))
    return sorted((row for row in rows if row["ts"] < until), key=lambda row: (row["ts"], row["id"]))


def _review(start: datetime) -> Row:
    return {
        "id": "g-001",
        "ts": stamp(start - timedelta(days=2)),
        "kind": "review",
        "subject": "support-agent",
        "status": "approved",
        "independent": "true",
        "due": "",
        "who": "Dr. Mara Okafor",
        "role": "external reviewer",
        "note": "Before the pilot.",
        "simulated": "true",
    }
