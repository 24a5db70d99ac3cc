"""The page needs no network, runs only what its policy names, and lets no log text become part of it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import pytest
from page_examples import view
from page_reader import Reader

from dashboards import format as fmt
from dashboards.page import render


@pytest.fixture(scope="module")
def page() -> str:
    return render(view())


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_the_page_asks_nothing_of_any_host(page: str, read: Reader) -> None:
    for tag, attributes in read.elements:
        for name, content in attributes.items():
            if name in ("src", "href", "action", "srcset", "poster", "data"):
                assert content is not None
                assert content.startswith(("#", "data:,")) or content == "drift/interactions.html", (tag, name, content)
    assert not read.all("iframe") + read.all("object") + read.all("embed") + read.all("img")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_only_scripts_whose_digest_the_policy_names_can_run(read: Reader) -> None:
    policy = next(m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    runnable = [text for attributes, text in read.scripts if attributes.get("type") in (None, "text/plain")]
    assert len(runnable) == 2
    for text in runnable:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</script></style></title><svg onload=alert(1)>",
    "{{ 7*7 }}{% for x in y %}{# #}",
    "javascript:alert(1)",
    "a\x1b[2J\x00\x07\u202egnp\u2066\u2028</td>",
    "&lt;b&gt;&#x3c;",
    "\ud800 lone",
]


def poisoned(record: Any, text: str) -> Any:
    """The record with every free text in it, at any depth, replaced."""
    if isinstance(record, tuple):
        return tuple(text if isinstance(one, str) else poisoned(one, text) for one in record)
    if not is_dataclass(record) or isinstance(record, type):
        return record
    hints = get_type_hints(type(record), include_extras=False)
    changes: dict[str, Any] = {}
    for field in fields(record):
        present = getattr(record, field.name)
        if isinstance(present, str):
            if hints[field.name] in (str, str | None):
                changes[field.name] = text
        else:
            changes[field.name] = poisoned(present, text)
    return replace(record, **changes)


def shape_of(read_: Reader) -> Counter[tuple[str, tuple[str, ...]]]:
    """Elements with the names of their attributes; foreign text may change neither."""
    return Counter((tag, tuple(sorted(attributes))) for tag, attributes in read_.elements if tag != "option")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_any_field_becomes_part_of_the_page(text: str) -> None:
    hostile = poisoned(view(), text)
    page = render(hostile)
    page.encode()
    found = Reader(page)
    harmless = Reader(render(poisoned(view(), "harm less")))
    assert shape_of(found) == shape_of(harmless)
    for _, attributes in found.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert not str(attributes.get("href", "")).startswith("javascript")
    assert len(found.scripts) == len(harmless.scripts)
    seen = page[: page.index('<script type="application/json"')]
    assert not set(seen) & set("\x00\x07\x1b\u202e\u2066\u2028")
    expected = fmt.visible(text)
    assert re.sub(r"\s+", " ", expected) in found.words()


def test_a_megabyte_in_every_field_is_cut() -> None:
    page = render(poisoned(view(), "<b>x</b>" * 131_072))
    assert len(page) < 6_000_000
    assert "characters)" in page


def test_templates_in_text_are_not_evaluated() -> None:
    page = render(poisoned(view(), "{{ 7*7 }}"))
    assert "{{ 7*7 }}" in page
