"""Numbers, times and foreign text are shown so that nobody is misled by them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import format as fmt


@pytest.mark.parametrize(
    ("amount", "measure", "text"),
    [
        (0.005, "share", "0.5\u202f%"),
        (0.00496, "share", "0.496\u202f%"),
        (0.0119, "share", "1.19\u202f%"),
        (0.883, "share of rows", "88.3\u202f%"),
        (1.0, "share", "100\u202f%"),
        (0.0, "share", "0\u202f%"),
        (25.13, "hours", "25.1\u202fh"),
        (1234567.0, "", "1\u202f234\u202f567"),
        (None, "share", "\u2013"),
        (None, "hours", "\u2013"),
    ],
)
def test_a_value_reads_with_its_unit_and_nothing_is_never_zero(amount: float | None, measure: str, text: str) -> None:
    assert fmt.value(amount, measure) == text


def test_numbers_that_are_none_are_a_dash() -> None:
    assert fmt.number(None) == fmt.number(math.nan) == fmt.percent(math.nan) == "\u2013"
    assert fmt.number(math.inf) == "∞"


@given(st.floats(0, 1))
def test_a_share_is_never_shown_on_the_other_side_of_zero(share: float) -> None:
    shown = fmt.percent(share)
    assert (shown == "0\u202f%") == (share == 0)


def test_times_are_in_utc_whatever_they_came_in() -> None:
    there = datetime(2026, 11, 24, 2, 5, tzinfo=timezone(timedelta(hours=2)))
    assert fmt.moment(there) == "24 Nov 2026, 00:05"
    assert fmt.iso(there) == "2026-11-24T00:05:00Z"
    assert fmt.moment(None) == "\u2013"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=9, hours=12), "9 days"),
        (timedelta(hours=25), "25 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=-5), "less than a minute"),
    ],
)
def test_a_length_of_time_is_short(length: timedelta, text: str) -> None:
    assert fmt.span(length) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Grüße, 你好", "Grüße, 你好"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\u2066b\u2069", "a[U+2066]b[U+2069]"),
        ("a\u200bb\ufeff", "a[U+200B]b[U+FEFF]"),
        ("a\u2028b", "a[U+2028]b"),
        ("a\x00\x7f\x85", "a␀[U+007F][U+0085]"),
        ("a\ud800", "a[U+D800]"),
        ("line\nline", "line⏎line"),
    ],
)
def test_hidden_characters_are_made_visible(text: str, shown: str) -> None:
    assert fmt.visible(text) == shown


@given(st.text(st.characters(), max_size=300))
def test_visible_text_holds_nothing_hidden_and_can_be_written(text: str) -> None:
    shown = fmt.visible(text)
    assert all(
        character == fmt.THIN or character.isprintable() or character == "\u3000" or character.isspace()
        for character in shown
    )
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\x1b\n\r")
    shown.encode()


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    shown = fmt.visible("x" * 1_000_000)
    assert len(shown) < 450
    assert "1\u202f000\u202f000 characters" in shown


@pytest.mark.parametrize("target", ["drift/interactions.html", "report.html", "a/b-c_d.1.html"])
def test_a_plain_relative_path_is_a_link(target: str) -> None:
    assert fmt.safe_link(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "javascript:alert(1)",
        "https://example.org/x",
        "//example.org",
        "/etc/passwd",
        "../x",
        "a/../x",
        "a b",
        'a"b',
        "data:text/html,x",
        "x.html\n",
        "a\\b",
    ],
)
def test_any_other_target_is_none(target: str | None) -> None:
    assert fmt.safe_link(target) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_data_in_a_script_come_back_as_they_were_and_cannot_end_it(data: object) -> None:
    text = fmt.script_json(data)
    assert json.loads(text) == data
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_data_in_a_script_cannot_end_it() -> None:
    text = fmt.script_json({"a": "</script><script>alert(1)</script>\u2028<!--"})
    assert "</" not in text
    assert "\u2028" not in text
    assert "<!--" not in text


def test_numbers_that_json_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        fmt.script_json([math.nan])


def test_a_limit_reads_as_a_sentence() -> None:
    assert fmt.limit("at_most", 0.005, "share") == "at most 0.5\u202f%"
    assert fmt.limit("at_least", 0.8, "share") == "at least 80\u202f%"
    assert fmt.interval(0.001, None, "share") == "\u2013"
    assert fmt.day(datetime(2026, 1, 2, tzinfo=UTC)) == "2 Jan"
