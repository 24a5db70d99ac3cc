"""Links, names and pages of an exported board: what changes, what leads nowhere, and what is left out."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dashboards.export import links
from dashboards.export.crawling import crawl, inside
from dashboards.export.naming import ENDINGS, Names, relative
from warehouse.records.errors import ServiceError

# --------------------------------------------------------------------------------------------------------------- links


def test_links_change_and_nothing_else_does() -> None:
    page = (
        "<!DOCTYPE html>\n<p class='x'>a &amp; b &lt;a href=/no></p><!-- <a href=/no> -->\n"
        "<script>if (a < b) { '<a href=\"/no\">' }</script>\n"
        '<a class="k" href="/r/a?x=1&amp;y=2#there">t</a><svg viewBox="0 0 1 1"><path d="M0 0"/></svg>'
    )
    seen = list(links.addresses(page))
    assert seen == ["/r/a?x=1&y=2#there"]
    new = links.changed(page, lambda link: 'a"b')
    assert new == page.replace("/r/a?x=1&amp;y=2#there", "a&quot;b")


@pytest.mark.parametrize(
    ("page", "new"),
    [
        ('<form method="post" action="/act"><p>', "<form inert><p>"),
        ('<button formaction="/act">', "<button>"),
        ('<meta http-equiv="Refresh" content="5">x', "x"),
        ('<base href="https://evil.example/">x', "x"),
        (
            '<a href="https://evil.example/?a=1&amp;b">x</a>',
            '<a title="Not in this copy: https://evil.example/?a=1&amp;b">x</a>',
        ),
        ('<img src="//evil.example/x.png" srcset="/y 2x" alt="z">', '<img alt="z">'),
    ],
)
def test_what_leads_out_leads_nowhere(page: str, new: str) -> None:
    assert links.changed(page, lambda link: None) == new


@given(st.text(alphabet="<>\"'&=/ahref \n!-", max_size=60))
def test_any_text_comes_through_where_nothing_leads_anywhere(text: str) -> None:
    page = f"<p>{text}"
    if not any(set(dict(tag.attributes)) & set(links.LEADING) or tag.name == "form" for tag in links.tags(page)):
        assert links.changed(page, lambda link: None) == page


def test_styles_change_as_well() -> None:
    style = "a { background: url('/static/a.svg') } b { background: url(https://evil.example/x) }"
    assert links.addresses_of_style(style) == ["/static/a.svg", "https://evil.example/x"]
    new = links.changed_style(style, lambda link: "a.svg" if link.startswith("/") else None)
    assert new == 'a { background: url("a.svg") } b { background: url("data:,") }'


def test_a_page_takes_its_policy_along_unless_it_names_one() -> None:
    page = links.with_policy("<!doctype html><html><head><title>x", "default-src 'none'")
    assert page.startswith('<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="default-src')
    assert links.with_policy(page, "default-src *") == page
    assert links.with_policy("<!doctype html><p>x", "a").startswith("<!doctype html><meta ")


# --------------------------------------------------------------------------------------------------------------- names


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8), st.sampled_from(sorted(ENDINGS)))
def test_names_are_harmless_and_never_twice_the_same(paths: list[str], media: str) -> None:
    names = Names()
    given_names = [names.give(f"/{path}", media) for path in dict.fromkeys(paths)]
    assert len({name.casefold() for name in given_names}) == len(given_names)
    for name in given_names:
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert name.isascii()
        assert name.endswith(ENDINGS[media])
        assert all(not part.startswith((".", "-")) and len(part) < 256 for part in path.parts)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", r"index\.html"),
        ("/rollouts/a", r"rollouts/a\.html"),
        ("/taken", r"taken-[0-9a-f]{16}\.html"),
        ("/decisions?before=3", r"decisions-[0-9a-f]{16}\.html"),
        ("/a.html?b", r"a-[0-9a-f]{16}\.html"),
        ("/rollouts/..%2F..%2Fetc", r"rollouts/x-[0-9a-f]{16}\.html"),
        ("/con", r"x-[0-9a-f]{16}\.html"),
    ],
)
def test_names_are_readable_where_they_can_be(address: str, name: str) -> None:
    assert re.fullmatch(name, Names(frozenset({"Taken.html"})).give(address, "text/html"))


def test_a_page_refers_to_a_file_from_where_it_is() -> None:
    assert relative("static/a.css", "rollouts/a/acts.html") == "../../static/a.css"
    assert relative("index.html", "index.html") == "index.html"


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/", "//evil.example", "javascript:x()", "http://127.0.0.1:1/", "http://[", "mailto:a@b"],
)
def test_other_places_are_not_followed(link: str) -> None:
    assert inside(link, "/a") is None


def test_places_of_the_board_are_followed_without_their_fragment() -> None:
    assert inside("b?x=1#y", "/a/c") == "/a/b?x=1"
    assert inside("", "/a/c?d") == "/a/c?d"
    assert inside("/", "/a") == "/"


# ------------------------------------------------------------------------------------------------------------ crawling


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("no such column")


def test_a_board_that_fails_makes_no_copy(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="failed at /x"):
        crawl(broken, tmp_path, ["/x"], ready={})


def site(pages: dict[str, str]) -> Starlette:
    def answer(request: Request) -> Response:
        path = request.url.path
        if path == "/moved":
            return RedirectResponse("/b")
        return HTMLResponse(pages[path]) if path in pages else HTMLResponse("none", status_code=404)

    return Starlette(routes=[Route("/{rest:path}", answer)])


def test_what_is_left_out_is_named_and_nothing_leads_there(tmp_path: Path) -> None:
    first = "".join(f'<a href="{path}">x</a>' for path in ("/b", "/none", "/moved", "/act", "/d", "/c"))
    app = site({"/": first, "/b": '<a href="/">up</a><a href="#x">x</a>', "/c": "c", "/d": "d"})
    found = crawl(app, tmp_path, ["/"], ready={}, skip=lambda path: path == "/act", most=3)
    assert {kept.name for kept in found.kept.values()} == {"index.html", "b.html", "d.html"}
    assert set(found.left_out) == {"/none", "/act", "/c"}
    page = (tmp_path / "index.html").read_text()
    assert page.count('href="b.html"') == 2
    assert page.count("href=") == 3
    assert (tmp_path / "b.html").read_text() == '<a href="index.html">up</a><a href="#x">x</a>'
