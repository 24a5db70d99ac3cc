"""The script of the demo: when each stage, release and incident comes, as offsets from its first moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal as OneOf

DAYS = 42
ROLLOUT = "support-agent"
FILE_HOURS = 12
"""Hours of traffic in one log file; lateness in the demo's policy has to cover it."""

Code = OneOf[
    "start",
    "source_silent",
    "review_lapsed",
    "review_renewed",
    "judge_dead",
    "restated",
    "late_batch",
    "release",
    "regression",
    "fix",
    "red_team",
]


def _at(days: int, hours: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours)


STEPS_SILENT = (_at(12), _at(13))
REVIEW_BEFORE = _at(-15)
REVIEW_LAPSES = _at(15)
REVIEW_RENEWED = _at(16, 15)
JUDGE_DEAD = (_at(18), _at(19))
RESCORED_AT = _at(20, 8)
LATE_FILE = _at(25)
"""Start of the file that is held up on its way."""
LATE_FILE_ARRIVES = _at(26, 18)
PROMPT_CHANGED = _at(29, 10)
PROMPT_FIXED = _at(34, 9)
RED_TEAM = tuple(_at(day, 2) for day in range(0, DAYS, 7))
NEW_FIELD = _at(22)
"""From here on the log writer adds a field that nobody announced."""

GENERAL_FROM = _at(22)
LIMITED_FROM = _at(10)


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happens in the simulated world: from `at` to `until` (None: a moment), in one plain sentence."""

    at: datetime
    until: datetime | None
    code: Code
    title: str
    sentence: str


TIMELINE: tuple[tuple[timedelta, timedelta | None, Code, str, str], ...] = (
    (_at(0), None, "start", "Pilot starts", "Release 2.3.0 answers its first customers in the pilot."),
    (
        *STEPS_SILENT,
        "source_silent",
        "Step log silent",
        "The log of tool calls brings nothing for a day; nobody can say how the tools behaved.",
    ),
    (
        REVIEW_LAPSES,
        None,
        "review_lapsed",
        "Review lapses",
        "The last independent review is now older than 30 days.",
    ),
    (REVIEW_RENEWED, None, "review_renewed", "Review renewed", "An independent reviewer looks again and approves."),
    (*JUDGE_DEAD, "judge_dead", "Judge dead", "The judge gives no scores for a day; the answers still go out."),
    (
        RESCORED_AT,
        None,
        "restated",
        "Day restated",
        "The judge's missing day is scored after the fact, and 12 human labels are corrected.",
    ),
    (
        LATE_FILE,
        LATE_FILE_ARRIVES,
        "late_batch",
        "File held up",
        "A log file of half a day arrives 30 hours after it was due.",
    ),
    (
        PROMPT_CHANGED,
        PROMPT_FIXED,
        "regression",
        "Prompt changed",
        "Release 2.4.0: a new prompt raises harmful answers about returns from 0.2 % to 1.2 %.",
    ),
    (
        PROMPT_FIXED,
        None,
        "fix",
        "Prompt fixed",
        "Release 2.4.1 goes live with a mended prompt, to the traffic of the limited stage.",
    ),
)
"""What happens, as (offset, end offset, code, title, plain sentence); `timeline` gives it real times."""


def start_of(end: datetime) -> datetime:
    """The first moment of the demo that ends at `end`."""
    return end - timedelta(days=DAYS)


def timeline(end: datetime) -> tuple[Incident, ...]:
    """Every incident of the demo that ends at `end`, in order of time."""
    start = start_of(end)
    return tuple(
        Incident(start + at, None if until is None else start + until, code, title, sentence)
        for at, until, code, title, sentence in TIMELINE
    )


@dataclass(frozen=True, slots=True)
class Act:
    """Something people do in the demo, to be tried at `at` and again later while the standing does not allow it."""

    at: datetime
    kind: OneOf["start", "expand", "resume"]
    stage: str
    actors: tuple[tuple[str, str], ...]
    reason: str
    mended: str = ""
    mended_at: datetime | None = None


_OWNER = ("Ines Vogel", "owner")
_DEPUTY = ("Tomasz Bielak", "deputy")


def acts(end: datetime) -> tuple[Act, ...]:
    """What people do in the demo that ends at `end`, in order: `actors` are (name, role), two where two must agree."""
    start = start_of(end)
    return (
        Act(start, "start", "pilot", (_OWNER,), "Pilot with release 2.3.0."),
        Act(start + LIMITED_FROM, "expand", "limited", (_OWNER,), "All gates of the pilot pass."),
        Act(start + GENERAL_FROM, "expand", "general", (_OWNER,), "All gates of the limited stage pass."),
        Act(
            start + _at(37, 10),
            "resume",
            "limited",
            (_OWNER, _DEPUTY),
            "Prompt mended in release 2.4.1, red team repeated on it, cause understood.",
            mended="https://example.org/changes/prompt-2.4.1",
            mended_at=start + PROMPT_FIXED,
        ),
    )


def monitor_times(end: datetime) -> tuple[datetime, ...]:
    """The moments at which the demo's monitor looks: every day at 13:00, and once more an hour after the end."""
    start = start_of(end)
    return (*(start + timedelta(days=n, hours=13) for n in range(DAYS)), end + timedelta(hours=1))


def release_at(offset: timedelta) -> str:
    """The release that answers at `offset` from the demo's start."""
    if offset >= PROMPT_FIXED:
        return "2.4.1"
    return "2.4.0" if offset >= PROMPT_CHANGED else "2.3.0"


def sessions_per_day(offset: timedelta) -> int:
    """Mean number of conversations a day at `offset`: pilot, limited, general, and limited again after the fix."""
    if offset < LIMITED_FROM:
        return 620
    return 900 if offset < GENERAL_FROM or offset >= PROMPT_FIXED else 1230


def within(offset: timedelta, span: tuple[timedelta, timedelta]) -> bool:
    """True when `offset` lies in the half-open `span`."""
    return span[0] <= offset < span[1]
