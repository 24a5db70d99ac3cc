"""The optional port for embeddings of texts: off unless a drift section names one; pure apart from the embedder called.

Texts of reference and current rows become vectors. The centre of the reference is compared with that of the current
rows: their distance over the root mean square distance of the reference's texts from their own centre. Two samples of
one distribution lie sqrt(1/n + 1/m) apart on average (root mean square). The p-value takes the squared distance for a
weighted sum of chi-squares with the variances of the reference as weights (Satterthwaite's approximation).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from checks.drift import chance
from checks.drift.records import NUMERIC_LIMIT, ColumnDrift
from warehouse.records.errors import CheckError

METHOD = "embedding"
Vectors = NDArray[np.float64]


class Embedder(Protocol):
    """What a configured entry point gives when it is called without arguments."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector per text, all of one length; the same texts give the same vectors."""


def vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The vectors of texts, one row each.

    Raises:
        CheckError: the embedder failed, or gave other than one finite vector of one length per text.
    """
    try:
        found: Any = np.array(list(embedder.embed(texts)), dtype=float)
    except Exception as error:  # the embedder is the user's own: whatever it raises, texts were not embedded
        raise CheckError(f"The texts could not be embedded: {type(error).__name__}: {error}") from error
    if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
        raise CheckError(
            f"{len(texts)} texts were embedded into an array of shape {found.shape}; allowed is one finite vector of "
            "one length per text. Mend the embedder."
        )
    return np.asarray(found, dtype=float)


def compare(column: str, before: Vectors, now: Vectors, *, limit: float | None, min_rows: int) -> ColumnDrift:
    """The comparison of the vectors of one column, weighed but not judged (that happens together with the others).

    Raises:
        CheckError: the two sides have vectors of different lengths.
    """
    name, n, m = f"{column}.embedding", len(before), len(now)
    threshold = limit or NUMERIC_LIMIT
    if min(n, m) < min_rows:
        few = f"too few rows: {m} against {n}, at least {min_rows} are needed"
        return ColumnDrift(name, column, METHOD, None, threshold, None, None, n, m, few, "too_few")
    if before.shape[1] != now.shape[1]:
        raise CheckError(f"Texts of {column} were embedded into {before.shape[1]} and {now.shape[1]} numbers.")
    spread = before - before.mean(axis=0)
    size = float((spread**2).sum() / n)
    if size == 0.0:
        why = "constant in the reference, so there is no spread to measure a move against"
        return ColumnDrift(name, column, METHOD, None, threshold, None, None, n, m, why, "constant")
    moved = float(((before.mean(axis=0) - now.mean(axis=0)) ** 2).sum())
    distance, noise = math.sqrt(moved / size), math.sqrt(1.0 / n + 1.0 / m)
    log_p = chance.chi_square_tail_at(moved / size / noise**2, _freedom(spread, size))
    found = ((METHOD, distance, 0.0),)
    log_e = chance.log_evidence(log_p)
    return ColumnDrift(
        name, column, METHOD, distance, threshold, noise, None, n, m, log_p=log_p, log_e=log_e, distances=found
    )


def _freedom(spread: Vectors, size: float) -> float:
    """How many directions of equal variance the texts of the reference spread into."""
    n, dimensions = spread.shape
    gram = spread.T @ spread if dimensions <= n else spread @ spread.T
    return float((n * size) ** 2 / (gram**2).sum())
