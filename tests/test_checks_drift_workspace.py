"""What goes into a workspace that anybody on the machine can open: numbers of categories, the same in every report."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.drift.preparing import MISSING, OTHER, Part
from checks.drift.workspace import PLAIN, _numbered

pytestmark = pytest.mark.slow

VALUES = st.lists(st.sampled_from(["en", "fr", "value 1", "value 2", "true", MISSING, OTHER, "<b>"]), min_size=1)


def part(reference: list[str], current: list[str]) -> Part:
    import pandas

    return Part("c", "c", False, 0.1, pandas.Series(reference), pandas.Series(current))


def sides(one: Part) -> tuple[list[Any], list[Any]]:
    return one.reference.tolist(), one.current.tolist()


def test_the_most_frequent_of_the_reference_comes_first_and_equals_stand_by_name() -> None:
    found = _numbered(part(["fr", "en", "de", "de", MISSING], ["en", "it", OTHER]))
    assert sides(found) == (["value 3", "value 2", "value 1", "value 1", MISSING], ["value 2", "value 4", OTHER])


@given(VALUES, VALUES)
def test_no_value_stays_and_no_two_become_one(reference: list[str], current: list[str]) -> None:
    left, right = sides(_numbered(part(reference, current)))
    pairs = set(zip([*reference, *current], [*left, *right], strict=True))
    assert len({value for value, _ in pairs}) == len({number for _, number in pairs}) == len(pairs)
    assert all(number == value if value in PLAIN else number.startswith("value ") for value, number in pairs)


@given(VALUES, VALUES, VALUES)
def test_a_number_depends_on_the_reference_alone_where_it_holds_the_value(
    reference: list[str], one: list[str], other: list[str]
) -> None:
    assert sides(_numbered(part(reference, one)))[0] == sides(_numbered(part(reference, other)))[0]
