"""How the fields of a row become the columns of a stream, as SQL over the row's JSON text.

Places and constants come from configuration and reach the engine as bound values; only column names, which are
checked identifiers, are composed into the SQL.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from warehouse import redaction
from warehouse.records.errors import UsageError
from warehouse.records.ingest import SourceSpec
from warehouse.records.streams import COMMON, Column, Stream

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
AS_NAME = "|name"
"""Ending of a place in a template whose text is wanted in the form that names of rollouts have."""
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The mapping of one source, ready to run.

    `values` holds, by column, the SQL of its value as text; `formats` says by column how a time is to be read. `given`
    is, for messages, the SQL of the text as it stands in the row, where `values` may write a number in another way.
    `origins` says by column where its value comes from, for messages. `bound` are the values the SQL refers to.
    The SQL reads the place `texts[n]` as ``_t<n>``, `jsons[n]` as ``_j<n>``, and the keys of the object `keyed[n]` as
    ``_keys[n + 1]``. Of `exact` places it matters how a number is written. `fed` are the keys that feed a column, by
    the object that they stand in; `rivals` are groups of places of which one feeds a column.
    """

    columns: tuple[Column, ...]
    values: Mapping[str, str]
    given: Mapping[str, str]
    formats: Mapping[str, str]
    origins: Mapping[str, str]
    attributes: str
    twice: str
    bound: Mapping[str, Any]
    texts: tuple[Place, ...]
    exact: frozenset[Place]
    jsons: tuple[Place, ...]
    keyed: tuple[Place, ...]
    fed: Mapping[Place, frozenset[str]]
    rivals: tuple[tuple[Place, ...], ...]
    uses_file: bool
    digest: str


@dataclass(slots=True)
class _Building:
    """Lists that grow while the columns are gone through."""

    texts: list[Place] = field(default_factory=list)
    jsons: list[Place] = field(default_factory=list)
    exact: set[Place] = field(default_factory=set)
    bound: dict[str, Any] = field(default_factory=dict)
    fed: list[Place] = field(default_factory=list)
    rivals: list[tuple[tuple[Place, ...], list[str]]] = field(default_factory=list)

    def bind(self, value: object) -> str:
        name = f"m{len(self.bound)}"
        self.bound[name] = value
        return f"${name}"

    def extract(self, place: Place, *, as_json: bool, as_text: bool = True) -> str:
        known = self.jsons if as_json else self.texts
        if as_text and not as_json:
            self.exact.add(place)
        if place not in known:
            known.append(place)
        return f"{'_j' if as_json else '_t'}{known.index(place)}"


def plan(source: SourceSpec, stream: Stream, times: frozenset[str] = frozenset()) -> Plan:
    """The mapping of `source` onto `stream`; `times` names fields that hold true timestamps whatever the format says.

    Raises:
        UsageError: a field is mapped to a column that the stream does not have, or an `@` word is unknown.
    """
    columns = (*COMMON, *stream.columns)
    if strange := sorted(set(source.fields) - set(stream.names())):
        raise UsageError(
            f"Source {source.name!r} maps {strange[0]!r}, which stream {stream.name!r} does not have; "
            f"its columns are {', '.join(stream.names())}."
        )
    building = _Building()
    origins = {c.name: source.fields.get(c.name, c.name) for c in columns}
    values = {c.name: _value(building, source, c, origins[c.name]) for c in columns}
    formats = {c.name: _format(source, origins[c.name], times) if c.type == "time" else "" for c in columns}
    attributes = _attributes(building)
    return Plan(
        columns=columns,
        values=values,
        given={c.name: _given(building, c, origins[c.name]) for c in columns},
        formats=formats,
        origins=origins,
        attributes=attributes,
        twice=_twice(building),
        bound=building.bound,
        texts=tuple(building.texts),
        exact=frozenset(building.exact),
        jsons=tuple(building.jsons),
        keyed=(*_read_from(building), *_above(building)),
        fed={parent: frozenset(leaves) for parent, leaves in _parents(building).items()},
        rivals=tuple(group for group, _ in building.rivals),
        uses_file="@file" in origins.values(),
        digest=_digest(source, stream),
    )


def places(path: str) -> list[Place]:
    """Where a path may lead, best first: the literal key, then one more step into nested objects each time."""
    parts = path.split(".")
    return [(*parts[:depth], ".".join(parts[depth:])) for depth in range(len(parts))]


