"""Every way of finding a bin counts the cut points at or below the value, exactly, at the cut points themselves too."""

from __future__ import annotations

import bisect
import math

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.binning import near, place

EVEN = tuple(0.1 * i for i in range(20))
LOG = tuple(10 * 1.05**i for i in range(127))
UNEVEN = tuple(float(i**3) for i in range(-6, 60))
FEW = (0.0, 0.5, 0.75)


def bins(cuts: tuple[float, ...], values: list[float]) -> list[int | None]:
    parameters: dict[str, object] = {}
    nearest, found = near("v", cuts, parameters), place("v", "n", cuts, parameters)
    with duckdb.connect() as connection:
        sql = f"SELECT {found} FROM (SELECT v, {nearest} AS n, i FROM (SELECT unnest($values::DOUBLE[]) AS v, "
        sql += "generate_subscripts($values::DOUBLE[], 1) AS i)) ORDER BY i"
        return [row[0] for row in connection.execute(sql, {**parameters, "values": values}).fetchall()]


@pytest.mark.parametrize(
    "cuts", [EVEN, LOG, UNEVEN, FEW, (), (3.0,)], ids=["even", "log", "uneven", "few", "none", "one"]
)
def test_values_at_and_beside_every_cut_point_lie_right(cuts: tuple[float, ...]) -> None:
    values = [-1e9, -1.0, 0.0, 1e9]
    values += [v for c in cuts for v in (math.nextafter(c, -math.inf), c, math.nextafter(c, math.inf))]
    assert bins(cuts, values) == [bisect.bisect_right(cuts, value) for value in values]


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60, unique=True).map(lambda c: tuple(sorted(c))),
        st.tuples(st.floats(1e-6, 1e3), st.floats(1.01, 3), st.integers(7, 100)).map(
            lambda p: tuple(p[0] * p[1] ** i for i in range(p[2]) if p[0] * p[1] ** i < 1e9)
        ),
    ).filter(bool),
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20),
)
def test_any_value_lies_where_counting_puts_it(cuts: tuple[float, ...], values: list[float]) -> None:
    values += list(cuts)
    assert bins(cuts, values) == [bisect.bisect_right(cuts, value) for value in values]


def test_a_missing_value_is_in_no_bin() -> None:
    for cuts in (EVEN, LOG, UNEVEN, FEW, ()):
        assert bins(cuts, [None]) == [None]  # type: ignore[list-item]  # a missing number
