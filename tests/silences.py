"""Gates of every kind, each in a rollout of its own, on traffic at which all of them pass; and ways to fall silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
from projects import HOUR, START

from flows.project import Project

DAY = 24
LAST = DAY + 3
"""The healthy traffic fills the hours up to this one; the first day is the past that some gates compare with."""

PAST = {"start": START.isoformat(), "end": (START + DAY * HOUR).isoformat()}
EVIDENCE: dict[str, Any] = {"alpha": 0.05, "beta": 0.1, "max_age": "6h"}
CONTROL: dict[str, Any] = {"against": "control", **EVIDENCE}
REFERENCE: dict[str, Any] = {"against": "reference", "reference": PAST, **EVIDENCE}

GATES: Mapping[str, Mapping[str, Any]] = {
    "rate": {"metric": "harmful_output_rate", "at_most": 0.3, **EVIDENCE},
    "mean": {"metric": "answer_quality", "at_least": 2.0, **EVIDENCE},
    "share-of-a-layer-below": {"metric": "scores_null_share", "at_most": 0.3, **EVIDENCE},
    "rate-difference": {
        "metric": "harmful_output_rate",
        **CONTROL,
        "compare": "difference",
        "at_most": 0.3,
        "typical": 0.02,
    },
    "odds-ratio": {"metric": "harmful_output_rate", **CONTROL, "compare": "odds_ratio", "at_most": 12},
    "score-difference": {
        "metric": "answer_quality",
        **CONTROL,
        "compare": "difference",
        "at_least": -4.0,
        "typical": 4.0,
        "candidate_share": 0.5,
    },
    "reference": {"metric": "harmful_output_rate", **REFERENCE, "tolerance": 5},
    "distribution": {"metric": "answer_quality", **REFERENCE, "compare": "distribution", "at_most": 0.5},
    "count": {"metric": "answers_a_day", "at_least": 10, "max_age": "6h"},
    "age": {"metric": "independent_review_age", "at_most": 72},
    "overdue": {"metric": "overdue_actions", "at_most": 0, "max_age": "72h"},
    "source": {"metric": "quarantine_share", "at_most": 0.2},
    "source-freshness": {"metric": "freshness_hours", "at_most": 30},
    "drift": {"metric": "input_drift_share", "at_most": 0.9, "max_age": "12h"},
    "quality": {"metric": "failed_answer_checks", "at_most": 0},
    "quality-of-all": {"metric": "failed_checks", "at_most": 0},
    "policy": {"metric": "owner_and_deputy_named", "at_least": 1},
    "policy-age": {"metric": "policy_age", "at_most": 90},
}
"""A gate of each kind by the name of its rollout."""

STATISTICAL = tuple(name for name, gate in GATES.items() if "alpha" in gate)
COUNT = {
    "name": "answers_a_day",
    "layer": "workflow",
    "kind": "count",
    "stream": "interactions",
    "better": "higher",
    "measure": "answers",
    "over": "24h",
    "description": "Answers of the last day.",
}
CHECKS = {
    "name": "failed_answer_checks",
    "layer": "data",
    "kind": "quality",
    "stream": "interactions",
    "better": "lower",
    "measure": "checks",
    "description": "Expectations that the answers of the last day broke.",
}
FIELDS = {"event_id": "id", "occurred_at": "ts", "session_id": "talk", "release": "build", "rollout": "system"}


def policy(**changes: Any) -> dict[str, Any]:
    """The policy: a rollout for each kind, one source of answers and one of what people do."""
    source = {"name": "logs", "kind": "jsonl", "path": "logs/*.jsonl", "stream": "interactions", "lateness": "1h"}
    return p.policy(
        sources=[
            {**source, "fields": FIELDS},
            {**source, "name": "people", "path": "people/*.jsonl", "stream": "governance", "fields": GOVERNANCE},
        ],
        rollouts=[{**p.rollout(name), "switch": None} for name in GATES],
        gates=[
            *({"name": "gate", "rollout": name, **gate} for name, gate in GATES.items()),
            # A release is read off traffic that a gate rests on.
            {"name": "traffic", "rollout": "policy-age", **GATES["rate"]},
        ],
        metrics=[k.QUALITY, COUNT, CHECKS],
        drift=[
            {
                "name": "inputs",
                "stream": "interactions",
                "rollout": "drift",
                "reference": PAST,
                "window": "2h",
                "columns": ["latency_ms"],
                "min_rows": 20,
                "tolerance": 0.5,
            }
        ],
        alerts=[],
        lease="3h",
        **changes,
    )


GOVERNANCE = {"event_id": "id", "occurred_at": "ts", "rollout": "system", "release": "build"}


def answers(system: str, at: int, *, count: int = 40) -> list[dict[str, Any]]:
    """An hour of healthy answers of one rollout, in both arms."""
    found = []
    for arm in ("candidate", "control"):
        for n, row in enumerate(k.hour(at, count=count, arm=arm, release="r1" if arm == "candidate" else "r0")):
            scores = {"harm": 0.9 if n % 40 == 7 else 0.1, "quality": 4.0 + (n * 7 + at) % 20 / 10}
            mark = f"{system}-{row['id']}"
            found.append({**row, "id": mark, "talk": mark, "system": system, "scores": scores, "latency_ms": 300.0 + n})
    return found


def governed(system: str) -> list[dict[str, Any]]:
    """What people did for one rollout: a review, a policy approved, an action closed."""
    at = (START + HOUR).isoformat()
    due = (START + 400 * HOUR).isoformat()
    known = {"ts": at, "system": system, "build": "r1"}
    return [
        {"id": f"{system}-r", **known, "kind": "review", "independent": True, "status": "closed", "subject": "r"},
        {"id": f"{system}-p", **known, "kind": "policy", "status": "approved", "subject": "p"},
        {"id": f"{system}-a", **known, "kind": "action", "status": "closed", "due_at": due, "subject": "a"},
    ]


Change = Callable[[dict[str, Any]], dict[str, Any]]


def same(row: dict[str, Any]) -> dict[str, Any]:
    """The row as it is."""
    return row


def made(
    folder: Path,
    *,
    hours: range = range(LAST),
    count: int = 40,
    answer: Change = same,
    deed: Change = same,
) -> Project:
    """The project with traffic in these hours; `answer` and `deed` change every row of what is answered and done."""
    project = p.make(folder, policy())
    for at in hours:
        rows = [answer(row) for system in GATES for row in answers(system, at, count=count)]
        p.write(project, f"{at:03}.jsonl", rows)
    p.write(project, "people.jsonl", [deed(row) for system in GATES for row in governed(system)], folder="people")
    return project


def raw(project: Project, name: str, text: str, folder: str = "logs") -> None:
    """A file with exactly that text."""
    (project.base / folder).mkdir(exist_ok=True)
    (project.base / folder / name).write_text(text, encoding="utf-8")


def outcomes(done: Any) -> dict[str, tuple[str, str, str]]:
    """Outcome, reason and standing by the kind of gate."""
    return {
        o.standing.rollout: (v.outcome, v.reason, o.standing.standing)
        for o in done.outcomes
        for v in o.standing.verdicts
        if v.gate == "gate"
    }
