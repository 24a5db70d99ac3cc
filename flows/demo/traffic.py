"""Simulated traffic of a support agent over six weeks, as the log files its production system would write.

Equal `seed` and `end` give equal files. Every row carries ``simulated: true``.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import resources
from random import Random

from flows.demo import conversations, faults, incidents, people
from flows.demo.files import DemoFile, Row, lines, squeezed, stamp
from warehouse.records.errors import UsageError

SEED = 47
"""The seed of the shipped demo."""

_DAY = timedelta(days=1)
_UPLOAD = timedelta(minutes=20)
_PROBES = 400


def policy_text(end: datetime) -> str:
    """The policy of the demo that ends at `end`, its first week pinned as the reference of drift."""
    start = incidents.start_of(end)
    text = resources.files("flows.demo").joinpath("policy.yaml").read_text(encoding="utf-8")
    week = stamp(start + timedelta(days=7))
    return text.replace('"$reference_start"', f'"{stamp(start)}"').replace('"$reference_end"', f'"{week}"')


def files(seed: int, end: datetime) -> Iterator[DemoFile]:
    """All files of the six weeks before `end`, in the order in which a monitor would come to see them.

    Raises:
        UsageError: `end` is not a midnight in UTC.
    """
    check_midnight(end)
    start = incidents.start_of(end)
    waiting: list[tuple[datetime, str, bytes]] = []
    for seen, batch in _produced(seed, start):
        for file in batch:
            heapq.heappush(waiting, (file.available_at, file.path, file.content))
        while waiting and waiting[0][0] <= seen:
            yield _pop(waiting)
    while waiting:
        yield _pop(waiting)


def _pop(waiting: list[tuple[datetime, str, bytes]]) -> DemoFile:
    available_at, path, content = heapq.heappop(waiting)
    return DemoFile(path, content, available_at)


def check_midnight(end: datetime) -> None:
    """Refuse an end that is not a midnight in UTC."""
    if end.utcoffset() != timedelta(0) or (end.hour, end.minute, end.second, end.microsecond) != (0, 0, 0, 0):
        raise UsageError(f"The end of simulated traffic must be a midnight in UTC, not {end.isoformat()}.")


def _produced(seed: int, start: datetime) -> Iterator[tuple[datetime, list[DemoFile]]]:
    """Files as they are made, each time with a moment before which nothing made later can be seen."""
    yield start, people.governance(start)
    for offset in incidents.RED_TEAM:
        rng = Random(f"{seed}/probes/{offset.days}")
        yield start, [people.probe_file(rng, start + offset, incidents.release_at(offset), _PROBES)]
    answered: dict[datetime, list[Row]] = {}
    for number, begun, rows in _half_days(seed, start):
        day = begun.replace(hour=0)
        made = _traffic_files(seed, start, begun, number, rows)
        if begun == day:
            made += _people_files(seed, start, day, answered.get(day - _DAY, []))
        if begun - start == timedelta(days=incidents.RESCORED_AT.days):
            made += _restated(seed, start, answered)
        answered = {then: known for then, known in answered.items() if then >= day - 4 * _DAY}
        answered[day] = answered.get(day, []) + rows
        yield begun + timedelta(hours=incidents.FILE_HOURS), made


def _half_days(seed: int, start: datetime) -> Iterator[tuple[int, datetime, list[Row]]]:
    """The answers of each file's span, with its number and first moment."""
    spill: list[Row] = []
    for number in range(incidents.DAYS * 24 // incidents.FILE_HOURS):
        begun = start + timedelta(hours=incidents.FILE_HOURS * number)
        rows, spill = _half_day(seed, start, begun, spill)
        yield number, begun, rows


def _half_day(seed: int, start: datetime, begun: datetime, spill: list[Row]) -> tuple[list[Row], list[Row]]:
    """The answers given in one file's span, in order, and those of its conversations that come after it."""
    rng = Random(f"{seed}/answers/{begun - start}")
    begin = conversations.begin(
        rng, begun, begun - start, incidents.FILE_HOURS, incidents.sessions_per_day(begun - start)
    )
    rows = spill + [row for one in begin for row in conversations.answers(rng, one, start)]
    rows.sort(key=lambda row: (row["ts"], row["id"]))
    until = stamp(begun + timedelta(hours=incidents.FILE_HOURS))
    return [row for row in rows if row["ts"] < until], [row for row in rows if row["ts"] >= until]


def _traffic_files(seed: int, start: datetime, begun: datetime, number: int, rows: list[Row]) -> list[DemoFile]:
    name = f"{begun:%Y-%m-%dT%H}"
    closed = begun + timedelta(hours=incidents.FILE_HOURS)
    late = begun - start == incidents.LATE_FILE
    seen = start + incidents.LATE_FILE_ARRIVES if late else closed + _UPLOAD
    rng = Random(f"{seed}/faults/{number}")
    made = [DemoFile(f"logs/interactions-{name}.jsonl.gz", squeezed(lines(faults.spoil(rng, rows, number))), seen)]
    if not incidents.within(begun - start, incidents.STEPS_SILENT):
        rng = Random(f"{seed}/steps/{number}")
        inside = [step for row in rows for step in conversations.steps(rng, row)]
        made.append(DemoFile(f"logs/steps-{name}.jsonl.gz", squeezed(lines(inside)), closed + _UPLOAD))
    return made


def _people_files(seed: int, start: datetime, day: datetime, answered: list[Row]) -> list[DemoFile]:
    offset = day - start
    seen = day + timedelta(hours=18)
    rng = Random(f"{seed}/people/{offset.days}")
    made = [
        DemoFile(
            f"logs/preferences-{day:%Y-%m-%d}.jsonl",
            lines(people.preferences(rng, day, incidents.release_at(offset), 40)),
            seen,
        )
    ]
    if answered:
        given = _labels(seed, start, day, answered)
        made.append(DemoFile(f"logs/labels-{day:%Y-%m-%d}.jsonl", lines(given), seen))
    return made


def _labels(seed: int, start: datetime, day: datetime, answered: list[Row]) -> list[Row]:
    return people.labels(Random(f"{seed}/labels/{(day - start).days}"), answered, day, 60)


def _restated(seed: int, start: datetime, answered: dict[datetime, list[Row]]) -> list[DemoFile]:
    """The dead judge's day scored after the fact: the same rows again, with scores; and its labels with corrections."""
    rng = Random(f"{seed}/rescored")
    seen = start + incidents.RESCORED_AT
    dead = start + incidents.JUDGE_DEAD[0]
    made = []
    for begun in (dead, dead + timedelta(hours=incidents.FILE_HOURS)):
        until = stamp(begun + timedelta(hours=incidents.FILE_HOURS))
        rows = [conversations.rescored(row, rng) for row in answered[dead] if stamp(begun) <= row["ts"] < until]
        name = f"logs/interactions-{begun:%Y-%m-%dT%H}-rescored.jsonl.gz"
        made.append(DemoFile(name, squeezed(lines(rows)), seen))
    given = [row for day in (dead, dead + _DAY) for row in _labels(seed, start, day, answered[day - _DAY])]
    corrected = lines(people.relabelled(rng, given))
    made.append(DemoFile(f"logs/labels-{dead + _DAY:%Y-%m-%d}-corrected.jsonl", corrected, seen))
    return made
