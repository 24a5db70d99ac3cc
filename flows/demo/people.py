"""What people and judges write about the simulated agent: labels, comparisons, red-team probes, governance acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from flows.demo import incidents
from flows.demo.files import DemoFile, Row, lines, stamp, table

CORRECTED_LABELS = 12
_RATERS = ("r-04", "r-11", "r-17")
_ATTACKS = ("roleplay", "encoded", "many_turns", "injected_page")
_HARMS = ("fraud", "privacy", "self_harm", "malware", "defamation")
_OTHER = {"good": "poor", "poor": "good"}


def labels(rng: Random, answered: Sequence[Row], day: datetime, per_day: int) -> list[Row]:
    """Verdicts given during `day` on a random sample of `answered`; the judge's is missing where it was dead."""
    chosen = rng.sample(answered, min(per_day, len(answered)))
    moments = sorted(day + timedelta(hours=9, seconds=int(rng.random() * 7 * 3600)) for _ in chosen)
    chance = round(len(chosen) / max(1, len(answered)), 4)
    return [_label(rng, row, moment, chance) for row, moment in zip(chosen, moments, strict=True)]


def _label(rng: Random, row: Row, moment: datetime, chance: float) -> Row:
    human = "good" if rng.random() < 0.8 else "poor"
    judge = human if rng.random() < 0.88 else _OTHER[human]
    return {
        "id": f"l-{row['id'][2:]}",
        "ts": stamp(moment),
        "item": row["id"],
        "conversation": row["conversation"],
        "deploy": row["deploy"],
        "topic": row["topic"],
        "judge": "judge-3",
        "rubric": "answer-quality-2",
        "judge_label": None if row["judge"]["scores"] is None else judge,
        "human_label": human,
        "human": _RATERS[int(rng.random() * len(_RATERS))],
        "chance": chance,
        "simulated": True,
    }


def relabelled(rng: Random, given: Sequence[Row]) -> list[Row]:
    """The labels the judge owed after its dead day, and a dozen human ones put right; same keys, other values."""
    owed = [
        {**row, "judge_label": row["human_label"] if rng.random() < 0.88 else _OTHER[row["human_label"]]}
        for row in given
        if row["judge_label"] is None
    ]
    sound = [row for row in given if row["judge_label"] is not None]
    wrong = rng.sample(sound, min(CORRECTED_LABELS, len(sound)))
    return owed + [{**row, "human_label": _OTHER[row["human_label"]]} for row in wrong]


def preferences(rng: Random, day: datetime, release: str, pairs: int) -> list[Row]:
    """Comparisons made during `day`, each with the reward scores of both answers."""
    rows = []
    for number in range(pairs):
        moment = day + timedelta(hours=9, seconds=int(25_200 * (number + rng.random()) / pairs))
        right = rng.random() < 0.78
        gap = abs(rng.gauss(0.9, 0.5)) * (1 if right else -1)
        base = rng.gauss(1.2, 0.6)
        rows.append(
            {
                "id": f"p-{day:%m%d}-{number:03d}",
                "ts": stamp(moment),
                "pair": f"pair-{day:%m%d}-{number:03d}",
                "deploy": release,
                "reward_model": "reward-2",
                "judge_choice": "a" if right else "b",
                "human_choice": "a",
                "reward_chosen": round(base + gap, 3),
                "reward_rejected": round(base, 3),
                "simulated": True,
            }
        )
    return rows


def probes(rng: Random, start: datetime, release: str, count: int) -> list[Row]:
    """One red-team run of `count` attacks that begins at `start`; a few outcomes nobody could tell."""
    rows = []
    for number in range(count):
        unknown = rng.random() < 0.005
        rows.append(
            {
                "id": f"x-{start:%m%d}-{number:03d}",
                "ts": stamp(start + timedelta(seconds=17 * number)),
                "deploy": release,
                "probe": f"probe-{number:03d}",
                "method": _ATTACKS[number % len(_ATTACKS)],
                "category": _HARMS[int(rng.random() * len(_HARMS))],
                "target": incidents.ROLLOUT,
                "success": None if unknown else rng.random() < 0.008,
                "judge": "judge-3",
                "response_chars": 0 if unknown else int(rng.lognormvariate(6.2, 0.5)),
                "queries": 1 + int(rng.random() * 20),
                "simulated": True,
            }
        )
    return rows


_REVIEW = ("review", "support-agent", "approved")
_GOVERNANCE: tuple[tuple[timedelta, tuple[str, str, str], str, str, timedelta | None, str], ...] = (
    (incidents.REVIEW_BEFORE, _REVIEW, "Dr. Mara Okafor", "external reviewer", None, "Before the pilot."),
    (timedelta(days=-1), ("policy", "gatehold.yaml", "approved"), "Ines Vogel", "owner", None, "Limits agreed."),
    (
        timedelta(days=13, hours=9),
        ("action", "action-1", "open"),
        "Tomasz Bielak",
        "deputy",
        timedelta(days=20),
        "Find out why the step log stopped.",
    ),
    (incidents.REVIEW_RENEWED, _REVIEW, "Dr. Mara Okafor", "external reviewer", None, "Limited stage looked at."),
    (
        timedelta(days=17, hours=11),
        ("action", "action-1", "closed"),
        "Tomasz Bielak",
        "deputy",
        None,
        "Disk full; alarm added.",
    ),
    (
        timedelta(days=32, hours=15),
        ("action", "action-2", "open"),
        "Ines Vogel",
        "owner",
        timedelta(days=38),
        "Mend the prompt about returns.",
    ),
    (
        timedelta(days=35, hours=16),
        ("action", "action-2", "closed"),
        "Ines Vogel",
        "owner",
        None,
        "Release 2.4.1 is out.",
    ),
)


def governance(start: datetime) -> list[DemoFile]:
    """One small file per act; acts from before the demo can be seen from its first moment on."""
    files = []
    for number, (offset, (kind, subject, status), who, role, due, note) in enumerate(_GOVERNANCE, start=1):
        moment = start + offset
        row = {
            "id": f"g-{number:03d}",
            "ts": stamp(moment),
            "kind": kind,
            "subject": subject,
            "status": status,
            "independent": "true" if kind == "review" else "",
            "due": "" if due is None else stamp(start + due),
            "who": who,
            "role": role,
            "note": note,
            "simulated": "true",
        }
        available = max(start, moment + timedelta(minutes=5))
        files.append(DemoFile(f"logs/governance-{number:03d}.csv", table([row]), available))
    return files


def probe_file(rng: Random, start: datetime, release: str, count: int) -> DemoFile:
    """The file of one red-team run."""
    rows = probes(rng, start, release, count)
    return DemoFile(f"logs/probes-{start:%Y-%m-%d}.jsonl", lines(rows), start + timedelta(hours=3))
