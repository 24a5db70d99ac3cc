"""What is in a copy of the board: a digest of every file, and the head of the log that it shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from dashboards.export.crawling import Crawled
from warehouse.records.decisions import ChainReport

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
FORMAT = 1


def write(
    folder: Path, crawled: Crawled, chain: ChainReport, *, now: datetime, about: Mapping[str, Any]
) -> dict[str, Any]:
    """The manifest that was written, beside a list of digests that `sha256sum --check` reads.

    `about` is told as it is: version, configuration, snapshot.
    """
    by_name = {kept.name: kept for kept in crawled.kept.values()}
    files = [
        {
            "name": name,
            "address": by_name[name].address if name in by_name else None,
            "media_type": by_name[name].media if name in by_name else None,
            "bytes": (folder / name).stat().st_size,
            "sha256": digest(folder / name),
        }
        for name in names(folder)
    ]
    left_out = [{"address": address, "reason": reason} for address, reason in sorted(crawled.left_out.items())]
    made: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        **about,
        "log": asdict(chain),
        "files": files,
        "left_out": left_out,
    }
    (folder / MANIFEST).write_text(json.dumps(made, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    lines = [f"{digest(folder / name)}  {name}\n" for name in names(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    return made


def names(folder: Path) -> list[str]:
    """Every file of a folder but the list of digests, relative to it, in order."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != SUMS)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
