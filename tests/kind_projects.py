"""Small projects with two arms, graded scores and references, for gates of every kind through the whole path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import projects as p
from projects import AGENT, HOUR, START

from checks.gates.records import Standing, Verdict
from flows import explaining
from flows.once import Pass
from flows.project import Project
from warehouse import evidence
from warehouse.people import log
from warehouse.records.evidence import Epoch
from warehouse.records.folded import FoldedWindows

QUALITY = {
    "name": "answer_quality",
    "layer": "model",
    "kind": "mean",
    "stream": "interactions",
    "value": "scores.quality",
    "range": [0, 10],
    "measure": "points",
    "better": "higher",
    "description": "What the answer is worth, 0 to 10.",
}
LENGTH = {**QUALITY, "name": "answer_length", "value": "scores.length", "range": [0, 1000], "measure": "words"}
LENGTH |= {"better": "lower"}
PACE = {**QUALITY, "name": "pace", "kind": "histogram", "value": "scores.quality", "cuts": [2, 4, 6, 8]}
PACE = {key: value for key, value in PACE.items() if key not in ("range", "better")}


def gate(name: str = "gate", **values: Any) -> dict[str, Any]:
    """A gate with evidence; harm of at most 10 % unless said otherwise."""
    known = {"name": name, "rollout": AGENT, "metric": "harmful_output_rate", "alpha": 0.02, "beta": 0.05}
    return {**known, "max_age": "6h", **values}


def make(folder: Path, *gates: Mapping[str, Any], **changes: Any) -> Project:
    """A project with these gates and the metrics of this module."""
    used = {each["metric"] for each in gates}
    metrics = [metric for metric in (QUALITY, LENGTH, PACE) if metric["name"] in used]
    return p.make(folder, p.policy(gates=[dict(each) for each in gates], metrics=metrics, **changes))


def hour(
    at: int,
    *,
    count: int = 100,
    bad: int = 0,
    unscored: int = 0,
    arm: str = "candidate",
    release: str = "r1",
    mark: str = "",
    rows: int = 1,
    scores: Sequence[Mapping[str, float]] | None = None,
) -> list[dict[str, Any]]:
    """The sessions of one hour, all over five minutes before its end: `bad` harmful ones, then `unscored` ones.

    Each has `rows` rows, of which the first carries the harm. `scores` replaces what each session is scored, in turn.
    """
    found = []
    for n in range(count):
        harm = {"harm": 0.9 if n < bad else 0.1}
        session = dict(scores[n % len(scores)]) if scores else harm
        for row in range(rows):
            scored = None if bad <= n < bad + unscored else (session if row == 0 or scores else {"harm": 0.1})
            found.append(
                {
                    "id": f"{mark}{arm}{at}-{n}-{row}",
                    "ts": (START + at * HOUR + n * (0.9 * HOUR / count) + row * (HOUR / 3600)).isoformat(),
                    "talk": f"{mark}{arm}{at}-{n}",
                    "build": release,
                    "arm": arm,
                    "prompt": "Where is my parcel?",
                    "answer": "On its way.",
                    "scores": scored,
                }
            )
    return found


def arms(at: int, *, candidate: int, control: int, count: int = 100, controls: int | None = None) -> list[Any]:
    """An hour of both arms with so many harmful sessions in each; `count` sessions of the candidate."""
    others = count if controls is None else controls
    return [
        *hour(at, bad=candidate, count=count),
        *hour(at, bad=control, count=others, arm="control", release="r0"),
    ]


def feed(project: Project, hours: Iterable[int], rows: Any, *, mark: str = "") -> Pass:
    """One file for every hour, `rows(hour)` in it, and one run when all of them are complete."""
    last = 0
    for at in hours:
        p.write(project, f"{at:04}{mark}.jsonl", rows(at))
        last = at
    return p.run(project, last + 2)


def verdict(done: Pass, name: str = "gate") -> Verdict:
    return next(v for v in standing(done).verdicts if v.gate == name)


def standing(done: Pass) -> Standing:
    return p.outcome(done).standing


def said(done: Pass, name: str = "gate") -> tuple[str, str]:
    """Outcome and reason of one gate."""
    found = verdict(done, name)
    return found.outcome, found.reason


def codes(done: Pass) -> list[str]:
    return [reason.code for reason in standing(done).reasons]


def epochs(project: Project, name: str = "gate") -> list[tuple[Epoch, FoldedWindows]]:
    with p.opened(project) as stores:
        return [
            (e, evidence.rows(stores.warehouse, e.epoch)) for e in evidence.epochs(stores.warehouse, f"{AGENT}/{name}")
        ]


def unequal(project: Project) -> list[tuple[int, tuple[str, ...]]]:
    """The decisions with a standing that do not come out as they were written."""
    with p.opened(project) as stores:
        told = [explaining.explain(stores, e) for e in log.entries(stores.people) if "standing" in e.body]
    assert told
    return [(t.seq, t.differences) for t in told if not t.equal]
