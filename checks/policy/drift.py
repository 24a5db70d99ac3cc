"""`drift`: columns compared with a pinned reference, and columns whose categories are watched for changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from typing import Literal as OneOf

from pydantic import AfterValidator, Field

from checks.policy.base import ColumnName, Duration, Finite, Many, Name, Section, Words, refuse
from checks.policy.known import Known, Raw, no_column, repeated, text, texts, unknown
from checks.policy.reference import Reference, span
from checks.policy.report import Place, listed
from warehouse.records.errors import Problem
from warehouse.records.streams import ColumnType

_COMPARED: tuple[ColumnType, ...] = ("number", "integer", "text", "boolean")
_WATCHED: tuple[ColumnType, ...] = ("text", "boolean")


_ENTRY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*\Z")


def _entry_point(text: str) -> str:
    if not _ENTRY.match(text):
        refuse(f"{text!r} names no Python object.", allowed="package.module:object", hint="Write a colon before it.")
    return text


class Drift(Section):
    """One comparison of a stream's columns with their past."""

    name: Name
    """Name of the comparison."""
    stream: ColumnName
    """The stream that is looked at."""
    rollout: Name
    """The rollout whose rows are looked at."""
    columns: Many[ColumnName] = ()
    """Columns whose distribution is compared with the reference."""
    reference: Reference | None = None
    """What they are compared with."""
    window: Duration = timedelta(hours=24)
    """Length of the newest span that is compared."""
    tolerance: Annotated[Finite, Field(gt=0, lt=1)] = 0.1
    """Distance from the reference above which a column counts as drifted (0 to 1)."""
    min_rows: Annotated[int, Field(ge=1)] = 200
    """Rows with a value that either side needs; with fewer, nothing is said."""
    false_share: Annotated[Finite, Field(gt=0, lt=1)] = 0.05
    """Of the columns named as drifted, the share that is named wrongly at most, on average."""
    texts: OneOf["full", "length"] = "full"
    """How texts that are prose are compared: by length, kinds of characters and words, or by length alone."""
    embedding: Annotated[str, AfterValidator(_entry_point)] | None = None
    """Python object that makes an embedder (package.module:object), to compare what texts mean, too; off without it."""
    page: OneOf["on_demand", "always"] = "on_demand"
    """When Evidently draws its page: when somebody asks for it, or in every run whose judgement is new."""
    workspace: Words | None = None
    """Folder of an Evidently workspace that a daily flow keeps the history of windows in; none without it."""
    watch: Many[ColumnName] = ()
    """Columns whose new, vanished or suddenly changed values are reported."""


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between a comparison, its stream and its rollout."""
    rollout, stream = text(raw, "rollout"), text(raw, "stream")
    if rollout is not None and rollout not in known.rollouts:
        yield unknown(place, ("rollout",), "rollout", rollout, known.rollouts)
    if stream is not None and stream not in known.streams:
        yield unknown(place, ("stream",), "stream", stream, known.streams)
    elif stream is not None:
        yield from _columns(raw, place, known, stream, "columns", _COMPARED)
        yield from _columns(raw, place, known, stream, "watch", _WATCHED)
    yield from _together(raw, place)
    yield from span(raw, place)


def _columns(
    raw: Raw, place: Place, known: Known, stream: str, key: str, types: tuple[ColumnType, ...]
) -> Iterator[Problem]:
    yield from repeated(place, key, texts(raw, key))
    declared = known.streams.get(stream)
    if declared is None:
        return
    for index, name in texts(raw, key):
        column = declared.column(name)
        if column is None:
            yield no_column(place, (key, index), declared, name, declared.names())
        elif column.type not in types:
            message = f"column {name} is {column.type}, which cannot be compared here."
            yield place.problem((key, index), message, allowed=f"columns of type {listed(types)}")


def _together(raw: Raw, place: Place) -> Iterator[Problem]:
    if raw.get("columns") and not raw.get("reference"):
        yield place.problem((), "columns are compared with a reference, and there is none.", hint='Add "reference:".')
    if raw.get("reference") and not raw.get("columns"):
        yield place.problem((), "there is a reference, and no columns to compare.", hint='Add "columns:".')
    if not raw.get("columns") and not raw.get("watch"):
        yield place.problem((), "there is nothing to look at.", hint='Add "columns:" or "watch:".')
