"""JSON lines, plain or packed: one object a line, in UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.sources.chunks import DEPTH_LIMIT, RAW_LIMIT, Chunk, Reject, Span, bounded
from warehouse.sources.lines import Lines, whole_lines
from warehouse.sources.opening import Told, blocks

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
# Python's own parser is asked what is wrong with a bad line only up to this size.
_EXPLAIN_LIMIT = 1024 * 1024
_CACHED = 256 * 1024
_TOO_DEEP = f"the line nests deeper than {DEPTH_LIMIT} levels"


def chunks(path: Path, span: Span, told: Told | None = None) -> Iterator[Chunk]:
    """The lines of the file; blank ones are passed over, positions are line numbers counted from 1.

    Raises:
        SourceError: the rest of the file cannot be read.
    """
    for lines in whole_lines(blocks(path, span, told), span.first):
        yield _chunk(lines)


def fault(raw: str, position: int) -> Reject | None:
    """Why a line is not JSON: `lone_surrogate`, `too_deep` or `not_json`, with the place; None for a blank line."""
    raw = raw.rstrip("\r\n")
    if not raw or raw.isspace():
        return None
    size = len(raw.encode("utf-8"))
    reason, detail = _explain(raw) if size <= _EXPLAIN_LIMIT else ("not_json", "the line is not JSON")
    return Reject(position, reason, detail, raw[:RAW_LIMIT], size)


def _explain(raw: str) -> tuple[str, str]:
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return "not_json", f"the line is not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "too_deep", _TOO_DEEP
    except ValueError as error:
        return "not_json", f"the line is not JSON: {error}"
    # The only thing that Python reads and the store does not.
    return "lone_surrogate", "a text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character"


def _chunk(lines: Lines) -> Chunk:
    if lines.overlong is not None:
        return Chunk(_table([], []), (lines.overlong,), done=lines.done)
    rows = _in_place(lines)
    if rows is None:
        rows, rejects = _one_by_one(lines)
        return Chunk(rows, rejects, done=lines.done)
    return Chunk(rows, done=lines.done)


def _in_place(lines: Lines) -> pa.Table | None:
    """The lines as an Arrow table over the very bytes that were read, or None when some line needs a closer look."""
    data = np.frombuffer(lines.text, np.uint8)
    if not len(data):
        return _table([], [])
    # Every line keeps its newline: Arrow texts must lie side by side.
    starts = np.flatnonzero(data == ord("\n")) + 1
    offsets = np.concatenate(([0], starts, [len(data)])).astype(np.int32)
    openers = _openers(data)
    if np.diff(np.searchsorted(openers, offsets)).max() > DEPTH_LIMIT:
        return None
    texts = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(lines.text))
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return None
    positions = np.arange(lines.first, lines.first + len(texts), dtype=np.int64)
    return pa.table({"position": pa.array(positions), "raw": texts})


def _openers(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Where brackets and braces open. Slices that fit into the processor's cache take half the time of the whole."""
    # "[" and "{" differ in one bit only.
    found = [np.flatnonzero((data[i : i + _CACHED] | 0x20) == ord("{")) + i for i in range(0, len(data), _CACHED)]
    return np.concatenate(found)


def _one_by_one(lines: Lines) -> tuple[pa.Table, tuple[Reject, ...]]:
    texts, positions, rejects = [], [], []
    for position, line in enumerate(lines.text.split(b"\n"), lines.first):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is not UTF-8"
            rejects.append(Reject(position, "not_utf8", detail, bounded(line), len(line)))
            continue
        if text.count("{") + text.count("[") > DEPTH_LIMIT and _deeper(text):
            rejects.append(Reject(position, "too_deep", _TOO_DEEP, text[:RAW_LIMIT], len(line)))
            continue
        texts.append(text)
        positions.append(position)
    return _table(positions, texts), tuple(rejects)


def _table(positions: list[int], texts: list[str]) -> pa.Table:
    return pa.table({"position": pa.array(positions, pa.int64()), "raw": pa.array(texts, pa.string())})


def _deeper(raw: str) -> bool:
    depth = 0
    for token in _TOKENS.finditer(raw):
        first = token.group()[0]
        depth += (first in "[{") - (first in "]}")
        if depth > DEPTH_LIMIT:
            return True
    return False
