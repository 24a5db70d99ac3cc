"""Links of a page: finding them, and writing the page anew with other ones. Nothing else of a page is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

LEADING = ("href", "src", "poster", "data", "xlink:href", "action", "formaction", "srcset")
"""Attributes that lead somewhere."""
_FOLLOWED = frozenset(LEADING) - {"action", "formaction", "srcset"}
_IN_STYLE = re.compile(r"""url\(\s*(["']?)([^"')]*)\1\s*\)""")

Change = Callable[[str], str | None]
"""What to write for an address; None: nothing leads there."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag: where its text stands in the page, and its attributes with their values unescaped."""

    start: int
    text: str
    name: str
    attributes: tuple[tuple[str, str | None], ...]

    def value(self, name: str) -> str:
        """The value of an attribute; empty if it has none."""
        return dict(self.attributes).get(name) or ""


class _Tags(HTMLParser):
    """Collects start tags."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(found.end() for found in re.finditer("\n", page))]
        self.found: list[Tag] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        text = self.get_starttag_text() or ""
        self.found.append(Tag(self._lines[line - 1] + column, text, tag, tuple(attrs)))


def tags(page: str) -> list[Tag]:
    """Every start tag of a page, in order."""
    return _Tags(page).found


def addresses(page: str) -> Iterator[str]:
    """Every address that a page leads to by itself or by a click; where a form is sent is none."""
    for tag in tags(page):
        if tag.name not in ("form", "base"):
            yield from (
                value
                for name, value in tag.attributes
                if value is not None and name in LEADING and name != "formaction"
            )


def addresses_of_style(style: str) -> list[str]:
    """Every address that a style sheet loads."""
    return [found[2] for found in _IN_STYLE.finditer(style)]


def changed(page: str, change: Change) -> str:
    """The page with every address changed; a form leads nowhere, and a page that would load itself anew does not."""
    parts, at = [], 0
    for tag in tags(page):
        text = _changed(tag, change)
        if text is not None:
            parts += [page[at : tag.start], text]
            at = tag.start + len(tag.text)
    return "".join([*parts, page[at:]])


def changed_style(style: str, change: Change) -> str:
    """The style sheet with every address changed; what leads nowhere is an empty one."""
    return _IN_STYLE.sub(lambda found: f'url("{change(found[2]) or "data:,"}")', style)


def with_policy(page: str, policy: str) -> str:
    """The page with a content policy at the beginning of its head, unless it names one itself."""
    found = tags(page)
    if any(tag.name == "meta" and tag.value("http-equiv").lower() == "content-security-policy" for tag in found):
        return page
    head = next((tag for tag in found if tag.name == "head"), None)
    at = head.start + len(head.text) if head else _behind_doctype(page)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    return f"{page[:at]}{meta}{page[at:]}"


def _behind_doctype(page: str) -> int:
    found = re.match(r"\s*<!doctype[^>]*>", page, flags=re.I)
    return found.end() if found else 0


def _changed(tag: Tag, change: Change) -> str | None:
    """The text of the tag anew; None where it stays as it is."""
    if tag.name == "base" or (tag.name == "meta" and tag.value("http-equiv").lower() == "refresh"):
        return ""
    if tag.name == "form":
        kept = [one for one in tag.attributes if one[0] not in ("action", "method")]
        return _written(tag, [*kept, ("inert", None)])
    if not any(name in LEADING for name, _ in tag.attributes):
        return None
    written: list[tuple[str, str | None]] = []
    for name, value in tag.attributes:
        if name not in LEADING or value is None:
            written.append((name, value))
        elif name in _FOLLOWED and (to := change(value)) is not None:
            written.append((name, to))
        elif tag.name == "a" and not tag.value("title"):
            written.append(("title", f"Not in this copy: {value}"))
    return _written(tag, written)


def _written(tag: Tag, attributes: list[tuple[str, str | None]]) -> str:
    inside = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attributes)
    return f"<{tag.name}{inside}{'/' if tag.text.endswith('/>') else ''}>"
