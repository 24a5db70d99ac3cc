"""A project as `gatehold init` makes it, asked and published to: for tests of the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from command import Typed, gatehold

from checks.gates import codec, standing
from checks.gates.deterministic import evaluate
from flows import project as projects
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import NewDecision, PublishedStanding

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
NAME = "support-agent"

HOSTILE = "\x1b]0;owned\x07\u202e<b>\x00"


def ask(shop: Path, *words: str) -> Typed:
    return gatehold(*words, "--config", str(shop))


def publish(shop: Path, kind: str, *, at: datetime = NOW, detail: str = "", release: str = "r1") -> None:
    """Write what a run would have published and decided: one gate, and a standing of this kind."""
    project = projects.load(shop)
    gate = project.policy.gate_specs(NAME, "pilot")[0]
    verdict = evaluate(gate, value=0.5 if kind == "hold" else 0.0, newest=at, now=at, sentence=detail)
    said = standing.decide(
        rollout=NAME,
        stage="pilot",
        release=release,
        verdicts=[verdict],
        paused=kind == "pause",
        now=at,
        lease=26 * HOUR,
        config_digest=project.policy.digest,
        simulated=False,
    )
    assert said.standing == kind
    body = {"standing": codec.standing_to_json(said)}
    with People.open(project.data) as people:
        new = NewDecision(
            f"k{at}", at, NAME, said.standing, "gatehold monitor", said.reasons[0].detail, "", "", {"note": 1}
        )
        log.append(people, new, standing=PublishedStanding(NAME, body, at, said.valid_until))


def plain(done: Typed) -> bool:
    """An error of a sentence or two, without a traceback, and a way on."""
    return done.err.startswith("Error: ") and "Traceback" not in done.err and len(done.err) < 400


def new_shop(folder: Path) -> Path:
    made = gatehold("init", str(folder))
    assert (made.code, made.err) == (0, "")
    return folder
