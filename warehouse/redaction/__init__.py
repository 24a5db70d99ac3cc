"""Redaction before storage, as SQL around the values of a row: what it takes out never reaches the store.

A `Redactor` wraps SQL expressions; it reads no data itself. Its parameters (the user's patterns, the pads of the key)
are bound, never composed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from warehouse.records.errors import UsageError
from warehouse.records.ingest import SourceSpec
from warehouse.records.redaction import CustomPattern, PatternName, Redaction
from warehouse.records.streams import COMMON, Column, Stream
from warehouse.redaction import hashing, patterns

ATTRIBUTES = "attributes"
_LOST = """'"[could not be redacted]"'"""
_ESCAPE = r"""'(\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))'"""
_BARE = r"""'([:\[,]\s*)(\[[a-z][a-z0-9_-]*\])(\s*[,\]}])'"""
"""A replacement that took the place of a number of JSON and needs quotes."""


@dataclass(frozen=True, slots=True)
class Redactor:
    """What one source takes out of its rows; one without anything to take out changes no expression.

    `bound` holds what the SQL refers to and may hold secrets: it is left out of the representation.
    """

    columns: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    patterns: tuple[PatternName, ...] = ()
    custom: tuple[CustomPattern, ...] = ()
    digest: str = ""
    bound: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def value(self, column: Column, text: str) -> str:
        """SQL of a column's value as text, as it may be stored."""
        if column.name in self.hashes:
            return hashing.in_sql(text, "$redact_inner", "$redact_outer")
        if column.name not in self.columns:
            return text
        return self._out_of_json(text) if column.type == "json" else self._out_of_text(text)

    def attributes(self, text: str) -> str:
        """SQL of the JSON text of the fields that feed no column, as it may be stored."""
        return self._out_of_json(text) if ATTRIBUTES in self.columns else text

    def raw(self, text: str) -> str:
        """SQL of the text of a row that is kept out; '' where ids are hashed, for they stand somewhere in it."""
        if self.hashes:
            return "''"
        if not self._takes_out:
            return text
        # A row that is JSON may hide an address behind escapes.
        parts = f"CASE WHEN json_valid(w) THEN {self._out_of_json('w')} ELSE {self._out_of_text('w')} END"
        return f"list_transform([{text}], lambda w: {parts})[1]"

    def detail(self, text: str) -> str:
        """SQL of the sentence about a row that is kept out, which may quote a value of it."""
        return self._out_of_text(text) if self._takes_out else text

    @property
    def _takes_out(self) -> bool:
        return bool(self.patterns or self.custom)

    def _out_of_text(self, text: str) -> str:
        for name in patterns.in_order(self.patterns):
            text = patterns.out_of_text(name, text)
        for index in range(len(self.custom)):
            text = f"regexp_replace({text}, $redact_{index}::VARCHAR, $redact_as_{index}::VARCHAR, 'g')"
        return text

    def _out_of_json(self, text: str) -> str:
        """SQL of JSON text without what is taken out; it stays JSON, at worst as a string that says so.

        A control character behind every escape keeps the letter of an escape from looking like the beginning of an
        address; JSON text holds no such character itself. What could be written plainly is, before it is looked at.
        """
        if not self._takes_out:
            return text
        parted = f"regexp_replace(CAST(json({text}) AS VARCHAR), {_ESCAPE}, '\\1' || chr(31), 'g')"
        taken = f"replace({self._out_of_text(parted)}, chr(31), '')"
        quoted = f"""regexp_replace(r, {_BARE}, '\\1"\\2"\\3', 'g')"""
        kept = "WHEN r IS NULL OR json_valid(r) THEN r"
        checked = f"CASE {kept} WHEN json_valid({quoted}) THEN {quoted} ELSE {_LOST} END"
        return f"list_transform([{taken}], lambda r: {checked})[1]"


NOTHING = Redactor()
"""Takes nothing out."""


def redactor(source: SourceSpec, stream: Stream, environment: Mapping[str, str]) -> Redactor:
    """The redactor of a source; `environment` is where the key of hashed ids is looked up by name.

    Raises:
        SourceError: ids are to be hashed and there is no key of at least 16 bytes in the environment.
        UsageError: a column is unknown or of a type without text, or a pattern is not RE2.
    """
    asked: Redaction | None = source.redaction
    if asked is None:
        return NOTHING
    bound: dict[str, Any] = {}
    for index, custom in enumerate(asked.custom):
        if (wrong := fault(custom.pattern)) is not None:
            raise UsageError(f"Pattern {custom.name!r} of source {source.name!r} cannot be used: {wrong}")
        bound[f"redact_{index}"] = custom.pattern
        bound[f"redact_as_{index}"] = f"[{custom.name}]"
    if asked.hash_columns and asked.key_env is not None:
        inner, outer = hashing.pads(hashing.key_of(asked.key_env, environment))
        bound |= {"redact_inner": inner, "redact_outer": outer}
    _check(source, stream, asked)
    columns = asked.columns or default_columns(stream)
    return Redactor(
        columns=frozenset(columns) - frozenset(asked.hash_columns) if asked.patterns or asked.custom else frozenset(),
        hashes=frozenset(asked.hash_columns),
        patterns=asked.patterns,
        custom=asked.custom,
        digest=digest(asked),
        bound=bound,
    )


def digest(asked: Redaction) -> str:
    """SHA-256 of what is taken out; another redaction reads files anew. The key is not part of it."""
    return hashlib.sha256(json.dumps(asdict(asked), sort_keys=True).encode()).hexdigest()


def default_columns(stream: Stream) -> tuple[str, ...]:
    """The columns that patterns are taken out of when none are named: the stream's own texts and JSON, attributes."""
    own = tuple(c.name for c in stream.columns if c.type in ("text", "json") and not c.choices)
    return (*own, ATTRIBUTES)


def fault(pattern: str) -> str | None:
    """What is wrong with a pattern of the user's own, in the words of RE2; None when it can be used."""
    try:
        with duckdb.connect(":memory:") as probe:
            row = probe.execute("SELECT regexp_matches('', $pattern::VARCHAR)", {"pattern": pattern}).fetchone()
    except duckdb.Error as error:
        return f"{str(error).splitlines()[0].removeprefix('Invalid Input Error: ')}."
    return "it matches the empty text, so it would be put between all letters." if row and row[0] else None


def _check(source: SourceSpec, stream: Stream, asked: Redaction) -> None:
    known = {c.name: c.type for c in (*COMMON, *stream.columns)}
    for name in asked.columns:
        if name != ATTRIBUTES and known.get(name) not in ("text", "json"):
            raise UsageError(f"Source {source.name!r} redacts {name!r}, which is no text or JSON of {stream.name!r}.")
    for name in asked.hash_columns:
        if known.get(name) != "text":
            raise UsageError(f"Source {source.name!r} hashes {name!r}, which is no text of stream {stream.name!r}.")
