"""A look at the people's records without SQLAlchemy: what `gatehold gate` needs, in a fraction of the time.

It reads the tables of `warehouse.people.models`, never writes, and makes nothing where nothing is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from typing import Literal as OneOf

from warehouse.people.file import FILE_NAME, check_known, revisions, stamp, store_error
from warehouse.records.decisions import DecisionEntry, PublishedStanding
from warehouse.records.errors import LedgerError, StoreError

WAIT_SECONDS = 30.0
_ENTRY = tuple(field.name for field in fields(DecisionEntry))
_HEAD = ", ".join(name for name in _ENTRY if name != "body")


@dataclass(frozen=True, slots=True)
class Stop:
    """The newest act that stopped a rollout or let it go again: a pause, a resume, or its retirement."""

    kind: OneOf["pause", "resume", "retire"]
    at: datetime
    actor: str
    summary: str

    def told(self) -> dict[str, str]:
        """One sentence under `paused` or `retired`; empty once it was resumed."""
        if self.kind == "resume":
            return {}
        done = "paused" if self.kind == "pause" else "retired"
        return {done: f"It was {done} at {self.at:%Y-%m-%d %H:%M} UTC by {self.actor}: {self.summary}"}


@dataclass(frozen=True, slots=True)
class Word:
    """What is known of a rollout's permission: the standing last published, lapsed or not, and the newest stop."""

    standing: PublishedStanding
    stop: Stop | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Entries of the decision log by rollout and kind, messages of the outbox by state, and since when one waits."""

    decisions: Mapping[tuple[str, str], int]
    messages: Mapping[str, int]
    waiting_since: datetime | None


def words(folder: Path, *, rollout: str | None = None, wait_seconds: float = WAIT_SECONDS) -> dict[str, Word]:
    """The word on each rollout, or on the one that is named, in one unchanging state; empty where none was published.

    Raises:
        StoreError: the file cannot be read, holds something that cannot, or was written by a newer version.
    """
    published = "SELECT rollout, body, at, valid_until FROM standings WHERE $rollout IS NULL OR rollout = $rollout"
    stops = (
        "SELECT kind, at, actor, summary FROM decisions WHERE rollout = $rollout "
        "AND kind IN ('pause', 'resume', 'retire') ORDER BY seq DESC LIMIT 1"
    )
    with _opened(folder, wait_seconds) as connection:
        if connection is None:
            return {}
        connection.execute("BEGIN")
        rows = connection.execute(f"{published} ORDER BY rollout", {"rollout": rollout}).fetchall()
        found = {row[0]: (row, connection.execute(stops, {"rollout": row[0]}).fetchone()) for row in rows}
    try:
        return {
            name: Word(_published(*row), None if stop is None else _stop(*stop)) for name, (row, stop) in found.items()
        }
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"A standing in {folder} cannot be read; run the monitor again to publish a new one."
        ) from error


def standings(folder: Path) -> dict[str, PublishedStanding]:
    """The standing last published, by rollout, lapsed ones included; empty when there is no file or never was one.

    Raises:
        StoreError: the file cannot be read or was written by a newer version.
    """
    with _opened(folder) as connection:
        if connection is None:
            return {}
        rows = connection.execute("SELECT rollout, body, at, valid_until FROM standings ORDER BY rollout").fetchall()
    return {row[0]: _published(*row) for row in rows}


def entries(folder: Path, *, rollout: str | None = None, last: int = 30) -> list[DecisionEntry]:
    """The newest `last` entries of the decision log, of one rollout if named, oldest first; [] if there are none.

    Raises:
        LedgerError: an entry cannot be read back; `gatehold log verify` names the first bad one.
        StoreError: the file cannot be read or was written by a newer version.
    """
    query = f"SELECT {', '.join(_ENTRY)} FROM decisions WHERE $rollout IS NULL OR rollout = $rollout"
    with _opened(folder) as connection:
        if connection is None:
            return []
        rows = connection.execute(f"{query} ORDER BY seq DESC LIMIT $last", {"rollout": rollout, "last": last})
        found = rows.fetchall()
    return _entries(folder, found[::-1])


def heads(
    folder: Path, *, rollout: str | None = None, after: int = 0, limit: int = 100, wait_seconds: float = WAIT_SECONDS
) -> list[dict[str, Any]]:
    """Entries of the decision log without their bodies, in order, with `seq` above `after`; at most `limit`.

    Raises:
        StoreError: the file cannot be read or was written by a newer version.
    """
    query = (
        f"SELECT {_HEAD} FROM decisions WHERE seq > $after AND ($rollout IS NULL OR rollout = $rollout) "
        "ORDER BY seq LIMIT $limit"
    )
    with _opened(folder, wait_seconds) as connection:
        if connection is None:
            return []
        rows = connection.execute(query, {"after": after, "rollout": rollout, "limit": limit})
        names = [name for name, *_ in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows]


def course(
    folder: Path, rollout: str, *, last: int, wait_seconds: float = WAIT_SECONDS
) -> tuple[list[DecisionEntry], int]:
    """The entries from which a rollout's course is told, oldest first, and how many there are in all.

    These are all that people did, every pause, and the newest `last` of any kind. Only starts, expansions and resumes
    have their bodies, which name the stage; what the others rest on is large and left out.

    Raises:
        LedgerError: an entry cannot be read back; `gatehold log verify` names the first bad one.
        StoreError: the file cannot be read or was written by a newer version.
    """
    body = "CASE WHEN kind IN ('start', 'expand', 'resume') THEN body ELSE '{}' END"
    columns = ", ".join(body if name == "body" else name for name in _ENTRY)
    newest = "SELECT seq FROM decisions WHERE rollout = $rollout ORDER BY seq DESC LIMIT $last"
    told = f"kind NOT IN ('go', 'hold') OR seq IN ({newest})"
    query = f"SELECT {columns} FROM decisions WHERE rollout = $rollout AND ({told}) ORDER BY seq"
    with _opened(folder, wait_seconds) as connection:
        if connection is None:
            return [], 0
        connection.execute("BEGIN")
        found = connection.execute(query, {"rollout": rollout, "last": last}).fetchall()
        counted = "SELECT count(*) FROM decisions WHERE rollout = $rollout"
        count = connection.execute(counted, {"rollout": rollout}).fetchone()[0]
    return _entries(folder, found), int(count)


def undelivered(folder: Path) -> tuple[int, int]:
    """How many messages were tried and still wait, and how many were given up.

    Raises:
        StoreError: the file cannot be read or was written by a newer version.
    """
    query = (
        "SELECT count(*) FILTER (WHERE state = 'waiting' AND attempts > 0), count(*) FILTER (WHERE state = 'dead') "
        "FROM outbox"
    )
    with _opened(folder) as connection:
        if connection is None:
            return 0, 0
        waiting, dead = connection.execute(query).fetchone()
    return int(waiting), int(dead)


def tally(folder: Path, *, wait_seconds: float = WAIT_SECONDS) -> Tally:
    """Counts of the decision log and the outbox, in one unchanging state; what never was is not in it.

    Raises:
        StoreError: the file cannot be read or was written by a newer version.
    """
    with _opened(folder, wait_seconds) as connection:
        if connection is None:
            return Tally({}, {}, None)
        connection.execute("BEGIN")
        kinds = connection.execute("SELECT rollout, kind, count(*) FROM decisions GROUP BY rollout, kind").fetchall()
        states = connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
        oldest = connection.execute("SELECT min(created_at) FROM outbox WHERE state = 'waiting'").fetchone()[0]
    since = None if oldest is None else datetime.fromisoformat(oldest)
    return Tally({(rollout, kind): count for rollout, kind, count in kinds}, dict(states), since)


def _entries(folder: Path, rows: Iterable[tuple[Any, ...]]) -> list[DecisionEntry]:
    try:
        return [_entry(dict(zip(_ENTRY, row, strict=True))) for row in rows]
    except (ValueError, TypeError) as error:
        raise LedgerError(
            f"The decision log in {folder} holds an entry that cannot be read. Run `gatehold log verify` to see which."
        ) from error


def _entry(row: dict[str, Any]) -> DecisionEntry:
    made = {**row, "at": datetime.fromisoformat(str(row["at"])), "body": json.loads(str(row["body"]))}
    return DecisionEntry(**made)


def _published(rollout: str, body: str, at: str, until: str) -> PublishedStanding:
    return PublishedStanding(rollout, json.loads(body), datetime.fromisoformat(at), datetime.fromisoformat(until))


def _stop(kind: OneOf["pause", "resume", "retire"], at: str, actor: str, summary: str) -> Stop:
    return Stop(kind, datetime.fromisoformat(at), actor, summary)


@contextmanager
def _opened(folder: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[sqlite3.Connection | None]:
    """The file, open for reading at this version; None where there is none."""
    path = folder / FILE_NAME
    try:
        if not path.exists() or not path.stat().st_size:
            yield None
            return
        connection = _connect(path, wait_seconds)
    except OSError as error:
        raise store_error(path, error) from error
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    try:
        yield connection
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    finally:
        connection.close()


def _connect(path: Path, wait_seconds: float) -> sqlite3.Connection:
    found, connection = _look(path, wait_seconds)
    if found == revisions()[-1]:
        return connection
    connection.close()
    check_known(path, found)
    # A file of an older version is brought up to date by the one that knows how.
    from warehouse.people.store import People

    People.open(path.parent).close()
    return _look(path, wait_seconds)[1]


def _look(path: Path, wait_seconds: float) -> tuple[str | None, sqlite3.Connection]:
    """The version of the file and the open file; nothing beside it is needed when nobody writes and none may."""
    uri = path.absolute().as_uri()
    still = not path.with_name(f"{FILE_NAME}-wal").exists()
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        connection = sqlite3.connect(f"{uri}?{mode}", uri=True, timeout=wait_seconds)
        try:
            return stamp(connection), connection
        except sqlite3.Error as error:
            connection.close()
            # In WAL mode a reader makes two small files; in a folder that is not ours it cannot.
            if mode != "mode=ro" or not still or not isinstance(error, sqlite3.OperationalError):
                raise
    raise AssertionError("one of the two returns or raises")
