"""An embedder compares what texts mean; whatever goes wrong in it is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from checks.drift import comparing, embedding
from checks.drift.records import ColumnDrift
from warehouse.records.errors import CheckError

RANDOM = np.random.default_rng(4)


def judged(column: ColumnDrift) -> ColumnDrift:
    return comparing.compare([], comparing.Rule(), further=[column]).columns[0]


class Letters:
    """Vectors of letter counts."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return [[text.count(letter) for letter in "abcdefgh"] for text in texts]


class Broken:
    def __init__(self, given: object) -> None:
        self.given = given

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given  # type: ignore[return-value]  # what a faulty embedder does


def texts(letters: str, number: int) -> list[str]:
    return ["".join(RANDOM.choice(list(letters), 12)) for _ in range(number)]


def test_another_topic_is_drift_and_the_same_is_not() -> None:
    before, same, other = texts("abcdefgh", 1_000), texts("abcdefgh", 900), texts("abcd", 900)
    vectors = [embedding.vectors(Letters(), side) for side in (before, same, other)]
    still = judged(embedding.compare("prompt", vectors[0], vectors[1], limit=0.1, min_rows=200))
    moved = judged(embedding.compare("prompt", vectors[0], vectors[2], limit=0.1, min_rows=200))
    assert (still.name, still.state) == ("prompt.embedding", "steady")
    assert moved.state == "drifted"


def test_noise_is_what_two_samples_show() -> None:
    seen = []
    for _ in range(200):
        before, now = (RANDOM.normal(size=(n, 6)) * [5, 2, 1, 1, 1, 1] for n in (300, 200))
        column = embedding.compare("p", before, now, limit=None, min_rows=1)
        assert column.statistic is not None
        assert column.log_p is not None
        seen.append((column.statistic**2, column.log_p < np.log(0.05)))
    squares, rejected = np.array(seen).T
    assert column.noise == pytest.approx(np.sqrt(squares.mean()), rel=0.1)
    assert 0.01 <= rejected.mean() <= 0.1


def test_what_cannot_be_compared_is_named() -> None:
    few = judged(embedding.compare("p", np.zeros((9, 2)), np.zeros((900, 2)), limit=None, min_rows=200))
    same = judged(embedding.compare("p", np.ones((900, 2)), np.zeros((900, 2)), limit=None, min_rows=200))
    assert (few.state, same.state) == ("too_few", "constant")
    with pytest.raises(CheckError, match="2 and 3 numbers"):
        embedding.compare("p", RANDOM.normal(size=(300, 2)), RANDOM.normal(size=(300, 3)), limit=None, min_rows=1)
    assert replace(few, state="unjudged").drifted is None


@pytest.mark.parametrize("given", [ValueError("no"), [[1.0]], [[1.0], [float("nan")]], [1.0, 2.0], [[1.0], [1.0, 2.0]]])
def test_a_faulty_embedder_is_an_error_of_the_check(given: object) -> None:
    with pytest.raises(CheckError, match="embedded"):
        embedding.vectors(Broken(given), ["one", "two"])
