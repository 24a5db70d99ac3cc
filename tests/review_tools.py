"""A project with a review queue: what tests of reviews share."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.reviews import labelling
from flows import project as projects
from flows.project import Project
from warehouse.people import reviews
from warehouse.people.store import People

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(hours=1, minutes=5)
LATER = START + timedelta(days=4)
"""When the window of the rows counts."""
POLICY = Path(__file__).parent / "policies" / "parts" / "reviewed.yaml"
LABELS = ("bad", "good")


def make(folder: Path, *, rows: int = 400, change: tuple[str, str] = ("", "")) -> Project:
    """The project of `policies/parts/reviewed.yaml` with an hour of rows; `change` replaces a text of the policy."""
    (folder / "chats").mkdir(parents=True)
    shutil.copy(POLICY, folder / "gatehold.yaml")
    if change[0]:
        text = POLICY.read_text(encoding="utf-8")
        assert change[0] in text
        (folder / "gatehold.yaml").write_text(text.replace(*change), encoding="utf-8")
    feed(folder, "a", rows)
    return projects.load(folder / "gatehold.yaml")


def fixed_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same draws in every run of a test; in the product the key is random."""
    monkeypatch.setattr(reviews, "secrets", SimpleNamespace(token_hex=lambda size: "5a" * size))


def feed(folder: Path, name: str, rows: int) -> None:
    chance = random.Random(name)
    lines = [json.dumps(row(chance, f"{name}{number}", number, rows)) for number in range(rows)]
    (folder / "chats" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def row(chance: random.Random, name: str, number: int, of: int) -> dict[str, Any]:
    return {
        "event_id": name,
        "occurred_at": (START + timedelta(seconds=3_599 * number / of)).isoformat(),
        "session_id": f"{name[0]}-{number // 2}",
        "rollout": "bot",
        "release": "1",
        "prompt": f"<b onclick=x>Question {number}</b>",
        "response": f"Answer {number} " + "word " * (600 if number % 7 == 0 else 3) + "\nEnd.",
        "confidence": chance.random(),
        "refused": chance.random() < 0.1,
        "other_judge": "true" if chance.random() < 0.1 else "false",
    }


def label(people: People, person: str, id: str, answer: str, now: datetime = NOW) -> Any:
    """What stands against a label; None when it stands."""
    return reviews.label(
        people, id, person, answer, "", now=now,
        against=lambda item, had: labelling.against_label(item, had, person, answer, LABELS, now),
    )  # fmt: skip


def label_all(people: People, person: str, *, bad_every: int = 20, now: datetime = NOW) -> int:
    """How many rows somebody labelled until nothing waited for them."""
    number = 0
    while (item := reviews.following(people, "harm", person, now=now)) is not None:
        answer = "bad" if number % bad_every == 0 else "good"
        assert label(people, person, item.id, answer, now + timedelta(milliseconds=number)) is None
        number += 1
    return number
