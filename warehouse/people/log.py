"""The decision log: written once per key, never changed, chained by hash."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any, get_args

import sqlalchemy
from sqlalchemy import LargeBinary, cast, func
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel, col, select

from warehouse.people import outbox, standings
from warehouse.people.canonical import canonical, clean, time_text
from warehouse.people.chain import GENESIS, TEXTS, RawEntry, entry_hash, walk
from warehouse.people.models import DecisionRow, DeliveryRow
from warehouse.people.store import People
from warehouse.records.decisions import (
    ChainReport,
    DecisionEntry,
    DecisionKind,
    NewDecision,
    NewDelivery,
    PublishedStanding,
)
from warehouse.records.errors import LedgerError, MovedOnError, UsageError


def append(
    people: People,
    new: NewDecision,
    deliveries: Sequence[NewDelivery] = (),
    *,
    standing: PublishedStanding | None = None,
    seen: int | None = None,
) -> DecisionEntry | None:
    """The entry as written, with its deliveries and standing in the same transaction; None if the key was there.

    When the key was there nothing at all is written. Every delivery's body gets `decision`: the id, `seq` and hash
    (`head`) of this entry, so that receivers can tell a log that was cut or rewritten. `seen` is the `seq` of the
    rollout's last entry that the writer knew (0: none; None: whatever came since does not matter).

    Raises:
        UsageError: the key is empty, the kind unknown, a time naive, or a body not JSON (NaN included).
        MovedOnError: the rollout has an entry after `seen`.
        StoreBusyError: another process was writing for as long as the store waits.
    """
    with people.write() as session:
        entry = put(session, new, deliveries, seen=seen)
        if entry is not None and standing is not None:
            standings.put(session, standing)
    return entry


def put(
    session: Session, new: NewDecision, deliveries: Sequence[NewDelivery] = (), *, seen: int | None = None
) -> DecisionEntry | None:
    """As `append` without a standing, inside a transaction that the caller holds."""
    if not new.key or new.kind not in get_args(DecisionKind):
        raise UsageError(
            f"A decision needs a key and a kind; given key {new.key!r}, kind {new.kind!r}. "
            f"Allowed kinds: {', '.join(get_args(DecisionKind))}."
        )
    if session.exec(select(DecisionRow.seq).where(DecisionRow.key == clean(new.key))).first() is not None:
        return None
    if seen is not None:
        nothing_since(session, new.rollout, seen)
    row = _following(session, new)
    entry = _entry(row)
    session.add(row)
    session.flush()
    outbox.enqueue(session, deliveries, outbox.Origin(entry.id, entry.seq, entry.hash, entry.rollout), now=entry.at)
    return entry


def nothing_since(session: Session, rollout: str, seen: int) -> None:
    """Go on only if the rollout has no entry after `seen`.

    Raises:
        MovedOnError: it has one.
    """
    query = select(DecisionRow.seq).where(DecisionRow.rollout == clean(rollout), col(DecisionRow.seq) > seen)
    if session.exec(query).first() is not None:
        raise MovedOnError(f"Somebody acted on {rollout} while this was decided. Look at it again and repeat.")


def entries(
    people: People,
    *,
    rollout: str | None = None,
    kind: DecisionKind | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[DecisionEntry]:
    """Entries in order, of one rollout and one kind if named, with `seq` above `after`; at most `limit`, [] if none.

    Raises:
        LedgerError: an entry cannot be read back; `verify` names the first bad one.
    """
    query = select(DecisionRow).where(col(DecisionRow.seq) > after).order_by(col(DecisionRow.seq)).limit(limit)
    if rollout is not None:
        query = query.where(DecisionRow.rollout == rollout)
    if kind is not None:
        query = query.where(DecisionRow.kind == kind)
    with people.read() as session, _readable(people):
        return [_entry(row) for row in session.exec(query)]


def latest(
    people: People, *, rollout: str | None = None, kind: str | None = None, before: int | None = None, limit: int
) -> list[DecisionEntry]:
    """As `entries`, but the newest first, with `seq` below `before`.

    Raises:
        LedgerError: an entry cannot be read back; `verify` names the first bad one.
    """
    query = select(DecisionRow).order_by(col(DecisionRow.seq).desc()).limit(limit)
    if before is not None:
        query = query.where(col(DecisionRow.seq) < before)
    if rollout is not None:
        query = query.where(DecisionRow.rollout == clean(rollout))
    if kind is not None:
        query = query.where(DecisionRow.kind == kind)
    with people.read() as session, _readable(people):
        return [_entry(row) for row in session.exec(query)]


def newest(people: People) -> int:
    """The `seq` of the newest entry; 0 for an empty log."""
    with people.read() as session:
        return session.exec(select(func.max(DecisionRow.seq))).one() or 0


def entry(people: People, id: str) -> DecisionEntry | None:
    """The entry with this id, or None.

    Raises:
        LedgerError: it cannot be read back; `verify` names the first bad entry.
    """
    with people.read() as session, _readable(people):
        row = session.exec(select(DecisionRow).where(DecisionRow.id == clean(id))).first()
        return None if row is None else _entry(row)


def verify(people: People, *, expected_head: tuple[int, str] | None = None) -> ChainReport:
    """Whether the log is as it was written; names the first bad entry.

    Found are a changed byte in any column and an entry removed, inserted or moved. An end that was cut off is found
    when `expected_head` (the `seq` and hash that a receiver or an export remembers) or the outbox remembers more. A log
    rewritten whole, from some entry to its end, is found only by such a memory: keep one elsewhere.
    """
    with people.read() as session:
        remembered = _remembered(session)
        if expected_head is not None and expected_head[0] > 0:
            remembered.setdefault(expected_head[0], set()).add(expected_head[1])
        return walk(_raw(session), remembered)


@contextmanager
def _readable(people: People) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise LedgerError(
            f"The decision log in {people.folder} holds an entry that cannot be read. "
            "Run `gatehold log verify` to see which."
        ) from error


def _remembered(session: Session) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for seq, head in session.exec(select(DeliveryRow.decision_seq, DeliveryRow.head).distinct()):
        found.setdefault(seq, set()).add(head)
    return found


def _raw(session: Session) -> Iterator[RawEntry]:
    """Every row as bytes; what the file cannot give any more comes as an entry without columns."""
    table = SQLModel.metadata.tables["decisions"].columns
    parts = [part for name in TEXTS for part in (func.typeof(table[name]), cast(table[name], LargeBinary))]
    query = sqlalchemy.select(table["seq"], *parts).order_by(table["seq"]).execution_options(yield_per=1000)
    seen = 0
    try:
        for row in session.connection().execute(query):
            texts = zip(TEXTS, row[1::2], row[2::2], strict=True)
            seen = row[0]
            yield RawEntry(seen, {name: value if kind == "text" else None for name, kind, value in texts})
    except DBAPIError:
        yield RawEntry(seen + 1, dict.fromkeys(TEXTS))


def _following(session: Session, new: NewDecision) -> DecisionRow:
    last = session.exec(
        select(DecisionRow.seq, DecisionRow.hash).order_by(col(DecisionRow.seq).desc()).limit(1)
    ).first()
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    body = canonical(new.body)
    fields: dict[str, Any] = {
        "seq": seq,
        "id": secrets.token_hex(8),
        "previous_hash": previous,
        "at": time_text(new.at),
    }
    for name in ("key", "rollout", "kind", "actor", "summary", "evidence_digest", "config_digest"):
        fields[name] = clean(getattr(new, name))
    fields["hash"] = entry_hash({**fields, "body": json.loads(body)})
    return DecisionRow(**{**fields, "at": new.at.astimezone(UTC), "body": body})


def _entry(row: DecisionRow) -> DecisionEntry:
    return DecisionEntry(**{**row.model_dump(), "body": json.loads(row.body)})
