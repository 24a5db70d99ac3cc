"""Follows every link from a few addresses on, in this process and without the network, and writes what it finds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from dashboards.export import links
from dashboards.export.naming import Names, relative
from warehouse.records.errors import ServiceError

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

HOME = "http://127.0.0.1"
MOST = 50_000
MARKUP, STYLE = "text/html", "text/css"
_NOT_IN_FILES = ("frame-ancestors", "sandbox", "report-uri")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the copy: its name in the folder, the address it stands for, and its media type."""

    name: str
    address: str
    media: str
    policy: str = ""


@dataclass(slots=True)
class Crawled:
    """What was found: files by address, and what was left out, by address, with the reason."""

    kept: dict[str, Kept] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def file(self, address: str) -> Kept | None:
        """The file of an address; None if it is not in the copy."""
        return self.kept.get(self.moved.get(address, address))


def crawl(
    app: ASGIApp,
    folder: Path,
    seeds: Iterable[str],
    *,
    ready: Mapping[str, Kept],
    skip: Callable[[str], bool] = lambda path: False,
    most: int = MOST,
    say: Callable[[str], None] = lambda text: None,
) -> Crawled:
    """Everything that the seeds lead to, written into the folder with links that work there.

    `ready` are files that stand in the folder already, by address; addresses whose path `skip` refuses are never
    asked for. What is not there, is not allowed or is too much (more than `most` files) is left out and named.

    Raises:
        ServiceError: the application failed at a page.
    """
    found = Crawled(kept=dict(ready))
    asyncio.run(_follow(app, folder, list(seeds), found, skip, most, say))
    for kept in found.kept.values():
        if kept.address not in ready and kept.media in (MARKUP, STYLE):
            _relink(folder, kept, found)
    return found


async def _follow(
    app: ASGIApp,
    folder: Path,
    seeds: list[str],
    found: Crawled,
    skip: Callable[[str], bool],
    most: int,
    say: Callable[[str], None],
) -> None:
    import httpx

    names = Names(frozenset(kept.name for kept in found.kept.values()))
    waiting, seen = deque(seeds), {*seeds, *found.kept}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME) as client:
        while waiting:
            address = waiting.popleft()
            if skip(urlsplit(address).path):
                found.left_out[address] = "it only makes sense on the board itself"
            elif len(found.kept) >= most:
                found.left_out[address] = f"the copy has {most} files already"
            else:
                further = await _take(client, folder, address, found, names)
                waiting.extend(one for one in further if one not in seen)
                seen.update(further)
                say(f"Copying pages: {len(found.kept)}, {len(waiting)} waiting")


async def _take(client: httpx.AsyncClient, folder: Path, address: str, found: Crawled, names: Names) -> list[str]:
    """Keep what is at an address; returns the addresses that it leads to."""
    try:
        answer = await client.get(address)
    # Whatever the application raises; a copy that lacks a page without a word would be worse than none.
    except Exception as error:
        raise ServiceError(f"The board failed at {address}, so there is no copy: {error}.", transient=False) from error
    if answer.is_redirect:
        to = inside(answer.headers.get("location", ""), address)
        if to is None:
            found.left_out[address] = "it leads to another place"
            return []
        found.moved[address] = to
        return [to]
    if answer.status_code != 200:
        found.left_out[address] = f"the board answered {answer.status_code}"
        return []
    media = answer.headers.get("content-type", "").partition(";")[0].strip()
    kept = Kept(names.give(address, media), address, media, _policy(answer.headers.get("content-security-policy", "")))
    found.kept[address] = kept
    path = folder / kept.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer.content)
    if media not in (MARKUP, STYLE):
        return []
    named = links.addresses(answer.text) if media == MARKUP else links.addresses_of_style(answer.text)
    return list(dict.fromkeys(to for one in named if (to := inside(one, address)) is not None))


def inside(link: str, page: str) -> str | None:
    """The address on the board that a link of a page leads to, without fragment; None if it leads elsewhere."""
    try:
        whole = urlsplit(urldefrag(urljoin(f"{HOME}{page}", link)).url)
    except ValueError:
        return None
    if f"{whole.scheme}://{whole.netloc}" != HOME:
        return None
    return f"{whole.path or '/'}{f'?{whole.query}' if whole.query else ''}"


def _relink(folder: Path, kept: Kept, found: Crawled) -> None:
    path = folder / kept.name
    text = path.read_text(encoding="utf-8")

    def change(link: str) -> str | None:
        return _there(link, kept, found)

    if kept.media == STYLE:
        path.write_text(links.changed_style(text, change), encoding="utf-8", newline="")
    else:
        page = links.changed(text, change)
        path.write_text(links.with_policy(page, kept.policy) if kept.policy else page, encoding="utf-8", newline="")


def _there(link: str, page: Kept, found: Crawled) -> str | None:
    """What to write for a link: the file of the same folder, or nothing if it leads out of it."""
    if link.startswith("#") or link.lower().startswith(("data:", "mailto:", "tel:")):
        return link
    address = inside(link, page.address)
    to = None if address is None else found.file(address)
    if to is None:
        return None
    fragment = urldefrag(link).fragment
    return relative(to.name, page.name) + (f"#{fragment}" if fragment else "")


def _policy(header: str) -> str:
    """A content policy as a page itself can name it; files of the same folder are its own."""
    parts = [part.strip() for part in header.split(";")]
    kept = [part for part in parts if part and not part.startswith(_NOT_IN_FILES)]
    return "; ".join(kept).replace("'self'", "'self' file:")
