"""What the store tells while it lets rows in: the rows that it keeps out, and which texts rows lack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

_MOST_KEPT_OUT = 64 * 1024 * 1024


class KeptOut:
    """Rows that cannot be let in, by position, as the store hands them over through a function of that name."""

    def __init__(self) -> None:
        """Begin without rows."""
        self.rows: dict[int, str] = {}
        self.too_many = False
        self._size = 0
        # Threads take turns in here at any point; adding to a set is safe.
        self._lacking: set[int] = set()

    def __call__(self, positions: pa.Array, texts: pa.Array) -> pa.Array:
        """Take rows; false for each of them."""
        for position, text in zip(positions.to_pylist(), texts.to_pylist(), strict=True):
            self.too_many |= self._size > _MOST_KEPT_OUT
            if not self.too_many:
                self.rows[position] = text
                self._size += len(text)
        return pa.array([False] * len(positions), pa.bool_())

    def look(self, lacks: pa.Array) -> pa.Array:
        """Note which texts rows lack, by the bits of a number; true for each of them."""
        self._lacking.add(int(np.bitwise_or.reduce(lacks.to_numpy())))
        return pa.array(np.ones(len(lacks), bool))

    def full(self, texts: Sequence[str]) -> frozenset[str]:
        """Those of the columns that no row lacks."""
        return frozenset(
            text for bit, text in enumerate(texts) if not any(lacks & (1 << bit) for lacks in self._lacking)
        )


@contextmanager
def kept_out(connection: duckdb.DuckDBPyConnection) -> Iterator[KeptOut]:
    """Where the store hands the rows that it keeps out; is entered and left outside of a transaction."""
    kept = KeptOut()
    functions: list[tuple[str, Any, list[Any]]] = [
        ("kept_out", kept, ["BIGINT", "VARCHAR"]),
        ("lacking", kept.look, ["BIGINT"]),
    ]
    with ExitStack() as made:
        for name, function, given in functions:
            connection.create_function(
                name,
                function,
                given,
                "BOOLEAN",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
                side_effects=True,
            )
            made.callback(connection.remove_function, name)
        yield kept
