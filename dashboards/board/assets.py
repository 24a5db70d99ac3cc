"""Style and script of the board: files of this package, served under names that change with their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

FILES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "board.css": (("dashboards.page", "style.css"), ("dashboards.board", "board.css")),
    "board.js": (("dashboards.board", "board.js"),),
    "review.js": (("dashboards.board", "review.js"),),
    "icon.svg": (("dashboards.board", "icon.svg"),),
}
"""What each served file is put together from."""
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A served file: its media type and its bytes."""

    media: str
    content: bytes


@cache
def served() -> Mapping[str, Asset]:
    """Every file by the name that it is served under."""
    return {_dated(name): Asset(TYPES[name.rpartition(".")[2]], _content(name)) for name in FILES}


def address(name: str) -> str:
    """The path of a file for pages."""
    return f"/static/{_dated(name)}"


@cache
def _dated(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(_content(name)).hexdigest()[:16]}.{ending}"


@cache
def _content(name: str) -> bytes:
    return b"\n".join(resources.files(package).joinpath(part).read_bytes() for package, part in FILES[name])
