"""Category labels are harmless and distinct, and a column's kind follows from the pinned reference."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.drift.preparing import MISSING, OTHER, kind_of, label
from warehouse.records.errors import UsageError
from warehouse.records.streams import Column


@given(st.text())
def test_a_label_holds_nothing_that_a_page_could_run(value: str) -> None:
    made = label(value)
    assert not re.search(r"[<>&\"'`\\\x00-\x1f\x7f\u2028\u2029\u202a-\u202e]", made)
    assert len(made) <= 70
    assert made not in (MISSING, OTHER)


@given(st.text(), st.text())
def test_two_values_never_share_a_label(left: str, right: str) -> None:
    assert (label(left) == label(right)) == (left == right)


def test_plain_values_stay_readable() -> None:
    assert label("openrouter/qwen-2.5:32b") == "openrouter/qwen-2.5:32b"
    assert label("größe") == "größe"


@pytest.mark.slow
def test_the_kind_of_a_column_follows_from_its_type_and_the_reference() -> None:
    import pandas

    reference = pandas.DataFrame(
        {"model": ["a", "b"] * 300, "prompt": [f"request {i}" for i in range(600)], "n": range(600)}
    )
    kinds = {name: kind_of(Column(name, "text", ""), reference) for name in ("model", "prompt", "absent")}
    assert kinds == {"model": "categorical", "prompt": "text", "absent": "categorical"}
    assert kind_of(Column("n", "integer", ""), reference) == "numeric"
    assert kind_of(Column("b", "boolean", ""), reference) == "boolean"
    with pytest.raises(UsageError, match="json"):
        kind_of(Column("scores", "json", ""), reference)
