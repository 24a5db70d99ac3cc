"""A local workspace of Evidently: one project for each comparison, one snapshot for each window.

Its server has no sign-in, so less goes in than into the page of one comparison: categories are numbered, texts are
lengths and shares of characters, and of numbers there are histograms and means of stretches. Everything is written
aside and put in place in one step: the server refuses to start on half a file.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checks.drift.evidently_adapter import enough, library, thinned
from checks.drift.keeping import Kept
from checks.drift.preparing import MISSING, OTHER, Part, parts
from checks.drift.records import CATEGORY_METHOD, NUMERIC_METHOD, DriftColumn

PLAIN = frozenset({MISSING, OTHER, "true", "false", "present", "as in the reference", "otherwise"})
"""Labels of our own making, which say nothing of the logs."""


@dataclass(frozen=True, slots=True)
class About:
    """What a snapshot says of itself beside its numbers; the moment is the end of its window."""

    name: str
    at: datetime
    metadata: Mapping[str, str]
    tags: tuple[str, ...]


def snapshot(
    reference: Any,
    current: Any,
    columns: Sequence[DriftColumn],
    about: About,
    *,
    tolerance: float = 0.1,
    min_rows: int = 200,
    top: int = 50,
    max_rows: int = 20_000,
) -> Any | None:
    """The library's snapshot of two data frames; None where no column has enough rows on both sides.

    `tolerance` holds for every column, as in our own judgement (`comparing`).

    Raises:
        CheckError: the library failed; the reason is its own.
    """
    left, right = thinned(reference, max_rows), thinned(current, max_rows)
    found = [enough(part, min_rows) for column in columns for part in parts(left, right, column, top)]
    usable = [_numbered(part) for part in found if not part.reason]
    if not usable:
        return None
    with library():
        return _run(usable, about, tolerance)


def _numbered(part: Part) -> Part:
    """The same part with its categories numbered by their frequency in the reference."""
    if part.numeric:
        return part
    counted = part.reference.value_counts().to_dict()
    known = (value for value in {*counted, *part.current.unique()} if value not in PLAIN)
    # By name among equals: the same value has the same number in every report.
    values = sorted(known, key=lambda value: (-counted.get(value, 0), value))
    names = {value: f"value {number}" for number, value in enumerate(values, 1)}
    sides = [side.map(lambda value: names.get(value, value)) for side in (part.reference, part.current)]
    return replace(part, reference=sides[0], current=sides[1])


def _run(usable: Sequence[Part], about: About, tolerance: float) -> Any:
    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import DriftedColumnsCount, ValueDrift

    definition = DataDefinition(
        numerical_columns=[part.name for part in usable if part.numeric],
        categorical_columns=[part.name for part in usable if not part.numeric],
    )
    sides = [
        Dataset.from_pandas(pandas.DataFrame({part.name: getattr(part, side) for part in usable}), definition)
        for side in ("current", "reference")
    ]
    # Without naming the columns: the library draws another line for every other set of them.
    count = DriftedColumnsCount(
        num_method=NUMERIC_METHOD, cat_method=CATEGORY_METHOD, num_threshold=tolerance, cat_threshold=tolerance
    )
    drifts = [ValueDrift(column=part.name, method=part.method, threshold=tolerance) for part in usable]
    return Report([count, *drifts]).run(
        *sides, timestamp=about.at, metadata=dict(about.metadata), tags=list(about.tags), name=about.name
    )


class Workspace:
    """One folder that `evidently ui` serves."""

    def __init__(self, folder: Path) -> None:
        """Keep the place; nothing is read or made."""
        self._folder = folder

    def kept(self, project: uuid.UUID) -> list[Kept]:
        """The snapshots of a project that say of which window they are; reports that others added are none of these.

        A file that is not whole is put aside under another ending: it would keep the library's server from starting.
        """
        found: list[Kept] = []
        for path in sorted(self._snapshots(project).glob("*.json")):
            try:
                body = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                path.replace(path.with_suffix(".not-whole"))
                continue
            found += _window(path, body)
        return found

    def put(self, project: uuid.UUID, own: uuid.UUID, made: Any) -> None:
        """Write a snapshot under its identifier; one that is there stays whole until the new one is.

        Raises:
            CheckError: it could not be written.
        """
        with self._aside() as (state, aside):
            state.write_snapshot(project, own, made.to_snapshot_model())
            self._swap(aside / str(project) / "snapshots" / f"{own}.json", self._snapshots(project) / f"{own}.json")

    def remove(self, project: uuid.UUID, own: uuid.UUID) -> None:
        """Remove a snapshot, if it is there."""
        (self._snapshots(project) / f"{own}.json").unlink(missing_ok=True)

    def describe(self, project: uuid.UUID, name: str, about: str, columns: Sequence[str]) -> None:
        """Write the project and its dashboard: how many columns moved over time, and how far each one did.

        Raises:
            CheckError: it could not be written.
        """
        from checks.drift.workspace_panels import dashboard

        with self._aside() as (state, aside):
            from evidently.sdk.models import ProjectModel

            state.write_project(ProjectModel(id=project, name=name, description=about))
            state.write_dashboard(project, dashboard(project, about, columns))
            for file in ("dashboard.json", "metadata.json"):
                self._swap(aside / str(project) / file, self._folder / str(project) / file)

    def described(self, project: uuid.UUID) -> bool:
        """Whether the project is one that the library's server shows, with its dashboard."""
        return all((self._folder / str(project) / file).is_file() for file in ("dashboard.json", "metadata.json"))

    def _snapshots(self, project: uuid.UUID) -> Path:
        return self._folder / str(project) / "snapshots"

    @contextmanager
    def _aside(self) -> Iterator[tuple[Any, Path]]:
        """The library's own writer, in a folder that it does not serve."""
        with library("The drift history could not be written"):
            from evidently.ui.storage.local.base import LocalState

            self._folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".aside-", dir=self._folder) as aside:
                yield LocalState(aside), Path(aside)

    @staticmethod
    def _swap(made: Path, place: Path) -> None:
        json.loads(made.read_text(encoding="utf-8"))
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, place)


def _window(path: Path, body: Any) -> Iterator[Kept]:
    try:
        said = body["metadata"]
        span = datetime.fromisoformat(said["start"]), datetime.fromisoformat(said["end"])
        yield Kept(uuid.UUID(path.stem), *span, str(said["counted"]))
    except (ValueError, KeyError, TypeError):
        return
