"""Names of files for addresses: readable where the address allows it, harmless always, and never twice the same."""

from __future__ import annotations

import hashlib
import posixpath
import re
from urllib.parse import quote, unquote, urlsplit

ENDINGS = {
    "text/html": ".html",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "text/plain": ".txt",
    "text/css": ".css",
    "text/javascript": ".js",
    "image/svg+xml": ".svg",
    "image/png": ".png",
}
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}(\.[A-Za-z0-9_-]{1,40}){0,3}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Names:
    """The file of each address, relative to the folder; the first address to ask for a name has it."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        """Begin with the names that are taken."""
        self._taken = {name.casefold() for name in taken}

    def give(self, address: str, media: str) -> str:
        """A new name for a path with its query, by the type of what is there."""
        ending = ENDINGS.get(media, ".bin")
        name = _name(address, ending)
        if name.casefold() in self._taken:
            name = f"{name.removesuffix(ending)}-{_digest(address)}{ending}"
        self._taken.add(name.casefold())
        return name


def relative(name: str, page: str) -> str:
    """How a page refers to a file; both are relative to the folder."""
    return quote(posixpath.relpath(name, posixpath.dirname(page) or "."))


def _name(address: str, ending: str) -> str:
    split = urlsplit(address)
    parts = [_part(unquote(part)) for part in split.path.strip("/").split("/") if part] or ["index"]
    if split.query:
        parts[-1] = f"{parts[-1].removesuffix(ending)}-{_digest(split.query)}"
    joined = "/".join(parts)
    return joined if joined.endswith(ending) else f"{joined}{ending}"


def _part(text: str) -> str:
    good = _HARMLESS.fullmatch(text) and not _RESERVED.fullmatch(text)
    return text if good else f"x-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