def pointer_of(place: Iterable[str]) -> str:
    """A place as a JSON pointer (RFC 6901)."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in place)


def _value(building: _Building, source: SourceSpec, column: Column, origin: str) -> str:
    as_json = column.type == "json"
    if origin.startswith("="):
        text = building.bind(origin[1:])
        return f"CASE WHEN json_valid({text}) THEN {text} ELSE to_json({text}) END" if as_json else f"{text}::VARCHAR"
    if origin.startswith("@") or _TEMPLATE.search(origin):
        text = _special(building, source, origin) if origin.startswith("@") else _template(building, origin)
        return f"to_json({text})" if as_json else text
    ways = places(origin)
    as_text = column.type == "text"
    found = [building.extract(place, as_json=as_json, as_text=as_text) for place in ways]
    building.fed.extend(ways)
    if len(found) > 1:
        building.rivals.append((tuple(ways), found))
    return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]


def _given(building: _Building, column: Column, origin: str) -> str:
    if column.type in ("text", "json") or origin.startswith(("=", "@")) or _TEMPLATE.search(origin):
        return f'"_g_{column.name}"'
    found = (f"json_extract_string(_raw, {building.bind(pointer_of(place))}::VARCHAR)" for place in places(origin))
    return f"coalesce({', '.join(found)}, NULL)"


def _special(building: _Building, source: SourceSpec, origin: str) -> str:
    match origin:
        case "@digest":
            return "md5(CAST(json(_raw) AS VARCHAR))"
        case "@row":
            return "CAST(position AS VARCHAR)"
        case "@file":
            # The name of the file is bound for each file.
            building.bound.setdefault("file", "")
            return "$file::VARCHAR"
    raise UsageError(
        f"Source {source.name!r} maps a column to {origin!r}; the words with @ are @digest, @file and @row."
    )


def _template(building: _Building, origin: str) -> str:
    pieces = []
    # re.split with one group gives text and places in turn.
    for index, piece in enumerate(_TEMPLATE.split(origin)):
        if index % 2 == 0:
            pieces += [building.bind(piece) + "::VARCHAR"] if piece else []
            continue
        found = [building.extract(place, as_json=False) for place in places(piece.removesuffix(AS_NAME))]
        text = f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]
        pieces.append(_name(text) if piece.endswith(AS_NAME) else text)
    return f"({' || '.join(pieces)})"


def _name(text: str) -> str:
    """The text in small letters, with one hyphen for whatever a name cannot hold."""
    return f"trim(regexp_replace(lower({text}), '[^a-z0-9_]+', '-', 'g'), '-')"


def _format(source: SourceSpec, origin: str, times: frozenset[str]) -> str:
    fixed = origin.startswith(("=", "@")) or origin in times
    return "iso" if fixed else source.time_format


def _parents(building: _Building) -> dict[Place, list[str]]:
    """Keys that feed a column, by the object that they stand in."""
    grouped: dict[Place, list[str]] = {}
    for *parent, leaf in dict.fromkeys(building.fed):
        # A number may be an index into a list, and a list cannot be patched key by key: it stays whole.
        if not any(part.isdigit() for part in parent):
            grouped.setdefault(tuple(parent), []).append(leaf)
    return grouped


def _attributes(building: _Building) -> str:
    """The row without what fed a column. A merge patch (RFC 7396) with a null takes a key out."""
    patches = []
    for parent, leaves in _parents(building).items():
        patch: dict[str, Any] = dict.fromkeys(leaves)
        for part in reversed(parent):
            patch = {part: patch}
        out = f"{building.bind(json.dumps(patch))}::VARCHAR"
        if parent:
            # On anything but an object the patch would replace instead of take out: an empty one changes nothing.
            is_object = f"json_type(_raw, {building.bind(pointer_of(parent))}) = 'OBJECT'"
            out = f"CASE WHEN {is_object} THEN {out} ELSE '{{}}' END"
        patches.append(out)
    kept = f"json_merge_patch({', '.join(['_raw', *patches])})" if patches else "_raw"
    if building.rivals:
        # A row that has both "a.b" and {"a": {"b": ...}} keeps everything: only one of them fed the column.
        both = " OR ".join(
            f"len(list_filter([{', '.join(found)}], x -> x IS NOT NULL)) > 1" for _, found in building.rivals
        )
        kept = f"CASE WHEN {both} THEN json(_raw) ELSE {kept} END"
    return kept


def _read_from(building: _Building) -> list[Place]:
    """The objects that a column reads from, the row itself first."""
    return list(dict.fromkeys([(), *_parents(building), *building.jsons]))


def _above(building: _Building) -> list[Place]:
    """The objects on the way to every place that is read, as far as no column reads from them."""
    steps = (place[:depth] for place in (*building.texts, *building.jsons) for depth in range(1, len(place)))
    read = _read_from(building)
    return [place for place in dict.fromkeys(steps) if place not in read]


def _twice(building: _Building) -> str:
    """The first key that an object names twice, looked for wherever a column reads; NULL when there is none."""
    looked_at = range(1, len(_read_from(building)) + 1)
    return f"coalesce({', '.join(_repeated(f'_keys[{i}]') for i in looked_at)}, NULL)"


def _repeated(keys: str) -> str:
    # The plain comparison is faster on the few keys that rows have; on many it would be quadratic.
    found = f"list_filter({keys}, (k, i) -> list_position({keys}, k) < i)[1]"
    return f"CASE WHEN len({keys}) <= 64 OR list_unique({keys}) < len({keys}) THEN {found} END"


def _digest(source: SourceSpec, stream: Stream) -> str:
    facts: list[object] = [source.kind, source.time_format, sorted(source.fields.items()), stream.name]
    if source.redaction is not None:
        facts.append(redaction.digest(source.redaction))
    columns = [[c.name, c.type, c.nullable, c.low, c.high, c.choices, c.outside] for c in stream.columns]
    return hashlib.sha256(json.dumps([facts, columns]).encode()).hexdigest()
