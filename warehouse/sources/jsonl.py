"""JSON lines, plain or packed: one object a line, in UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.sources.chunks import DEPTH_LIMIT, RAW_LIMIT, Chunk, Reject, Span, bounded
from warehouse.sources.lines import Lines, whole_lines
from warehouse.sources.opening import blocks

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
# Python's own parser is asked what is wrong with a bad line only up to this size.
_EXPLAIN_LIMIT = 1024 * 1024


def chunks(path: Path, span: Span) -> Iterator[Chunk]:
    """The lines of the file; blank ones are passed over, positions are line numbers counted from 1.

    Raises:
        SourceError: the rest of the file cannot be read.
    """
    for lines in whole_lines(blocks(path, span), span.first):
        yield _chunk(lines)


def fault(raw: str, position: int) -> Reject:
    """Why a line is not JSON: `lone_surrogate`, `too_deep` or `not_json`, with the place of the mistake."""
    size = len(raw.encode("utf-8"))
    reason, detail = _explain(raw) if size <= _EXPLAIN_LIMIT else ("not_json", "the line is not JSON")
    return Reject(position, reason, detail, raw[:RAW_LIMIT], size)


def _explain(raw: str) -> tuple[str, str]:
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return "not_json", f"the line is not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "too_deep", f"the line nests deeper than {DEPTH_LIMIT} levels"
    except ValueError as error:
        return "not_json", f"the line is not JSON: {error}"
    # The only thing that Python reads and the store does not.
    return "lone_surrogate", "a text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character"


def _chunk(lines: Lines) -> Chunk:
    if lines.overlong is not None:
        return Chunk(_table([], []), (lines.overlong,), done=lines.done)
    try:
        texts = lines.text.decode("utf-8").split("\n")
        positions = list(range(lines.first, lines.first + len(texts)))
        rejects: list[Reject] = []
    except UnicodeDecodeError:
        texts, positions, rejects = _decoded(lines)
    if any(not text or text.isspace() for text in texts):
        kept = [(p, t) for p, t in zip(positions, texts, strict=True) if t and not t.isspace()]
        positions, texts = [p for p, _ in kept], [t for _, t in kept]
    rows = _table(positions, texts)
    deep = _too_deep(rows)
    if deep:
        rows = rows.filter(pc.invert(pc.is_in(rows["position"], pa.array([r.position for r in deep], pa.int64()))))
    return Chunk(rows, (*rejects, *deep), done=lines.done)


def _table(positions: list[int], texts: list[str]) -> pa.Table:
    return pa.table({"position": pa.array(positions, pa.int64()), "raw": pa.array(texts, pa.string())})


def _decoded(lines: Lines) -> tuple[list[str], list[int], list[Reject]]:
    texts, positions, rejects = [], [], []
    for position, line in enumerate(lines.text.split(b"\n"), lines.first):
        try:
            texts.append(line.decode("utf-8"))
            positions.append(position)
        except UnicodeDecodeError as error:
            detail = f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is not UTF-8"
            rejects.append(Reject(position, "not_utf8", detail, bounded(line), len(line)))
    return texts, positions, rejects


def _too_deep(rows: pa.Table) -> list[Reject]:
    openers = pc.add(pc.count_substring(rows["raw"], "{"), pc.count_substring(rows["raw"], "["))
    suspects = rows.filter(pc.greater(openers, DEPTH_LIMIT))
    return [
        Reject(
            position,
            "too_deep",
            f"the line nests deeper than {DEPTH_LIMIT} levels",
            raw[:RAW_LIMIT],
            len(raw.encode("utf-8")),
        )
        for position, raw in zip(suspects["position"].to_pylist(), suspects["raw"].to_pylist(), strict=True)
        if _deeper(raw)
    ]


def _deeper(raw: str) -> bool:
    depth = 0
    for token in _TOKENS.finditer(raw):
        first = token.group()[0]
        depth += (first in "[{") - (first in "]}")
        if depth > DEPTH_LIMIT:
            return True
    return False
