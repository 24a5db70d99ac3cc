"""The decision log as files for others: JSON lines whose chain anybody can check, and a page that anybody can read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING

from flows.project import Project
from warehouse.people import log
from warehouse.people.canonical import canonical, time_text
from warehouse.records.decisions import ChainReport, DecisionEntry

if TYPE_CHECKING:
    from warehouse.people.store import People

AT_A_TIME = 500


def as_lines(people: People, out: Path, *, rollout: str | None = None) -> int:
    """How many entries were written to `out`, one JSON document a line, in the order of the log.

    Each line is the canonical JSON of the entry (keys sorted, no spaces, UTF-8). Its `hash` is the SHA-256 of the same
    line without `hash`, its `previous_hash` the `hash` of the line before (64 zeros at first). With a `rollout`, an
    entry about another one is reduced to `seq`, `previous_hash`, `hash` and `withheld`: the chain still holds together.
    """
    written = 0
    with _replacing(out) as file:
        for entry in _entries(people):
            wanted = rollout is None or entry.rollout == rollout
            file.write(f"{_line(entry) if wanted else _withheld(entry)}\n")
            written += wanted
    return written


def as_page(
    people: People, project: Project, out: Path, chain: ChainReport, *, now: datetime, rollout: str | None = None
) -> int:
    """How many entries the page at `out` tells of: of one rollout if named, else of all, with people and rights."""
    from dashboards.log_page import page, shape

    entries = log.entries(people, rollout=rollout)
    owners = {
        r.name: (_named(r.owner), _named(r.deputy))
        for r in project.policy.rollouts
        if rollout is None or r.name == rollout
    }
    shown = shape.page(
        entries,
        people=owners,
        chain=chain,
        config_digest=project.policy.digest,
        made_at=now,
        version=metadata.version("gatehold"),
    )
    with _replacing(out) as file:
        file.write(page.render(shown))
    return len(entries)


def _entries(people: People) -> Iterator[DecisionEntry]:
    after = 0
    while found := log.entries(people, after=after, limit=AT_A_TIME):
        yield from found
        after = found[-1].seq


def _line(entry: DecisionEntry) -> str:
    return canonical({**asdict(entry), "body": entry.body, "at": time_text(entry.at)})


def _withheld(entry: DecisionEntry) -> str:
    return canonical({"seq": entry.seq, "previous_hash": entry.previous_hash, "hash": entry.hash, "withheld": True})


def _named(person: object) -> str:
    return str(getattr(person, "name", ""))


@contextmanager
def _replacing(out: Path) -> Iterator[IO[str]]:
    """A file beside `out` that takes its place when all of it is written."""
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f"{out.name}.part")
    with aside.open("w", encoding="utf-8", newline="\n") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, out)
