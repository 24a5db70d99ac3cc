"""The hash chain of the decision log: what an entry's hash covers, and where a chain breaks.

Entry n holds `previous_hash`, the hash of entry n - 1 (64 zeros for the first), and `hash`, the SHA-256 of the
canonical JSON of all its other columns. Whoever changes one entry must rewrite all after it, and whoever remembers one
later hash (every receiver does) can tell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.people.canonical import canonical
from warehouse.records.decisions import ChainReport
from warehouse.records.errors import GateholdError

GENESIS = "0" * 64
TEXTS = (
    "id",
    "key",
    "at",
    "rollout",
    "kind",
    "actor",
    "summary",
    "evidence_digest",
    "config_digest",
    "body",
    "previous_hash",
    "hash",
)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A row as it lies in the file: `columns` holds the bytes of each of `TEXTS`, None where it is not text at all."""

    seq: int
    columns: Mapping[str, bytes | None]


def entry_hash(fields: Mapping[str, Any]) -> str:
    """The hash of an entry in hexadecimal: SHA-256 of the canonical JSON of all its columns but `hash`.

    `fields["body"]` is the parsed JSON, not its text; `fields["at"]` is the stored text.
    """
    covered = {name: value for name, value in fields.items() if name != "hash"}
    return hashlib.sha256(canonical(covered).encode("utf-8")).hexdigest()


def walk(rows: Iterable[RawEntry], remembered: Mapping[int, set[str]]) -> ChainReport:
    """What the chain of `rows` (in order of `seq`) says of itself, up to the first bad entry.

    `remembered` maps positions to the hashes that witnesses outside the log have seen there: a log that ends before
    one was cut, a log that differs there was rewritten. `entries` counts good entries, `head` is the last good hash.
    """
    seq, head = 0, GENESIS
    for row in rows:
        wrong = _wrong(row, seq + 1, head, remembered)
        if wrong is not None:
            return ChainReport(False, seq, head, bad_seq=seq + 1, reason=wrong)
        seq, head = row.seq, _text(row, "hash")
    last = max(remembered, default=0)
    if last > seq:
        reason = f"the log ends at entry {seq}, but entry {last} was seen: its end was cut off"
        return ChainReport(False, seq, head, bad_seq=seq + 1, reason=reason)
    return ChainReport(True, seq, head)


def _wrong(row: RawEntry, seq: int, head: str, remembered: Mapping[int, set[str]]) -> str | None:
    if row.seq != seq:
        return f"entry {seq} is missing" if row.seq > seq else f"entry {row.seq} stands where entry {seq} belongs"
    try:
        fields: dict[str, Any] = {name: _text(row, name) for name in TEXTS}
        body = fields["body"]
        fields["body"] = json.loads(body)
        written_so = canonical(fields["body"]) == body
        computed = entry_hash({"seq": seq, **fields})
    except (ValueError, RecursionError, GateholdError):
        return f"entry {seq} cannot be read: a column is not the text, or the body not the JSON, that was written"
    if not written_so:
        return f"the body of entry {seq} is not the JSON that was written"
    if fields["previous_hash"] != head:
        return f"entry {seq} does not follow entry {seq - 1}: an entry before it was changed, removed or moved"
    if computed != fields["hash"]:
        return f"entry {seq} was changed after it was written: its hash does not fit"
    if remembered.get(seq, {computed}) != {computed}:
        return f"entry {seq} is not the one that was handed out: the log was rewritten from there or before"
    return None


def _text(row: RawEntry, name: str) -> str:
    value = row.columns[name]
    if value is None:
        raise ValueError(name)
    return value.decode("utf-8")
