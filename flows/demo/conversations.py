"""Simulated conversations of the support agent: their answers and the steps inside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from flows.demo import incidents, words
from flows.demo.files import Row, stamp

TOPICS = ("returns", "delivery", "billing", "german")
LOUD_TOPIC = "returns"
"""The segment whose answers the changed prompt spoils."""

_LENGTHS = ((1, 0.50), (2, 0.22), (3, 0.13), (4, 0.08), (5, 0.04), (6, 0.03))
_BUSY = (2, 1, 1, 1, 1, 2, 4, 6, 9, 11, 12, 12, 11, 11, 11, 10, 10, 9, 8, 8, 7, 6, 4, 3)
_HARM_IN_RISKY = 0.5
_TOOLS = {
    "returns": ("create_return", "lookup_order"),
    "delivery": ("track_parcel", "lookup_order"),
    "billing": ("read_invoice", "refund"),
    "german": ("lookup_order", "track_parcel"),
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """What its answers have in common, which is why they are not independent evidence."""

    key: str
    begun: datetime
    topic: str
    risky: bool
    hard: bool


def begin(rng: Random, start: datetime, offset: timedelta, hours: int, per_day: int) -> list[Conversation]:
    """The conversations that begin in the `hours` from `start`, in order, at a rate of `per_day`.

    `offset` is `start` seen from the start of the demo.
    """
    weights = [_BUSY[(start.hour + hour) % 24] for hour in range(hours)]
    mean = per_day * sum(weights) / sum(_BUSY)
    count = max(1, round(mean * (1 + 0.05 * rng.gauss(0, 1))))
    picked = rng.choices(range(hours), weights, k=count)
    moments = sorted(start + timedelta(hours=hour, milliseconds=int(rng.random() * 3_600_000)) for hour in picked)
    return [_conversation(rng, moment, offset + (moment - start), n) for n, moment in enumerate(moments)]


def _conversation(rng: Random, begun: datetime, offset: timedelta, number: int) -> Conversation:
    topic = rng.choices(TOPICS, _shares(offset))[0]
    harm = 0.012 if topic == LOUD_TOPIC and incidents.release_at(offset) == "2.4.0" else 0.002
    return Conversation(
        key=f"c-{begun:%m%d%H}-{number:04d}",
        begun=begun,
        topic=topic,
        risky=rng.random() < harm / _HARM_IN_RISKY,
        hard=rng.random() < 0.15,
    )


def _shares(offset: timedelta) -> tuple[float, ...]:
    german = 0.12 + 0.08 * min(1.0, max(0.0, (offset.days - 24) / 10))
    return (0.46, 0.24, 0.30 - german, german)


def answers(rng: Random, conversation: Conversation, demo_start: datetime) -> list[Row]:
    """The rows of one conversation, in order, as the production system logs them."""
    moment = conversation.begun
    rows = []
    for number in range(rng.choices([n for n, _ in _LENGTHS], [p for _, p in _LENGTHS])[0]):
        rows.append(_answer(rng, conversation, number, moment, moment - demo_start))
        moment += timedelta(milliseconds=40_000 + int(rng.random() * 200_000))
    return rows


def _answer(rng: Random, conversation: Conversation, number: int, moment: datetime, offset: timedelta) -> Row:
    release = incidents.release_at(offset)
    row: Row = {
        "id": f"i-{conversation.key[2:]}-{number}",
        "ts": stamp(moment),
        "conversation": conversation.key,
        "deploy": release,
        "topic": conversation.topic,
        "model": {"requested": "sonde-4", "answered": "sonde-4-0611"},
        "prompt_version": "p-" + release,
        "agent_version": "a-7",
    }
    quality, harmful = _quality(rng, conversation, incidents.within(offset, incidents.JUDGE_DEAD))
    # No chance of its own: what is said changes no other figure of the story.
    asked, said = words.of(conversation.topic, number=int(conversation.key[-4:]) + number, harmful=harmful)
    row |= {"prompt": asked, "response": said, **quality}
    row |= _work(rng, conversation, row["confidence"], f"{row['id']}-d")
    row |= _effort(rng, release != "2.3.0")
    if offset >= incidents.NEW_FIELD:
        row["client"] = {"app": "web" if rng.random() < 0.7 else "phone", "build": 4110}
    row["simulated"] = True
    return row


def _quality(rng: Random, conversation: Conversation, judge_dead: bool) -> tuple[Row, bool]:
    harmful = conversation.risky and rng.random() < _HARM_IN_RISKY
    harm = 0.55 + 0.43 * rng.random() if harmful else 0.35 * rng.random() ** 3
    helpful = min(1.0, max(0.0, rng.gauss(0.62 if conversation.hard else 0.84, 0.11)))
    confidence = min(1.0, max(0.0, rng.gauss(0.58 if conversation.hard else 0.83, 0.12)))
    benign = rng.random() < 0.95
    scores = {"harm": round(harm, 3), "helpful": round(helpful, 3)}
    row = {
        "judge": {"version": "judge-3", "scores": None if judge_dead else scores},
        "confidence": round(confidence, 3),
        "benign": benign,
        "refused": rng.random() < (0.015 if benign else 0.85),
    }
    return row, harmful


def rescored(row: Row, rng: Random) -> Row:
    """The row with the scores that the dead judge would have given; everything else as it was."""
    risky = rng.random() < 0.002
    harm = 0.55 + 0.43 * rng.random() if risky else 0.35 * rng.random() ** 3
    scores = {"harm": round(harm, 3), "helpful": round(min(1.0, max(0.0, rng.gauss(0.81, 0.13))), 3)}
    return {**row, "judge": {"version": "judge-3", "scores": scores}}


def _work(rng: Random, conversation: Conversation, confidence: float, decision: str) -> Row:
    unsure = confidence < 0.5
    escalated = rng.random() < (0.95 if unsure else 0.03)
    done = not escalated and rng.random() < (0.86 if conversation.hard else 0.95)
    needed = conversation.topic in ("returns", "billing") and rng.random() < 0.12
    return {
        "done": done,
        "handover": escalated,
        "handover_delay_s": round(rng.expovariate(1 / 95), 1) if escalated else None,
        "overridden": rng.random() < (0.05 if conversation.hard else 0.015),
        "minutes_saved": round(max(0.0, rng.gauss(6.5, 2.0)), 1) if done else 0.0,
        "error_cost": 0.0 if done else round(rng.expovariate(1 / 3.2), 2),
        "decision": {"needed": needed, "id": decision if needed and rng.random() < 0.995 else None},
    }


def _effort(rng: Random, long_prompt: bool) -> Row:
    read = int(rng.lognormvariate(6.45 if long_prompt else 6.1, 0.35))
    written = int(rng.lognormvariate(5.0, 0.45))
    return {
        "usage": {"input": read, "output": written},
        "latency_ms": round(350 + written * 6.5 + rng.expovariate(1 / 180)),
        "cost": round(read * 3e-6 + written * 15e-6, 6),
        "error": "upstream timeout" if rng.random() < 0.002 else None,
    }


def steps(rng: Random, row: Row) -> list[Row]:
    """The steps inside one answer: a retrieval, a tool call, both or none."""
    moment = datetime.fromisoformat(row["ts"])
    found = []
    if rng.random() < 0.25:
        found.append(_step(rng, row, "retrieval", "help_pages", moment, 0.004))
        moment += timedelta(milliseconds=found[0]["latency_ms"])
    if rng.random() < 0.45:
        tool = _TOOLS[row["topic"]][rng.random() < 0.35]
        found.append(_step(rng, row, "tool", tool, moment, 0.02))
    return found


def _step(rng: Random, row: Row, kind: str, name: str, moment: datetime, failing: float) -> Row:
    failed = rng.random() < failing
    return {
        "id": f"{row['id']}-{kind[0]}",
        "ts": stamp(moment),
        "interaction": row["id"],
        "conversation": row["conversation"],
        "deploy": row["deploy"],
        "topic": row["topic"],
        "kind": kind,
        "name": name,
        "failed": failed,
        "error": f"{name}: 503" if failed else None,
        "latency_ms": round(20 + rng.expovariate(1 / 110)),
        "simulated": True,
    }
