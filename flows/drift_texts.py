"""What texts mean, by an embedder that the configuration names; nothing happens without one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, cast

from warehouse.columns import columns_as_arrow
from warehouse.records.errors import CheckError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Scheme

if TYPE_CHECKING:
    from checks.drift.embedding import Embedder
    from checks.drift.records import ColumnDrift
    from checks.policy import Policy
    from checks.policy.drift import Drift
    from flows.stores import Stores

ROWS = 1_000
"""Texts that are embedded on either side, chosen by a digest of their keys."""


def compare(
    stores: Stores, policy: Policy, section: Drift, schemes: Sequence[Scheme], start: datetime, end: datetime
) -> list[ColumnDrift]:
    """The comparisons of the section's prose by embedding, not judged yet; none without an embedder.

    Raises:
        CheckError: the embedder cannot be loaded or failed.
    """
    if section.embedding is None:
        return []
    from checks.drift import embedding

    assert section.reference is not None
    embedder = _load(section.embedding)
    spans = ((section.reference.start, section.reference.end), (start, end))
    stream, scope = policy.stream(section.stream), Slice(rollout=section.rollout)
    found = []
    for name in dict.fromkeys(scheme.column for scheme in schemes if scheme.part == "length"):
        texts = [
            columns_as_arrow(stores.warehouse, stream, [name], scope, *span, limit=ROWS).column(name).to_pylist()
            for span in spans
        ]
        before, now = (embedding.vectors(embedder, [text for text in side if text is not None]) for side in texts)
        found.append(embedding.compare(name, before, now, limit=section.tolerance, min_rows=section.min_rows))
    return found


def _load(entry: str) -> Embedder:
    module, _, name = entry.partition(":")
    try:
        made = getattr(import_module(module), name)()
    except Exception as error:  # the module is the user's own: whatever it raises, there is no embedder
        raise CheckError(f"The embedder {entry} cannot be loaded: {type(error).__name__}: {error}") from error
    return cast("Embedder", made)
