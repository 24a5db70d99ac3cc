"""Formats: an alert looks like this, and nothing that stood in a log does anything in it but stand there."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from alert_examples import ATTACK, FORMATS, HOSTILE, PLAIN
from conftest import ROOT
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flows.channels import as_guarded, as_html, as_markdown, as_mrkdwn
from flows.channels.as_guarded import BREAK
from flows.channels.fitting import fitted
from flows.channels.port import Alert
from flows.channels.text import visible

GOLDEN = ROOT / "tests" / "golden" / "alerts"
ANY = st.text(max_size=60) | st.text("<>!@#&|[]()*_~`\\-+=.1 ahernl:/\n", max_size=40)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("kind", "alert"), [("plain", PLAIN), ("hostile", HOSTILE)])
def test_an_alert_looks_like_this(name: str, kind: str, alert: Alert) -> None:
    expected = (GOLDEN / f"{kind}.{name}").read_text(encoding="utf-8")
    assert f"{FORMATS[name](alert)}\n" == expected


@pytest.mark.parametrize("name", FORMATS)
def test_a_megabyte_is_cut_and_nothing_hides(name: str) -> None:
    made = FORMATS[name](HOSTILE)
    assert len(made) < 30_000
    for hidden in "\x00\x07\x1b\r\u202e\u2028\ud800":
        assert hidden not in made


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_board_the_command_is_named(name: str) -> None:
    made = FORMATS[name](replace(PLAIN, board_url=None))
    assert "gatehold log explain 17" in made
    assert "/decisions/" not in made


class Tags(HTMLParser):
    """What a browser would make of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_holds_our_tags_and_no_other() -> None:
    found = Tags(as_html.render(HOSTILE))
    assert set(found.tags) == {"p", "b", "ul", "li", "a"}
    assert found.attributes == [
        ("href", "https://gatehold.example.org/decisions/..%2F..%2F%3Cb%3Ex%3C%2Fb%3E%3Fa%3D1%23y")
    ]


@given(ANY)
@example(ATTACK)
def test_html_gives_the_text_back_and_no_tag(text: str) -> None:
    found = Tags(as_html.render(replace(PLAIN, summary=text, facts=())))
    assert found.tags == ["p", "b", "p", "ul", "li", "li", "a"]
    assert visible(text).strip() in found.text.replace(f"@{BREAK}", "@")


@given(ANY)
@example(ATTACK)
@example("1. x")
@example("1) x")
@example("=\n")
@example("+ x")
def test_markdown_gives_the_text_back_and_marks_nothing_up(text: str) -> None:
    (paragraph, inline, _end) = MarkdownIt("commonmark").parse(as_markdown.escaped(visible(text)) or "x")
    assert (paragraph.type, inline.type) == ("paragraph_open", "inline")
    parts = inline.children or []
    assert {part.type for part in parts} <= {"text", "text_special"}
    shown = "".join(part.content for part in parts)
    # Two line ends of Markdown's own never occur: every line end was made visible before.
    assert shown.replace(f"@{BREAK}", "@") == (visible(text).strip() or "x")


def test_markdown_as_a_whole_is_a_headline_a_sentence_and_a_list() -> None:
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(as_markdown.render(HOSTILE))
    kinds = {token.type for token in tokens}
    assert kinds == {
        *(f"{kind}_{end}" for kind in ("paragraph", "bullet_list", "list_item") for end in ("open", "close")),
        "inline",
    }
    links = [t.attrs["href"] for token in tokens for t in token.children or [] if t.type == "link_open"]
    assert links == ["https://gatehold.example.org/decisions/..%2F..%2F%3Cb%3Ex%3C%2Fb%3E%3Fa%3D1%23y"]
    assert not [t for token in tokens for t in token.children or [] if t.type in ("image", "html_inline")]


@given(ANY)
@example(ATTACK)
def test_slack_finds_no_call_no_link_and_no_mark(text: str) -> None:
    made = as_mrkdwn.escaped(visible(text))
    assert "<" not in made
    assert ">" not in made
    assert re.sub(r"&(amp|lt|gt);", "", made).count("&") == 0
    assert not re.search(r"(?<![\w.+-])@\w", made)
    assert all(made[i - 1] == BREAK == made[i + 1] for i, c in enumerate(made) if c in "*_~`")


@given(ANY)
@example(ATTACK)
def test_guarded_text_calls_nobody_and_hides_no_address(text: str) -> None:
    made = as_guarded.guarded(visible(text))
    assert not set("<>") & set(made)
    assert "](" not in made
    assert not re.search(r"(?<![\w.+-])@\w", made)


def test_a_mail_address_stays_whole() -> None:
    for name, render in FORMATS.items():
        assert "ines@example.com" in render(PLAIN), name


@pytest.mark.parametrize("longest", [300, 600, 1000, 2000, 4000])
@pytest.mark.parametrize("render", [as_markdown.render, as_mrkdwn.render, as_html.render, as_guarded.render])
def test_what_is_too_long_is_cut_where_it_hurts_least_and_says_so(longest: int, render: object) -> None:
    long = replace(PLAIN, facts=tuple((f"gate {n}", "stale: " + "x" * 200) for n in range(30)), summary="s" * 450)
    made = fitted(long, render, longest)  # type: ignore[arg-type] # one of the four above
    assert len(made) <= longest
    assert "decisions/4f1c9a" in made
    assert longest < 1000 or "more; see the decision" in made


def test_what_fits_is_left_as_it_is() -> None:
    assert fitted(PLAIN, as_markdown.render, 10_000) == as_markdown.render(PLAIN)
