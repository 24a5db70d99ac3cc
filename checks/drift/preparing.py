"""Turns columns of logs into what can be compared: numbers, and a bounded set of harmless category labels."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checks.drift.records import (
    CATEGORY_LIMIT,
    CATEGORY_METHOD,
    NUMERIC_LIMIT,
    NUMERIC_METHOD,
    DriftColumn,
    DriftKind,
)
from warehouse.records.errors import UsageError
from warehouse.records.streams import Column

PROSE = 100
MISSING, OTHER = "(missing)", "(other)"
_PROPERTIES = {"length": None, "digits": r"\d", "punctuation": r"[^\w\s]", "non_ascii": r"[^\x00-\x7f]"}
_UNSAFE = re.compile(r"[^\w .,:;/@+=%#!?()\[\]*~|-]")


@dataclass(frozen=True, slots=True)
class Part:
    """One column or property of one, ready to compare; `reason` says why it cannot be, and is empty otherwise."""

    name: str
    column: str
    numeric: bool
    threshold: float
    reference: Any
    current: Any
    reason: str = ""

    @property
    def method(self) -> str:
        """The name of the distance."""
        return NUMERIC_METHOD if self.numeric else CATEGORY_METHOD


def kind_of(column: Column, reference: Any) -> DriftKind:
    """How a declared column is compared, given the data frame of the pinned reference.

    A text is one of categories unless the reference holds more than 100 different ones that make up more than a tenth
    of its values: then it is prose, compared by length and kinds of characters. Fixed as long as the reference is.

    Raises:
        UsageError: the column holds times or JSON, which have no distance here.
    """
    match column.type:
        case "number" | "integer":
            return "numeric"
        case "boolean":
            return "boolean"
        case "text":
            values = reference[column.name].dropna() if column.name in reference else ()
            distinct = len(set(values))
            return "text" if distinct > PROSE and distinct > len(values) / 10 else "categorical"
        case _:
            raise UsageError(f"Column {column.name} holds {column.type}, which cannot be compared for drift.")


def parts(reference: Any, current: Any, column: DriftColumn, top: int) -> tuple[Part, ...]:
    """The comparable parts of one column of two data frames; a text gives several, numbers with gaps two."""
    numeric = column.kind in ("numeric", "text")
    limit = column.limit if column.limit is not None else (NUMERIC_LIMIT if numeric else CATEGORY_LIMIT)
    absent = [side for side, frame in (("reference", reference), ("current", current)) if column.name not in frame]
    if absent:
        reason = f"column missing in the {' and the '.join(absent)} rows"
        return (Part(column.name, column.name, numeric, limit, None, None, reason),)
    left, right = reference[column.name], current[column.name]
    match column.kind:
        case "numeric":
            return (_numbers(column.name, column.name, limit, left, right), *_gaps(column.name, left, right))
        case "text":
            return (*_text(column.name, limit, left, right), *_gaps(column.name, left, right))
        case _:
            return (_categories(column.name, limit, left, right, top),)


def _numbers(name: str, column: str, limit: float, left: Any, right: Any) -> Part:
    import numpy
    import pandas

    sides, reason = [], ""
    for side, series in (("reference", left), ("current", right)):
        try:
            values = pandas.to_numeric(series.dropna(), errors="raise").astype(float)
        except (TypeError, ValueError):
            return Part(name, column, True, limit, None, None, f"not numeric in the {side} rows")
        if len(series) and values.empty:
            reason = reason or f"all values missing in the {side} rows"
        if not numpy.isfinite(values).all():
            reason = reason or f"infinite values in the {side} rows"
        sides.append(values.reset_index(drop=True))
    if not reason and len(sides[0]) and sides[0].min() == sides[0].max():
        reason = "constant in the reference, so there is no spread to measure a move against"
    return Part(name, column, True, limit, sides[0], sides[1], reason)


def _gaps(name: str, left: Any, right: Any) -> Iterator[Part]:
    """The share of missing values as a part of its own, where either side has any and neither has nothing else."""
    left, right = left.isna(), right.isna()
    if (left.any() or right.any()) and not (left.all() or right.all()):
        names = {True: MISSING, False: "present"}
        yield Part(f"{name}.missing", name, False, CATEGORY_LIMIT, left.map(names), right.map(names))


def _text(name: str, limit: float, left: Any, right: Any) -> Iterator[Part]:
    """Length and kinds of characters: the text itself goes no further."""
    left, right = left.dropna().astype(str), right.dropna().astype(str)
    for key, pattern in _PROPERTIES.items():
        if left.empty or right.empty:
            reason = f"all values missing in the {'reference' if left.empty else 'current'} rows"
            yield Part(f"{name}.{key}", name, True, limit, left, right, reason)
        elif pattern is None:
            yield _numbers(f"{name}.{key}", name, limit, left.str.len(), right.str.len())
        else:
            yield from _characters(f"{name}.{key}", name, limit, _density(left, pattern), _density(right, pattern))


def _density(texts: Any, pattern: str) -> Any:
    """Share of the characters of each text that match; 0 for an empty text."""
    return texts.str.count(pattern) / texts.str.len().clip(lower=1)


def _characters(name: str, column: str, limit: float, left: Any, right: Any) -> Iterator[Part]:
    """The density as numbers; where the reference is the same throughout, whether the rows still are.

    A kind of character that no text of either side holds is no gap in the evidence: there is nothing to compare.
    """
    if left.min() < left.max():
        yield _numbers(name, column, limit, left, right)
    elif not left.min() == right.min() == right.max():
        names = {True: "as in the reference", False: "otherwise"}
        same = [(side == left.min()).map(names).reset_index(drop=True) for side in (left, right)]
        yield Part(name, column, False, CATEGORY_LIMIT, same[0], same[1])


def _categories(name: str, limit: float, left: Any, right: Any, top: int) -> Part:
    reason = ""
    for side, series in (("reference", left), ("current", right)):
        if len(series) and series.isna().all():
            reason = reason or f"all values missing in the {side} rows"
    left_text, right_text = _as_text(left), _as_text(right)
    counted = left_text[left_text != MISSING].value_counts()
    kept = [value for value, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:top]]
    labels = {MISSING: MISSING, **{value: label(value) for value in kept}}
    sides = [texts.map(lambda value: labels.get(value, OTHER)) for texts in (left_text, right_text)]
    if not reason and len({*sides[0].unique(), *sides[1].unique()}) == 1:
        reason = "constant: one and the same category in reference and current rows"
    return Part(name, name, False, limit, sides[0], sides[1], reason)


def _as_text(series: Any) -> Any:
    """Values as texts (booleans "true" and "false"), missing ones as `MISSING`, which no text can take the place of."""
    present = series.notna()
    texts = series.astype(object).map(lambda value: str(value).lower() if isinstance(value, bool) else f"{value}")
    texts = texts.map(lambda text: f"{text} " if text in (MISSING, OTHER) else text)
    return texts.where(present, MISSING).reset_index(drop=True)


def label(value: str) -> str:
    """A category as a label that is harmless wherever a report puts it: script, markup or chart.

    Letters, digits and plain punctuation stay, at most 60 characters; anything else becomes "·", and a label that
    differs from its value ends in a digest of it, so that two values never share a label.
    """
    text = _UNSAFE.sub("·", value)[:60].strip()
    if text == value and text not in (MISSING, OTHER):
        return text
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{text} #{digest}"


def digest(frame: Any, columns: Sequence[DriftColumn]) -> str:
    """SHA-256 over the named columns of a data frame, values in order; a column that is not there counts as such."""
    total = hashlib.sha256()
    for column in columns:
        values = frame[column.name].astype(object) if column.name in frame else None
        plain = [] if values is None else values.where(values.notna(), None).tolist()
        row = [column.name, column.kind, column.name in frame, plain]
        total.update(json.dumps(row, default=str, ensure_ascii=True).encode("ascii"))
    return total.hexdigest()
