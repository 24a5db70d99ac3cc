"""CSV with a header; every value is text and an empty one is missing."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.records.errors import SourceError
from warehouse.sources.chunks import LINE_LIMIT, Chunk, Reject, Span, bounded
from warehouse.sources.lines import whole_lines
from warehouse.sources.opening import Told, blocks

_ROWS = 20_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class _Record:
    position: int
    values: list[str]
    text: str
    broken: str = ""


def chunks(path: Path, span: Span, told: Told | None = None) -> Iterator[Chunk]:
    """The records of the file; positions are numbers of the line on which a record starts (the header is line 1).

    The delimiter is the one of comma, semicolon, tab and bar that the header holds most often. An unclosed quote
    costs the line it stands on, never the lines after it.

    Raises:
        SourceError: there is no usable header, or the rest of the file cannot be read.
    """
    csv.field_size_limit(LINE_LIMIT)
    source = _Lines(path, span, told)
    header, delimiter = _header(source, path)
    held: list[_Record] = []
    try:
        for record in _records(source, delimiter):
            held.append(record)
            if len(held) >= _ROWS or source.bytes_held > LINE_LIMIT:
                yield _chunk(held, header, source)
                held = []
    except SourceError:
        # What was read before the damage is good.
        yield _chunk(held, header, source)
        raise
    yield _chunk(held, header, source)


class _Lines:
    """Lines of the file as text with their numbers; lines can be put back."""

    def __init__(self, path: Path, span: Span, told: Told | None) -> None:
        self.overlong: list[Reject] = []
        self.bytes_held = 0
        self.done = 0
        self.waiting: deque[tuple[int, str]] = deque()
        self._blocks = whole_lines(blocks(path, span, told), span.first)

    def next(self) -> tuple[int, str] | None:
        """The next line without its newline, or None at the end."""
        while not self.waiting:
            lines = next(self._blocks, None)
            if lines is None:
                return None
            self.done = lines.done
            if lines.overlong is not None:
                self.overlong.append(lines.overlong)
                continue
            text = lines.text.decode("utf-8", "surrogateescape")
            self.waiting.extend(enumerate(text.split("\n"), lines.first))
        position, line = self.waiting.popleft()
        self.bytes_held += len(line)
        return position, line.removesuffix("\r")


def _header(source: _Lines, path: Path) -> tuple[list[str], str]:
    while (line := source.next()) is not None and not line[1].strip():
        pass
    if line is None:
        raise SourceError(f"{path.name} has no header line; the first line must name the columns.")
    delimiter = max(_DELIMITERS, key=line[1].count)
    try:
        names = [name.strip() for name in next(csv.reader([line[1]], delimiter=delimiter, strict=True))]
        "".join(names).encode("utf-8")
    except (csv.Error, UnicodeEncodeError) as error:
        raise SourceError(f"The header of {path.name} is not readable CSV in UTF-8 ({error}).") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"The header of {path.name} names {twice[0][:80]!r} more than once; name each column once.")
    return names, delimiter


def _records(source: _Lines, delimiter: str) -> Iterator[_Record]:
    while (line := source.next()) is not None:
        if not line[1].strip():
            continue
        yield _record(line, source, delimiter)


def _record(line: tuple[int, str], source: _Lines, delimiter: str) -> _Record:
    taken = [line]
    size = len(line[1])

    def feed() -> Iterator[str]:
        nonlocal size
        yield line[1] + "\n"
        while size <= LINE_LIMIT and (more := source.next()) is not None:
            taken.append(more)
            size += len(more[1])
            yield more[1] + "\n"

    try:
        values = next(csv.reader(feed(), delimiter=delimiter, strict=True))
        return _Record(line[0], values, "\n".join(text for _, text in taken))
    except csv.Error as error:
        # Only the first line is at fault for sure: the others get a chance of their own.
        source.waiting.extendleft(reversed(taken[1:]))
        return _Record(line[0], [], line[1], str(error))


def _chunk(records: list[_Record], header: list[str], source: _Lines) -> Chunk:
    good, rejects = [], [*source.overlong]
    for record in records:
        reject = _reject(record, len(header))
        if reject is None:
            good.append(record)
        else:
            rejects.append(reject)
    source.overlong, source.bytes_held = [], 0
    columns: dict[str, pa.Array] = {"position": pa.array([r.position for r in good], pa.int64())}
    for index in range(len(header)):
        texts = pa.array([r.values[index] for r in good], pa.string())
        columns[f"c{index}"] = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    return Chunk(pa.table(columns), tuple(rejects), tuple(header), done=source.done)


def _reject(record: _Record, width: int) -> Reject | None:
    if not record.broken and len(record.values) == width and record.text.isascii():
        return None
    raw = record.text.encode("utf-8", "surrogateescape")
    if record.broken:
        return Reject(record.position, "broken_quotes", f"quotes do not match: {record.broken}", bounded(raw), len(raw))
    if len(record.values) != width:
        detail = f"the row has {len(record.values)} columns; the header names {width}"
        return Reject(record.position, "wrong_column_count", detail, bounded(raw), len(raw))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} of the row (0x{raw[error.start]:02x}) is not UTF-8"
        return Reject(record.position, "not_utf8", detail, bounded(raw), len(raw))
    return None
